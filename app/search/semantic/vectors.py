"""The vectors of the texts of an index, beside its other files: a row for each text, and which row is whose."""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple, Protocol

from app.search.documents import Document, Entry

VECTORS, ROWS = "meaning.vectors", "meaning.rows"
FILES = (VECTORS, ROWS)
GAP = "\t"
# How many words of the body say what a text is about, beside title and tags.
WORDS = 60


class Model(Protocol):
    """What makes vectors of texts: another `name`, other vectors. `width` is the bytes of one."""

    name: str
    width: int

    def kept(self, text: str) -> bytes:
        """The vector of a text."""

    def nearness(self, question: str, vectors: bytes | mmap, rows: Sequence[int]) -> list[float]:
        """How near a question is to the texts at some rows: cosines, -1 to 1."""


class Row(NamedTuple):
    """Whose a vector is: the stamp of the text, and the digest of what the vector was made of."""

    stamp: str
    digest: str


@dataclass(frozen=True)
class Vectors:
    """Key → row of each text, in the order of the rows."""

    rows: Mapping[str, Row]
    data: bytes | mmap

    @classmethod
    def read(cls, folder: Path, model: Model) -> "Vectors":
        """Those of a generation. None where it has none, or those of another model. Raises OSError."""
        if not (folder / ROWS).exists():
            return cls({}, b"")
        name, *lines = (folder / ROWS).read_text(encoding="utf-8").split("\n")
        if name != model.name or not lines:
            return cls({}, b"")
        rows = {key: Row(*rest) for key, *rest in (line.split(GAP) for line in lines)}
        with (folder / VECTORS).open("rb") as file:
            return cls(rows, mmap(file.fileno(), 0, access=ACCESS_READ))

    def vector(self, number: int, width: int) -> bytes:
        """One row."""
        return self.data[number * width : (number + 1) * width]

    def places(self, entries: Sequence[Entry | None]) -> dict[int, int]:
        """Number of a text → its row, for each that has one and has not changed since."""
        numbers = {key: number for number, key in enumerate(self.rows)}
        there = ((i, entry) for i, entry in enumerate(entries) if entry is not None and entry.key in numbers)
        return {i: numbers[entry.key] for i, entry in there if self.rows[entry.key].stamp == entry.stamp}


class Near:
    """How near the texts that one viewer may read are to a question: no other is looked at."""

    def __init__(self, model: Model, vectors: Vectors, entries: Sequence[Entry | None], audiences: frozenset[str]) -> None:
        self.model, self.data = model, vectors.data
        there = {i: row for i, row in vectors.places(entries).items() if is_for(entries[i], audiences)}
        self.numbers, self.rows = array("I", there), array("I", there.values())

    def __call__(self, question: str) -> dict[int, float]:
        """Number of a text → its nearness, a cosine."""
        if not self.rows:
            return {}
        return dict(zip(self.numbers, self.model.nearness(question, self.data, self.rows), strict=True))


def is_for(entry: Entry | None, audiences: frozenset[str]) -> bool:
    """Whether a text is there, and these may read it."""
    return entry is not None and entry.audience in audiences


def made(
    documents: Iterable[Document], model: Model, known: Vectors, progress: Callable[[int], None] = lambda done: None
) -> dict[str, tuple[Row, bytes]]:
    """Key → row and vector of each text. What is as it was when its vector was made keeps it; `progress` hears how many are done."""
    numbers = {row.digest: number for number, row in enumerate(known.rows.values())}
    found = {}
    for done, document in enumerate(documents, 1):
        text = gist(document)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        number = numbers.get(digest)
        vector = model.kept(text) if number is None else known.vector(number, model.width)
        found[document.key] = (Row(document.stamp, digest), vector)
        progress(done)
    return found


def gist(document: Document) -> str:
    """What a vector is made of: title, tags, and how the body begins."""
    return f"{document.title} {', '.join(document.tags)}. {' '.join(document.body.split()[:WORDS])}"


def add(folder: Path, model: Model, fresh: Mapping[str, tuple[Row, bytes]], keys: frozenset[str]) -> None:
    """Write the files of a folder anew: what was made, and what was there of the texts with these keys. Older folders may share
    the files that were there; theirs stay as they are."""
    before = Vectors.read(folder, model)
    rows = {key: (row, before.vector(number, model.width)) for number, (key, row) in enumerate(before.rows.items()) if key in keys}
    rows.update(fresh)
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    (folder / ROWS).write_text("\n".join([model.name, *(GAP.join((key, *row)) for key, (row, _) in rows.items())]), encoding="utf-8")
    (folder / VECTORS).write_bytes(b"".join(vector for _, vector in rows.values()))
