"""From text to terms, and back to what was meant."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.search.analysis import SYNONYMS, beginnings, gist, terms, tokens, words
from app.search.languages import fold
from app.search.spelling import Spelling, allowed_edits, begins_like
from app.search.stemming import stem
from app.search.synonyms import JOIN, Synonyms


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("caching", "cach"), ("cached", "cach"), ("caches", "cach"), ("installation", "instal"), ("installing", "instal"),
        ("configuration", "configur"), ("configured", "configur"), ("happily", "happili"), ("relational", "relat"),
        ("agreed", "agre"), ("hopping", "hop"), ("hoping", "hope"), ("forgot", "forget"), ("lost", "lose"), ("ties", "tie"),
        ("cries", "cri"), ("generously", "generous"), ("sky", "sky"), ("yes", "yes"), ("is", "is"), ("e0432", "e0432"), ("zürich", "zürich"),
    ],
)  # fmt: skip
def test_each_word_has_its_stem(word, stemmed):
    assert stem(word) == stemmed


@given(st.text(max_size=30))
def test_a_stem_is_never_longer_than_its_word_and_one_letter(word):
    assert len(stem(word)) <= len(word) + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--no-cache", {"--no-cache", "no-cache", "nocache", "no", "cache"}),
        ("stageTimeout", {"stagetimeout", "stage", "timeout"}),
        ("consensus.stage_timeout", {"consensus.stage_timeout", "consensusstagetimeout", "consensus", "stage", "timeout"}),
        ("E_STAGE_TIMEOUT", {"e_stage_timeout", "estagetimeout", "stage", "timeout"}),
        ("the user's café", {"user", "cafe"}),
        ("doesn’t", {"doesnt"}),
        ("isn’t it", set()),
        ("ﬁle Ünïcode", {"file", "unicode"}),
        ("検索エンジン", {"検索", "索エ", "エン", "ンジ", "ジン"}),
    ],
)
def test_words_of_a_text(text, expected):
    assert words(text) == expected


def test_a_phrase_is_one_term_beside_its_words():
    assert JOIN.join(["log", "in"]) in terms("How do I log in?")
    assert "log" in terms("How do I log in?")


def test_the_gist_of_a_title_leaves_out_what_every_title_has():
    assert gist("How can I make Hive use a proxy?") == ["proxi"]
    assert gist("What is Hive?") == ["hive"]


def test_beginnings_are_what_people_have_typed_so_far():
    assert {"p", "pr", "pro", "prox", "proxy"} <= beginnings("A proxy")


@given(st.text(max_size=200))
def test_tokens_stand_where_they_say(text):
    last = 0
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert token.start >= last or len(token.word) == 2
        last = max(last, token.start)
        assert token.word


@given(st.text(max_size=40))
@example("㎆")
def test_folding_is_stable(text):
    assert fold(fold(text)) == fold(text)


def test_forms_of_capitals_are_folded_like_the_letters():
    assert fold("㎆") == fold("MB") == "mb"


def test_synonyms_that_cannot_be_read_name_their_line():
    with pytest.raises(ValueError, match="line 3"):
        Synonyms.read("a, b\n# note\nlonely\n", str.split)
    with pytest.raises(ValueError, match="line 1"):
        Synonyms.read("=> b", str.split)


def test_synonyms_go_both_ways_unless_an_arrow_says_otherwise():
    found = Synonyms.read("slow, takes long\ncolour => color", str.split)
    assert found.others["slow"] == (JOIN.join(["takes", "long"]),)
    assert found.others["colour"] == ("color",)
    assert "color" not in found.others
    assert list(found.phrases_in(["it", "takes", "long"])) == [(1, ("takes", "long"))]


def test_the_shipped_synonyms_can_be_read():
    assert stem("uninstall") in SYNONYMS.others
    assert "okta" in SYNONYMS.words


@pytest.mark.parametrize(("word", "edits"), [("abc", 0), ("abcd", 1), ("abcdefg", 1), ("abcdefgh", 2), ("hive4001", 0), ("--no", 0)])
def test_how_far_a_guess_may_go(word, edits):
    assert allowed_edits(word) == edits


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("timout", "timeout"), ("cahce", "cache"), ("instal", "install"), ("repositroy", "repository"), ("cnsensus", "consensus"),
     ("konfiguracion", "configuration"), ("halluciated", "hallucination"), ("proxxy", "proxy")],
)  # fmt: skip
def test_what_misspelt_words_were_meant_to_be(typed, meant):
    spelling = Spelling(["timeout", "cache", "install", "repository", "consensus", "configuration", "hallucination", "proxy"])
    assert [word for word, _ in spelling.meant_by(typed)][:1] == [meant]


@pytest.mark.parametrize("typed", ["xyzzyq", "abc", "qqqqqqqq", "4001", ""])
def test_what_is_no_misspelling_of_anything(typed):
    assert Spelling(["timeout", "cache"]).meant_by(typed) == []


def test_words_join_a_vocabulary_and_those_that_left_are_not_offered():
    first = Spelling(["marmalade", "zebras"])
    assert first.meant_by("marmelade") == [("marmalade", 1)]
    second = first.renewed(["zebras", "quorum"])
    assert second.meant_by("marmelade") == []
    assert second.meant_by("quorom")[0] == ("quorum", 1)


def test_half_typed_words_are_completed():
    spelling = Spelling(["consensus", "console", "config", "proxy"])
    assert [word for word in spelling.starting("cons", 10) if word != "consumer"] == ["console", "consensus"]
    assert "consensus" in spelling.starting_nearly("cosnen", 10)
    assert spelling.starting_nearly("con", 10) == []


@given(st.text("ab", min_size=1, max_size=5), st.text("ab", max_size=4), st.data())
def test_a_beginning_with_one_edit_is_recognised(start, rest, data):
    at = data.draw(st.integers(0, len(start) - 1))
    edited = data.draw(st.sampled_from([start[:at] + start[at + 1 :], start[:at] + "c" + start[at:], start[:at] + "c" + start[at + 1 :]]))
    assert begins_like(start + rest, edited)
