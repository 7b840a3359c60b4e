"""Opening hours: which instants count, and how much of them lies between two. Pure: standard library only.

calendars.py reads a calendar out of JSON. What it means:

- An instant counts when the wall clock of the calendar's zone shows a time inside a span. So an hour that the clock
  skips never counts, and one that it repeats counts twice: real time is counted, in microseconds.
- A span belongs to the day on which it begins. If its end is not after its start it runs into the next day, even where
  that day is a holiday; a holiday takes away the spans that begin on it.
- An override replaces whatever a day had, a holiday too. Where it meets the tail of the night before, time counts once.

Instants are integers here, microseconds since 1970 in UTC, so that sums are exact.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
DAY_MINUTES = 1440
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1).toordinal()
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Nobody waits longer than this for an office to open; a search beyond it ends without an answer.
HORIZON_YEARS = 100
FIRST_YEAR, LAST_YEAR = 1900, 2400

# Minutes from midnight to minutes from the same midnight; the end may lie in the next day.
Span = tuple[int, int]


def to_us(at: datetime) -> int:
    """Microseconds since 1970 of an aware datetime."""
    gone = at - EPOCH
    return (gone.days * 86_400 + gone.seconds) * SECOND + gone.microseconds


def from_us(instant: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=instant)


@dataclass(frozen=True)
class Piece:
    """A stretch of time from one instant to another, whether it counts, and by which rule."""

    start: int
    end: int
    counted: bool
    why: str


@dataclass(frozen=True)
class Line:
    """The open intervals that begin in the local years `first` to `last`: sorted, apart, with what was counted at the end of each.

    It answers for instants from `begins` to `ceases`.
    """

    first: int
    last: int
    begins: int
    ceases: int
    starts: Sequence[int]
    ends: Sequence[int]
    sums: Sequence[int]

    def counted_until(self, instant: int) -> int:
        """Open microseconds from the beginning of the line."""
        i = bisect_right(self.starts, instant) - 1
        if i < 0:
            return 0
        return self.sums[i] - max(self.ends[i] - instant, 0)

    def when(self, total: int) -> int | None:
        """The earliest instant at which `total` (above 0) has been counted; None beyond the end of the line."""
        i = bisect_left(self.sums, total)
        return self.ends[i] - (self.sums[i] - total) if i < len(self.sums) else None


@dataclass(eq=False)
class Calendar:
    """A checked calendar. It lays out years when they are asked for and keeps them."""

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()
    overrides: dict[date, tuple[Span, ...]] = field(default_factory=dict)
    names: dict[date, str] = field(default_factory=dict)
    line: Line = Line(1, 0, 0, -1, (), (), ())

    @property
    def is_round_the_clock(self) -> bool:
        """Whether every instant counts."""
        return not self.holidays and not self.overrides and all(day == ((0, DAY_MINUTES),) for day in self.week)

    @property
    def ever_opens(self) -> bool:
        """Whether there is any open time at all. Holidays end some day; a week without hours does not."""
        return any(self.week) or any(self.overrides.values())

    @property
    def business_day(self) -> int | None:
        """The minutes of a day, where all days of the week that open are open for as long; None where they differ."""
        lengths = {sum(end - start for start, end in day) for day in self.week if day}
        return lengths.pop() if len(lengths) == 1 else None

    def spans(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on a local date."""
        if day in self.overrides:
            return self.overrides[day]
        return () if day in self.holidays else self.week[day.weekday()]

    def counted(self, start: int, end: int) -> int:
        """Open microseconds between two instants; 0 if the end is not after the start."""
        if end <= start:
            return 0
        line = self.covering(start, end)
        return line.counted_until(end) - line.counted_until(start)

    def advance(self, start: int, amount: int) -> int | None:
        """The earliest instant not before `start` at which `amount` open microseconds have passed.

        None if that is not within HORIZON_YEARS: nothing is open, or so little that nobody would wait for it.
        """
        if amount <= 0:
            return start
        year = from_us(start).year
        reach = 1
        while True:
            line = self.covering(start, start + reach * 366 * DAY)
            found = line.when(line.counted_until(start) + amount)
            if found is not None:
                return found
            if reach >= HORIZON_YEARS or not self.opens_after(year + reach - 1):
                return None
            reach = min(reach * 2, HORIZON_YEARS)

    def opens_after(self, year: int) -> bool:
        """Whether anything can be open after a year."""
        return any(self.week) or any(day.year >= year for day, spans in self.overrides.items() if spans)

    def covering(self, start: int, end: int) -> Line:
        """A line on which both instants lie. Readers of the old one keep it: a longer one takes its place at once."""
        line = self.line
        if line.begins <= start and end <= line.ceases:
            return line
        first, last = from_us(start - 4 * DAY).year, from_us(end + 4 * DAY).year
        if line.first <= line.last:
            first, last = min(first, line.first), max(last, line.last)
        self.line = line = lay_out(self, first, last)
        return line

    def open_intervals(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The open intervals that touch [start, end), whole."""
        line = self.covering(start, end)
        i = max(bisect_right(line.starts, start) - 1, 0)
        while i < len(line.starts) and line.starts[i] < end:
            if line.ends[i] > start:
                yield line.starts[i], line.ends[i]
            i += 1

    def explain(self, start: int, end: int) -> list[Piece]:
        """What counts and what does not between two instants, without gaps, with the rule of each piece."""
        pieces: list[Piece] = []
        at = start
        for opens, closes in self.open_intervals(start, end):
            if opens > at:
                pieces += self.closed(at, opens)
            pieces.append(Piece(max(opens, start), min(closes, end), True, self.why_open(opens, closes)))
            at = closes
        if at < end:
            pieces += self.closed(at, end)
        return pieces

    def why_open(self, opens: int, closes: int) -> str:
        """The rule by which an interval is open."""
        if self.is_round_the_clock:
            return "around the clock"
        begins, ends = self.local(opens), self.local(closes)
        if closes - opens > 2 * DAY:
            return "open day and night"
        times = f"{begins:%H:%M}–{'24:00' if (ends.hour, ends.minute) == (0, 0) else f'{ends:%H:%M}'}"
        if begins.date() in self.overrides:
            return f"special hours on {begins.date()}, {times}"
        return f"{WEEKDAYS[begins.weekday()]} hours, {times}"

    def closed(self, start: int, end: int) -> list[Piece]:
        """A closed stretch, cut where a holiday or an exception begins and ends."""
        pieces: list[Piece] = []
        at, day = start, self.local(start).date()
        shut: list[str] = []
        while at < end:
            until, special = min(end, self.midnight(day + timedelta(days=1))), self.special(day)
            if until > at:
                if special is None and not self.week[day.weekday()]:
                    shut.append(WEEKDAYS[day.weekday()])
                why = special or "outside opening hours"
                if pieces and pieces[-1].why == why:
                    pieces[-1] = Piece(pieces[-1].start, until, False, why)
                else:
                    pieces.append(Piece(at, until, False, why))
                at = until
            day += timedelta(days=1)
        if len(pieces) == 1 and special is None and 0 < len(shut) <= 2:
            return [Piece(start, end, False, f"outside opening hours, closed on {' and '.join(shut)}")]
        return pieces

    def special(self, day: date) -> str | None:
        """What sets a closed day apart from the week: a holiday or an exception."""
        if day in self.overrides:
            return f"special hours on {day}" if self.overrides[day] else f"closed by an exception on {day}"
        if day in self.holidays:
            return f"holiday {day}" + (f", {self.names[day]}" if day in self.names else "")
        return None

    def local(self, instant: int) -> datetime:
        """What the wall clock of the zone shows."""
        return from_us(instant).astimezone(self.zone)

    def midnight(self, day: date) -> int:
        """The instant at which a local date begins."""
        return min((start for start, _ in real(naive(day), naive(day) + DAY, self.zone.key, day.year)), default=naive(day))


def naive(day: date) -> int:
    """Microseconds that a wall clock has shown since 1970 when this date begins."""
    return (day.toordinal() - EPOCH_DAY) * DAY


def lay_out(calendar: Calendar, first: int, last: int) -> Line:
    """The line of some local years."""
    starts: list[int] = []
    ends: list[int] = []
    for year in range(first, last + 1):
        for start, end in intervals(calendar, year):
            if ends and start <= ends[-1]:
                ends[-1] = max(ends[-1], end)
            else:
                starts.append(start)
                ends.append(end)
    total, sums = 0, []
    for start, end in zip(starts, ends, strict=True):
        total += end - start
        sums.append(total)
    margin = 3 * DAY
    return Line(first, last, naive(date(first, 1, 1)) + margin, naive(date(last + 1, 1, 1)) - margin, starts, ends, sums)


def intervals(calendar: Calendar, year: int) -> list[tuple[int, int]]:
    """The open intervals whose spans begin in a local year, by their beginning; they may touch or overlap."""
    found: list[tuple[int, int]] = []
    for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
        spans = calendar.spans(date.fromordinal(ordinal))
        if spans:
            base = (ordinal - EPOCH_DAY) * DAY
            for opens, closes in spans:
                found += real(base + opens * MINUTE, base + closes * MINUTE, calendar.zone.key, year)
    return sorted(found)


def real(start: int, end: int, zone: str, year: int) -> list[tuple[int, int]]:
    """The instants at which the wall clock of a zone shows a time in [start, end), as intervals of real time."""
    found = []
    for begins, ceases, offset in offsets(zone, year):
        opens, closes = max(start - offset, begins), min(end - offset, ceases)
        if opens < closes:
            found.append((opens, closes))
    return found


@lru_cache(maxsize=4096)
def offsets(zone: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """The offsets from UTC that a zone has in a year and the days around it: (from, until, offset), in microseconds."""
    info = ZoneInfo(zone)
    start, end = naive(date(year, 1, 1)) - 4 * DAY, naive(date(year + 1, 1, 1)) + 4 * DAY
    found: list[tuple[int, int, int]] = []
    begins, offset = start, offset_at(info, start)
    for probe in range(start + DAY, end + DAY, DAY):
        later = offset_at(info, probe)
        if later != offset:
            change = change_between(info, probe - DAY, probe, offset)
            found.append((begins, change, offset))
            begins, offset = change, later
    return (*found, (begins, end, offset))


def change_between(info: ZoneInfo, low: int, high: int, before: int) -> int:
    """The instant, to the second, at which the offset `before` ends."""
    low, high = low // SECOND, high // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(info, middle * SECOND) == before:
            low = middle
        else:
            high = middle
    return high * SECOND


def offset_at(info: ZoneInfo, instant: int) -> int:
    """The zone's offset from UTC at an instant, in microseconds."""
    offset = from_us(instant).astimezone(info).utcoffset() or timedelta(0)
    return (offset.days * 86_400 + offset.seconds) * SECOND
