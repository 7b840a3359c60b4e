"""What may stand for a word besides itself, from three lists: what editors keep, everyday words, words near in meaning. Pure."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from app.search.analysis import EVERYDAY
from app.search.languages import ENGLISH, HERE, Language
from app.search.synonyms import Synonyms

# Nearness (a cosine) from which a word counts at all, and the one that would count nothing.
NEAR_FROM, NEAR_NOTHING = 0.5, 0.2


class Shares(NamedTuple):
    """How much a match counts by another word than the one that was asked for, by the list that says so."""

    synonym: float
    everyday: float
    near: float


# For a word that texts have, and for one that none has: then the others are all there is.
KNOWN, UNKNOWN = Shares(0.65, 0.4, 0.6), Shares(0.9, 0.7, 0.9)


def read_related(text: str) -> dict[str, str]:
    """Stem → the rest of its line, from lines `stem other:53 other:50`; lines that begin with # are comments."""
    lines = (line.partition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {known: others for known, _, others in lines}


RELATED = read_related((HERE / "related.txt").read_text(encoding="ascii"))


@lru_cache(maxsize=4096)
def related(term: str) -> tuple[tuple[str, float], ...]:
    """(stem, nearness from 0 to 1) of what is near a stem in meaning, nearest first."""
    pairs = (pair.partition(":") for pair in RELATED.get(term, "").split())
    return tuple((other, int(hundredths) / 100) for other, _, hundredths in pairs)


def is_english(term: str) -> bool:
    """Whether it is the stem of a common English word, so that it is hardly a misspelling of another."""
    return term in RELATED


def lists_of(term: str, synonyms: Synonyms, shares: Shares, language: Language = ENGLISH) -> Iterator[Iterator[tuple[str, float]]]:
    """The three lists one after the other, each as (term that may stand for this one, how much that counts).

    In other languages than English the one of editors alone, whose words may be of any language.
    """
    yield ((other, shares.synonym) for other in synonyms.others.get(term, ()))
    if not language.is_english:
        return
    yield ((other, shares.everyday) for other in EVERYDAY.others.get(term, ()))
    scale = shares.near / (1.0 - NEAR_NOTHING)
    yield ((other, scale * (near - NEAR_NOTHING)) for other, near in related(term) if near >= NEAR_FROM)
