"""What a level of an SLA clock does to its ticket: another priority, another person, another team."""

from datetime import datetime

import structlog

from app.accounts.models import Team, User
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.rota import queries as rota
from app.sla.level_rules import ON_CALL, UNASSIGN, team_of
from app.sla.level_sweep import take
from app.tickets import filing
from app.tickets.models import Ticket
from app.tickets.queries import held_tickets

log = structlog.get_logger()


def follow_level(event_id: int) -> None:
    """After `sla.level_reached`: raise the priority and reassign, as its actions say, once. A ticket that is done is left alone.

    The row of the level's arming is claimed in the same transaction, so neither a second run nor a killed one does more or less.
    """
    with writing():
        event = db.session.get(Event, event_id)
        if event is None or not (event.facts["actions"]["raise_priority"] or event.facts["actions"]["reassign"]):
            return
        now = utcnow()
        for ticket in held_tickets(Ticket.id == event.ticket_id):
            if take(event_id, now) and ticket.is_open:
                act(ticket, event, now)
        db.session.commit()


def act(ticket: Ticket, event: Event, now: datetime) -> None:
    """Do what the level does, priority first: who is called should find the ticket as urgent as it is."""
    does, reason = event.facts["actions"], f"Level “{event.facts['level']}” of the {event.facts['metric'].replace('_', ' ')}"
    if does["raise_priority"]:
        filing.raise_priority(ticket, reason=reason, now=now)
    if does["reassign"] == UNASSIGN:
        filing.assign(ticket, None, actor=None, now=now)
    elif does["reassign"] == ON_CALL:
        assign_on_call(ticket, now)
    elif does["reassign"]:
        move_to(ticket, team_of(does["reassign"]), now)


def assign_on_call(ticket: Ticket, now: datetime) -> None:
    """Give it to whoever is on call for its team; where nobody is, it stays, and the alert of the level tells somebody."""
    found = rota.on_call(ticket.team_id, now) if ticket.team_id is not None else None
    person = db.session.get(User, found.user_id) if found is not None else None
    if person is None or not person.is_at_desk:
        log.warning("levels.nobody_on_call", ticket=ticket.ref)
        return
    filing.assign(ticket, person, actor=None, now=now)


def move_to(ticket: Ticket, team_id: int | None, now: datetime) -> None:
    """Move it to a team, if that is still there."""
    team = db.session.get(Team, team_id) if team_id is not None else None
    if team is not None:
        filing.move(ticket, team, actor=None, now=now)
