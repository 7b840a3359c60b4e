"""Which texts answer best: BM25F over title, tags and body, then a second look at the titles of the best. Pure.

BM25F after Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from itertools import pairwise

# Field → (weight, how much its length counts against it).
FIELDS = {"title": (2.6, 0.4), "tags": (2.2, 0.3), "body": (1.0, 0.7)}
K1 = 1.8
# No text counts as longer than so many usual ones: an article of many subjects beside short answers is about each of them.
LONGEST = 4.0
# A term once in a title of average length counts 1; no number of times counts more than 1 / FULL.
FULL = FIELDS["title"][0] / (K1 + FIELDS["title"][0])
# What else counts, beside a text score of about 1.
TITLE_SHARE, TITLE_ORDER, TITLE_SAME, POPULARITY = 0.2, 0.05, 0.6, 0.04
LOOKED_AT = 60
# Where meaning counts: what of the score of words stays, what the same meaning adds, the nearness (a cosine) that adds nothing,
# and how many texts it may bring in. So a score says what it says without meaning: the same ones are weak, or likely.
BY_WORDS, BY_MEANING, FAR, NEAREST = 0.33, 1.3, 0.2, 20
# What is less than this beside the best is not an answer; and nothing is below the floor.
BESIDE_BEST, FLOOR = 0.2, 0.03


@dataclass(frozen=True)
class Postings:
    """The texts that have a term, by their numbers, and how well it stands for each (BM25F without the rarity of the term)."""

    documents: "array[int]"
    weights: "array[float]"

    def weight(self, document: int) -> float:
        """How well it stands for one text; nought for a text without it."""
        at = bisect_left(self.documents, document)
        return self.weights[at] if at < len(self.documents) and self.documents[at] == document else 0.0


@dataclass(frozen=True)
class Wanted:
    """One word of the question: postings with the factor each counts, the word's importance, its rarity (idf)."""

    postings: Sequence[tuple[Postings, float]]
    importance: float
    rarity: float


def rarity(having: int, total: int) -> float:
    """How much it says that a text has a term that `having` of `total` texts have: BM25's idf, never negative."""
    return math.log(1.0 + (total - having + 0.5) / (having + 0.5))


def saturated(frequency: float) -> float:
    """A weighted term frequency as 0 to 1 / FULL, where once in a usual title is 1."""
    return frequency / (K1 + frequency) / FULL


def field_weight(name: str, length: int, average: float) -> float:
    """What one occurrence in a field of `length` terms counts."""
    weight, b = FIELDS[name]
    return weight / (1.0 - b + b * length / average) if average else weight


def ideal_of(wanted: Iterable[Wanted]) -> float:
    """What a text would have that has every word once in its title."""
    return sum(word.importance * word.rarity for word in wanted)


def text_scores(wanted: Sequence[Wanted], ideal: float | None = None) -> dict[int, float]:
    """Each text that has any of the words → its score, 1 for the ideal: that of these words, or of more if it is given."""
    ideal = ideal_of(wanted) if ideal is None else ideal
    scores: dict[int, float] = {}
    for word in wanted:
        share = word.importance * word.rarity / ideal if ideal else 0.0
        if not share:
            continue
        pairs = best_of(word.postings).items()
        if scores:
            so_far = scores.get
            for document, weight in pairs:
                scores[document] = so_far(document, 0.0) + share * weight
        else:
            scores = {document: share * weight for document, weight in pairs}
    return scores


def score_of(wanted: Iterable[Wanted], ideal: float, document: int) -> float:
    """What words add to the score of one text."""
    added = 0.0
    for word in wanted:
        added += word.importance * word.rarity * max((factor * found.weight(document) for found, factor in word.postings), default=0.0)
    return added / ideal if ideal else 0.0


def best_of(postings: Sequence[tuple[Postings, float]]) -> dict[int, float]:
    """Each text → the best that any of the terms does for it."""
    best: dict[int, float] = {}
    for found, factor in postings:
        if not best:
            best = {document: factor * weight for document, weight in zip(found.documents, found.weights, strict=True)}
            continue
        so_far = best.get
        for document, weight in zip(found.documents, found.weights, strict=True):
            if factor * weight > so_far(document, 0.0):
                best[document] = factor * weight
    return best


def promising(scores: dict[int, float]) -> list[tuple[float, int]]:
    """(score, text) best first, without those that cannot be answers beside the best: most texts have a word in common."""
    least = BESIDE_BEST * max(scores.values(), default=0.0) if len(scores) > LOOKED_AT else 0.0
    # Sorting keeps the order of equals: that of their numbers.
    documents = sorted([document for document, score in scores.items() if score >= least])
    documents.sort(key=scores.__getitem__, reverse=True)
    return [(scores[document], document) for document in documents]


def title_bonus(asked: tuple[str, ...], others: frozenset[str], title: tuple[str, ...]) -> float:
    """What the title adds: the share of it that was asked for, words in the same order, and most for the very same title.

    `asked` are the terms of the question in order, `others` all that may stand for them.
    """
    if not title or not asked:
        return 0.0
    bonus = TITLE_SHARE * sum(map(others.__contains__, title)) / len(title)
    if len(asked) > 1:
        bonus += TITLE_ORDER * sum(map(pairs_of(asked).__contains__, pairwise(title))) / (len(asked) - 1)
    return bonus + (TITLE_SAME if title == asked else 0.0)


@lru_cache(maxsize=16)
def pairs_of(asked: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """The neighbours in a question: they are looked for in each of LOOKED_AT titles."""
    return frozenset(pairwise(asked))


@lru_cache(maxsize=4096)
def popularity_bonus(popularity: int) -> float:
    """A light prior: it decides between equals. Grows ever slower, full at a thousand."""
    return POPULARITY * min(1.0, math.log1p(max(0, popularity)) / math.log1p(1000))


def relevance(score: float) -> float:
    """A score as 0 to 1 for people: 1 for every word as often as can count, or for the very same title."""
    return round(min(1.0, score * FULL), 3)


def meaning(nearness: float) -> float:
    """What a nearness in meaning adds to a score."""
    return BY_MEANING * max(0.0, nearness - FAR) / (1.0 - FAR)


def with_meaning(ranked: list[tuple[float, int]], near: Mapping[int, float]) -> list[tuple[float, int]]:
    """(score, text) best first, when what texts mean counts as well: those that words have found, and the nearest beside them.

    A weighted sum, which finds better than sums of ranks (Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid
    Retrieval", TOIS 2023; and so it does on our questions).
    """
    scores = {document: score for score, document in ranked}
    for document in nlargest(NEAREST, near, key=lambda document: (near[document], -document)):
        if near[document] > FAR:
            scores.setdefault(document, 0.0)
    for document, score in scores.items():
        # A text without vectors, since it is quite new, keeps the score that its words give it.
        if document in near:
            scores[document] = BY_WORDS * score + meaning(near[document])
    return cut(sorted(((score, document) for document, score in scores.items()), key=lambda pair: (-pair[0], pair[1])))


def cut(ranked: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Those that are answers beside the best, out of (score, text), best first."""
    if not ranked:
        return []
    least = max(FLOOR, ranked[0][0] * BESIDE_BEST) if ranked[0][0] >= FLOOR else ranked[0][0]
    return [pair for pair in ranked if pair[0] >= least]
