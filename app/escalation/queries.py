"""The only readers of the escalation matrix and of what was escalated."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.accounts.models import Organization, Plan, Team, User
from app.escalation.models import Escalation, EscalationTrigger, Executive, SupportTier
from app.events.models import Event
from app.extensions import db
from app.lib.errors import NotFound
from app.tickets.models import Ticket
from app.tickets.queries import held_tickets

SHOWN = 50


def tiers() -> Sequence[SupportTier]:
    """Every tier with its team, lowest first."""
    return db.session.scalars(select(SupportTier).order_by(SupportTier.number)).all()


def tier_for(number: int) -> SupportTier:
    """One tier. Raises NotFound."""
    row = db.session.get(SupportTier, number)
    if row is None:
        raise NotFound()
    return row


def triggers() -> Sequence[EscalationTrigger]:
    """Every trigger with its team, in the table's order."""
    return db.session.scalars(select(EscalationTrigger).order_by(EscalationTrigger.position)).all()


def trigger_for(key: str) -> EscalationTrigger:
    """One trigger. Raises NotFound."""
    row = db.session.get(EscalationTrigger, key)
    if row is None:
        raise NotFound()
    return row


def executives() -> Sequence[Executive]:
    """Those at whom paths end and who still work at the desk; the first is on duty."""
    query = select(Executive).join(User, User.id == Executive.user_id).where(User.is_at_desk)
    return db.session.scalars(query.order_by(Executive.position, Executive.id)).all()


def executives_of_all_times() -> Sequence[Executive]:
    """The same, with those who left."""
    return db.session.scalars(select(Executive).order_by(Executive.position, Executive.id)).all()


def executive_for(number: int) -> Executive | None:
    """One of them, or None where they are gone already."""
    return db.session.get(Executive, number)


def staff() -> Sequence[User]:
    """Everybody at the desk, by name."""
    return db.session.scalars(select(User).where(User.is_at_desk).order_by(User.name)).all()


def teams() -> Sequence[Team]:
    """Every team, by name."""
    return db.session.scalars(select(Team).order_by(Team.name)).all()


def plans() -> Sequence[Plan]:
    """Every plan, lowest first."""
    return db.session.scalars(select(Plan).order_by(Plan.rank)).all()


def plan_of(ticket: Ticket) -> Plan | None:
    """The plan of the ticket's organization; None for guests. One statement."""
    if ticket.organization_id is None:
        return None
    query = select(Plan).join(Organization, Organization.plan_id == Plan.id)
    return db.session.scalar(query.where(Organization.id == ticket.organization_id))


def open_escalation(ticket_id: int) -> Escalation | None:
    """The escalation that a ticket is in."""
    return in_state(ticket_id, "open")


def proposal(ticket_id: int) -> Escalation | None:
    """The escalation that somebody still has to confirm."""
    return in_state(ticket_id, "proposed")


def in_state(ticket_id: int, state: str) -> Escalation | None:
    """The one escalation of a ticket in `open` or `proposed`."""
    return db.session.scalar(select(Escalation).where(Escalation.ticket_id == ticket_id, Escalation.state == state))


def happened(ticket_id: int, cause: str) -> bool:
    """Whether a cause has had its effect on a ticket before."""
    return db.session.scalar(select(Escalation.id).where(Escalation.ticket_id == ticket_id, Escalation.cause == cause)) is not None


def history(ticket_id: int) -> Sequence[Escalation]:
    """A ticket's escalations with who escalated, newest first."""
    query = select(Escalation).options(joinedload(Escalation.actor)).where(Escalation.ticket_id == ticket_id)
    return db.session.scalars(query.order_by(Escalation.id.desc()).limit(SHOWN)).all()


def event_and_ticket(event_id: int) -> tuple[Event, Ticket] | None:
    """An event and its ticket, locked until the transaction ends; None if either has gone."""
    event = db.session.get(Event, event_id)
    if event is None or event.ticket_id is None:
        return None
    ticket = ticket_by_id(event.ticket_id)
    return (event, ticket) if ticket is not None else None


def ticket_by_id(number: int) -> Ticket | None:
    """A ticket with its people, for jobs, locked until the transaction ends."""
    return next(iter(held_tickets(Ticket.id == number)), None)
