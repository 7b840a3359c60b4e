"""How leads change the rules of triage. Each action checks, changes the row, records triage.rule_changed and flushes."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.lib.text import one_line
from app.triage import queries
from app.triage.defaults import new_stamp
from app.triage.models import TriageRule
from app.triage.rules import Rule, checked, lists_of
from app.triage.vocabulary import CATEGORIES, PRIORITIES, SUBJECTS, TEAMS, TRIGGERS

EXPLANATION_LENGTH = 200
WORDS_LENGTH = 30_000
# By group: what a rule may decide, and where it may look for its words.
OUTCOMES: dict[str, tuple[str, ...]] = {
    "team": TEAMS,
    "words": PRIORITIES,
    "urgency": tuple(SUBJECTS),
    "trigger": TRIGGERS,
    "category": CATEGORIES,
}
FIELDS_OF = {
    "team": ("labels",),
    "words": ("title", "text"),
    "urgency": ("text",),
    "trigger": ("labels",),
    "category": ("labels", "text"),
    "list": ("text",),
}
WEIGHED = frozenset({"urgency", "category"})


@dataclass(frozen=True)
class Change:
    """What the form of a rule holds; see triage/rules.py for what the words mean."""

    explanation: str
    field: str
    words: Sequence[str]
    outcome: str
    weight: int = 0
    trigger: str = ""
    position: int | None = None


def create_rule(group: str, change: Change, *, actor: User, now: datetime) -> TriageRule:
    """Add a rule of a lead's own at the end of its group. Raises NotAllowed, and Invalid with a sentence for people."""
    edit(actor)
    row = TriageRule(key=f"own.{secrets.token_hex(4)}", group=group, is_enabled=True)
    rule = checked_rule(row, change)
    put(row, rule, change.position if change.position is not None else queries.next_position(group), now)
    db.session.add(row)
    db.session.flush()
    record(
        "triage.rule_changed",
        now=now,
        actor=actor,
        facts={"rule": row.key, "changes": {"created": [False, True], **news({}, told_of(row))}},
    )
    return row


def change_rule(row: TriageRule, change: Change, *, actor: User, now: datetime, seen: int | None = None) -> None:
    """Rewrite a rule. The same content changes nothing. Raises NotAllowed, Invalid, and Stale after version `seen`."""
    edit(actor)
    if seen is not None and row.version != seen:
        raise Stale("Somebody else changed this rule while you were at it. Your text is kept: compare, then save again.")
    rule = checked_rule(row, change)
    before = told_of(row)
    position = change.position if change.position is not None else row.position
    wanted = as_words(rule.explanation, position, rule.field, rule.words, rule.outcome, rule.weight, rule.trigger)
    if wanted == before:
        return
    put(row, rule, position, now)
    db.session.flush()
    record("triage.rule_changed", now=now, actor=actor, facts={"rule": row.key, "changes": news(before, told_of(row))})


def switch_rule(row: TriageRule, on: bool, *, actor: User, now: datetime) -> None:
    """Put a rule in or out of force. Again changes nothing."""
    edit(actor)
    if row.group == "list":
        raise WrongState("A list is no rule: it is in force wherever a rule names it.")
    if row.is_enabled == on:
        return
    row.is_enabled, row.changed_at, row.stamp = on, now, new_stamp()
    db.session.flush()
    record("triage.rule_changed", now=now, actor=actor, facts={"rule": row.key, "changes": {"is_enabled": [not on, on]}})


def delete_rule(row: TriageRule, *, actor: User, now: datetime) -> None:
    """Remove a rule that a lead has added. Raises WrongState for ours: those are switched off instead."""
    edit(actor)
    if not is_own(row):
        raise WrongState("This rule came with the system and would come back. Switch it off instead.")
    db.session.delete(row)
    db.session.flush()
    record(
        "triage.rule_changed", now=now, actor=actor, facts={"rule": row.key, "changes": news(told_of(row), {}) | {"deleted": [False, True]}}
    )


def is_own(row: TriageRule) -> bool:
    """Whether a lead has added it."""
    return row.key.startswith("own.")


def checked_rule(row: TriageRule, change: Change) -> Rule:
    """The rule as it would be. Raises Invalid with a sentence for people."""
    allowed = (row.outcome["to"],) if row.group == "list" and row.outcome else OUTCOMES.get(row.group, ())
    if change.outcome not in allowed or change.field not in FIELDS_OF[row.group]:
        raise Invalid("Choose from the lists.")
    if change.trigger and (change.trigger not in TRIGGERS or row.group != "urgency"):
        raise Invalid("Only urgency rules pull a trigger besides.")
    # What was seen follows it on the timeline, so that it ends like a sentence.
    explanation = re.sub(r"(?<=[^\s.!?…])$", ".", one_line(change.explanation))
    if not explanation or len(one_line(change.explanation)) > EXPLANATION_LENGTH:
        raise Invalid(f"Explain the rule in a sentence of {EXPLANATION_LENGTH} characters at most; it stands on the timeline.")
    words = tuple(one_line(word) for word in change.words)
    if sum(map(len, words)) > WORDS_LENGTH:
        raise Invalid(f"Use {WORDS_LENGTH:,} characters of words at most.")
    weight = change.weight if row.group in WEIGHED else 0
    try:
        rule = Rule(row.key, row.group, change.field, words, change.outcome, explanation, 0, weight, change.trigger)
        return checked(rule, lists_of(queries.rules()))
    except ValueError as wrong:
        raise Invalid(str(wrong)) from wrong


def put(row: TriageRule, rule: Rule, position: int, now: datetime) -> None:
    """Write a checked rule into its row."""
    row.explanation, row.position = rule.explanation, position
    row.conditions = {"field": rule.field, "words": list(rule.words)}
    row.outcome = {"to": rule.outcome, "weight": rule.weight, "trigger": rule.trigger}
    row.changed_at, row.stamp = now, new_stamp()


def told_of(row: TriageRule) -> dict[str, Any]:
    """A rule as its events tell it."""
    data, to = row.conditions, row.outcome
    return as_words(
        row.explanation, row.position, data["field"], tuple(data["words"]), to["to"], to.get("weight", 0), to.get("trigger", "")
    )


def as_words(explanation: str, position: int, field: str, words: tuple[str, ...], to: str, weight: int, trigger: str) -> dict[str, Any]:
    """The parts of a rule that can change, by name."""
    return {
        "explanation": explanation,
        "position": position,
        "field": field,
        "words": words,
        "to": to,
        "weight": weight,
        "trigger": trigger,
    }


def news(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """name → [old, new] of what differs; of words only those that came and went."""
    changes: dict[str, Any] = {name: [before.get(name), after.get(name)] for name in before | after if before.get(name) != after.get(name)}
    if "words" in changes:
        old, new = before.get("words") or (), after.get("words") or ()
        changes["words"] = [[word for word in old if word not in new], [word for word in new if word not in old]]
    return changes


def edit(actor: User) -> None:
    """Raise NotAllowed for who does not edit rules."""
    if not may(actor.role, "triage.edit"):
        raise NotAllowed("Triage rules are edited by leads. Ask one of them.")
