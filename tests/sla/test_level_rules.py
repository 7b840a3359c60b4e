"""When a level is reached, and what a sweep does with it: by tables, and against a walk through time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla import level_rules as rules
from app.sla.calendars import calendar
from app.sla.clock import Case, Change, elapsed
from app.sla.hours import MINUTE

HOUR = 60 * MINUTE
ALWAYS = calendar({"tz": "UTC", "hours": "24x7"})
OFFICE = calendar({"tz": "Europe/Berlin", "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}})
# Monday 2026-11-23, 09:00 in Berlin.
MONDAY = 1_795_420_800 * 1_000_000
ALL = frozenset({"first_response", "next_response", "resolution"})


def point(number, basis, amount, *, since=0, metrics=ALL, priorities=()):
    return rules.Point(number, basis, amount, since, metrics, frozenset(priorities))


WARNING, AT_RISK, BREACHED = (point(n, "percent", amount) for n, amount in ((1, 75), (2, 80), (3, 100)))
THREE = (WARNING, AT_RISK, BREACHED)


def at(now, aimed=0, ended=None, metric="first_response", priority="high"):
    return rules.Standing(metric, priority, aimed, now, ended)


@pytest.mark.parametrize(
    "basis, amount, hours, minutes",
    [
        ("percent", 50, ALWAYS, 120),
        ("percent", 100, ALWAYS, 240),
        ("percent", 150, ALWAYS, 360),
        ("before", 30, ALWAYS, 210),
        ("before", 240, ALWAYS, None),
        ("before", 500, ALWAYS, None),
        ("after", 30, ALWAYS, 270),
        # Nine counted hours: the last of them is on Tuesday morning.
        ("percent", 100, OFFICE, 240),
        ("after", 300, OFFICE, 60 * 25),
        ("before", 60, OFFICE, 180),
    ],
)
def test_a_level_lies_in_counted_time(basis, amount, hours, minutes):
    case = Case(hours, MONDAY, 4 * HOUR)
    expected = None if minutes is None else MONDAY + minutes * MINUTE
    assert rules.instant_of(point(1, basis, amount), case) == expected


def test_a_pause_moves_what_comes_after_it():
    pauses = [Change(MONDAY + HOUR, "pending_customer"), Change(MONDAY + 3 * HOUR, "open")]
    case = Case(ALWAYS, MONDAY, 4 * HOUR, pauses)
    assert rules.instant_of(point(1, "percent", 25), case) == MONDAY + HOUR
    assert rules.instant_of(point(1, "percent", 50), case) == MONDAY + 4 * HOUR
    assert rules.instant_of(point(1, "after", 30), case) == MONDAY + 6 * HOUR + 30 * MINUTE


def test_levels_are_told_one_after_another_each_after_its_instant():
    case = Case(ALWAYS, MONDAY, 100 * MINUTE)
    told = {}
    for minute, expected in ((0, ()), (75, ()), (76, (1,)), (80, ()), (81, (2,)), (100, ()), (101, (3,)), (200, ())):
        now = MONDAY + minute * MINUTE
        plan = rules.plan(THREE, case, told, at(now, MONDAY))
        assert plan.tell == expected, minute
        told |= dict.fromkeys(plan.tell, now)
    assert plan.next_at is None and not plan.rearm


def test_a_sweep_that_comes_late_leaves_out_what_lies_before_the_due_time():
    case = Case(ALWAYS, MONDAY, 100 * MINUTE)
    late = (*THREE, point(4, "after", 10), point(5, "after", 60))
    plan = rules.plan(late, case, {}, at(MONDAY + 120 * MINUTE, MONDAY))
    assert plan == rules.Plan((3, 4), (), MONDAY + 160 * MINUTE)


def test_what_ended_is_told_its_miss_and_nothing_else():
    case = Case(ALWAYS, MONDAY, 100 * MINUTE)
    late = (*THREE, point(4, "after", 30))
    assert rules.plan(late, case, {}, at(MONDAY + 130 * MINUTE, MONDAY, MONDAY + 120 * MINUTE)).tell == (3,)
    assert rules.plan(late, case, {}, at(MONDAY + 130 * MINUTE, MONDAY, MONDAY + 90 * MINUTE)) == rules.Plan((), (), None)


def test_a_new_deadline_arms_again_only_what_it_moves_ahead():
    now, told = MONDAY + 90 * MINUTE, {1: MONDAY + 76 * MINUTE, 2: MONDAY + 81 * MINUTE}
    shorter = rules.plan(THREE, Case(ALWAYS, MONDAY, 95 * MINUTE), told, at(now + 1, now))
    assert shorter == rules.Plan((), (), MONDAY + 95 * MINUTE)
    longer = rules.plan(THREE, Case(ALWAYS, MONDAY, 115 * MINUTE), told, at(now + 1, now))
    assert (longer.tell, longer.rearm) == ((), (2,))
    assert longer.next_at == MONDAY + 92 * MINUTE
    # 75 % of the new target is behind us: it was told before, and stays so.
    halved = rules.plan(THREE, Case(ALWAYS, MONDAY, 80 * MINUTE), told, at(now + 1, now))
    assert (halved.tell, halved.rearm, halved.next_at) == ((3,), (), None)


def test_a_new_level_is_not_told_of_what_lay_behind_it_already():
    case, edited = Case(ALWAYS, MONDAY, 100 * MINUTE), MONDAY + 60 * MINUTE
    half, most = point(4, "percent", 50, since=edited), point(5, "percent", 70, since=edited)
    plan = rules.plan((half, most), case, {}, at(edited + MINUTE, MONDAY))
    assert plan == rules.Plan((), (), MONDAY + 70 * MINUTE)
    # A change of the ticket after the edit puts it there: that is news.
    assert rules.plan((half,), case, {}, at(edited + 2 * MINUTE, edited + MINUTE)).tell == (4,)


def test_a_level_concerns_its_clocks_only():
    one = point(1, "percent", 50, metrics=frozenset({"resolution"}), priorities=("critical", "emergency"))
    assert one.concerns("resolution", "critical")
    assert not one.concerns("resolution", "low") and not one.concerns("first_response", "critical")
    case = Case(ALWAYS, MONDAY, 100 * MINUTE)
    assert rules.plan((one,), case, {}, at(MONDAY + 60 * MINUTE)) == rules.Plan((), (), None)


@given(
    st.lists(st.integers(0, 4000), max_size=6, unique=True).map(sorted),
    st.integers(30, 1200),
    st.sampled_from([ALWAYS, OFFICE]),
    st.lists(st.integers(1, 6000), min_size=1, max_size=12, unique=True).map(sorted),
    st.lists(st.tuples(st.sampled_from(["percent", "before", "after"]), st.integers(1, 300)), min_size=1, max_size=5),
)
def test_swept_whenever_each_level_is_told_once_and_never_before_its_time(pauses, target, hours, sweeps, places):
    statuses = ("pending_customer", "open") * 3
    changes = [Change(MONDAY + minute * MINUTE, status) for minute, status in zip(pauses, statuses, strict=False)]
    points = [point(n, *place) for n, place in enumerate(places)]
    told = {}
    for minute in sweeps:
        now = MONDAY + minute * MINUTE + 1
        known = [change for change in changes if change.at <= now]
        case = Case(hours, MONDAY, target * MINUTE, known)
        if case.stands_still:
            continue
        plan = rules.plan(points, case, told, at(now, MONDAY))
        assert not plan.rearm and not set(plan.tell) & told.keys()
        for number in plan.tell:
            assert elapsed(case, now) > points[number].counted(case.last_target) - 2
        told |= dict.fromkeys(plan.tell, now)
        counted = [rules.instant_of(points[number], case) for number in plan.tell]
        assert all(first <= second for first, second in pairwise(counted))
        assert plan.next_at is None or plan.next_at >= now


@pytest.mark.parametrize(
    "basis, amount, fine",
    [
        ("percent", (1, 1000), True),
        ("percent", (0, 1001), False),
        ("before", (1, 43_200), True),
        ("after", (-5, 43_201), False),
        ("share", (5, 50), False),
    ],
)
def test_a_level_lies_somewhere_sensible(basis, amount, fine):
    assert [rules.problem(basis, one) is None for one in amount] == [fine, fine]


def test_levels_are_told_in_words():
    assert rules.where("percent", 75) == "75 % of the target used"
    assert rules.where("before", 90) == "1 h 30 min before it is due"
    assert rules.where("after", 60) == "1 h after it was due"
    does = {"notify": ["assignee", "route"], "severity": "page", "raise_priority": True, "reassign": "team:2", "escalate": True}
    assert rules.in_words(does, {2: "Engineering"}) == [
        "Tells the assignee; the team's alert route (severity: page now)",
        "Raises the priority by one",
        "Moves it to Engineering",
        "Escalates by a tier",
    ]
    assert [rules.team_of(text) for text in ("team:7", "team:x", "team:", "on_call", None, "team:9999999999")] == [7] + [None] * 5
