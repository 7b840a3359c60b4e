"""When somebody leaves the desk, their open tickets go back to the teams: what nobody works on shows as nobody's.

Who left is whoever was shut out or has another role now. The clocks go on; what was resolved keeps its name.
"""

from datetime import datetime

import structlog
from sqlalchemy import select, true

from app.accounts.models import User
from app.accounts.permissions import STAFF
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import reading, writing
from app.tickets import filing
from app.tickets.models import Ticket
from app.tickets.queries import with_people

log = structlog.get_logger()

BATCH = 100
# Of one run; the next goes on.
MAX_BATCHES = 50


def follow_account(event_id: int) -> None:
    """After `account.changed`: at once, where somebody was shut out or got another role."""
    event = db.session.get(Event, event_id)
    if event is not None and event.facts["changes"].keys() & {"is_enabled", "role"}:
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
    here = select(User.id).where(User.role.in_(STAFF), User.is_enabled)
    theirs = (Ticket.is_open == true(), Ticket.assignee_id.is_not(None), Ticket.assignee_id.not_in(here))
    return list(db.session.scalars(select(Ticket.id).where(*theirs).order_by(Ticket.id).limit(BATCH)))


def hand_back(ticket_id: int, now: datetime) -> bool:
    """Make one ticket nobody's; False where it is somebody's or done by now."""
    query = with_people(select(Ticket)).where(Ticket.id == ticket_id).with_for_update(of=Ticket)
    ticket = db.session.scalar(query, execution_options={"populate_existing": True})
    if ticket is None or not ticket.is_open or ticket.assignee is None or (ticket.assignee.is_staff and ticket.assignee.is_enabled):
        return False
    filing.assign(ticket, None, actor=None, now=now)
    return True
