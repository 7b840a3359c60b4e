"""What a shift hands over, and what comes back after an absence: the tickets behind the rota's batons and absences."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, column, or_, select, table, true
from sqlalchemy.orm import aliased

from app.accounts.models import User
from app.events.models import Event
from app.extensions import db
from app.lib.database import UTCDateTime
from app.rota.models import RotaAbsence
from app.tickets.models import Message, Ticket
from app.tickets.promises import promises

# What is due within this time after the hand-over is the next person's first concern.
SOON = timedelta(hours=8)
# Promises are looked for in what the giver wrote within this time.
SPOKEN = timedelta(hours=24)
LISTED = 40
READ = 200
LISTS = {"due": "Due soon", "waiting": "Waiting for us", "calls": "Calls", "promises": "Promised"}
# Calls lie above tickets, so their table is named here by its columns only.
CALL_TIMES = (column("starts_at", UTCDateTime), column("ends_at", UTCDateTime), column("lost_at", UTCDateTime))
CALLS = table("calls", column("id"), column("ref"), column("topic"), column("state"), column("engineer_id"), *CALL_TIMES)
# Calls that begin within this time after the hand-over are carried.
CALLED = timedelta(hours=24)


def carried(team_id: int, giver: User, now: datetime) -> dict[str, Any]:
    """What the next person takes over: the lists of LISTS, each with rows of facts. Four statements.

    About the open tickets of the team, and those that are the giver's own; their calls, and all that need a new engineer.
    """
    scope = and_(Ticket.is_open == true(), or_(Ticket.team_id == team_id, Ticket.assignee_id == giver.id))
    spoken = promised(scope, giver.id, now - SPOKEN)
    return {"due": due(scope, now + SOON), "waiting": waiting(scope), "calls": calls(giver.id, now), "promises": spoken}


def due(scope: ColumnElement[bool], until: datetime) -> list[dict[str, Any]]:
    """Tickets whose next deadline comes, or has passed, by a time; the earliest first. One statement."""
    query = select(*columns(), Ticket.next_due_at.label("at"), Ticket.next_metric).where(scope, Ticket.next_due_at <= until)
    rows = db.session.execute(query.order_by(Ticket.next_due_at, Ticket.id).limit(LISTED))
    return [fact(row, metric=row.next_metric) for row in rows]


def waiting(scope: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Tickets in which the customer had the last word and nothing else is awaited; the longest wait first. One statement."""
    mine = (scope, Ticket.last_public_by == "customer", Ticket.status.in_(("new", "open")))
    rows = db.session.execute(
        select(*columns(), Ticket.active_at.label("at")).where(*mine).order_by(Ticket.active_at, Ticket.id).limit(LISTED)
    )
    return [fact(row) for row in rows]


def calls(giver_id: int, now: datetime) -> list[dict[str, Any]]:
    """The giver's calls of the next day and every call that needs a new engineer, soonest first. One statement."""
    mine = and_(CALLS.c.engineer_id == giver_id, CALLS.c.starts_at <= now + CALLED)
    wanted = (CALLS.c.state == "booked", CALLS.c.ends_at > now, or_(mine, CALLS.c.lost_at.is_not(None)))
    rows = db.session.execute(select(CALLS).where(*wanted).order_by(CALLS.c.starts_at, CALLS.c.id).limit(LISTED))
    return [{"ref": row.ref, "subject": row.topic, "at": row.starts_at.isoformat(), "is_lost": row.lost_at is not None} for row in rows]


def promised(scope: ColumnElement[bool], giver_id: int, since: datetime) -> list[dict[str, Any]]:
    """Sentences in which somebody promised something of late, with their tickets; the newest first. One statement."""
    query = select(*columns(), Message.body, Message.created_at.label("at")).join(Ticket, Ticket.id == Message.ticket_id)
    spoken = (Message.author_id == giver_id, Message.visibility == "public", Message.by_staff, Message.created_at > since)
    rows = db.session.execute(query.where(scope, *spoken).order_by(Message.id.desc()).limit(READ))
    return [fact(row, text=sentence) for row in rows for sentence in promises(row.body)][:LISTED]


def columns() -> tuple[Any, ...]:
    """What every list shows of a ticket."""
    return Ticket.ref, Ticket.subject, Ticket.priority, Ticket.status


def fact(row: Any, **more: Any) -> dict[str, Any]:
    """A row as JSON."""
    return {"ref": row.ref, "subject": row.subject, "priority": row.priority, "status": row.status, "at": row.at.isoformat(), **more}


def read(lists: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The lists of a baton with their times as moments; a list that is not there is empty."""
    return {key: [{**row, "at": datetime.fromisoformat(row["at"])} for row in lists.get(key, [])] for key in LISTS}


def handed_back(absence: RotaAbsence, now: datetime) -> dict[str, Sequence[Any]]:
    """What happened while somebody was away. Three statements.

    `waiting`: their open tickets in which the customer had the last word; `answered`: their tickets that others replied in;
    `given`: tickets that were taken from them.
    """
    start, end = absence.starts_at, min(absence.ends_at, now)
    mine = and_(Ticket.is_open == true(), Ticket.assignee_id == absence.user_id)
    return {"waiting": waiting_at(mine), "answered": answered(absence.user_id, start, end), "given": given(absence.user_id, start, end)}


def waiting_at(mine: ColumnElement[bool]) -> Sequence[Any]:
    """Their tickets that wait for an answer, the most urgent deadline first. One statement."""
    wanted = (mine, Ticket.last_public_by == "customer", Ticket.status.in_(("new", "open")))
    query = select(*columns(), Ticket.active_at.label("at"), Ticket.next_due_at).where(*wanted)
    return db.session.execute(query.order_by(Ticket.queue_at, Ticket.id).limit(LISTED)).all()


def answered(user_id: int, start: datetime, end: datetime) -> Sequence[Any]:
    """Replies of colleagues in tickets that are theirs, the newest first. One statement."""
    author = aliased(User)
    query = select(*columns(), author.name.label("who"), Message.created_at.label("at"))
    query = query.join(Ticket, Ticket.id == Message.ticket_id).join(author, author.id == Message.author_id)
    spoken = (Message.by_staff, Message.author_id != user_id, Message.visibility == "public", Message.created_at.between(start, end))
    return db.session.execute(query.where(Ticket.assignee_id == user_id, *spoken).order_by(Message.id.desc()).limit(LISTED)).all()


def given(user_id: int, start: datetime, end: datetime) -> list[Any]:
    """Tickets that were theirs and were given to others meanwhile, the newest first. One statement; a year's worth is looked at."""
    query = select(*columns(), Event.facts, Event.at).join(Ticket, Ticket.id == Event.ticket_id)
    then = (Event.kind == "ticket.assigned", Event.at.between(start, end), Event.facts["old_id"].as_integer() == user_id)
    return [
        row for row in db.session.execute(query.where(*then).order_by(Event.id.desc()).limit(LISTED)) if row.facts["assignee_id"] != user_id
    ]
