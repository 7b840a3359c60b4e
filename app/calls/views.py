"""Slots as a customer reads them: a week in their own time zone, by day. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.calls.rules import Duty, Slot, Terms
from app.lib.times import in_words, local, monday_of
from app.rota.wall import instant

WEEK = timedelta(days=7)
# Hours at which people are at work, as a rule; other times are shown when one asks for them.
USUAL = range(7, 20)


@dataclass(frozen=True)
class Time:
    """One slot of a day: what its link says, what it is in full, and what forms call it."""

    value: str
    text: str
    words: str
    left: int
    is_usual: bool = True


@dataclass(frozen=True)
class Day:
    """A day with its free times."""

    day: date
    times: list[Time]

    @property
    def shown(self) -> list[Time]:
        """The times that are shown at once: those of usual hours, or all where there are none of those."""
        return [time for time in self.times if time.is_usual] or self.times

    @property
    def others(self) -> list[Time]:
        """The times that are shown when one asks for them."""
        return [time for time in self.times if not time.is_usual] if len(self.shown) < len(self.times) else []


@dataclass(frozen=True)
class Week:
    """A week from Monday, in a zone. `previous` and `next` are Mondays, None where nothing can be booked there any more or yet.

    `is_hole`: nobody is on duty in what is left of it. `first`: the Monday of the first week with a free time, if it is another one.
    """

    monday: date
    days: list[Day]
    previous: date | None
    next: date | None
    first: date | None
    is_hole: bool

    @property
    def sunday(self) -> date:
        """Its last day."""
        return self.monday + timedelta(days=6)


def week_of(slots: Sequence[Slot], duties: Iterable[Duty], terms: Terms, zone: str, wanted: date | None, *, now: datetime) -> Week:
    """The wanted week, within what can be booked; the first with a free time where none is wanted."""
    least, most = monday_of(now, zone), monday_of(terms.latest(now), zone)
    first = monday_of(slots[0].start, zone) if slots else None
    monday = wanted - timedelta(days=wanted.weekday()) if wanted is not None else first or least
    monday = min(max(monday, least), most)
    start, end = max(instant(zone, monday, 0), terms.earliest(now)), instant(zone, monday + WEEK, 0)
    shown = [slot for slot in slots if start <= slot.start < end]
    manned = any(one.start < end and one.end > start for one in duties)
    return Week(
        monday=monday,
        days=days_of(shown, zone),
        previous=monday - WEEK if monday > least else None,
        next=monday + WEEK if monday < most else None,
        first=first if first != monday else None,
        is_hole=not manned,
    )


def days_of(slots: Iterable[Slot], zone: str) -> list[Day]:
    """Slots by local day, in order of time."""
    found: dict[date, list[Slot]] = {}
    for slot in slots:
        found.setdefault(local(slot.start, zone).date(), []).append(slot)
    return [Day(day, times_of(group, day, zone)) for day, group in sorted(found.items())]


def times_of(slots: Iterable[Slot], day: date, zone: str) -> list[Time]:
    """The times of one day. Where the clock changes on it, each says on which side it is."""
    changes = local(instant(zone, day, 0), zone).utcoffset() != local(instant(zone, day + timedelta(days=1), 0), zone).utcoffset()
    style = "%H:%M %Z" if changes else "%H:%M"
    found = [(slot, local(slot.start, zone)) for slot in slots]
    return [Time(slot.value, format(at, style), in_words(slot.start, zone), slot.left, at.hour in USUAL) for slot, at in found]


def day_span(day: date, zone: str) -> tuple[datetime, datetime]:
    """A local day as instants."""
    return instant(zone, day, 0).astimezone(UTC), instant(zone, day + timedelta(days=1), 0).astimezone(UTC)
