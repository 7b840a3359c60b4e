"""Where a text matches, as offsets, and the piece of it that shows why. Pure."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

from app.search.analysis import MAX_WORD, Token, tokens, words_of
from app.search.languages import ENGLISH, Language
from app.search.query import START
from app.search.synonyms import JOIN

Span = tuple[int, int]
SNIPPET = 240
MOST_PLACES = 60
# What stands between spaces: words with what is written to them. No word of a text is in two of them.
PIECE = re.compile(r"\S+")
# A piece that is one word of plain letters or figures, with signs beside it that join no words: as most are.
PLAIN = re.compile(r"[^\w-]*([A-Z]?[a-z0-9]+|[A-Z]+)[^\w+#]*")
# Longer ones are no words that come again.
LONGEST_KEPT = 60
# Pieces of which it is known whether they are a single word: 150 bytes each.
MOST_PIECES = 32_768


class Word(NamedTuple):
    """A word of a piece, or a part of one: where it is, its term, the stems that it can be found by, how it may begin, its parts."""

    start: int
    end: int
    term: str
    stems: tuple[str, ...]
    beginnings: tuple[str, ...]
    parts: tuple["Word", ...] = ()


def read(raw: str, language: Language) -> tuple[Word, ...]:
    """The words of a piece, whatever is asked. Texts are made of the same pieces again and again."""
    return read_once(raw, language) if len(raw) <= LONGEST_KEPT else read_once.__wrapped__(raw, language)


@lru_cache(maxsize=16384)
def read_once(raw: str, language: Language) -> tuple[Word, ...]:
    """The same for one that is kept."""
    if plain := plain_word(raw):
        return (word_of(plain, (), language),)
    return tuple(word_of(token, parts_of(token, raw, language), language) for token in tokens(raw, language))


def plain_word(raw: str) -> Token | None:
    """The only word of a plain piece, as `tokens` reads it in each language; None where one has to look closer."""
    found = PLAIN.fullmatch(raw)
    return Token(found[1].lower()[:MAX_WORD], *found.span(1)) if found else None


def word_of(token: Token, parts: tuple[Word, ...], language: Language) -> Word:
    """A word as it can be marked: not by its parts, which are marked by themselves, and no stop words."""
    forms = [form for form in words_of(token) if form not in language.stop and form not in token.parts]
    stems, beginnings = dict.fromkeys(map(language.stem, forms)), (key for form in forms for key in language.keys(form))
    return Word(token.start, token.end, language.stem(token.word), tuple(stems), tuple(beginnings), parts)


def parts_of(token: Token, raw: str, language: Language) -> tuple[Word, ...]:
    """The parts of a compound, to be marked where the whole does not match: `timeout` in `consensus.timeout_seconds`."""
    written = raw.lower()
    if len(written) != len(raw):
        return ()
    found = []
    at = token.start
    for part in token.parts:
        begin = written.find(part, at, token.end)
        if begin >= 0:
            at = begin + len(part)
            found.append(word_of(Token(part, begin, at), (), language))
    return tuple(found)


class Singles(dict[str, str | None]):
    """Piece → the stem of the only word in it, nothing for one that is never marked, None for one that has to be read.

    Most pieces are single words. That they match nothing is seen by their stems alone, many at a time.
    """

    def __init__(self, language: Language) -> None:
        self.language = language

    def __missing__(self, raw: str) -> str | None:
        if len(self) >= MOST_PIECES:
            self.clear()
        if plain := plain_word(raw):
            self[raw] = "" if plain.word in self.language.stop else self.language.stem(plain.word)
        else:
            self[raw] = self.looked_up(raw)
        return self[raw]

    def looked_up(self, raw: str) -> str | None:
        """The same for a piece that has to be read, as it will be for its marks if it is not a single word."""
        words = read(raw, self.language)
        is_single = all(not word.parts and len(word.stems) < 2 and is_written(word, raw) for word in words)
        stems = [stem for word in words for stem in word.stems]
        return (stems[0] if stems else "") if is_single and len(stems) < 2 else None


def is_written(word: Word, raw: str) -> bool:
    """Whether a word stands in a piece as it may be typed: without accents, and nothing left out."""
    return all(beginning in raw.lower() for beginning in word.beginnings)


singles = cache(Singles)


class Highlighter:
    """Marks what stands for a question in any text of a language. `terms` are those of a plan: stems, phrases, beginnings."""

    def __init__(self, terms: Iterable[str] = (), language: Language = ENGLISH) -> None:
        self.language = language
        terms = frozenset(terms)
        self.starts = tuple(term[1:] for term in terms if term.startswith(START))
        self.phrases = [tuple(term.split(JOIN)) for term in terms if JOIN in term]
        self.stems = frozenset(term for term in terms if JOIN not in term and not term.startswith(START))
        self.singles = singles(language)
        self.looked_at = self.stems | {None}
        self.pieces: dict[str, tuple[Span, ...]] = {}
        # Titles with their marks, kept by who shows them.
        self.titles: dict[str, str] = {}

    def spans(self, text: str) -> list[Span]:
        """(start, end) of each matching word, in order, apart from each other."""
        marks: list[Span] = []
        found = self.candidates(text)
        pieces = list(PIECE.finditer(text)) if found else []
        for place in found:
            at = pieces[place].start()
            marks += [(at + start, at + end) for start, end in self.spans_in(pieces[place][0])]
        if self.phrases and self.may_have_phrase(text):
            return apart(sorted([*marks, *self.in_phrases(text)]))
        return marks

    def candidates(self, text: str) -> list[int]:
        """Which pieces of a text may match, by their numbers in order: those with a stem or a beginning that does, or not only one."""
        looked_at, stems = self.looked_at, map(self.singles.__getitem__, text.split())
        found = [place for place, stem in enumerate(stems) if stem in looked_at]
        written = text.lower() if self.starts else ""
        for start in self.starts:
            if start in written:
                found += [place for place, raw in enumerate(written.split()) if start in raw]
        return sorted(set(found)) if self.starts else found

    def spans_in(self, raw: str) -> tuple[Span, ...]:
        """What matches of one piece of a text, as offsets within it. Most come again, so this is kept."""
        kept = self.pieces.get(raw)
        if kept is None:
            kept = self.pieces[raw] = tuple(apart([span for word in read(raw, self.language) for span in self.marks_of(word)]))
        return kept

    def marks_of(self, word: Word) -> list[Span]:
        """A word that stands for one of the question; or the parts of a compound that do."""
        if self.matches(word):
            return [(word.start, word.end)]
        return [(part.start, part.end) for part in word.parts if self.matches(part)]

    def matches(self, word: Word) -> bool:
        """Whether it stands for a word of the question."""
        for stem in word.stems:
            if stem in self.stems:
                return True
        return any(beginning.startswith(self.starts) for beginning in word.beginnings) if self.starts else False

    def may_have_phrase(self, text: str) -> bool:
        """Whether a phrase may begin in a text: a look for the letters that one begins with."""
        written = self.language.flat(text).lower()
        return any(phrase[0][:3] in written for phrase in self.phrases)

    def in_phrases(self, text: str) -> Iterator[Span]:
        """(start, end) of each word of each phrase."""
        found = [(match.start(), word) for match in PIECE.finditer(text) for word in read(match[0], self.language)]
        terms = [word.term for _, word in found]
        for phrase in self.phrases:
            for i, first in enumerate(terms):
                if first == phrase[0] and tuple(terms[i : i + len(phrase)]) == phrase:
                    yield from ((at + word.start, at + word.end) for at, word in found[i : i + len(phrase)])

    @cached_property
    def beginnings(self) -> list[str]:
        """How the words begin that a long text is looked through for."""
        words = {term if len(term) <= 3 else term[:-1] for term in self.stems} | set(self.starts)
        return sorted(words | {phrase[0] for phrase in self.phrases})

    def snippet(self, text: str, length: int = SNIPPET) -> tuple[str, list[Span]]:
        """(piece of the text where it matches most, spans in that piece). An ellipsis stands where it was cut."""
        begin = self.best_place(text, length)
        end = len(text) if begin + length >= len(text) else edge(text, begin + length)
        begin = 0 if begin == 0 else edge(text, begin)
        piece = ("… " if begin else "") + text[begin:end].strip() + (" …" if end < len(text) else "")
        return piece, self.spans(piece)

    def best_place(self, text: str, length: int) -> int:
        """Where a piece of `length` begins that has the most different words of the question; 0 when it all fits."""
        if len(text) <= length or not self.beginnings:
            return 0
        found = self.places(text)
        most = len({word for _, word in found})
        best, place = 0, 0
        for i, (at, _) in enumerate(found):
            different = len({word for start, word in found[i:] if start < at + length - 40})
            if different > best:
                best, place = different, at
                if best == most:
                    break
        return max(0, min(place - 40, len(text) - length))

    def places(self, text: str) -> list[tuple[int, str]]:
        """(where, beginning) of the first words of a text that begin so, in order; of several beginnings the shortest."""
        flat = self.language.flat(text)
        # A few letters are two in lower case.
        written = lower if len(lower := flat.lower()) == len(flat) else flat
        found: dict[int, str] = {}
        for word in self.beginnings:
            at = written.find(word)
            while at >= 0:
                if not at or not written[at - 1].isalnum():
                    found.setdefault(at, word)
                at = written.find(word, at + 1)
        kept: list[tuple[int, str]] = []
        end = 0
        for at, word in sorted(found.items()):
            if at >= end:
                kept.append((at, word))
                end = at + len(word)
        return kept[:MOST_PLACES]


def edge(text: str, at: int, reach: int = 30) -> int:
    """The next gap between words, if there is one near."""
    gap = text.find(" ", at, at + reach)
    return gap if gap >= 0 else min(at, len(text))


def apart(spans: list[Span]) -> list[Span]:
    """Spans in order, without overlaps: pairs of ideographs that overlap are one."""
    kept: list[Span] = []
    for start, end in spans:
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        elif start < end:
            kept.append((start, end))
    return kept
