"""Times for people: in the viewer's zone, in words."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# What was drawn of passing times is drawn again after so many seconds; until then all who look share it.
STEP_SECONDS = 10
# Beyond it, a day without its year may be taken for that of another one.
HALF_A_YEAR = timedelta(days=182)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def stepped(now: datetime) -> datetime:
    """The moment, rounded down to STEP_SECONDS."""
    return now.replace(second=now.second - now.second % STEP_SECONDS, microsecond=0)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The zone, or UTC for a name that no longer exists."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def from_wall(wall: datetime, zone_name: str) -> datetime:
    """The instant, in UTC, of what a wall clock in a zone shows; of two with the same name in autumn, the first.

    The ends of the calendar, which some zones lack, stay where they are.
    """
    try:
        return wall.replace(tzinfo=zone(zone_name), fold=0).astimezone(UTC)
    except OverflowError:
        return wall.replace(tzinfo=UTC)


def local(at: datetime, zone_name: str) -> datetime:
    """The same instant on the viewer's wall clock."""
    return at.astimezone(zone(zone_name))


def monday_of(at: datetime, zone_name: str) -> date:
    """The Monday of the week on the viewer's calendar."""
    today = local(at, zone_name).date()
    return today - timedelta(days=today.weekday())


def in_words(at: datetime, zone_name: str, now: datetime | None = None) -> str:
    """`Tue 24 Nov, 14:30 CET`; with its year, `Tue 24 Nov 2026, 14:30 CET`, where `now` is given and more than half a year away.

    Without strftime, since a page may have dozens: it takes five times as long.
    """
    there = local(at, zone_name)
    year = f" {there.year}" if now is not None and abs(at - now) > HALF_A_YEAR else ""
    day = f"{DAYS[there.weekday()]} {there.day} {MONTHS[there.month - 1]}{year}"
    return f"{day}, {there.hour:02}:{there.minute:02} {there.tzname()}"


def duration(length: timedelta | float | int | None) -> str:
    """`45 s`, `12 min`, `2 h 10 min`, `3 d 4 h`; a dash for None."""
    if length is None:
        return "–"
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    sign, seconds = ("−", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 60:
        return f"{sign}{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours == 0:
        return f"{sign}{minutes} min"
    if days == 0:
        return f"{sign}{hours} h {minutes % 60} min" if minutes % 60 else f"{sign}{hours} h"
    return f"{sign}{days} d {hours % 24} h" if hours % 24 else f"{sign}{days} d"


def ago(at: datetime, now: datetime) -> str:
    """`just now`, `12 min ago`, `3 h ago`, `2 d ago`."""
    seconds = (now - at).total_seconds()
    if seconds < 60:
        return "just now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"
