"""Searching by meaning where the setting asks for it: what the keeper does, what pages say, and what happens without the model."""

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest
import structlog

from app.config import ROOT
from app.extensions import db
from app.knowledge import abroad, commands, finding, indexing, keeper
from app.knowledge.keeper import Keeper
from app.ops import doctor
from app.search.semantic import loading
from tests.search import tiny

AT = 1_800_000_000.0
ASKED = "why is the settee damp"


def keys(text):
    """The names of what a visitor finds."""
    return [result.key for result in finding.search(None, text).results]


@pytest.fixture
def wished(app):
    """`with wished():` the setting asks for meaning."""
    loading.loaded.cache_clear()

    @contextmanager
    def on():
        before = app.config["SETTINGS"]
        app.config["SETTINGS"] = replace(before, search_semantic=True)
        try:
            yield
        finally:
            app.config["SETTINGS"] = before

    yield on
    loading.loaded.cache_clear()


@pytest.fixture
def meaning(wished, tmp_path, monkeypatch):
    """The same where a tiny model is installed."""
    tiny.install(tmp_path / "packages")
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    return wished


@pytest.fixture
def missing(wished, monkeypatch):
    """The same where none is."""
    monkeypatch.setattr(loading, "PACKAGE", "no_such_model")
    return wished


def looks(keeping, at):
    """How many entries each look of a keeper found to differ, until none does."""
    found = []
    while (changed := keeping.look(at + len(found))) is not None:
        found.append(changed)
    return found


def test_the_keeper_gives_vectors_bit_by_bit_and_a_new_text_gets_its_own(app, faq, indexed, meaning):
    keeping = Keeper()
    faq("My sofa is wet")
    indexed()
    assert keeping.look(AT) is None
    with meaning():
        assert "my-sofa-is-wet" not in keys(ASKED)
        total = indexing.count_published()
        bits = looks(keeping, AT + keeper.COMPARE_SECONDS)
        assert (sum(bits), set(bits[:-1])) == (total, {indexing.VECTORS_AT_ONCE})
        assert keys(ASKED)[0] == "my-sofa-is-wet"
        faq("Couch too damp?")
        db.session.commit()
        assert looks(keeping, AT + keeper.COMPARE_SECONDS + 100) == [1, 1]
        assert set(keys(ASKED)[:2]) == {"my-sofa-is-wet", "couch-too-damp"}


def test_a_rebuild_by_hand_makes_the_vectors_too(app, faq, indexed, meaning):
    faq("My sofa is wet")
    indexed()
    with meaning():
        assert app.test_cli_runner().invoke(commands.search, ["rebuild"]).exit_code == 0
        assert indexing.without_vectors() == []
        assert keys(ASKED)[0] == "my-sofa-is-wet"


def test_switching_off_costs_nothing_and_switching_on_again_finds_all_there(app, faq, indexed, meaning):
    faq("My sofa is wet")
    indexed()
    with meaning():
        indexing.give_vectors()
        generation = indexing.generation()
        answer = finding.ask(None, ASKED)
        assert answer.hits[0].nearness is not None
    off = finding.ask(None, ASKED)
    assert [hit.nearness for hit in off.hits if hit.nearness is not None] == []
    assert (indexing.catch_up(), indexing.generation()) == (0, generation)
    with meaning():
        assert (indexing.catch_up(), indexing.generation()) == (0, generation)
        assert finding.ask(None, ASKED).hits == answer.hits


def test_results_of_meaning_are_shown_like_others_with_no_word_marked(app, browse, faq, indexed, meaning):
    faq("My sofa is wet", "Let it dry.")
    indexed()
    with meaning():
        indexing.give_vectors()
        first = finding.search(None, ASKED).results[0]
        assert (first.key, str(first.title), str(first.snippet)) == ("my-sofa-is-wet", "My sofa is wet", "Let it dry.")
        assert first.relevance > 0.1
        assert "My sofa is wet" in browse(None).get(f"/help/search?q={ASKED.replace(' ', '+')}").text


def test_an_editor_is_told_what_meaning_adds(app, browse, people, faq, indexed, meaning):
    faq("My sofa is wet")
    indexed()
    with meaning():
        indexing.give_vectors()
        text = browse(people.agent).get(f"/desk/knowledge/vocabulary/trial?q={ASKED.replace(' ', '+')}").text
        assert "close in meaning (" in text


def test_a_text_of_staff_is_not_found_by_meaning_either(app, people, faq, indexed, meaning):
    faq("My sofa is wet", audience="staff")
    indexed()
    with meaning():
        indexing.give_vectors()
        assert "my-sofa-is-wet" not in keys(ASKED)
        assert finding.search(people.agent, ASKED).results[0].key == "my-sofa-is-wet"


def test_a_search_in_another_language_goes_by_words_alone(app, written, indexed, meaning):
    with meaning():
        indexing.give_vectors()
        assert (indexing.without_vectors(), indexing.give_vectors()) == ([], 0)
        found = abroad.search(None, "how is the zebra with it", "de")
        assert [hit.nearness for hit in found.answer.hits if hit.nearness is not None] == []


def test_without_the_model_search_is_as_before_and_says_so_once(app, faq, indexed, missing):
    faq("Where do zebras sleep?")
    indexed()
    before = finding.ask(None, "where do zebras sleep now")
    with missing(), structlog.testing.capture_logs() as logs:
        assert finding.ask(None, "where do zebras sleep now").hits == before.hits
        assert keys("zebras")
        assert indexing.catch_up() == 0
        assert [line["event"] for line in logs if line["event"].startswith("search.")] == ["search.semantic_missing"]
        assert [f.is_well for f in doctor.of_search(app.config["SETTINGS"])] == [False]


def test_the_doctor_is_content_with_a_model_and_with_none_that_nobody_wishes(app, meaning):
    assert list(doctor.of_search(app.config["SETTINGS"])) == []
    with meaning():
        assert [f.is_well for f in doctor.of_search(app.config["SETTINGS"])] == [True]


def test_nothing_of_it_is_imported_unless_it_is_wished():
    asked = "import sys, app.reactions, app.knowledge.finding; print([name for name in sys.modules if name.partition('.')[0] == 'numpy'])"
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
