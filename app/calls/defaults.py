"""The two kinds of call that every system begins with."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import Plan, Team
from app.calls.models import CallKind, CallKindTeam
from app.extensions import db

# key: (name, about, the least plan, teams, numbers)
KINDS: dict[str, tuple[str, str, str, tuple[str, ...], dict[str, Any]]] = {
    "support": (
        "Support call",
        "One engineer, your topic. We come prepared.",
        "enterprise_standard",
        ("enterprise", "support"),
        {"minutes": 30, "step_minutes": 30, "before_minutes": 5, "after_minutes": 10, "notice_minutes": 120, "capacity": 1},
    ),
    "office-hours": (
        "Developer office hours",
        "Bring code and questions. Up to three customers share the time.",
        "technical",
        ("engineering", "product"),
        {"minutes": 30, "step_minutes": 60, "before_minutes": 0, "after_minutes": 0, "notice_minutes": 240, "capacity": 3},
    ),
}
AHEAD_DAYS = 28


def ensure(now: datetime) -> None:
    """Add the kinds that are missing, and leave those that are there as somebody may have edited them. Flushes.

    `now` is what every feature's defaults take; these rows carry no time. One statement when nothing is missing.
    """
    there = set(db.session.scalars(select(CallKind.key)))
    missing = [key for key in KINDS if key not in there]
    if not missing:
        return
    plans = {plan.key: plan for plan in db.session.scalars(select(Plan))}
    teams = {team.key: team for team in db.session.scalars(select(Team))}
    for key in missing:
        name, about, plan, names, numbers = KINDS[key]
        least = plans[plan].rank if plan in plans else max((one.rank for one in plans.values()), default=1)
        takers = [CallKindTeam(team=teams[one]) for one in names if one in teams]
        kind = CallKind(key=key, name=name, about=about, least_rank=least, ahead_days=AHEAD_DAYS, teams=takers, **numbers)
        kind.is_open, kind.video_url = True, ""
        db.session.add(kind)
    db.session.flush()
