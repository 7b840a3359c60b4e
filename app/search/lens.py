"""The index as one kind of viewer sees it: what they may not read does not exist, not even for spelling and rarity. Pure."""

from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import nsmallest
from statistics import median
from typing import cast

from app.search import ranking
from app.search.analysis import tokens
from app.search.documents import Answer, Entry, Hits
from app.search.highlight import Highlighter
from app.search.languages import fold
from app.search.query import NOTHING_BESIDE, START, Beside, Group, Plan, plan
from app.search.ranking import Postings, Wanted
from app.search.spelling import Spelling
from app.search.synonyms import JOIN, Synonyms

Occurrences = Callable[[str, str], Iterator[tuple[int, float]]]
# From a question, the numbers of the texts that words have found, and which are wanted at all, to how near each of these is to
# it in meaning, by its number.
Near = Callable[[str, Iterable[int], Callable[[int], bool]], dict[int, float]]
# Postings that are kept decoded: eight bytes each, so 2.4 MB at most.
POSTINGS_KEPT = 300_000
NOTHING = Postings(array("I"), array("f"))
# A word that no text has counts as a rare one, but is not the whole question.
UNKNOWN_SHARE = 0.6
MOST_HITS = 200
# What is shown to a question of which nobody wrote a word.
GUESSES = 10


