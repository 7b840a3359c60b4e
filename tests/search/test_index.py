"""The index: what it answers, to whom, and what becomes of it when things go wrong."""

import json
import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.search import ranking, store
from app.search.documents import Query
from app.search.index import FINGERPRINT, Index
from app.search.ranking import Postings, Wanted
from app.search.store import Busy, Unusable
from tests.search.conftest import EVERYBODY, STAFF, TEXTS, document

HOSTILE = [
    "a" * 10_000, "word " * 3000, "how do i", "the", "😀😀", "مرحبا بالعالم", "‮evil", "*", "?", "**", "a*", "*a*b*c*", "[a-z]*", "OR", "AND NOT",
    "title:install", "NOT", '"unbalanced', "((((", "))", "install AND (", "a\x00b", "\x00", "\x02\x03\x1f", "~~~~", "^5", "install^99", "+-&&||!",
    "<script>alert(1)</script>", "'; DROP TABLE faqs; --", "-", "--", "_", "....", "a.b.c.d.e.f.g.h" * 50, "\ud800", "İ" * 50, "ﬀ", "1" * 500,
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("install", 1), ("instal", 1), ("inst", 1), ("installing hive", 1), ("how do i install hive", 1), ("setup", 1), ("set up", 1),
        ("--no-cache", 2), ("no-cache", 2), ("nocache", 2), ("caching", 2), ("cahce", 2), ("how can i stop it from using stale answers", 2),
        ("proxi", 3), ("stage_timeout", 3), ("stageTimeout", 3), ("stage timeout", 3), ("stagetimeout", 3), ("e0432", 4), ("E0432", 4),
        ("quorom", 4), ("what does e0432 mean", 4),
    ],
)  # fmt: skip
def test_the_right_text_comes_first(ask, question, first):
    assert ask(question)[:1] == [first]


@pytest.mark.parametrize("question", HOSTILE)
def test_hostile_questions_are_answered_or_not_but_never_fail(index, question):
    answer = index.find(Query(question, EVERYBODY))
    assert all(0 <= hit.relevance <= 1 for hit in answer.hits)
    assert answer.total == len(answer.hits)


@settings(max_examples=60)
@given(st.text(max_size=120))
def test_any_text_can_be_asked(tmp_path_factory, text):
    index = shared(tmp_path_factory)
    answer = index.find(Query(text, EVERYBODY))
    assert all(hit.id != 5 for hit in answer.hits)


def shared(tmp_path_factory):
    home = tmp_path_factory.getbasetemp() / "shared-index"
    if not home.exists():
        Index(home).rebuild(TEXTS)
    return Index(home)


def test_stop_words_alone_ask_nothing(index):
    assert index.find(Query("how do i ", EVERYBODY)).is_empty
    assert index.find(Query("", EVERYBODY)).is_empty


def test_a_mended_question_keeps_the_other_words(index):
    assert index.find(Query("which Proxxy settings", EVERYBODY)).did_you_mean == "which proxy settings"
    assert index.find(Query("proxy settings", EVERYBODY)).did_you_mean is None


def test_what_one_may_not_read_does_not_exist(index, ask):
    assert ask("escalate a ticket", STAFF)[:1] == [5]
    for question in ("escalate", "escalat", "esclate", "manager", "okta", "procedures"):
        answer = index.find(Query(question, EVERYBODY))
        assert not {5, 6} & {hit.id for hit in answer.hits}
        assert answer.did_you_mean is None
        assert "procedures" not in answer.categories
    assert ask("okta", frozenset({"public", "customers", "enterprise"}))[:1] == [6]
    assert index.categories(EVERYBODY) == {"installation": 1, "cli": 1, "network": 1, "errors": 1}


def test_one_category_and_the_counts_of_all(index, ask):
    assert ask("proxy cache", category="network") == [3]
    assert index.find(Query("proxy cache", EVERYBODY, "network")).categories == {"cli": 1, "network": 1}


def test_some_kinds_only(tmp_path):
    index = Index(tmp_path)
    index.rebuild([document(1, "Proxy"), document(1, "Proxy", kind="article")])
    assert [hit.kind for hit in index.find(Query("proxy", EVERYBODY, kinds=frozenset({"article"}))).hits] == ["article"]


def test_the_same_title_comes_before_longer_ones_and_popularity_decides_between_equals(tmp_path):
    index = Index(tmp_path)
    index.rebuild(
        [document(1, "Proxy settings"), document(2, "Proxy settings of a company"), document(3, "Proxy settings", popularity=500)]
    )
    assert [hit.id for hit in index.find(Query("proxy settings", EVERYBODY)).hits] == [3, 1, 2]
    assert index.find(Query("proxy settings", EVERYBODY)).hits[0].relevance == 1.0


def test_put_replaces_adds_and_takes_away(index, ask):
    generation = index.find(Query("install", EVERYBODY)).generation
    index.put([document(1, "How do I deploy?", stamp="2"), document(7, "A brand new zebra")], ["faq:3"])
    assert ask("zebra") == [7]
    assert ask("zebrra") == [7]
    assert 1 in ask("deploy")
    assert ask("terminal") == []
    assert ask("proxy") == []
    assert index.stamps()["faq:1"] == "2"
    assert "faq:3" not in index.stamps()
    assert index.find(Query("zebra", EVERYBODY)).generation > generation


