"""Where a text matches."""

from hypothesis import given
from hypothesis import strategies as st

from app.search.analysis import terms
from app.search.highlight import SNIPPET, Highlighter
from app.search.query import START
from app.search.synonyms import JOIN

TEXTS = st.text(st.sampled_from(list("abc ._-'’éß\n\t𝒳😀中ﬁİ")), max_size=400) | st.text(max_size=200)


def marked(text, *found):
    return [text[start:end] for start, end in Highlighter(found).spans(text)]


def test_other_forms_of_a_word_match():
    assert marked("Caching: how answers are cached, and cache_hours", "cach") == ["Caching", "cached", "cache"]


def test_beginnings_and_phrases_match():
    assert marked("Install the installer", START + "inst") == ["Install", "installer"]
    assert marked("You log in here, not in the log", JOIN.join(["log", "in"])) == ["log", "in"]


def test_of_a_compound_the_part_that_matches_is_marked():
    assert marked("Set consensus.stage_timeout = 5", "timeout") == ["timeout"]
    assert marked("Set consensus.stage_timeout = 5", "consensus.stage_timeout") == ["consensus.stage_timeout"]


@given(TEXTS, TEXTS)
def test_spans_are_in_order_apart_and_within_the_text(text, question):
    at = 0
    for start, end in Highlighter(terms(question)).spans(text):
        assert at <= start < end <= len(text)
        at = end


@given(TEXTS)
def test_every_term_of_a_text_is_found_in_it(text):
    found = [term for term in terms(text) if JOIN not in term]
    if found:
        assert Highlighter(found).spans(text)


@given(TEXTS, TEXTS)
def test_a_snippet_is_short_and_its_spans_fit(text, question):
    piece, spans = Highlighter(terms(question)).snippet(text)
    assert len(piece) <= SNIPPET + 40
    assert all(0 <= start < end <= len(piece) for start, end in spans)


def test_a_snippet_shows_the_place_that_matches():
    text = "word " * 300 + "the stage timeout is here " + "word " * 300
    piece, spans = Highlighter(["timeout"]).snippet(text)
    assert "stage timeout" in piece
    assert piece.startswith("… ")
    assert piece.endswith(" …")
    assert [piece[start:end] for start, end in spans] == ["timeout"]
