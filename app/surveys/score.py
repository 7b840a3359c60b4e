"""What survey answers amount to. Pure: numbers in, numbers out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

QUESTIONS = {
    "overall_satisfaction": "How satisfied are you with the support you received?",
    "response_time": "How satisfied are you with our response time?",
    "resolution_quality": "How satisfied are you with the quality of the resolution?",
}
SHORT = {
    "overall_satisfaction": "Overall satisfaction",
    "response_time": "Response time",
    "resolution_quality": "Quality of the resolution",
}
WORDS = {1: "very dissatisfied", 2: "dissatisfied", 3: "neutral", 4: "satisfied", 5: "very satisfied"}
SCALE = range(1, 6)
LOW = 2
SATISFIED = 4
MAX_FEEDBACK = 5000
# 97.5th percentile of the normal distribution: intervals are at 95 %.
Z = 1.959963984540054


@dataclass(frozen=True)
class Spread:
    """One question's answers. `average` and the interval of the satisfied share (4 or 5) are None without answers."""

    count: int
    average: float | None
    satisfied: float | None
    low: float | None
    high: float | None
    # How many gave 1, 2, 3, 4, 5.
    counts: tuple[int, int, int, int, int]


def spread(counts: Sequence[int]) -> Spread:
    """A question's figures from how many gave 1 to 5. Raises ValueError for other than five counts."""
    if len(counts) != len(SCALE) or min(counts) < 0:
        raise ValueError("five counts, none below nought")
    one, two, three, four, five = counts
    total = sum(counts)
    kept = (one, two, three, four, five)
    if not total:
        return Spread(0, None, None, None, None, kept)
    happy = sum(counts[SATISFIED - 1 :])
    low, high = wilson(happy, total)
    return Spread(total, sum(n * score for n, score in zip(counts, SCALE, strict=True)) / total, happy / total, low, high, kept)


def counted(scores: Iterable[int]) -> tuple[int, int, int, int, int]:
    """How many gave each score. Raises ValueError for one outside 1 to 5."""
    counts = [0, 0, 0, 0, 0]
    for score in scores:
        if score not in SCALE:
            raise ValueError(f"{score} is not a score from 1 to 5")
        counts[score - 1] += 1
    one, two, three, four, five = counts
    return one, two, three, four, five


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % score interval of a share (E. B. Wilson, 1927): honest for few answers and for shares near 0 or 1.

    Raises ValueError unless 0 <= hits <= total and total > 0.
    """
    if not 0 <= hits <= total or total == 0:
        raise ValueError("a share needs hits among at least one")
    share, square = hits / total, Z * Z
    middle = share + square / (2 * total)
    reach = Z * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    scale = 1 + square / total
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def response_rate(answered: int, sent: int) -> float | None:
    """The share of invitations that were answered; None when none were sent."""
    return answered / sent if sent else None


def is_low(*scores: int) -> bool:
    """Whether any score calls for a follow-up: 1 or 2."""
    return any(score <= LOW for score in scores)
