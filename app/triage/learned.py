"""The learned part of the scorer: points for words, pairs of words and meanings (traits.py), added up. Pure.

The points stand in weights.tsv, a trait and its points on each line; bench/learn.py computes them from labelled tickets.
Leads override them by rules of the group `weight`. What alarms does not count in a sentence that tells of what is over; what
soothes does not count in a sentence that is plainly urgent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.triage.traits import Shown

WEIGHTS_FILE = Path(__file__).with_name("weights.tsv")
# The points that every ticket starts with; a line of the file like any other.
START = "(start)"
SHOWN_MOST = 8


@dataclass(frozen=True, slots=True)
class Word:
    """One trait with the points that it earned, after thinning, and the author's words that show it."""

    trait: str
    words: str
    points: float


@dataclass(frozen=True, slots=True)
class Learned:
    """The points of all traits together (the start included), and the strongest for and against urgency."""

    points: float
    alarming: tuple[Word, ...]
    soothing: tuple[Word, ...]


@cache
def weights() -> dict[str, float]:
    """The learned points by trait, strongest first."""
    lines = WEIGHTS_FILE.read_text(encoding="utf-8").splitlines() if WEIGHTS_FILE.exists() else []
    pairs = (line.rsplit("\t", 1) for line in lines if line and not line.startswith("# "))
    return {trait: float(points) for trait, points in pairs}


def weigh(seen: Shown, points_of: Mapping[str, float]) -> Learned:
    """Add up what a text shows. Linear in the number of its traits."""
    earned = []
    for trait, where in seen.traits.items():
        points = points_of.get(trait, 0.0)
        if (points > 0 and where.may_alarm) or (points < 0 and where.may_soothe):
            earned.append((points, trait, where.words))
    total = points_of.get(START, 0.0) + sum(points for points, _, _ in earned) / seen.thinning
    earned.sort(key=lambda one: (-one[0], one[1]))
    words = [Word(trait, text, points / seen.thinning) for points, trait, text in (*earned[:SHOWN_MOST], *earned[-SHOWN_MOST:])]
    alarming = tuple(dict.fromkeys(word for word in words if word.points > 0))
    soothing = tuple(dict.fromkeys(word for word in reversed(words) if word.points < 0))
    return Learned(total, alarming, soothing)


def account(learned: Learned, of: float) -> str:
    """What the words did to a score `of` so many points, naming the strongest for it and against it."""
    for_it = ", ".join(f"“{word.words}” {word.points:+.0f}" for word in learned.alarming)
    against = ", ".join(f"“{word.words}” {word.points:+.0f}" for word in learned.soothing[:4])
    return f"Words give {learned.points:+.0f} of {of:g} points: {for_it or 'none'}{f'; against it {against}' if against else ''}."
