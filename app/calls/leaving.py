"""When somebody leaves an organization, the calls that they booked there are off: they hear nothing more of them, and nobody else can come."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, not_, or_, select

from app.accounts.models import User
from app.calls import queries
from app.calls.actions import call_off
from app.calls.models import Call
from app.extensions import db

BATCH = 100


def call_off_left(now: datetime) -> Sequence[Call]:
    """Cancel the calls to come whose customer is shut out, or no longer of the organization that they were booked for. Those calls.

    Of two that look at once one cancels. One statement where there are none; the next look goes on after BATCH.
    """
    moved = and_(Call.organization_id.is_not(None), User.organization_id.is_distinct_from(Call.organization_id))
    query = queries.with_people(select(Call)).join(User, User.id == Call.customer_id).where(or_(not_(User.is_enabled), moved))
    booked = query.where(Call.state == "booked", Call.starts_at > now).order_by(Call.starts_at, Call.id).limit(BATCH)
    calls = db.session.scalars(booked.with_for_update(of=Call, skip_locked=True)).all()
    gone = [call for call in calls if not call.customer.is_still_of(call.organization_id)]
    for call in gone:
        call_off(call, f"{call.customer.name} has left{f' {call.organization.name}' if call.organization else ''}.", actor=None, now=now)
    return gone
