"""Reading what leads corrected in triage, and the points of words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.events.models import Event
from app.extensions import db
from app.triage import learned
from app.triage.models import TriageCorrection, TriageRule
from app.triage.vocabulary import PRIORITIES

# Rules are counted over so many tickets triaged last, and corrections so many.
COUNTED = 2_000
RECENT = 50
SHOWN_WORDS = 100
URGENT_FROM = PRIORITIES.index("high")


@dataclass(frozen=True)
class RuleCount:
    """How often a rule (or a word) decided, of the tickets counted, and how often that was corrected."""

    name: str
    fired: int
    corrected: int


@dataclass(frozen=True)
class Weight:
    """The points of a trait: learned (None if it was not), and a lead's own (None if there are none)."""

    trait: str
    learned: float | None
    own: int | None

    @property
    def points(self) -> float:
        """The points in force."""
        return self.learned or 0.0 if self.own is None else float(self.own)


def last_decisions(ticket_id: int) -> list[dict[str, str]]:
    """The decisions of the last triage of a ticket, as its event keeps them. One statement."""
    query = select(Event.facts).where(Event.ticket_id == ticket_id, Event.kind == "ticket.triaged").order_by(Event.id.desc()).limit(1)
    facts = db.session.scalar(query) or {}
    return [one for one in facts.get("decisions") or () if isinstance(one, dict) and {"what", "to", "rule", "why"} <= one.keys()]


def of_ticket(ticket_id: int) -> dict[tuple[str, str], TriageCorrection]:
    """The corrections of a ticket by (decision, what it was). One statement."""
    rows = db.session.scalars(select(TriageCorrection).where(TriageCorrection.ticket_id == ticket_id))
    return {(row.decision, row.was): row for row in rows}


def recent() -> Sequence[TriageCorrection]:
    """The newest corrections with who made them. One statement."""
    query = select(TriageCorrection).options(joinedload(TriageCorrection.person)).order_by(TriageCorrection.id.desc()).limit(RECENT)
    return db.session.scalars(query).all()


def counts() -> tuple[list[RuleCount], list[RuleCount]]:
    """(rules, words) that were corrected, most often first, over the newest tickets and corrections. Two statements."""
    triaged = select(Event.facts).where(Event.kind == "ticket.triaged").order_by(Event.id.desc()).limit(COUNTED)
    fired: Counter[str] = Counter()
    for facts in db.session.scalars(triaged):
        fired.update({one["rule"] for one in facts.get("decisions") or () if isinstance(one, dict) and "rule" in one})
    rules: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for seen in db.session.scalars(select(TriageCorrection.seen).order_by(TriageCorrection.id.desc()).limit(COUNTED)):
        rules.update(set(seen["rules"]))
        words.update({trait for trait, _ in seen["words"]})
    by_rule = [RuleCount(name, max(fired[name], times), times) for name, times in rules.most_common(RECENT)]
    return by_rule, [RuleCount(name, 0, times) for name, times in words.most_common(RECENT)]


def lines() -> Iterator[dict[str, Any]]:
    """Each correction of a priority as a labelled ticket (tests/triage/*.jsonl), oldest first. One statement."""
    query = select(TriageCorrection).where(TriageCorrection.decision == "priority").order_by(TriageCorrection.id)
    for row in db.session.scalars(query):
        urgent = PRIORITIES.index(row.should_be) >= URGENT_FROM
        yield {"half": "tune", "urgent": urgent, **row.seen["ticket"], "why": f"{row.was} corrected to {row.should_be}"}


def override_of(trait: str) -> TriageRule | None:
    """A lead's own points of a trait. One statement."""
    rows = db.session.scalars(select(TriageRule).where(TriageRule.group == "weight"))
    return next((row for row in rows if row.conditions["words"] == [trait]), None)


def weights(wanted: str) -> tuple[list[Weight], int]:
    """(the strongest traits that contain `wanted`, how many there are in all), those that a lead has set first. One statement."""
    rows = db.session.scalars(select(TriageRule).where(TriageRule.group == "weight"))
    own = {row.conditions["words"][0]: int(row.outcome["weight"]) for row in rows}
    known = learned.weights()
    names = [trait for trait in dict.fromkeys([*own, *known]) if wanted.casefold() in trait]
    found = [Weight(trait, known.get(trait), own.get(trait)) for trait in names]
    found.sort(key=lambda one: (one.own is None, -abs(one.points), one.trait))
    return found[:SHOWN_WORDS], len(found)
