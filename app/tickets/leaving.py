"""When somebody leaves the desk, their open tickets go back to the teams: what nobody works on shows as nobody's.

Who left is whoever was shut out or has another role now. The clocks go on; what was resolved keeps its name.
Whoever leaves the desk or an organization no longer follows its tickets, since following is a right to read them.
"""

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, false, or_, select, true

from app.accounts.models import User
from app.accounts.permissions import STAFF
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import reading, writing
from app.tickets import filing
from app.tickets.models import Follower, Ticket
from app.tickets.queries import held_tickets

log = structlog.get_logger()

BATCH = 100
# Of one run; the next goes on.
MAX_BATCHES = 50


def follow_account(event_id: int) -> None:
    """After `account.changed`: at once, where somebody was shut out, or has another role or organization. Again is harmless."""
    event = db.session.get(Event, event_id)
    if event is None:
        return
    changes = event.facts["changes"]
    if changes.keys() & {"organization_id", "role"}:
        stop_following(event.facts["user_id"], changes)
    if changes.keys() & {"is_enabled", "role"}:
        sweep()


def sweep() -> int:
    """Take open tickets off whoever left, also those that were resolved then and came back since. Returns how many.

    One statement where there are none, in the index of open tickets by assignee. Again finds nothing.
    """
    total = 0
    for _ in range(MAX_BATCHES):
        db.session.rollback()
        with reading():
            ids = left_behind()
            db.session.rollback()
        if not ids:
            break
        with writing():
            now = utcnow()
            total += sum(hand_back(ticket_id, now) for ticket_id in ids)
            db.session.commit()
    if total:
        log.info("tickets.handed_back", count=total)
    return total


def left_behind() -> list[int]:
    """The next open tickets whose assignee is not at the desk any more."""
    here = select(User.id).where(User.is_at_desk)
    theirs = (Ticket.is_open == true(), Ticket.assignee_id.is_not(None), Ticket.assignee_id.not_in(here))
    return list(db.session.scalars(select(Ticket.id).where(*theirs).order_by(Ticket.id).limit(BATCH)))


def hand_back(ticket_id: int, now: datetime) -> bool:
    """Make one ticket nobody's; False where it is somebody's or done by now."""
    ticket = next(iter(held_tickets(Ticket.id == ticket_id)), None)
    if ticket is None or not ticket.is_open or ticket.assignee is None or ticket.assignee.is_at_desk:
        return False
    filing.assign(ticket, None, actor=None, now=now)
    return True


def stop_following(user_id: int, changes: dict[str, Any]) -> None:
    """Take somebody off the tickets that they saw from the desk, or as a member of the organization that they left."""
    db.session.rollback()
    with writing():
        now, person = utcnow(), db.session.get_one(User, user_id)
        query = select(Follower, Ticket).join(Ticket, Ticket.id == Follower.ticket_id).where(Follower.user_id == user_id)
        for follower, ticket in db.session.execute(query.where(or_(*foreign(person, changes))).order_by(Follower.id)).all():
            filing.unfollow(ticket, follower, actor=None, now=now)
        db.session.commit()


def foreign(person: User, changes: dict[str, Any]) -> list[ColumnElement[bool]]:
    """The tickets that are no longer theirs to read, as conditions of which one must hold; none for the desk, which sees all."""
    if person.is_staff:
        return [false()]
    before, _ = changes.get("role", ["", ""])
    was = changes["organization_id"][0] if "organization_id" in changes else None
    left = [Ticket.organization_id == was] if was not in (None, person.organization_id) else []
    if before in STAFF:
        # Whoever is in no organization has no colleagues among guests, who are in none either.
        left.append(true() if person.organization_id is None else Ticket.organization_id.is_distinct_from(person.organization_id))
    return [false(), *left]
