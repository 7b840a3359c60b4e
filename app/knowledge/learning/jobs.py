"""What follows from tickets for knowledge, and what time does to it: uses, reopenings, popularity, the radar, old counts, the list."""

from datetime import timedelta
from typing import Any

from flask import current_app
from sqlalchemy import delete, update

from app.accounts.models import User
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.knowledge import readers
from app.knowledge.learning import popularity, radar, uses, weekly
from app.knowledge.learning.models import EntryDay, Use
from app.knowledge.models import SearchCount, SearchMiss, Vote
from app.knowledge.readers import PERSON, Asking
from app.lib.clock import utcnow
from app.lib.database import writing
from app.lib.times import monday_of
from app.tickets.models import Ticket

# Counts of questions and entries are kept so long; the row a day of all readers stays.
KEPT = timedelta(days=92)
# What nobody has asked for again, and no writer has answered, in so long.
MISSES_KEPT = timedelta(days=365)
USES_KEPT = timedelta(days=180)


def follow_ticket(event_id: int) -> None:
    """`ticket.opened` by a customer: what they read today or yesterday did not help. Again adds nothing to a visit that knows it."""
    event = db.session.get(Event, event_id)
    person = db.session.get(User, event.actor_id) if event is not None and event.actor_id else None
    ticket = db.session.get(Ticket, event.ticket_id) if event is not None and person is not None else None
    if event is None or person is None or ticket is None or ticket.requester_id != person.id or person.is_staff:
        return
    who = Asking(str(current_app.config["SECRET_KEY"]), PERSON.format(person.id), user_agent="event", is_demo=person.is_demo)
    readers.ticketed(who, event.at)


def follow_reply(event_id: int) -> None:
    """`ticket.replied`: the entries that staff linked, or the customer who came back after them. Again is harmless."""
    with writing():
        event = db.session.get(Event, event_id)
        if event is not None and event.facts["by_staff"]:
            uses.note_uses(event, current_app.config["SETTINGS"].base_url)
        elif event is not None and event.ticket_id is not None and uses.is_reopening(event):
            uses.note_reopening(event.ticket_id, event.at)
        db.session.commit()


def follow_reopening(event_id: int) -> None:
    """`ticket.reopened`: what it was answered with lately was no answer. Again is harmless."""
    with writing():
        event = db.session.get(Event, event_id)
        if event is not None and event.ticket_id is not None:
            uses.note_reopening(event.ticket_id, event.at)
        db.session.commit()


def fade() -> int:
    """Each hour: write anew what shows less popularity than it did, a chunk at a time. Returns how many entries."""
    with writing():
        done = popularity.fade(utcnow())
        db.session.commit()
    return done


def weigh() -> int:
    """Each hour: the list of stale answers. Returns how many entries are on it."""
    with writing():
        found = radar.weigh(utcnow())
        db.session.commit()
    return found


def forget() -> None:
    """Each day: counts older than KEPT go, uses and misses after theirs, and the networks that yesterday's votes came from."""
    with writing():
        now = utcnow()
        oldest: Any = (now - KEPT).date()
        for old in (
            delete(SearchCount).where(SearchCount.day < oldest),
            delete(EntryDay).where(EntryDay.day < oldest),
            delete(SearchMiss).where(SearchMiss.last_at < now - MISSES_KEPT),
            delete(Use).where(Use.used_at < now - USES_KEPT),
            update(Vote).where(Vote.network.is_not(None), Vote.at < now - timedelta(days=1)).values(network=None),
        ):
            db.session.execute(old, execution_options={"synchronize_session": False})
        db.session.commit()


def mail_lists() -> int:
    """Each half-hour: who writes and whose Monday morning has come gets the list of the week, once: the row itself is claimed, so
    that two schedulers send one. Returns how many events were recorded."""
    told = 0
    with writing():
        now = utcnow()
        for row in weekly.waiting(now):
            monday = monday_of(now, row.time_zone)
            if weekly.is_due(now, row.time_zone, row.sent_on) and weekly.claim(row.id, monday):
                record("knowledge.list_scheduled", now=now, facts={"user_id": row.id, "week": monday.isoformat()})
                told += 1
        db.session.commit()
    return told
