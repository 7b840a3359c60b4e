"""Edits of policies and calendars, saved the way the pages save them, and committed."""

from sqlalchemy import select

from app.extensions import db
from app.sla import editing
from app.sla.models import Calendar, Policy


def policy_of(key):
    return db.session.scalars(select(Policy).where(Policy.key == key)).one()


def calendar_of(key):
    return db.session.scalars(select(Calendar).where(Calendar.key == key)).one()


def save_policy(key, people, now, *, calendar="same", pause_on_hold=None, **minutes):
    """Save a policy with some targets changed: `high_first_response=120`, or None for no promise. Returns it."""
    policy = policy_of(key)
    targets = {(t.metric, t.priority): t.target_minutes for t in policy.targets}
    for name, value in minutes.items():
        priority, _, metric = name.partition("_")
        targets.pop((metric, priority), None)
        if value is not None:
            targets[metric, priority] = value
    counted = policy.calendar if calendar == "same" else calendar
    holds = policy.pause_on_hold if pause_on_hold is None else pause_on_hold
    editing.save_policy(policy, calendar=counted, pause_on_hold=holds, targets=targets, actor=people.lead, now=now)
    db.session.commit()
    return policy
