"""The model of meaning: pieces of words, and vectors, beside an implementation that is as plain as can be."""

import math
import tracemalloc
from copy import copy

import numpy as np
import pytest

from app.search.semantic import bert
from app.search.semantic.bert import Bert
from app.search.semantic.wordpiece import WordPiece
from tests.search import tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return Bert(tiny.write(tmp_path_factory.mktemp("model")))


def pieces(text, most=64):
    """A text in pieces, as words."""
    return [tiny.VOCABULARY[number] for number in WordPiece(tiny.VOCABULARY).numbered(text, most)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("The sofa is WET.", ["the", "sofa", "is", "wet", "."]),
        ("sofas, washing?", ["sofa", "##s", "[UNK]", "wash", "##ing", "?"]),
        ("Sófa", ["sofa"]),
        ("sofaxyz", ["[UNK]"]),
        ("wash_wash", ["wash", "[UNK]", "wash"]),
        ("洗 sofa洗", ["[UNK]", "sofa", "[UNK]"]),
        ("a" * 101, ["[UNK]"]),
        (" \n\t ", []),
    ],
)
def test_a_text_is_read_in_the_longest_pieces_that_the_vocabulary_has(text, wanted):
    assert pieces(text) == ["[CLS]", *wanted, "[SEP]"]


def test_a_long_text_is_cut_and_still_ends():
    assert pieces("the sofa is wet", most=4) == ["[CLS]", "the", "sofa", "[SEP]"]


def test_a_vocabulary_without_beginning_and_end_is_refused():
    with pytest.raises(ValueError, match="CLS"):
        WordPiece(["sofa"])


def plainly(weights, numbers):
    """The vector of a text, number by number: lists and loops, and nothing of the code that is tried."""

    def normal(row, name):
        mean = sum(row) / len(row)
        spread = math.sqrt(sum((x - mean) ** 2 for x in row) / len(row) + 1e-12)
        pairs = zip(weights[f"{name}.weight"].tolist(), weights[f"{name}.bias"].tolist(), strict=True)
        return [(x - mean) / spread * w + b for x, (w, b) in zip(row, pairs, strict=True)]

    def linear(row, name):
        pairs = zip(weights[f"{name}.weight"].tolist(), weights[f"{name}.bias"].tolist(), strict=True)
        return [sum(w * x for w, x in zip(weight, row, strict=True)) + bias for weight, bias in pairs]

    def added(one, other):
        return [x + y for x, y in zip(one, other, strict=True)]

    def attended(rows, name):
        q, k, v = ([linear(row, f"{name}.self.{part}") for row in rows] for part in ("query", "key", "value"))
        size = tiny.WIDTH // tiny.HEADS
        found = [[] for _ in rows]
        for at in range(0, tiny.WIDTH, size):
            for i in range(len(rows)):
                looks = [math.exp(sum(q[i][d] * k[j][d] for d in range(at, at + size)) / math.sqrt(size)) for j in range(len(rows))]
                found[i] += [sum(look * v[j][d] for j, look in enumerate(looks)) / sum(looks) for d in range(at, at + size)]
        return found

    embedded = {name: weights[f"embeddings.{name}_embeddings.weight"].astype(float).tolist() for name in ("word", "position", "token_type")}
    rows = [added(added(embedded["word"][n], embedded["position"][i]), embedded["token_type"][0]) for i, n in enumerate(numbers)]
    rows = [normal(row, "embeddings.LayerNorm") for row in rows]
    for i in range(tiny.LAYERS):
        name = f"encoder.layer.{i}"
        seen = attended(rows, f"{name}.attention")
        rows = [
            normal(added(row, linear(s, f"{name}.attention.output.dense")), f"{name}.attention.output.LayerNorm")
            for row, s in zip(rows, seen, strict=True)
        ]
        inner = [[x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in linear(row, f"{name}.intermediate.dense")] for row in rows]
        rows = [
            normal(added(row, linear(x, f"{name}.output.dense")), f"{name}.output.LayerNorm") for row, x in zip(rows, inner, strict=True)
        ]
    mean = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    return [x / math.sqrt(sum(y * y for y in mean)) for x in mean]


@pytest.mark.parametrize("text", ["sofa", "How do I clean the damp settees?", "xyz. the old wood " * 9])
def test_a_vector_is_what_the_papers_say(model, text):
    expected = plainly(tiny.weights(1), WordPiece(tiny.VOCABULARY).numbered(text, tiny.LONGEST))
    # The activation is an approximation within a thousandth.
    assert np.abs(model.vector(text) - expected).max() < 2e-3
    assert math.isclose(float(np.linalg.norm(model.vector(text))), 1.0, rel_tol=1e-5)


def test_the_same_text_always_has_the_same_vector_and_is_as_near_to_itself_as_can_be(model, tmp_path):
    again = Bert(tiny.write(tmp_path))
    vectors = model.kept("the sofa is wet") + model.kept("paint the iron door")
    assert vectors == again.kept("the sofa is wet") + again.kept("paint the iron door")
    assert len(vectors) == 2 * model.width
    near, far = model.nearness("the sofa is wet", vectors, [0, 1])
    assert near > 0.999 > 0.9 > far
    assert model.nearness("the sofa is wet", vectors, [1, 0, 1]) == [far, near, far]


def test_many_texts_are_compared_block_by_block(model, monkeypatch):
    vectors = b"".join(map(model.kept, tiny.SAME[0] + ("wet", "iron")))
    whole = model.nearness("the sofa is wet", vectors, [0, 3, 4, 2, 1])
    monkeypatch.setattr(bert, "BLOCK", 2)
    assert model.nearness("the sofa is wet", vectors, [0, 3, 4, 2, 1]) == whole
    assert len(set(whole)) == 3
    assert model.nearness("the sofa is wet", vectors, []) == []


def test_a_question_copies_few_of_the_vectors_at_once(model):
    wide, count = copy(model), 8_000
    wide.width, wide.question = 768, lambda text: np.ones(384, np.float32)
    vectors = bytes(768 * count)
    tracemalloc.start()
    wide.nearness("the sofa is wet", vectors, range(count))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(vectors), "all of them in full precision would be twice as much"


def test_the_name_of_a_model_changes_with_its_weights_alone(model, tmp_path):
    assert Bert(tiny.write(tmp_path / "same")).name == model.name
    assert Bert(tiny.write(tmp_path / "other", seed=2)).name != model.name
