"""Tickets as jobs read and write them: rows with the columns that clocks need, locked while they are worked on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from app.extensions import db
from app.lib.errors import NotFound
from app.sla.terms import tickets

SHOWN = ("next_due_at", "next_warn_at", "next_metric", "queue_at")


@dataclass
class OnTicket:
    """The ticket of an event, by what the event needs of it."""

    id: int
    organization_id: int | None


@dataclass
class Row:
    """A ticket, as `terms.Subject` describes it."""

    id: int
    ref: str
    status: str
    promised_priority: str
    organization_id: int | None
    team_id: int | None
    assignee_id: int | None
    is_demo: bool
    created_at: datetime
    active_at: datetime
    last_public_by: str
    first_responded_at: datetime | None
    escalated_at: datetime | None
    escalated_minutes: int | None
    next_due_at: datetime | None
    next_warn_at: datetime | None
    next_metric: str | None
    queue_at: datetime

    @property
    def shown(self) -> tuple[object, ...]:
        """The columns that clocks keep in step."""
        return tuple(getattr(self, name) for name in SHOWN)


COLUMNS = [tickets.c[name] for name in Row.__dataclass_fields__]


def load(ids: Sequence[int]) -> list[Row]:
    """Tickets by id, in that order, locked until the transaction ends. One statement."""
    query = select(*COLUMNS).where(tickets.c.id.in_(ids)).order_by(tickets.c.id).with_for_update()
    return [Row(**row._mapping) for row in db.session.execute(query)]


def save(row: Row) -> None:
    """Write the columns that clocks keep in step. The ticket's version stays: nobody has edited it."""
    db.session.execute(update(tickets).where(tickets.c.id == row.id).values(dict(zip(SHOWN, row.shown, strict=True))))


def ticket_by_ref(ref: str) -> Row:
    """A ticket by its number, for staff, who may see all. Raises NotFound. One statement."""
    row = db.session.execute(select(*COLUMNS).where(tickets.c.ref == ref.upper())).first()
    if row is None:
        raise NotFound()
    return Row(**row._mapping)
