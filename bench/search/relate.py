"""`python -m bench.search.relate`: compute app/search/related.txt, the words that are near each other in meaning.

The words and their places in the space of meanings come from the sentence model all-MiniLM-L6-v2 (Apache 2.0), which
`make semantic` installs. The same model gives the same file. It knows nothing of our product and has seen none of the
questions of the bench.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from app.search.languages import STOP
from app.search.semantic import loading
from app.search.semantic.bert import VOCABULARY, Bert
from app.search.semantic.wordpiece import BEGIN, END
from app.search.stemming import stem
from bench.servers import ROOT

TARGET = ROOT / "app" / "search" / "related.txt"
AT_ONCE = 256
# Words are neighbours from this cosine on, and a word has so many at most.
LEAST, MOST = 0.5, 12
# What all words have in common says nothing: the mean, and the first directions of the commonest words.
COMMON_WORDS, COMMON_DIRECTIONS = 8000, 2
HEADER = (
    "# Words that are near each other in meaning: a stem, then the stems near it with their nearness in hundredths.\n"
    "# Computed by `python -m bench.search.relate` from the model all-MiniLM-L6-v2 (Apache 2.0); do not edit.\n"
)

Array = Any


def main() -> None:
    """Write the file."""
    folder = loading.place()
    words, model = dict(words_of(folder / VOCABULARY)), Bert(folder)
    ids = np.array(list(words.values()))
    vectors = np.concatenate([encoded(model, ids[at : at + AT_ONCE]) for at in range(0, len(ids), AT_ONCE)])
    lines = neighbours(list(words), centred(vectors))
    TARGET.write_text(HEADER + "".join(line + "\n" for line in lines), encoding="ascii")


def words_of(path: Path) -> Iterator[tuple[str, int]]:
    """(stem, number of its commonest word) of each whole word of the model's vocabulary, which is in order of frequency."""
    seen = set()
    for number, word in enumerate(path.read_text(encoding="utf-8").splitlines()):
        known = stem(word)
        if word.isascii() and word.isalpha() and len(word) >= 3 and word not in STOP and known not in seen:
            seen.add(known)
            yield known, number


def encoded(model: Bert, ids: Array) -> Array:
    """What the model makes of single words: the mean of the last layer over beginning, word and end."""
    begin, end = (np.full_like(ids, model.pieces.numbers[mark]) for mark in (BEGIN, END))
    return model.encoded(np.stack([begin, ids, end], axis=1)).mean(axis=1)


def centred(vectors: Array) -> Array:
    """The vectors without what they have in common, at length 1."""
    vectors = vectors - vectors.mean(axis=0)
    common = np.linalg.svd(vectors[:COMMON_WORDS], full_matrices=False)[2][:COMMON_DIRECTIONS]
    vectors = vectors - (vectors @ common.T) @ common
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def neighbours(stems: list[str], vectors: Array) -> Iterator[str]:
    """A line for each stem that has any, in alphabetical order."""
    for at in sorted(range(len(stems)), key=lambda i: stems[i]):
        near = vectors @ vectors[at]
        near[at] = -1.0
        nearest = np.argsort(-near, kind="stable")[:MOST]
        found = [f"{stems[i]}:{round(float(near[i]) * 100)}" for i in nearest if near[i] >= LEAST]
        if found:
            yield f"{stems[at]} {' '.join(found)}"


if __name__ == "__main__":
    main()
