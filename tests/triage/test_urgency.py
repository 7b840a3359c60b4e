"""The scorer: what adds up, what weakens, and how well it does on tickets that nobody tuned it on."""

import json
from pathlib import Path

import pytest

from app.triage import defaults
from app.triage.rules import Intake, decide
from bench import triage as bench

LABELLED = [json.loads(line) for line in Path(__file__).with_name("labelled.jsonl").read_text(encoding="utf-8").splitlines()]


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
    assert len(LABELLED) >= 200
    tune, judge = ({row["title"] for row in LABELLED if row["half"] == half} for half in ("tune", "judge"))
    assert not tune & judge
    for half in ("tune", "judge"):
        rows = [row for row in LABELLED if row["half"] == half]
        assert len(rows) >= 100 and 0.3 <= sum(row["urgent"] for row in rows) / len(rows) <= 0.6


def test_it_finds_most_emergencies_and_cries_wolf_seldom_on_text_that_nobody_tuned_on():
    found = bench.measure(bench.labelled("judge"))
    assert found.recall >= 0.8
    assert found.false_alarms <= 0.1
