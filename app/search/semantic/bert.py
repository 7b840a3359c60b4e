"""What a text means, as a vector: a small BERT in numpy, for models of sentences such as all-MiniLM-L6-v2.

The model is by Wang and others, "MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained
Transformers", NeurIPS 2020, taught sentences as in Reimers and Gurevych, "Sentence-BERT", EMNLP 2019: the mean of the last
layer, at length 1. Its weights are read through a memory map, so that all processes of a machine share them.

The one file that imports numpy (`loading.py` imports it by name where it is wanted).
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.search.semantic.vectors import Kept, Span
from app.search.semantic.wordpiece import WordPiece
from app.search.store import fingerprint_of

Array = NDArray[Any]
WEIGHTS, VOCABULARY, SHAPE = "model.safetensors", "vocab.txt", "config.json"
HERE = Path(__file__).resolve().parent
# Pieces that are read of a text; the model can read more, but its time grows with them.
MOST_PIECES = 128
QUESTIONS_KEPT = 64
# Vectors are kept in half precision: a nearness changes in the fourth digit, and a text takes half the room.
KEPT = np.dtype("<f2")
# Those of words are kept in eight bits a number, each as long as it may be there: a direction is all that counts.
WORD, PIECE = np.dtype("i1"), np.dtype("<u2")
LONGEST_WORD = 127.0
# Rows that are multiplied at once: copies of all would take megabytes for each question, and longer.
BLOCK = 1024
# Nearness is rounded, so that the order of answers does not hang on the processor's last bit.
DIGITS = 4


class Bert:
    """A model in a folder: vocab.txt, config.json and model.safetensors.

    Raises OSError, ValueError, LookupError, TypeError or AttributeError where it is none: it makes one vector at once, so that
    no question meets what is broken.
    """

    def __init__(self, folder: Path) -> None:
        shape = json.loads((folder / SHAPE).read_text(encoding="utf-8"))
        self.layers, self.heads = int(shape["num_hidden_layers"]), int(shape["num_attention_heads"])
        self.most = min(MOST_PIECES, int(shape["max_position_embeddings"]))
        self.pieces = WordPiece.read(folder / VOCABULARY)
        self.weights, check = tensors(folder / WEIGHTS)
        # Numbers of a vector, its bytes as it is kept, and a word for all that it hangs on.
        self.size = int(shape["hidden_size"])
        self.width = self.size * KEPT.itemsize
        ways = fingerprint_of(HERE / "bert.py", HERE / "wordpiece.py", HERE / "vectors.py", folder / VOCABULARY, folder / SHAPE)
        self.name = f"{ways}-{check:08x}"
        self.question = lru_cache(maxsize=QUESTIONS_KEPT)(self.read)
        if self.vector("").size != self.size:
            raise ValueError("the weights have another size than config.json says")

    def kept(self, text: str) -> Kept:
        """What is kept of a text. Some ten milliseconds for each fifty words."""
        vector, pieces, words = self.read(text)
        words = np.round(words * (LONGEST_WORD / np.abs(words).max(axis=1, keepdims=True))).astype(WORD)
        return Kept(vector.astype(KEPT).tobytes(), pieces.astype(PIECE).tobytes(), words.tobytes())

    def nearness(self, question: str, vectors: bytes | memoryview, rows: Sequence[int]) -> list[float]:
        """How near a question is to the texts at some rows of kept vectors: cosines, -1 to 1."""
        texts = np.frombuffer(vectors, KEPT).reshape(-1, self.size)
        asked, places = self.question(question)[0], np.asarray(rows)
        near = np.empty(len(places))
        for at in range(0, len(places), BLOCK):
            near[at : at + BLOCK] = texts[places[at : at + BLOCK]].astype(np.float32) @ asked
        found: list[float] = np.round(near, DIGITS).tolist()
        return found

    def rarities(self, pieces: bytes | memoryview, spans: Iterable[Span]) -> Array:
        """How much each piece of a word says, by how few of some texts have it."""
        every, total = np.frombuffer(pieces, PIECE), 0
        having = np.zeros(len(self.weights["embeddings.word_embeddings.weight"]))
        for first, length in spans:
            having[np.unique(every[first : first + length])] += 1
            total += 1
        found: Array = np.log1p((total - having + 0.5) / (having + 0.5))
        return found

    def closeness(self, question: str, words: bytes | memoryview, spans: Sequence[Span], rarities: Array) -> list[float]:
        """How close each word of a question comes to the nearest one of each text: means of cosines, rare words counting more.

        As in Khattab and Zaharia, "ColBERT", SIGIR 2020, though with the weights of rarity and without any training for it.
        """
        every, (_, pieces, asked) = np.frombuffer(words, WORD).reshape(-1, self.size), self.question(question)
        weights = rarities[pieces]
        weights = (weights / weights.sum()).astype(np.float32)
        near = np.empty(len(spans))
        for i, (first, length) in enumerate(spans):
            text = every[first : first + length].astype(np.float32)
            near[i] = (asked @ text.T / np.sqrt(np.einsum("ij,ij->i", text, text))).max(axis=1) @ weights
        found: list[float] = np.round(near, DIGITS).tolist()
        return found

    def vector(self, text: str) -> Array:
        """The vector of a text, at length 1."""
        found: Array = self.read(text)[0]
        return found

    def read(self, text: str) -> tuple[Array, Array, Array]:
        """The vector of a text, its pieces, and the vector of each of them where it stands; vectors at length 1."""
        pieces = np.array(self.pieces.numbered(text, self.most))
        last = self.encoded(pieces[None])[0]
        # Beginning and end are no words, but all there is of a text without any.
        inner = slice(1, -1) if len(pieces) > 2 else slice(None)
        return unit(last.mean(axis=0)), pieces[inner], unit(last[inner])

    def encoded(self, pieces: Array) -> Array:
        """The last layer, (texts, pieces, dimensions), for texts of the same length: (texts, pieces)."""
        names = (f"embeddings.{name}_embeddings.weight" for name in ("word", "position", "token_type"))
        words, places, kinds = (self.weights[name] for name in names)
        x = self.normal("embeddings.LayerNorm", words[pieces] + places[: pieces.shape[1]] + kinds[0])
        for number in range(self.layers):
            x = self.layer(f"encoder.layer.{number}.", x)
        return x

    def layer(self, name: str, x: Array) -> Array:
        """One layer of the transformer."""
        count, length, width = x.shape
        heads = (self.linear(f"{name}attention.self.{part}", x) for part in ("query", "key", "value"))
        q, k, v = (part.reshape(count, length, self.heads, width // self.heads).transpose(0, 2, 1, 3) for part in heads)
        looks = q @ k.transpose(0, 1, 3, 2) / np.float32((width // self.heads) ** 0.5)
        looks = np.exp(looks - looks.max(axis=-1, keepdims=True))
        looks /= looks.sum(axis=-1, keepdims=True)
        seen = (looks @ v).transpose(0, 2, 1, 3).reshape(count, length, width)
        x = self.normal(f"{name}attention.output.LayerNorm", x + self.linear(f"{name}attention.output.dense", seen))
        inner = gelu(self.linear(f"{name}intermediate.dense", x))
        return self.normal(f"{name}output.LayerNorm", x + self.linear(f"{name}output.dense", inner))

    def linear(self, name: str, x: Array) -> Array:
        """A linear map with its bias."""
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def normal(self, name: str, x: Array) -> Array:
        """Layer normalization."""
        x = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return x / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]


def unit(x: Array) -> Array:
    """Vectors at length 1."""
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), np.float32(1e-12))


def gelu(x: Array) -> Array:
    """The activation, by its usual approximation (Hendrycks and Gimpel 2016): within a thousandth of the exact one."""
    return np.float32(0.5) * x * (1 + np.tanh(np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)))


def tensors(path: Path) -> tuple[dict[str, Array], int]:
    """(the weights of a model, in float32 and not copied, the CRC-32 of the file), from the safetensors format.

    Raises OSError, and ValueError, LookupError, TypeError or AttributeError where it is none.
    """
    with path.open("rb") as file:
        raw = mmap(file.fileno(), 0, access=ACCESS_READ)
    begin = 8 + int.from_bytes(raw[:8], "little")
    table = {name: row for name, row in json.loads(raw[8:begin]).items() if row.get("dtype") == "F32"}
    found = {}
    for name, row in table.items():
        start, end = row["data_offsets"]
        found[name] = np.frombuffer(raw, "<f4", (end - start) // 4, begin + start).reshape(row["shape"])
    return found, zlib.crc32(raw)
