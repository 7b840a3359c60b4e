"""A model of sentences as small as can be, in the files of a real one: two layers, sixteen dimensions, sixty words.

It knows nothing, but that `sofa`, `couch` and `settee` are the same, and so are `wet` and `damp`.
"""

import json
import struct

import numpy as np

from app.search.semantic import loading

SAME = (("sofa", "couch", "settee"), ("wet", "damp"))
OTHERS = (
    "how do i my the is a to in of why when what can it for on with and not where dry clean wash mend move sell buy paint lift "
    "table chair lamp door wall roof garden window kitchen floor water fire wood iron glass light dark old new ##s ##ing ##ed . ?"
)
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(word for words in SAME for word in words), *OTHERS.split()]
LAYERS, HEADS, WIDTH, INNER, LONGEST = 2, 2, 16, 32, 64


def write(folder, seed=1):
    """Write a model; another seed makes another one. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = {"num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "hidden_size": WIDTH, "max_position_embeddings": LONGEST}
    (folder / "config.json").write_text(json.dumps(shape), encoding="utf-8")
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    write_weights(folder / "model.safetensors", weights(seed))
    return folder


def install(path, seed=1):
    """Put it where the package of the real one would be, if `path` is on Python's. Returns its folder."""
    place = path / loading.PACKAGE
    folder = write(place / loading.FOLDER, seed)
    (place / "__init__.py").write_text("raise ImportError('torch')\n", encoding="ascii")
    return folder


def weights(seed):
    """Name → array of all that a BERT of this shape has; small numbers by chance, with the words of SAME alike."""
    chance = np.random.default_rng(seed)
    found = {"embeddings.word_embeddings.weight": (len(VOCABULARY) + 1, WIDTH), "embeddings.token_type_embeddings.weight": (2, WIDTH)}
    found |= {"embeddings.position_embeddings.weight": (LONGEST, WIDTH), "embeddings.LayerNorm.weight": (WIDTH,)}
    found["embeddings.LayerNorm.bias"] = (WIDTH,)
    for i in range(LAYERS):
        linear = {f"attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")} | {
            "attention.output.dense": (WIDTH, WIDTH)
        }
        linear |= {"intermediate.dense": (INNER, WIDTH), "output.dense": (WIDTH, INNER)}
        for name, size in linear.items():
            found |= {f"encoder.layer.{i}.{name}.weight": size, f"encoder.layer.{i}.{name}.bias": size[:1]}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            found |= {f"encoder.layer.{i}.{name}.weight": (WIDTH,), f"encoder.layer.{i}.{name}.bias": (WIDTH,)}
    made = {name: chance.normal(0, 0.3, size).astype(np.float32) for name, size in found.items()}
    for name in made:
        if name.endswith("bias"):
            made[name] /= 10
        elif "LayerNorm" in name:
            made[name] = 1 + made[name] / 3
    # Places say little, words much: what a text is about decides.
    made["embeddings.position_embeddings.weight"] *= 0.02
    words = made["embeddings.word_embeddings.weight"]
    words *= 5
    for group in SAME:
        words[[VOCABULARY.index(word) for word in group]] = words[VOCABULARY.index(group[0])]
    return made


def write_weights(path, arrays):
    """A file in the safetensors format, with one tensor that is no weight, as real ones have."""
    arrays = {"embeddings.position_ids": np.arange(LONGEST)[None], **arrays}
    table, at = {}, 0
    for name, array in arrays.items():
        kind = "F32" if array.dtype == np.float32 else "I64"
        table[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        at += array.nbytes
    head = json.dumps(table).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(array.tobytes() for array in arrays.values()))
