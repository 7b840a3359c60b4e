"""The rota once more, a minute at a time and without any of its arithmetic: what rules.py is judged by."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.rota.rules import Shift
from tests.rota.plans import LEVEL, TEAM

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Occurrence(NamedTuple):
    """A shift on one of its days, and what the clock of its zone shows as it opens and as it closes."""

    shift: Shift
    day: date
    opens: datetime
    closes: datetime


def walk(plan, start, minutes):
    """Who has the duty in each minute from `start`: the one that has it until it ends, then the earliest begun."""
    at = start - 4 * DAY
    coming = [occurrences(shift, at.date()) for shift in plan.shifts if (shift.team_id, shift.level) == (TEAM, LEVEL)]
    zones = {shift.time_zone: ZoneInfo(shift.time_zone) for shift in plan.shifts}
    running, found, holder = [], [], None
    while at < start + minutes * MINUTE:
        shows = {name: at.astimezone(zone).replace(tzinfo=None) for name, zone in zones.items()}
        # Once the clock has shown the time it has been shown, though the clock may be put back.
        for waiting in coming:
            while waiting and shows[waiting[-1].shift.time_zone] >= waiting[-1].opens:
                running.append(waiting.pop())
        running = [one for one in running if shows[one.shift.time_zone] < one.closes]
        if holder not in running:
            holder = running[0] if running else None
        if at >= start:
            found.append(who(plan, at, holder))
        at += MINUTE
    return found


def occurrences(shift, first):
    """When a shift is held around the ten days from `first`, the earliest last."""
    found = []
    for day in (first + n * DAY for n in range(12, -4, -1)):
        if day.weekday() in shift.weekdays:
            midnight = datetime(day.year, day.month, day.day)
            opens, closes = (midnight + minute * MINUTE for minute in (shift.starts_minute, shift.ends_minute))
            found.append(Occurrence(shift, day, opens, closes if closes > opens else closes + DAY))
    return found


def who(plan, at, holder):
    """Who has it in a minute, given which occurrence would."""
    over = [one for one in plan.overrides if one.start <= at < one.end]
    if over:
        user, crew, named = max(over, key=lambda one: one.id).user_id, (), True
    elif holder is not None:
        shift = holder.shift
        if not shift.people:
            return None
        turns, day = 0, shift.anchor_on
        step = timedelta(days=7 * shift.turn_weeks)
        while day + step <= holder.day:
            day, turns = day + step, turns + 1
        while day > holder.day:
            day, turns = day - step, turns - 1
        user, crew, named = shift.people[turns % len(shift.people)], shift.people, False
    else:
        return None
    return stand_in(plan, at, user, crew, named)


def stand_in(plan, at, user, crew, named):
    """The first who is there: the planned one, their deputies, the others of the crew."""
    if there(plan, at, user, named):
        return user
    seen, next_one = [user], deputy(plan, at, user)
    while next_one is not None and next_one not in seen:
        if there(plan, at, next_one, False):
            return next_one
        seen.append(next_one)
        next_one = deputy(plan, at, next_one)
    place = list(crew).index(user) if user in crew else -1
    others = [crew[(place + n) % len(crew)] for n in range(1, len(crew))] if crew else []
    return next((other for other in others if there(plan, at, other, False)), None)


def away(plan, at, user):
    """The absence of somebody in a minute."""
    return next((one for one in plan.absences.get(user, ()) if one.start <= at < one.end), None)


def there(plan, at, user, named):
    """Whether somebody can have it; who was named for it works on holidays, too."""
    if user not in plan.people or away(plan, at, user):
        return False
    person = plan.people[user]
    return named or at.astimezone(ZoneInfo(person.time_zone)).date() not in person.holidays


def deputy(plan, at, user):
    """Who stands in for somebody in a minute."""
    absence = away(plan, at, user)
    if absence and absence.deputy_id is not None:
        return absence.deputy_id
    return plan.people[user].deputy_id if user in plan.people else None


def utc(*parts):
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)
