"""Charts as geometry: numbers in, coordinates for SVG attributes out. Pure; templates/analytics draws them."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 700
HEIGHT = 180
STEPS = 3


@dataclass(frozen=True)
class Scale:
    """A vertical axis from 0 to `top`, with its labels from the top down."""

    top: int
    labels: tuple[int, ...]

    def y(self, value: float) -> float:
        """The distance from the top at which a value is drawn."""
        return round(HEIGHT - value / self.top * HEIGHT, 1)


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram: its box, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int


def scale(values: Sequence[int]) -> Scale:
    """An axis of STEPS equal whole steps (1, 2, 5 × a power of ten) that holds all values."""
    highest = max([1, *values])
    step = next(size for size in sizes() if size * STEPS >= highest)
    return Scale(step * STEPS, tuple(step * n for n in range(STEPS, -1, -1)))


def sizes() -> Sequence[int]:
    """1, 2, 5, 10, 20, 50 … up to ten milliards."""
    return [lead * 10**power for power in range(11) for lead in (1, 2, 5)]


def points(values: Sequence[int], on: Scale) -> list[tuple[float, float]]:
    """Each value in the middle of its column."""
    column = WIDTH / max(1, len(values))
    return [(round(column * (n + 0.5), 1), on.y(value)) for n, value in enumerate(values)]


def line(values: Sequence[int], on: Scale) -> str:
    """The `d` of a path through all values; empty without values."""
    return " ".join(f"{'M' if n == 0 else 'L'}{x:g},{y:g}" for n, (x, y) in enumerate(points(values, on)))


def area(values: Sequence[int], on: Scale) -> str:
    """The same closed along the bottom."""
    found = points(values, on)
    return f"{line(values, on)} L{found[-1][0]:g},{HEIGHT} L{found[0][0]:g},{HEIGHT} Z" if found else ""


def bars(values: Sequence[int], labels: Sequence[str], on: Scale) -> list[Bar]:
    """One bar for each value, four fifths of its column wide. Raises ValueError unless each has a label."""
    column = WIDTH / max(1, len(values))
    return [
        Bar(round(column * (n + 0.1), 1), on.y(value), round(column * 0.8, 1), round(HEIGHT - on.y(value), 1), label, value)
        for n, (value, label) in enumerate(zip(values, labels, strict=True))
    ]


def grid() -> str:
    """The `d` of the horizontal lines."""
    return "".join(f"M0 {HEIGHT * n // STEPS}H{WIDTH}" for n in range(STEPS + 1))


def every(count: int, most: int) -> int:
    """Show one label in so many, that at most `most` are shown."""
    return max(1, -(-count // most))
