"""Moments that many who look share."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.lib.times import STEP_SECONDS, in_words, stepped


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_a_moment_is_shared_for_a_few_seconds_and_no_longer(now: datetime) -> None:
    shared = stepped(now)
    assert timedelta(0) <= now - shared < timedelta(seconds=STEP_SECONDS)
    assert stepped(shared) == shared and shared.tzinfo is UTC


def test_a_moment_far_away_is_told_with_its_year() -> None:
    at = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
    assert in_words(at, "Europe/Berlin") == "Tue 24 Nov, 14:30 CET"
    assert in_words(at, "Europe/Berlin", at + timedelta(days=182)) == "Tue 24 Nov, 14:30 CET"
    assert in_words(at, "Europe/Berlin", at + timedelta(days=183)) == "Tue 24 Nov 2026, 14:30 CET"
