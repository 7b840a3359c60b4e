"""Thank-yous are told from questions, by the recognizer alone. The examples are in thanks.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tickets.courtesy import LONGEST, is_courtesy
from tests.tickets.thanks import NOT_ONLY_THANKS, THANKS, TUNED

NAMES = ["Aiko Tanaka", "Frieda Brandt", "Marcus Webb"]


def test_there_are_enough_examples_and_none_twice():
    assert min(len(THANKS), len(NOT_ONLY_THANKS)) >= 60
    assert len({*THANKS, *NOT_ONLY_THANKS}) == len(THANKS) + len(NOT_ONLY_THANKS)
    assert all(len(examples) >= 2 * tuned for examples, tuned in zip((THANKS, NOT_ONLY_THANKS), TUNED, strict=True))


@pytest.mark.parametrize("text", THANKS[: TUNED[0]])
def test_a_mere_thank_you_is_one(text):
    assert is_courtesy(text, NAMES)


@pytest.mark.parametrize("text", NOT_ONLY_THANKS)
def test_nothing_that_says_or_asks_more_is_a_thank_you(text):
    assert not is_courtesy(text, NAMES)


def test_of_thank_yous_that_nobody_tuned_on_nine_of_ten_are_found():
    judged = THANKS[TUNED[0] :]
    found = [text for text in judged if is_courtesy(text, NAMES)]
    assert len(found) >= 0.9 * len(judged), [text for text in judged if text not in found]


@pytest.mark.parametrize("text", THANKS)
@pytest.mark.parametrize("more", ["?", " But it fails.", " 2.0.1", " https://example.com", " Please reopen."])
def test_a_thank_you_with_more_in_it_is_none(text, more):
    if "> Please" not in text:
        assert not is_courtesy(text + more, NAMES)


def test_a_name_is_one_only_if_it_is_on_the_ticket():
    assert is_courtesy("Thanks Aiko!", NAMES)
    assert not is_courtesy("Thanks Production!", NAMES)


@given(st.text(max_size=2 * LONGEST))
def test_any_text_is_answered(text):
    assert is_courtesy(text, NAMES) in (True, False)


@pytest.mark.parametrize("word", ["thanks ", "so ", "very good ", "and ", "now ", "merci beaucoup ", "Aiko "])
@pytest.mark.parametrize("tail", ["", "x", "zz, "])
def test_a_long_one_is_answered_at_once(word, tail):
    assert not is_courtesy(f"{word * 15}{tail}" * 200, NAMES)
    is_courtesy(f"{word * 15}{tail}"[:LONGEST], NAMES)
