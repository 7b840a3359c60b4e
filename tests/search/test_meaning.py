"""Finding by meaning: texts that have no word of the question, and what must not come of it."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.search import ranking, store
from app.search.documents import Query
from app.search.index import Index
from app.search.semantic import loading, vectors
from app.search.semantic.bert import Bert
from app.search.semantic.vectors import FILES, PIECES, ROWS, VECTORS, WORDS
from tests.search import tiny
from tests.search.conftest import EVERYBODY, STAFF, TEXTS, document

SOFAS = [
    document(11, "My sofa is wet", category="home"),
    document(12, "Paint the iron door", category="garden"),
    document(13, "Lift a glass table", category="garden", kind="article"),
    document(14, "Couch damp", audience="staff", category="home"),
]
ASKED = "why is the settee damp"


class Counting(Bert):
    """A model that counts the texts it was given."""

    made = 0

    def kept(self, text):
        self.made += 1
        return super().kept(text)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The files of a tiny model."""
    return tiny.write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def model(folder):
    return Counting(folder)


@pytest.fixture
def index(tmp_path, model):
    """An index of SOFAS that knows what they mean."""
    made = Index(tmp_path / "index", model)
    made.rebuild(SOFAS)
    made.put_vectors(SOFAS)
    return made


def found(index, text, audiences=EVERYBODY, **more):
    return [hit.id for hit in index.find(Query(text, audiences, **more)).hits]


def test_a_text_is_found_that_has_no_word_of_the_question(index):
    answer = index.find(Query(ASKED, EVERYBODY))
    assert answer.hits[0].id == 11
    assert answer.hits[0].nearness > 0.5
    assert 0.0 < answer.hits[0].relevance <= 1.0
    assert answer.did_you_mean is None
    assert answer.highlighter.snippet("My sofa is wet.") == ("My sofa is wet.", [])
    assert answer.categories["home"] == 1


def test_without_a_model_the_answers_are_those_of_an_index_that_never_had_one(index, tmp_path):
    plain = Index(tmp_path / "plain")
    plain.rebuild([*SOFAS, *TEXTS])
    index.rebuild([*SOFAS, *TEXTS])
    index.put_vectors([*SOFAS, *TEXTS])
    off = Index(index.home)
    for asked in (ASKED, "my sofa", "wet", "how do i install hive", "sofa instal", ""):
        given, wanted = (one.find(Query(asked, STAFF)) for one in (off, plain))
        assert given.hits == wanted.hits
        assert (given.categories, given.did_you_mean) == (wanted.categories, wanted.did_you_mean)
    assert off.without_vectors() == []
    assert off.put_vectors(SOFAS) == 0


@pytest.mark.parametrize("asked", ["settee", "set", "--settee-damp", "settee.damp", "My sofa is wet", "is the", ""])
def test_single_words_commands_and_titles_are_found_by_their_words_alone(index, asked):
    answer = index.find(Query(asked, EVERYBODY))
    assert [hit.nearness for hit in answer.hits if hit.nearness is not None] == []
    assert answer.hits == Index(index.home).find(Query(asked, EVERYBODY)).hits


def test_what_one_may_not_read_changes_nothing_of_what_one_finds(index, model, tmp_path):
    alone = Index(tmp_path / "alone", model)
    alone.rebuild(SOFAS[:3])
    alone.put_vectors(SOFAS[:3])
    assert found(index, ASKED, STAFF)[0] in {11, 14}
    assert 14 in found(index, ASKED, STAFF)
    given, wanted = (one.find(Query(ASKED, EVERYBODY)) for one in (index, alone))
    assert [hit[:3] for hit in given.hits] == [hit[:3] for hit in wanted.hits]
    assert given.categories == wanted.categories


def test_kinds_and_categories_are_obeyed(index):
    assert 11 not in found(index, ASKED, kinds=frozenset({"article"}))
    assert 11 not in found(index, ASKED, category="garden")
    assert found(index, ASKED, category="home") == [11]


def test_who_asks_in_another_language_too_is_answered_by_words_alone(index):
    asked = Query(ASKED, EVERYBODY, beside=(frozenset({"public@de"}), "de"))
    assert index.find(asked).hits == Index(index.home).find(asked).hits


def test_no_text_is_read_twice_by_the_model(index, model):
    assert model.made == 2 * 4, "its title, and its only passage"
    again = [replace(text, stamp="2", popularity=500) for text in SOFAS]
    index.put(again)
    assert len(index.without_vectors()) == 4
    index.put_vectors(again)
    assert (model.made, index.without_vectors()) == (8, [])
    index.rebuild(again)
    assert (model.made, index.without_vectors()) == (8, [])
    assert found(index, ASKED)[0] == 11
    changed = replace(again[0], title="My lamp is old", stamp="3")
    index.put([changed])
    assert index.without_vectors() == ["faq:11"]
    assert 11 not in found(index, ASKED), "not by what it said before"
    index.put_vectors([changed])
    assert (model.made, index.without_vectors()) == (10, [])


