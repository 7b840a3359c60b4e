"""`hive-support triage try`."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from app.extensions import db
from app.triage import commands, defaults, editing, queries
from app.triage.editing import Change


def run(*lines):
    """What the command prints for these lines, as objects."""
    result = CliRunner().invoke(commands.triage, ["try"], input="\n".join(lines))
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_a_line_is_answered_by_a_line_in_order(app):
    ticket = {"title": "Production down", "body": None, "labels": ["bug"], "kind": "bug", "plan": "technical"}
    answers = run(json.dumps({**ticket, "id": 1}), json.dumps({"title": "Hello", "labels": [{"name": "documentation"}]}), "{}")
    assert answers[0] | {"because": None} == {
        "id": 1,
        "priority": "critical",
        "team": "engineering",
        "category": "other",
        "tier": 3,
        "escalate": ["production_down"],
        "rules": ["team.bug", "words.production_down", "urgency.outage.production", "category.default", "tier.technical", "tier.escalated"],
        "needs_confirmation": False,
        "promised": "critical",
        "because": None,
    }
    assert (answers[1]["team"], answers[2]["priority"]) == ("docs", "medium")


@pytest.mark.parametrize(
    "line",
    ["nonsense", "[1, 2]", '"text"', "5", "null", '{"title": ', "[" * 100_000, "\x00", '{"title": "\\ud800"'],
)
def test_a_line_that_cannot_be_read_is_told_and_the_next_is_read(app, line):
    answers = run(line, '{"title": "Hello"}')
    assert answers[0].keys() == {"error"} and answers[1]["priority"] == "medium"


@pytest.mark.parametrize("value", [None, 5, [], {}, True, ["production down"], {"name": "x"}])
def test_values_of_the_wrong_type_count_as_not_told(app, value):
    [answer] = run(json.dumps(dict.fromkeys(("title", "body", "labels", "kind", "plan", "priority", "category"), value)))
    assert answer["priority"] == "medium"


def test_lone_surrogates_and_bytes_that_are_no_text_do_no_harm(app):
    answers = run('{"title": "\\ud800 critical", "id": "\\ud800"}')
    assert answers[0]["priority"] == "critical"
    result = CliRunner().invoke(commands.triage, ["try"], input=b'{"title": "\xff critical"}\n')
    assert json.loads(result.output)["priority"] == "critical"


def test_the_rows_are_asked_where_there_are_some(app, people, now):
    editing.create_rule("words", Change("It says mayday.", "text", ["mayday"], "emergency"), actor=people.lead, now=now)
    db.session.commit()
    assert run('{"title": "mayday", "plan": "enterprise"}')[0]["priority"] == "emergency"


def test_without_a_database_the_defaults_are_asked(app, monkeypatch):
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE triage_rules")
    queries.cached.clear()
    assert commands.rules_in_force() == defaults.rules()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["title", "body", "labels", "kind", "plan", "id"]), inner, max_size=6)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_answered(value):
    answer = commands.answer(json.dumps(value), defaults.rules())
    assert "error" in answer or answer["priority"]
