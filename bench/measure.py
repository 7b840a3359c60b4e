"""Ratios against the floor: blocks of both alternate, so that a slow moment of the machine slows both."""

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass

from bench.client import Browser
from bench.servers import Site

BLOCKS = 7
FLOOR_REQUESTS = 150


@dataclass(frozen=True)
class Row:
    """One figure: the median of the blocks' ratios with quartiles, its goal, and the milliseconds for orientation."""

    name: str
    value: float
    low: float
    high: float
    goal: float | None
    unit: str = "× hello"
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the goal is reached."""
        return "" if self.goal is None else "ok" if self.value <= self.goal else "MISSED"

    def plain(self) -> dict[str, object]:
        """For results.json."""
        return {**asdict(self), "verdict": self.verdict}

    def line(self) -> str:
        """For the terminal."""
        goal = "" if self.goal is None else f"≤ {self.goal:g}"
        spread = f"({self.low:.2f} to {self.high:.2f})" if self.low != self.high else ""
        return f"  {self.name:<44}{self.value:>9.2f} {self.unit:<10}{spread:<20}{goal:<10}{self.verdict:<8}{self.note}"


def ratio(
    name: str,
    site: Site,
    floor: Site,
    call: Callable[..., object],
    *,
    goal: float | None,
    requests: int = 40,
    warm: int = 8,
    before: Callable[[], object] | None = None,
) -> Row:
    """Processor time of `call` (one request) over that of the bare page, in BLOCKS alternating blocks; `before` as in `cpu_of`."""
    plain = Browser(floor.url)
    cpu_of(site, call, warm, before)
    cpu_of(floor, lambda: plain.get("/"), warm)
    ratios, milliseconds = [], []
    for _ in range(BLOCKS):
        base = cpu_of(floor, lambda: plain.get("/"), FLOOR_REQUESTS)
        ours = cpu_of(site, call, requests, before)
        ratios.append(ours / base)
        milliseconds.append(ours * 1000)
    low, middle, high = statistics.quantiles(ratios, n=4)
    return Row(name, middle, low, high, goal, note=f"{statistics.median(milliseconds):.2f} ms")


def cpu_of(site: Site, call: Callable[..., object], times: int, before: Callable[[], object] | None = None) -> float:
    """Processor seconds of one request, all processes of the site. What `before` does for each, whose answer it gets, is not counted."""
    if before is None:
        begun = site.cpu_seconds()
        for _ in range(times):
            call()
        return (site.cpu_seconds() - begun) / times
    used = 0.0
    for _ in range(times):
        given = before()
        begun = site.cpu_seconds()
        call(given)
        used += site.cpu_seconds() - begun
    return used / times


def figure(name: str, value: float, goal: float | None, unit: str, note: str = "") -> Row:
    """A figure that is no ratio."""
    return Row(name, value, value, value, goal, unit, note)
