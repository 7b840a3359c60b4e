"""Changing policies and calendars. Each change is one `sla.policy_changed`, from which the open clocks are computed anew.

None commits. Saving what is there already changes and records nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import Organization, User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.lib.text import one_line
from app.lib.tokens import public_ref
from app.sla.calendars import BadCalendar, usable
from app.sla.models import Calendar, Policy, PolicyTarget
from app.sla.spelling import hours_in_words, spell_target

Targets = Mapping[tuple[str, str], int]


def edit(actor: User) -> None:
    """Raise NotAllowed for whoever may not change service levels."""
    if not may(actor.role, "sla.edit"):
        raise NotAllowed("Only leads and administrators change service levels.")


def save_policy(
    policy: Policy,
    *,
    calendar: Calendar,
    pause_on_hold: bool,
    targets: Targets,
    actor: User,
    now: datetime,
    seen: datetime | None = None,
) -> None:
    """Give a policy another calendar, pauses or targets: {(metric, priority): minutes}. Raises Stale if it changed after `seen`."""
    edit(actor)
    refuse_stale(policy.changed_at, seen)
    before = {(target.metric, target.priority): target.target_minutes for target in policy.targets}
    changes = described(before, dict(targets), policy.calendar.name, calendar.name, policy.pause_on_hold, pause_on_hold)
    if not changes:
        return
    policy.calendar, policy.calendar_id, policy.pause_on_hold, policy.changed_at = calendar, calendar.id, pause_on_hold, now
    put_targets(policy, targets)
    db.session.flush()
    tell(policy.name, changes, actor=actor, now=now, policies=[policy.id])


def described(before: dict[Any, int], after: dict[Any, int], old: str, new: str, held: bool, holds: bool) -> list[str]:
    """What changes, in words."""
    changes = [f"calendar {old} → {new}"] if old != new else []
    if held != holds:
        changes.append("on hold pauses" if holds else "on hold does not pause any more")
    for metric, priority in sorted(before.keys() | after.keys()):
        was, will = before.get((metric, priority)), after.get((metric, priority))
        if was != will:
            words = [spell_target(minutes, round_the_clock=False) or "none" for minutes in (was, will)]
            changes.append(f"{metric.replace('_', ' ')}, {priority}: {words[0]} → {words[1]}")
    return changes


def put_targets(policy: Policy, targets: Targets) -> None:
    """Make the rows of a policy exactly these."""
    there = {(target.metric, target.priority): target for target in policy.targets}
    policy.targets = [
        there.get(key) or PolicyTarget(metric=key[0], priority=key[1], target_minutes=minutes) for key, minutes in targets.items()
    ]
    for target in policy.targets:
        target.target_minutes = targets[target.metric, target.priority]


def add_policy(
    organization: Organization, *, calendar: Calendar, pause_on_hold: bool, targets: Targets, actor: User, now: datetime
) -> Policy:
    """Promise an organization something of its own; it wins over its plan's. A second one raises WrongState."""
    edit(actor)
    if db.session.scalar(select(Policy.id).where(Policy.organization_id == organization.id)) is not None:
        raise WrongState(f"{organization.name} has a policy of its own already. Change that one.")
    policy = Policy(
        key=f"organization-{organization.id}",
        name=organization.name,
        organization_id=organization.id,
        calendar=calendar,
        calendar_id=calendar.id,
        pause_on_hold=pause_on_hold,
        changed_at=now,
    )
    db.session.add(policy)
    put_targets(policy, targets)
    db.session.flush()
    tell(policy.name, ["made for the organization"], actor=actor, now=now, organizations=[organization.id])
    return policy


def withdraw_policy(policy: Policy, *, actor: User, now: datetime) -> None:
    """Take an organization's own policy away; its plan's holds again. The row stays, as ended clocks were judged by it."""
    edit(actor)
    if policy.plan_id is not None:
        raise WrongState("The policy of a plan stays. Take its targets out instead.")
    if policy.organization_id is None:
        return
    organization_id, policy.organization_id = policy.organization_id, None
    policy.key, policy.changed_at = f"withdrawn-{policy.id}", now
    db.session.flush()
    tell(policy.name, ["withdrawn; the plan's policy holds again"], actor=actor, now=now, organizations=[organization_id])


def save_calendar(
    calendar: Calendar, name: str, definition: dict[str, Any], *, actor: User, now: datetime, seen: datetime | None = None
) -> None:
    """Change a calendar. Raises Invalid for one that cannot be used, Stale if it changed after `seen`."""
    edit(actor)
    refuse_stale(calendar.changed_at, seen)
    name = checked(name, definition)
    if (calendar.name, calendar.definition) == (name, definition):
        return
    changes = [f"calendar {calendar.name} → {hours_in_words(definition)}, {definition.get('tz', 'UTC')}"]
    calendar.name, calendar.definition, calendar.changed_at = name, definition, now
    db.session.flush()
    policies = list(db.session.scalars(select(Policy.id).where(Policy.calendar_id == calendar.id)))
    tell(name, changes, actor=actor, now=now, policies=policies)


def add_calendar(name: str, definition: dict[str, Any], *, actor: User, now: datetime) -> Calendar:
    """A new calendar, which no policy uses yet."""
    edit(actor)
    calendar = Calendar(key=public_ref("CAL").lower(), name=checked(name, definition), definition=definition, changed_at=now)
    db.session.add(calendar)
    db.session.flush()
    tell(calendar.name, ["calendar made"], actor=actor, now=now)
    return calendar


def remove_calendar(calendar: Calendar, *, actor: User, now: datetime) -> None:
    """Delete a calendar that no policy uses."""
    edit(actor)
    if db.session.scalar(select(Policy.id).where(Policy.calendar_id == calendar.id).limit(1)) is not None:
        raise WrongState("A policy counts by this calendar. Give it another one first.")
    tell(calendar.name, ["calendar removed"], actor=actor, now=now)
    db.session.delete(calendar)
    db.session.flush()


def checked(name: str, definition: dict[str, Any]) -> str:
    """The name, cleaned; raises Invalid for no name, or a definition that cannot be used."""
    name = one_line(name)[:100]
    if not name:
        raise Invalid("Give the calendar a name.")
    try:
        usable(definition)
    except BadCalendar as wrong:
        raise Invalid(str(wrong)) from wrong
    return name


def refuse_stale(changed_at: datetime, seen: datetime | None) -> None:
    """Raise Stale if somebody saved since the form was made."""
    if seen is not None and changed_at != seen:
        raise Stale("Somebody else changed this meanwhile. Your entries are kept: compare them with what is there now, then save again.")


def tell(
    name: str,
    changes: list[str],
    *,
    actor: User,
    now: datetime,
    policies: list[int] | None = None,
    organizations: list[int] | None = None,
) -> None:
    """Record the change, with whose clocks follow from it."""
    facts = {"policy": name, "summary": "; ".join(changes)[:2000], "policies": policies or [], "organizations": organizations or []}
    record("sla.policy_changed", now=now, actor=actor, facts=facts)
