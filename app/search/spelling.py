"""What a word that nobody wrote was meant to be: SymSpell's symmetric deletes over the vocabulary, and half-typed words."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from symspellpy import SymSpell, Verbosity

from app.search.analysis import EVERYDAY, STOP, WEAK_WORDS
from app.search.stemming import EXCEPTIONS, stem

# One edit from four letters, two from eight.
ONE_EDIT, TWO_EDITS = 4, 8
# Deletes of longer beginnings take six times the memory and find the same words.
PREFIX = 5
CANDIDATES = 6
SCANNED = 600
# Words that people use although no text may have them: they must not be taken for misspelt ones.
COMMON = STOP | WEAK_WORDS | EVERYDAY.words
# Stems that do not begin as all of their words do.
UNLIKE = frozenset(EXCEPTIONS.values())


class Spelling:
    """A vocabulary that can be asked what was meant. Built on the first question; words can join later, none leave.

    Memory: about 0.4 kB a word once asked. Threads must take turns.
    """

    def __init__(self, vocabulary: Iterable[str] = ()) -> None:
        self.sorted: Sequence[str] = sorted({*vocabulary, *COMMON})
        self.symspell: SymSpell | None = None
        self.learnt: frozenset[str] = frozenset()
        self.is_ready = False

    def renewed(self, vocabulary: Iterable[str]) -> "Spelling":
        """The same for another vocabulary; what was built is kept, and only new words are added to it."""
        other = Spelling(vocabulary)
        other.symspell, other.learnt = self.symspell, self.learnt
        return other

    def ready(self) -> SymSpell:
        """The deletes of every word that is long enough to be misspelt."""
        built = self.symspell or SymSpell(max_dictionary_edit_distance=2, prefix_length=PREFIX)
        if not self.is_ready:
            fresh = [word for word in self.sorted if word not in self.learnt]
            for word in fresh:
                if len(word) >= ONE_EDIT - 1 and word.isalpha():
                    built.create_dictionary_entry(word, 1)
                    built.create_dictionary_entry(stem(word), 1)
            self.learnt, self.symspell, self.is_ready = self.learnt.union(fresh), built, True
        return built

    def knows(self, word: str) -> bool:
        """Whether somebody wrote it."""
        at = bisect_left(self.sorted, word)
        return at < len(self.sorted) and self.sorted[at] == word

    def may_have(self, term: str) -> bool:
        """Whether a word of the vocabulary can have the stem. A look, no proof: a few stems do not begin as their words do."""
        if term in UNLIKE:
            return True
        beginning = term[:-1] if term[-1:] in "ie" else term
        at = bisect_left(self.sorted, beginning)
        return at < len(self.sorted) and self.sorted[at].startswith(beginning)

    def meant_by(self, word: str) -> list[tuple[str, int]]:
        """(word of the vocabulary, edits) within reach of a misspelt word, nearest first; a transposition is one edit.

        Where no word is near, another form of one may be: then it is found by its stem.
        """
        return self.near(word, allowed_edits(word)) or self.near(stem(word), min(1, allowed_edits(stem(word))))

    def near(self, word: str, reach: int) -> list[tuple[str, int]]:
        """The nearest words and forms of words of the vocabulary."""
        if not reach:
            return []
        found = self.ready().lookup(word, Verbosity.ALL, reach)
        nearest: dict[str, int] = {}
        for item in found:
            whole = self.whole(item.term) if item.term != word else None
            if whole is not None:
                nearest[whole] = min(item.distance, nearest.get(whole, item.distance))
        likely = list(nearest.items())
        likely.sort(key=lambda pair: (pair[1], pair[0][:1] != word[:1], pair[0][-1:] != word[-1:], abs(len(pair[0]) - len(word))))
        return likely[:CANDIDATES]

    def whole(self, form: str) -> str | None:
        """A word of the vocabulary as it is, the shortest with that stem for a stem, None for neither."""
        if self.knows(form):
            return form
        return next((word for word in self.starting(form, 20) if stem(word) == form), None)

    def starting(self, prefix: str, limit: int) -> list[str]:
        """Words that begin with what was typed so far, without the whole word itself; shortest first."""
        at = bisect_left(self.sorted, prefix)
        end = bisect_left(self.sorted, prefix + "\U0010ffff", at)
        within = self.sorted[at : min(end, at + SCANNED)]
        return sorted((word for word in within if word != prefix and word.isalnum()), key=lambda word: (len(word), word))[:limit]

    def starting_nearly(self, prefix: str, limit: int) -> list[str]:
        """Words whose beginning is one edit from what was typed, for a misspelt word that is not finished yet."""
        if len(prefix) < ONE_EDIT:
            return []
        at = bisect_left(self.sorted, prefix[:2])
        end = min(bisect_left(self.sorted, prefix[:2] + "\U0010ffff", at), at + SCANNED)
        found = [word for word in self.sorted[at:end] if len(word) > len(prefix) and begins_like(word, prefix)]
        return sorted(found, key=lambda word: (len(word), word))[:limit]


def begins_like(word: str, prefix: str) -> bool:
    """Whether some beginning of `word` is at most one edit (or one transposition) from `prefix`."""
    at = next((i for i, (a, b) in enumerate(zip(word, prefix, strict=False)) if a != b), None)
    if at is None:
        return len(word) >= len(prefix) - 1
    ways = (prefix[at + 1 :], at + 1), (prefix[at + 1 :], at), (prefix[at:], at + 1)
    if any(word.startswith(rest, start) for rest, start in ways):
        return True
    return word[at : at + 2] == prefix[at : at + 2][::-1] and word.startswith(prefix[at + 2 :], at + 2)


def allowed_edits(word: str) -> int:
    """How many edits away the meant word may be. Numbers and codes are never guessed."""
    if not word.isalpha() or len(word) < ONE_EDIT:
        return 0
    return 1 if len(word) < TWO_EDITS else 2
