"""What surveys do when something happens: ask after a resolution, follow a low score up."""

from datetime import timedelta

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.surveys import actions, queries
from app.surveys.models import Survey
from app.tickets.models import Message, Ticket


def invite(event_id: int) -> None:
    """After `ticket.resolved`: begin the survey of this round; where there is a delay that is left to `ask`. Again is harmless."""
    if not current_app.config["SETTINGS"].survey_delay_minutes:
        begin(event_id)


def ask() -> int:
    """Begin the surveys whose delay is over. Returns of how many resolutions; without a delay none is left to it."""
    delay = timedelta(minutes=current_app.config["SETTINGS"].survey_delay_minutes)
    waiting = queries.waiting(utcnow(), delay) if delay else []
    for event_id in waiting:
        begin(event_id)
    return len(waiting)


def begin(event_id: int) -> None:
    """Begin the survey of a resolution. Customers who solved it themselves are asked about whoever of us had answered."""
    event, settings = db.session.get(Event, event_id), current_app.config["SETTINGS"]
    if event is None:
        return
    ticket = db.session.scalar(select(Ticket).options(joinedload(Ticket.requester)).where(Ticket.id == event.ticket_id))
    if ticket is None:
        return
    actions.invite(
        ticket,
        round_number=event.facts["round"],
        agent_id=event.actor_id if event.facts["by_staff"] else last_to_answer(ticket.id),
        now=utcnow(),
        valid=timedelta(days=settings.survey_days),
        quiet=timedelta(days=settings.survey_quiet_days),
    )
    db.session.commit()


def last_to_answer(ticket_id: int) -> int | None:
    """The id of whoever of us answered last in public, if anybody did."""
    answers = (Message.ticket_id == ticket_id, Message.visibility == "public", Message.by_staff, Message.is_automatic.is_(False))
    return db.session.scalar(select(Message.author_id).where(*answers).order_by(Message.id.desc()).limit(1))


def follow_up(event_id: int) -> None:
    """After a low `survey.answered`: a note and a tag on the ticket. Again is harmless."""
    event = db.session.get(Event, event_id)
    if event is None or not event.facts["low"]:
        return
    survey = db.session.get(Survey, event.facts["survey_id"])
    ticket = db.session.get(Ticket, event.ticket_id)
    if survey is None or ticket is None:
        return
    actions.open_follow_up(survey, ticket, now=utcnow())
    db.session.commit()
