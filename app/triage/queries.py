"""The only readers of triage rules, and of what people decided on a ticket before it is triaged again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, select, true

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


# Built once, as every new ticket asks it: the stamp of the rules, beside every team.
STAMP = select(func.count().label("rules"), func.coalesce(func.sum(TriageRule.stamp), 0).label("total")).subquery()
TEAM = SideBySide(Team)
TEAMS = select(*TEAM.columns, STAMP.c.rules, STAMP.c.total).select_from(STAMP.outerjoin(Team, true()))


def rules() -> tuple[Rule, ...]:
    """Every rule in force. One statement while nothing changes, two after a change; never an outdated rule."""
    return rules_and_teams()[0]


def rules_and_teams() -> tuple[tuple[Rule, ...], dict[str, Any]]:
    """Every rule in force, and by its key the row of each team (`team_of`), by the same statements."""
    rows = plain_rows(db.session, TEAMS, {}).all()
    stamp = (rows[0].rules, int(rows[0].total))
    if stamp not in cached:
        found = tuple(as_rule(row) for row in everything())
        while len(cached) >= CACHED:
            cached.pop(next(iter(cached)), None)
        cached[stamp] = found
    return cached[stamp], {row.key: row for row in rows}


def team_of(row: Any) -> Team:
    """The team of such a row."""
    team: Team = TEAM.of(db.session, row)[0]
    return team


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
    """The team of this key; None if somebody has removed it. One statement."""
    return db.session.scalar(select(Team).where(Team.key == key))


def settled(ticket_id: int) -> tuple[str | None, set[str]]:
    """(the priority that was chosen last, the fields that a person at the desk has settled). One statement."""
    query = select(Event.kind, Event.facts).where(Event.ticket_id == ticket_id, Event.kind.in_(DECIDED)).order_by(Event.id)
    priority, fields = None, set()
    for kind, facts in db.session.execute(query):
        priority = facts.get("priority") or priority
        if kind != "ticket.opened":
            fields.add(DECIDED[kind])
    return priority, fields
