"""The simulation alone: pace, crowd, moves and scores, for queues that can be counted on fingers and for random ones."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics import forecasting
from app.analytics.forecasting import END_OF_TIME, Past, People, Score, Waiting, finish_of, forecast, judged

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL_DAY = [(NOW - HOUR, NOW + 12 * HOUR)]


def one(number=1, **over):
    given = {"metric": "first_response", "priority": "high", "category": "bug", "team_id": 1, "assignee_id": None}
    given |= {"due_at": NOW + 2 * HOUR, "target_seconds": 4 * 3600, "counted_seconds": 2 * 3600}
    return Waiting(clock_id=number, **(given | over))


def past_of(*lengths, number=40):
    past = Past()
    for n in range(number):
        past.add("first_response", "high", "bug", 1, lengths[n % len(lengths)])
    return past


def test_where_such_clocks_are_always_quick_and_somebody_works_nothing_is_missed():
    (found,) = forecast([one()], past_of(9000), People({7: ALL_DAY}, {1: [7]}), NOW, seed=1)
    assert found.probability < 0.02 and not found.is_likely and found.rests_on == 40 and found.moves == []


def test_where_such_clocks_always_take_longer_it_is_missed_by_pace():
    (found,) = forecast([one()], past_of(5 * 3600), People({7: ALL_DAY}, {1: [7]}), NOW, seed=1)
    assert found.probability > 0.98 and (found.pace, found.crowd) == (1, 0)


def test_what_has_waited_longer_than_any_in_the_past_is_expected_to_be_missed():
    (found,) = forecast([one(counted_seconds=3 * 3600)], past_of(600), People({7: ALL_DAY}, {1: [7]}), NOW, seed=1)
    assert found.is_likely


def test_where_nobody_works_before_it_is_due_it_is_missed_by_crowd_and_whoever_does_is_named():
    later = [(NOW + 3 * HOUR, NOW + 9 * HOUR)]
    people = People({7: later, 8: ALL_DAY}, {1: [7], 2: [8]})
    (found,) = forecast([one()], past_of(9000), people, NOW, seed=1)
    assert found.is_likely and (found.pace, found.crowd) == (0, 1)
    assert [(move.user_id, move.own_team) for move in found.moves] == [(8, False)]


def test_an_assignee_who_is_away_is_stood_in_for_by_the_team():
    people = People({7: [], 8: ALL_DAY}, {1: [7, 8]})
    (found,) = forecast([one(assignee_id=7)], past_of(9000), people, NOW, seed=1)
    assert not found.is_likely and found.crowd == 0


def test_one_person_cannot_answer_twenty_at_once():
    queue = [one(number, due_at=NOW + HOUR) for number in range(20)]
    found = forecast(queue, past_of(3600 * 3), People({7: ALL_DAY}, {1: [7]}), NOW, seed=1)
    assert sum(each.is_likely for each in found) == 19


def test_suggestions_do_not_give_one_person_more_than_they_can_do():
    queue = [one(number, due_at=NOW + HOUR) for number in range(6)]
    found = forecast(queue, past_of(3600 * 3), People({7: [], 8: ALL_DAY}, {1: [7], 2: [8]}), NOW, seed=1)
    named = [each.moves[0].user_id for each in found if each.moves]
    assert named == [8]


def test_without_a_past_only_the_crowd_is_asked_and_without_people_only_the_pace():
    (known,) = forecast([one()], Past(), People({7: ALL_DAY}, {1: [7]}), NOW, seed=1)
    assert known.rests_on == 0 and not known.is_likely
    (unknown,) = forecast([one()], past_of(9000), People({}, {}), NOW, seed=1)
    assert not unknown.is_likely and unknown.crowd == 0


def test_a_group_that_is_too_small_is_spoken_for_by_a_wider_one():
    past = past_of(9000, number=40)
    for _ in range(5):
        past.add("first_response", "high", "billing", 1, 5 * 3600)
    assert past.of(one(category="billing"))[1] == 45
    assert past.of(one(category="bug"))[1] == 40
    assert past.of(one(metric="resolution")) == ([], 0)
    assert past.size == 45


@given(
    st.lists(
        st.tuples(st.integers(0, 480), st.integers(0, 14_400), st.sampled_from([None, 7, 8, 9]), st.sampled_from([None, 1, 2])), max_size=25
    ),
    st.lists(st.integers(1, 40_000), min_size=20, max_size=60),
    st.integers(0, 5),
)
def test_whatever_the_queue_probabilities_are_between_nought_and_one_and_repeat(queue, lengths, seed):
    waiting = [
        one(n, due_at=NOW + timedelta(minutes=due + 1), counted_seconds=counted, assignee_id=user, team_id=team)
        for n, (due, counted, user, team) in enumerate(queue)
    ]
    people = People({7: ALL_DAY, 8: [(NOW + HOUR, NOW + 2 * HOUR)]}, {1: [7, 8], 2: [9]})
    past = past_of(*lengths, number=len(lengths))
    found = forecast(waiting, past, people, NOW, seed=seed)
    again = forecast(list(reversed(waiting)), past, people, NOW, seed=seed)
    assert found == again and [each.waiting.due_at for each in found] == sorted(each.waiting.due_at for each in found)
    assert all(0 < each.probability < 1 and each.probability >= max(each.pace, each.crowd) - 0.02 for each in found)
    assert all(move.finish_at <= each.waiting.due_at for each in found for move in each.moves)


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 200)), max_size=6), st.integers(0, 700), st.integers(1, 30_000))
def test_work_ends_after_exactly_so_much_time_in_spans(pieces, start, seconds):
    spans, at = [], NOW
    for gap, length in pieces:
        spans.append((at + timedelta(minutes=gap), at + timedelta(minutes=gap + length)))
        at = spans[-1][1]
    begins = NOW + timedelta(minutes=start)
    end = finish_of(spans, begins, seconds)
    worked = sum((max(timedelta(0), min(b, end) - max(a, begins)) for a, b in spans), timedelta(0))
    assert worked == timedelta(seconds=seconds) if end < END_OF_TIME else worked < timedelta(seconds=seconds)


def test_a_score_counts_hits_false_alarms_misses_and_the_squared_error():
    told = judged([(0.9, True), (0.8, False), (0.2, True), (0.1, False)])
    assert (told["hits"], told["false_alarms"], told["misses"], told["judged"]) == (1, 1, 1, 4)
    assert told["brier_sum"] == pytest.approx(0.01 + 0.64 + 0.64 + 0.01)
    score = Score(forecasts=1, unforeseen=0, **told)
    assert not score.is_enough and (score.hit_rate, score.found_rate) == (0.5, 0.5)
    assert Score(9, 40, 5, 5, 5, 0, 4.0).is_enough and Score(0, 0, 0, 0, 0, 0, 0.0).brier is None


def test_quantiles_are_those_of_the_lengths():
    assert forecasting.quantiles(range(1, 43)) == list(range(2, 43, 2))
    assert forecasting.quantiles([5]) == [5] * forecasting.QUANTILES
