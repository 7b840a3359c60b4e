"""The only readers of triage rules, and of what people decided on a ticket before it is triaged again."""

from collections.abc import Sequence

from sqlalchemy import bindparam, case, func, select

from app.accounts.models import Team
from app.events.models import Event
from app.extensions import db
from app.lib.database import plain_rows
from app.lib.errors import NotFound
from app.lib.objects import SideBySide
from app.triage.models import TriageRule
from app.triage.rules import Rule
from app.triage.vocabulary import GROUPS

# The rules as this process read them last, by the stamp that the table had then.
cached: dict[tuple[int, int], tuple[Rule, ...]] = {}
CACHED = 4
# What people (or the customer, by opening) have decided on a ticket, by the field that it settles.
DECIDED = {
    "ticket.opened": "priority",
    "ticket.priority_changed": "priority",
    "ticket.priority_confirmed": "priority",
    "ticket.moved": "team",
    "ticket.categorised": "category",
}


# Built once, as every new ticket asks them.
STAMP = select(func.count(), func.coalesce(func.sum(TriageRule.stamp), 0))
TEAM = SideBySide(Team)
NAMED = select(*TEAM.columns).where(Team.key == bindparam("key"))


def rules() -> tuple[Rule, ...]:
    """Every rule in force. One statement while nothing changes, two after a change; never an outdated rule."""
    count, total = plain_rows(db.session, STAMP, {}).one()
    stamp = (count, int(total))
    if stamp not in cached:
        found = tuple(as_rule(row) for row in everything())
        while len(cached) >= CACHED:
            cached.pop(next(iter(cached)), None)
        cached[stamp] = found
    return cached[stamp]


def everything() -> Sequence[TriageRule]:
    """Every row, in the order in which the groups are asked. One statement."""
    order = case({group: number for number, group in enumerate(GROUPS)}, value=TriageRule.group, else_=len(GROUPS))
    return db.session.scalars(select(TriageRule).order_by(order, TriageRule.position, TriageRule.key)).all()


def as_rule(row: TriageRule) -> Rule:
    """The row as the pure engine reads it."""
    return Rule(
        key=row.key,
        group=row.group,
        field=row.conditions["field"],
        words=tuple(row.conditions["words"]),
        outcome=row.outcome["to"],
        explanation=row.explanation,
        position=row.position,
        weight=row.outcome.get("weight", 0),
        trigger=row.outcome.get("trigger", ""),
        enabled=row.is_enabled,
    )


def rule_for(number: int) -> TriageRule:
    """One rule, or NotFound."""
    found = db.session.get(TriageRule, number)
    if found is None or found.group == "weight":
        raise NotFound()
    return found


def next_position(group: str) -> int:
    """The place after the last rule of a group."""
    return (db.session.scalar(select(func.max(TriageRule.position)).where(TriageRule.group == group)) or 0) + 10


def team(key: str) -> Team | None:
    """The team that a rule names; None if somebody has removed it. One statement."""
    row = plain_rows(db.session, NAMED, {"key": key}).first()
    return TEAM.of(db.session, row)[0] if row is not None else None


def settled(ticket_id: int) -> tuple[str | None, set[str]]:
    """(the priority that was chosen last, the fields that a person at the desk has settled). One statement."""
    query = select(Event.kind, Event.facts).where(Event.ticket_id == ticket_id, Event.kind.in_(DECIDED)).order_by(Event.id)
    priority, fields = None, set()
    for kind, facts in db.session.execute(query):
        priority = facts.get("priority") or priority
        if kind != "ticket.opened":
            fields.add(DECIDED[kind])
    return priority, fields
