"""The definitions of our figures. Pure: counts in, figures out.

A ticket belongs to the moment of its opening. "Answered" means a public message by staff, never an automatic one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Seconds up to which a first response falls into each column of HourFigures; the last column is "later".
BOUNDS = {
    "within_5m": 300,
    "within_15m": 900,
    "within_30m": 1800,
    "within_1h": 3600,
    "within_2h": 7200,
    "within_4h": 14400,
    "within_8h": 28800,
}
BUCKETS = (*BOUNDS, "later")
BUCKET_WORDS = dict(zip(BUCKETS, ("5 min", "15 min", "30 min", "1 h", "2 h", "4 h", "8 h", "Later"), strict=True))
RESOLUTION_TARGET = 0.95
PORTAL_RESOLUTION_TARGET = 0.99
SATISFACTION_TARGET = 4.5


def bucket(seconds: int) -> str:
    """The column of HourFigures in which a first response after so many seconds counts."""
    return next((name for name, bound in BOUNDS.items() if seconds <= bound), "later")


def bounds_of(name: str) -> tuple[int, int | None]:
    """(more than, at most) seconds of a bucket; None where there is no upper bound. Raises ValueError for no bucket."""
    at = BUCKETS.index(name)
    lower = BOUNDS[BUCKETS[at - 1]] if at else -1
    return lower, BOUNDS.get(name)


@dataclass(frozen=True)
class Totals:
    """Sums over a period, straight from the roll-ups."""

    opened: int = 0
    resolved: int = 0
    opened_resolved: int = 0
    responses: int = 0
    response_seconds: int = 0
    targets: int = 0
    target_seconds: int = 0
    surveys: int = 0
    satisfaction: int = 0
    buckets: tuple[int, ...] = (0,) * len(BUCKETS)

    @property
    def average_response(self) -> float | None:
        """Mean seconds from opening to the first answer, of the tickets opened in the period that have one."""
        return mean(self.response_seconds, self.responses)

    @property
    def average_target(self) -> float | None:
        """Mean of the first-response targets that those tickets had; None where nothing was promised."""
        return mean(self.target_seconds, self.targets)

    @property
    def resolution_rate(self) -> float | None:
        """The share of the tickets opened in the period that are resolved by now."""
        return mean(self.opened_resolved, self.opened)

    @property
    def average_satisfaction(self) -> float | None:
        """Mean overall score (1 to 5) of the surveys answered in the period."""
        return mean(self.satisfaction, self.surveys)


def mean(total: float, count: int) -> float | None:
    """None, not nought, where there is nothing."""
    return total / count if count else None


def summed(parts: Sequence[Totals]) -> Totals:
    """The totals of several periods together."""
    names = (
        "opened",
        "resolved",
        "opened_resolved",
        "responses",
        "response_seconds",
        "targets",
        "target_seconds",
        "surveys",
        "satisfaction",
    )
    sums = {name: sum(getattr(part, name) for part in parts) for name in names}
    return Totals(**sums, buckets=tuple(sum(column) for column in zip(*(part.buckets for part in parts), strict=True)) or Totals().buckets)


def tone(value: float | None, target: float | None, *, lower_is_better: bool = False) -> str | None:
    """`ok` when the target is reached, `warn` when not, None where either is missing."""
    if value is None or target is None:
        return None
    reached = value <= target if lower_is_better else value >= target
    return "ok" if reached else "warn"
