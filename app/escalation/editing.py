"""How leads change the matrix. Each action records one event; none commits. The same content again changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.models import Team, User
from app.accounts.permissions import may
from app.escalation import queries, rules
from app.escalation.models import EscalationTrigger, Executive, SupportTier
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState

STALE = "Somebody else changed this while you were at it. Your input is kept: compare, then save again."


class BadPath(Invalid):
    """A path that cannot be climbed; `wrong` is step → sentence."""

    def __init__(self, wrong: dict[int, str]) -> None:
        super().__init__(next(iter(wrong.values())))
        self.wrong = wrong


@dataclass(frozen=True)
class TierChange:
    """What the form of a tier holds."""

    name: str
    channels: Sequence[str]
    staffed_by: str
    targets: str
    team_id: int | None
    path: Sequence[rules.Step]


def change_tier(row: SupportTier, change: TierChange, *, actor: User, now: datetime, seen: int | None = None) -> None:
    """Rewrite a tier. Raises NotAllowed, Stale after version `seen`, BadPath for a path that cannot be climbed."""
    edit(actor)
    refuse_stale(row.version, seen)
    wrong = rules.refusals(
        change.path, people={person.id for person in queries.staff()}, executives={one.user_id for one in queries.executives()}
    )
    if wrong:
        raise BadPath(wrong)
    values = {
        "name": change.name,
        "channels": list(change.channels),
        "staffed_by": change.staffed_by,
        "targets": change.targets,
        "team_id": known_team(change.team_id),
        "path": [{"who": step.who, "after_minutes": step.after_minutes} for step in change.path],
    }
    put(row, values, f"tier {row.number}", actor, now)


def change_trigger(row: EscalationTrigger, values: dict[str, Any], *, actor: User, now: datetime, seen: int | None = None) -> None:
    """Rewrite a trigger: `is_enabled`, `tier`, `pages`, `any_plan`, `team_id`. Raises NotAllowed, Stale, Invalid."""
    edit(actor)
    refuse_stale(row.version, seen)
    if values["tier"] not in rules.TIERS:
        raise Invalid("Choose a tier from the list.")
    put(row, {**values, "team_id": known_team(values["team_id"])}, row.key, actor, now)


def put(row: SupportTier | EscalationTrigger, values: dict[str, Any], subject: str, actor: User, now: datetime) -> None:
    """Write what differs into a row, and record it."""
    changes = {name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value}
    if not changes:
        return
    for name, (_, value) in changes.items():
        setattr(row, name, value)
    row.changed_at = now
    db.session.flush()
    record("escalation.matrix_changed", now=now, actor=actor, facts={"subject": subject, "changes": changes})


def add_executive(person: User, title: str, phone: str, *, actor: User, now: datetime) -> Executive:
    """Name an executive, the last in order. One who is there already is left as they are. Raises NotAllowed, Invalid."""
    edit(actor)
    if not person.is_at_desk:
        raise Invalid("Choose somebody who works at the desk.")
    there = queries.executives_of_all_times()
    for one in there:
        if one.user_id == person.id:
            return one
    row = Executive(user_id=person.id, title=title, phone=phone, position=1 + max((one.position for one in there), default=0))
    db.session.add(row)
    db.session.flush()
    record("escalation.matrix_changed", now=now, actor=actor, facts={"subject": "executives", "changes": {"added": [None, person.name]}})
    return row


def remove_executive(row: Executive, *, actor: User, now: datetime) -> None:
    """Take an executive off. Raises WrongState while a path ends at them by name."""
    edit(actor)
    ends = [tier.name for tier in queries.tiers() if tier.path and tier.path[-1]["who"] == f"user:{row.user_id}"]
    if ends:
        raise WrongState(f"The path of {' and '.join(ends)} ends at {row.user.name}. Let it end at somebody else first.")
    name = row.user.name
    db.session.delete(row)
    db.session.flush()
    record("escalation.matrix_changed", now=now, actor=actor, facts={"subject": "executives", "changes": {"removed": [name, None]}})


def put_on_duty(row: Executive, *, actor: User, now: datetime) -> None:
    """Make somebody the executive on duty: the first in order. Again changes nothing."""
    edit(actor)
    there = queries.executives_of_all_times()
    if there[0].id == row.id:
        return
    before = there[0].user.name
    for position, one in enumerate([row, *(one for one in there if one.id != row.id)], 1):
        one.position = position
    db.session.flush()
    facts = {"subject": "executives", "changes": {"on_duty": [before, row.user.name]}}
    record("escalation.matrix_changed", now=now, actor=actor, facts=facts)


def known_team(number: int | None) -> int | None:
    """The id of a team that there is; None for none. Raises Invalid."""
    if number is not None and db.session.get(Team, number) is None:
        raise Invalid("Choose a team from the list.")
    return number


def refuse_stale(version: int, seen: int | None) -> None:
    """Raise Stale if somebody else has saved since version `seen`."""
    if seen is not None and seen != version:
        raise Stale(STALE)


def edit(actor: User) -> None:
    """Raise NotAllowed for who does not edit the matrix."""
    if not may(actor.role, "escalation.edit"):
        raise NotAllowed("The escalation matrix is edited by leads. Ask one of them.")
