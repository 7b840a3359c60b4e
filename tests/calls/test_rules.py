"""Where slots lie: by table, and by any duty, booking and terms against a plain walk over the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.calls import rules, views
from app.calls.rules import Duty, Held, Slot, Terms
from app.lib.times import local, zone

START = datetime(2026, 11, 23, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland")
# Days on which clocks change in some of ZONES, in 2026.
CHANGES = (datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 4, 4, 12, tzinfo=UTC))
CHANGES += (datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), START)


def at(hour, minute=0, day=23):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def texts(found):
    return [f"{slot.start:%H:%M}" for slot in found]


def test_slots_lie_on_the_step_inside_the_duty():
    terms = Terms(1, minutes=30, step_minutes=30)
    assert texts(rules.slots(terms, [Duty(at(9, 10), at(11, 20), 7)], [], now=START)) == ["09:30", "10:00", "10:30"]


def test_buffers_keep_calls_apart():
    terms = Terms(1, minutes=30, step_minutes=15, before_minutes=5, after_minutes=10)
    held = [Held(at(9, 55), at(10, 40), 7, 1, at(10))]
    assert texts(rules.slots(terms, [Duty(at(9), at(12), 7)], held, now=START)) == ["09:00", "09:15", "10:45", "11:00", "11:15", "11:30"]


def test_duties_that_meet_are_one():
    terms = Terms(1, minutes=60, step_minutes=60)
    duties = [Duty(at(10, 30), at(12), 7), Duty(at(9), at(10, 30), 7), Duty(at(9), at(9, 59), 8)]
    assert texts(rules.slots(terms, duties, [], now=START)) == ["09:00", "10:00", "11:00"]


def test_notice_and_reach_bound_what_is_offered():
    terms = Terms(1, minutes=30, step_minutes=30, notice_minutes=60, ahead_days=1)
    found = rules.slots(terms, [Duty(at(0), at(23, day=26), 7)], [], now=at(9, 1))
    assert (found[0].start, found[-1].start) == (at(10, 30), at(9, day=24))


def test_seats_are_left_for_the_same_kind_and_start_only():
    terms = Terms(2, minutes=30, step_minutes=30, capacity=3)
    held = [Held(at(10), at(10, 30), 7, 2, at(10), left=1), Held(at(11), at(11, 30), 7, 1, at(11), left=2)]
    found = {slot.start: slot.left for slot in rules.slots(terms, [Duty(at(10), at(12), 7)], held, now=START)}
    assert found == {at(10): 1, at(10, 30): 3, at(11, 30): 3}


TERMS = st.builds(
    Terms,
    kind_id=st.just(1),
    minutes=st.integers(1, 12).map(lambda n: 5 * n),
    step_minutes=st.sampled_from((5, 10, 15, 20, 30, 45, 60)),
    before_minutes=st.integers(0, 3).map(lambda n: 5 * n),
    after_minutes=st.integers(0, 3).map(lambda n: 5 * n),
    notice_minutes=st.integers(0, 300),
    ahead_days=st.integers(1, 3),
    capacity=st.integers(1, 3),
)
DUTIES = st.lists(
    st.builds(
        lambda start, length, who: Duty(START + start * MINUTE, START + (start + length) * MINUTE, who),
        st.integers(0, 2000),
        st.integers(1, 900),
        st.integers(1, 2),
    ),
    max_size=4,
)


def touches(one, other):
    return one[0] < other[1] and one[1] > other[0]


@given(TERMS, DUTIES, st.lists(st.integers(0, 400), max_size=12))
def test_booking_any_slots_in_turn_never_overlaps_and_stays_inside_duty(terms, duties, picks):
    now, held = START, []
    for pick in picks:
        free = [slot for slot in rules.slots(terms, duties, held, now=now) if slot.left == terms.capacity]
        if not free:
            break
        slot = free[pick % len(free)]
        spans = rules.reach(terms, slot.start)
        assert any(one.user_id == slot.user_id and one.start <= slot.start and slot.end <= one.end for one in rules.joined(duties))
        assert not any(one.user_id == slot.user_id and touches(spans, (one.held_from, one.held_to)) for one in held)
        assert not {(slot.user_id, cell) for cell in rules.cells(*spans)} & {
            (one.user_id, cell) for one in held for cell in rules.cells(one.held_from, one.held_to)
        }
        held.append(Held(*spans, slot.user_id, terms.kind_id, slot.start, left=terms.capacity - 1))


@given(TERMS, DUTIES)
def test_slots_are_those_of_a_walk_over_every_minute(terms, duties):
    found = {(slot.start, slot.user_id) for slot in rules.slots(terms, duties, [], now=START)}
    walked = set()
    for who in (1, 2):
        minutes = {minute for one in duties if one.user_id == who for minute in range(at_minute(one.start), at_minute(one.end))}
        for minute in range(terms.notice_minutes, min(2900, terms.ahead_days * 1440) + 1):
            if minute % terms.step_minutes == at_minute(origin(terms)) % terms.step_minutes and all(
                n in minutes for n in range(minute, minute + terms.minutes)
            ):
                walked.add((START + minute * MINUTE, who))
    assert found == walked


def at_minute(moment):
    return int((moment - START) / MINUTE)


def origin(terms):
    """A multiple of the step since 1970, at or before START."""
    return START - timedelta(seconds=START.timestamp() % (terms.step_minutes * 60))


@given(st.sampled_from(ZONES), st.sampled_from(CHANGES), st.integers(0, 200))
def test_a_week_shows_each_slot_once_on_its_own_local_day(zone_name, around, offset):
    terms = Terms(1, minutes=30, step_minutes=30, ahead_days=14)
    now = around - DAY + offset * MINUTE
    duties = [Duty(now - DAY, now + 16 * DAY, 7)]
    found, shown, monday = rules.slots(terms, duties, [], now=now), [], views.monday_of(now, zone_name)
    while monday is not None:
        week = views.week_of(found, duties, terms, zone_name, monday, now=now)
        assert week.monday == monday
        for day in week.days:
            for time in day.times:
                start, _ = rules.parse_slot(time.value)
                assert local(start, zone_name).date() == day.day
                shown.append(start)
            assert len({time.text for time in day.times}) == len(day.times), "two times of a day read the same"
        monday = week.next
    assert shown == [slot.start for slot in found]


def test_the_hour_that_comes_twice_says_which_it_is():
    slots = [Slot(datetime(2026, 10, 25, hour, 30, tzinfo=UTC), datetime(2026, 10, 25, hour + 1, tzinfo=UTC), 7) for hour in (0, 1)]
    (day,) = views.days_of(slots, "Europe/Berlin")
    assert [time.text for time in day.times] == ["02:30 CEST", "02:30 CET"]


@pytest.mark.parametrize(
    "text", ["", "x", "20261124T0900Z", "20261124T0900Z-", "20261324T0900Z-7", "20261124T0900Z-٣", "20261124T0900Z-99999999999"]
)
def test_what_names_no_slot_is_none(text):
    assert rules.parse_slot(text) is None


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(1, 10**8))
def test_a_slot_reads_back_from_its_value(start, who):
    start = start.replace(second=0, microsecond=0)
    assert rules.parse_slot(Slot(start, start + MINUTE, who).value) == (start, who)


def test_a_time_is_taken_with_whom_the_customer_knows_else_with_who_has_least():
    found = [Slot(at(9), at(10), 1), Slot(at(9), at(10), 2), Slot(at(9), at(10), 3), Slot(at(11), at(12), 1), Slot(at(11), at(12), 3)]
    assert [slot.user_id for slot in rules.one_each(found, [None, 2], {1: 4, 3: 1})] == [2, 3]


@pytest.mark.parametrize(
    ("before", "placed", "sent", "which"),
    [
        (25, 48, (False, False), None),
        (24, 48, (False, False), "day"),
        (3, 48, (False, False), "day"),
        (2, 48, (False, False), None),
        (23, 48, (True, False), None),
        (20, 21, (False, False), None),
        (1, 21, (False, False), "hour"),
        (1, 48, (True, True), None),
        (0.5, 0.75, (False, False), None),
        (0, 48, (True, False), None),
        (-1, 48, (False, False), None),
    ],
)
def test_reminders_are_due_a_day_and_an_hour_before(before, placed, sent, which):
    start = at(12)
    hours = timedelta(hours=1)
    assert rules.reminder_due(start, start - placed * hours, *sent, start - before * hours) == which


def test_zones_of_the_walk_exist():
    assert all(zone(name).key == name for name in ZONES)
