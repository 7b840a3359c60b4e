"""What is covered and what is not: arithmetic on spans of time. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.rota.rules import Duty
from app.rota.wall import instant

# (start, end), the end not included
Span = tuple[datetime, datetime]
ALWAYS, HOURS, NONE = "always", "hours", "none"
NO_SHIFT = "no shift"


@dataclass(frozen=True)
class Hole:
    """A span in which a team needs somebody and has nobody, and why."""

    start: datetime
    end: datetime
    why: str

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


def needed(needs: str, zone_name: str, hours: dict[str, Sequence[Sequence[int]]], start: datetime, end: datetime) -> list[Span]:
    """The spans in [start, end) in which somebody must be there. `hours`: "0" (Monday) to "6" → minutes from, until (maybe past 1440)."""
    if needs == ALWAYS:
        return [(start, end)] if start < end else []
    if needs != HOURS:
        return []
    zone = ZoneInfo(zone_name)
    day, last = start.astimezone(zone).date() - timedelta(days=2), end.astimezone(zone).date() + timedelta(days=1)
    found = []
    while day <= last:
        for begins, ceases in hours.get(str(day.weekday()), ()):
            found.append((instant(zone_name, day, begins), instant(zone_name, day, ceases)))
        day += timedelta(days=1)
    return united(clipped(found, start, end))


def clipped(spans: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """What of them lies in [start, end)."""
    return [(max(a, start), min(b, end)) for a, b in spans if max(a, start) < min(b, end)]


def united(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlaps, neighbours joined, in order."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def minus(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """The time of the first that is not in the second; both in order and apart. Linear."""
    found: list[Span] = []
    away = list(taken)
    i = 0
    for begins, end in spans:
        start = begins
        while i < len(away) and away[i][1] <= start:
            i += 1
        j = i
        while j < len(away) and away[j][0] < end:
            if away[j][0] > start:
                found.append((start, away[j][0]))
            start = max(start, away[j][1])
            j += 1
        if start < end:
            found.append((start, end))
    return found


def holes(duties: Sequence[Duty], wanted: Sequence[Span]) -> list[Hole]:
    """The wanted time that nobody has, in order. A shift without anybody says why; elsewhere no shift reaches."""
    held = united((duty.start, duty.end) for duty in duties if duty.user_id is not None)
    empty = [duty for duty in duties if duty.user_id is None]
    found: list[Hole] = []
    for start, end in minus(wanted, held):
        at = start
        for duty in empty:
            begins, ceases = max(at, duty.start), min(end, duty.end)
            if begins < ceases:
                if at < begins:
                    found.append(Hole(at, begins, NO_SHIFT))
                found.append(Hole(begins, ceases, duty.why))
                at = ceases
        if at < end:
            found.append(Hole(at, end, NO_SHIFT))
    return found


def total(spans: Iterable[Span]) -> timedelta:
    """How much time they are together."""
    return sum((end - start for start, end in spans), timedelta())
