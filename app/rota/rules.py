"""Whose duty it is. Pure: shifts, overrides and absences in, spans of duty out.

How it is decided, in this order:

- A shift begins on its days at its time, on the wall clock of its zone (wall.py). Its rotation says whose turn it is.
- Where two shifts meet, who is on duty keeps it until the end of theirs.
- An override takes its span from whoever had it.
- Whoever is away, keeps a holiday, or is no longer on the staff is followed by their deputy, that one's deputy, and so
  on; a chain that comes back to somebody ends. Then the next in the rotation who is there takes it.
- If there is none, nobody has it: a hole.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.rota.wall import DAY_MINUTES, instant

# An occurrence that reaches into a span begins at most so many local days before it.
REACH_DAYS = 3
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shift:
    """A weekly shift: days on which it begins (0 is Monday), minutes after midnight, and who takes turns, in order."""

    id: int
    team_id: int
    level: int
    name: str
    time_zone: str
    weekdays: frozenset[int]
    starts_minute: int
    ends_minute: int
    people: tuple[int, ...]
    anchor_on: date
    turn_weeks: int = 1
    begins_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class Override:
    """Somebody takes a span of a team's level."""

    id: int
    team_id: int
    level: int
    user_id: int
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Absence:
    """Somebody is away, and who stands in."""

    user_id: int
    start: datetime
    end: datetime
    deputy_id: int | None = None


@dataclass(frozen=True)
class Person:
    """What the rota must know of somebody. Who is not in the plan is not on the staff, and takes nothing."""

    id: int
    name: str
    time_zone: str = "UTC"
    deputy_id: int | None = None
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Duty:
    """A span of a team's level and who has it (None: nobody). `planned_id` had the turn; `why` says how it came to be."""

    start: datetime
    end: datetime
    team_id: int
    level: int
    user_id: int | None
    planned_id: int | None
    shift_id: int | None
    why: str
    override_id: int | None = None


@dataclass(frozen=True)
class Plan:
    """All that decides: rows of the teams concerned, absences and people of everybody."""

    shifts: Sequence[Shift] = ()
    overrides: Sequence[Override] = ()
    absences: Mapping[int, Sequence[Absence]] = field(default_factory=dict)
    people: Mapping[int, Person] = field(default_factory=dict)

    def name_of(self, user_id: int | None) -> str:
        """What to call somebody."""
        found = self.people.get(user_id) if user_id is not None else None
        return found.name if found else "Somebody who left"


