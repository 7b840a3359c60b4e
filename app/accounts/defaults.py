"""The reference rows that everything else names: plans and teams."""

from datetime import datetime

from sqlalchemy import literal, select, union_all

from app.accounts.models import Plan, Team
from app.extensions import db

# key, name, tier, rank, the highest priority that triage promises without a person's word, minutes to respond after an escalation.
PLANS = (
    ("community", "Community", 1, 1, "medium", None),
    ("technical", "Technical", 2, 2, "critical", None),
    ("enterprise_standard", "Enterprise Standard", 3, 3, "emergency", 240),
    ("enterprise_priority", "Enterprise Priority", 3, 4, "emergency", 60),
    ("enterprise_emergency", "Enterprise Emergency", 3, 5, "emergency", 30),
)
TEAMS = {
    "engineering": "Engineering",
    "product": "Product",
    "security": "Security",
    "docs": "Documentation",
    "performance": "Performance",
    "enterprise": "Enterprise",
    "support": "Support",
}


def ensure(now: datetime) -> None:
    """Add the plans and teams that are missing, and leave those that are there as somebody may have edited them.

    `now` is what every feature's defaults take; these rows carry no time. One statement when nothing is missing. Flushes.
    """
    there = set(db.session.execute(union_all(select(literal("plan"), Plan.key), select(literal("team"), Team.key))).all())
    for key, name, tier, rank, top_priority, minutes in PLANS:
        if ("plan", key) not in there:
            plan = Plan(key=key, name=name, tier=tier, rank=rank, top_priority=top_priority, escalated_response_minutes=minutes)
            db.session.add(plan)
    for key, name in TEAMS.items():
        if ("team", key) not in there:
            db.session.add(Team(key=key, name=name))
    db.session.flush()
