"""The arithmetic of survey answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.surveys.score import counted, is_low, response_rate, spread, wilson


def test_figures_of_a_question():
    found = spread(counted([5, 5, 4, 2]))
    assert (found.count, found.average, found.satisfied) == (4, 4.0, 0.75)
    assert found.counts == (0, 1, 0, 1, 2)


def test_no_answers_give_no_figures_rather_than_nought():
    found = spread((0, 0, 0, 0, 0))
    assert (found.count, found.average, found.satisfied, found.low) == (0, None, None, None)
    assert response_rate(0, 0) is None


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (1, 1, 0.2065, 1.0), (450, 500, 0.8706, 0.9233)],
)
def test_wilson_matches_published_figures(hits, total, low, high):
    assert wilson(hits, total) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@given(st.integers(1, 2000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_interval_holds_the_share_and_stays_within_bounds(case):
    hits, total = case
    low, high = wilson(hits, total)
    assert 0 <= low <= hits / total + 1e-12 and hits / total - 1e-12 <= high <= 1


@pytest.mark.parametrize("scores", [(1, 5, 5), (5, 2, 5), (5, 5, 1)])
def test_one_or_two_on_any_question_is_low(scores):
    assert is_low(*scores)


def test_three_is_not_low():
    assert not is_low(3, 3, 3)


@pytest.mark.parametrize("bad", [0, 6, -1])
def test_a_score_outside_the_scale_is_refused(bad):
    with pytest.raises(ValueError):
        counted([bad])


def test_impossible_shares_are_refused():
    for hits, total in ((1, 0), (2, 1), (-1, 3)):
        with pytest.raises(ValueError):
            wilson(hits, total)


def test_a_rate_is_a_share():
    assert response_rate(3, 12) == 0.25
