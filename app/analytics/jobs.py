"""Keeping the roll-ups up to date: the sweep follows the events, `rebuild` starts anew."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from app.analytics import metrics
from app.analytics.models import CountedEvent, DayCategory, HourFigures, RollupMark
from app.analytics.rollups import roll
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.lib.ranges import DAY
from app.surveys.models import Survey
from app.tickets.models import Ticket

NAME, REBUILDS = "analytics", "rebuilds"
KINDS = (
    "ticket.opened", "ticket.replied", "ticket.resolved", "ticket.reopened", "ticket.closed", "ticket.categorised", "ticket.triaged",
    "ticket.merged", "ticket.unmerged",
    "ticket.priority_changed", "ticket.priority_confirmed", "survey.answered",
)  # fmt: skip
# A transaction that was given its number early may be committed late: so many events are looked at again.
OVERLAP = 1000
BATCH = 5000
CHUNK = 7


def follow() -> int:
    """Compute anew what the events since the last run touched. Returns how many events were looked at; a repeat does no harm."""
    with writing():
        mark = db.session.get(RollupMark, NAME) or db.session.merge(RollupMark(name=NAME, event_id=0))
        query = (
            select(Event.id, Event.at, Event.kind, Ticket.created_at)
            .join(Ticket, Ticket.id == Event.ticket_id)
            .where(Event.id > max(0, mark.event_id - OVERLAP), Event.kind.in_(KINDS))
        )
        rows = db.session.execute(query.order_by(Event.id).limit(BATCH)).all()
        if rows and rows[-1].id > mark.event_id:
            mark.event_id = rows[-1].id
            roll({row.created_at.date() for row in rows} | {row.at.date() for row in rows})
        db.session.commit()
    return len(rows)


def rebuild(step: Callable[[int, int], None] | None = None) -> int:
    """Compute every day anew, in chunks that are each committed; `step(done, all)` tells progress. Returns how many days."""
    with writing():
        newest = db.session.scalar(select(func.max(Event.id))) or 0
        days = all_days()
        db.session.execute(delete(HourFigures).where(HourFigures.day.not_in(days)))
        db.session.execute(delete(DayCategory).where(DayCategory.day.not_in(days)))
        for at in range(0, len(days), CHUNK):
            roll(days[at : at + CHUNK])
            db.session.commit()
            if step is not None:
                step(min(at + CHUNK, len(days)), len(days))
        db.session.merge(RollupMark(name=NAME, event_id=newest))
        count_rebuild()
        db.session.commit()
    return len(days)


def count_rebuild() -> None:
    """Move a mark of its own, so that who keeps figures sees that they are new even if no event came meanwhile."""
    rebuilds = db.session.get(RollupMark, REBUILDS) or db.session.merge(RollupMark(name=REBUILDS, event_id=0))
    rebuilds.event_id += 1


def all_days() -> list[date]:
    """Every day (UTC) from the first ticket to the last thing that any figure speaks of."""
    first, *lasts = db.session.execute(select(func.min(Ticket.created_at), func.max(Ticket.created_at), func.max(Ticket.resolved_at))).one()
    lasts.append(db.session.scalar(select(func.max(Survey.answered_at))))
    if first is None:
        return []
    last = max(at for at in lasts if at is not None)
    return [first.date() + n * DAY for n in range((last.date() - first.date()).days + 1)]


def count_event(event_id: int) -> None:
    """Move the counters of /metrics for one event, once: its row in counted_events is written in the same transaction."""
    with writing():
        event = db.session.get(Event, event_id)
        if event is None or event.ticket_id is None or db.session.get(CountedEvent, event_id) is not None:
            db.session.rollback()
            return
        ticket = db.session.scalar(select(Ticket).options(joinedload(Ticket.organization)).where(Ticket.id == event.ticket_id))
        db.session.add(CountedEvent(event_id=event_id, at=event.at))
        try:
            db.session.flush()
        except IntegrityError:
            db.session.rollback()
            return
        if ticket is not None:
            metrics.add(metrics.count(event, ticket))
        db.session.commit()


def sweep_counted() -> None:
    """Daily: forget which events of long ago were counted."""
    with writing():
        metrics.sweep(utcnow())
        db.session.commit()