def turn_of(shift: Shift, day: date) -> int | None:
    """Whose turn it is at the occurrence that begins on a local day; None without anybody in the rotation."""
    if not shift.people:
        return None
    return shift.people[(day - shift.anchor_on).days // (7 * max(shift.turn_weeks, 1)) % len(shift.people)]


def length_minutes(shift: Shift) -> int:
    """How long it is on the wall clock; a shift that ends when it began is a day long."""
    return (shift.ends_minute - shift.starts_minute - 1) % DAY_MINUTES + 1


def occurrences(shift: Shift, start: datetime, end: datetime) -> list[Duty]:
    """The occurrences of a shift that touch [start, end), whole, in order of time."""
    zone = ZoneInfo(shift.time_zone)
    day = start.astimezone(zone).date() - timedelta(days=REACH_DAYS)
    last = end.astimezone(zone).date() + timedelta(days=1)
    day, last = max(day, shift.begins_on or day), min(last, shift.ends_on or last)
    found = []
    while day <= last:
        if day.weekday() in shift.weekdays:
            begins = instant(shift.time_zone, day, shift.starts_minute)
            ceases = instant(shift.time_zone, day, shift.starts_minute + length_minutes(shift))
            if begins < end and ceases > start and begins < ceases:
                who = turn_of(shift, day)
                found.append(Duty(begins, ceases, shift.team_id, shift.level, who, who, shift.id, f"shift “{shift.name}”"))
        day += timedelta(days=1)
    return found


def planned(shifts: Iterable[Shift], start: datetime, end: datetime) -> list[Duty]:
    """What the shifts of one team's level say, cut to [start, end), apart and in order. Where two meet, the earlier one holds."""
    found = [one for shift in shifts for one in occurrences(shift, start, end)]
    apart: list[Duty] = []
    taken = None
    for one in sorted(found, key=lambda duty: (duty.start, duty.shift_id or 0)):
        begins = max(one.start, taken) if taken is not None else one.start
        if begins < one.end:
            apart.append(one if begins == one.start else replace(one, start=begins))
        taken = max(one.end, taken) if taken is not None else one.end
    return clipped(apart, start, end)


def clipped(duties: Iterable[Duty], start: datetime, end: datetime) -> list[Duty]:
    """What of them lies in [start, end)."""
    found = []
    for one in duties:
        if start <= one.start and one.end <= end:
            found.append(one)
        elif one.start < end and one.end > start:
            found.append(replace(one, start=max(one.start, start), end=min(one.end, end)))
    return found


def overridden(duties: Iterable[Duty], overrides: Iterable[Override], start: datetime, end: datetime) -> list[Duty]:
    """The same with overrides in their place; of two at one time the newer holds."""
    found = list(duties)
    for one in sorted(overrides, key=lambda override: override.id):
        begins, ceases = max(one.start, start), min(one.end, end)
        if begins < ceases:
            found = [piece for duty in found for piece in without(duty, begins, ceases)]
            found.append(Duty(begins, ceases, one.team_id, one.level, one.user_id, one.user_id, None, "taken over", one.id))
    return sorted(found, key=lambda duty: duty.start)


def without(duty: Duty, start: datetime, end: datetime) -> list[Duty]:
    """What is left of a duty outside [start, end)."""
    if duty.end <= start or end <= duty.start:
        return [duty]
    before = [replace(duty, end=start)] if duty.start < start else []
    after = [replace(duty, start=end)] if end < duty.end else []
    return before + after


def duties(plan: Plan, team_id: int, level: int, start: datetime, end: datetime, *, joined: bool = True) -> list[Duty]:
    """Who has a team's level in [start, end): apart, in order; holes where nobody is there for a shift stand with user_id None.

    What no shift or override covers is not in it: `holes` finds that, too. Days of one shift and person that touch are
    one duty unless `joined` is false.
    """
    shifts = [shift for shift in plan.shifts if (shift.team_id, shift.level) == (team_id, level)]
    overrides = [one for one in plan.overrides if (one.team_id, one.level) == (team_id, level)]
    by_id = {shift.id: shift for shift in shifts}
    cuts = changes(plan, start, end)
    found: list[Duty] = []
    for duty in overridden(planned(shifts, start, end), overrides, start, end):
        rotation = by_id[duty.shift_id].people if duty.shift_id in by_id else ()
        found += merged(stood_in(plan, piece, rotation) for piece in pieces(duty, cuts))
    return merged(found) if joined else found


def changes(plan: Plan, start: datetime, end: datetime) -> list[datetime]:
    """When somebody leaves or returns, or a holiday of somebody begins or ends, between two instants; in order."""
    found = {at for absences in plan.absences.values() for one in absences for at in (one.start, one.end)}
    for person in plan.people.values():
        for day in person.holidays:
            if start.date() - ONE_DAY <= day <= end.date() + ONE_DAY:
                found |= {instant(person.time_zone, day, 0), instant(person.time_zone, day + ONE_DAY, 0)}
    return sorted(at for at in found if start < at < end)


def pieces(duty: Duty, cuts: Sequence[datetime]) -> list[Duty]:
    """A duty, cut at those instants that lie within it."""
    inner = cuts[bisect_right(cuts, duty.start) : bisect_left(cuts, duty.end)]
    if not inner:
        return [duty]
    return [replace(duty, start=start, end=end) for start, end in pairwise([duty.start, *inner, duty.end])]


def stood_in(plan: Plan, duty: Duty, rotation: tuple[int, ...]) -> Duty:
    """Who really has a duty during which nobody comes or goes: the planned one, a deputy, the next in the rotation, or nobody."""
    if duty.planned_id is None:
        return replace(duty, user_id=None, why=f"nobody is in the rotation of {duty.why}")
    # Whoever takes a span by name takes it on a holiday, too.
    if is_there(plan, duty.planned_id, duty.start, on_holidays=duty.override_id is not None):
        return duty
    deputy = deputy_of(plan, duty.planned_id, duty.start)
    name = plan.name_of(duty.planned_id)
    if deputy is not None:
        return replace(duty, user_id=deputy, why=f"deputy for {name}")
    at = rotation.index(duty.planned_id) if duty.planned_id in rotation else 0
    for other in rotation[at + 1 :] + rotation[:at]:
        if is_there(plan, other, duty.start):
            return replace(duty, user_id=other, why=f"next in the rotation, for {name}")
    return replace(duty, user_id=None, why=f"{name} is {reason(plan, duty.planned_id, duty.start)}, and nobody stands in")


def deputy_of(plan: Plan, user_id: int, at: datetime) -> int | None:
    """The first in the chain of deputies who is there. A chain that comes back to somebody, or goes to nobody, has none."""
    seen = {user_id}
    who = next_deputy(plan, user_id, at)
    while who is not None and who not in seen:
        if is_there(plan, who, at):
            return who
        seen.add(who)
        who = next_deputy(plan, who, at)
    return None


def next_deputy(plan: Plan, user_id: int, at: datetime) -> int | None:
    """The deputy that an absence names, or else the one that stands in for them always."""
    absence = absence_at(plan, user_id, at)
    if absence is not None and absence.deputy_id is not None:
        return absence.deputy_id
    person = plan.people.get(user_id)
    return person.deputy_id if person else None


def absence_at(plan: Plan, user_id: int, at: datetime) -> Absence | None:
    """The absence that somebody has at an instant."""
    return next((one for one in plan.absences.get(user_id, ()) if one.start <= at < one.end), None)


def keeps_holiday(plan: Plan, user_id: int, at: datetime) -> bool:
    """Whether it is a holiday where somebody is."""
    person = plan.people.get(user_id)
    return bool(person and person.holidays and at.astimezone(ZoneInfo(person.time_zone)).date() in person.holidays)


def is_there(plan: Plan, user_id: int, at: datetime, *, on_holidays: bool = False) -> bool:
    """Whether somebody can have a duty at an instant."""
    if user_id not in plan.people or absence_at(plan, user_id, at) is not None:
        return False
    return on_holidays or not keeps_holiday(plan, user_id, at)


def reason(plan: Plan, user_id: int, at: datetime) -> str:
    """Why somebody is not there, in words."""
    if user_id not in plan.people:
        return "no longer on the staff"
    return "away" if absence_at(plan, user_id, at) is not None else "on holiday"


def merged(duties: Iterable[Duty]) -> list[Duty]:
    """Neighbours of the same person and kind as one."""
    found: list[Duty] = []
    for duty in duties:
        if found and found[-1].end == duty.start and kind_of(found[-1]) == kind_of(duty):
            found[-1] = replace(found[-1], end=duty.end)
        else:
            found.append(duty)
    return found


def kind_of(duty: Duty) -> tuple[object, ...]:
    """All of a duty but its times."""
    return duty.user_id, duty.planned_id, duty.shift_id, duty.why, duty.override_id, duty.team_id, duty.level
