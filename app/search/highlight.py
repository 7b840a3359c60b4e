"""Where a text matches, as offsets, and the piece of it that shows why. Pure."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache

from app.search.analysis import Token, tokens, words_of
from app.search.languages import ENGLISH, Language
from app.search.query import START
from app.search.synonyms import JOIN

Span = tuple[int, int]
SNIPPET = 240
MOST_PLACES = 60


def forms_of(token: Token, language: Language) -> tuple[tuple[str, ...], frozenset[str]]:
    """How a word that can be marked may begin, and its stems: not its parts, which are marked by themselves, and no stop words."""
    forms = tuple(form for form in words_of(token) if form not in language.stop and form not in token.parts)
    return tuple(key for form in forms for key in language.keys(form)), frozenset(language.stem(form) for form in forms)


@lru_cache(maxsize=16384)
def read(raw: str, language: Language) -> tuple[tuple[Token, tuple[str, ...], frozenset[str]], ...]:
    """The words of a chunk with their forms and stems. Texts are made of the same chunks, whatever is asked."""
    return tuple((token, *forms_of(token, language)) for token in tokens(raw, language))


class Highlighter:
    """Marks what stands for a question in any text of a language. `terms` are those of a plan: stems, phrases, beginnings."""

    def __init__(self, terms: Iterable[str] = (), language: Language = ENGLISH) -> None:
        self.language = language
        terms = frozenset(terms)
        self.starts = tuple(term[1:] for term in terms if term.startswith(START))
        self.phrases = [tuple(term.split(JOIN)) for term in terms if JOIN in term]
        self.stems = frozenset(term for term in terms if JOIN not in term and not term.startswith(START))
        self.known: dict[str, bool] = {}
        self.chunks: dict[str, tuple[Span, ...]] = {}
        # Titles with their marks, kept by who shows them.
        self.titles: dict[str, str] = {}

    def spans(self, text: str) -> list[Span]:
        """(start, end) of each matching word, in order, apart from each other."""
        if not any(phrase[0][:3] in self.language.flat(text).lower() for phrase in self.phrases):
            marks: list[Span] = []
            for match in self.language.chunk.finditer(text):
                inside = self.chunks.get(match[0])
                for start, end in self.spans_in(match[0]) if inside is None else inside:
                    marks.append((match.start() + start, match.start() + end))
            return marks
        found = list(tokens(text, self.language))
        hits = {i for i, token in enumerate(found) if self.matches(token)}
        inner = [span for i, token in enumerate(found) if token.parts and i not in hits for span in self.inside(token, text)]
        if self.phrases:
            stems = [self.language.stem(token.word) for token in found]
            for phrase in self.phrases:
                starts = (i for i, first in enumerate(stems) if first == phrase[0])
                hits.update(j for i in starts if tuple(stems[i : i + len(phrase)]) == phrase for j in range(i, i + len(phrase)))
        return apart(sorted(inner + [(found[i].start, found[i].end) for i in hits]))

    def spans_in(self, raw: str) -> tuple[Span, ...]:
        """What matches of one chunk of a text, as offsets within it. Most chunks come again and again, so this is kept."""
        spans: list[Span] = []
        for token, forms, stems in read(raw, self.language):
            if not self.stems.isdisjoint(stems) or any(form.startswith(self.starts) for form in forms):
                spans.append((token.start, token.end))
            elif token.parts:
                spans += self.inside(token, raw)
        kept = self.chunks[raw] = tuple(apart(spans)) if spans else ()
        return kept

    def inside(self, token: Token, text: str) -> Iterator[Span]:
        """The parts of a compound that match where the whole does not: `timeout` in `consensus.timeout_seconds`."""
        at = token.start
        for part in token.parts:
            begin = text.lower().find(part, at, token.end) if len(text.lower()) == len(text) else -1
            if begin < 0:
                continue
            at = begin + len(part)
            if self.matches(Token(part, begin, at)):
                yield begin, at

    def matches(self, token: Token) -> bool:
        """Whether a word stands for one of the question."""
        known = self.known.get(token.word)
        if known is None:
            forms, stems = forms_of(token, self.language)
            known = not self.stems.isdisjoint(stems) or any(form.startswith(self.starts) for form in forms)
            self.known[token.word] = known
        return known

    @cached_property
    def places(self) -> re.Pattern[str] | None:
        """What finds the likely places of a long text fast; None when there is nothing to find."""
        beginnings = {term if len(term) <= 3 else term[:-1] for term in self.stems} | set(self.starts)
        beginnings |= {phrase[0] for phrase in self.phrases}
        if not beginnings:
            return None
        return re.compile("(?<![^\\W_])(?:" + "|".join(re.escape(word) for word in sorted(beginnings)) + ")", re.IGNORECASE)

    def snippet(self, text: str, length: int = SNIPPET) -> tuple[str, list[Span]]:
        """(piece of the text where it matches most, spans in that piece). An ellipsis stands where it was cut."""
        begin = self.best_place(text, length)
        end = len(text) if begin + length >= len(text) else edge(text, begin + length)
        begin = 0 if begin == 0 else edge(text, begin)
        piece = ("… " if begin else "") + text[begin:end].strip() + (" …" if end < len(text) else "")
        return piece, self.spans(piece)

    def best_place(self, text: str, length: int) -> int:
        """Where a piece of `length` begins that has the most different words of the question; 0 when it all fits."""
        if len(text) <= length or self.places is None:
            return 0
        found = [(match.start(), match[0].lower()) for match in self.places.finditer(self.language.flat(text))][:MOST_PLACES]
        best, place = 0, 0
        for i, (at, _) in enumerate(found):
            different = len({word for start, word in found[i:] if start < at + length - 40})
            if different > best:
                best, place = different, at
        return max(0, min(place - 40, len(text) - length))


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
