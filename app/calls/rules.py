"""Which slots there are, and what may be done with a call when. Pure: terms, duties and held time in, slots out.

A slot begins on a multiple of its kind's step, lies inside one person's duty, and with its buffers touches nothing that
this person holds. All times are aware UTC, so that no clock change can make or lose a slot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter

# What an engineer's time is cut into; every length and buffer is a multiple of it.
CELL = timedelta(minutes=5)
# Plans of a lower tier have no calls at all.
LEAST_TIER = 2
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# The reminder of the day before makes no sense any more when the other one is near.
DAY_AT_LEAST = timedelta(hours=2)
# A call can be called held or missed for so long after it.
OUTCOMES = {"held": "Held", "missed": "Nobody came"}
STATES = {"booked": "Booked", "cancelled": "Cancelled", **OUTCOMES}


@dataclass(frozen=True)
class Terms:
    """How slots of a kind lie. Minutes and days as in CallKind."""

    kind_id: int
    minutes: int
    step_minutes: int
    before_minutes: int = 0
    after_minutes: int = 0
    notice_minutes: int = 0
    ahead_days: int = 28
    capacity: int = 1

    @property
    def length(self) -> timedelta:
        """How long a call is."""
        return timedelta(minutes=self.minutes)

    def earliest(self, now: datetime) -> datetime:
        """The first instant at which a slot may begin."""
        return now + timedelta(minutes=self.notice_minutes)

    def latest(self, now: datetime) -> datetime:
        """The last instant at which a slot may begin."""
        return now + timedelta(days=self.ahead_days)


@dataclass(frozen=True)
class Duty:
    """A span that somebody has."""

    start: datetime
    end: datetime
    user_id: int


@dataclass(frozen=True)
class Held:
    """Time that somebody has given away, buffers taken in. `left` seats are free for others of the same kind and start."""

    held_from: datetime
    held_to: datetime
    user_id: int
    kind_id: int
    start: datetime
    left: int = 0


@dataclass(frozen=True)
class Slot:
    """A time that can be booked, with whom, and how many still can."""

    start: datetime
    end: datetime
    user_id: int
    left: int = 1

    @property
    def value(self) -> str:
        """How forms name it: `20261124T0900Z-17`."""
        return f"{self.start:%Y%m%dT%H%MZ}-{self.user_id}"


def parse_slot(text: str) -> tuple[datetime, int] | None:
    """(start, person) of what a form names; None for anything else."""
    moment, _, person = text.partition("-")
    if not (person.isascii() and person.isdecimal() and len(person) < 10):
        return None
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%MZ").replace(tzinfo=UTC), int(person)
    except ValueError:
        return None


def joined(duties: Iterable[Duty]) -> list[Duty]:
    """The duties of each person, those that meet or overlap made one, in order of person and time."""
    found: list[Duty] = []
    for duty in sorted(duties, key=attrgetter("user_id", "start", "end")):
        last = found[-1] if found else None
        if last is not None and last.user_id == duty.user_id and duty.start <= last.end:
            found[-1] = Duty(last.start, max(last.end, duty.end), duty.user_id)
        else:
            found.append(duty)
    return found


def starts(start: datetime, end: datetime, step: timedelta) -> Iterable[datetime]:
    """The multiples of a step (counted from midnight UTC of 1970) in [start, end], in order."""
    seconds = int(step.total_seconds())
    at = datetime.fromtimestamp(-(-int(start.timestamp()) // seconds) * seconds, UTC)
    at = at if at >= start else at + step
    while at <= end:
        yield at
        at += step


def slots(terms: Terms, duties: Iterable[Duty], held: Iterable[Held], *, now: datetime) -> list[Slot]:
    """Every slot that can be booked now, in order of time and person."""
    taken: dict[int, list[Held]] = {}
    for one in held:
        taken.setdefault(one.user_id, []).append(one)
    found = []
    for duty in joined(duties):
        first, last = max(duty.start, terms.earliest(now)), min(duty.end - terms.length, terms.latest(now))
        for at in starts(first, last, timedelta(minutes=terms.step_minutes)):
            left = seats(terms, at, taken.get(duty.user_id, ()))
            if left:
                found.append(Slot(at, at + terms.length, duty.user_id, left))
    return sorted(found, key=attrgetter("start", "user_id"))


def seats(terms: Terms, start: datetime, held: Sequence[Held]) -> int:
    """How many can still take the slot of one person at a time."""
    begins, ceases = reach(terms, start)
    touching = [one for one in held if one.held_from < ceases and one.held_to > begins]
    if not touching:
        return terms.capacity
    shared = len(touching) == 1 and (touching[0].kind_id, touching[0].start) == (terms.kind_id, start)
    return touching[0].left if shared else 0


def reach(terms: Terms, start: datetime) -> tuple[datetime, datetime]:
    """What a call that begins then takes, with its buffers."""
    before, after = timedelta(minutes=terms.before_minutes), timedelta(minutes=terms.after_minutes)
    return start - before, start + terms.length + after


def cells(start: datetime, end: datetime) -> list[datetime]:
    """The cells of [start, end), both on the grid or widened to it."""
    size = int(CELL.total_seconds())
    first, last = int(start.timestamp()) // size, -(-int(end.timestamp()) // size)
    return [datetime.fromtimestamp(n * size, UTC) for n in range(first, last)]


def refusal(terms: Terms, duties: Iterable[Duty], start: datetime, user_id: int, *, now: datetime) -> str | None:
    """Why a time was never offered, in words; None where it was, so that somebody has taken it."""
    step = timedelta(minutes=terms.step_minutes)
    if start <= now:
        return "This time has passed. Choose another one."
    if start < terms.earliest(now):
        return "This is too soon for us to prepare. Choose a later time."
    if start > terms.latest(now):
        return "This is further ahead than can be booked. Choose an earlier time."
    if next(iter(starts(start, start, step)), None) is None:
        return "No call begins at this time. Choose one of the times shown."
    inside = any(one.user_id == user_id and one.start <= start and start + terms.length <= one.end for one in joined(duties))
    return None if inside else "Nobody takes calls at this time. Choose one of the times shown."


def one_each(found: Iterable[Slot], liked: Sequence[int | None], load: dict[int, int]) -> list[Slot]:
    """One slot for each time: with whom the customer knows (`liked`, the first the most), else with who has the fewest calls."""
    rank = {user_id: n for n, user_id in reversed(list(enumerate(liked))) if user_id is not None}
    best: dict[datetime, Slot] = {}
    for slot in sorted(found, key=lambda one: (one.start, rank.get(one.user_id, len(rank)), load.get(one.user_id, 0), one.user_id)):
        best.setdefault(slot.start, slot)
    return list(best.values())


def reminder_due(starts_at: datetime, placed_at: datetime, day_sent: bool, hour_sent: bool, now: datetime) -> str | None:
    """`day` or `hour` where a reminder should go now; None where it went, is not due, or would come with the booking itself."""
    if now >= starts_at:
        return None
    if not hour_sent and starts_at - HOUR <= now and placed_at < starts_at - HOUR:
        return "hour"
    if not day_sent and starts_at - DAY <= now < starts_at - DAY_AT_LEAST and placed_at < starts_at - DAY:
        return "day"
    return None
