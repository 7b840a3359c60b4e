"""One-time keys of forms: a second submission of the same form finds what the first has made.

Later submissions wait for the first to commit, so that of two at the same moment one makes it and the other finds it: those of a
message for the ticket that they hold (`ticket_for` for a change), those of a new ticket for the key.
A page that the browser brings back from its history carries the key of what was sent from it already. What is written there
then has other words, so it is no repetition: it gets a key of its own.
"""

from typing import Any

from sqlalchemy import bindparam, select

from app.accounts.models import User
from app.extensions import db
from app.lib.database import plain_rows, serialize_on
from app.lib.tokens import fingerprint
from app.tickets.models import Message, Ticket

# Built once: every form that is sent asks one of them, and hardly any finds something.
TICKETS: Any = Ticket.__table__
MESSAGES: Any = Message.__table__
OPENED = select(TICKETS.c.id).where(TICKETS.c.form_key == bindparam("key"))
WRITTEN = select(MESSAGES.c.id).where(MESSAGES.c.form_key == bindparam("key"))


def own_key(form_key: str | None, actor: User, ticket: Ticket | None = None) -> str | None:
    """A form's one-time key as it is stored: nobody's key finds what another person, or another ticket's form, has written."""
    if form_key is None:
        return None
    return fingerprint(f"{actor.id}:{ticket.id if ticket else 'new'}:{form_key}")


def opened(form_key: str | None, subject: str, actor: User) -> tuple[str | None, Ticket | None]:
    """(the key to store, None), or with the ticket that this person's form has opened already with this subject. Two statements."""
    key = own_key(form_key, actor)
    earlier = opened_by_form(key) if key else None
    if key is None or earlier is None or earlier.subject == subject:
        return key, earlier
    key = fingerprint(f"{key}:{subject}")
    return key, opened_by_form(key)


def form_is_done(form_key: str | None, actor: User) -> bool:
    """Whether this person's form has opened a ticket."""
    key = own_key(form_key, actor)
    return key is not None and opened_by_form(key) is not None


def opened_by_form(key: str) -> Ticket | None:
    """The ticket with this key; later submissions of its form wait for the first to commit."""
    serialize_on(db.session, key)
    number = plain_rows(db.session, OPENED, {"key": key}).scalar()
    return db.session.get(Ticket, number) if number is not None else None


def written(form_key: str | None, body: str, visibility: str, actor: User, ticket: Ticket) -> tuple[str | None, Message | None]:
    """(the key to store, None), or with the message that this person's form on this ticket has written already in these words.

    Whoever asks with a key holds the ticket.
    """
    key = own_key(form_key, actor, ticket)
    earlier = written_by_form(key) if key else None
    if key is None or earlier is None or (earlier.body, earlier.visibility) == (body, visibility):
        return key, earlier
    key = fingerprint(f"{key}:{visibility}:{body}")
    return key, written_by_form(key)


def written_by_form(key: str) -> Message | None:
    """The message with this key, on a ticket that is held."""
    number = plain_rows(db.session, WRITTEN, {"key": key}).scalar()
    return db.session.get(Message, number) if number is not None else None
