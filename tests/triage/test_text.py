"""Which words of a ticket are the author's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tickets.kinds import QUESTIONS, compose
from app.triage import defaults
from app.triage.phrases import PhraseBook, parse_phrase, sentences_of
from app.triage.rules import Intake, decide
from app.triage.text import own_text, own_title
from app.triage.vocabulary import PRIORITIES

RULES = defaults.rules()
ODD = st.text(alphabet=st.sampled_from('`~>#*-_<!/preblockquote "“”\n\r\t\0.:?,()[]{}|@\u200b\u202eéßñ漢a1'), max_size=300)
URGENT = "Our production is down and we lost all our data."


@pytest.mark.parametrize(
    ("body", "kept", "gone"),
    [
        ("mine\n\n> theirs", "mine", "theirs"),
        ("mine\n```\ncode\n```\nalso mine", "also mine", "code"),
        ("mine\n```\nnever closed", "mine", "never closed"),
        ("mine `code` mine", "mine", "code"),
        ("mine <!-- hidden --> mine", "mine", "hidden"),
        ("mine\n\n    indented code", "mine", "indented"),
        ("- item\n\n    still the item", "still the item", "```"),
        ("mine <blockquote>theirs</blockquote>", "mine", "theirs"),
        ("see https://down.example/production-down now", "now", "example"),
        ("mine\n\nSent from my phone", "mine", "phone"),
        ("mine\n\nThis e-mail is confidential: This message contains secrets", "mine", "zzz"),
        ("mine\n\n-----Original Message-----\ntheirs", "mine", "theirs"),
    ],
)
def test_quotes_code_and_notices_are_not_read(body, kept, gone):
    own = own_text(body)
    assert kept in own
    assert gone not in own


@pytest.mark.parametrize("value", [None, 5, [], {}, b"production down", object()])
def test_what_is_no_text_is_empty(value):
    assert own_text(value) == "" and own_title(value) == ""


def test_our_own_forms_headings_and_logs_are_not_the_authors_words():
    answers = {question.name: f"answer {question.name}" for question in QUESTIONS["bug"]}
    own = own_text(compose("bug", {**answers, "logs": "production down", "platform": "Linux (x86_64)"}))
    assert "answer description" in own and "answer actual" in own
    assert "production down" not in own
    for question in (question for kind in QUESTIONS.values() for question in kind if question.type != "checks"):
        assert question.label not in own_text(f"#### {question.label}\n\nanswer")


def test_the_options_of_a_form_are_no_cries():
    answers = {"summary": "Show tokens", "motivation": "Curious", "solution": "A line"}
    decision = decide(Intake("Show tokens", compose("feature", answers), kind="feature", priority="critical", plan="technical"), RULES)
    assert decision.points == 0


@given(ODD, ODD)
def test_triage_never_raises(title, body):
    decision = decide(Intake(title, body, (title,), title, body), RULES)
    assert decision.priority in PRIORITIES and 1 <= decision.tier <= 3


@given(
    st.one_of(
        ODD,
        st.lists(st.sampled_from(["no rush.", "staging", "if", "production is down.", "lost data,", "not", "fixed", "\n\n", "thanks"])).map(
            " ".join
        ),
    )
)
def test_more_urgency_never_lowers(text):
    before = decide(Intake("Hello", text, plan="enterprise_priority"), RULES)
    after = decide(Intake("Hello", f"{text}\n\n{URGENT}", plan="enterprise_priority"), RULES)
    assert PRIORITIES.index(after.priority) >= PRIORITIES.index(before.priority)


@pytest.mark.parametrize(
    "piece",
    [
        "production lost data all users down ",
        "if we lost all data, ",
        "`",
        "` `` ",
        "<pre",
        "<!--",
        '"a ',
        "http://",
        "a@",
        "a-",
        "### ",
        "On aaaaa ",
        "```\n",
        "- \n",
        "\n",
        "é\u0301",
    ],
)
def test_a_hundred_kilobytes_of_anything_are_read(piece):
    assert decide(Intake(piece * 50, piece * (100_000 // len(piece))), RULES).priority in PRIORITIES


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("lost data", "We lost data today", True),
        ("lost data", "We lost, data came later", False),
        ("lost data", "We lost. Data", False),
        ("lost ~ data", "We lost one two three four data", True),
        ("lost ~2 data", "We lost one two three data", False),
        ("corrupt* file|files", "corrupted files", True),
        ("blocking", "non-blocking", False),
        ("# users", "200 users", True),
        ("# users", "2 users", False),
        ("can't log", "We can’t log in", True),
        ("down", "DOWN!", True),
    ],
)
def test_phrases_are_found_in_one_clause_as_whole_words(phrase, text, found):
    sentences = sentences_of(own_text(text))
    assert bool(list(PhraseBook([("key", phrase)]).find(sentences))) == found


@pytest.mark.parametrize("phrase", ["", "~", "a ~", "~ a", "a || b", "a|", "|a", "a**", "a ~10 b", "(((((", "lost !!!|??? data", "🔥"])
def test_what_is_no_phrase_is_refused(phrase):
    with pytest.raises(ValueError, match=r"phrase|cannot be (read|found)"):
        parse_phrase(phrase)


@given(st.text(max_size=60))
def test_any_text_is_a_phrase_or_refused(text):
    try:
        parts = parse_phrase(text)
    except ValueError:
        return
    assert parts
