"""The vectors of the texts of an index, beside its other files: a row for each passage, and which rows are whose."""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from app.search.documents import Document, Entry

VECTORS, PIECES, WORDS, ROWS = "meaning.vectors", "meaning.pieces", "meaning.words", "meaning.rows"
FILES = (VECTORS, PIECES, WORDS, ROWS)
GAP, COMMA = "\t", ","
# Bytes of the number of a piece.
PIECE = 2
# Words of a passage beside its title, and how many passages of a text count: an article is about many things.
LENGTH, PASSAGES = 60, 10
# How many of those that are nearest as a whole, and of those that words have found, are compared word by word, and how much of
# a nearness that is: it takes longer, and decides between those that may be answers.
CLOSELY, BY_WORD = 20, 0.45


class Kept(NamedTuple):
    """What is kept of a passage: its vector, the pieces of its words (their numbers), and the vector of each."""

    vector: bytes | memoryview
    pieces: bytes | memoryview
    words: bytes | memoryview


class Span(NamedTuple):
    """Where the words of a passage are among those of all."""

    first: int
    length: int


class Model(Protocol):
    """What makes vectors of texts: another `name`, other vectors. `width` is the bytes of one."""

    name: str
    width: int

    def kept(self, text: str) -> Kept:
        """What is kept of a passage."""

    def nearness(self, question: str, vectors: bytes | memoryview, rows: Sequence[int]) -> list[float]:
        """How near a question is to the texts at some rows: cosines, -1 to 1."""

    def rarities(self, pieces: bytes | memoryview, spans: Iterable[Span]) -> Any:
        """How much each piece of a word says among some passages."""

    def closeness(self, question: str, words: bytes | memoryview, spans: Sequence[Span], rarities: Any) -> list[float]:
        """How close the words of a question come to those of some passages: -1 to 1."""


class Rows(NamedTuple):
    """Whose some vectors are: the stamp of the text, the digest of what they were made of, the first row, and their words."""

    stamp: str
    digest: str
    first: int
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Vectors:
    """Key → rows of each text, in their order; what stands in them; and the words of all."""

    rows: Mapping[str, Rows]
    vectors: bytes | memoryview = b""
    pieces: bytes | memoryview = b""
    words: bytes | memoryview = b""

    @classmethod
    def read(cls, folder: Path, model: Model) -> "Vectors":
        """Those of a generation; no rows where it has none, or those of another model. Raises OSError."""
        if not (folder / ROWS).exists():
            return cls({})
        name, *lines = (folder / ROWS).read_text(encoding="utf-8").split("\n")
        if name != model.name or not lines:
            return cls({})
        rows, first, word = {}, 0, 0
        for key, stamp, digest, lengths in (line.split(GAP) for line in lines):
            spans = []
            for length in map(int, lengths.split(COMMA)):
                spans.append(Span(word, length))
                word += length
            rows[key] = Rows(stamp, digest, first, tuple(spans))
            first += len(spans)
        return cls(rows, *(mapped(folder / name) for name in (VECTORS, PIECES, WORDS)))

    def of(self, rows: Rows, model: Model) -> list[Kept]:
        """What is kept of a text, passage by passage."""
        word = len(self.words) // (len(self.pieces) // PIECE)
        found = []
        for row, (first, length) in enumerate(rows.spans, rows.first):
            end = first + length
            vector = self.vectors[row * model.width : (row + 1) * model.width]
            found.append(Kept(vector, self.pieces[first * PIECE : end * PIECE], self.words[first * word : end * word]))
        return found

    def places(self, entries: Sequence[Entry | None]) -> dict[int, Rows]:
        """Number of a text → its rows, for each that has some and has not changed since."""
        found = ((i, entry, self.rows.get(entry.key)) for i, entry in enumerate(entries) if entry is not None)
        return {i: rows for i, entry, rows in found if rows is not None and rows.stamp == entry.stamp}


def mapped(path: Path) -> memoryview:
    """A file as memory that all processes share, and of which no piece is copied. Raises OSError."""
    with path.open("rb") as file:
        return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))


