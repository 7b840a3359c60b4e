"""What a ticket has of its own: a policy or a calendar that wins over its organization's and its plan's, with a reason."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, NotFound, WrongState
from app.sla.actions import retarget
from app.sla.editing import reason_given
from app.sla.models import Calendar, Policy, TicketTerms
from app.sla.runs import edit
from app.sla.terms import Subject


@dataclass(frozen=True)
class Own:
    """The names of what a ticket has of its own, who set it, why and when."""

    policy_id: int | None
    policy: str | None
    calendar_id: int | None
    calendar: str | None
    reason: str
    who: str | None
    since: datetime


def set_terms(ticket: Subject, *, policy: Policy | None, calendar: Calendar | None, reason: str, actor: User, now: datetime) -> None:
    """Give a ticket a policy or a calendar of its own, or take both away (None, None); its open clocks are set at once.

    Records sla.terms_set. What it has already changes nothing. Raises NotAllowed, Invalid without a reason, and WrongState
    for a closed ticket.
    """
    edit(actor)
    wanted = (policy.id if policy else None, calendar.id if calendar else None)
    before = own_terms(ticket.id)
    if wanted == ((before.policy_id, before.calendar_id) if before else (None, None)):
        return
    if ticket.status == "closed":
        raise WrongState("This ticket is closed: its clocks have ended.")
    reason = reason_given(reason)
    row = TicketTerms(ticket_id=ticket.id, policy_id=wanted[0], calendar_id=wanted[1], reason=reason, valid_from=now)
    row.actor_id = actor.id
    db.session.add(row)
    facts = {"policy": policy.name if policy else None, "calendar": calendar.name if calendar else None, "reason": reason}
    record("sla.terms_set", now=now, actor=actor, ticket=ticket, facts=facts)
    retarget(ticket, now=now)


def own_terms(ticket_id: int) -> Own | None:
    """What a ticket has of its own now, or that it had something and has it no more; None for most. One statement."""
    query = (
        select(TicketTerms, Policy.name, Calendar.name, User.name)
        .outerjoin(Policy, Policy.id == TicketTerms.policy_id)
        .outerjoin(Calendar, Calendar.id == TicketTerms.calendar_id)
        .outerjoin(User, User.id == TicketTerms.actor_id)
        .where(TicketTerms.ticket_id == ticket_id)
        .order_by(TicketTerms.id.desc())
        .limit(1)
    )
    found = db.session.execute(query).first()
    if found is None:
        return None
    row, policy, calendar, who = found
    return Own(row.policy_id, policy, row.calendar_id, calendar, row.reason, who, row.valid_from)


def policies() -> list[tuple[int, str]]:
    """The policies in force, by name, that a ticket can be given. One statement."""
    in_force = or_(Policy.plan_id.is_not(None), Policy.organization_id.is_not(None))
    return [(row.id, row.name) for row in db.session.execute(select(Policy.id, Policy.name).where(in_force).order_by(Policy.name))]


def chosen(policy_id: int | None, calendar_id: int | None) -> tuple[Policy | None, Calendar | None]:
    """The rows of a choice. Raises NotFound for what is not there, Invalid for a policy that was withdrawn."""
    policy = db.session.get(Policy, policy_id) if policy_id else None
    calendar = db.session.get(Calendar, calendar_id) if calendar_id else None
    if (policy_id and policy is None) or (calendar_id and calendar is None):
        raise NotFound()
    if policy is not None and policy.plan_id is None and policy.organization_id is None:
        raise Invalid("That policy was withdrawn. Choose another one.")
    return policy, calendar
