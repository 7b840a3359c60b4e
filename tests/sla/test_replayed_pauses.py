"""Pauses in replays, without a database: they survive any change, in any order, and a night on hold is not counted twice."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.sla.book import ALWAYS, Book, CalendarState, PolicyState
from app.sla.history import standings
from app.sla.hours import from_us, to_us
from app.sla.lives import Happening

MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HOURS = {"tz": "Europe/Berlin", "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
TARGETS = {metric: {"low": 2400, "high": 480} for metric in ("first_response", "next_response", "resolution")}


def book(*later):
    """A plan's policy on business hours; `later` are versions of its targets: (moment, targets)."""
    given = {"name": "P", "plan_id": 1, "organization_id": None, "calendar_id": 1, "inherits_calendar": False, "pause_on_hold": True}
    versions = [PolicyState(1, 1, ALWAYS, given | {"targets": TARGETS})]
    versions += [PolicyState(1, n, to_us(at), given | {"targets": targets}) for n, (at, targets) in enumerate(later, 2)]
    calendars = {1: [CalendarState(1, 1, ALWAYS, "Business", HOURS)]}
    return Book({1: versions}, calendars, plans={1: [(ALWAYS, 1)]})


def opened(priority="high"):
    return Happening(to_us(MONDAY), "ticket.opened", {"status": "new", "priority": priority})


def status(at, to):
    return Happening(to_us(at), "ticket.status_changed", {"old": "", "status": to})


def priority(at, to):
    return Happening(to_us(at), "ticket.priority_changed", {"priority": to})


def resolution(events, held, until):
    [one] = [one for one in standings(1, 1, events, held, to_us(until)) if one.life.metric == "resolution"]
    return one


def counted(one):
    """Counted seconds of a clock that stands, or how much of its target is behind a running one's due time."""
    return one.elapsed_seconds if one.elapsed_seconds is not None else (one.due, one.life.target_seconds)


def test_a_night_on_hold_moves_the_due_time_by_its_open_hours_alone():
    free = resolution([opened()], book(), MONDAY + HOUR)
    assert from_us(free.due) == MONDAY + 8 * HOUR
    held = [opened(), status(MONDAY + 7 * HOUR, "on_hold"), status(MONDAY + 25 * HOUR, "open")]
    assert from_us(resolution(held, book(), MONDAY + 26 * HOUR).due) == MONDAY + 26 * HOUR, "an hour on Monday and one on Tuesday"
    assert (
        resolution(held[:2], book(), MONDAY + 12 * HOUR).elapsed_seconds == resolution(held[:2], book(), MONDAY + 23 * HOUR).elapsed_seconds
    )


minutes = st.integers(1, 6000)
statuses = st.lists(st.tuples(minutes, st.sampled_from(["open", "pending_customer", "on_hold"])), max_size=6)
moves = st.lists(st.tuples(minutes, st.sampled_from(["low", "high"])), max_size=5)
edits = st.lists(st.tuples(minutes, st.integers(60, 4000)), max_size=4)


@given(statuses, moves, edits)
def test_the_order_of_pauses_priorities_and_policies_never_changes_what_was_counted(pauses, priorities, versions):
    paused = [status(MONDAY + n * MINUTE, to) for n, to in sorted(pauses)]
    moved = [priority(MONDAY + n * MINUTE, to) for n, to in sorted(priorities)]
    saved = [(MONDAY + n * MINUTE, TARGETS | {"resolution": {"low": length, "high": length}}) for n, length in sorted(versions)]
    end = MONDAY + 6001 * MINUTE
    ended = Happening(to_us(end), "ticket.resolved", {"status": "resolved"})
    plain = resolution([opened(), *paused, ended], book(), end)
    mixed = sorted([*paused, *moved], key=lambda one: one.at)
    changed = resolution([opened(), *mixed, ended], book(*saved), end)
    assert plain.elapsed_seconds == changed.elapsed_seconds
    last = changed.life.priority
    assert changed.life.target_seconds == 60 * (saved[-1][1] if saved else TARGETS)["resolution"][last]


@given(statuses, moves, edits)
def test_at_most_one_response_clock_runs_and_a_replay_is_the_same_each_time(pauses, priorities, versions):
    said = [
        Happening(to_us(MONDAY + n * MINUTE), "ticket.replied", {"by_staff": n % 2 == 0, "is_automatic": False})
        for n, _ in sorted(versions)
    ]
    events = sorted(
        [*said, *(status(MONDAY + n * MINUTE, to) for n, to in pauses), *(priority(MONDAY + n * MINUTE, to) for n, to in priorities)],
        key=lambda one: one.at,
    )
    once, twice = (standings(1, 1, [opened(), *events], book(), to_us(MONDAY + 7000 * MINUTE)) for _ in range(2))
    assert sum(one.state == "running" and one.life.metric != "resolution" for one in once) <= 1
    assert [(one.state, one.due, one.breached, counted(one)) for one in once] == [
        (one.state, one.due, one.breached, counted(one)) for one in twice
    ]
