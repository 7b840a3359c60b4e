"""Leads who are mailed the SLA report of each week: subscribing, and whose week is over."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.accounts.models import User
from app.accounts.permissions import LEADS, may
from app.events.actions import Actor, record
from app.extensions import db
from app.lib.errors import NotAllowed
from app.lib.times import local, monday_of
from app.sla.asking import Asked
from app.sla.forms import day_range
from app.sla.papers import ReportSubscription
from app.sla.reports import Scope

# On Mondays from this hour on, in the zone of the subscription; later in the week if nobody ran by then.
HOUR = 7
WEEK = timedelta(days=7)
BATCH = 200


def of(user_id: int) -> ReportSubscription | None:
    """Somebody's subscription. One statement."""
    return db.session.scalar(select(ReportSubscription).where(ReportSubscription.user_id == user_id))


def subscribe(asked: Asked, *, actor: Any, now: datetime) -> ReportSubscription:
    """From the next Monday on, mail this report of the week before; a repeat changes what it is narrowed to. Raises NotAllowed."""
    if not may(actor.role, "sla.subscribe"):
        raise NotAllowed("Leads can have the report mailed. Ask one of them to send it on.")
    before = of(actor.id)
    found = before or ReportSubscription(user_id=actor.id, created_at=now, sent_on=monday_of(now, asked.zone))
    found.zone, found.priority = asked.zone, asked.scope.priority
    found.organization_id, found.team_id = asked.scope.organization_id, asked.scope.team_id
    db.session.add(found)
    db.session.flush()
    if before is None:
        record("sla.subscribed", now=now, actor=actor, facts={"user_id": actor.id})
    return found


def unsubscribe(*, actor: Actor, now: datetime) -> None:
    """No such mail any more; where there was none, nothing changes."""
    found = of(actor.id)
    if found is not None:
        db.session.delete(found)
        record("sla.unsubscribed", now=now, actor=actor, facts={"user_id": actor.id})


def is_due(now: datetime, zone: str, sent_on: date) -> bool:
    """Whether the mail of the week before may leave: after HOUR on Monday, and not sent yet."""
    monday = monday_of(now, zone)
    there = local(now, zone)
    return sent_on < monday and (there.date() > monday or there.hour >= HOUR)


@dataclass(frozen=True)
class Week:
    """A week that is over, as its mail tells it: days by date, the scope as instants."""

    first: date
    last: date
    zone: str
    scope: Scope


def week_of(found: ReportSubscription, monday: date, *, is_demo: bool) -> Week:
    """The week before a Monday, as a subscription narrows it."""
    first, last = monday - WEEK, monday - timedelta(days=1)
    since, until = day_range(first, last, found.zone)
    return Week(first, last, found.zone, Scope(since, until, is_demo, found.organization_id, found.team_id, found.priority))


def waiting(now: datetime) -> Any:
    """Subscriptions of leads that may be due; nobody's Monday is more than a day ahead of UTC's."""
    latest = (now + timedelta(days=1)).date()
    return (
        select(ReportSubscription.id, ReportSubscription.user_id, ReportSubscription.zone, ReportSubscription.sent_on)
        .join(User, User.id == ReportSubscription.user_id)
        .where(User.is_enabled, User.role.in_(sorted(LEADS)), ReportSubscription.sent_on <= latest - timedelta(days=1))
        .order_by(ReportSubscription.sent_on, ReportSubscription.id)
        .limit(BATCH)
    )
