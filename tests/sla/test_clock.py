"""The clock against an independent walk, minute by minute, and against itself where the order of things must not matter."""

import time
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.sla import clock, replay
from app.sla.calendars import calendar
from app.sla.clock import Case, Change
from app.sla.hours import DAY, MINUTE, SECOND, to_us
from tests.sla import walk
from tests.sla.cases import cases

BERLIN = {
    "tz": "Europe/Berlin",
    "hours": {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2026-12-25"],
    "overrides": {"2026-12-24": [["09:00", "12:00"]]},
}


def ask(case, kind, **over):
    return replay.answer(replay.json.dumps(case | {"kind": kind} | over))


def at(text):
    return datetime.fromisoformat(text)


def counted(explained):
    return sum((at(piece["to"]) - at(piece["from"])).total_seconds() for piece in explained if piece["counted"])


def follow_each_other(explained, start, end):
    edges = [start, *(piece["to"] for piece in explained)]
    return [at(piece["from"]) for piece in explained] == [at(edge) for edge in edges[:-1]] and at(edges[-1]) == at(end)


@given(cases(), st.integers(0, 5000))
@settings(max_examples=120)
def test_elapsed_time_is_what_a_walk_by_minutes_counts(case, length):
    end = at(case["start"]) + timedelta(minutes=length)
    answer = ask(case, "elapsed", end=end.isoformat())
    assert answer["elapsed_seconds"] == walk.elapsed(case, end)
    assert counted(answer["explain"]) == answer["elapsed_seconds"]
    if length:
        assert follow_each_other(answer["explain"], case["start"], end.isoformat())


@given(cases())
@settings(max_examples=120)
def test_the_due_time_is_the_first_minute_that_reaches_the_target(case):
    until = at(case["start"]) + timedelta(minutes=7000)
    answer = ask(case, "due")
    found = walk.due(case, until)
    if found is None:
        assert answer["due"] is None or at(answer["due"]) > until
    else:
        assert at(answer["due"]) == found
        assert counted(answer["explain"]) == walk.target_at(case, until)
        assert follow_each_other(answer["explain"], case["start"], answer["due"])


@given(cases(), st.integers(0, 4000))
@settings(max_examples=80)
def test_an_alert_agrees_with_the_walk(case, length):
    now = at(case["start"]) + timedelta(minutes=length)
    known = case | {"events": [event for event in case["events"] if at(event["at"]) <= now]}
    used, target = walk.elapsed(known, now), walk.target_at(known, now)
    answer = ask(case, "alert", now=now.isoformat())
    assert answer["remaining_seconds"] == target - used
    assert answer["alert"] == (target - used < target / 4)
    assert answer["breached"] == (used > target)


@given(cases(), st.integers(0, 4000))
@settings(max_examples=60)
def test_resumed_at_a_moment_it_is_due_when_the_rest_has_been_counted(case, later):
    last = max([case["start"], *(event["at"] for event in case["events"])], key=at)
    as_of = at(last) + timedelta(minutes=later)
    answer = ask(case, "due", as_of=as_of.isoformat())
    running = case | {"events": [*case["events"], {"at": as_of.isoformat(), "status": "open"}]}
    assert answer["due"] == ask(running, "due")["due"]


@given(cases(), st.permutations(range(6)))
@settings(max_examples=80)
def test_the_order_of_pauses_and_new_targets_never_changes_what_was_counted(case, order):
    events = case["events"]
    moments = [event["at"] for event in events]
    targets = [event for event in events if "target_seconds" in event]
    statuses = [event for event in events if "status" in event]
    end = (at(case["start"]) + timedelta(minutes=4000)).isoformat()
    before = ask(case, "elapsed", end=end)["elapsed_seconds"]
    # The new targets move to any other moments of the ticket's life; the pauses stay where they were.
    moved = [{**event, "at": moments[order[i] % len(moments)]} for i, event in enumerate(targets)]
    shuffled = sorted([*statuses, *moved], key=lambda event: at(event["at"]))
    assert ask(case | {"events": shuffled}, "elapsed", end=end)["elapsed_seconds"] == before


@given(cases(), st.integers(1, 59_999_999))
@settings(max_examples=60)
def test_a_fraction_of_a_minute_is_counted_exactly(case, micros):
    start = at(case["start"])
    shifted = case | {"start": (start + timedelta(microseconds=micros)).isoformat(), "events": []}
    end = (start + timedelta(minutes=3000)).isoformat()
    whole = ask(case | {"events": []}, "elapsed", end=end)["elapsed_seconds"]
    opens = walk.counts(case | {"events": []}, start)
    assert ask(shifted, "elapsed", end=end)["elapsed_seconds"] == (whole - micros / 1e6 if opens else whole)


def case_of(definition, start, **over):
    return Case(calendar(definition), to_us(at(start)), **over)


def test_the_due_time_is_seventeen_sharp_and_not_the_next_morning():
    case = case_of(BERLIN, "2026-11-23T09:00:00+01:00", target=7 * 60 * MINUTE)
    assert clock.due(case) == to_us(at("2026-11-23T17:00:00+01:00"))


def test_one_microsecond_more_is_due_the_next_morning():
    case = case_of(BERLIN, "2026-11-23T09:00:00+01:00", target=7 * 60 * MINUTE + 1)
    assert clock.due(case) == to_us(at("2026-11-24T09:00:00.000001+01:00"))


def test_a_new_target_counts_from_the_start():
    changes = [Change(to_us(at("2026-11-23T10:00:00+00:00")), target=30 * MINUTE)]
    case = case_of("24x7", "2026-11-23T09:00:00+00:00", target=4 * 60 * MINUTE, changes=changes)
    assert clock.due(case) == to_us(at("2026-11-23T09:30:00+00:00"))


def test_a_hold_over_night_is_not_counted_twice():
    pause = [Change(to_us(at("2026-11-23T16:00:00+01:00")), "pending_customer"), Change(to_us(at("2026-11-24T10:00:00+01:00")), "open")]
    case = case_of(BERLIN, "2026-11-23T15:00:00+01:00", target=2 * 60 * MINUTE, changes=pause)
    assert clock.due(case) == to_us(at("2026-11-24T11:00:00+01:00"))


def test_a_paused_clock_shows_the_same_figures_at_any_later_time():
    pause = [Change(to_us(at("2026-11-23T10:00:00+00:00")), "pending_customer")]
    case = case_of("24x7", "2026-11-23T09:00:00+00:00", target=7200 * SECOND, changes=pause)
    later = [clock.alert(case, to_us(at("2026-11-23T10:00:00+00:00")) + n * DAY) for n in (0, 1, 400)]
    assert later[0] == later[1] == later[2]


def test_the_due_time_reached_before_a_pause_stays():
    pause = [Change(to_us(at("2026-11-23T12:00:00+00:00")), "resolved")]
    case = case_of("24x7", "2026-11-23T09:00:00+00:00", target=3600 * SECOND, changes=pause)
    assert clock.due(case) == to_us(at("2026-11-23T10:00:00+00:00"))


def test_a_warning_begins_when_less_than_a_quarter_is_left():
    case = case_of("24x7", "2026-11-23T09:00:00+00:00", target=3600 * SECOND)
    warns = clock.warns_at(case)
    assert warns == to_us(at("2026-11-23T09:45:00+00:00"))
    assert [clock.alert(case, warns + n).alert for n in (0, 1)] == [False, True]


def test_tones_say_how_a_stored_clock_stands():
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    hour = timedelta(hours=1)

    def tone(state, due=None, warn=None, breached=None):
        return clock.tone(state, due_at=due, warn_at=warn, breached_at=breached, now=now)

    assert tone("running", now + hour, now + hour / 2) == "ok"
    assert tone("running", now + hour, now - hour) == "risk"
    assert tone("running", now - hour, now - 2 * hour) == "breach"
    assert tone("running", now, now - hour) == "risk"
    assert tone("paused") == "paused"
    assert tone("paused", breached=now - hour) == "breach"
    assert tone("stopped", now - hour) == "met"
    assert tone("stopped", now + hour, breached=now - hour) == "missed"


def test_a_year_with_two_hundred_events_is_replayed_in_about_a_millisecond():
    start = to_us(at("2026-01-05T08:00:00+00:00"))
    statuses = ["pending_customer", "open"]
    changes = [Change(start + n * 42 * 60 * MINUTE, statuses[n % 2]) for n in range(200)]
    case = Case(calendar(BERLIN), start, target=400 * 60 * MINUTE, changes=changes)
    clock.due(case)
    best = min(timed(case, start) for _ in range(20))
    # A hundred times the goal: this proves that nothing walks minutes, not how fast the machine is.
    assert best < 0.1


def timed(case, start):
    began = time.perf_counter()
    clock.elapsed(case, start + 360 * DAY)
    clock.due(case)
    return time.perf_counter() - began
