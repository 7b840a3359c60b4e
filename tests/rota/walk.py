"""The rota once more, a minute at a time and without any of its arithmetic: what rules.py is judged by."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.rota.plans import LEVEL, TEAM

MINUTE = timedelta(minutes=1)


def walk(plan, start, minutes):
    """Who has the duty in each minute from `start`."""
    began = {}
    found = []
    holder = None
    at = start - timedelta(days=4)
    while at < start + minutes * MINUTE:
        holder = held(plan, at, began, holder)
        if at >= start:
            found.append(who(plan, at, holder))
        at += MINUTE
    return found


def held(plan, at, began, holder):
    """The occurrence (shift, day) that holds the duty now: the one that has it until it ends, then the earliest begun."""
    running = {}
    for shift in plan.shifts:
        if (shift.team_id, shift.level) != (TEAM, LEVEL):
            continue
        shown = at.astimezone(ZoneInfo(shift.time_zone)).replace(tzinfo=None)
        for back in range(3):
            day = shown.date() - timedelta(days=back)
            if day.weekday() not in shift.weekdays:
                continue
            opens = datetime(day.year, day.month, day.day) + timedelta(minutes=shift.starts_minute)
            closes = datetime(day.year, day.month, day.day) + timedelta(minutes=shift.ends_minute)
            if closes <= opens:
                closes += timedelta(days=1)
            key = (shift.id, day)
            # Once the clock has shown the time it has been shown, though the clock may be put back.
            state = began.get(key, "before")
            if state == "before" and shown >= opens:
                state = "on" if shown < closes else "over"
            elif state == "on" and shown >= closes:
                state = "over"
            if state == "on" and began.get(key, "before") == "before":
                began[key, "at"] = at
            began[key] = state
            if state == "on":
                running[key] = (began[key, "at"], shift.id, shift, day)
    if holder in running:
        return holder
    return min(running, key=lambda key: running[key][:2]) if running else None


def who(plan, at, holder):
    """Who has it in a minute, given which occurrence would."""
    over = [one for one in plan.overrides if one.start <= at < one.end]
    if over:
        user, crew, named = max(over, key=lambda one: one.id).user_id, (), True
    elif holder is not None:
        shift = next(one for one in plan.shifts if one.id == holder[0])
        if not shift.people:
            return None
        turns, day = 0, shift.anchor_on
        step = timedelta(days=7 * shift.turn_weeks)
        while day + step <= holder[1]:
            day, turns = day + step, turns + 1
        while day > holder[1]:
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
