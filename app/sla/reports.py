"""The SLA report: how promises were kept, over a range, for an organization, a team or a priority.

A clock belongs to the range in which it began. It was kept (met) if it stopped in time, and breached if its target was
used up, whether it has stopped or not: the same as `clock.tone` says of each, here as a condition on rows.
"""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from app.accounts.models import Organization, Team
from app.extensions import db
from app.sla import choosing
from app.sla.models import Clock
from app.sla.terms import LABELS, METRICS

PRIORITIES = ("emergency", "critical", "high", "medium", "low")
ALL = "all"
# In percent: product.md's goals. Emergency and critical tickets have none to lose.
GOAL, URGENT_GOAL = 99.0, 100.0
URGENT = frozenset({"emergency", "critical"})
# What a scope calls both of them together.
BOTH_URGENT = "urgent"
# Every figure that can be opened: how its clocks stand. `judged` is what compliance is of, `measured` what has a length.
FIGURE_WORDS = {
    "total": "All begun",
    "met": "Met",
    "breached": "Breached",
    "running": "Running",
    "paused": "Paused",
    "judged": "Met or breached",
    "measured": "Ended, with their time",
}
FIGURES = tuple(FIGURE_WORDS)
# Zones that a page offers beside the viewer's own; an address may name any other.
ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
)


@dataclass(frozen=True)
class Scope:
    """What a report is about: clocks begun from `since` (included) to `until` (not included), narrowed by the rest.

    `priority` is one of PRIORITIES, or BOTH_URGENT for emergency and critical together.
    """

    since: datetime
    until: datetime
    is_demo: bool = False
    organization_id: int | None = None
    team_id: int | None = None
    priority: str | None = None


@dataclass
class Line:
    """The figures of one metric and priority, or of all priorities. Lengths are counted seconds of stopped clocks."""

    metric: str
    priority: str
    total: int = 0
    met: int = 0
    breached: int = 0
    running: int = 0
    paused: int = 0
    compliance: float | None = None
    average_seconds: float | None = None
    median_seconds: float | None = None
    p90_seconds: int | None = None

    @property
    def label(self) -> str:
        """The metric in words."""
        return LABELS[self.metric]

    @property
    def goal(self) -> float:
        """The compliance to reach, in percent."""
        return URGENT_GOAL if self.priority in URGENT else GOAL

    @property
    def judged(self) -> int:
        """How many have been kept or missed."""
        return self.met + self.breached

    @property
    def is_good(self) -> bool | None:
        """Whether the goal is reached; None where nothing has been judged yet."""
        return None if self.compliance is None else self.compliance >= self.goal


@dataclass(frozen=True)
class Goal:
    """One of the two goals of the contract, over all metrics: its priority as a scope names it, what was kept, in percent."""

    label: str
    priority: str | None
    met: int
    judged: int
    goal: float

    @property
    def compliance(self) -> float | None:
        """The share that was kept, in percent; None where nothing has been judged."""
        return 100 * self.met / self.judged if self.judged else None

    @property
    def is_good(self) -> bool | None:
        """Whether the goal is reached; None where nothing has been judged yet."""
        return None if self.compliance is None else self.compliance >= self.goal


@dataclass
class Report:
    """Every line that has a clock, by metric and priority, and one over all priorities for each metric."""

    scope: Scope
    lines: list[Line] = field(default_factory=list)

    @property
    def overall(self) -> list[Line]:
        """The lines over all priorities."""
        return [line for line in self.lines if line.priority == ALL]

    @property
    def goals(self) -> list[Goal]:
        """Everything against 99 %, emergency and critical against 100 %; over first and next responses and resolutions."""
        urgent = [line for line in self.lines if line.priority in URGENT]
        return [
            Goal("All promises", None, sum(line.met for line in self.overall), sum(line.judged for line in self.overall), GOAL),
            Goal("Emergency and critical", BOTH_URGENT, sum(ln.met for ln in urgent), sum(ln.judged for ln in urgent), URGENT_GOAL),
        ]

    def of(self, metric: str) -> list[Line]:
        """The lines of a metric, the most urgent first, the sum last."""
        order = [*PRIORITIES, ALL]
        return sorted((line for line in self.lines if line.metric == metric), key=lambda line: order.index(line.priority))

    def rows(self) -> list[dict[str, Any]]:
        """Plain rows, for JSON, CSV and the command line."""
        return [asdict(line) for metric in METRICS for line in self.of(metric)]


def report(scope: Scope, *, now: datetime) -> Report:
    """The report as of now. Three statements; without organization they read the covering index ix_clocks_report alone."""
    lines: dict[tuple[str, str], Line] = {}
    for row in db.session.execute(counts(scope, now)):
        for priority in (row.priority, ALL):
            add(lines.setdefault((row.metric, priority), Line(row.metric, priority)), row)
    for line in lines.values():
        line.compliance = 100 * line.met / line.judged if line.judged else None
    for overall in (False, True):
        for row in db.session.execute(ranks(scope, overall=overall)):
            line = lines[row.metric, ALL if overall else row.priority]
            line.average_seconds, line.median_seconds, line.p90_seconds = float(row.average), float(row.median), int(row.p90)
    return Report(scope, list(lines.values()))


