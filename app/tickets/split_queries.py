"""What was said on a ticket, as far as one needs to know it to choose what goes to a new one."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from app.accounts.models import User
from app.extensions import db
from app.lib.markdown import to_text
from app.tickets.drawn import NOBODY
from app.tickets.models import Attachment, Message, Ticket
from app.tickets.story import US

# How much of a message is shown, and of how much of its text; how much of it is proposed as a subject.
SHOWN, READ, SUBJECT = 240, 2_000, 80


class Said(NamedTuple):
    """A message that can go; `words` are its beginning, without marks. `kind` says who can read it, or that nobody wrote it."""

    id: int
    author: str
    kind: str
    by_customer: bool
    at: datetime
    words: str
    files: int


def can_go(ticket: Ticket) -> Sequence[Said]:
    """Every message of a ticket but its first, oldest first. One statement."""
    files = select(func.count()).where(Attachment.message_id == Message.id).correlate(Message).scalar_subquery()
    columns = (
        Message.id,
        Message.visibility,
        Message.by_staff,
        Message.is_automatic,
        Message.created_at,
        func.substr(Message.body, 1, READ),
    )
    query = select(*columns, User.name, files).outerjoin(User, User.id == Message.author_id).where(Message.ticket_id == ticket.id)
    return [
        Said(
            number,
            name or (US if by_staff else NOBODY),
            kind_of(visibility, is_automatic),
            visibility == "public" and not by_staff,
            at,
            beginning(to_text(body), SHOWN),
            count,
        )
        for number, visibility, by_staff, is_automatic, at, body, name, count in db.session.execute(query.order_by(Message.id)).all()[1:]
    ]


def kind_of(visibility: str, is_automatic: bool) -> str:
    """What a message is, in words."""
    if visibility != "public":
        return "internal note"
    return "automatic answer" if is_automatic else "Public"


def beginning(words: str, most: int) -> str:
    """The first words of a text."""
    return words if len(words) <= most else words[:most].rsplit(" ", 1)[0] + " …"


def subject_of(choices: Sequence[Said]) -> str:
    """What a new ticket may be called: the newest of what its customer wrote, since that is most likely about something else."""
    newest = next((one.words for one in reversed(choices) if one.by_customer), "")
    return beginning(newest, SUBJECT)