class Near:
    """How near the texts that one viewer may read are to a question: no other is looked at."""

    def __init__(self, model: Model, vectors: Vectors, entries: Sequence[Entry | None], audiences: frozenset[str]) -> None:
        self.model, self.data = model, vectors
        self.spans: dict[int, tuple[Span, ...]] = {}
        self.numbers, self.rows = array("I"), array("I")
        for number, rows in vectors.places(entries).items():
            if is_for(entries[number], audiences):
                self.spans[number] = rows.spans
                self.numbers.extend([number] * len(rows.spans))
                self.rows.extend(range(rows.first, rows.first + len(rows.spans)))
        self.rarities = model.rarities(vectors.pieces, (span for spans in self.spans.values() for span in spans))

    def __call__(self, question: str, likely: Iterable[int], is_wanted: Callable[[int], bool]) -> dict[int, float]:
        """Number of each text that is wanted → how near it is, -1 to 1. Some of the nearest, and of the `likely` ones (best first),
        are looked at closely, and so come nearer."""
        if not self.rows:
            return {}
        whole = {number: nearness for number, nearness in self.whole(question).items() if is_wanted(number)}
        near = {number: (1.0 - BY_WORD) * nearness for number, nearness in whole.items()}
        nearest = nlargest(CLOSELY, whole, key=lambda number: (whole[number], -number))
        chosen = {*nearest, *islice(filter(whole.__contains__, likely), CLOSELY)}
        for number, closeness in self.closely(question, sorted(chosen)).items():
            near[number] += BY_WORD * closeness
        return near

    def whole(self, question: str) -> dict[int, float]:
        """Number of a text → the mean nearness of the two nearest of its passages: one alone may be near by chance."""
        best, next_best = dict.fromkeys(self.spans, -1.0), dict.fromkeys(self.spans, -1.0)
        for number, nearness in zip(self.numbers, self.model.nearness(question, self.data.vectors, self.rows), strict=True):
            if nearness > best[number]:
                best[number], next_best[number] = nearness, best[number]
            elif nearness > next_best[number]:
                next_best[number] = nearness
        return {number: (nearness + next_best[number]) / 2.0 for number, nearness in best.items()}

    def closely(self, question: str, numbers: Sequence[int]) -> dict[int, float]:
        """Number of a text → how close its words come to those of the question, in the passage where they do best."""
        spans = [(number, span) for number in numbers for span in self.spans[number]]
        best: dict[int, float] = {}
        found = self.model.closeness(question, self.data.words, [span for _, span in spans], self.rarities)
        for (number, _), closeness in zip(spans, found, strict=True):
            best[number] = max(closeness, best.get(number, -1.0))
        return best


def is_for(entry: Entry | None, audiences: frozenset[str]) -> bool:
    """Whether a text is there, and these may read it."""
    return entry is not None and entry.audience in audiences


class Made(NamedTuple):
    """What is to be kept of a text: its stamp, the digest of what its vectors were made of, and its passages."""

    stamp: str
    digest: str
    passages: list[Kept]


def made(documents: Iterable[Document], model: Model, known: Vectors, progress: Callable[[int], None]) -> dict[str, Made]:
    """Key → what is to be kept of each text. What is as it was when its vectors were made keeps them; `progress` hears how many
    are done."""
    by_digest = {rows.digest: rows for rows in known.rows.values()}
    found = {}
    for done, document in enumerate(documents, 1):
        texts = passages(document)
        digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
        rows = by_digest.get(digest)
        found[document.key] = Made(document.stamp, digest, list(map(model.kept, texts)) if rows is None else known.of(rows, model))
        progress(done)
    return found


def passages(document: Document) -> list[str]:
    """What vectors are made of: title and tags alone, as questions are short, too; and the title with each piece of the body,
    with the tags beside the first."""
    words = document.body.split()[: LENGTH * PASSAGES]
    head = f"{document.title} {', '.join(document.tags)}"
    first = f"{head}. {' '.join(words[:LENGTH])}"
    return [head, first, *(f"{document.title}. {' '.join(words[at : at + LENGTH])}" for at in range(LENGTH, len(words), LENGTH))]


def add(folder: Path, model: Model, fresh: Mapping[str, Made], keys: frozenset[str]) -> None:
    """Write the files of a folder anew: what was made, and what was there of the texts with these keys. Older folders may share
    the files that were there; theirs stay as they are."""
    before = Vectors.read(folder, model)
    kept = {key: Made(rows.stamp, rows.digest, before.of(rows, model)) for key, rows in before.rows.items() if key in keys}
    kept.update(fresh)
    lengths = {key: COMMA.join(str(len(passage.pieces) // PIECE) for passage in one.passages) for key, one in kept.items()}
    lines = [GAP.join((key, one.stamp, one.digest, lengths[key])) for key, one in kept.items()]
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    (folder / ROWS).write_text("\n".join([model.name, *lines]), encoding="utf-8")
    for name, part in ((VECTORS, "vector"), (PIECES, "pieces"), (WORDS, "words")):
        with (folder / name).open("wb") as file:
            file.writelines(getattr(passage, part) for one in kept.values() for passage in one.passages)
