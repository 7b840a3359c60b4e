"""`python -m bench.triage`: how many truly urgent tickets the default rules find, and how often they cry wolf.

tests/triage/labelled.jsonl has tickets in two halves: rules are tuned on `tune` only, and judged on `judge`. A ticket counts
as found when triage gives it high priority or more; nobody who tunes may look at what is missed in the other half.
"""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.triage import defaults
from app.triage.rules import Decision, Intake, decide

LABELLED = Path(__file__).resolve().parent.parent / "tests" / "triage" / "labelled.jsonl"
HALVES = ("tune", "judge")
URGENT = frozenset({"high", "critical", "emergency"})
GOAL_RECALL, GOAL_FALSE = 0.8, 0.1


@dataclass(frozen=True)
class Measured:
    """Counts of one half. Rates are shares from 0 to 1; times are seconds."""

    found: int
    urgent: int
    alarms: int
    others: int
    seconds: float
    missed: tuple[str, ...]
    cried: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Which share of the truly urgent was found."""
        return self.found / self.urgent

    @property
    def false_alarms(self) -> float:
        """Which share of the others was called urgent."""
        return self.alarms / self.others


def labelled(half: str) -> list[dict[str, Any]]:
    """The tickets of one half."""
    rows = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["half"] == half]


def decision_on(row: dict[str, Any]) -> Decision:
    """What the default rules decide on a labelled ticket."""
    return decide(Intake(row["title"], row["body"], tuple(row["labels"]), row["kind"], row["plan"]), defaults.rules())


def measure(rows: list[dict[str, Any]]) -> Measured:
    """Count what was found, missed and cried."""
    started = time.perf_counter()
    called = [(row, decision_on(row).priority in URGENT) for row in rows]
    seconds = time.perf_counter() - started
    missed = tuple(row["title"] for row, urgent in called if row["urgent"] and not urgent)
    cried = tuple(row["title"] for row, urgent in called if urgent and not row["urgent"])
    urgent = sum(row["urgent"] for row in rows)
    return Measured(urgent - len(missed), urgent, len(cried), len(rows) - urgent, seconds, missed, cried)


def main() -> int:
    """Print both halves; 1 if the unseen half misses a goal. Titles are shown of the tuned half only."""
    for half in HALVES:
        got = measure(labelled(half))
        each = 1000 * got.seconds / (got.urgent + got.others)
        print(
            f"{half:6} found {got.found} of {got.urgent} urgent ({got.recall:.1%}), "
            f"false alarms {got.alarms} of {got.others} others ({got.false_alarms:.1%}), {each:.2f} ms a ticket"
        )
        if half == "tune":
            for title in got.missed:
                print(f"         missed: {title}")
            for title in got.cried:
                print(f"         cried:  {title}")
    print(f"goals on the unseen half: found ≥ {GOAL_RECALL:.0%}, false alarms ≤ {GOAL_FALSE:.0%}")
    return 0 if got.recall >= GOAL_RECALL and got.false_alarms <= GOAL_FALSE else 1


if __name__ == "__main__":
    sys.exit(main())
