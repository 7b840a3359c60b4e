"""Calendars and cases for property tests, as `sla replay` reads them: times on whole minutes, around clock changes and holidays."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.sla.walk import DAYS

# A zone and the days around which its clock changes: forward and back, by an hour, by half an hour, at midnight, and by a whole day.
CHANGES = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    ("America/Havana", "2026-03-08"),
    ("America/Havana", "2026-11-01"),
    ("America/Sao_Paulo", "2018-02-18"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("Pacific/Apia", "2011-12-30"),
    ("Asia/Kolkata", "2024-02-29"),
    ("UTC", "2026-12-25"),
]
GRID = 15


def clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def weeks(draw: Any) -> dict[str, list[list[str]]]:
    """Weekly hours without overlap: any number of spans a day, across midnight and from Sunday into Monday."""
    points = draw(st.lists(st.integers(0, 7 * 1440 // GRID - 1), min_size=2, max_size=24, unique=True).map(sorted))
    turn = draw(st.integers(0, 6))
    week: dict[str, list[list[str]]] = {}
    for start, end in zip(points[::2], points[1::2], strict=False):
        first, last = start * GRID, min(end * GRID, start * GRID + 1440)
        day = DAYS[(first // 1440 + turn) % 7]
        closes = last - first // 1440 * 1440
        week.setdefault(day, []).append([clock_time(first % 1440), "24:00" if closes == 1440 else clock_time(closes % 1440)])
    return week


@st.composite
def calendars(draw: Any, zone: str, around: Any) -> dict[str, Any]:
    """A calendar whose holidays and exceptions lie in the days that matter."""
    days = [(around + timedelta(days=n)).isoformat() for n in range(-2, 4)]
    some = [["00:00", "24:00"]], [], [["09:00", "12:00"]], [["01:15", "02:45"], ["22:00", "06:00"]]
    return {
        "tz": zone,
        "hours": draw(st.one_of(st.just("24x7"), weeks())),
        "holidays": draw(st.lists(st.sampled_from(days), max_size=2, unique=True)),
        "overrides": draw(st.dictionaries(st.sampled_from(days), st.sampled_from(some), max_size=2)),
    }


@st.composite
def cases(draw: Any) -> dict[str, Any]:
    """A case of `sla replay` that begins near a clock change, with pauses and new targets."""
    zone, day = draw(st.sampled_from(CHANGES))
    around = datetime.fromisoformat(day).replace(tzinfo=UTC)
    start = around + timedelta(minutes=draw(st.integers(-2000, 1500)))
    events = []
    for gap in draw(st.lists(st.integers(0, 900), max_size=6)):
        at = datetime.fromisoformat(events[-1]["at"]) if events else start
        what = draw(st.sampled_from(["open", "pending_customer", "on_hold", "resolved", 1, 2]))
        change = {"status": what} if isinstance(what, str) else {"priority": "high", "target_seconds": what * 5400}
        events.append({"at": (at + timedelta(minutes=gap)).isoformat(), **change})
    return {
        "id": 1,
        "calendar": draw(calendars(zone, around.date())),
        "start": start.isoformat(),
        "initial_status": draw(st.sampled_from(["new", "open", "pending"])),
        "events": events,
        "target_seconds": draw(st.integers(1, 900)) * 60,
    }
