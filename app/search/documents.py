"""What goes into the index and what comes out of it. Pure."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import NamedTuple, overload

from app.search import ranking
from app.search.analysis import words
from app.search.highlight import Highlighter
from app.search.languages import ENGLISH_LOCALE, language

GAP = "\x1f"


@dataclass(frozen=True)
class Document:
    """A text to be found. `body` is plain text; `stamp` changes whenever the text has to be indexed again."""

    kind: str
    id: int
    title: str
    body: str
    tags: tuple[str, ...]
    category: str
    audience: str
    popularity: int
    stamp: str
    # The language that it is read in. Texts of one audience are all of one language.
    locale: str = ENGLISH_LOCALE

    @property
    def key(self) -> str:
        """Its name in the index."""
        return f"{self.kind}:{self.id}"

    def words(self) -> set[str]:
        """Its vocabulary."""
        return words(f"{self.title} {self.body} {' '.join(self.tags)}", language(self.locale))


@dataclass(slots=True)
class Entry:
    """What ranking knows of a text without reading it. There is one for every text in every process, so it is small."""

    kind: str
    id: int
    audience: str
    category: str
    popularity: int
    stamp: str
    # How many terms title, tags and body have.
    lengths: tuple[int, int, int] = (0, 0, 0)
    title: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The document's key."""
        return f"{self.kind}:{self.id}"

    def packed(self) -> str:
        """As the index keeps it."""
        numbers = [self.id, self.popularity, *self.lengths]
        return GAP.join([self.kind, self.audience, self.category, self.stamp, " ".join(map(str, numbers)), " ".join(self.title)])

    @classmethod
    def unpacked(cls, text: str) -> "Entry":
        """From what the index keeps."""
        kind, audience, category, stamp, numbers, title = text.split(GAP)
        id_, popularity, *lengths = map(int, numbers.split(" "))
        terms = tuple(map(intern, title.split(" "))) if title else ()
        return cls(
            intern(kind), id_, intern(audience), intern(category), popularity, intern(stamp), (lengths[0], lengths[1], lengths[2]), terms
        )


@dataclass(frozen=True)
class Query:
    """What somebody asks, and which audiences, kinds and category they may or wish to see.

    The texts of these audiences are in the language of `locale`. Who asks in two languages asks twice; `beside` are the
    other audiences and their language: what is known there is not guessed at here.
    """

    text: str
    audiences: frozenset[str]
    category: str | None = None
    kinds: frozenset[str] | None = None
    locale: str = ENGLISH_LOCALE
    beside: tuple[frozenset[str], str] | None = None


class Hit(NamedTuple):
    """One answer: which text, how relevant (0 to 1), its number in the generation, and how near it is in meaning (a cosine).

    The latter is None where meaning does not count.
    """

    kind: str
    id: int
    relevance: float
    number: int
    nearness: float | None = None


class Hits(Sequence[Hit]):
    """Answers in order, each made when it is looked at: a page shows ten of two hundred, and hundreds of answers are kept."""

    def __init__(self, ranked: Sequence[tuple[float, int]], entries: Sequence[Entry], near: Mapping[int, float]) -> None:
        self.scores = array("d", [score for score, _ in ranked])
        self.numbers = array("I", [number for _, number in ranked])
        self.entries = entries
        self.near = {number: near[number] for number in self.numbers if number in near} if near else {}

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, at: int | slice) -> Hit | tuple[Hit, ...]:
        if isinstance(at, slice):
            return tuple([self[place] for place in range(*at.indices(len(self)))])
        number = self.numbers[at]
        entry = self.entries[number]
        return Hit(entry.kind, entry.id, ranking.relevance(self.scores[at]), number, self.near.get(number))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True)
class Answer:
    """What was found, best first. `categories` counts the answers of each category before one was chosen."""

    hits: Hits
    categories: dict[str, int]
    # The question with its misspelt words mended.
    did_you_mean: str | None
    highlighter: Highlighter
    # Nothing in the question says what it is about: only stop words, or nothing at all.
    is_empty: bool
    generation: int = 0
    # Snippets that were cut and marked for this answer: the answer is kept, so they are, too.
    shown: dict[int, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def total(self) -> int:
        """How many answers there are."""
        return len(self.hits)
