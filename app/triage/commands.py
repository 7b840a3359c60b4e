"""`hive-support triage try`: what triage would decide, without deciding it."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.extensions import db
from app.triage import defaults, queries
from app.triage.rules import Decision, Intake, Rule, decide


@click.group()
def triage() -> None:
    """Triage of tickets."""


@triage.command("try")
def trial() -> None:
    """Read a ticket from each line of standard input and print the decision on it, both in JSON.

    A line: {"title", "body", "labels": [], "kind", "plan"}, all optional. A line that cannot be read is answered by
    {"error"}, and the next one is read. The rules are those of the database, or ours where there is none.
    """
    rules = rules_in_force()
    for line in sys.stdin.buffer:
        text = line.decode("utf-8", "replace").strip()
        if text:
            click.echo(json.dumps(answer(text, rules)))


def rules_in_force() -> tuple[Rule, ...]:
    """The rows, if there is a database with rules in it, else the defaults. Creates no file."""
    url = db.engine.url
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).is_file()):
        return defaults.rules()
    try:
        return queries.rules() or defaults.rules()
    except (OperationalError, ProgrammingError):
        return defaults.rules()


def answer(text: str, rules: tuple[Rule, ...]) -> dict[str, Any]:
    """The answer to one line: the decision, or what is wrong with the line."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        return {"error": f"This line is not JSON: {str(wrong)[:200]}"}
    if not isinstance(given, dict):
        return {"error": "A line is an object with title, body, labels, kind and plan."}
    identity = {"id": given["id"]} if "id" in given else {}
    return identity | outcome(decide(intake(given), rules))


def intake(given: dict[str, Any]) -> Intake:
    """What a line tells; what is not of the right type counts as not told. Labels may be words, or objects as GitHub's."""
    labels = given.get("labels")
    named = [label.get("name") if isinstance(label, dict) else label for label in labels] if isinstance(labels, list) else []
    return Intake(
        title=text_of(given.get("title")),
        body=text_of(given.get("body")),
        labels=tuple(label for label in named if isinstance(label, str)),
        kind=text_of(given.get("kind")),
        plan=text_of(given.get("plan")),
        priority=text_of(given.get("priority")),
        category=text_of(given.get("category")),
    )


def text_of(value: Any) -> str:
    """A string, or nothing."""
    return value if isinstance(value, str) else ""


def outcome(decision: Decision) -> dict[str, Any]:
    """The decision in the names of interfaces.md, with its reasons."""
    return {
        "priority": decision.priority,
        "team": decision.team,
        "category": decision.category,
        "tier": decision.tier,
        "escalate": list(decision.escalate),
        "rules": decision.rules,
        "needs_confirmation": decision.needs_confirmation,
        "promised": decision.promised,
        "because": [{"what": reason.what, "to": reason.to, "rule": reason.rule, "why": reason.why} for reason in decision.because],
    }
