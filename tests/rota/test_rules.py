"""Whose duty it is: tables of the hard cases, and everything against a walk that goes minute by minute."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rota.cover import ALWAYS, HOURS, clipped, holes, minus, needed, total, united
from app.rota.rules import Absence, Override, Person, Plan, Shift, duties
from app.rota.wall import instant
from tests.rota.plans import LEVEL, TEAM, plans
from tests.rota.walk import utc, walk

EVERY_DAY = frozenset(range(7))
MONDAY = date(2026, 11, 23)
PEOPLE = {1: Person(1, "Ada"), 2: Person(2, "Bo"), 3: Person(3, "Cy")}


def shift(number=1, zone="UTC", days=EVERY_DAY, starts=0, ends=0, people=(1,), **more):
    return Shift(number, TEAM, LEVEL, f"S{number}", zone, frozenset(days), starts, ends, people, **{"anchor_on": MONDAY, **more})


def held(plan, start, end):
    """(start, end, who) of each duty."""
    return [(one.start, one.end, one.user_id) for one in duties(plan, TEAM, LEVEL, start, end)]


@given(plans())
@settings(max_examples=60)
def test_duties_agree_with_a_walk_over_every_minute(given):
    plan, start = given
    minutes = 3 * 1440
    walked = walk(plan, start, minutes)
    spans = duties(plan, TEAM, LEVEL, start, start + timedelta(minutes=minutes))
    told = [None] * minutes
    for one in spans:
        for n in range(int((one.start - start).total_seconds()) // 60, int((one.end - start).total_seconds()) // 60):
            told[n] = one.user_id
    assert told == walked


@given(plans())
def test_duties_never_overlap_and_stay_in_order(given):
    plan, start = given
    spans = duties(plan, TEAM, LEVEL, start, start + timedelta(days=5))
    assert all(one.start < one.end for one in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@given(plans(), st.integers(0, 4 * 1440))
def test_asking_about_an_instant_agrees_with_asking_about_days(given, minute):
    plan, start = given
    at = start + timedelta(minutes=minute)
    days = [one.user_id for one in duties(plan, TEAM, LEVEL, start, start + timedelta(days=5)) if one.start <= at < one.end]
    once = [one.user_id for one in duties(plan, TEAM, LEVEL, at, at + timedelta(seconds=1))]
    assert once == days


@given(plans())
def test_holes_and_cover_are_the_whole_range(given):
    plan, start = given
    end = start + timedelta(days=5)
    spans = duties(plan, TEAM, LEVEL, start, end)
    wanted = needed(ALWAYS, "UTC", {}, start, end)
    empty = [(hole.start, hole.end) for hole in holes(spans, wanted)]
    have = united((one.start, one.end) for one in spans if one.user_id is not None)
    assert total(empty) + total(have) == end - start
    assert united([*empty, *have]) == [(start, end)]
    assert minus(empty, have) == empty


@pytest.mark.parametrize(
    ("zone", "day", "minute", "expected"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 150, utc(2026, 3, 29, 1)),
        ("Europe/Berlin", date(2026, 3, 29), 180, utc(2026, 3, 29, 1)),
        ("Europe/Berlin", date(2026, 10, 25), 150, utc(2026, 10, 25, 0, 30)),
        ("Europe/Berlin", date(2026, 10, 25), 180, utc(2026, 10, 25, 2)),
        ("America/New_York", date(2026, 3, 7), 1440 + 150, utc(2026, 3, 8, 7)),
        ("Asia/Kolkata", date(2026, 11, 23), 0, utc(2026, 11, 22, 18, 30)),
    ],
)
def test_wall_time_becomes_the_first_instant_that_shows_it(zone, day, minute, expected):
    assert instant(zone, day, minute) == expected


def test_a_shift_over_midnight_is_as_long_as_the_night_really_is():
    nights = Plan([shift(zone="Europe/Berlin", starts=22 * 60, ends=6 * 60)], people=PEOPLE)
    spring = held(nights, utc(2026, 3, 28, 12), utc(2026, 3, 29, 12))
    autumn = held(nights, utc(2026, 10, 24, 12), utc(2026, 10, 25, 12))
    assert spring == [(utc(2026, 3, 28, 21), utc(2026, 3, 29, 4), 1)]
    assert autumn == [(utc(2026, 10, 24, 20), utc(2026, 10, 25, 5), 1)]


def test_turns_change_each_week_from_the_anchor_and_before_it():
    plan = Plan([shift(people=(1, 2, 3))], people=PEOPLE)
    found = held(plan, utc(2026, 11, 9), utc(2026, 12, 7))
    assert [(one[0], one[2]) for one in found] == [
        (utc(2026, 11, 9), 2),
        (utc(2026, 11, 16), 3),
        (utc(2026, 11, 23), 1),
        (utc(2026, 11, 30), 2),
    ]


def test_an_override_takes_its_span_and_gives_the_rest_back():
    plan = Plan([shift()], [Override(1, TEAM, LEVEL, 2, utc(2026, 11, 23, 8), utc(2026, 11, 23, 9))], people=PEOPLE)
    assert held(plan, utc(2026, 11, 23), utc(2026, 11, 24)) == [
        (utc(2026, 11, 23), utc(2026, 11, 23, 8), 1),
        (utc(2026, 11, 23, 8), utc(2026, 11, 23, 9), 2),
        (utc(2026, 11, 23, 9), utc(2026, 11, 24), 1),
    ]


DAY = (utc(2026, 11, 23), utc(2026, 11, 24))


@pytest.mark.parametrize(
    ("absences", "rotation", "who"),
    [
        ({1: 2}, (1,), 2),
        ({1: 2, 2: 3}, (1,), 3),
        ({1: 2, 2: 1}, (1,), None),
        ({1: 2, 2: 3, 3: 1}, (1,), None),
        ({1: 1}, (1,), None),
        ({1: None}, (1,), None),
        ({1: None}, (1, 3), 3),
        ({1: 2, 2: 1}, (1, 2, 3), 3),
        ({1: 99}, (1, 3), 3),
    ],
)
def test_deputies_stand_in_down_the_chain_and_a_circle_ends(absences, rotation, who):
    away = {user: [Absence(user, *DAY, deputy)] for user, deputy in absences.items()}
    plan = Plan([shift(people=rotation)], absences=away, people=PEOPLE)
    assert held(plan, *DAY) == [(*DAY, who)]


def test_a_rota_with_nobody_is_a_hole_and_ends():
    plan = Plan([shift(people=())], people=PEOPLE)
    found = holes(duties(plan, TEAM, LEVEL, *DAY), needed(ALWAYS, "UTC", {}, *DAY))
    assert [(one.start, one.end, one.why) for one in found] == [(*DAY, "nobody is in the rotation of shift “S1”")]


def test_a_holiday_is_of_the_place_where_the_person_is():
    at_home = {1: Person(1, "Aiko", "Asia/Tokyo", None, frozenset({date(2026, 11, 23)})), 2: PEOPLE[2]}
    found = held(Plan([shift(people=(1, 2))], people=at_home), utc(2026, 11, 22, 12), utc(2026, 11, 23, 18))
    assert [one for one in found if one[0] >= utc(2026, 11, 23)] == [
        (utc(2026, 11, 23), utc(2026, 11, 23, 15), 2),
        (utc(2026, 11, 23, 15), utc(2026, 11, 23, 18), 1),
    ]


def test_who_takes_a_holiday_by_name_works_on_it():
    people = {2: Person(2, "Bo", holidays=frozenset({date(2026, 11, 23)}))}
    assert held(Plan((), [Override(1, TEAM, LEVEL, 2, *DAY)], people=people), *DAY) == [(*DAY, 2)]


def test_where_two_shifts_meet_the_earlier_one_holds_to_its_end():
    plan = Plan([shift(1, starts=480, ends=960, people=(1,)), shift(2, starts=900, ends=1380, people=(2,))], people=PEOPLE)
    assert held(plan, *DAY) == [(utc(2026, 11, 23, 8), utc(2026, 11, 23, 16), 1), (utc(2026, 11, 23, 16), utc(2026, 11, 23, 23), 2)]


def test_needed_hours_follow_the_wall_clock():
    week = {"6": [[0, 1440]]}
    spring, autumn = (utc(2026, 3, 28), utc(2026, 3, 31)), (utc(2026, 10, 24), utc(2026, 10, 27))
    assert total(needed(HOURS, "Europe/Berlin", week, *spring)) == timedelta(hours=23)
    assert total(needed(HOURS, "Europe/Berlin", week, *autumn)) == timedelta(hours=25)
    assert clipped(needed(HOURS, "Europe/Berlin", {}, *spring), *spring) == []
