"""Changing policies and calendars. Each change is one `sla.policy_changed`, from which the open clocks are computed anew.

None commits. Saving what is there already changes and records nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import Organization, User
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, Stale, WrongState
from app.lib.text import one_line
from app.lib.tokens import public_ref
from app.sla.calendars import BadCalendar, usable
from app.sla.models import Calendar, OrganizationCalendar, Policy, PolicyTarget
from app.sla.rulebook import used_calendars
from app.sla.runs import begin_recompute, edit
from app.sla.versions import calendar_changes, calendar_snapshot, keep_calendar, keep_policy, policy_changes, policy_snapshot

Targets = Mapping[tuple[str, str], int]


def save_policy(
    policy: Policy,
    *,
    calendar: Calendar | None,
    pause_on_hold: bool,
    targets: Targets,
    actor: User,
    now: datetime,
    seen: datetime | None = None,
) -> None:
    """Give a policy another calendar, pauses or targets: {(metric, priority): minutes}. Raises Stale if it changed after `seen`.

    Without a calendar it counts by its plan's, or by the default one. What was there is kept as a version.
    """
    edit(actor)
    refuse_stale(policy.changed_at, seen)
    before = policy_snapshot(policy)
    counted_by(policy, calendar)
    policy.pause_on_hold = pause_on_hold
    put_targets(policy, targets)
    changes = policy_changes(before, policy_snapshot(policy), names_of_calendars())
    if not changes:
        return
    policy.changed_at = now
    keep_policy(policy, now=now, actor=actor)
    tell(policy.name, changes, actor=actor, now=now, policies=[policy.id])


def counted_by(policy: Policy, calendar: Calendar | None) -> None:
    """Let a policy count by a calendar, or by what is above it."""
    policy.inherits_calendar = calendar is None
    if calendar is None and policy.calendar_id is None:
        calendar = default_calendar()
    if calendar is not None:
        policy.calendar, policy.calendar_id = calendar, calendar.id


def default_calendar() -> Calendar:
    """The default calendar. Raises Invalid where there is none."""
    found = db.session.scalar(select(Calendar).where(Calendar.is_default).order_by(Calendar.id).limit(1))
    if found is None:
        raise Invalid("There is no default calendar. Choose one, or make one the default first.")
    return found


def names_of_calendars() -> dict[int, str]:
    """The names of all calendars, by id."""
    return {row.id: row.name for row in db.session.execute(select(Calendar.id, Calendar.name))}


def put_targets(policy: Policy, targets: Targets) -> None:
    """Make the rows of a policy exactly these."""
    there = {(target.metric, target.priority): target for target in policy.targets}
    policy.targets = [
        there.get(key) or PolicyTarget(metric=key[0], priority=key[1], target_minutes=minutes) for key, minutes in targets.items()
    ]
    for target in policy.targets:
        target.target_minutes = targets[target.metric, target.priority]


def add_policy(
    organization: Organization, *, calendar: Calendar | None, pause_on_hold: bool, targets: Targets, actor: User, now: datetime
) -> Policy:
    """Promise an organization something of its own; it wins over its plan's. A second one raises WrongState."""
    edit(actor)
    if db.session.scalar(select(Policy.id).where(Policy.organization_id == organization.id)) is not None:
        raise WrongState(f"{organization.name} has a policy of its own already. Change that one.")
    policy = Policy(key=f"organization-{organization.id}", name=organization.name, organization_id=organization.id)
    policy.pause_on_hold, policy.changed_at = pause_on_hold, now
    counted_by(policy, calendar)
    db.session.add(policy)
    put_targets(policy, targets)
    db.session.flush()
    keep_policy(policy, now=now, actor=actor, is_new=True)
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
    keep_policy(policy, now=now, actor=actor)
    tell(policy.name, ["withdrawn; the plan's policy holds again"], actor=actor, now=now, organizations=[organization_id])


def save_calendar(
    calendar: Calendar, name: str, definition: dict[str, Any], *, actor: User, now: datetime, seen: datetime | None = None
) -> None:
    """Change a calendar. Raises Invalid for one that cannot be used or named so, Stale if it changed after `seen`."""
    edit(actor)
    refuse_stale(calendar.changed_at, seen)
    name = checked(name, definition, calendar.id)
    before = calendar_snapshot(calendar)
    if (calendar.name, calendar.definition) == (name, definition):
        return
    calendar.name, calendar.definition, calendar.changed_at = name, definition, now
    keep_calendar(calendar, now=now, actor=actor)
    changes = calendar_changes(before, calendar_snapshot(calendar)) or ["names of days"]
    policies = list(db.session.scalars(select(Policy.id).where(Policy.calendar_id == calendar.id)))
    tell(f"calendar {name}", changes, actor=actor, now=now, policies=policies, calendars=[calendar.id])


