"""Computing the roll-ups. Each day is computed anew from the rows behind it, so a repeat changes nothing."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import case, delete, extract, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.analytics.models import DayCategory, HourFigures
from app.analytics.rules import BOUNDS, bounds_of
from app.extensions import db
from app.lib.ranges import DAY, HOUR
from app.sla.models import Clock
from app.surveys.models import Survey
from app.tickets.models import Ticket


def roll(days: Iterable[date]) -> int:
    """Compute these days (UTC) anew, hour by hour, for real and for demo work. Eight statements a day; returns how many days."""
    wanted = sorted(set(days))
    for day in wanted:
        start = datetime.combine(day, time(), UTC)
        replace(HourFigures, HourFigures.day == day, hours(start), ("hour", "is_demo"))
        replace(DayCategory, DayCategory.day == day, categories(start), ("day", "is_demo", "category"))
    return len(wanted)


def hours(start: datetime) -> list[dict[str, Any]]:
    """The rows of a day's hours in which anything happened."""
    found: dict[tuple[int, bool], dict[str, Any]] = {}
    for query in (opened(start), targets(start), resolved(start), answered(start)):
        for row in db.session.execute(query).mappings():
            key = (int(row["nth"]), row["is_demo"])
            blank = {"hour": start + key[0] * HOUR, "is_demo": key[1], "day": start.date()}
            values = {name: int(value or 0) for name, value in row.items() if name not in ("nth", "is_demo")}
            found.setdefault(key, blank).update(values)
    names = [column.name for column in HourFigures.__table__.columns]
    return [{name: row.get(name, 0) for name in names} for row in found.values()]


def nth(instant: Any) -> Any:
    """The hour of the day of a column; sessions of both databases speak UTC."""
    return extract("hour", instant).label("nth")


def opened(start: datetime) -> Any:
    """Tickets opened in each hour of a day: how many, how many are resolved, and how soon they were answered. Index ix_tickets_created."""
    seconds = Ticket.first_response_seconds
    buckets = []
    for name in (*BOUNDS, "later"):
        above, most = bounds_of(name)
        inside = seconds > above if most is None else seconds.between(above + 1, most)
        buckets.append(func.sum(case((inside, 1), else_=0)).label(name))
    return (
        select(
            nth(Ticket.created_at),
            Ticket.is_demo,
            func.count().label("opened"),
            func.sum(case((Ticket.status.in_(("resolved", "closed")), 1), else_=0)).label("opened_resolved"),
            func.count(seconds).label("responses"),
            func.sum(seconds).label("response_seconds"),
            *buckets,
        )
        .where(Ticket.created_at >= start, Ticket.created_at < start + DAY)
        .group_by("nth", Ticket.is_demo)
    )


def targets(start: datetime) -> Any:
    """The first-response targets of tickets opened in each hour of a day that have been answered."""
    return (
        select(
            nth(Ticket.created_at), Ticket.is_demo, func.count().label("targets"), func.sum(Clock.target_seconds).label("target_seconds")
        )
        .join(Clock, Clock.ticket_id == Ticket.id)
        .where(Ticket.created_at >= start, Ticket.created_at < start + DAY, Ticket.first_response_seconds.is_not(None))
        .where(Clock.metric == "first_response", Clock.sequence == 1)
        .group_by("nth", Ticket.is_demo)
    )


def resolved(start: datetime) -> Any:
    """Resolutions that fell into each hour and still hold. Index ix_tickets_resolved_at."""
    inside = (Ticket.resolved_at >= start, Ticket.resolved_at < start + DAY)
    return select(nth(Ticket.resolved_at), Ticket.is_demo, func.count().label("resolved")).where(*inside).group_by("nth", Ticket.is_demo)


def answered(start: datetime) -> Any:
    """Surveys answered in each hour. Index ix_surveys_answered."""
    return (
        select(
            nth(Survey.answered_at),
            Survey.is_demo,
            func.count().label("surveys"),
            func.sum(Survey.overall_satisfaction).label("satisfaction"),
        )
        .where(Survey.answered_at >= start, Survey.answered_at < start + DAY)
        .group_by("nth", Survey.is_demo)
    )


def categories(start: datetime) -> list[dict[str, Any]]:
    """The rows of a day's categories."""
    query = select(Ticket.is_demo, Ticket.category, func.count().label("opened")).where(
        Ticket.created_at >= start, Ticket.created_at < start + DAY
    )
    return [{"day": start.date(), **row} for row in db.session.execute(query.group_by(Ticket.is_demo, Ticket.category)).mappings()]


def replace(model: Any, old: Any, rows: list[dict[str, Any]], keys: tuple[str, ...]) -> None:
    """Put these rows in the place of the old ones, whoever else does the same."""
    db.session.execute(delete(model).where(old))
    if rows:
        upsert(model, rows, keys)


def upsert(model: Any, rows: list[dict[str, Any]], keys: tuple[str, ...]) -> None:
    """Insert the rows or replace those that are there, in one statement, whoever else does the same."""
    dialect = db.session.get_bind().dialect.name
    insert: Any = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(model).values(rows)
    others = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    db.session.execute(insert.on_conflict_do_update(index_elements=list(keys), set_=others))
