"""Figures that raise alerts: how many tickets come in, how long answers take, how content customers are.

They are the numbers of the dashboards and of /metrics; demo work never counts. A figure of less than `least` says nothing,
and neither raises an alert nor keeps one open; a count is whole whatever it is, also none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import User
from app.accounts.permissions import may
from app.alerts import actions as alerts
from app.alerts.models import Alert
from app.analytics import queries
from app.analytics.models import Alarm
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, NotFound
from app.lib.ranges import HOUR, span

SOURCE = "figures"
# An alert ends when its figure has been fine for so long, so that one that wavers about its bound is not told each time.
CALM = timedelta(minutes=10)


@dataclass(frozen=True)
class Figure:
    """A figure now: its value, None where there is nothing, and out of how many it is made."""

    value: float | None
    of: int


@dataclass(frozen=True)
class Definition:
    """What an alarm means. `above` tells which side of the threshold is bad; `of` names what `least` counts; 0 for a count."""

    title: str
    severity: str
    above: bool
    threshold: float
    bounds: tuple[float, float]
    least: int
    unit: str
    of: str
    path: str
    explanation: str
    measure: Callable[[datetime], Figure]


@dataclass(frozen=True)
class Standing:
    """An alarm as it is set and as it stands now."""

    key: str
    definition: Definition
    threshold: float
    least: int
    is_enabled: bool
    figure: Figure
    alert_id: int | None

    @property
    def says_something(self) -> bool:
        """Whether the figure is made of enough."""
        return self.figure.value is not None and self.figure.of >= self.least

    @property
    def is_beyond(self) -> bool:
        """Whether the figure is on the bad side; the threshold itself is still fine."""
        value = self.figure.value
        if value is None or not self.says_something:
            return False
        return value > self.threshold if self.definition.above else value < self.threshold


def volume(now: datetime) -> Figure:
    """Tickets opened in the last 60 minutes."""
    count = queries.opened_between(now - HOUR, now, is_demo=False)
    return Figure(float(count), count)


def response(now: datetime) -> Figure:
    """The mean first response in percent of the mean target, of the tickets of the last 24 hours that have an answer."""
    found = queries.report(span("24h", now), is_demo=False).now
    taken, target = found.average_response, found.average_target
    return Figure(100 * taken / target if taken is not None and target else None, found.targets)


def satisfaction(now: datetime) -> Figure:
    """The mean overall score of the surveys answered in the last 30 days."""
    found = queries.report(span("30d", now), is_demo=False).now
    return Figure(found.average_satisfaction, found.surveys)


ALARMS: Mapping[str, Definition] = {
    "high_ticket_volume": Definition(
        "High volume of tickets", "warning", True, 50, (1, 1_000_000), 0, "tickets in the last hour", "tickets",
        "/desk/analytics?range=24h", "More tickets than this were opened in the last 60 minutes.", volume,
    ),
    "sla_breach_risk": Definition(
        "Response time approaches its target", "warning", True, 80, (1, 1_000), 5, "% of the target", "answered tickets with a target",
        "/desk/analytics?range=24h", "The average first response of the last 24 hours takes more than this share of the average target.",
        response,
    ),
    "low_satisfaction": Definition(
        "Customer satisfaction is low", "critical", False, 4.0, (1, 5), 5, "of 5", "answered surveys",
        "/desk/surveys", "The average overall score of the surveys answered in the last 30 days is under this.", satisfaction,
    ),
}  # fmt: skip


def key_of(name: str) -> str:
    """The key of an alarm's alert."""
    return f"alarm:{name}"


def standings(now: datetime) -> list[Standing]:
    """Every alarm with its figure. Seven statements over roll-ups, whatever the number of tickets."""
    rows = {row.key: row for row in db.session.scalars(select(Alarm))}
    keys = [key_of(name) for name in ALARMS]
    found = select(Alert.key, Alert.id).where(Alert.key.in_(keys), Alert.resolved_at.is_(None))
    open_now = {row.key: row.id for row in db.session.execute(found)}
    return [standing(name, rows.get(name), now, open_now.get(key_of(name))) for name in ALARMS]


