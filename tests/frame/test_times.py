"""Moments that many who look share."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.lib.times import STEP_SECONDS, stepped


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_a_moment_is_shared_for_a_few_seconds_and_no_longer(now: datetime) -> None:
    shared = stepped(now)
    assert timedelta(0) <= now - shared < timedelta(seconds=STEP_SECONDS)
    assert stepped(shared) == shared and shared.tzinfo is UTC
