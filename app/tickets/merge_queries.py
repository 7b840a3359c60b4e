"""What is known of merged tickets, for whoever comes to one that goes on elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select

from app.accounts.models import User
from app.extensions import db
from app.tickets.models import Ticket, TicketMerge
from app.tickets.queries import visible_to

OFFERED = 10
CLOSED = "This ticket is closed. Open a new one and mention this number."


class Merged(NamedTuple):
    """Where a ticket goes on, and since when; `by` is who merged it."""

    ref: str
    subject: str
    at: datetime
    by: str
    messages: int


def merged_into(ticket: Ticket) -> Merged | None:
    """Where a ticket goes on, if it was merged. No statement for one that is not closed, one for any other."""
    if ticket.status != "closed":
        return None
    query = (
        select(Ticket.ref, Ticket.subject, TicketMerge.merged_at, User.name, TicketMerge.messages)
        .join(Ticket, Ticket.id == TicketMerge.into_id)
        .join(User, User.id == TicketMerge.merged_by_id)
        .where(TicketMerge.ticket_id == ticket.id)
    )
    row = db.session.execute(query).first()
    return None if row is None else Merged(row[0], row[1], row[2], row[3], len(row[4]))


def closed_words(ticket: Ticket) -> str:
    """Why nobody can write on a closed ticket, and where they can. One statement."""
    there = merged_into(ticket)
    return CLOSED if there is None else f"This ticket goes on in {there.ref}. Write there."


def candidates(ticket: Ticket, viewer: User) -> Sequence[Ticket]:
    """Open tickets of the same customer, newest activity first, OFFERED at most. One statement."""
    mine = Ticket.requester_id == ticket.requester_id
    if ticket.organization_id is not None:
        mine = or_(mine, Ticket.organization_id == ticket.organization_id)
    query = select(Ticket).where(mine, Ticket.is_open, Ticket.id != ticket.id, visible_to(viewer))
    return db.session.scalars(query.order_by(Ticket.active_at.desc(), Ticket.id.desc()).limit(OFFERED)).all()
