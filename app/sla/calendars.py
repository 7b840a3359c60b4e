"""Reading calendars: the JSON of interfaces.md, `{"tz", "hours", "holidays", "overrides"}` or the word `24x7`, checked. Pure.

`names` may hold words for holidays by date; they show in explanations and change nothing else.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.sla.hours import DAY_MINUTES, FIRST_YEAR, LAST_YEAR, WEEKDAYS, Calendar, Span

ROUND_THE_CLOCK = "24x7"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = re.compile(r"(\d{1,2}):(\d{2})")


class BadCalendar(ValueError):
    """A calendar that cannot be used; the message says what to change."""


def calendar(definition: Any) -> Calendar:
    """The calendar of a definition; the same definition gives the same object. Raises BadCalendar with what to change.

    A calendar that never opens is accepted here, as nothing is ever due on it; see `usable`.
    """
    return parsed(json.dumps(definition, sort_keys=True))


def usable(definition: Any) -> Calendar:
    """The same for a calendar that is to be stored: one without any open hour is refused, too."""
    found = calendar(definition)
    if not found.ever_opens:
        raise BadCalendar("This calendar has no open hour at all, so nothing would ever be due. Open it on some day.")
    return found


@lru_cache(maxsize=256)
def parsed(text: str) -> Calendar:
    """Check the JSON of a calendar and read it."""
    definition = json.loads(text)
    if definition == ROUND_THE_CLOCK:
        definition = {"tz": "UTC", "hours": ROUND_THE_CLOCK}
    if not isinstance(definition, dict):
        raise BadCalendar('A calendar is "24x7", or has "tz", "hours", "holidays" and "overrides".')
    hours = definition.get("hours")
    name = definition.get("tz", "UTC" if hours == ROUND_THE_CLOCK else None)
    names = definition.get("names") or {}
    if not isinstance(names, dict):
        raise BadCalendar("The names of holidays are given by date.")
    return Calendar(
        zone=zone_named(name),
        week=week_of(hours),
        holidays=frozenset(day_of(day) for day in listed(definition.get("holidays"), "holidays")),
        overrides=overrides_of(definition.get("overrides")),
        names={day_of(day): str(words) for day, words in names.items()},
    )


def zone_named(name: Any) -> ZoneInfo:
    """The zone of a name as in the IANA database."""
    if not isinstance(name, str) or not name:
        raise BadCalendar("Name the time zone of the calendar, such as Europe/Berlin.")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise BadCalendar(f"There is no time zone “{name[:60]}”. Use a name such as Europe/Berlin.") from unknown


def week_of(hours: Any) -> tuple[tuple[Span, ...], ...]:
    """The spans of each weekday, Monday first."""
    if hours == ROUND_THE_CLOCK:
        return tuple(((0, DAY_MINUTES),) for _ in WEEK)
    if not isinstance(hours, dict):
        raise BadCalendar('Give the hours of each weekday, or "24x7".')
    days: list[tuple[Span, ...]] = [()] * 7
    for key, spans in hours.items():
        i = weekday_of(key)
        days[i] += spans_of(spans, WEEKDAYS[i])
    week = tuple(tuple(sorted(day)) for day in days)
    refuse_overlaps(week)
    return week


def weekday_of(key: str) -> int:
    """0 for `mon` or `Monday`."""
    for i, (short, long) in enumerate(zip(WEEK, WEEKDAYS, strict=True)):
        if key.lower() in (short, long.lower()):
            return i
    raise BadCalendar(f"“{key[:20]}” is no weekday. Use mon, tue, wed, thu, fri, sat and sun.")


def refuse_overlaps(week: Sequence[Sequence[Span]]) -> None:
    """Raise for spans of a week that share time, also where one runs into the next day, from Sunday into Monday too."""
    laid = [(i * DAY_MINUTES + a, i * DAY_MINUTES + b, i) for i, day in enumerate(week) for a, b in day]
    for (start, end, day), (after, _, other) in pairwise(laid):
        if after < end or after == start:
            where = WEEKDAYS[day] if day == other else f"{WEEKDAYS[day]} and {WEEKDAYS[other]}"
            raise BadCalendar(f"Two spans overlap on {where}. Let one end before the next begins.")
    if laid and laid[-1][1] - 7 * DAY_MINUTES > laid[0][0]:
        raise BadCalendar("Two spans overlap on Sunday and Monday. Let one end before the next begins.")


def overrides_of(given: Any) -> dict[date, tuple[Span, ...]]:
    """The days that have hours of their own."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise BadCalendar("Overrides are given by date, each with its spans.")
    found = {}
    for key, spans in given.items():
        day = day_of(key)
        found[day] = tuple(sorted(spans_of(spans, str(day))))
        for (_, end), (after, _) in pairwise(found[day]):
            if after < end:
                raise BadCalendar(f"Two spans overlap on {day}. Let one end before the next begins.")
    return found


def spans_of(given: Any, where: str) -> tuple[Span, ...]:
    """The spans of one day."""
    return tuple(span_of(pair, where) for pair in listed(given, f"spans of {where}"))


def span_of(pair: Any, where: str) -> Span:
    """Two times as minutes; an end that is not after its start lies in the next day."""
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise BadCalendar(f"A span of {where} has a start and an end, such as 09:00 and 17:00.")
    start, end = (minutes_of(text, where) for text in pair)
    if start == DAY_MINUTES:
        raise BadCalendar(f"A span of {where} cannot begin at 24:00. Put it at 00:00 of the next day.")
    return start, end if end > start else end + DAY_MINUTES


def minutes_of(text: Any, where: str) -> int:
    """`09:30` → 570; `24:00` is the end of the day."""
    match = TIME.fullmatch(text) if isinstance(text, str) and text.isascii() else None
    if match is not None:
        hour, minute = int(match[1]), int(match[2])
        if (hour < 24 and minute < 60) or (hour, minute) == (24, 0):
            return hour * 60 + minute
    raise BadCalendar(f"“{str(text)[:20]}” on {where} is no time. Write HH:MM, from 00:00 to 24:00.")


def day_of(text: Any) -> date:
    """A date in ISO form."""
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError) as wrong:
        raise BadCalendar(f"“{str(text)[:20]}” is no date. Write it as 2026-12-25.") from wrong
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadCalendar(f"{day} is too far away. Use a year from {FIRST_YEAR} to {LAST_YEAR}.")
    return day


def listed(given: Any, what: str) -> Iterable[Any]:
    """A list, or nothing."""
    if given is None:
        return []
    if not isinstance(given, list | tuple):
        raise BadCalendar(f"The {what} are a list.")
    return given