def test_a_text_that_went_takes_its_vector_along_with_the_next_one(index, model):
    index.put([document(15, "Dark wood")], gone=["faq:11"])
    index.put_vectors([document(15, "Dark wood")])
    folder = index.home / store.read_current(index.home).name
    lines = (folder / ROWS).read_text(encoding="utf-8").split("\n")[1:]
    assert [line.partition("\t")[0] for line in lines] == ["faq:12", "article:13", "faq:14", "faq:15"]
    assert (folder / VECTORS).stat().st_size == 2 * 4 * model.width
    assert (folder / WORDS).stat().st_size == (folder / PIECES).stat().st_size // 2 * tiny.WIDTH


def test_older_generations_keep_the_vectors_that_they_had(index):
    folder = index.home / store.read_current(index.home).name
    before = [(folder / name).read_bytes() for name in FILES]
    index.put([document(15, "Dark wood")])
    index.put_vectors([document(15, "Dark wood")])
    assert [(folder / name).read_bytes() for name in FILES] == before


def test_another_model_makes_its_own_vectors_and_finds_by_words_until_it_has(index, tmp_path):
    other = Index(index.home, Counting(tiny.write(tmp_path / "other", seed=2)))
    assert len(other.without_vectors()) == 4
    assert found(other, ASKED) == found(Index(index.home), ASKED)
    assert other.put_vectors(SOFAS) == 4
    assert (other.without_vectors(), other.model.made) == ([], 8)
    assert found(other, ASKED)[0] == 11
    assert len(index.without_vectors()) == 4


def test_damaged_vectors_are_not_taken_along(index, model):
    path = index.home / store.read_current(index.home).name / VECTORS
    path.write_bytes(bytes(path.stat().st_size))
    index.rebuild(SOFAS)
    assert len(index.without_vectors()) == 4
    index.put_vectors(SOFAS)
    assert (model.made, found(index, ASKED)[0]) == (16, 11)


def test_a_long_text_is_found_by_what_it_says_at_its_end(index, model):
    long = document(16, "Old things", " ".join(["wood"] * 150 + ["couch wet damp settee"] * 10))
    index.put([long])
    index.put_vectors([long])
    assert model.made == 8 + 5, "its title, and passages of sixty words each"
    assert 16 in found(index, "when is the sofa not dry")
    assert found(index, ASKED)[:2] in ([11, 16], [16, 11])


def test_of_two_texts_as_near_as_a_whole_that_comes_first_which_has_the_words(index, model, monkeypatch):
    monkeypatch.setattr(model, "nearness", lambda question, vectors, rows: [0.5] * len(rows))
    assert found(index, ASKED)[0] == 11
    assert found(index, "how do i wash a table of glass")[0] == 13


def test_one_passage_that_happens_to_be_near_is_less_than_two(index, model, monkeypatch):
    by_row = {0: 0.6, 1: 0.6, 2: 0.7, 3: 0.2}
    monkeypatch.setattr(model, "nearness", lambda question, vectors, rows: [by_row.get(row, 0.0) for row in rows])
    monkeypatch.setattr(model, "closeness", lambda question, words, spans, rarities: [0.5] * len(spans))
    hits = index.find(Query("when is it clean with xyzzy", EVERYBODY)).hits
    assert [hit.id for hit in hits][:2] == [11, 12]
    assert hits[0].nearness > hits[1].nearness


def test_what_words_have_found_is_looked_at_closely_however_far_it_is_as_a_whole(index, model, monkeypatch):
    monkeypatch.setattr(vectors, "CLOSELY", 1)
    looked = []

    def closely(question, words, spans, rarities):
        looked.extend(spans)
        return [0.9] * len(spans)

    monkeypatch.setattr(model, "closeness", closely)
    near = {hit.id: hit.nearness for hit in index.find(Query("why is the iron settee damp", EVERYBODY)).hits}
    assert {11, 12} <= near.keys()
    assert len(looked) == 4, "two passages each, of the nearest and of the one with a word"


def test_a_text_that_has_no_vector_yet_keeps_its_place_among_words(index):
    index.put([document(15, "Wet wood")])
    hit = next(hit for hit in index.find(Query("why is the wood wet", EVERYBODY)).hits if hit.id == 15)
    alone = next(hit for hit in Index(index.home).find(Query("why is the wood wet", EVERYBODY)).hits if hit.id == 15)
    assert (hit.nearness, hit.relevance) == (None, alone.relevance)


