"""Computing the roll-ups. Each hour and day is computed anew from the rows behind it, so a repeat changes nothing."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.analytics.models import DayCategory, HourFigures
from app.analytics.rules import BOUNDS, DAY, HOUR, bounds_of
from app.extensions import db
from app.sla.models import Clock
from app.surveys.models import Survey
from app.tickets.models import Ticket


def hour_of(at: datetime) -> datetime:
    """The full hour (UTC) in which an instant lies."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def roll_hours(hours: Iterable[datetime]) -> int:
    """Compute these hours (UTC, full) anew, for real and for demo work. Five statements an hour; returns how many hours."""
    wanted = sorted(set(hours))
    for hour in wanted:
        rows = computed(hour)
        if rows:
            upsert(HourFigures, rows, ("hour", "is_demo"))
        kept = [row["is_demo"] for row in rows]
        db.session.execute(delete(HourFigures).where(HourFigures.hour == hour, HourFigures.is_demo.not_in(kept)))
    return len(wanted)


def computed(hour: datetime) -> list[dict[str, Any]]:
    """The rows of one hour, at most one for real and one for demo work."""
    found: dict[bool, dict[str, Any]] = {}
    for query in (opened(hour), targets(hour), resolved(hour), answered(hour)):
        for row in db.session.execute(query).mappings():
            values = {name: int(value or 0) for name, value in row.items() if name != "is_demo"}
            blank = {"hour": hour, "is_demo": row["is_demo"], "day": hour.date()}
            found.setdefault(row["is_demo"], blank).update(values)
    names = {column.name for column in HourFigures.__table__.columns}
    return [{name: row.get(name, 0) for name in names} for row in found.values()]


def opened(hour: datetime) -> Any:
    """Tickets opened in the hour: how many, how many are resolved, and how soon they were answered. Index ix_tickets_created."""
    seconds = Ticket.first_response_seconds
    buckets = []
    for name in (*BOUNDS, "later"):
        above, most = bounds_of(name)
        inside = seconds > above if most is None else seconds.between(above + 1, most)
        buckets.append(func.sum(case((inside, 1), else_=0)).label(name))
    return (
        select(
            Ticket.is_demo,
            func.count().label("opened"),
            func.sum(case((Ticket.status.in_(("resolved", "closed")), 1), else_=0)).label("opened_resolved"),
            func.count(seconds).label("responses"),
            func.sum(seconds).label("response_seconds"),
            *buckets,
        )
        .where(Ticket.created_at >= hour, Ticket.created_at < hour + HOUR)
        .group_by(Ticket.is_demo)
    )


def targets(hour: datetime) -> Any:
    """The first-response targets of tickets opened in the hour that have been answered."""
    return (
        select(Ticket.is_demo, func.count().label("targets"), func.sum(Clock.target_seconds).label("target_seconds"))
        .join(Clock, Clock.ticket_id == Ticket.id)
        .where(Ticket.created_at >= hour, Ticket.created_at < hour + HOUR, Ticket.first_response_seconds.is_not(None))
        .where(Clock.metric == "first_response", Clock.sequence == 1)
        .group_by(Ticket.is_demo)
    )


def resolved(hour: datetime) -> Any:
    """Resolutions that fell into the hour and still hold. Index ix_tickets_resolved_at."""
    inside = (Ticket.resolved_at >= hour, Ticket.resolved_at < hour + HOUR)
    return select(Ticket.is_demo, func.count().label("resolved")).where(*inside).group_by(Ticket.is_demo)


def answered(hour: datetime) -> Any:
    """Surveys answered in the hour. Index ix_surveys_answered."""
    return (
        select(Survey.is_demo, func.count().label("surveys"), func.sum(Survey.overall_satisfaction).label("satisfaction"))
        .where(Survey.answered_at >= hour, Survey.answered_at < hour + HOUR)
        .group_by(Survey.is_demo)
    )


def roll_days(days: Iterable[date]) -> int:
    """Count the categories of these days (UTC) anew. Three statements a day; returns how many days."""
    wanted = sorted(set(days))
    for day in wanted:
        start = datetime.combine(day, time(), UTC)
        query = (
            select(Ticket.is_demo, Ticket.category, func.count().label("opened"))
            .where(Ticket.created_at >= start, Ticket.created_at < start + DAY)
            .group_by(Ticket.is_demo, Ticket.category)
        )
        rows = [{"day": day, **row} for row in db.session.execute(query).mappings()]
        db.session.execute(delete(DayCategory).where(DayCategory.day == day))
        if rows:
            upsert(DayCategory, rows, ("day", "is_demo", "category"))
    return len(wanted)


def upsert(model: Any, rows: list[dict[str, Any]], keys: tuple[str, ...]) -> None:
    """Insert the rows or replace those that are there, in one statement, whoever else does the same."""
    dialect = db.session.get_bind().dialect.name
    insert: Any = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(model).values(rows)
    others = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    db.session.execute(insert.on_conflict_do_update(index_elements=list(keys), set_=others))
