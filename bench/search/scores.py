"""How well an engine answered: recall, mean reciprocal rank, empty answers, time. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bench.search.sets import Asked

LOOKED_AT = 10


@dataclass(frozen=True)
class Score:
    """Shares of the questions (0 to 1), and milliseconds a question. `total` is how many were asked."""

    first: float
    five: float
    ten: float
    mrr: float
    empty: float
    p50_ms: float
    p95_ms: float
    total: int

    def plain(self) -> dict[str, float]:
        """For the file of results."""
        return asdict(self)


def score(questions: Sequence[Asked], answers: Sequence[Sequence[str]], milliseconds: Sequence[float]) -> Score:
    """What the keys in `answers`, best first, are worth as answers to the questions."""
    ranks = [rank(asked.keys, found) for asked, found in zip(questions, answers, strict=True)]
    total = len(ranks)
    within = {most: sum(1 for place in ranks if place and place <= most) / total for most in (1, 5, LOOKED_AT)}
    mrr = sum(1 / place for place in ranks if place) / total
    empty = sum(1 for found in answers if not found) / total
    p95 = statistics.quantiles(milliseconds, n=20)[-1] if total > 1 else milliseconds[0]
    return Score(within[1], within[5], within[LOOKED_AT], mrr, empty, statistics.median(milliseconds), p95, total)


def rank(right: frozenset[str], found: Sequence[str]) -> int | None:
    """The place of the first right answer among the first ten, from 1; None when there is none."""
    return next((place for place, key in enumerate(found[:LOOKED_AT], 1) if key in right), None)
