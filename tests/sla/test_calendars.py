"""Calendars: what is refused and why, what never opens, and the days on which the wall clock jumps."""

from datetime import datetime

import pytest

from app.sla.calendars import BadCalendar, calendar, usable
from app.sla.hours import DAY, HORIZON_YEARS, MINUTE, SECOND, from_us, to_us

HOUR = 60 * MINUTE


def at(text):
    return to_us(datetime.fromisoformat(text))


def week(**days):
    return {"tz": "Europe/Berlin", "hours": days}


@pytest.mark.parametrize(
    "definition, says",
    [
        ({"tz": "Mars/Base", "hours": "24x7"}, "no time zone"),
        ({"tz": "Europe", "hours": "24x7"}, "no time zone"),
        ({"tz": "../etc/passwd", "hours": "24x7"}, "no time zone"),
        ({"tz": "", "hours": "24x7"}, "Name the time zone"),
        ({"hours": {"mon": [["09:00", "17:00"]]}}, "Name the time zone"),
        (week(mon=[["09:00", "13:00"], ["12:59", "17:00"]]), "overlap on Monday"),
        (week(mon=[["09:00", "13:00"], ["09:00", "13:00"]]), "overlap on Monday"),
        (week(mon=[["22:00", "06:00"]], tue=[["05:59", "12:00"]]), "Monday and Tuesday"),
        (week(sun=[["22:00", "06:00"]], mon=[["05:00", "12:00"]]), "Sunday and Monday"),
        (week(mon=[["9", "17:00"]]), "is no time"),
        (week(mon=[["25:00", "17:00"]]), "is no time"),
        (week(mon=[["24:00", "02:00"]]), "cannot begin at 24:00"),
        (week(mon=[["09:00"]]), "a start and an end"),
        (week(mon="09:00-17:00"), "are a list"),
        (week(someday=[["09:00", "17:00"]]), "no weekday"),
        ({"tz": "UTC", "hours": 5}, "hours of each weekday"),
        ({"tz": "UTC", "hours": "24x7", "holidays": ["25.12.2026"]}, "is no date"),
        ({"tz": "UTC", "hours": "24x7", "holidays": "2026-12-25"}, "are a list"),
        ({"tz": "UTC", "hours": "24x7", "overrides": {"2026-12-24": [["09:00", "12:00"], ["11:00", "13:00"]]}}, "overlap on 2026-12-24"),
        (7, "A calendar is"),
        (None, "A calendar is"),
    ],
)
def test_a_calendar_that_cannot_be_used_is_refused_with_the_reason(definition, says):
    with pytest.raises(BadCalendar, match=says):
        calendar(definition)


@pytest.mark.parametrize("definition", [week(), week(mon=[]), {"tz": "UTC", "hours": {}, "overrides": {"2026-12-24": []}}])
def test_a_calendar_without_an_open_hour_is_never_stored_and_never_due(definition):
    with pytest.raises(BadCalendar, match="no open hour"):
        usable(definition)
    assert calendar(definition).advance(at("2026-11-23T09:00:00+00:00"), SECOND) is None
    assert calendar(definition).counted(0, 100 * 366 * DAY) == 0


def test_a_year_of_holidays_ends():
    definition = week(mon=[["09:00", "10:00"]]) | {
        "holidays": [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    }
    due = calendar(definition).advance(at("2026-01-01T00:00:00+00:00"), 40 * HOUR)
    assert due is not None and from_us(due).year == 2027


def test_a_search_beyond_the_horizon_ends_without_an_answer():
    start = at("2026-01-01T00:00:00+00:00")
    assert calendar(week(mon=[["09:00", "09:01"]])).advance(start, HORIZON_YEARS * 60 * MINUTE) is None
    assert calendar({"tz": "UTC", "hours": {}, "overrides": {"2030-01-01": [["09:00", "10:00"]]}}).advance(start, 2 * HOUR) is None


def test_a_week_of_one_minute_a_day_reaches_a_long_target():
    days = {day: [["09:00", "09:01"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    due = calendar(week(**days)).advance(at("2026-01-01T00:00:00+00:00"), 7 * 24 * HOUR)
    assert from_us(due).year == 2053


@pytest.mark.parametrize(
    "zone, day, hours, real",
    [
        ("Europe/Berlin", "2026-03-29", [["00:00", "24:00"]], 23),
        ("Europe/Berlin", "2026-10-25", [["00:00", "24:00"]], 25),
        ("Europe/Berlin", "2026-03-29", [["02:00", "03:00"]], 0),
        ("Europe/Berlin", "2026-10-25", [["02:00", "03:00"]], 2),
        ("Europe/Berlin", "2026-03-29", [["01:30", "02:30"]], 0.5),
        ("Europe/Berlin", "2026-10-25", [["02:30", "03:30"]], 1.5),
        ("Australia/Lord_Howe", "2026-04-05", [["00:00", "24:00"]], 24.5),
        ("America/Havana", "2026-11-01", [["00:00", "01:00"]], 2),
        ("Pacific/Apia", "2011-12-30", [["00:00", "24:00"]], 0),
        ("UTC", "2024-02-29", [["09:00", "17:00"]], 8),
    ],
)
def test_skipped_and_repeated_hours_count_real_time(zone, day, hours, real):
    found = calendar({"tz": zone, "hours": {}, "overrides": {day: hours}})
    noon = at(f"{day}T12:00:00+00:00")
    assert found.counted(noon - 3 * DAY, noon + 3 * DAY) == real * HOUR


def test_a_holiday_takes_the_spans_that_begin_on_it():
    night = week(**{day: [["22:00", "06:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}) | {"holidays": ["2026-12-25"]}
    found = calendar(night)
    assert found.counted(at("2026-12-25T00:00:00+01:00"), at("2026-12-25T12:00:00+01:00")) == 6 * HOUR
    assert found.counted(at("2026-12-25T12:00:00+01:00"), at("2026-12-26T12:00:00+01:00")) == 0


def test_an_exception_that_meets_the_night_before_counts_once():
    night = week(wed=[["22:00", "06:00"]]) | {"overrides": {"2026-12-24": [["05:00", "07:00"]]}}
    assert calendar(night).counted(at("2026-12-23T12:00:00+01:00"), at("2026-12-24T12:00:00+01:00")) == 9 * HOUR


def test_a_holiday_on_a_working_saturday_and_an_exception_on_a_holiday():
    found = calendar(
        week(sat=[["09:00", "13:00"]]) | {"holidays": ["2026-12-26", "2026-10-03"], "overrides": {"2026-10-03": [["10:00", "11:00"]]}}
    )
    assert found.counted(at("2026-12-26T00:00:00+01:00"), at("2026-12-27T00:00:00+01:00")) == 0
    assert found.counted(at("2026-10-03T00:00:00+02:00"), at("2026-10-04T00:00:00+02:00")) == HOUR


def test_hours_that_exist_only_on_some_days_are_found_from_any_day():
    found = calendar(week(mon=[["09:00", "10:00"]], thu=[["09:00", "10:00"]]))
    assert found.advance(at("2026-11-24T12:00:00+01:00"), HOUR) == at("2026-11-26T10:00:00+01:00")


def test_twenty_four_hours_seven_days_can_be_one_word():
    assert calendar("24x7").is_round_the_clock
    assert calendar("24x7").counted(0, DAY) == DAY
    assert calendar({"tz": "UTC", "hours": "24x7"}) is calendar({"hours": "24x7", "tz": "UTC"})
