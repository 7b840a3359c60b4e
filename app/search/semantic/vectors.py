"""The vectors of the texts of an index, beside its other files: a row for each passage, and which rows are whose."""

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
# Words of a passage beside its title, and how many passages of a text count: an article is about many things.
WORDS, PASSAGES = 60, 10


class Model(Protocol):
    """What makes vectors of texts: another `name`, other vectors. `width` is the bytes of one."""

    name: str
    width: int

    def kept(self, text: str) -> bytes:
        """The vector of a passage."""

    def nearness(self, question: str, vectors: bytes | mmap, rows: Sequence[int]) -> list[float]:
        """How near a question is to the texts at some rows: cosines, -1 to 1."""


class Rows(NamedTuple):
    """Whose some vectors are: the stamp of the text, the digest of what they were made of, the first row, and how many."""

    stamp: str
    digest: str
    first: int
    length: int


@dataclass(frozen=True)
class Vectors:
    """Key → rows of each text, in their order."""

    rows: Mapping[str, Rows]
    data: bytes | mmap

    @classmethod
    def read(cls, folder: Path, model: Model) -> "Vectors":
        """Those of a generation; no rows where it has none, or those of another model. Raises OSError."""
        if not (folder / ROWS).exists():
            return cls({}, b"")
        name, *lines = (folder / ROWS).read_text(encoding="utf-8").split("\n")
        if name != model.name or not lines:
            return cls({}, b"")
        rows, first = {}, 0
        for key, stamp, digest, length in (line.split(GAP) for line in lines):
            rows[key] = Rows(stamp, digest, first, int(length))
            first += int(length)
        with (folder / VECTORS).open("rb") as file:
            return cls(rows, mmap(file.fileno(), 0, access=ACCESS_READ))

    def of(self, rows: Rows, width: int) -> bytes:
        """The vectors of a text, each of `width` bytes."""
        return self.data[rows.first * width : (rows.first + rows.length) * width]

    def places(self, entries: Sequence[Entry | None]) -> dict[int, Rows]:
        """Number of a text → its rows, for each that has some and has not changed since."""
        found = ((i, entry, self.rows.get(entry.key)) for i, entry in enumerate(entries) if entry is not None)
        return {i: rows for i, entry, rows in found if rows is not None and rows.stamp == entry.stamp}


class Near:
    """How near the texts that one viewer may read are to a question: no other is looked at."""

    def __init__(self, model: Model, vectors: Vectors, entries: Sequence[Entry | None], audiences: frozenset[str]) -> None:
        self.model, self.data = model, vectors.data
        self.numbers, self.rows = array("I"), array("I")
        for number, rows in vectors.places(entries).items():
            if is_for(entries[number], audiences):
                self.numbers.extend([number] * rows.length)
                self.rows.extend(range(rows.first, rows.first + rows.length))

    def __call__(self, question: str) -> dict[int, float]:
        """Number of a text → the nearness of its nearest passage, a cosine."""
        best: dict[int, float] = {}
        if self.rows:
            for number, nearness in zip(self.numbers, self.model.nearness(question, self.data, self.rows), strict=True):
                if nearness > best.get(number, -2.0):
                    best[number] = nearness
        return best


def is_for(entry: Entry | None, audiences: frozenset[str]) -> bool:
    """Whether a text is there, and these may read it."""
    return entry is not None and entry.audience in audiences


class Made(NamedTuple):
    """What is to be kept of a text: its stamp, the digest of what its vectors were made of, and the vectors."""

    stamp: str
    digest: str
    vectors: bytes


def made(documents: Iterable[Document], model: Model, known: Vectors, progress: Callable[[int], None]) -> dict[str, Made]:
    """Key → what is to be kept of each text. What is as it was when its vectors were made keeps them; `progress` hears how many
    are done."""
    by_digest = {rows.digest: rows for rows in known.rows.values()}
    found = {}
    for done, document in enumerate(documents, 1):
        texts = passages(document)
        digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
        rows = by_digest.get(digest)
        data = b"".join(map(model.kept, texts)) if rows is None else known.of(rows, model.width)
        found[document.key] = Made(document.stamp, digest, data)
        progress(done)
    return found


def passages(document: Document) -> list[str]:
    """What vectors are made of: the title with each piece of the body, and the tags with the first."""
    words = document.body.split()[: WORDS * PASSAGES]
    first = f"{document.title} {', '.join(document.tags)}. {' '.join(words[:WORDS])}"
    return [first, *(f"{document.title}. {' '.join(words[at : at + WORDS])}" for at in range(WORDS, len(words), WORDS))]


def add(folder: Path, model: Model, fresh: Mapping[str, Made], keys: frozenset[str]) -> None:
    """Write the files of a folder anew: what was made, and what was there of the texts with these keys. Older folders may share
    the files that were there; theirs stay as they are."""
    before = Vectors.read(folder, model)
    kept = {key: Made(rows.stamp, rows.digest, before.of(rows, model.width)) for key, rows in before.rows.items() if key in keys}
    kept.update(fresh)
    lines = [GAP.join((key, one.stamp, one.digest, str(len(one.vectors) // model.width))) for key, one in kept.items()]
    for name in FILES:
        (folder / name).unlink(missing_ok=True)
    (folder / ROWS).write_text("\n".join([model.name, *lines]), encoding="utf-8")
    (folder / VECTORS).write_bytes(b"".join(one.vectors for one in kept.values()))
