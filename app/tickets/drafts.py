"""What a person keeps for themself: the replies and the ticket that they have begun to write, and what they have read.

No events: nothing has happened to a ticket. None commits.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete

from app.accounts.models import User
from app.extensions import db
from app.lib.database import hold, plain_rows, serialize_on
from app.tickets.models import Draft, Message, NewDraft, Reading, StagedFile, Ticket
from app.tickets.once import by_form, own_key, written


def save_draft(
    ticket: Ticket,
    body: str,
    visibility: str,
    *,
    actor: User,
    now: datetime,
    files: Sequence[StagedFile] = (),
    form_key: str | None = None,
) -> datetime | None:
    """Keep what somebody is typing, and which files go with it; nothing at all removes the draft. Returns since when it is kept, if it is.

    What the form with this key has sent already is not kept again: the last word typed may arrive after it. Other words are
    kept: the page came back from the browser's history, and somebody writes on it anew.
    No event: nothing has happened yet.
    """
    # First the ticket and then the draft, as whoever sends does: nobody waits for each other.
    is_over = (not body.strip() and not files) or was_sent(form_key, body, visibility, actor, ticket)
    serialize_on(db.session, f"draft:{ticket.id}:{actor.id}")
    if is_over:
        drop_draft(ticket, actor)
        return None
    refs = [file.ref for file in files]
    db.session.merge(Draft(ticket_id=ticket.id, user_id=actor.id, body=body, visibility=visibility, files=refs, saved_at=now))
    db.session.flush()
    return now


def was_sent(form_key: str | None, body: str, visibility: str, actor: User, ticket: Ticket) -> bool:
    """Whether a text is what this person's form has sent already, or the beginning of the first that it sent.

    What is being sent at this moment is waited for.
    """
    key = own_key(form_key, actor, ticket)
    if key is None or not body.strip():
        return False
    hold(db.session, Ticket.id, Ticket.id == ticket.id)
    first = by_form(Message, key)
    if first is None:
        return False
    return first.body.startswith(body.rstrip()) or written(form_key, body, visibility, actor, ticket) is not None


def add_to_draft(ticket: Ticket, text: str, visibility: str, *, actor: User, now: datetime) -> None:
    """Put a text below what somebody has typed; what they chose with it stays. One draft for each ticket and person."""
    serialize_on(db.session, f"draft:{ticket.id}:{actor.id}")
    draft = db.session.get(Draft, (ticket.id, actor.id), populate_existing=True)
    if draft is None:
        db.session.add(Draft(ticket_id=ticket.id, user_id=actor.id, body=text, visibility=visibility, files=[], saved_at=now))
    else:
        draft.body, draft.saved_at = f"{draft.body.rstrip()}\n\n{text}".strip(), now
    db.session.flush()


# Built once: every message that is sent asks it.
DRAFTS: Any = Draft.__table__
DROP = delete(DRAFTS).where(DRAFTS.c.ticket_id == bindparam("ticket"), DRAFTS.c.user_id == bindparam("person"))


def drop_draft(ticket: Ticket, actor: User) -> None:
    """The text was sent or thrown away."""
    plain_rows(db.session, DROP, {"ticket": ticket.id, "person": actor.id})


def save_new(owner: User, form: Mapping[str, Any], files: Sequence[StagedFile], *, now: datetime) -> None:
    """Keep the form of a new ticket as it stands. Answers to other kinds' questions stay, so that going back finds them."""
    serialize_on(db.session, f"new-draft:{owner.id}")
    earlier = db.session.get(NewDraft, owner.id)
    kept = {**(earlier.form if earlier else {}), **form, "files": [file.ref for file in files]}
    db.session.merge(NewDraft(user_id=owner.id, form=kept, saved_at=now))
    db.session.flush()


def drop_new(owner: User) -> None:
    """The draft is thrown away. One that was sent is over by itself: its form's key has opened a ticket."""
    db.session.execute(delete(NewDraft).where(NewDraft.user_id == owner.id))


def mark_read(ticket: Ticket, reader: User, *, now: datetime) -> None:
    """They have seen all that was said so far."""
    serialize_on(db.session, f"reading:{ticket.id}:{reader.id}")
    db.session.merge(Reading(user_id=reader.id, ticket_id=ticket.id, seen_at=now))
    db.session.flush()
