"""A customer's mere thank-you after the ticket was resolved: it reopens like every answer, and staff dismiss that with one click.

Nothing is lost by a recognizer that errs: the message stands on the timeline, the ticket is open until somebody looks, and
a dismissed one is reopened like any other.
"""

from datetime import datetime

from sqlalchemy import func, select

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.lib.errors import NotAllowed, WrongState
from app.sla import actions as sla
from app.tickets.courtesy import DISMISSED_WITHIN, is_courtesy
from app.tickets.models import Message, Ticket


def is_thanks(ticket: Ticket, body: str, *, has_files: bool) -> bool:
    """Whether a customer's message on this ticket says nothing but thanks. One statement, none for what is too long to be."""
    if has_files or not body.strip():
        return False
    return is_courtesy(body, names_on(ticket)) if len(body) < 2000 else False


def names_on(ticket: Ticket) -> list[str]:
    """Everybody who has written on a ticket, and its assignee, by name."""
    wrote = select(Message.author_id).where(Message.ticket_id == ticket.id)
    return list(db.session.scalars(select(User.name).where(User.id.in_(wrote) | (User.id == ticket.assignee_id))))


def can_dismiss(ticket: Ticket, now: datetime) -> bool:
    """Whether the ticket is open only because of a thank-you of the last DISMISSED_WITHIN."""
    return ticket.is_open and ticket.thanked_at is not None and now - ticket.thanked_at <= DISMISSED_WITHIN


def dismiss_thanks(ticket: Ticket, *, actor: User, now: datetime) -> None:
    """Back to resolved, as if the thank-you had not reopened it: the same round, no mail, no survey; its clocks are cancelled.

    Raises NotAllowed, and WrongState where no thank-you reopened it or that was too long ago. Again changes nothing. Five statements.
    """
    if not may(actor.role, "ticket.work"):
        raise NotAllowed("Only staff can dismiss a message.")
    if not ticket.is_open:
        return
    if not can_dismiss(ticket, now) or ticket.thanked_at is None:
        raise WrongState("More than a thank-you keeps this ticket open by now. Answer it, or resolve it.")
    since, resolved = ticket.thanked_at, Event.kind == "ticket.resolved"
    ticket.status, ticket.is_open, ticket.thanked_at, ticket.active_at = "resolved", False, None, now
    ticket.resolved_at = db.session.scalar(select(func.max(Event.at)).where(Event.ticket_id == ticket.id, resolved)) or since
    facts = {"status": "resolved", "thanked_at": since.isoformat()}
    record("ticket.thanks_dismissed", now=now, actor=actor, ticket=ticket, public=True, facts=facts)
    sla.called_off(ticket, since, now=now)
