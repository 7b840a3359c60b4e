"""What a word that nobody wrote was meant to be: SymSpell's symmetric deletes over the vocabulary, and half-typed words."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from threading import Lock

from symspellpy import SymSpell, Verbosity

from app.search.analysis import everyday
from app.search.languages import ENGLISH, Language
from app.search.stemming import EXCEPTIONS

# One edit from four letters, two from eight.
ONE_EDIT, TWO_EDITS = 4, 8
# Deletes of longer beginnings take six times the memory and find the same words.
PREFIX = 5
# What is more in a compound than the word that it begins or ends with.
SHORTEST_PART = 3
CANDIDATES = 6
SCANNED = 600
# Stems that do not begin as all of their words do.
UNLIKE = frozenset(EXCEPTIONS.values())


class Spelling:
    """A vocabulary that can be asked what was meant. Built by `prepare` or on the first question; words can join later, none leave.

    Words are looked up by their keys, as they may be typed without accents, and come back as they are written.
    Memory: about 0.4 kB a word once asked. Threads must take turns.
    """

    def __init__(self, vocabulary: Iterable[str] = (), language: Language = ENGLISH) -> None:
        self.language = language
        # Words that people use although no text may have them: they must not be taken for misspelt ones.
        known = {*vocabulary, *language.words, *everyday(language).words}
        # Key → the words that may be typed so. In English a word is its own key.
        self.accented: dict[str, list[str]] = {}
        for word in () if language.is_english else sorted(known, key=lambda word: (word.isascii(), word)):
            for key in language.keys(word):
                self.accented.setdefault(key, []).append(word)
        self.sorted: Sequence[str] = sorted(known if language.is_english else self.accented)
        # The keys from end to beginning, for languages that ask how words end.
        self.backwards: Sequence[str] = ()
        self.symspell: SymSpell | None = None
        # The words that are in it; some more may be that the vocabulary had before.
        self.learnt: Sequence[str] = ()
        self.is_ready = False

    def renewed(self, vocabulary: Iterable[str]) -> "Spelling":
        """The same for another vocabulary; what was built is kept, and only new words are added to it."""
        other = Spelling(vocabulary, self.language)
        other.symspell, other.learnt = self.symspell, self.learnt
        return other

    def prepare(self, turn: Lock) -> None:
        """Build it before anybody needs it. Those who ask meanwhile wait for no more than their turn. Again is harmless."""
        if self.symspell is None:
            built = self.learn(SymSpell(max_dictionary_edit_distance=2, prefix_length=PREFIX), self.sorted)
            with turn:
                if self.symspell is None:
                    self.learnt, self.symspell, self.is_ready = self.sorted, built, True

    def ready(self) -> SymSpell:
        """The deletes of every word that is long enough to be misspelt."""
        built = self.symspell or SymSpell(max_dictionary_edit_distance=2, prefix_length=PREFIX)
        if not self.is_ready:
            learnt = set(self.learnt)
            self.learn(built, (word for word in self.sorted if word not in learnt))
            self.learnt, self.symspell, self.is_ready = self.sorted, built, True
        return built

    def learn(self, built: SymSpell, words: Iterable[str]) -> SymSpell:
        """Add words and their stems to it."""
        for word in words:
            if len(word) >= ONE_EDIT - 1 and word.isalpha():
                built.create_dictionary_entry(word, 1)
                built.create_dictionary_entry(self.stem(word), 1)
        return built

    def written(self, word: str) -> Sequence[str]:
        """What else a word may be that is typed so: the words of the vocabulary with such keys. None in English, where keys are words."""
        if self.language.is_english:
            return ()
        known = (form for key in self.language.keys(word) for form in self.accented.get(key, ()))
        return list(dict.fromkeys((*known, self.language.contracted(word))))

    def first(self, key: str) -> str:
        """A word of the vocabulary as it is written, by its key."""
        return self.accented[key][0] if key in self.accented else key

    def key(self, word: str) -> str:
        """What a word is looked up by."""
        return self.language.keys(word)[0]

    def stem(self, key: str) -> str:
        """The stem of a word of the vocabulary."""
        return self.language.stem(self.first(key))

    def knows(self, word: str) -> bool:
        """Whether somebody wrote it."""
        word = self.key(word)
        at = bisect_left(self.sorted, word)
        return at < len(self.sorted) and self.sorted[at] == word

    def may_have(self, term: str) -> bool:
        """Whether a word of the vocabulary can have the stem. A look, no proof: a few stems do not begin as their words do."""
        if term in UNLIKE or not self.language.is_english:
            return True
        if self.has_beginning(term[:-1] if term[-1:] in "ie" else term):
            return True
        # "Possibility" has the stem of "possible".
        return term.endswith("bl") and self.has_beginning(f"{term[:-1]}ilit")

    def has_beginning(self, letters: str) -> bool:
        """Whether a word of the vocabulary begins so."""
        at = bisect_left(self.sorted, letters)
        return at < len(self.sorted) and self.sorted[at].startswith(letters)

    def meant_by(self, word: str) -> list[tuple[str, int]]:
        """(word of the vocabulary, edits) within reach of a misspelt word, nearest first; a transposition is one edit.

        Where no word is near, another form of one may be: then it is found by its stem.
        """
        stem = self.language.stem(word)
        return self.near(self.key(word), allowed_edits(word)) or self.near(stem, min(1, allowed_edits(stem)))

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
        return [(self.first(whole), edits) for whole, edits in likely[:CANDIDATES]]

    def whole(self, form: str) -> str | None:
        """A word of the vocabulary as it is, the shortest with that stem for a stem, None for neither."""
        if self.knows(form):
            return form
        return next((word for word in self.keys_from(form, 20) if self.stem(word) == form), None)

    def starting(self, prefix: str, limit: int) -> list[str]:
        """Words that begin with what was typed so far, without the whole word itself; shortest first."""
        return [self.first(key) for key in self.keys_from(self.key(prefix), limit)]

    def keys_from(self, prefix: str, limit: int) -> list[str]:
        """The same, as keys."""
        within = beginning(self.sorted, prefix)
        return sorted((word for word in within if word != prefix and word.isalnum()), key=lambda word: (len(word), word))[:limit]

    def compounds(self, word: str, limit: int) -> list[str]:
        """Words that are longer and begin or end with one, for languages that write two words as one; shortest first."""
        part = self.key(word)
        self.backwards = self.backwards or sorted(key[::-1] for key in self.sorted)
        found = {*beginning(self.sorted, part), *(key[::-1] for key in beginning(self.backwards, part[::-1]))}
        longer = (key for key in found if len(key) >= len(part) + SHORTEST_PART and key.isalpha())
        return [self.first(key) for key in sorted(longer, key=lambda key: (len(key), key))[:limit]]

    def starting_nearly(self, prefix: str, limit: int) -> list[str]:
        """Words whose beginning is one edit from what was typed, for a misspelt word that is not finished yet."""
        prefix = self.key(prefix)
        if len(prefix) < ONE_EDIT:
            return []
        found = [word for word in beginning(self.sorted, prefix[:2]) if len(word) > len(prefix) and begins_like(word, prefix)]
        return [self.first(key) for key in sorted(found, key=lambda word: (len(word), word))[:limit]]


def beginning(words: Sequence[str], prefix: str) -> Sequence[str]:
    """Those of sorted words that begin so, the first SCANNED of them."""
    at = bisect_left(words, prefix)
    end = bisect_left(words, prefix + "\U0010ffff", at)
    return words[at : min(end, at + SCANNED)]


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
