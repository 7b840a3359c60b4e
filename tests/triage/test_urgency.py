"""The scorer: what adds up, what weakens, and how well it does on tickets that nobody tuned it on."""

import pytest

from app.triage import defaults
from app.triage.learned import weights
from app.triage.rules import Intake, decide
from bench import triage as bench
from bench.learn import evidence_of, example, labelled, learn


def points(body, title="Hello", **over):
    """The points of a text under the default rules."""
    return decide(Intake(title, body, **over), defaults.rules()).points


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("Production is down.", "Production is down for all our customers."),
        ("Our builds fail.", "Our builds fail since this morning."),
        ("Our builds fail.", "Our builds fail and the release is due tonight."),
        ("Nobody can log in.", "Nobody can log in and we are losing money."),
        ("If production is down, what then?", "Production is down."),
        ("Production is down. No rush.", "Production is down."),
        ("Production was down last week.", "Production is down."),
        ("The production copy in our test environment is down.", "Production is down."),
        ("We did not lose data.", "We lost data."),
    ],
)
def test_grave_counts_more_than_less_grave(less, more):
    assert points(less) < points(more)


def test_repeating_and_shouting_gain_nothing():
    once = "Production is down."
    assert points(once) == points(once * 20) == points(once.upper().replace(".", "!!!"))


def test_a_wish_is_weaker_than_a_report():
    text = "Production is down for everybody."
    assert points(text, kind="feature") < points(text, kind="bug") / 2


def test_a_fault_of_one_persons_own_is_no_emergency_and_reach_alone_neither():
    assert points("My cursor is missing.") < 40
    assert points("All our 300 engineers use it every day, everywhere.") == 0


def test_the_labelled_set_is_large_and_in_two_halves_without_overlap():
    assert sum(map(len, labelled().values())) >= 200
    tune, judge = ({(row["title"], row["body"]) for row in bench.half_of(half)} for half in ("tune", "judge"))
    assert not tune & judge
    for half in ("tune", "judge"):
        rows = bench.half_of(half)
        assert len(rows) >= 100 and 0.3 <= sum(row["urgent"] for row in rows) / len(rows) <= 0.6


def test_it_finds_most_emergencies_and_cries_wolf_seldom_on_text_that_nobody_tuned_on():
    found = bench.measure(bench.half_of("judge"))
    assert found.recall >= 0.8
    assert found.false_alarms <= 0.1


def test_the_points_in_the_file_are_those_that_the_tickets_teach():
    rows = bench.half_of("tune")
    taught = learn([example(evidence_of(row), row["urgent"]) for row in rows])
    assert taught.keys() == weights().keys()
    assert all(abs(points - weights()[trait]) < 0.5 for trait, points in taught.items())


def test_a_share_is_told_with_its_interval():
    low, high = bench.wilson(45, 55)
    assert (round(low, 3), round(high, 3)) == (0.697, 0.898)
