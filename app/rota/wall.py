"""From wall time to instants. Pure.

A moment of a wall clock is the first instant at which the clock of the zone shows it or, where the clock skips it, the
instant at which the clock jumps past it. So it never goes backwards: a shift that ends at a time and one that begins at
the same time meet, in both clock changes too.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MINUTES = 1440


def known_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=8192)
def instant(zone_name: str, day: date, minute: int) -> datetime:
    """The instant (aware, UTC) of so many minutes after midnight of a local day; they may reach into the next."""
    zone = ZoneInfo(zone_name)
    wanted = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - what a wall clock shows
    first = wanted.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wanted:
        return first
    return jump(zone, wanted.replace(tzinfo=zone, fold=1).astimezone(UTC), first, wanted)


def jump(zone: ZoneInfo, low: datetime, high: datetime, wanted: datetime) -> datetime:
    """The instant, to the second, between two at which the clock goes past `wanted` without showing it."""
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).replace(tzinfo=None) < wanted:
            low = middle
        else:
            high = middle
    return high
