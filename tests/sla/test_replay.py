"""`hive-support sla replay`: lines in, lines out, whatever the lines are."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import ROOT
from app.sla import replay
from app.sla.commands import answer_all

CASE = {
    "id": "a",
    "kind": "due",
    "calendar": {"tz": "Europe/Berlin", "hours": {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}},
    "start": "2026-11-23T08:00:00Z",
    "events": [],
    "target_seconds": 7 * 3600,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def ask(**over):
    return replay.answer(json.dumps({key: value for key, value in (CASE | over).items() if value != "left out"}))


def test_a_due_time_comes_with_its_spans():
    assert ask() == {
        "id": "a",
        "due": "2026-11-23T16:00:00+00:00",
        "explain": [
            {"from": "2026-11-23T08:00:00+00:00", "to": "2026-11-23T11:00:00+00:00", "counted": True, "why": "Monday hours, 09:00–12:00"},
            {"from": "2026-11-23T11:00:00+00:00", "to": "2026-11-23T12:00:00+00:00", "counted": False, "why": "outside opening hours"},
            {"from": "2026-11-23T12:00:00+00:00", "to": "2026-11-23T16:00:00+00:00", "counted": True, "why": "Monday hours, 13:00–17:00"},
        ],
    }


def test_holidays_weekends_and_exceptions_are_named():
    days = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    christmas = {
        "tz": "Europe/Berlin",
        "hours": days,
        "holidays": ["2026-12-25"],
        "names": {"2026-12-25": "Christmas Day"},
        "overrides": {"2026-12-24": [["09:00", "12:00"]], "2026-12-28": []},
    }
    found = ask(calendar=christmas, start="2026-12-24T08:00:00Z", target_seconds=4 * 3600)
    assert found["due"] == "2026-12-29T09:00:00+00:00"
    assert [piece["why"] for piece in found["explain"]] == [
        "special hours on 2026-12-24, 09:00–12:00",
        "special hours on 2026-12-24",
        "holiday 2026-12-25, Christmas Day",
        "outside opening hours",
        "closed by an exception on 2026-12-28",
        "outside opening hours",
        "Tuesday hours, 09:00–17:00",
    ]


def test_a_clock_that_stands_still_at_the_end_has_no_due_time_unless_it_is_resumed():
    paused = [{"at": "2026-11-23T09:00:00Z", "status": "pending"}]
    assert ask(events=paused)["due"] is None
    assert ask(events=paused)["reason"] == "The clock stands still: waiting on the customer."
    resumed = ask(events=paused, as_of="2026-11-30T08:00:00Z")
    assert resumed["due"] == "2026-11-30T15:00:00+00:00"
    assert [piece["why"] for piece in resumed["explain"]][:2] == ["Monday hours, 09:00–12:00", "waiting on the customer"]


def test_which_statuses_pause_can_be_said():
    hold = [{"at": "2026-11-23T09:00:00Z", "status": "on_hold"}]
    assert ask(events=hold)["due"] == "2026-11-23T16:00:00+00:00"
    assert ask(events=hold, paused_statuses=["on_hold"])["due"] is None
    assert ask(events=[{"at": "2026-11-23T09:00:00Z", "status": "resolved"}], paused_statuses=[])["due"] == "2026-11-23T16:00:00+00:00"


def test_elapsed_ends_at_the_end_or_now_and_alert_knows_nothing_of_the_future():
    around = {"calendar": "24x7", "target_seconds": 3600}
    assert ask(kind="elapsed", end="2026-11-23T08:00:01.5Z", **around)["elapsed_seconds"] == 1.5
    assert ask(kind="elapsed", now="2026-11-23T09:00:00Z", calendar="24x7", target_seconds="left out")["elapsed_seconds"] == 3600
    later = [{"at": "2026-11-23T10:00:00Z", "priority": "low", "target_seconds": 360000}]
    alert = ask(kind="alert", now="2026-11-23T08:46:00Z", events=later, **around)
    assert (alert["alert"], alert["breached"], alert["remaining_seconds"]) == (True, False, 840)
    assert ask(kind="alert", now="2026-11-23T09:00:00Z", **around)["breached"] is False
    assert ask(kind="alert", now="2026-11-23T09:00:00.000001Z", **around)["breached"] is True


def test_a_calendar_that_never_opens_says_so():
    found = ask(calendar={"tz": "UTC", "hours": {}})
    assert (found["due"], found["reason"]) == (None, "The calendar has no open hour at all.")


@pytest.mark.parametrize(
    "over, says",
    [
        ({"kind": "when"}, "kind"),
        ({"calendar": "left out"}, "calendar"),
        ({"calendar": {"tz": "Nowhere/Land", "hours": "24x7"}}, "no time zone"),
        ({"start": "left out"}, "start"),
        ({"start": "yesterday"}, "ISO 8601"),
        ({"start": "2026-11-23T08:00:00"}, "offset"),
        ({"start": "0001-01-01T00:00:00Z"}, "years"),
        ({"start": 17}, "ISO 8601"),
        ({"target_seconds": "left out"}, "target_seconds"),
        ({"target_seconds": 0}, "more than 0"),
        ({"target_seconds": -60}, "more than 0"),
        ({"target_seconds": True}, "a number"),
        ({"target_seconds": "60"}, "a number"),
        ({"target_seconds": 10**400}, "hundred years"),
        ({"target_seconds": 1e308}, "hundred years"),
        ({"target_seconds": 1e-9}, "hundred years"),
        ({"events": {}}, "a list"),
        ({"events": [{"at": "2026-11-23T08:00:00Z"}]}, "An event"),
        ({"events": [{"at": "2026-11-23T08:00:00Z", "status": 5}]}, "a word"),
        ({"events": ["open"]}, "An event"),
        ({"kind": "alert"}, "now"),
        ({"kind": "elapsed"}, "end"),
        ({"initial_status": ["new"]}, "a word"),
    ],
)
def test_a_case_that_cannot_be_answered_says_why_and_keeps_its_id(over, says):
    found = ask(**over)
    assert found.keys() == {"id", "error"}
    assert found["id"] == "a" and says in found["error"]


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"id": NaN}', b'"\\ud800"'])
def test_a_line_that_is_no_case_is_answered_without_an_id(line):
    assert replay.answer(line)["id"] is None
    assert replay.answer(line)["error"]


def test_a_line_that_is_not_json_is_told_so():
    assert replay.answer(b"due please") == {"id": None, "error": "This line is not JSON: Expecting value: line 1 column 1 (char 0)"}


@given(st.dictionaries(st.sampled_from([*CASE, "now", "end", "as_of", "paused_statuses", "initial_status"]), JSON))
def test_no_case_whatever_is_in_it_breaks_the_replay(over):
    found = replay.answer(json.dumps(CASE | over))
    assert found.keys() >= {"id", "error"} or found.keys() >= {"id", "explain"}


def test_thousands_of_lines_are_answered_in_order_and_bad_ones_between_them():
    lines = [json.dumps(CASE | {"id": n}).encode() + b"\n" if n % 7 else b"broken\n" for n in range(3000)]
    out = io.StringIO()
    answer_all([*lines, b"\n"], out)
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [answer["id"] for answer in answers] == [n if n % 7 else None for n in range(3000)]
    assert all("error" in answer for answer in answers[::7])


def test_the_command_answers_on_standard_output_and_exits_with_zero():
    command = [Path(sys.executable).with_name("hive-support"), "sla", "replay"]
    lines = json.dumps(CASE) + "\nbroken\n" + json.dumps(CASE | {"id": None, "calendar": "24x7"}) + "\n"
    done = subprocess.run(command, input=lines.encode(), capture_output=True, cwd=ROOT, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("due", "bad") for answer in answers] == ["2026-11-23T16:00:00+00:00", "bad", "2026-11-23T15:00:00+00:00"]
