"""Every number with its definition. Pages, CSV, the portal and /metrics read these and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, false, func, or_, select, true

from app.accounts.models import Organization, User
from app.analytics.models import DayCategory, HourFigures, RollupMark
from app.analytics.rules import BUCKETS, Totals, bounds_of, mean, summed
from app.extensions import db
from app.lib.database import UTCDateTime, plain_rows, written_out
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.lib.ranges import DAY, HOUR, Span
from app.sla.models import Clock
from app.tickets.models import Ticket
from app.tickets.queries import asked_by

PAGE = 50
PORTAL_DAYS = 90
SUMS = (
    "opened", "resolved", "opened_resolved", "responses", "response_seconds", "targets", "target_seconds", "surveys", "satisfaction", *BUCKETS,
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """A range and the period before it, whole and cut into the units of the chart (`hour` or `day`), oldest first."""

    span: Span
    now: Totals
    before: Totals
    units: Sequence[tuple[datetime | date, Totals]]
    units_before: Sequence[Totals]
    categories: Sequence[tuple[str, int]]


def report(span: Span, *, is_demo: bool) -> Report:
    """The figures of the dashboard. Three statements over roll-ups, whatever the number of tickets, two while nothing happens."""
    units, before = stored(span, is_demo, db.session.scalar(MARKS) or 0)
    return Report(span, summed([totals for _, totals in units]), summed(before), units, before, categories(span, is_demo=is_demo))


# What it adds up to changes whenever the roll-ups do.
MARKS = select(func.sum(RollupMark.event_id))


@lru_cache(maxsize=64)
def stored(span: Span, is_demo: bool, marks: int) -> tuple[Sequence[tuple[datetime | date, Totals]], Sequence[Totals]]:
    """The units of a range and of the period before it, as the roll-ups have them at these `marks`: each process adds them up once."""
    found = totals_by_unit(span, is_demo)
    units = [(unit, found.get(unit, Totals())) for unit in units_of(span, span.start, span.end)]
    return units, [found.get(unit, Totals()) for unit in units_of(span, span.before, span.start)]


def opened_between(start: datetime, end: datetime, *, is_demo: bool) -> int:
    """Tickets opened from start up to end, to the second; what `support_ticket_volume_total` rises by. One statement on the index of openings."""
    inside = (Ticket.created_at > start, Ticket.created_at <= end, Ticket.is_demo == is_demo)
    return db.session.scalar(select(func.count()).select_from(Ticket).where(*inside)) or 0


def totals_by_unit(span: Span, is_demo: bool) -> dict[datetime | date, Totals]:
    """Sums of the roll-ups of both periods by hour or day."""
    unit = HourFigures.hour if span.unit == "hour" else HourFigures.day
    columns = [func.sum(getattr(HourFigures, name)) for name in SUMS]
    inside = (HourFigures.is_demo == is_demo, HourFigures.hour >= span.before, HourFigures.hour < span.end)
    rows = db.session.execute(select(unit, *columns).where(*inside).group_by(unit))
    return {key: totals([int(value or 0) for value in values]) for key, *values in rows}


def totals(values: Sequence[int]) -> Totals:
    """The sums in the order of SUMS as Totals."""
    plain = len(SUMS) - len(BUCKETS)
    return Totals(**dict(zip(SUMS[:plain], values, strict=False)), buckets=tuple(values[plain:]))


def units_of(span: Span, start: datetime, end: datetime) -> list[datetime | date]:
    """The hours or days of a period."""
    if span.unit == "hour":
        return [start + n * HOUR for n in range(int((end - start) / HOUR))]
    return [(start + n * DAY).date() for n in range(int((end - start) / DAY))]


OPENED_BY_CATEGORY = (
    select(Ticket.category, func.count())
    .where(
        Ticket.created_at >= bindparam("start", type_=UTCDateTime()),
        Ticket.created_at < bindparam("end", type_=UTCDateTime()),
        Ticket.is_demo == bindparam("demo"),
    )
    .group_by(Ticket.category)
)
STORED_BY_CATEGORY = (
    select(DayCategory.category, func.sum(DayCategory.opened))
    .where(DayCategory.is_demo == bindparam("demo"), DayCategory.day >= bindparam("start"), DayCategory.day < bindparam("end"))
    .group_by(DayCategory.category)
)


def categories(span: Span, *, is_demo: bool) -> list[tuple[str, int]]:
    """Tickets opened in the range by category, the most first. One day is counted itself, more come from the roll-up."""
    hourly = span.unit == "hour"
    start, end = (span.start, span.end) if hourly else (span.start.date(), span.end.date())
    query = OPENED_BY_CATEGORY if hourly else STORED_BY_CATEGORY
    rows = db.session.execute(query, {"demo": is_demo, "start": start, "end": end})
    found = [(category, int(number)) for category, number in rows]
    return sorted(found, key=lambda row: (-row[1], row[0]))


FIGURES = ("opened", "unresolved", "resolved", "unanswered", *BUCKETS)


def tickets_behind(figure: str, span: Span, *, is_demo: bool, category: str = "", after: str | None = None) -> Page:
    """The tickets that a figure counts, newest first, PAGE at a time by key. One statement on the index of the figure."""
    instant = Ticket.resolved_at if figure == "resolved" else Ticket.created_at
    wanted = [instant >= span.start, instant < span.end, Ticket.is_demo == is_demo, condition(figure)]
    if category:
        wanted.append(Ticket.category == category)
    if after is not None:
        (at, last), _ = decode_cursor(after, datetime, int)
        wanted.append(or_(instant < at, and_(instant == at, Ticket.id < last)))
    query = (
        select(
            Ticket.id, Ticket.ref, Ticket.subject, Ticket.status, Ticket.priority, Ticket.category, Ticket.created_at, instant.label("at")
        )
        .add_columns(Ticket.first_response_seconds, Organization.name.label("organization"), User.name.label("requester"))
        .join(User, User.id == Ticket.requester_id)
        .outerjoin(Organization, Organization.id == Ticket.organization_id)
        .where(*wanted)
        .order_by(instant.desc(), Ticket.id.desc())
    )
    rows = db.session.execute(query.limit(PAGE + 1)).all()
    more = encode_cursor([rows[PAGE - 1].at, rows[PAGE - 1].id]) if len(rows) > PAGE else None
    return Page(list(rows[:PAGE]), more)


def condition(figure: str) -> ColumnElement[bool]:
    """What a ticket of the range must be to count in a figure; nothing counts in a figure that does not exist."""
    if figure in BUCKETS:
        above, most = bounds_of(figure)
        seconds = Ticket.first_response_seconds
        return seconds > above if most is None else seconds.between(above + 1, most)
    conditions: dict[str, ColumnElement[bool]] = {
        "opened": Ticket.id > 0,
        "resolved": Ticket.resolved_at.is_not(None),
        "unresolved": Ticket.is_open.is_(True),
        "unanswered": Ticket.first_response_seconds.is_(None),
    }
    return conditions.get(figure, false())


@dataclass(frozen=True)
class PortalFigures:
    """A customer's figures. Rates and averages are of the tickets opened in the last PORTAL_DAYS days; None where there are none."""

    open: int
    needs_you: int
    # Opened less resolved in the last seven days: above nought, more is open than a week ago.
    trend: int
    # Where first responses are promised, the seconds that their clocks counted, to compare with the target; else all seconds.
    average_response: float | None
    target: float | None
    resolution_rate: float | None


