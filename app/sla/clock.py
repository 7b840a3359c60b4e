"""The SLA clock: a pure function of a calendar and of what happened. Nothing here knows a database, a page or the time.

A clock runs from its start and stands still while the ticket's status is one that pauses it. Only open hours of its
calendar are counted (hours.py). A new target counts from the start, and what has been counted is kept: so the figures
depend on the statuses and on the last target alone, and not on the order in which pauses and new targets came.

Lists, tickets, reports, the sweeper and `sla replay` all take their figures from here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.sla.hours import Calendar, Piece

# What pauses a clock in `sla replay` unless the case says otherwise.
PAUSED = frozenset({"pending_customer", "pending", "resolved", "closed"})
STANDS_STILL = {
    "pending_customer": "waiting on the customer",
    "pending": "waiting on the customer",
    "on_hold": "on hold",
    "resolved": "resolved",
    "closed": "closed",
}
# A warning is due when less than a quarter of the target remains.
WARN_NUMERATOR, WARN_DENOMINATOR = 3, 4


@dataclass(frozen=True)
class Change:
    """What happened at an instant: a new status, a new target in microseconds, or both."""

    at: int
    status: str | None = None
    target: int | None = None


@dataclass(frozen=True)
class Case:
    """All that a clock depends on. Instants and the target are microseconds; the changes come in their order."""

    calendar: Calendar
    start: int
    target: int
    changes: Sequence[Change] = ()
    initial_status: str = "new"
    paused: frozenset[str] = PAUSED

    def until(self, instant: int) -> "Case":
        """The case as it was known at an instant."""
        return replace(self, changes=[change for change in self.changes if change.at <= instant])

    @property
    def last_target(self) -> int:
        """The target that counts now: the last one that was set."""
        return next((change.target for change in reversed(self.changes) if change.target is not None), self.target)

    @property
    def last_status(self) -> str:
        """The status after all changes."""
        return next((change.status for change in reversed(self.changes) if change.status is not None), self.initial_status)

    @property
    def stands_still(self) -> bool:
        """Whether the clock is paused after all changes."""
        return self.last_status in self.paused


@dataclass(frozen=True)
class Stretch:
    """The clock ran, or stood still in a status, from one instant to another; the last one has no end."""

    start: int
    end: int | None
    status: str
    runs: bool


def stretches(case: Case) -> Iterator[Stretch]:
    """How the clock ran and stood still, from its start on; changes before the start only set the status that it begins in."""
    at, status = case.start, case.initial_status
    for change in case.changes:
        if change.status is None or change.status == status:
            continue
        runs = status not in case.paused
        if change.at > at and runs != (change.status not in case.paused):
            yield Stretch(at, change.at, status, runs)
            at = change.at
        elif change.at > at and not runs:
            yield Stretch(at, change.at, status, False)
            at = change.at
        status = change.status
    yield Stretch(at, None, status, status not in case.paused)


def elapsed(case: Case, end: int) -> int:
    """Counted microseconds from the start to an instant, after which nothing that happened matters."""
    if not case.changes:
        return 0 if case.stands_still else case.calendar.counted(case.start, end)
    total = 0
    for stretch in stretches(case):
        if stretch.start >= end:
            break
        if stretch.runs:
            total += case.calendar.counted(stretch.start, end if stretch.end is None else min(stretch.end, end))
    return total


def reached(case: Case, amount: int, *, as_of: int | None = None) -> int | None:
    """The earliest instant at which `amount` microseconds have been counted.

    None if the clock stands still before that (with `as_of`: as if it were resumed then), or if there are not enough
    open hours within the calendar's horizon.
    """
    if not case.changes and not case.stands_still:
        return case.calendar.advance(case.start, amount)
    left = amount
    for stretch in stretches(case):
        if stretch.end is None:
            if stretch.runs:
                return case.calendar.advance(stretch.start, left)
            return None if as_of is None else case.calendar.advance(max(as_of, stretch.start), left)
        if stretch.runs:
            counted = case.calendar.counted(stretch.start, stretch.end)
            if counted >= left:
                return case.calendar.advance(stretch.start, left)
            left -= counted
    return None


def due(case: Case, *, as_of: int | None = None) -> int | None:
    """The earliest instant at which counted time reaches the target that counts now; None as in `reached`."""
    return reached(case, case.last_target, as_of=as_of)


def capped(calendar: Calendar, start: int, target: int, *, since: int, cap: int) -> int:
    """The target of a response clock under a cap: what was counted until `since` (or its start, if later) and at most `cap` more.

    All in microseconds, counted on the calendar. A target that ends earlier stays as it is.
    """
    return min(target, calendar.counted(start, since) + cap if since > start else cap)


def warns_at(case: Case) -> int | None:
    """The instant after which less than a quarter of the target remains."""
    return reached(case, case.last_target * WARN_NUMERATOR // WARN_DENOMINATOR)


@dataclass(frozen=True)
class Position:
    """Where an open clock stands at an instant: running with its deadlines, or paused with what it has counted.

    `late_since` is the instant at which the target was used up, if that lies behind; all are microseconds.
    """

    state: str
    due: int | None
    warn: int | None
    counted: int | None
    late_since: int | None


def position(case: Case, now: int) -> Position:
    """Where a clock with these changes stands at `now`. What is stored, shown late, tried and replayed all comes from here."""
    reached_at = due(case)
    late_since = reached_at if reached_at is not None and reached_at < now else None
    if case.stands_still:
        return Position("paused", None, None, elapsed(case, now), late_since)
    return Position("running", reached_at, warns_at(case), None, late_since)


def no_due_reason(case: Case) -> str:
    """Why there is no due time, in words."""
    if case.stands_still:
        return f"The clock stands still: {standing(case.last_status)}."
    if not case.calendar.ever_opens:
        return "The calendar has no open hour at all."
    return "The calendar has too few open hours to ever reach the target."


@dataclass(frozen=True)
class Alert:
    """How a clock stands at an instant; `remaining` are microseconds, below 0 beyond the target."""

    alert: bool
    breached: bool
    remaining: int


def alert(case: Case, now: int) -> Alert:
    """How the clock stands at an instant, by what was known then.

    An alert when less than a quarter of the target remains, breached when more than the target has been counted.
    """
    known = case.until(now)
    target, counted = known.last_target, elapsed(known, now)
    return Alert(is_at_risk(target, counted), counted > target, target - counted)


def is_at_risk(target: int, counted: int) -> bool:
    """Whether less than a quarter of a target remains."""
    return counted * WARN_DENOMINATOR > target * WARN_NUMERATOR


def explain(case: Case, end: int) -> list[Piece]:
    """Every stretch from the start to an instant, counted or skipped, with the rule of each; they follow without gaps."""
    pieces: list[Piece] = []
    for stretch in stretches(case):
        until = end if stretch.end is None else min(stretch.end, end)
        if until <= stretch.start:
            break
        if stretch.runs:
            pieces += case.calendar.explain(stretch.start, until)
        else:
            pieces.append(Piece(stretch.start, until, False, standing(stretch.status)))
    return pieces


def explain_due(case: Case, *, as_of: int | None = None) -> list[Piece]:
    """The stretches up to the due time; up to the last change where there is none."""
    due_at = due(case, as_of=as_of)
    last = max([case.start, *(change.at for change in case.changes)])
    if due_at is None:
        return explain(case, last)
    if as_of is None or not case.stands_still or due_at <= last:
        return explain(case, due_at)
    resumed = max(as_of, last)
    return explain(case, resumed) + case.calendar.explain(resumed, due_at)


def standing(status: str) -> str:
    """Why a clock stands still, in words."""
    return STANDS_STILL.get(status, f"status {status}")


def tone(state: str, *, due_at: datetime | None, warn_at: datetime | None, breached_at: datetime | None, now: datetime) -> str:
    """How a stored clock stands: ok, risk, breach, paused, met or missed. Lists, tickets and reports all ask here.

    A miss stays a miss: a clock that was breached shows it while it runs, while it is paused and after it has stopped.
    """
    late = breached_at is not None or (state == "running" and due_at is not None and due_at < now)
    if state == "stopped":
        return "missed" if late else "met"
    if late:
        return "breach"
    if state == "paused":
        return "paused"
    return "risk" if warn_at is not None and warn_at < now else "ok"
