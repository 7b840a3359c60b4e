"""`python -m bench.triage`: how many truly urgent tickets the default rules find, and how often they cry wolf.

The tickets are tests/triage/*.jsonl, a file for each writer, in two halves: rules and points are made on `tune` only, and judged
on `judge`. A ticket counts as found when triage gives it high priority or more. As writers differ more than halves do, each
writer is besides judged by points that were learned without any ticket of theirs.
"""

import math
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.triage import defaults
from app.triage.rules import Decision, RuleBook, decide
from app.triage.vocabulary import PRIORITIES
from bench.learn import evidence_of, example, intake_of, labelled, learn

HALVES = ("tune", "judge")
URGENT = frozenset({"high", "critical", "emergency"})
GOAL_RECALL, GOAL_FALSE = 0.8, 0.1
# Two-sided 95 %.
NORMAL = 1.96

Row = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """Counts of some tickets. Rates are shares from 0 to 1; times are seconds; `given` counts (is urgent, priority)."""

    found: int
    urgent: int
    alarms: int
    others: int
    seconds: float
    missed: tuple[str, ...]
    cried: tuple[str, ...]
    given: Mapping[tuple[bool, str], int]

    @property
    def recall(self) -> float:
        """Which share of the truly urgent was found."""
        return self.found / max(1, self.urgent)

    @property
    def false_alarms(self) -> float:
        """Which share of the others was called urgent."""
        return self.alarms / max(1, self.others)


def half_of(half: str) -> list[Row]:
    """The tickets of one half, of all writers."""
    return [row for rows in labelled().values() for row in rows if row["half"] == half]


def decision_on(row: Row, book: RuleBook | None = None) -> Decision:
    """What the default rules decide on a labelled ticket, or those of another book."""
    return decide(intake_of(row), defaults.rules(), book)


def measure(rows: Sequence[Row], book: RuleBook | None = None) -> Measured:
    """Count what was found, missed and cried."""
    started = time.perf_counter()
    given = [(row, decision_on(row, book).priority) for row in rows]
    seconds = time.perf_counter() - started
    missed = tuple(row["title"] for row, priority in given if row["urgent"] and priority not in URGENT)
    cried = tuple(row["title"] for row, priority in given if priority in URGENT and not row["urgent"])
    urgent = sum(row["urgent"] for row in rows)
    counts = Counter((row["urgent"], priority) for row, priority in given)
    return Measured(urgent - len(missed), urgent, len(cried), len(rows) - urgent, seconds, missed, cried, counts)


def held_out(writer: str, everything: Mapping[str, Sequence[Row]]) -> Measured:
    """One writer's tickets, judged by points learned from all the others' (of both halves)."""
    known = [row for name, rows in everything.items() if name != writer for row in rows]
    points = learn([example(evidence_of(row), row["urgent"]) for row in known])
    return measure(everything[writer], RuleBook(defaults.rules(), points))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score interval)."""
    share, square = hits / max(1, of), NORMAL**2 / max(1, of)
    middle, width = share + square / 2, NORMAL * math.sqrt(share * (1 - share) / max(1, of) + square / (4 * max(1, of)))
    return (middle - width) / (1 + square), (middle + width) / (1 + square)


def told(name: str, got: Measured) -> str:
    """One line: what was found and cried, with its interval."""
    low, high = wilson(got.found, got.urgent)
    cry_low, cry_high = wilson(got.alarms, got.others)
    return (
        f"{name:18} found {got.found:3} of {got.urgent:3} urgent ({got.recall:.1%}, {low:.0%} to {high:.0%}), "
        f"false alarms {got.alarms:2} of {got.others:3} others ({got.false_alarms:.1%}, {cry_low:.0%} to {cry_high:.0%})"
    )


def main() -> int:
    """Print both halves and each writer; 1 if the unseen half misses a goal. Titles are shown of the tuned half only."""
    for half in HALVES:
        got = measure(half_of(half))
        print(f"{told(half, got)}, {1000 * got.seconds / (got.urgent + got.others):.2f} ms a ticket")
        for urgent, name in ((True, "urgent"), (False, "others")):
            print(f"    {name}: " + ", ".join(f"{priority} {got.given.get((urgent, priority), 0)}" for priority in PRIORITIES))
        if half == "tune" and "--titles" in sys.argv:
            print("\n".join([*(f"    missed: {title}" for title in got.missed), *(f"    cried:  {title}" for title in got.cried)]))
    print("each writer, by points learned without them:")
    everything = labelled()
    for writer in everything:
        print(told(f"  {writer}", held_out(writer, everything)))
    judged = measure(half_of("judge"))
    print(f"goals on the unseen half: found ≥ {GOAL_RECALL:.0%}, false alarms ≤ {GOAL_FALSE:.0%}")
    return 0 if judged.recall >= GOAL_RECALL and judged.false_alarms <= GOAL_FALSE else 1


if __name__ == "__main__":
    sys.exit(main())