def standing(name: str, row: Alarm | None, now: datetime, alert_id: int | None) -> Standing:
    """One alarm: as a lead set it, or as it comes."""
    definition = ALARMS[name]
    return Standing(name, definition, *setting(definition, row), definition.measure(now), alert_id)


def setting(definition: Definition, row: Alarm | None) -> tuple[float, int, bool]:
    """Threshold, least and whether it is watched: as a lead set it, or as it comes. A count needs nothing, whatever its row says."""
    if row is None:
        return definition.threshold, definition.least, True
    return row.threshold, row.least if definition.least else 0, row.is_enabled


def definition_of(name: str) -> Definition:
    """The definition of an alarm. Raises NotFound."""
    if name not in ALARMS:
        raise NotFound()
    return ALARMS[name]


def look(now: datetime) -> int:
    """Raise what is beyond its bound and end what has been fine for CALM; returns how many alerts began or ended.

    A figure that stays beyond is one alert; one that comes back before CALM is over is counted on it.
    """
    changed = 0
    for one in standings(now):
        row = db.session.get(Alarm, one.key) or kept(one, now)
        if one.is_enabled and one.is_beyond:
            if one.alert_id is None or row.fine_since is not None:
                sound(one, now)
                changed += one.alert_id is None
            row.fine_since = None
        elif one.alert_id is not None:
            row.fine_since = row.fine_since or now
            if not one.is_enabled or now - row.fine_since >= CALM:
                alerts.resolve_alert(key_of(one.key), now=now)
                row.fine_since = None
                changed += 1
    return changed


def sound(one: Standing, now: datetime) -> None:
    """The alert of a figure beyond its bound."""
    definition = one.definition
    alerts.raise_alert(
        key=key_of(one.key),
        severity=definition.severity,
        source=SOURCE,
        title=definition.title,
        body=f"{shown(one.figure.value)} {definition.unit}; the bound is {shown(one.threshold)}.\n{definition.explanation}",
        path=definition.path,
        now=now,
    )


def kept(one: Standing, now: datetime) -> Alarm:
    """The row of an alarm that nobody has set yet."""
    row = Alarm(key=one.key, threshold=one.threshold, least=one.least, is_enabled=one.is_enabled, changed_at=now)
    db.session.add(row)
    db.session.flush()
    return row


def save(name: str, threshold: float, least: int, is_enabled: bool, *, actor: User, now: datetime) -> None:
    """Set an alarm. What stands there already records nothing. Raises NotFound, NotAllowed, Invalid. Records alarm.changed."""
    definition = definition_of(name)
    if not may(actor.role, "alerts.edit"):
        raise NotAllowed("Only leads set alarms.")
    low, high = definition.bounds
    if not low <= threshold <= high or (definition.least and not 1 <= least <= 10_000):
        raise Invalid(f"The bound lies between {shown(low)} and {shown(high)}.")
    row = db.session.get(Alarm, name)
    before, after = setting(definition, row), (threshold, least if definition.least else 0, is_enabled)
    if before == after:
        return
    row = row or Alarm(key=name)
    row.threshold, row.least, row.is_enabled = after
    row.changed_at, row.changed_by_id = now, actor.id
    db.session.add(row)
    names = ("threshold", "least", "is_enabled")
    changes = {what: [old, new] for what, old, new in zip(names, before, after, strict=True) if old != new}
    record("alarm.changed", now=now, actor=actor, facts={"alarm": name, "changes": changes})


def shown(value: float | None) -> str:
    """A figure in words: whole numbers without decimals, others with one or two."""
    if value is None:
        return "nothing yet"
    return f"{value:.0f}" if float(value).is_integer() or value >= 100 else f"{value:.1f}"
