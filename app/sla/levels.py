"""Changing the levels of clocks. Each change is one `sla.level_changed`, after which the sweep looks at the running clocks anew.

None commits. Saving what is there already changes and records nothing.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.accounts.models import Team, User
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, NotFound, WrongState
from app.lib.text import one_line
from app.sla import level_rules as rules
from app.sla.editing import edit, refuse_stale
from app.sla.level_models import Level
from app.sla.reports import PRIORITIES
from app.sla.terms import METRICS

MOST_NAME = 60


@dataclass(frozen=True)
class Actions:
    """What a level does: whom it tells and how severely, and what becomes of the ticket."""

    notify: tuple[str, ...] = ()
    severity: str = "warning"
    raise_priority: bool = False
    reassign: str | None = None
    escalate: bool = False

    def as_facts(self) -> dict[str, Any]:
        """As the row and `sla.level_reached` carry it."""
        return {
            "notify": list(self.notify),
            "severity": self.severity,
            "raise_priority": self.raise_priority,
            "reassign": self.reassign,
            "escalate": self.escalate,
        }


@dataclass(frozen=True)
class Wanted:
    """A level as somebody wants it: its name, where it lies, on which clocks, and what it does."""

    name: str
    basis: str
    amount: int
    metrics: tuple[str, ...]
    priorities: tuple[str, ...] = ()
    actions: Actions = field(default_factory=Actions)


def add_level(wanted: Wanted, *, actor: User, now: datetime) -> Level:
    """A level of a lead's own. Raises NotAllowed, and Invalid for one that makes no sense or lies where another does."""
    edit(actor)
    check(wanted, None)
    if db.session.scalar(select(func.count()).select_from(Level).where(Level.removed_at.is_(None))) >= rules.MOST_LEVELS:  # type: ignore[operator]
        raise Invalid(f"There can be {rules.MOST_LEVELS} levels at most. Remove one first.")
    level = Level(key=f"own-{secrets.token_hex(4)}", since=now, changed_at=now)
    put(level, wanted)
    db.session.add(level)
    db.session.flush()
    tell(level, ["added: " + rules.where(level.basis, level.amount)], actor=actor, now=now)
    return level


def save_level(level: Level, wanted: Wanted, *, actor: User, now: datetime, seen: datetime | None = None) -> None:
    """Change a level. One of the three that every system has keeps its name, place and clocks; the rest can change.

    Raises NotAllowed, Invalid, Stale if it changed after `seen`, and NotFound for one that was removed.
    """
    edit(actor)
    if level.removed_at is not None:
        raise NotFound()
    refuse_stale(level.changed_at, seen)
    if level.key in rules.BUILT_IN:
        wanted = Wanted(level.name, level.basis, level.amount, tuple(level.metrics), tuple(level.priorities), wanted.actions)
    check(wanted, level.id)
    before = told_of(level)
    place = (level.basis, level.amount, level.metrics, level.priorities)
    put(level, wanted)
    changes = [f"{what}: {was or 'none'} → {told_of(level)[what] or 'none'}" for what, was in before.items() if told_of(level)[what] != was]
    if not changes:
        return
    level.changed_at = now
    if place != (level.basis, level.amount, level.metrics, level.priorities):
        level.since = now
    db.session.flush()
    tell(level, changes, actor=actor, now=now)


def remove_level(level: Level, *, actor: User, now: datetime) -> None:
    """Take a level of a lead's own away. A removed one is left as it is; one of the three raises WrongState."""
    edit(actor)
    if level.key in rules.BUILT_IN:
        raise WrongState("This level belongs to every clock and stays. Take its actions away instead.")
    if level.removed_at is not None:
        return
    level.removed_at = level.changed_at = now
    db.session.flush()
    tell(level, ["removed"], actor=actor, now=now)


def put(level: Level, wanted: Wanted) -> None:
    """Write what is wanted on the row."""
    level.name, level.basis, level.amount = one_line(wanted.name), wanted.basis, wanted.amount
    level.metrics = [metric for metric in METRICS if metric in wanted.metrics]
    level.priorities = [] if set(PRIORITIES) <= set(wanted.priorities) else [p for p in PRIORITIES if p in wanted.priorities]
    level.actions = wanted.actions.as_facts()


def check(wanted: Wanted, own_id: int | None) -> None:
    """Raise Invalid for what cannot be a level, or is one already."""
    name, actions = one_line(wanted.name), wanted.actions
    if not 0 < len(name) <= MOST_NAME:
        raise Invalid(f"Give the level a name of {MOST_NAME} characters at most.")
    if (wrong := rules.problem(wanted.basis, wanted.amount)) is not None:
        raise Invalid(wrong)
    if not wanted.metrics or not set(wanted.metrics) <= set(METRICS) or not set(wanted.priorities) <= set(PRIORITIES):
        raise Invalid("Choose at least one clock, and priorities from the list.")
    if not set(actions.notify) <= rules.NOTIFY.keys() or actions.severity not in rules.SEVERITIES:
        raise Invalid("Choose who is told, and how severely, from the lists.")
    check_reassign(actions.reassign)
    same = select(Level.id).where(func.lower(Level.name) == name.lower(), Level.removed_at.is_(None), Level.id.is_distinct_from(own_id))
    if db.session.scalar(same.limit(1)) is not None:
        raise Invalid("Another level has this name.")


def check_reassign(reassign: str | None) -> None:
    """Raise Invalid for a reassignment to nobody that we know."""
    if reassign in (None, rules.UNASSIGN, rules.ON_CALL):
        return
    team_id = rules.team_of(reassign)
    if team_id is None or db.session.get(Team, team_id) is None:
        raise Invalid("Choose from the list who gets the ticket.")


def told_of(level: Level) -> dict[str, str]:
    """What a change of a level is described by."""
    actions = level.actions
    return {
        "name": level.name,
        "place": rules.where(level.basis, level.amount),
        "clocks": ", ".join(metric.replace("_", " ") for metric in level.metrics),
        "priorities": ", ".join(level.priorities) or "all",
        "tells": ", ".join(actions["notify"]),
        "severity": actions["severity"],
        "raises the priority": "yes" if actions["raise_priority"] else "no",
        "reassigns": actions["reassign"] or "",
        "escalates": "yes" if actions["escalate"] else "no",
    }


def tell(level: Level, changes: list[str], *, actor: User, now: datetime) -> None:
    """Record the change."""
    record("sla.level_changed", now=now, actor=actor, facts={"level_id": level.id, "level": level.name, "changes": changes})
