"""What the pages of /dev read: the demo's people, the newest events, one mail."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.accounts.models import Organization, Plan, User
from app.events.models import Event
from app.extensions import db

PAGE = 100
ORDER = {"admin": 0, "lead": 1, "agent": 2, "moderator": 3, "customer_admin": 4, "customer": 5}
LINK = re.compile(r"https?://[^\s<>\"')\]]+")


def demo_people(limit: int = 60) -> list[Any]:
    """The first of the demo's people who can sign in, staff before customers, with organization and plan."""
    query = (
        select(User.id, User.name, User.email, User.role, User.time_zone, Organization.name.label("organization"), Plan.name.label("plan"))
        .outerjoin(Organization, Organization.id == User.organization_id)
        .outerjoin(Plan, Plan.id == Organization.plan_id)
        .where(User.is_demo, User.is_enabled, User.password_hash.is_not(None))
        .order_by(User.id)
        .limit(limit)
    )
    return sorted(db.session.execute(query).all(), key=lambda row: ORDER[row.role])


def demo_person(person_id: int) -> User | None:
    """One of them."""
    return db.session.scalar(select(User).where(User.id == person_id, User.is_demo, User.is_enabled))


def events(*, before: int | None = None) -> Sequence[Event]:
    """The newest events, or those before one."""
    query = select(Event)
    if before is not None:
        query = query.where(Event.id < before)
    return db.session.scalars(query.order_by(Event.id.desc()).limit(PAGE)).all()


def links_in(text: str) -> list[str]:
    """The addresses in a mail's text, each once."""
    return list(dict.fromkeys(link.rstrip(".,;") for link in LINK.findall(text)))
