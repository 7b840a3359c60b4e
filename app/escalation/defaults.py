"""The escalation matrix that a new system begins with, as product.md has it. Leads edit it at /admin/escalation."""

from datetime import datetime
from typing import Any

from sqlalchemy import literal, select, union_all

from app.accounts.models import Team
from app.escalation.models import EscalationTrigger, SupportTier
from app.extensions import db

# number: name, channels, staffed by, targets, team, path as (who, minutes)
TIERS: dict[int, tuple[str, tuple[str, ...], str, str, str, tuple[tuple[str, int], ...]]] = {
    1: (
        "Community",
        ("GitHub Discussions", "Discord", "Reddit", "Stack Overflow tag", "Documentation and FAQ"),
        "Moderators, volunteers",
        "Best effort; more than 95 % of questions answered within 24 hours",
        "support",
        (("team_leads", 0), ("executive", 240)),
    ),
    2: (
        "Technical",
        ("GitHub issues", "E-mail", "Developer office hours"),
        "Support engineers, developers",
        "Low 1 week, medium 3 business days, high 24 hours, critical 2 hours",
        "engineering",
        (("on_call", 0), ("next_on_call", 15), ("team_leads", 30), ("executive", 60)),
    ),
    3: (
        "Enterprise",
        ("Portal", "Dedicated Slack channel", "Phone (scheduled calls)", "E-mail"),
        "Senior engineers, product team, executives",
        "By the contract; after an escalation 4 hours (Standard), 1 hour (Priority), 30 minutes (Emergency)",
        "enterprise",
        (("on_call", 0), ("next_on_call", 10), ("team_leads", 20), ("executive", 30)),
    ),
}
# key: tier, pages, team instead of the tier's
TRIGGERS: dict[str, tuple[int, bool, str | None]] = {
    "production_down": (3, True, None),
    "security_vulnerability": (3, True, "security"),
    "data_loss": (3, True, None),
    "enterprise_escalation": (3, True, None),
    "critical_unresolved_24h": (3, False, None),
    "public_relations": (3, False, None),
}


def ensure(now: datetime) -> None:
    """Add the tiers and triggers that are missing; those that are there stay as leads edited them.

    One statement when nothing is missing. Flushes.
    """
    rows = union_all(
        select(literal("tier").label("what"), SupportTier.name.label("key"), SupportTier.number.label("id")),
        select(literal("trigger"), EscalationTrigger.key, literal(0)),
        select(literal("team"), Team.key, Team.id),
    )
    found = db.session.execute(rows).all()
    tiers = {row.id for row in found if row.what == "tier"}
    triggers = {row.key for row in found if row.what == "trigger"}
    teams = {row.key: row.id for row in found if row.what == "team"}
    db.session.add_all(tier(number, teams, now) for number in TIERS if number not in tiers)
    for position, (key, (to_tier, pages, team)) in enumerate(TRIGGERS.items(), 1):
        if key not in triggers:
            row = EscalationTrigger(key=key, position=position, tier=to_tier, pages=pages, changed_at=now)
            row.team_id = teams.get(team) if team else None
            db.session.add(row)
    db.session.flush()


def tier(number: int, teams: dict[Any, int], now: datetime) -> SupportTier:
    """The row of one tier."""
    name, channels, staffed_by, targets, team, path = TIERS[number]
    return SupportTier(
        number=number,
        name=name,
        channels=list(channels),
        staffed_by=staffed_by,
        targets=targets,
        team_id=teams.get(team),
        path=[{"who": who, "after_minutes": minutes} for who, minutes in path],
        changed_at=now,
    )
