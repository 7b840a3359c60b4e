"""Mail as values: addresses, headers, threads and the message itself. Pure; app/mail/transport.py sends it."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from email_validator import EmailNotValidError, validate_email

from app.lib.text import one_line

# RFC 5322 bounds a line, not References; mail programs fold a thread by its root and its newest ids.
MAX_REFERENCES = 20
MAX_SUBJECT = 180
MAX_NAME = 80
SIGNATURE_BYTES = 15
MESSAGE_ID = re.compile(r"<[^<>@\s\x00]{1,120}@[^<>@\s\x00]{1,120}>")
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
METHOD = re.compile(r"^METHOD:([A-Z]+)\r?$", re.M)
FORBIDDEN = re.compile(r"[\r\n\x00]")
REPLY = re.compile(r"reply\+(?P<ref>[a-z]+-[a-z0-9]+)\.(?P<signature>[a-z2-7]{24})")


@dataclass(frozen=True)
class Outgoing:
    """One message to one recipient. `sender` is a full mailbox (`Name <address>`); `at` is aware UTC."""

    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    at: datetime
    recipient_name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    # A whole iCalendar text; its METHOD tells programs what to do with it.
    calendar: str = ""


def build(outgoing: Outgoing) -> EmailMessage:
    """The message: text with an HTML alternative, every header checked. Raises ValueError for one that cannot be sent.

    A calendar is one more alternative, which programs offer to accept (RFC 6047), and a file for those that only open files.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = mailbox(outgoing.sender)
    message["To"] = Address(clean_name(outgoing.recipient_name), addr_spec=clean_address(outgoing.recipient))
    message["Subject"] = clean_subject(outgoing.subject)
    message["Date"] = format_datetime(outgoing.at)
    message["Message-ID"] = clean_id(outgoing.message_id)
    for name, value in outgoing.headers.items():
        message[header_name(name)] = header_value(value)
    message.set_content(outgoing.text, cte="quoted-printable")
    message.add_alternative(outgoing.html, subtype="html", cte="quoted-printable")
    if outgoing.calendar:
        method = METHOD.search(outgoing.calendar)
        params = {"method": method[1] if method else "PUBLISH"}
        message.add_alternative(outgoing.calendar, subtype="calendar", cte="base64", params=params)
        message.add_attachment(outgoing.calendar.encode(), maintype="application", subtype="ics", filename="invitation.ics")
    return message


def clean_address(text: str) -> str:
    """An address as it goes into an envelope: ASCII, its domain in punycode. Raises ValueError for anything else."""
    if FORBIDDEN.search(text):
        raise ValueError("an address has no line breaks")
    try:
        # A company's own host names are deliverable for it, so they need not be public ones.
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False, globally_deliverable=False)
    except EmailNotValidError as wrong:
        raise ValueError(f"not an address that can be sent to: {wrong}") from wrong
    return found.ascii_email or found.normalized


def mailbox(text: str) -> Address:
    """`Name <address>` taken apart and checked. Raises ValueError."""
    name, address = parseaddr(header_value(text))
    return Address(clean_name(name), addr_spec=clean_address(address))


def clean_name(text: str) -> str:
    """A display name on one line, without control or bidirectional characters, at a sane length."""
    return one_line(text)[:MAX_NAME].strip()


def clean_subject(text: str) -> str:
    """A subject on one line, without control or bidirectional characters, cut where it is far too long."""
    subject = one_line(text)
    return subject if len(subject) <= MAX_SUBJECT else subject[: MAX_SUBJECT - 1].rstrip() + "…"


def ticket_subject(subject: str, ref: str, *, answer: bool = True) -> str:
    """The subject of every mail about a ticket: the same in all of them, so that programs keep one thread.

    A long subject is cut before its reference, which is never lost.
    """
    prefix, suffix = ("Re: " if answer else ""), f" [{ref}]"
    room = MAX_SUBJECT - len(prefix) - len(suffix)
    cleaned = one_line(subject)
    cleaned = cleaned if len(cleaned) <= room else cleaned[: room - 1].rstrip() + "…"
    return f"{prefix}{cleaned}{suffix}"


def header_name(name: str) -> str:
    """A header's name, or ValueError."""
    if not HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header")
    return name


def header_value(value: str) -> str:
    """A header's value, or ValueError if it would begin another header."""
    if FORBIDDEN.search(value):
        raise ValueError("a header value has no line breaks")
    return value


def clean_id(text: str) -> str:
    """A Message-ID with its angle brackets, or ValueError."""
    if not MESSAGE_ID.fullmatch(text):
        raise ValueError(f"{text[:80]!r} is not a Message-ID")
    return text


def thread_headers(root: str, earlier: Sequence[str]) -> dict[str, str]:
    """In-Reply-To and References for the next mail of a thread.

    `earlier` are the ids that this recipient has been sent, oldest first. The root leads every list, so that a mail
    that got lost tears nothing apart; in long threads the first and the newest ids stay.
    """
    ids = list(dict.fromkeys([clean_id(root), *map(clean_id, earlier)]))
    if len(ids) > MAX_REFERENCES:
        ids = [*ids[:2], *ids[-(MAX_REFERENCES - 2) :]]
    return {"In-Reply-To": ids[-1], "References": " ".join(ids)}


def automatic_headers(kind: str) -> dict[str, str]:
    """What tells other machines not to answer (RFC 3834). `kind` is auto-generated or auto-replied."""
    if kind not in {"auto-generated", "auto-replied"}:
        raise ValueError(f"{kind!r} is not a kind of automatic mail")
    return {"Auto-Submitted": kind, "X-Auto-Response-Suppress": "All"}


def domain_of(sender: str) -> str:
    """The domain of a mailbox, for our Message-IDs."""
    return mailbox(sender).domain


def reply_address(key: str, domain: str, ref: str) -> str:
    """Where an answer by mail finds its ticket: `reply+ht-4f7k2m9.signature@domain`.

    All lower case, since some servers fold it. It leads to the ticket and proves nothing about who writes.
    """
    return f"reply+{ref.lower()}.{signature(key, ref)}@{domain}"


def read_reply_address(key: str, domain: str, address: str) -> str | None:
    """The reference in one of our reply addresses; None for any other or a forged one."""
    local, _, at = address.strip().lower().rpartition("@")
    found = REPLY.fullmatch(local)
    if at != domain.lower() or found is None:
        return None
    ref = found["ref"].upper()
    return ref if hmac.compare_digest(found["signature"], signature(key, ref)) else None


def signature(key: str, ref: str) -> str:
    """120 bits that only we can make for this ticket."""
    digest = hmac.new(key.encode(), f"reply-address:{ref.upper()}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:SIGNATURE_BYTES]).decode().lower()
