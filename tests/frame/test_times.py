"""Moments that many who look share."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.lib.times import STEP_SECONDS, from_wall, in_words, local, stepped


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


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.sampled_from(["Asia/Kathmandu", "Europe/Berlin"])
)
def test_a_moment_in_words_has_the_day_and_the_time_of_the_wall(at: datetime, zone_name: str) -> None:
    there = local(at, zone_name)
    assert in_words(at, zone_name) == f"{there:%a} {there.day} {there:%b, %H:%M %Z}"


def test_of_two_times_with_one_name_in_autumn_it_is_the_first() -> None:
    for fold in (0, 1):
        assert from_wall(datetime(2027, 10, 31, 2, 30, fold=fold), "Europe/Berlin") == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_the_ends_of_the_calendar_stay_where_they_are() -> None:
    for wall, zone_name in ((datetime.min, "Europe/Berlin"), (datetime.max, "America/New_York")):
        assert from_wall(wall, zone_name) == wall.replace(tzinfo=UTC)


@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Asia/Kathmandu", "UTC", "Pacific/Apia"]),
)
def test_a_moment_comes_back_from_the_wall(at: datetime, zone_name: str) -> None:
    there = local(at, zone_name)
    assert from_wall(there.replace(tzinfo=None), zone_name) in {at, at - timedelta(hours=1)}
