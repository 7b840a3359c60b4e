"""The calendars and policies that a new system begins with: the targets of the plans, as product.md has them.

Enterprise plans count around the clock, so their targets are plain time. The Technical plan counts business hours,
Monday to Friday, 09:00 to 17:00: a day of its targets ("24 h", "3 business days") is one business day, 8 counted hours;
a week is five of them; anything shorter is meant in working hours. So "1 week" is 40 counted hours, "3 business days"
are 24, "24 h" are 8, and "2 h" are 2. See docs/decisions/sla-clocks.md.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import literal, select, union_all

from app.accounts.models import Plan
from app.extensions import db
from app.sla import level_rules, public_holidays
from app.sla.level_models import Level
from app.sla.models import Calendar, Policy, PolicyTarget
from app.sla.terms import FIRST, METRICS, NEXT, RESOLUTION
from app.sla.versions import keep_calendar, keep_policy

HOUR = 60
DAY = 24 * HOUR
BUSINESS_DAY = 8 * HOUR
BUSINESS_WEEK = 5 * BUSINESS_DAY
ALWAYS, BUSINESS = "round-the-clock", "business"
YEARS_AHEAD = 3

ENTERPRISE_RESPONSE = {"emergency": 15, "critical": HOUR, "high": 4 * HOUR, "medium": DAY, "low": 3 * DAY}
ENTERPRISE = {
    FIRST: ENTERPRISE_RESPONSE,
    NEXT: ENTERPRISE_RESPONSE,
    RESOLUTION: {"emergency": 4 * HOUR, "critical": 8 * HOUR, "high": DAY, "medium": 3 * DAY, "low": 7 * DAY},
}
TECHNICAL_RESPONSE = {
    "emergency": 2 * HOUR,
    "critical": 2 * HOUR,
    "high": BUSINESS_DAY,
    "medium": 3 * BUSINESS_DAY,
    "low": BUSINESS_WEEK,
}
TECHNICAL = {
    FIRST: TECHNICAL_RESPONSE,
    NEXT: TECHNICAL_RESPONSE,
    RESOLUTION: {
        "emergency": 4 * HOUR,
        "critical": BUSINESS_DAY,
        "high": BUSINESS_DAY,
        "medium": 3 * BUSINESS_DAY,
        "low": BUSINESS_WEEK,
    },
}
# Plan: its policy's name, its calendar, its targets. Community has none: best effort.
POLICIES: dict[str, tuple[str, str, dict[str, dict[str, int]]]] = {
    "technical": ("Technical", BUSINESS, TECHNICAL),
    "enterprise_standard": ("Enterprise Standard", ALWAYS, ENTERPRISE),
    "enterprise_priority": ("Enterprise Priority", ALWAYS, ENTERPRISE),
    "enterprise_emergency": ("Enterprise Emergency", ALWAYS, ENTERPRISE),
}
# Level: its name, percent of the target, how severe it is and whom it tells.
LEVELS: dict[str, tuple[str, int, str, tuple[str, ...]]] = {
    level_rules.WARNING: ("Warning", 75, "warning", ("route", "next_on_call")),
    level_rules.AT_RISK: ("At risk", 80, "warning", ("assignee", "route", "next_on_call")),
    level_rules.BREACHED: ("Breached", 100, "critical", ("route", "next_on_call")),
}


def ensure(now: datetime) -> None:
    """Add the calendars and policies that are missing, and leave those that are there. One statement when none is. Flushes."""
    rows = union_all(
        select(literal("calendar").label("what"), Calendar.key.label("key"), Calendar.id.label("id")),
        select(literal("policy"), Policy.key, Policy.id),
        select(literal("plan"), Plan.key, Plan.id),
        select(literal("level"), Level.key, Level.id),
    )
    there = {(what, key): number for what, key, number in db.session.execute(rows)}
    add_levels({key for what, key in there if what == "level"}, now)
    calendars = {key: there.get(("calendar", key)) or add_calendar(key, now) for key in (ALWAYS, BUSINESS)}
    for key, (name, calendar, targets) in POLICIES.items():
        if ("policy", key) not in there and ("plan", key) in there:
            policy = Policy(key=key, name=name, plan_id=there["plan", key], calendar_id=calendars[calendar], changed_at=now)
            policy.targets = [
                PolicyTarget(priority=priority, metric=metric, target_minutes=minutes)
                for metric in METRICS
                for priority, minutes in targets[metric].items()
            ]
            db.session.add(policy)
            db.session.flush()
            keep_policy(policy, now=now, is_new=True)
    db.session.flush()


def add_levels(there: set[str], now: datetime) -> None:
    """The three levels of every clock. Assignee and leads get the mails of `sla.warned` and `sla.breached` besides."""
    for key, (name, percent, severity, notify) in LEVELS.items():
        if key not in there:
            does = {"notify": list(notify), "severity": severity, "raise_priority": False, "reassign": None, "escalate": False}
            place = {"basis": level_rules.PERCENT, "amount": percent, "metrics": list(METRICS), "priorities": []}
            db.session.add(Level(key=key, name=name, **place, actions=does, since=now, changed_at=now))


def add_calendar(key: str, now: datetime) -> int:
    """One of the two calendars; its id."""
    name = {ALWAYS: "Around the clock", BUSINESS: "Business hours, Berlin"}[key]
    row = Calendar(key=key, name=name, definition=definition_of(key, now), changed_at=now, is_default=key == BUSINESS)
    db.session.add(row)
    db.session.flush()
    keep_calendar(row, now=now, is_new=True)
    return row.id


def definition_of(key: str, now: datetime) -> dict[str, Any]:
    """The definition of one of the two calendars, with the holidays from last year on."""
    if key == ALWAYS:
        return {"tz": "UTC", "hours": "24x7", "holidays": [], "overrides": {}}
    days = public_holidays.names("DE", "", range(now.year - 1, now.year + YEARS_AHEAD))
    return {
        "tz": "Europe/Berlin",
        "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "holidays": sorted(days),
        "overrides": {},
        "names": days,
        # Where the holidays come from, and up to which year they are filled in (jobs.extend_holidays goes on).
        "country": "DE",
        "region": "",
        "filled_to": now.year + YEARS_AHEAD - 1,
    }
