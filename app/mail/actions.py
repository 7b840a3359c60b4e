"""The only writers of outbound mail: queue one, claim it for sending, note what became of it, send it again."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.accounts.permissions import may
from app.config import Config
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.lib.errors import NotAllowed, WrongState
from app.lib.mail import automatic_headers, clean_name, domain_of, mailbox, reply_address, thread_headers, ticket_subject
from app.mail import queries
from app.mail.content import PublicMessage, TicketCard
from app.mail.models import OutboundMail
from app.mail.render import render
from app.mail.transport import Outcome

# How long a try may take. A worker that dies while it sends leaves the mail to the sweep after this time.
LEASE = timedelta(minutes=10)
# Minutes to wait after each try that may pass: eight more tries, over three days.
WAIT_MINUTES = (1, 5, 15, 60, 240, 720, 1440, 1440)
WAITING = ("queued", "deferred")
SENDABLE_AGAIN = ("failed", "bounced")
BLANKED = "This mail carried a link for its recipient only. Its words were removed when it was sent."


@dataclass(frozen=True)
class Recipient:
    """Whom a mail goes to; `zone` is theirs, for the times in it."""

    email: str
    name: str = ""
    zone: str = "UTC"


@dataclass
class Concerned:
    """The ticket that a mail is about, as far as an event needs it."""

    id: int
    organization_id: int | None


def queue_mail(
    event: Event,
    template: str,
    to: Recipient,
    facts: dict[str, Any],
    *,
    now: datetime,
    carries: PublicMessage | None = None,
    automatic: str | None = "auto-generated",
    is_secret: bool = False,
    calendar: str | None = None,
) -> OutboundMail | None:
    """Write the row of one message to one recipient; None if this event has written it before.

    `facts` are the template's; a TicketCard under `ticket` puts the mail into that ticket's thread. `carries` is the
    public message whose delivery this is, `calendar` an iCalendar text that goes along. `automatic` is the kind of
    RFC 3834, or None for a person's own words. Three statements at most. The caller commits, then hands the id to `jobs.hand_over`.
    """
    if is_queued(event.id, template, to.email):
        return None
    settings: Config = current_app.config["SETTINGS"]
    headers, subject_line = headers_for(facts.get("ticket"), event, to, settings, automatic)
    rendered = render(template, common_facts(to, settings, subject_line) | facts)
    mail = OutboundMail(
        event_id=event.id,
        ticket_id=event.ticket_id,
        source_message_id=carries.id if carries else None,
        template=template,
        recipient=to.email,
        recipient_name=clean_name(to.name),
        subject=rendered.subject[:255],
        text=rendered.text,
        html=rendered.html,
        message_id=f"<{event.id}.{secrets.token_hex(10)}@{id_domain(settings)}>",
        headers=headers,
        is_secret=is_secret,
        calendar=calendar,
        next_try_at=now,
        created_at=now,
    )
    return added(mail)


def common_facts(to: Recipient, settings: Config, subject_line: str) -> dict[str, Any]:
    """What every template is given."""
    return {
        "support_address": mailbox(settings.mail_from).addr_spec,
        "zone": to.zone,
        "subject_line": subject_line,
        "can_reply": bool(settings.inbound_domain),
    }


def is_queued(event_id: int, template: str, recipient: str) -> bool:
    """Whether this event has written this mail already."""
    mine = (OutboundMail.event_id == event_id, OutboundMail.template == template, OutboundMail.recipient == recipient)
    return db.session.scalar(select(OutboundMail.id).where(*mine)) is not None


def headers_for(
    card: TicketCard | None, event: Event, to: Recipient, settings: Config, automatic: str | None
) -> tuple[dict[str, str], str]:
    """(headers, subject of the thread). Mail that a person wrote asks machines for silence, too, but does not call itself automatic."""
    headers = automatic_headers(automatic) if automatic else {"X-Auto-Response-Suppress": "OOF, AutoReply"}
    if card is None or event.ticket_id is None:
        return headers, ""
    earlier = queries.sent_ids(event.ticket_id, to.email)
    headers |= thread_headers(f"<{card.ref.lower()}@{id_domain(settings)}>", earlier)
    if settings.inbound_domain:
        headers["Reply-To"] = reply_address(settings.secret_key, settings.inbound_domain, card.ref)
    return headers, ticket_subject(card.subject, card.ref, answer=bool(earlier))


def id_domain(settings: Config) -> str:
    """The domain of our Message-IDs."""
    return settings.inbound_domain or domain_of(settings.mail_from)


def added(mail: OutboundMail) -> OutboundMail | None:
    """Insert the row, or None where another worker has just written the same."""
    try:
        with db.session.begin_nested():
            db.session.add(mail)
    except IntegrityError:
        return None
    return mail


def claim(mail_id: int, *, now: datetime) -> bool:
    """Take a mail that is due for one try; False if it is not due, done, or another worker has it. One statement."""
    mine = (OutboundMail.id == mail_id, OutboundMail.state.in_(WAITING), OutboundMail.next_try_at <= now)
    values = {"attempts": OutboundMail.attempts + 1, "next_try_at": now + LEASE}
    taken = update(OutboundMail).where(*mine).values(values).returning(OutboundMail.id).execution_options(synchronize_session=False)
    return db.session.scalar(taken) is not None


def settle(mail: OutboundMail, outcome: Outcome, *, now: datetime) -> None:
    """Write down what became of a try. What failed for good is an event, so that somebody is told."""
    state = outcome.state
    if state == "retry":
        state = "deferred" if mail.attempts <= len(WAIT_MINUTES) else "failed"
    mail.state, mail.error = state, outcome.detail
    mail.next_try_at = now + timedelta(minutes=WAIT_MINUTES[mail.attempts - 1]) if state == "deferred" else None
    if state == "sent":
        mail.sent_at = now
        if mail.is_secret:
            mail.text = mail.html = BLANKED
            mail.calendar = None
    if state in SENDABLE_AGAIN:
        person = db.session.scalar(select(User.id).where(User.email == mail.recipient))
        facts = {"mail_id": mail.id, "recipient_id": person, "reason": outcome.detail}
        record("mail.failed", now=now, ticket=concerned(mail), facts=facts)


def send_again(mail: OutboundMail, *, actor: User, now: datetime) -> None:
    """Give a mail that failed for good a fresh row of tries. One that waits already is left as it is.

    Raises NotAllowed for who does not work on tickets, WrongState for mail that arrived or was kept.
    """
    if not may(actor.role, "ticket.work"):
        raise NotAllowed("Only staff can send mail again.")
    if mail.state in WAITING:
        return
    if mail.state not in SENDABLE_AGAIN:
        raise WrongState("This mail was not refused, so there is nothing to send again.")
    mail.state, mail.attempts, mail.next_try_at, mail.error = "queued", 0, now, ""
    record("mail.resent", now=now, actor=actor, ticket=concerned(mail), facts={"mail_id": mail.id})


def concerned(mail: OutboundMail) -> Concerned | None:
    """The ticket of a mail, out of the event that it follows."""
    if mail.ticket_id is None:
        return None
    event = db.session.get(Event, mail.event_id) if mail.event_id else None
    return Concerned(mail.ticket_id, event.organization_id if event else None)
