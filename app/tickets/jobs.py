"""What happens to tickets by the clock: resolved ones close, what nobody sent or confirmed is forgotten.

Each works in batches and commits after each, so that it never holds the database for long; again is harmless.
"""

import structlog
from flask import current_app

from app.extensions import db
from app.lib.clock import utcnow
from app.tickets import actions, guests, portal_queries, uploads
from app.tickets.models import Ticket

log = structlog.get_logger()
CLOSED_AT_ONCE = 100
# Of one run; the next goes on.
MAX_BATCHES = 50


def close_resolved() -> int:
    """Close what was resolved CLOSE_RESOLVED_DAYS ago and not answered since. Returns how many."""
    days, total = current_app.config["SETTINGS"].close_resolved_days, 0
    for _ in range(MAX_BATCHES):
        now = utcnow()
        ids = portal_queries.to_close(now, days, CLOSED_AT_ONCE)
        for ticket_id in ids:
            total += close_one(ticket_id)
        db.session.commit()
        db.session.expunge_all()
        if len(ids) < CLOSED_AT_ONCE:
            break
    log.info("tickets.closed", count=total)
    return total


def close_one(ticket_id: int) -> int:
    """Close one, unless it was reopened meanwhile; 1 or 0."""
    ticket = db.session.get(Ticket, ticket_id, with_for_update={"of": Ticket})
    if ticket is None or ticket.status != "resolved":
        return 0
    actions.close(ticket, actor=None, now=utcnow())
    return 1


def sweep_uploads() -> int:
    """Drop files that were staged and never sent. Returns how many."""
    total = 0
    for _ in range(MAX_BATCHES):
        swept = uploads.sweep(utcnow())
        db.session.commit()
        total += swept
        if swept < uploads.BATCH:
            break
    return total


def sweep_pending() -> int:
    """Forget guests' requests whose time is over. Returns how many."""
    swept = guests.sweep(utcnow())
    db.session.commit()
    return swept
