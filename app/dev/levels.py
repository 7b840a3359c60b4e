"""A level that the demo's lead has added, and a customer whose thank-you has just reopened a ticket."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.dev.telling import Cast
from app.extensions import db
from app.lib.errors import Invalid
from app.sla import levels as editing
from app.tickets import actions
from app.tickets.models import Ticket

LEAD = "lead@hivetechs.example"
THANKS = "Perfect, that works now. Thank you so much for the quick help!"


def levels(cast: Cast, now: datetime) -> None:
    """Half an hour before an urgent answer is due, whoever is on call hears of it. One that stands there already stays."""
    does = editing.Actions(notify=("assignee", "on_call"), severity="warning", raise_priority=False)
    wanted = editing.Wanted("Half an hour left", "before", 30, ("first_response", "next_response"), ("emergency", "critical"), does)
    with suppress(Invalid):
        editing.add_level(wanted, actor=cast.people[LEAD], now=now)


def thanks(now: datetime) -> None:
    """The customer of the ticket that was resolved last says thank you; at the desk one click dismisses it."""
    query = (
        select(Ticket)
        .options(joinedload(Ticket.requester))
        .where(Ticket.status == "resolved", Ticket.is_demo, Ticket.organization_id.is_not(None))
    )
    ticket = db.session.scalar(query.order_by(Ticket.resolved_at.desc()).limit(1))
    if ticket is not None and not ticket.requester.is_staff:
        actions.reply(ticket, THANKS, actor=ticket.requester, now=max(now - timedelta(minutes=25), ticket.active_at))
