"""What leads correct in triage: a decision on a ticket, and the points of a word. Each action records one event; none commits."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, WrongState
from app.lib.text import one_line
from app.triage import corrections, queries
from app.triage.actions import words_of
from app.triage.defaults import new_stamp
from app.triage.editing import edit
from app.triage.models import TriageCorrection, TriageRule
from app.triage.rules import Intake, decide
from app.triage.vocabulary import CATEGORIES, PRIORITIES, TEAMS, TRIGGERS

NONE = "none"
VALUES: dict[str, tuple[str, ...]] = {
    "priority": PRIORITIES,
    "team": TEAMS,
    "category": CATEGORIES,
    "escalate": (NONE, *TRIGGERS),
}
MOST_POINTS = 500
LONGEST_TRAIT = 80


@dataclass(frozen=True)
class Decided:
    """What triage decided on a ticket last: the value, the rules behind it, and why in sentences."""

    decision: str
    was: str
    rules: tuple[str, ...]
    why: tuple[str, ...]


def correct(ticket: Any, decision: str, was: str, should_be: str, *, actor: User, now: datetime) -> TriageCorrection:
    """Keep that a decision of triage was wrong, and what would have been right. The ticket itself stays as it is.

    `was` is the value decided, `none` for a trigger that was not pulled. The ticket's requester must be loaded. The same
    correction again changes nothing, another one replaces it. Raises NotAllowed, Invalid, and WrongState if triage never
    decided so.
    """
    edit(actor)
    if should_be not in VALUES.get(decision, ()) or should_be == was:
        raise Invalid("Choose what would have been right; it differs from what was decided.")
    made = next((one for one in decided(ticket.id) if (one.decision, one.was) == (decision, was)), None)
    if made is None:
        raise WrongState("Triage has not decided that on this ticket. Load the page again.")
    row = corrections.of_ticket(ticket.id).get((decision, was))
    if row is not None and row.should_be == should_be:
        return row
    seen = seen_on(ticket, made)
    row = row or TriageCorrection(ticket_id=ticket.id, decision=decision, was=was)
    row.rule, row.should_be, row.seen = made.rules[0] if made.rules else "", should_be, seen
    row.person_id, row.corrected_at = actor.id, now
    db.session.add(row)
    db.session.flush()
    facts = {"decision": decision, "rule": row.rule, "was": was, "should_be": should_be}
    record("triage.corrected", now=now, actor=actor, ticket=ticket, facts=facts)
    return row


def decided(ticket_id: int) -> list[Decided]:
    """What triage decided on a ticket last, a line for each value, and one for triggers that it did not pull. One statement."""
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    decisions = corrections.last_decisions(ticket_id)
    final = {one["what"]: one["to"] for one in decisions if one["what"] in VALUES}
    for one in decisions:
        if one["what"] == "escalate" or (one["what"] in VALUES and one["to"] == final[one["what"]]):
            found.setdefault((one["what"], one["to"]), []).append(one)
    lines = [
        Decided(what, to, tuple(dict.fromkeys(one["rule"] for one in reasons)), tuple(one["why"] for one in reasons))
        for (what, to), reasons in found.items()
    ]
    if decisions and "priority" not in final:
        lines.insert(0, Decided("priority", "medium", (), ("No rule raised it.",)))
    return [*lines, Decided("escalate", NONE, (), ("No further trigger was pulled.",))] if decisions else []


def seen_on(ticket: Any, made: Decided) -> dict[str, Any]:
    """What stood behind a decision, and the ticket as triage reads it, for learning from it later."""
    plan = ticket.requester.plan
    told = {"title": ticket.subject, "body": words_of(ticket.fields), "labels": [], "kind": ticket.kind, "plan": plan.key if plan else None}
    words = decide(Intake(ticket.subject, told["body"], (), ticket.kind, told["plan"]), queries.rules()).words
    counted = [[word.trait, round(word.points)] for word in words] if made.decision == "priority" else []
    return {"rules": list(made.rules), "words": counted, "ticket": told}


def set_points(trait: str, points: int | None, *, actor: User, now: datetime) -> None:
    """Give a word, pair or meaning other points than it has learned (0 switches it off); None takes that back.

    In force for the next ticket. The same again changes nothing. Raises NotAllowed and Invalid.
    """
    edit(actor)
    trait = one_line(trait).lower()
    if not trait or len(trait) > LONGEST_TRAIT:
        raise Invalid("Name a word, or two words with a blank between them.")
    if points is not None and abs(points) > MOST_POINTS:
        raise Invalid(f"Points go from -{MOST_POINTS} to {MOST_POINTS}.")
    row = corrections.override_of(trait)
    old = row.outcome["weight"] if row is not None else None
    if old == points:
        return
    if row is not None and points is None:
        db.session.delete(row)
    else:
        row = row or TriageRule(key=f"own.{secrets.token_hex(4)}", group="weight", is_enabled=True, position=10)
        row.explanation = f"A lead set the points of “{trait}”."
        row.conditions, row.outcome = {"field": "traits", "words": [trait]}, {"to": trait, "weight": points, "trigger": ""}
        row.changed_at, row.stamp = now, new_stamp()
        db.session.add(row)
    db.session.flush()
    record("triage.rule_changed", now=now, actor=actor, facts={"rule": f"weight.{trait}", "changes": {"points": [old, points]}})
