"""The clocks behind a figure of the SLA report: a page of them by key, or all of them as a stream. The same conditions as the report's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any

from sqlalchemy import Integer, Select, String, and_, column, or_, select, table

from app.accounts.models import Organization, Team
from app.extensions import db
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.sla.clock import tone
from app.sla.models import Clock
from app.sla.reports import Scope, inside, stands
from app.sla.terms import LABELS, METRICS

# Tickets lie above this feature: by their columns only.
tickets = table("tickets", column("id", Integer), column("ref", String), column("subject", String))
PAGE = 50
BATCH = 500
# The tones of clock.tone as the report counts them.
COUNTED_AS = {"ok": "running", "risk": "running", "paused": "paused", "met": "met", "breach": "breached", "missed": "breached"}


@dataclass(frozen=True)
class Behind:
    """A clock with its ticket: times are aware UTC, lengths counted seconds; `outcome` is the figure it counts in."""

    id: int
    metric: str
    priority: str
    ref: str
    subject: str
    organization: str | None
    team: str | None
    state: str
    outcome: str
    target_seconds: int
    elapsed_seconds: int | None
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None

    @property
    def label(self) -> str:
        """The metric in words."""
        return LABELS[self.metric]


def page(scope: Scope, figure: str, *, metric: str | None, now: datetime, after: str = "") -> Page:
    """The clocks that a figure counts, the newest first, PAGE at a time; one statement for each metric, on the report's index.

    Raises KeyError for a figure that does not exist, and Invalid for a cursor that is not ours.
    """
    place = None
    if after:
        (at, number), _ = decode_cursor(after, datetime, int)
        place = (at, number)
    found = [list(read(scope, figure, one, now, place, PAGE + 1)) for one in asked(metric)]
    rows = list(merge(*found, key=lambda row: (row.started_at, row.id), reverse=True))[: PAGE + 1]
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return Page(rows[:PAGE], encode_cursor([last.started_at, last.id]) if last else None)


def every(scope: Scope, figure: str, *, metric: str | None, now: datetime) -> Iterator[Behind]:
    """All of them, metric by metric, BATCH rows a statement, so that no list is ever whole in memory."""
    for one in asked(metric):
        place: tuple[datetime, int] | None = None
        while True:
            rows = list(read(scope, figure, one, now, place, BATCH))
            yield from rows
            if len(rows) < BATCH:
                break
            place = (rows[-1].started_at, rows[-1].id)


def asked(metric: str | None) -> tuple[str, ...]:
    """One metric, or every one."""
    return (metric,) if metric else METRICS


def read(scope: Scope, figure: str, metric: str, now: datetime, place: tuple[datetime, int] | None, limit: int) -> Iterator[Behind]:
    """Up to `limit` clocks of a metric after a place, the newest first."""
    for row in db.session.execute(statement(scope, figure, metric, now, place).limit(limit)):
        shown = tone(row.state, due_at=row.due_at, warn_at=None, breached_at=row.breached_at, now=now)
        yield Behind(**row._mapping, outcome=COUNTED_AS[shown])


def statement(scope: Scope, figure: str, metric: str, now: datetime, place: tuple[datetime, int] | None) -> Select[Any]:
    """The clocks of a metric that a figure counts, with the words of their tickets."""
    names = ("id", "metric", "priority", "state", "target_seconds", "elapsed_seconds", "started_at", "due_at", "stopped_at", "breached_at")
    wanted = [*inside(scope), Clock.metric == metric, stands(figure, now)]
    if place is not None:
        at, number = place
        wanted.append(or_(Clock.started_at < at, and_(Clock.started_at == at, Clock.id < number)))
    return (
        select(
            *(getattr(Clock, name) for name in names),
            tickets.c.ref,
            tickets.c.subject,
            Organization.name.label("organization"),
            Team.name.label("team"),
        )
        .select_from(Clock)
        .join(tickets, tickets.c.id == Clock.ticket_id)
        .outerjoin(Organization, Organization.id == Clock.organization_id)
        .outerjoin(Team, Team.id == Clock.team_id)
        .where(*wanted)
        .order_by(Clock.started_at.desc(), Clock.id.desc())
    )