def add(line: Line, row: Any) -> None:
    """Count a row in."""
    line.total += row.total
    line.met += row.met
    line.breached += row.breached
    line.running += row.running
    line.paused += row.paused


def is_late(now: datetime) -> ColumnElement[bool]:
    """Whether the target of a clock is used up."""
    return or_(Clock.breached_at.is_not(None), and_(Clock.state == "running", Clock.due_at < now))


def stands(figure: str, now: datetime) -> ColumnElement[bool]:
    """Whether a clock counts in a figure: the one definition of each, for the report and for the lists behind it. KeyError for others."""
    late = is_late(now)
    conditions = {
        "total": Clock.state != "cancelled",
        "breached": late,
        "met": and_(~late, Clock.state == "stopped"),
        "running": and_(~late, Clock.state == "running"),
        "paused": and_(~late, Clock.state == "paused"),
        "judged": or_(late, Clock.state == "stopped"),
        "measured": and_(Clock.state == "stopped", Clock.elapsed_seconds.is_not(None)),
    }
    return conditions[figure]


def inside(scope: Scope) -> list[ColumnElement[bool]]:
    """The clocks of a scope. Metrics are named, so that an index which begins with them serves."""
    wanted = [
        Clock.metric.in_(METRICS),
        Clock.started_at >= scope.since,
        Clock.started_at < scope.until,
        Clock.is_demo == scope.is_demo,
        Clock.state != "cancelled",
    ]
    for column, value in ((Clock.organization_id, scope.organization_id), (Clock.team_id, scope.team_id)):
        if value is not None:
            wanted.append(column == value)
    if scope.priority is not None:
        wanted.append(Clock.priority.in_(sorted(URGENT)) if scope.priority == BOTH_URGENT else Clock.priority == scope.priority)
    return wanted


def counts(scope: Scope, now: datetime) -> Any:
    """How many clocks of each metric and priority stand how."""
    figures = [func.sum(case((stands(name, now), 1), else_=0)).label(name) for name in ("met", "breached", "running", "paused")]
    return (
        select(Clock.metric, Clock.priority, func.count().label("total"), *figures)
        .where(*inside(scope))
        .group_by(Clock.metric, Clock.priority)
    )


def ranks(scope: Scope, *, overall: bool) -> Any:
    """Average, median and 90th percentile (nearest rank) of what stopped clocks have counted."""
    group = (Clock.metric,) if overall else (Clock.metric, Clock.priority)
    ranked = (
        select(
            *group,
            Clock.elapsed_seconds.label("seconds"),
            func.row_number().over(partition_by=group, order_by=Clock.elapsed_seconds).label("place"),
            func.count().over(partition_by=group).label("size"),
            func.avg(Clock.elapsed_seconds).over(partition_by=group).label("average"),
        )
        .where(*inside(scope), stands("measured", scope.until))
        .subquery()
    )
    size, place = ranked.c["size"], ranked.c.place
    middle = place.in_([(size + 1) // 2, (size + 2) // 2])
    keys = [ranked.c[column.key] for column in group]
    return (
        select(
            *keys,
            func.max(ranked.c.average).label("average"),
            func.avg(case((middle, ranked.c.seconds))).label("median"),
            func.max(case((place == (size * 9 + 9) // 10, ranked.c.seconds))).label("p90"),
        )
        .where(or_(middle, place == (size * 9 + 9) // 10))
        .group_by(*keys)
    )


def choices(*, is_demo: bool, asked: int | None) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The organizations (see choosing.py) and teams that a report can be narrowed to. Three statements at most."""
    teams = select(Team.id, Team.name).order_by(Team.name)
    return choosing.organizations(is_demo=is_demo, asked=asked), [(number, name) for number, name in db.session.execute(teams)]


def zones(*first: str) -> list[str]:
    """The zones to choose from; those given come first."""
    return list(dict.fromkeys([*first, *ZONES]))


def organization_named(name: str) -> tuple[int, str] | None:
    """(id, name) of an organization by its exact name or by its number."""
    return named(Organization.id, Organization.name, name)


def team_named(name: str) -> tuple[int, str] | None:
    """The same of a team."""
    return named(Team.id, Team.name, name)


def names_of(scope: Scope) -> list[str]:
    """What narrows a scope, in words: its organization, team and priority. Two statements at most."""
    found = [
        db.session.scalar(select(label).where(key == number))
        for key, label, number in ((Organization.id, Organization.name, scope.organization_id), (Team.id, Team.name, scope.team_id))
        if number is not None
    ]
    if scope.priority is not None:
        found.append("emergency and critical" if scope.priority == BOTH_URGENT else scope.priority)
    return [name for name in found if name is not None]


def named(key: Any, label: Any, name: str) -> tuple[int, str] | None:
    """The first row of this number, or of this name in any case."""
    wanted = name.strip()
    by = key == int(wanted) if wanted.isdecimal() and len(wanted) < 10 else func.lower(label) == wanted.lower()
    row = db.session.execute(select(key, label).where(by).limit(1)).first()
    return (row[0], row[1]) if row is not None else None


def has_real_clocks() -> bool:
    """Whether anything but demo work has ever been promised."""
    return db.session.scalar(select(Clock.id).where(Clock.is_demo.is_(False)).limit(1)) is not None