def portal_figures(user: Any, now: datetime) -> PortalFigures:
    """The three cards of the portal home, over the organization's tickets where this person sees those, else their own.

    One statement, each part of it on an index of the organization or the person.
    """
    shared = shares(user)
    since, week = now - timedelta(days=PORTAL_DAYS), now - timedelta(days=7)
    values = {"me": user.id, "us": user.organization_id, "since": since, "week": week}
    *found, counted, target = plain_rows(db.session, portal_statement(shared), values).one()
    still, needs, opened, resolved, fresh, done, answered, total = (int(value or 0) for value in found)
    average = mean(total, answered) if counted is None else float(counted)
    return PortalFigures(still, needs, fresh - done, average, None if target is None else float(target), mean(resolved, opened))


@lru_cache(maxsize=2)
def portal_statement(shared: bool) -> Select[Any]:
    """The figures of `portal_figures` side by side; built once."""
    now, lately, kept = still_open(shared).subquery("now"), since_then(shared).subquery("lately"), promised(shared).subquery("kept")
    return select(now, lately, kept).select_from(now.join(lately, true()).join(kept, true()))


def still_open(shared: bool) -> Select[Any]:
    """How many tickets are open, and how many of them wait for the customer."""
    waiting = func.sum(case((Ticket.status == "pending_customer", 1), else_=0))
    figures: Sequence[Any] = (func.count(), waiting)
    return select(*figures).where(scope(shared), Ticket.is_open)


def since_then(shared: bool) -> Select[Any]:
    """Opened, resolved, opened and resolved within the `week`, answered, and the seconds to the answers, `since` then."""
    seconds, week = Ticket.first_response_seconds, bindparam("week", type_=UTCDateTime())
    figures: Sequence[Any] = (
        func.count(),
        func.sum(case((Ticket.is_open, 0), else_=1)),
        func.sum(case((Ticket.created_at >= week, 1), else_=0)),
        func.sum(case((Ticket.resolved_at >= week, 1), else_=0)),
        func.count(seconds),
        func.sum(seconds),
    )
    return select(*figures).where(scope(shared), Ticket.created_at >= bindparam("since", type_=UTCDateTime()))


def promised(shared: bool) -> Select[Any]:
    """What the clocks of first responses given `since` then counted, and their targets: two means, NULL where nothing was promised."""
    means: Sequence[Any] = (func.avg(Clock.elapsed_seconds).label("counted"), func.avg(Clock.target_seconds).label("target"))
    query = select(*means).where(Clock.metric == "first_response", Clock.state == written_out("stopped"))
    since = bindparam("since", type_=UTCDateTime())
    if shared:
        return query.where(Clock.organization_id == bindparam("us"), Clock.started_at >= since)
    # Led by their few tickets: by its date, the database would begin with the clocks of everybody.
    return query.where(Clock.ticket_id.in_(select(Ticket.id).where(scope(shared), Ticket.created_at >= since)))


def shares(user: Any) -> bool:
    """Whether a customer's figures speak of their organization's tickets, or of their own alone."""
    return user.organization_id is not None and (user.role == "customer_admin" or user.organization.sharing == "all")


def scope(shared: bool) -> ColumnElement[bool]:
    """The tickets that a customer's figures speak of: those of the organization `us`, or what `me`, who is of it, has asked."""
    us: Any = bindparam("us")
    return Ticket.organization_id == us if shared else asked_by(bindparam("me"), us)