def make_default(calendar: Calendar, *, actor: User, now: datetime) -> None:
    """Count by this calendar where neither ticket, organization nor policy names one. The default one again changes nothing."""
    edit(actor)
    if calendar.is_default:
        return
    for former in db.session.scalars(select(Calendar).where(Calendar.is_default)).all():
        former.is_default, former.changed_at = False, now
        keep_calendar(former, now=now, actor=actor)
    calendar.is_default, calendar.changed_at = True, now
    keep_calendar(calendar, now=now, actor=actor)
    policies = list(db.session.scalars(select(Policy.id).where(Policy.inherits_calendar)))
    tell(f"calendar {calendar.name}", ["made the default calendar"], actor=actor, now=now, policies=policies)


def set_organization_calendar(organization: Organization, calendar: Calendar | None, reason: str, *, actor: User, now: datetime) -> None:
    """Let an organization count by a calendar of its own whatever its policy says, or by its policy's again (None).

    The same again changes nothing. Raises Invalid without a reason.
    """
    edit(actor)
    query = select(OrganizationCalendar.calendar_id).where(OrganizationCalendar.organization_id == organization.id)
    last = db.session.scalar(query.order_by(OrganizationCalendar.id.desc()).limit(1))
    if last == (calendar.id if calendar else None):
        return
    reason = reason_given(reason)
    row = OrganizationCalendar(
        organization_id=organization.id, calendar_id=calendar.id if calendar else None, reason=reason, valid_from=now
    )
    row.actor_id = actor.id
    db.session.add(row)
    db.session.flush()
    change = f"counts by {calendar.name}" if calendar else "counts by its policy's calendar again"
    tell(organization.name, [f"{change}: {reason}"], actor=actor, now=now, organizations=[organization.id])


def reason_given(reason: str) -> str:
    """A reason on one line; raises Invalid without one."""
    found = one_line(reason)[:250]
    if not found:
        raise Invalid("Say why, so that whoever wonders later can read it.")
    return found


def add_calendar(name: str, definition: dict[str, Any], *, actor: User, now: datetime) -> Calendar:
    """A new calendar, which no policy uses yet. Raises Invalid for one that cannot be used or named so."""
    edit(actor)
    name = checked(name, definition, None)
    calendar = Calendar(key=public_ref("CAL").lower(), name=name, definition=definition, changed_at=now)
    db.session.add(calendar)
    db.session.flush()
    keep_calendar(calendar, now=now, actor=actor, is_new=True)
    tell(calendar.name, ["calendar made"], actor=actor, now=now)
    return calendar


def remove_calendar(calendar: Calendar, *, actor: User, now: datetime) -> None:
    """Delete a calendar that nothing counts by. Its versions stay, since clocks have been judged by them."""
    edit(actor)
    if calendar.is_default:
        raise WrongState("This is the default calendar. Make another one the default first.")
    if calendar.id in used_calendars():
        raise WrongState("A policy, an organization or a ticket counts by this calendar. Give it another one first.")
    tell(calendar.name, ["calendar removed"], actor=actor, now=now)
    db.session.delete(calendar)
    db.session.flush()


def checked(name: str, definition: dict[str, Any], own_id: int | None) -> str:
    """The name, cleaned. Raises Invalid for none, for another calendar's, and for a definition that cannot be used. One statement."""
    name = one_line(name)[:100]
    if not name:
        raise Invalid("Give the calendar a name.")
    try:
        usable(definition)
    except BadCalendar as wrong:
        raise Invalid(str(wrong)) from wrong
    # Two calendars of one name could not be told apart where one is chosen.
    if any(number != own_id and other.casefold() == name.casefold() for number, other in names_of_calendars().items()):
        raise Invalid("Another calendar has this name.")
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
    policies: Sequence[int] = (),
    organizations: Sequence[int] = (),
    calendars: Sequence[int] = (),
) -> None:
    """Record the change, and begin to compute the open clocks that follow from it."""
    asked = {"policies": list(policies), "organizations": list(organizations), "calendars": list(calendars)}
    run = begin_recompute(name, asked, actor=actor, now=now) if any(asked.values()) else None
    facts = {"policy": name, "summary": "; ".join(changes)[:2000], "policies": asked["policies"], "organizations": asked["organizations"]}
    record("sla.policy_changed", now=now, actor=actor, facts=facts | {"run_id": run.id if run else None})
