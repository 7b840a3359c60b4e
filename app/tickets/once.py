"""One-time keys of forms: a second submission of the same form finds what the first has made.

Later submissions wait for the first to commit, so that of two at the same moment one makes it and the other finds it.
"""

from sqlalchemy import bindparam, select

from app.accounts.models import User
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.tokens import fingerprint
from app.tickets.models import Message, Ticket

# Built once: every form that is sent asks one of them.
OPENED = select(Ticket).where(Ticket.form_key == bindparam("key"))
WRITTEN = select(Message).where(Message.form_key == bindparam("key"))


def own_key(form_key: str | None, actor: User, ticket: Ticket | None = None) -> str | None:
    """A form's one-time key as it is stored: nobody's key finds what another person, or another ticket's form, has written."""
    if form_key is None:
        return None
    return fingerprint(f"{actor.id}:{ticket.id if ticket else 'new'}:{form_key}")


def opened_by_form(form_key: str) -> Ticket | None:
    """The ticket that this very form has opened already; later submissions of it wait for the first to commit."""
    serialize_on(db.session, form_key)
    return db.session.scalar(OPENED, {"key": form_key})


def opened_before(form_key: str | None, actor: User) -> Ticket | None:
    """The ticket that this person's form has opened already, if it has."""
    key = own_key(form_key, actor)
    return opened_by_form(key) if key else None


def written_by_form(form_key: str) -> Message | None:
    """The message that this very form has written already."""
    serialize_on(db.session, form_key)
    return db.session.scalar(WRITTEN, {"key": form_key})


def written_before(form_key: str | None, actor: User, ticket: Ticket) -> Message | None:
    """The message that this person's form on this ticket has written already, if it has."""
    key = own_key(form_key, actor, ticket)
    return written_by_form(key) if key else None
