"""Versions of policies and calendars: each save keeps what was there before, and says who changed what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from app.accounts.models import User
from app.extensions import db
from app.sla.models import Calendar, CalendarVersion, Policy, PolicyVersion
from app.sla.spelling import hours_in_words, spell_target

Snapshot = Mapping[str, Any]
# A page of a history; earlier versions are kept, too.
MOST_SHOWN = 50


@dataclass(frozen=True)
class Entry:
    """One line of a history: which version, since when, by whom, and what it changed against the one before."""

    number: int
    valid_from: datetime
    who: str | None
    changes: list[str]


def policy_snapshot(policy: Policy) -> dict[str, Any]:
    """All that a policy decides, as JSON."""
    targets: dict[str, dict[str, int]] = {}
    for target in policy.targets:
        targets.setdefault(target.metric, {})[target.priority] = target.target_minutes
    return {
        "name": policy.name,
        "plan_id": policy.plan_id,
        "organization_id": policy.organization_id,
        "calendar_id": policy.calendar_id,
        "inherits_calendar": policy.inherits_calendar,
        "pause_on_hold": policy.pause_on_hold,
        "targets": targets,
    }


def calendar_snapshot(calendar: Calendar) -> dict[str, Any]:
    """The same of a calendar."""
    return {"name": calendar.name, "definition": calendar.definition, "is_default": calendar.is_default}


def keep_policy(policy: Policy, *, now: datetime, actor: User | None = None, is_new: bool = False) -> None:
    """Keep a policy as it is now as its next version, or as its first. The row has its id already. Flushes."""
    policy.version = 1 if is_new else policy.version + 1
    row = PolicyVersion(policy_id=policy.id, number=policy.version, snapshot=policy_snapshot(policy), valid_from=now)
    row.actor_id = actor.id if actor else None
    db.session.add(row)
    db.session.flush()


def keep_calendar(calendar: Calendar, *, now: datetime, actor: User | None = None, is_new: bool = False) -> None:
    """The same for a calendar."""
    calendar.version = 1 if is_new else calendar.version + 1
    row = CalendarVersion(calendar_id=calendar.id, number=calendar.version, snapshot=calendar_snapshot(calendar), valid_from=now)
    row.actor_id = actor.id if actor else None
    db.session.add(row)
    db.session.flush()


def policy_history(policy: Policy) -> list[Entry]:
    """The last versions of a policy, newest first. Two statements."""
    query = select(PolicyVersion, User.name).outerjoin(User, User.id == PolicyVersion.actor_id)
    rows = db.session.execute(
        query.where(PolicyVersion.policy_id == policy.id).order_by(PolicyVersion.number.desc()).limit(MOST_SHOWN + 1)
    ).all()
    names = {row.id: row.name for row in db.session.execute(select(Calendar.id, Calendar.name))}
    return told(rows, lambda old, new: policy_changes(old, new, names))


def calendar_history(calendar: Calendar) -> list[Entry]:
    """The same of a calendar. One statement."""
    query = select(CalendarVersion, User.name).outerjoin(User, User.id == CalendarVersion.actor_id)
    query = query.where(CalendarVersion.calendar_id == calendar.id).order_by(CalendarVersion.number.desc()).limit(MOST_SHOWN + 1)
    return told(db.session.execute(query).all(), calendar_changes)


def told(rows: Any, changes: Any) -> list[Entry]:
    """Rows of versions, newest first, with what each changed."""
    entries = [
        Entry(new.number, new.valid_from, who, changes(old.snapshot, new.snapshot) or ["saved anew"])
        for (new, who), (old, _) in pairwise(rows)
    ]
    if rows and rows[-1][0].number == 1:
        first, who = rows[-1]
        entries.append(Entry(1, first.valid_from, who, ["the first version"]))
    return entries[:MOST_SHOWN]


def policy_changes(old: Snapshot, new: Snapshot, names: Mapping[int, str]) -> list[str]:
    """What one version of a policy changed, in words. Pure."""
    changes = [f"name {old['name']} → {new['name']}"] if old["name"] != new["name"] else []
    was, will = counted_by(old, names), counted_by(new, names)
    changes += [f"calendar {was} → {will}"] if was != will else []
    if old["pause_on_hold"] != new["pause_on_hold"]:
        changes.append("on hold pauses" if new["pause_on_hold"] else "on hold does not pause any more")
    if old["organization_id"] is not None and new["organization_id"] is None:
        changes.append("withdrawn")
    return changes + target_changes(flat(old["targets"]), flat(new["targets"]))


def target_changes(before: Mapping[tuple[str, str], int], after: Mapping[tuple[str, str], int]) -> list[str]:
    """The targets that differ, {(metric, priority): minutes}, in words. Pure."""
    changes = []
    for metric, priority in sorted(before.keys() | after.keys()):
        was, will = before.get((metric, priority)), after.get((metric, priority))
        if was != will:
            words = [spell_target(minutes, round_the_clock=False) or "none" for minutes in (was, will)]
            changes.append(f"{metric.replace('_', ' ')}, {priority}: {words[0]} → {words[1]}")
    return changes


def counted_by(snapshot: Snapshot, names: Mapping[int, str]) -> str:
    """The calendar of a version of a policy, in words."""
    if snapshot.get("inherits_calendar"):
        return "the plan's or the default one"
    return names.get(snapshot["calendar_id"], "a removed one")


def flat(targets: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], int]:
    """Targets of a snapshot by metric and priority."""
    return {(metric, priority): minutes for metric, by_priority in targets.items() for priority, minutes in by_priority.items()}


def calendar_changes(old: Snapshot, new: Snapshot) -> list[str]:
    """What one version of a calendar changed, in words. Pure."""
    was, will = old["definition"], new["definition"]
    changes = [f"name {old['name']} → {new['name']}"] if old["name"] != new["name"] else []
    if was.get("tz", "UTC") != will.get("tz", "UTC"):
        changes.append(f"zone {was.get('tz', 'UTC')} → {will.get('tz', 'UTC')}")
    if was.get("hours") != will.get("hours"):
        changes.append(f"hours {hours_in_words(was)} → {hours_in_words(will)}")
    changes += days_changed("holiday", set(was.get("holidays") or ()), set(will.get("holidays") or ()))
    before, after = was.get("overrides") or {}, will.get("overrides") or {}
    changes += days_changed("exception", set(before), set(after))
    changes += [f"other hours on {day}" for day in sorted(before.keys() & after.keys()) if before[day] != after[day]]
    if old.get("is_default") != new.get("is_default"):
        changes.append("made the default calendar" if new.get("is_default") else "not the default calendar any more")
    return changes


def days_changed(what: str, before: set[str], after: set[str]) -> list[str]:
    """Which days came and went; many of them by their number."""
    changes = []
    for sign, days in (("+", sorted(after - before)), ("−", sorted(before - after))):
        if len(days) > 5:
            changes.append(f"{sign}{len(days)} {what}s")
        elif days:
            changes.append(f"{what} {', '.join(sign + day for day in days)}")
    return changes
