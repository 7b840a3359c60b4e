"""Reading what a mail server received."""

import re
from email.message import EmailMessage

from tests.mail.smtp import MailServer
from tests.worker import until

LINK = re.compile(r"http://localhost(/[^\s<>\"]+)")


def letters(smtp: MailServer, to: str, about: str = "") -> list[EmailMessage]:
    """What `to` received, in order; `about` is a piece of the subject."""
    return [message for recipient, message in smtp.received if recipient == to and about in str(message["Subject"])]


def wait_for_letter(smtp: MailServer, to: str, about: str, number: int = 1) -> EmailMessage:
    """The letter number `number` to somebody about something, once it is there."""
    until(lambda: len(letters(smtp, to, about)) >= number, f"letter {number} to {to} about {about!r}; there are {smtp.subjects()}")
    return letters(smtp, to, about)[number - 1]


def words(message: EmailMessage) -> str:
    """The plain text of a letter, lines joined."""
    part = message.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


def link(message: EmailMessage, path: str) -> str:
    """The first link below `path` in a letter, as a path of this site."""
    part = message.get_body(("plain",))
    assert part is not None
    found = [target for target in LINK.findall(part.get_content()) if target.startswith(path)]
    assert found, f"no link to {path} in {part.get_content()}"
    return found[0]


def ancestors(message: EmailMessage) -> list[str]:
    """The Message-IDs that a letter refers to."""
    return str(message["References"] or "").split()