class Lens:
    """Answers for one set of audiences over one generation. Threads must take turns."""

    def __init__(
        self,
        entries: Sequence[Entry | None],
        audiences: frozenset[str],
        spelling: Spelling,
        synonyms: Synonyms,
        occurrences: Occurrences,
        generation: int,
        near: Near | None = None,
    ) -> None:
        self.generation = generation
        self.near = near
        # Only those that the mask lets through are looked at, and these are there.
        self.visible = cast(Sequence[Entry], entries)
        self.spelling = spelling
        self.language = spelling.language
        self.synonyms = synonyms
        self.occurrences = occurrences
        visible = [(number, entry) for number, entry in enumerate(entries) if entry is not None and entry.audience in audiences]
        self.mask = bytearray(len(entries))
        for number, _ in visible:
            self.mask[number] = 1
        self.total = len(visible)
        lengths = [entry.lengths for _, entry in visible]
        # The middle, not the mean: a few long articles must not make every answer look short.
        self.usual = [max(1.0, float(median(column))) for column in zip(*lengths, strict=True)] or [1.0] * len(ranking.FIELDS)
        self.categories = dict(Counter(entry.category for _, entry in visible))
        self.kept: OrderedDict[str, Postings] = OrderedDict()
        self.size = 0

    def may_have(self, term: str) -> bool:
        """Whether some text, which may be one that this viewer may not read, can have the term: a look at the vocabulary."""
        return JOIN in term or self.spelling.may_have(term)

    def has(self, term: str) -> bool:
        """Whether a text that may be read has the term."""
        return bool(self.postings(term).documents)

    def postings(self, term: str) -> Postings:
        """The texts that may be read and have the term, with their BM25F weights. Kept while there is room."""
        found = self.kept.get(term)
        if found is None:
            found = self.starting(term) if term.startswith(START) else self.weighed(term)
            self.kept[term] = found
            self.size += len(found.documents) + 20
            while self.size > POSTINGS_KEPT and len(self.kept) > 1:
                self.size -= len(self.kept.popitem(last=False)[1].documents) + 20
        else:
            self.kept.move_to_end(term)
        return found

    def weighed(self, term: str) -> Postings:
        """BM25F of one term in each text."""
        frequencies: dict[int, float] = {}
        mask, entries = self.mask, self.visible
        for i, (name, (weight, b)) in enumerate(ranking.FIELDS.items()):
            usual = self.usual[i]
            for number, count in self.occurrences(name, term):
                if mask[number]:
                    length = entries[number].lengths[i]
                    once = weight / (1.0 - b + b * min(ranking.LONGEST, length / usual))
                    frequencies[number] = frequencies.get(number, 0.0) + count * once
        if not frequencies:
            return NOTHING
        numbers = sorted(frequencies)
        return Postings(array("I", numbers), array("f", [ranking.saturated(frequencies[number]) for number in numbers]))

    def starting(self, term: str) -> Postings:
        """The texts with a word in title or tags that begins so: all the same."""
        numbers = array("I", [number for number, _ in self.occurrences("starts", term) if self.mask[number]])
        return Postings(numbers, array("f", [1.0]) * len(numbers)) if numbers else NOTHING

    def answer(
        self,
        text: str,
        category: str | None,
        kinds: frozenset[str] | None,
        *,
        beside: Beside = NOTHING_BESIDE,
    ) -> Answer:
        """What this viewer is told: at most MOST_HITS answers, best first, of one category and some kinds if wished."""
        wanted = plan(text, self, beside)
        terms = {term for group in wanted.groups if not group.is_small for term in group.terms}
        ranked = self.ranked(wanted.groups, wanted.stems, frozenset(terms), kinds)
        # Who asks in another language, too, asks in words that the model of meaning does not read.
        near = self.nearness(text, wanted, ranked, kinds) if beside is NOTHING_BESIDE else {}
        if near:
            ranked = ranking.with_meaning(ranked, near)
        if not ranked and wanted.groups and wanted.is_worded:
            ranked, near = self.guesses(kinds), {}
        entries = self.visible
        counts = Counter([entries[number].category for _, number in ranked])
        chosen = [pair for pair in ranked if entries[pair[1]].category == category] if category else ranked
        hits = Hits(chosen[:MOST_HITS], entries, near)
        meant = wanted.meant if ranked and ranked[0][0] > 0.0 else None
        return Answer(hits, dict(counts), meant, Highlighter(terms, self.language), not wanted.groups, self.generation)

    def beside(self, text: str) -> Beside:
        """What a question has that is known here, for whoever asks it in another language, too.

        In English it is what texts have: much of any question reads like some English word misspelt. The other language is
        the reader's own, so what it can make anything of is meant so.
        """
        found = [token.word for token in tokens(text, self.language)]
        if self.language.is_english:
            known = (word for word in found if self.has(self.language.stem(word)))
        else:
            known = (group.word for group in plan(text, self).groups if group.terms)
        return Beside(self.language.stop, frozenset(map(fold, known)))

    def ranked(
        self, groups: Sequence[Group], stems: tuple[str, ...], terms: frozenset[str], kinds: frozenset[str] | None
    ) -> list[tuple[float, int]]:
        """(score, number) best first, those cut off that are no answers beside the best."""
        deciding = [self.wanted(group) for group in groups if not group.is_small]
        small = [self.wanted(group) for group in groups if group.is_small]
        ideal = ranking.ideal_of([*deciding, *small])
        scores = ranking.text_scores(deciding or small, ideal)
        if kinds is not None:
            scores = {number: score for number, score in scores.items() if self.visible[number].kind in kinds}
        first = ranking.promising(scores)
        more = small if deciding else ()
        ranked = [
            (score + (ranking.score_of(more, ideal, number) if more else 0.0) + self.bonus(number, stems, terms), number)
            for score, number in first[: ranking.LOOKED_AT]
        ]
        ranked.sort(key=lambda pair: (-pair[0], pair[1]))
        return ranking.cut(ranked + first[ranking.LOOKED_AT :])

    def nearness(self, text: str, wanted: Plan, ranked: list[tuple[float, int]], kinds: frozenset[str] | None) -> dict[int, float]:
        """How near in meaning texts are to a question put in words; nothing where it is the very title of the first answer."""
        is_title = bool(ranked) and self.visible[ranked[0][1]].title == wanted.stems
        is_about = any(group.word not in self.language.stop for group in wanted.groups)
        if self.near is None or not wanted.is_worded or not is_about or is_title:
            return {}
        found = (number for _, number in ranked)
        return self.near(wanted.meant or text, found, lambda number: kinds is None or self.visible[number].kind in kinds)

    def guesses(self, kinds: frozenset[str] | None) -> list[tuple[float, int]]:
        """For a question put in words of which no text has any: what most people read, with a score of nought."""
        there = [number for number, is_seen in enumerate(self.mask) if is_seen and (kinds is None or self.visible[number].kind in kinds)]
        return [(0.0, number) for number in nsmallest(GUESSES, there, key=lambda number: (-self.visible[number].popularity, number))]

    def wanted(self, group: Group) -> Wanted:
        """A group with its postings. Its rarity is that of the word itself where somebody wrote it."""
        found = [(self.postings(term), factor) for term, factor in group.terms.items()]
        if not found:
            return Wanted((), group.importance * UNKNOWN_SHARE, ranking.rarity(0, self.total))
        having = len(found[0][0].documents) if group.is_known else sum(len(postings.documents) for postings, _ in found)
        rarity = ranking.rarity(min(having, self.total), self.total)
        return Wanted([(postings, factor * self.as_rare(postings, rarity)) for postings, factor in found], group.importance, rarity)

    def as_rare(self, postings: Postings, rarity: float) -> float:
        """What is left of a match by a term that says less than the word does: `card` found for `mastercard`."""
        return min(1.0, ranking.rarity(min(len(postings.documents), self.total), self.total) / rarity)

    def bonus(self, number: int, stems: tuple[str, ...], terms: frozenset[str]) -> float:
        """What title and popularity add."""
        entry = self.visible[number]
        return ranking.title_bonus(stems, terms, entry.title) + ranking.popularity_bonus(entry.popularity)
