"""The model of meaning: pieces of words, and vectors, beside an implementation that is as plain as can be."""

import math
import tracemalloc
from copy import copy

import numpy as np
import pytest

from app.search.semantic import bert
from app.search.semantic.bert import Bert
from app.search.semantic.vectors import Span
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


def vectors_of(model, *texts):
    """The vectors of some texts, one behind the other, as they are kept."""
    return b"".join(model.kept(text).vector for text in texts)


def test_the_same_text_always_has_the_same_vector_and_is_as_near_to_itself_as_can_be(model, tmp_path):
    again = Bert(tiny.write(tmp_path))
    assert model.kept("the sofa is wet") == again.kept("the sofa is wet")
    vectors = vectors_of(model, "the sofa is wet", "paint the iron door")
    assert len(vectors) == 2 * model.width
    near, far = model.nearness("the sofa is wet", vectors, [0, 1])
    assert near > 0.999 > 0.9 > far
    assert model.nearness("the sofa is wet", vectors, [1, 0, 1]) == [far, near, far]


def test_many_texts_are_compared_block_by_block(model, monkeypatch):
    vectors = vectors_of(model, *tiny.SAME[0], "wet", "iron")
    whole = model.nearness("the sofa is wet", vectors, [0, 3, 4, 2, 1])
    monkeypatch.setattr(bert, "BLOCK", 2)
    assert model.nearness("the sofa is wet", vectors, [0, 3, 4, 2, 1]) == whole
    assert len(set(whole)) == 3
    assert model.nearness("the sofa is wet", vectors, []) == []


def words_of(model, *texts):
    """What is kept of the words of some texts: (pieces, vectors, where each text is)."""
    kept, spans, at = [model.kept(text) for text in texts], [], 0
    for one in kept:
        spans.append(Span(at, len(one.pieces) // 2))
        at += len(one.pieces) // 2
    return b"".join(one.pieces for one in kept), b"".join(one.words for one in kept), spans


def test_a_rare_piece_says_more_than_one_that_every_text_has(model):
    pieces, _, spans = words_of(model, "the sofa the sofa", "the wood", "the iron door")
    found = model.rarities(pieces, spans)
    the, sofa, lamp = (found[tiny.VOCABULARY.index(word)] for word in ("the", "sofa", "lamp"))
    assert lamp > sofa > the > 0
    assert found[tiny.VOCABULARY.index("sofa")] == pytest.approx(math.log(1 + 2.5 / 1.5)), "in one text, however often"
    assert model.rarities(pieces, spans[1:])[tiny.VOCABULARY.index("sofa")] > sofa, "among others"


def test_words_are_as_close_as_the_nearest_word_of_a_text_and_rare_ones_count_more(model):
    pieces, words, spans = words_of(model, "the sofa is wet", "paint the iron door", "when is the sofa clean")
    asked, rarities = "the sofa is wet", model.rarities(pieces, spans)
    itself, other, like = model.closeness(asked, words, spans, rarities)
    assert itself == pytest.approx(1.0, abs=2e-3)
    assert itself > like > other
    plain, against = (unit(model.encoded(np.array([model.pieces.numbered(text, 64)]))[0][1:-1]) for text in (asked, "paint the iron door"))
    weights = [rarities[tiny.VOCABULARY.index(word)] for word in asked.split()]
    assert other == pytest.approx(np.average((plain @ against.T).max(axis=1), weights=weights), abs=5e-3)
    assert model.closeness(asked, words, [], rarities) == []


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_text_of_no_words_is_near_to_something_all_the_same(model):
    pieces, words, spans = words_of(model, "", "sofa")
    assert spans[0].length == 2, "beginning and end"
    assert all(-1.0 <= found <= 1.001 for found in model.closeness("", words, spans, model.rarities(pieces, spans)))


def test_a_question_copies_few_of_the_vectors_at_once(model):
    wide, count = copy(model), 8_000
    wide.size, wide.question = 384, lambda text: (np.ones(384, np.float32), None, None)
    vectors = bytes(768 * count)
    tracemalloc.start()
    wide.nearness("the sofa is wet", vectors, range(count))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(vectors), "all of them in full precision would be twice as much"


def test_the_name_of_a_model_changes_with_its_weights_alone(model, tmp_path):
    assert Bert(tiny.write(tmp_path / "same")).name == model.name
    assert Bert(tiny.write(tmp_path / "other", seed=2)).name != model.name
