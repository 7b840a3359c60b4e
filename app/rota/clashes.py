"""Where two shifts of a level meet. Pure.

Shifts of two zones may meet for some weeks only, between the clock changes of one and the other. That is nothing that a
lead could avoid: who is on duty keeps it to the end. Shifts that meet in every week are a mistake.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from app.rota.rules import Duty, Shift, occurrences

AHEAD = timedelta(days=53 * 7)


@dataclass(frozen=True)
class Clash:
    """The first time that two shifts have in common, in how many weeks they do, and whether that is every one in which both run."""

    start: datetime
    end: datetime
    weeks: int
    is_always: bool


def clash(one: Shift, other: Shift, now: datetime) -> Clash | None:
    """Where two shifts meet in the year from now, or from the day on which both run; None if they do not."""
    start = now
    for begins in (one.begins_on, other.begins_on):
        if begins is not None:
            start = max(start, datetime(begins.year, begins.month, begins.day, tzinfo=now.tzinfo) - timedelta(days=1))
    mine, theirs = occurrences(one, start, start + AHEAD), occurrences(other, start, start + AHEAD)
    common = overlaps(mine, theirs)
    if not common:
        return None
    met = {week(begins, one.time_zone) for begins, _ in common}
    # A week at either end of the year may be cut, and have only one of the two.
    both = {week(duty.start, one.time_zone) for duty in mine} & {week(duty.start, one.time_zone) for duty in theirs}
    inner = both - {min(both, default=0), max(both, default=0)} if len(both) > 2 else both
    return Clash(*common[0], len(met), inner <= met)


def overlaps(mine: list[Duty], theirs: list[Duty]) -> list[tuple[datetime, datetime]]:
    """The time that two lists in order have in common. Linear."""
    found = []
    i = j = 0
    while i < len(mine) and j < len(theirs):
        start, end = max(mine[i].start, theirs[j].start), min(mine[i].end, theirs[j].end)
        if start < end:
            found.append((start, end))
        if mine[i].end <= theirs[j].end:
            i += 1
        else:
            j += 1
    return found


def week(at: datetime, zone_name: str) -> int:
    """The number of a week in a zone, counted from the beginning of time."""
    return (at.astimezone(ZoneInfo(zone_name)).date().toordinal() - 1) // 7


def among(shifts: list[Shift], now: datetime) -> list[tuple[Shift, Shift, Clash]]:
    """The pairs of a team's shifts, level by level, that meet in some weeks of the year ahead."""
    found = []
    for _, group in groupby(sorted(shifts, key=lambda shift: (shift.team_id, shift.level, shift.id)), key=lambda s: (s.team_id, s.level)):
        level = list(group)
        for n, one in enumerate(level):
            for other in level[n + 1 :]:
                met = clash(one, other, now)
                if met is not None:
                    found.append((one, other, met))
    return found