def test_progress_is_told(index):
    told = []
    index.rebuild(SOFAS)
    index.put_vectors(SOFAS, told.append)
    assert told == [1, 2, 3, 4]


def test_the_reasons_of_an_answer_say_what_its_meaning_adds(index):
    reason = index.explained(Query(ASKED, EVERYBODY)).reasons[0]
    assert reason.hit.id == 11
    assert reason.near == pytest.approx(ranking.meaning(reason.hit.nearness) * ranking.FULL, abs=0.001)
    assert reason.near > 0.1
    assert Index(index.home).explained(Query("my sofa lamp", EVERYBODY)).reasons[0].near is None


@pytest.mark.parametrize("asked", ["why is the sofa damp", "how do i paint the door", "is the glass table old"])
def test_the_reasons_of_an_answer_add_up_to_its_relevance(index, asked):
    reason = index.explained(Query(asked, EVERYBODY)).reasons[0]
    assert reason.parts
    assert reason.hit.relevance < 1.0
    adds = sum(points for _, points in reason.parts) + reason.near + reason.rest
    assert adds == pytest.approx(reason.hit.relevance, abs=0.004)


def test_no_word_is_a_reason_where_meaning_alone_brought_a_text_in(index):
    wordy = document(20, "Kitchen floor and garden wall", "kitchen floor garden wall " * 5)
    near = document(21, "Couch wet", "Old table. " * 60 + "A wall too.")
    index.put([wordy, near])
    index.put_vectors([wordy, near])
    reasons = {reason.hit.id: reason for reason in index.explained(Query("why is the settee damp by the kitchen wall", EVERYBODY)).reasons}
    assert [word for word, _ in reasons[20].parts] == ["kitchen", "wall"]
    assert reasons[21].parts == ()
    assert reasons[21].near == reasons[21].hit.relevance


def test_what_is_shown_for_want_of_an_answer_is_near_to_nothing(index, model, monkeypatch):
    monkeypatch.setattr(model, "nearness", lambda question, vectors, rows: [ranking.FAR] * len(rows))
    monkeypatch.setattr(model, "closeness", lambda question, words, spans, rarities: [ranking.FAR] * len(spans))
    hits = index.find(Query("when can it clean with xyzzy", EVERYBODY)).hits
    assert {hit.id for hit in hits} == {11, 12, 13}
    assert {(hit.relevance, hit.nearness) for hit in hits} == {(0.0, None)}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """`installed(file)` puts a package with the tiny model on the path, without one of its files if it is named."""

    def put(without=""):
        folder = tiny.install(tmp_path / "packages")
        if without:
            (folder / without).unlink()
        monkeypatch.syspath_prepend(str(tmp_path / "packages"))

    return put


def test_the_model_is_read_from_the_package_whose_own_code_is_left_alone(installed):
    installed()
    assert loading.load().kept("the sofa")
    assert loading.PACKAGE not in sys.modules


@pytest.mark.parametrize("lost", ["model.safetensors", "vocab.txt", "config.json"])
def test_a_package_without_one_of_its_files_is_missing(installed, lost):
    installed(without=lost)
    with pytest.raises(loading.Missing, match="cannot be read"):
        loading.load()


def without_a_tensor(path):
    weights = tiny.weights(1)
    del weights["encoder.layer.1.output.dense.bias"]
    tiny.write_weights(path, weights)


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("model.safetensors", without_a_tensor),
        ("model.safetensors", lambda path: path.write_bytes(b"")),
        ("model.safetensors", lambda path: path.write_bytes(b"\1\2\3")),
        ("model.safetensors", lambda path: path.write_bytes(path.read_bytes()[:5000])),
        ("model.safetensors", lambda path: path.write_bytes(b"\2" + bytes(7) + b"[]")),
        ("config.json", lambda path: path.write_text(path.read_text().replace('"hidden_size": 16', '"hidden_size": 32'))),
        ("config.json", lambda path: path.write_text("[]")),
    ],
)
def test_a_broken_model_is_missing_before_anybody_asks(tmp_path, monkeypatch, name, spoil):
    spoil(tiny.install(tmp_path) / name)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(loading.Missing, match="cannot be read"):
        loading.load()


def test_without_numpy_the_model_is_missing(installed, monkeypatch):
    installed()
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.delitem(sys.modules, "app.search.semantic.bert")
    with pytest.raises(loading.Missing, match="numpy"):
        loading.load()


def test_threads_that_come_first_together_get_one_model(monkeypatch):
    def slowly():
        time.sleep(0.05)
        return object()

    monkeypatch.setattr(loading, "load", slowly)
    loading.loaded.cache_clear()
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(lambda _: loading.model(), range(2))
    loading.loaded.cache_clear()
    assert one is other
