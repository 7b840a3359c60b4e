"""Which promises are likely to be missed in the next hours: a greedy simulation of the queue. Pure, and the same for the same input.

A promise is missed for one of two reasons, and each scenario asks for both:

- *pace*: clocks like this one, that had counted as much, took longer than the target. How long such clocks took is known
  by its quantiles; a scenario draws one of those that are still possible.
- *crowd*: those who can take it are away, or have earlier deadlines to see to first. In each scenario the people on duty work
  off the queue in the order of its deadlines: the assignee if they work in time, otherwise whoever of the team is free first.
  How long the work itself takes is drawn from the faster half of what such clocks took; the rest is waiting.

The probability is the share of scenarios in which it is missed, drawn towards the middle by one scenario's weight, so that
it is never quite 0 or 1. docs/decisions/forecast.md argues this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

SCENARIOS = 60
# Quantiles kept of a group: at 1/42, 3/42, … 41/42.
QUANTILES = 21
# A group speaks for itself from so many clocks on; below it a wider group is asked.
LEAST = 20
LIKELY = 0.5
# What the work itself takes, at least and at most, in seconds: an answer, a solution.
WORK = {"resolution": (900, 4 * 3600)}
WORK_OTHERWISE = (300, 3600)

# Later than any deadline: work that the known hours do not suffice for.
END_OF_TIME = datetime.max.replace(tzinfo=UTC)

Span = tuple[datetime, datetime]
Key = tuple[str, ...]


@dataclass(frozen=True)
class Waiting:
    """A running clock that is due within the horizon. Lengths are counted seconds; times are aware UTC."""

    clock_id: int
    metric: str
    priority: str
    category: str
    team_id: int | None
    assignee_id: int | None
    due_at: datetime
    target_seconds: int
    counted_seconds: int


@dataclass(frozen=True)
class People:
    """Who can work: their spans in order, from now on, and the teams that each is on."""

    spans: Mapping[int, Sequence[Span]]
    teams: Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Move:
    """Who could keep it: free at `finish_at` if they take it next."""

    user_id: int
    finish_at: datetime
    own_team: bool


@dataclass
class Expected:
    """What is expected of one clock: how likely it is missed, the shares of both reasons, and who could help."""

    waiting: Waiting
    probability: float
    pace: float
    crowd: float
    # How many past clocks the pace rests on; 0 where nothing is known, and then only the crowd is asked.
    rests_on: int
    moves: list[Move] = field(default_factory=list)

    @property
    def is_likely(self) -> bool:
        """Whether it counts as forecast to be missed."""
        return self.probability >= LIKELY


class Past:
    """How long clocks took: quantiles by metric, priority, category and team, and by fewer of these where there are few."""

    def __init__(self) -> None:
        self.lengths: dict[Key, list[int]] = {}
        self.kept: dict[Key, tuple[list[int], int]] = {}

    def add(self, metric: str, priority: str, category: str, team_id: int | None, seconds: int) -> None:
        """Take a clock in that has stopped after so many counted seconds."""
        for key in keys(metric, priority, category, team_id):
            self.lengths.setdefault(key, []).append(seconds)

    @property
    def size(self) -> int:
        """How many clocks there are."""
        return sum(len(lengths) for key, lengths in self.lengths.items() if len(key) == 1)

    def of(self, waiting: Waiting) -> tuple[list[int], int]:
        """(quantiles of the narrowest group that is large enough, its size); ([], 0) where there is none."""
        for key in keys(waiting.metric, waiting.priority, waiting.category, waiting.team_id):
            if len(self.lengths.get(key, ())) >= LEAST:
                if key not in self.kept:
                    self.kept[key] = quantiles(self.lengths[key]), len(self.lengths[key])
                return self.kept[key]
        return [], 0


def keys(metric: str, priority: str, category: str, team_id: int | None) -> list[Key]:
    """The groups of a clock, the narrowest first."""
    return [(metric, priority, category, str(team_id)), (metric, priority, category), (metric, priority), (metric,)]


def quantiles(lengths: Sequence[int]) -> list[int]:
    """QUANTILES of them, evenly apart."""
    ordered = sorted(lengths)
    return [ordered[min(len(ordered) - 1, (2 * n + 1) * len(ordered) // (2 * QUANTILES))] for n in range(QUANTILES)]


def forecast(queue: Sequence[Waiting], past: Past, people: People, now: datetime, *, seed: int) -> list[Expected]:
    """What is expected of each clock of the queue, in the order of deadlines; `seed` makes the draws repeatable."""
    ordered = sorted(queue, key=lambda one: (one.due_at, one.clock_id))
    dice = Random(seed)  # noqa: S311 - scenarios, not secrets
    slow, crowded, missed = ([0] * len(ordered) for _ in range(3))
    for _ in range(SCENARIOS):
        free: dict[int, datetime] = {}
        for place, one in enumerate(ordered):
            took, _ = past.of(one)
            late = is_slow(one, took, dice)
            finish = worked_off(one, work_seconds(one, took, dice), people, free, now)
            waits = finish is not None and finish > one.due_at
            slow[place] += late
            crowded[place] += waits
            missed[place] += late or waits
    found = [
        Expected(one, round((missed[n] + 0.5) / (SCENARIOS + 1), 3), slow[n] / SCENARIOS, crowded[n] / SCENARIOS, past.of(one)[1])
        for n, one in enumerate(ordered)
    ]
    suggest(found, past, people, now)
    return found


def is_slow(one: Waiting, took: Sequence[int], dice: Random) -> bool:
    """Whether a draw of what is still possible is beyond the target."""
    possible = [seconds for seconds in took if seconds > one.counted_seconds]
    if not possible:
        # Nothing in the past took this long. It is open still, so nothing speaks for its being done in time.
        return bool(took)
    return dice.choice(possible) > one.target_seconds


def work_seconds(one: Waiting, took: Sequence[int], dice: Random) -> int:
    """What the work itself takes: a draw from the faster half of the past, within bounds."""
    least, most = WORK.get(one.metric, WORK_OTHERWISE)
    drawn = dice.choice(took[: QUANTILES // 2 + 1]) if took else least
    return min(max(drawn, least), most)


def worked_off(one: Waiting, seconds: int, people: People, free: dict[int, datetime], now: datetime) -> datetime | None:
    """When the greedy plan is done with it; the end of time where nobody works, None where nobody is known who could."""
    able = candidates(one, people)
    if not able:
        return None
    ends = {user: finish_of(people.spans[user], free.get(user, now), seconds) for user in able}
    own = one.assignee_id
    if own in ends and ends[own] <= one.due_at:
        taker = own
    else:
        taker = min(able, key=lambda user: (ends[user], user))
    if ends[taker] < END_OF_TIME:
        free[taker] = ends[taker]
    return ends[taker]


def candidates(one: Waiting, people: People) -> list[int]:
    """The people of its team, and its assignee, as far as their hours are known."""
    able = [user for user in people.teams.get(one.team_id or 0, ()) if user in people.spans]
    if one.assignee_id is not None and one.assignee_id in people.spans and one.assignee_id not in able:
        able.append(one.assignee_id)
    return able


def finish_of(spans: Sequence[Span], start: datetime, seconds: int) -> datetime:
    """When so much work is done in spans, begun at an instant or later; END_OF_TIME if they do not suffice."""
    left = timedelta(seconds=seconds)
    for begins, ends in spans:
        at = max(begins, start)
        if at >= ends:
            continue
        if at + left <= ends:
            return at + left
        left -= ends - at
    return END_OF_TIME


def suggest(found: Sequence[Expected], past: Past, people: People, now: datetime) -> None:
    """Name up to three people who could still keep what is likely to be missed: of its team first, who is done first.

    Each likely miss is planned in turn, so that nobody is suggested for more than they can do.
    """
    free: dict[int, datetime] = {}
    for one in found:
        if not one.is_likely:
            continue
        seconds = typical(one.waiting, past)
        team = set(people.teams.get(one.waiting.team_id or 0, ()))
        moves = [
            Move(user, finish, user in team)
            for user, spans in people.spans.items()
            if user != one.waiting.assignee_id and (finish := finish_of(spans, free.get(user, now), seconds)) <= one.waiting.due_at
        ]
        one.moves = sorted(moves, key=lambda move: (not move.own_team, move.finish_at, move.user_id))[:3]
        if one.moves:
            free[one.moves[0].user_id] = one.moves[0].finish_at


def typical(one: Waiting, past: Past) -> int:
    """What the work itself takes, typically."""
    took, _ = past.of(one)
    least, most = WORK.get(one.metric, WORK_OTHERWISE)
    return min(max(took[QUANTILES // 4] if took else least, least), most)


@dataclass(frozen=True)
class Score:
    """How forecasts came out. Judged are clocks of forecasts whose time is over; `brier` is 0 for perfect, 0.25 for tossing coins."""

    forecasts: int
    judged: int
    hits: int
    false_alarms: int
    misses: int
    unforeseen: int
    brier_sum: float

    @property
    def is_enough(self) -> bool:
        """Whether there is enough to tell a rate from."""
        return self.judged >= LEAST and self.hits + self.false_alarms + self.misses > 0

    @property
    def brier(self) -> float | None:
        """The mean squared error of the probabilities."""
        return self.brier_sum / self.judged if self.judged else None

    @property
    def hit_rate(self) -> float | None:
        """Of what was forecast to be missed: the share that was."""
        said = self.hits + self.false_alarms
        return self.hits / said if said else None

    @property
    def found_rate(self) -> float | None:
        """Of what was missed among the clocks looked at: the share that was forecast."""
        missed = self.hits + self.misses
        return self.hits / missed if missed else None


def judged(rows: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """Hits, false alarms, misses and the sum of squared errors of (probability, was it missed)."""
    return {
        "judged": len(rows),
        "hits": sum(p >= LIKELY and missed for p, missed in rows),
        "false_alarms": sum(p >= LIKELY and not missed for p, missed in rows),
        "misses": sum(p < LIKELY and missed for p, missed in rows),
        "brier_sum": sum((p - missed) ** 2 for p, missed in rows),
    }
