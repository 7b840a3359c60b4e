"""One-time keys of forms: a second submission of the same form finds what the first has made.

The database takes a key once, so that of two at the same moment one makes it, and the other waits until that has committed and finds it.
A page that the browser brings back from its history carries the key of what was sent from it already. What is written there
then has other words, so it is no repetition: it gets a key of its own.
"""

from typing import Any, TypeVar

from sqlalchemy import bindparam, select

from app.accounts.models import User
from app.extensions import db
from app.lib.database import plain_rows
from app.lib.rows import write_row, write_unless
from app.lib.tokens import fingerprint
from app.tickets.models import Message, Ticket

Row = TypeVar("Row", Ticket, Message)

# Built once.
BY_FORM: dict[Any, Any] = {
    model: select(model.__table__.c.id).where(model.__table__.c.form_key == bindparam("key")) for model in (Ticket, Message)
}


def own_key(form_key: str | None, actor: User, ticket: Ticket | None = None) -> str | None:
    """A form's one-time key as it is stored: nobody's key finds what another person, or another ticket's form, has written."""
    if form_key is None:
        return None
    return fingerprint(f"{actor.id}:{ticket.id if ticket else 'new'}:{form_key}")


def written_once(row: Row) -> Row | None:
    """Insert a new row, unless its form has written one in these words: that one then. One statement where it was not sent before."""
    if row.form_key is None:
        write_row(db.session, row)
        return None
    words = words_of(row)
    for key in (row.form_key, key_of_words(row.form_key, words)):
        row.form_key = key
        if write_unless(db.session, row, taken="form_key"):
            return None
        earlier = by_form(type(row), key)
        if earlier is not None and words_of(earlier) == words:
            return earlier
    raise LookupError("a form's key was taken, and nothing has it")


def words_of(row: Ticket | Message) -> str:
    """What tells a repetition from what is written anew on a page that came back."""
    return row.subject if isinstance(row, Ticket) else f"{row.visibility}:{row.body}"


def key_of_words(key: str, words: str) -> str:
    """The key of other words that were sent by a form that had sent something already."""
    return fingerprint(f"{key}:{words}")


def opened(form_key: str | None, subject: str, actor: User) -> Ticket | None:
    """The ticket that this person's form has opened with this subject. Two statements at most."""
    return found(Ticket, own_key(form_key, actor), subject)


def written(form_key: str | None, body: str, visibility: str, actor: User, ticket: Ticket) -> Message | None:
    """The message that this person's form on this ticket has written in these words. Two statements at most."""
    return found(Message, own_key(form_key, actor, ticket), f"{visibility}:{body}")


def found(model: type[Row], key: str | None, words: str) -> Row | None:
    """What a form has written in these words, under its key or, where it had sent others before, under theirs."""
    earlier = by_form(model, key) if key else None
    if key is None or earlier is None or words_of(earlier) == words:
        return earlier
    return by_form(model, key_of_words(key, words))


def form_is_done(form_key: str | None, actor: User) -> bool:
    """Whether this person's form has opened a ticket."""
    key = own_key(form_key, actor)
    return key is not None and by_form(Ticket, key) is not None


def by_form(model: type[Row], key: str) -> Row | None:
    """The ticket, or the message, with this key."""
    number = plain_rows(db.session, BY_FORM[model], {"key": key}).scalar()
    return db.session.get(model, number) if number is not None else None