def test_another_process_sees_a_publication_at_its_next_question(index, ask):
    assert ask("zebra") == []
    Index(index.home).put([document(7, "A zebra")])
    assert ask("zebra") == [7]


def test_many_small_publications_leave_few_folders_and_every_text(index, ask):
    for number in range(10, 25):
        index.put([document(number, f"Zebra number {number}")])
    assert len(ask("zebra")) == 15
    assert len(list(index.home.glob("generation-*"))) <= 1 + store.KEPT
    assert ask("install")[:1] == [1]


def test_postings_read_in_blocks_are_those_that_whoosh_steps_through(tmp_path):
    index = Index(tmp_path)
    index.rebuild(document(n, "common " * (n % 3 + 1), "rare" if n % 7 == 0 else "") for n in range(1, 400))
    index.put([document(500, "common")], ["faq:5"])
    with index.lock:
        opened = index.current()
        for field, term in (("title", "common"), ("body", "rare"), ("title", "missing")):
            stepped = []
            for leaf, offset in opened.leaves:
                if (field, term) in leaf:
                    matcher = leaf.postings(field, term)
                    while matcher.is_active():
                        stepped.append((matcher.id() + offset, matcher.weight()))
                        matcher.next()
            assert [pair for pair in opened.occurrences(field, term) if opened.entries[pair[0]] is not None] == stepped


@pytest.mark.parametrize("damage", ["empty", "garbage", "format", "fingerprint", "missing file", "flipped bit", "cut", "no folder"])
def test_an_index_that_cannot_be_used_says_so_and_is_rebuilt(index, damage):
    current = index.home / store.CURRENT
    told = json.loads(current.read_text())
    folder = index.home / f"generation-{told['number']}"
    victim = max(folder.iterdir(), key=lambda path: path.stat().st_size)
    match damage:
        case "empty":
            current.write_text("")
        case "garbage":
            current.write_bytes(b"\xff\x00{[")
        case "format":
            current.write_text(json.dumps({**told, "format": 99}))
        case "fingerprint":
            current.write_text(json.dumps({**told, "fingerprint": "another"}))
        case "missing file":
            victim.unlink()
        case "flipped bit":
            content = bytearray(victim.read_bytes())
            content[len(content) // 2] ^= 1
            victim.write_bytes(content)
        case "cut":
            os.truncate(victim, 100)
        case "no folder":
            shutil.rmtree(folder)
    store.CHECKED.clear()
    fresh = Index(index.home)
    with pytest.raises(Unusable):
        fresh.find(Query("install", EVERYBODY))
    with pytest.raises(Unusable):
        fresh.put([document(9, "x")])
    assert fresh.rebuild(TEXTS) == len(TEXTS)
    assert fresh.find(Query("install", EVERYBODY)).hits[0].id == 1


def test_there_is_nothing_to_ask_before_the_first_build(tmp_path):
    with pytest.raises(Unusable):
        Index(tmp_path / "nothing").find(Query("x", EVERYBODY))


def test_an_index_built_by_this_version_is_known_by_its_fingerprint(index):
    assert store.read_current(index.home).fingerprint == FINGERPRINT


def test_an_empty_index_answers_nothing(tmp_path):
    index = Index(tmp_path)
    assert index.rebuild([]) == 0
    assert index.find(Query("anything", EVERYBODY)).hits == ()


def test_only_one_writes_at_a_time(index):
    with store.only_writer(index.home), pytest.raises(Busy), store.only_writer(index.home, wait=False):
        pass


def test_a_failed_change_leaves_the_old_index(index, ask):
    def broken():
        yield document(8, "Half of it")
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        index.rebuild(broken())
    assert ask("install")[:1] == [1]
    index.put([document(9, "Zebra")])
    assert ask("zebra") == [9]


def test_text_scores_add_up_to_one_for_a_perfect_match():
    good = Postings(ranking.array("I", [4]), ranking.array("f", [1.0]))
    scores = ranking.text_scores([Wanted([(good, 1.0)], 1.0, 2.0), Wanted([(good, 0.5), (good, 1.0)], 0.5, 3.0)])
    assert scores == {4: pytest.approx(1.0)}
    assert ranking.text_scores([]) == {}


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_rarity_falls_with_the_number_of_texts_and_is_never_negative(a, b):
    few, many = sorted((a, b))
    total = many + 1
    assert ranking.rarity(few, total) >= ranking.rarity(many, total) >= 0


def test_an_index_answers_with_the_synonyms_it_was_built_with(index, ask):
    assert ask("marmalade") == []
    Index(index.home).put((), synonyms="marmalade, proxy\n")
    assert ask("marmalade") == [3]
    assert ask("setup") == [1], "the tag says so; the shipped synonyms are gone"
    assert ask("caching") == [2]
    assert index.synonyms() == "marmalade, proxy\n"
    index.put([document(9, "Zebra")])
    assert ask("marmalade") == [3]
    index.rebuild(TEXTS, synonyms="jam, paste the line\n")
    assert ask("jam") == [1]
    assert ask("marmalade") == []


def test_synonyms_that_cannot_be_read_leave_the_old_index(index, ask):
    with pytest.raises(ValueError, match="line 1"):
        index.put((), synonyms="alone\n")
    assert ask("install")[:1] == [1]
    assert len(list(index.home.glob("generation-*"))) == 1
