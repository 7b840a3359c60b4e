"""A rota to book from: Support in Berlin from 09:00 to 17:00 on weekdays, the agent's; and the two kinds of call."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from app.accounts.models import Team
from app.calls import actions, slots
from app.calls.models import Call, CallKind
from app.extensions import db
from tests.rota.conftest import shift


def team(key: str) -> Team:
    """A team by its key."""
    return db.session.scalars(select(Team).where(Team.key == key)).one()


@pytest.fixture
def support(people: SimpleNamespace) -> SimpleNamespace:
    """The shift, its team and the kind of call."""
    days = shift(team("support"), "Days", [people.agent], starts_minute=540, ends_minute=1020)
    kind = db.session.scalars(select(CallKind).where(CallKind.key == "support")).one()
    return SimpleNamespace(shift=days, team=days.team_id, kind=kind)


@pytest.fixture
def office(people: SimpleNamespace) -> CallKind:
    """Office hours of Product, the other agent's, from 09:00 to 17:00 in Accra."""
    shift(team("product"), "Product days", [people.agent2], starts_minute=540, ends_minute=1020, time_zone="Africa/Accra")
    return db.session.scalars(select(CallKind).where(CallKind.key == "office-hours")).one()


@pytest.fixture
def book(support: SimpleNamespace, people: SimpleNamespace, now: datetime) -> Callable[..., Call]:
    """`book(person, hours=24, …)` books the first free slot so many hours ahead, and commits."""

    def booked(person: Any = None, *, hours: float = 24, kind: CallKind | None = None, **over: Any) -> Call:
        kind, at = kind or support.kind, over.pop("now", now)
        slot = next(one for one in slots.offer(kind, now=at).slots if one.start >= at + timedelta(hours=hours))
        given = {"topic": "Our cluster upgrade", "how": "video", "time_zone": "Europe/Berlin", **over}
        call = actions.book(actions.Booking(kind, slot.start, slot.user_id, **given), actor=person or people.user, now=at)
        db.session.commit()
        return call

    return booked
