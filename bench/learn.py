"""`python -m bench.learn`: compute the points of app/triage/weights.tsv from labelled tickets.

A logistic regression over traits (app/triage/traits.py), kept small by a squared penalty, on top of what the signals already
say; L-BFGS from zero, so the same tickets give the same file. Only tickets of the half `tune` teach; those of `judge` never do.
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.triage import defaults
from app.triage.learned import START, WEIGHTS_FILE
from app.triage.rules import Intake, book_for, labels_of, words_of
from app.triage.urgency import Evidence

TICKETS = Path(__file__).resolve().parent.parent / "tests" / "triage"
# A trait that fewer tickets show teaches nothing.
FEWEST_TICKETS = 3
# How many points a logit is, and where a ticket becomes high: this far above even chances.
LOGIT, HIGH, CAUTION = 50.0, 40.0, 0.35
PENALTY = 1.6
STEPS, MEMORY = 60, 8
# Points under this are left out of the file.
LEAST_POINTS = 1.5

Vector = list[float]


@dataclass(frozen=True)
class Example:
    """One ticket to learn from: its traits, by how much its length thins them, the logit of its signals, the truth."""

    traits: tuple[str, ...]
    thinning: float
    offset: float
    urgent: bool


def labelled() -> dict[str, list[dict[str, Any]]]:
    """Every labelled ticket, by the file (the writer) that it is from."""
    files = sorted(TICKETS.glob("*.jsonl"))
    return {path.stem: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for path in files}


def intake_of(row: dict[str, Any]) -> Intake:
    """A labelled ticket as triage gets it."""
    return Intake(row["title"], row["body"], tuple(row["labels"]), row["kind"], row["plan"])


def evidence_of(row: dict[str, Any]) -> Evidence:
    """What the text of a labelled ticket shows, before learned points are added."""
    intake = intake_of(row)
    title, sentences, is_wish, marks = words_of(intake, labels_of(intake))
    return book_for(defaults.rules()).scorer.evidence(sentences, len(title), is_wish, marks)


def example(evidence: Evidence, urgent: bool) -> Example:
    """What there is to learn from a labelled ticket."""
    seen = evidence.shown
    return Example(tuple(seen.traits), 1 / seen.thinning, evidence.signals.points / LOGIT, urgent)


def learn(examples: Sequence[Example]) -> dict[str, float]:
    """Points by trait, the start among them."""
    counts = Counter(trait for one in examples for trait in one.traits)
    traits = sorted(trait for trait, count in counts.items() if count >= FEWEST_TICKETS)
    number = {trait: at for at, trait in enumerate(traits)}
    rows = [([number[trait] for trait in one.traits if trait in number], one.thinning, one.offset, one.urgent) for one in examples]
    size = len(traits)

    def cost(weights: Vector) -> tuple[float, Vector]:
        """The penalised log loss and its slope; the start, the last weight, goes free."""
        slope = [PENALTY * weight for weight in weights[:size]] + [0.0]
        loss = PENALTY / 2 * sum(weight * weight for weight in weights[:size])
        for places, thinning, offset, urgent in rows:
            logit = offset + weights[size] + thinning * sum([weights[at] for at in places])
            loss += math.log1p(math.exp(-abs(logit))) + max(logit, 0.0) - urgent * logit
            off = 1 / (1 + math.exp(-logit)) - urgent
            slope[size] += off
            step = off * thinning
            for at in places:
                slope[at] += step
        return loss, slope

    weights = minimum(cost, [0.0] * (size + 1))
    points = {trait: round(LOGIT * weight, 1) for trait, weight in zip(traits, weights, strict=False)}
    return {START: round(HIGH + LOGIT * (weights[size] - CAUTION), 1)} | {
        trait: value for trait, value in points.items() if abs(value) >= LEAST_POINTS
    }


def minimum(cost: Callable[[Vector], tuple[float, Vector]], at: Vector) -> Vector:
    """Where a smooth convex cost is lowest, as near as STEPS steps of L-BFGS with backtracking come."""
    value, slope = cost(at)
    past: list[tuple[Vector, Vector, float]] = []
    for _ in range(STEPS):
        way = direction(slope, past)
        fall, length = dot(way, slope), 1.0 if past else 1 / max(1.0, math.sqrt(dot(slope, slope)))
        while True:
            there = [here + length * step for here, step in zip(at, way, strict=True)]
            new_value, new_slope = cost(there)
            if new_value <= value + 1e-4 * length * fall or length < 1e-9:
                break
            length /= 2
        moved = [new - old for new, old in zip(there, at, strict=True)]
        turned = [new - old for new, old in zip(new_slope, slope, strict=True)]
        curve = dot(moved, turned)
        if curve <= 1e-12:
            break
        past = [*past[1 - MEMORY :], (moved, turned, 1 / curve)]
        at, value, slope = there, new_value, new_slope
    return at


def direction(slope: Vector, past: Sequence[tuple[Vector, Vector, float]]) -> Vector:
    """The way down by the two-loop recursion (Nocedal and Wright, Numerical Optimization, algorithm 7.4)."""
    way = [-one for one in slope]
    shares = []
    for moved, turned, rho in reversed(past):
        share = rho * dot(moved, way)
        shares.append(share)
        way = [one - share * other for one, other in zip(way, turned, strict=True)]
    if past:
        moved, turned, rho = past[-1]
        scale = 1 / (rho * dot(turned, turned))
        way = [scale * one for one in way]
    for (moved, turned, rho), share in zip(past, reversed(shares), strict=True):
        back = share - rho * dot(turned, way)
        way = [one + back * other for one, other in zip(way, moved, strict=True)]
    return way


def dot(one: Vector, other: Vector) -> float:
    """The inner product."""
    return sum(map(float.__mul__, one, other))


def write(points: dict[str, float]) -> None:
    """Write the file, the strongest for urgency first."""
    lines = [
        "# Learned points: a trait (app/triage/traits.py), a tab, its points. Written by `python -m bench.learn`; do not edit.",
        *(f"{trait}\t{value:g}" for trait, value in sorted(points.items(), key=lambda pair: (-pair[1], pair[0]))),
    ]
    WEIGHTS_FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    """Learn from every ticket of the half `tune`, and write the file."""
    rows = [row for group in labelled().values() for row in group if row["half"] == "tune"]
    points = learn([example(evidence_of(row), row["urgent"]) for row in rows])
    write(points)
    print(f"{len(points)} traits learned from {len(rows)} tickets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
