"""How people write targets, hours and days into forms, and how we write them back. Pure; each raises ValueError with what to change."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from app.sla.calendars import WEEK, BadCalendar, day_of
from app.sla.hours import WEEKDAYS

UNITS = {"min": 1, "m": 1, "h": 60, "d": 1440, "w": 10080}
PART = re.compile(r"(\d{1,6})\s*(min|m|h|d|w)?\s*")
SPAN = re.compile(r"(\d{1,2}:\d{2})\s*(?:-|–|to)\s*(\d{1,2}:\d{2})")
# How a form says, on purpose, that nothing is promised.
NO_PROMISE = "none"
NOTHING = frozenset({NO_PROMISE, "no promise", "-", "–"})
# The longest target: a year.
MOST_MINUTES = 366 * 1440
MOST_DAYS = 1000


def read_target(text: str, *, round_the_clock: bool) -> int | None:
    """`4 h`, `2 h 30 min`, `90` (minutes) or `3 d` as minutes; None for nothing. Days only mean something around the clock."""
    wanted = text.strip().lower()
    if not wanted:
        return None
    parts = PART.findall(wanted)
    if not parts or PART.sub("", wanted) or (len(parts) > 1 and any(not unit for _, unit in parts)):
        raise ValueError("Write a length such as 15 min, 4 h, 2 h 30 min or 3 d.")
    if not round_the_clock and any(unit in ("d", "w") for _, unit in parts):
        raise ValueError("This calendar counts opening hours: write hours, such as 24 h for three days of 8 h.")
    minutes = sum(int(number) * UNITS[unit or "min"] for number, unit in parts)
    if minutes == 0:
        raise ValueError("A target of nothing is missed before anybody reads it: at least a minute, or “none” where nothing is promised.")
    if minutes > MOST_MINUTES:
        raise ValueError("A target is at least a minute, and at most a year.")
    return minutes


def read_promise(text: str, *, round_the_clock: bool) -> int | None:
    """The same where nothing must not be left open: `none` promises nothing, and an empty field is refused."""
    wanted = text.strip().lower()
    if wanted in NOTHING:
        return None
    if not wanted:
        raise ValueError(f"This is left open. Write a length, or “{NO_PROMISE}” where nothing is promised.")
    return read_target(wanted, round_the_clock=round_the_clock)


def spell_target(minutes: int | None, *, round_the_clock: bool) -> str:
    """The same, the other way round."""
    if minutes is None:
        return ""
    if round_the_clock and minutes % 1440 == 0:
        return f"{minutes // 1440} d"
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


def read_spans(text: str) -> list[list[str]]:
    """`09:00-12:00, 13:00-17:00` as spans; `closed` or nothing as none."""
    wanted = text.strip()
    if not wanted or wanted.lower() == "closed":
        return []
    spans = []
    for part in re.split(r"[,;]", wanted):
        match = SPAN.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"“{part.strip()[:20]}” is no span. Write 09:00-12:00, 13:00-17:00, or nothing.")
        spans.append([match[1].zfill(5), match[2].zfill(5)])
    return spans


def spell_spans(spans: Iterable[Iterable[str]]) -> str:
    """The same, the other way round."""
    return ", ".join("-".join(span) for span in spans)


def read_days(text: str) -> list[tuple[str, str]]:
    """Lines of a date and, after it, anything: `2026-12-25 Christmas Day`. A date stands once."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        day, _, rest = line.partition(" ")
        try:
            key = day_of(day).isoformat()
        except BadCalendar as wrong:
            raise ValueError(str(wrong)) from wrong
        if key in found:
            raise ValueError(f"{key} stands there twice.")
        found[key] = rest.strip()[:100]
    if len(found) > MOST_DAYS:
        raise ValueError(f"These are {len(found):,} days; a calendar takes {MOST_DAYS:,} at most.")
    return sorted(found.items())


def spell_days(days: Iterable[str], names: dict[str, str]) -> str:
    """The same, the other way round."""
    return "\n".join(f"{day} {names.get(day, '')}".strip() for day in sorted(days))


def hours_in_words(definition: dict[str, Any]) -> str:
    """A calendar's week in a line: `Mon–Fri 09:00-17:00, Sat 09:00-13:00`."""
    hours = definition.get("hours")
    if not isinstance(hours, dict):
        return "around the clock"
    groups: list[tuple[int, int, str]] = []
    for i, key in enumerate(WEEK):
        spans = spell_spans(hours.get(key, []))
        if groups and groups[-1][1] == i - 1 and groups[-1][2] == spans:
            groups[-1] = (groups[-1][0], i, spans)
        else:
            groups.append((i, i, spans))
    return "; ".join(f"{named(first, last)} {spans}" for first, last, spans in groups if spans) or "never open"


def named(first: int, last: int) -> str:
    """`Mon`, or `Mon–Fri`."""
    return WEEKDAYS[first][:3] if first == last else f"{WEEKDAYS[first][:3]}–{WEEKDAYS[last][:3]}"


def on(day: date) -> str:
    """`Fri 25 Dec 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"
