"""A booked call for tests/rows.py, two days ahead: Acme's user with the agent. It needs the rota's furniture."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import current_app
from sqlalchemy import select

from app.calls import actions, slots
from app.calls.links import token_of
from app.calls.models import CallKind
from app.extensions import db


def furniture(people: SimpleNamespace, now: datetime) -> dict[str, Any]:
    """Add the call."""
    kind = db.session.scalars(select(CallKind).where(CallKind.key == "support")).one()
    slot = next(one for one in slots.offer(kind, now=now).slots if one.start >= now + timedelta(days=2))
    wanted = actions.Booking(kind, slot.start, slot.user_id, "Our cluster upgrade", "video", time_zone="Europe/Berlin")
    call = actions.book(wanted, actor=people.user, now=now)
    return {"call": call, "call_kind": kind, "call_token": token_of(current_app.secret_key, call.nonce)}  # type: ignore[arg-type]
