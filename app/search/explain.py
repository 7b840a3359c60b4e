"""How a question is understood, and why its answers stand where they stand. For editors; searching does not need it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.search import ranking
from app.search.documents import Hit
from app.search.lens import Lens
from app.search.query import START, Group, plan
from app.search.stemming import stem
from app.search.synonyms import JOIN

FIRST = 5
SHOWN_TERMS = 12


@dataclass(frozen=True)
class Stand:
    """A term that stands for a word: how it is written, how it came there, how much it counts (0 to 1), how many texts have it."""

    term: str
    why: str
    factor: float
    texts: int


@dataclass(frozen=True)
class Meaning:
    """A word of the question: what it was taken for if it is misspelt, how much it matters beside the others (0 to 1), its terms."""

    word: str
    correction: str | None
    importance: float
    stands: tuple[Stand, ...]
    more: int = 0


@dataclass(frozen=True)
class Reason:
    """An answer with its relevance (0 to 1) and what of it came from which word; `rest` is what its title and its readers add.

    `near` is what its nearness in meaning adds, None where meaning does not count.
    """

    hit: Hit
    parts: tuple[tuple[str, float], ...]
    rest: float
    near: float | None = None


@dataclass(frozen=True)
class Explanation:
    """The question as it was read, the first answers with their reasons, and how many there are."""

    meanings: tuple[Meaning, ...]
    meant: str | None
    reasons: tuple[Reason, ...]
    total: int


def explained(lens: Lens, text: str) -> Explanation:
    """What one viewer is told about a question, with reasons."""
    groups = plan(text, lens).groups
    answer = lens.answer(text, None, None)
    shares = shares_of(lens, groups)
    meanings = tuple(meaning(group, shares[i], lens) for i, group in enumerate(groups))
    weights = [ranking.best_of(lens.wanted(group).postings) for group in groups]
    reasons = []
    for hit in answer.hits[:FIRST]:
        near = None if hit.nearness is None else round(ranking.meaning(hit.nearness) * ranking.FULL, 3)
        full = ranking.FULL if near is None else ranking.FULL * ranking.BY_WORDS
        # A text that its meaning alone brought in has too little of the words to be an answer by them, and nothing of it counted.
        counted = range(len(groups)) if near is None or hit.relevance > near else ()
        found = [(groups[i].word, shares[i] * weights[i].get(hit.number, 0.0) * full) for i in counted]
        parts = tuple((word, round(points, 3)) for word, points in found if points >= 0.0005)
        rest = hit.relevance - sum(points for _, points in parts) - (near or 0.0)
        reasons.append(Reason(hit, parts, round(max(0.0, rest), 3), near))
    return Explanation(meanings, answer.did_you_mean, tuple(reasons), answer.total)


def shares_of(lens: Lens, groups: tuple[Group, ...]) -> list[float]:
    """How much of the whole each word is: its importance and its rarity. They add up to 1."""
    wanted = [lens.wanted(group) for group in groups]
    ideal = sum(word.importance * word.rarity for word in wanted)
    return [word.importance * word.rarity / ideal if ideal else 0.0 for word in wanted]


def meaning(group: Group, share: float, lens: Lens) -> Meaning:
    """A word with its terms, those that count most first."""
    stands = sorted(stands_of(group, lens), key=lambda stand: -stand.factor)
    return Meaning(group.word, group.correction, round(share, 3), tuple(stands[:SHOWN_TERMS]), max(0, len(stands) - SHOWN_TERMS))


def stands_of(group: Group, lens: Lens) -> Iterator[Stand]:
    """The terms of a word, and how each came there."""
    own = stem(group.word)
    synonyms = {*lens.synonyms.others.get(own, ()), *lens.synonyms.others.get(stem(group.correction or group.word), ())}
    for term, factor in group.terms.items():
        if term.startswith(START):
            written, why = f"{term[1:]}…", "titles with a word that begins so"
        else:
            written = term.replace(JOIN, " ")
            why = reason_of(term, own, group, synonyms)
        yield Stand(written, why, round(factor, 2), len(lens.postings(term).documents))


def reason_of(term: str, own: str, group: Group, synonyms: set[str]) -> str:
    """How a term came to stand for a word."""
    if term == own:
        return "the word itself" if own == group.word else "its stem"
    if term in synonyms:
        return "vocabulary"
    if JOIN in term:
        return "phrase"
    if group.correction and term == stem(group.correction):
        return "corrected"
    return "another form, or near it"
