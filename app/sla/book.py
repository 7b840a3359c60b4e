"""What was promised when: versions of policies and calendars, and what organizations and tickets have of their own. Pure.

The same order of precedence as `terms.terms_for`, which asks the database about the present; here it holds for any moment,
or for a proposal that nobody has saved.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.sla.calendars import calendar
from app.sla.hours import Calendar as Hours
from app.sla.hours import from_us
from app.sla.terms import Source, Terms, calendar_won, winner

# Before anything: a version that holds from here on holds for all time.
ALWAYS = -(2**62)


@dataclass(frozen=True)
class PolicyState:
    """A version of a policy; `since` is in microseconds."""

    id: int
    number: int
    since: int
    snapshot: Mapping[str, Any]


@dataclass(frozen=True)
class CalendarState:
    """A version of a calendar."""

    id: int
    number: int
    since: int
    name: str
    definition: Mapping[str, Any]
    is_default: bool = False

    @cached_property
    def hours(self) -> Hours:
        """Its opening hours."""
        return calendar(self.definition)


# (since, what): the plan or the calendar of an organization, or (policy, calendar) of a ticket.
History = list[tuple[int, Any]]


@dataclass
class Book:
    """All of it. Versions and histories are in the order of time; what is not in it holds nothing."""

    policies: dict[int, list[PolicyState]] = field(default_factory=dict)
    calendars: dict[int, list[CalendarState]] = field(default_factory=dict)
    plans: dict[int, History] = field(default_factory=dict)
    own_calendars: dict[int, History] = field(default_factory=dict)
    ticket_terms: dict[int, History] = field(default_factory=dict)
    kept: dict[Any, Terms | None] = field(default_factory=dict)

    @cached_property
    def stamps(self) -> list[int]:
        """Every moment at which a version began."""
        began = {state.since for states in self.policies.values() for state in states}
        began |= {state.since for states in self.calendars.values() for state in states}
        return sorted(began - {ALWAYS})

    def turns(self, ticket: int, organization: int | None, after: int, until: int) -> list[int]:
        """The moments after one and up to another at which something changed that may be about a ticket."""
        found = set(self.stamps[bisect_right(self.stamps, after) : bisect_right(self.stamps, until)])
        for history in (self.ticket_terms.get(ticket), self.plans.get(organization or 0), self.own_calendars.get(organization or 0)):
            found.update(since for since, _ in history or () if after < since <= until)
        return sorted(found)

    def terms(self, ticket: int, organization: int | None, priority: str, at: int) -> Terms | None:
        """What held for a ticket of an organization at a priority."""
        own_policy, own_calendar = held(self.ticket_terms.get(ticket), at) or (None, None)
        era = bisect_right(self.stamps, at)
        plan = held(self.plans.get(organization), at) if organization is not None else None
        theirs = held(self.own_calendars.get(organization), at) if organization is not None else None
        key = (own_policy, own_calendar, organization, plan, theirs, priority, era)
        if key not in self.kept:
            self.kept[key] = self.found(own_policy, own_calendar, organization, plan, theirs, priority, at)
        return self.kept[key]

    def found(
        self, own_policy: int | None, own_calendar: int | None, organization: int | None, plan: int | None, theirs: int | None,
        priority: str, at: int,
    ) -> Terms | None:  # fmt: skip
        """The same, looked for."""
        now = [state for states in self.policies.values() if (state := holding(states, at)) is not None]
        mine = [s.id for s in now if organization is not None and s.snapshot["organization_id"] == organization]
        plans = [s for s in now if plan is not None and s.snapshot["plan_id"] == plan]
        policy_id, policy_from = winner([own_policy], mine, [s.id for s in plans])
        chosen = next((state for state in now if state.id == policy_id), None)
        if chosen is None:
            return None
        given = chosen.snapshot
        inherits = bool(given.get("inherits_calendar"))
        of_plan = next((s.snapshot["calendar_id"] for s in plans if not s.snapshot.get("inherits_calendar")), None)
        counted = self.counted(
            [own_calendar, theirs, None if inherits else given["calendar_id"], of_plan, self.default(at), given["calendar_id"]], at
        )
        won = calendar_won(own_calendar, theirs, inherits, of_plan, policy_from)
        source = Source(given["name"], policy_from, moment(chosen.since), counted.name, won, moment(counted.since))
        minutes = {metric: targets[priority] for metric, targets in given["targets"].items() if priority in targets}
        return Terms(chosen.id, source, counted.hours, given["pause_on_hold"], minutes, chosen.number, counted.id, counted.number)

    def default(self, at: int) -> int | None:
        """The default calendar at a moment."""
        return min((s.id for states in self.calendars.values() if (s := holding(states, at)) is not None and s.is_default), default=None)

    def counted(self, wanted: Iterable[int | None], at: int) -> CalendarState:
        """The first calendar that is named, at a moment."""
        number = next(number for number in wanted if number is not None)
        states = self.calendars[number]
        return holding(states, at) or states[0]


def holding(states: list[Any], at: int) -> Any:
    """The version that held at a moment."""
    return next((state for state in reversed(states) if state.since <= at), None)


def held(history: History | None, at: int) -> Any:
    """What a history said at a moment; None before its beginning."""
    return next((what for since, what in reversed(history or ()) if since <= at), None)


def moment(since: int) -> Any:
    """A beginning as a moment; the epoch for what always held."""
    return from_us(max(since, 0))
