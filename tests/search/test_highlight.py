"""Where a text matches."""

from hypothesis import given
from hypothesis import strategies as st

from app.search import highlight
from app.search.analysis import terms, tokens
from app.search.highlight import PIECE, SNIPPET, Highlighter, plain_word, read_once
from app.search.languages import ENGLISH, language
from app.search.query import START
from app.search.synonyms import JOIN

LOCALES = st.sampled_from(["en", "de", "fr"])
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


@given(TEXTS, TEXTS, LOCALES)
def test_the_quick_look_at_a_text_passes_over_no_piece_that_matches(text, question, locale):
    found = terms(question, language=language(locale))
    whole = Highlighter([*found, *(START + term[:3] for term in found[-1:] if JOIN not in term)], language(locale))
    whole.phrases = []
    each = [(match.start(), whole.spans_in(match[0])) for match in PIECE.finditer(text)]
    assert whole.spans(text) == [(at + start, at + end) for at, inside in each for start, end in inside]


def test_words_of_a_text_that_do_not_match_are_not_read_for_a_new_question():
    text = "The cache keeps (most) answers, says hive.toml"
    Highlighter(["answer"]).spans(text)
    asked = Highlighter(["cach"])
    assert asked.spans(text) == [(4, 9)]
    assert set(asked.pieces) == {"cache", "hive.toml"}


@given(st.text(st.sampled_from(list("abYZ09,._-'’+#(“éßİ中\u0301")), min_size=1, max_size=6), LOCALES)
def test_a_plain_piece_is_the_word_that_any_other_way_of_reading_finds(raw, locale):
    plain = plain_word(raw)
    assert plain is None or list(tokens(raw, language(locale))) == [plain]


def test_most_pieces_are_plain():
    assert [plain_word(piece).word for piece in ("Caches", "“TLS”,", "2fa).", "(the")] == ["caches", "tls", "2fa", "the"]
    assert {plain_word(piece) for piece in ("time-out", "C++", "--force", "don't", "GitHub", "naïve", "…")} == {None}


def test_a_piece_of_several_words_is_read_once():
    before = read_once.cache_info()
    assert Highlighter(["timeout"]).spans("read.once.timeout") == [(10, 17)]
    after = read_once.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 1)


def test_what_is_known_of_pieces_takes_little_room(monkeypatch):
    monkeypatch.setattr(highlight, "MOST_PIECES", 3)
    known = highlight.Singles(ENGLISH)
    assert [known[piece] for piece in ("caches", "(the", "2fa,", "time-out", "don't", "…")] == ["cach", "", "2fa", None, None, ""]
    assert len(known) == 3


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
