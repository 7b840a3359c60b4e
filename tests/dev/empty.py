"""A database without people, as `make run` finds it the first time."""

from sqlalchemy import delete, update

from app.accounts.models import Organization, OrganizationDomain, User
from app.alerts.models import AlertRoute
from app.extensions import db


def emptied() -> None:
    """Delete everything but the reference rows."""
    db.session.rollback()
    kept = {
        "plans",
        "teams",
        "calendars",
        "policies",
        "policy_targets",
        "levels",
        "triage_rules",
        "macros",
        "faqs",
        "articles",
        "support_tiers",
        "escalation_triggers",
        "alert_routes",
        "call_kinds",
        "call_kind_teams",
    }
    for table in reversed(db.metadata.sorted_tables):
        if table.name not in kept and table.name not in {"users", "organizations"}:
            db.session.execute(delete(table))
    db.session.execute(delete(AlertRoute).where(AlertRoute.is_default.is_(False)))
    db.session.execute(update(Organization).values(engineer_id=None))
    db.session.execute(delete(OrganizationDomain))
    db.session.execute(update(User).values(organization_id=None))
    db.session.execute(delete(Organization))
    db.session.execute(delete(User))
    db.session.commit()
