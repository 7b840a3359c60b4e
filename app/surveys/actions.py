"""The only writers of surveys: invite after a resolution, store an answer, open a follow-up for a low one."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, select

from app.accounts.models import User
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import Gone, Invalid
from app.lib.text import many_lines
from app.surveys import score
from app.surveys.models import Survey
from app.tickets.actions import add_message
from app.tickets.models import Message, Ticket, TicketTag

FOLLOW_UP = "follow-up"


@dataclass(frozen=True)
class Answer:
    """The three scores from 1 to 5, and what they want to add."""

    overall_satisfaction: int
    response_time: int
    resolution_quality: int
    additional_feedback: str = ""

    @property
    def scores(self) -> tuple[int, int, int]:
        """The scores in the order of the questions."""
        return self.overall_satisfaction, self.response_time, self.resolution_quality


def invite(ticket: Ticket, *, round_number: int, agent_id: int | None, now: datetime, valid: timedelta, quiet: timedelta) -> Survey:
    """Begin the survey of one resolution: ask its requester, or record survey.withheld, which says why they are not asked.

    `agent_id` is whoever of us resolved it or answered last, None if nobody did. The requester must be loaded. Again
    changes and records nothing. Six statements at most; those about the same person follow one another.
    """
    person = ticket.requester
    serialize_on(db.session, f"asked-for-score:{person.id}")
    known = db.session.scalar(select(Survey).where(Survey.ticket_id == ticket.id, Survey.round == round_number))
    if known is not None:
        return known
    reason = why_not(ticket, agent_id, now=now, quiet=quiet)
    survey = Survey(
        ticket_id=ticket.id,
        round=round_number,
        nonce=secrets.token_urlsafe(16),
        recipient_id=person.id,
        agent_id=ticket.assignee_id or agent_id,
        organization_id=ticket.organization_id,
        category=ticket.category,
        is_demo=ticket.is_demo,
        sent_at=None if reason else now,
        expires_at=now + valid,
    )
    db.session.add(survey)
    db.session.flush()
    if reason:
        record("survey.withheld", now=now, ticket=ticket, facts={"survey_id": survey.id, **reason})
    else:
        record("survey.invited", now=now, ticket=ticket, facts={"survey_id": survey.id})
    return survey


def withdraw(survey: Survey, ticket: Ticket, *, now: datetime) -> None:
    """The requester has left before the invitation was mailed: it counts as withheld. Again changes and records nothing."""
    if survey.sent_at is None:
        return
    survey.sent_at = None
    record("survey.withheld", now=now, ticket=ticket, facts={"survey_id": survey.id, "reason": "left", "asked_at": None, "ref": None})


def why_not(ticket: Ticket, agent_id: int | None, *, now: datetime, quiet: timedelta) -> dict[str, Any] | None:
    """Why the requester is not asked, as facts of survey.withheld; None where they are.

    Staff are not asked, nor who has left, nor about what staff opened or what was solved without us. And nobody is asked
    twice within `quiet`, about whichever tickets: a person with five tickets would else get five surveys.
    """
    person, asked = ticket.requester, None
    if person.is_staff:
        reason = "of_staff"
    elif not person.is_still_of(ticket.organization_id):
        reason = "left"
    elif agent_id is None:
        reason = "unanswered"
    elif is_opened_by_staff(ticket.id):
        reason = "opened_by_staff"
    elif (asked := last_asked(person.id, since=now - quiet)) is not None:
        reason = "asked_lately"
    else:
        return None
    return {"reason": reason, "asked_at": asked.sent_at.isoformat() if asked else None, "ref": asked.ref if asked else None}


def is_opened_by_staff(ticket_id: int) -> bool:
    """Whether somebody at the desk opened it; nobody is asked about what they did not ask for. What is split off a customer asked."""
    opener = select(User).join(Event, Event.actor_id == User.id).where(Event.ticket_id == ticket_id, Event.kind == "ticket.opened")
    asked = exists().where(Event.ticket_id == ticket_id, Event.kind == "ticket.split_off")
    person = db.session.scalar(opener.where(~asked).limit(1))
    return person is not None and person.is_staff


def last_asked(person_id: int, *, since: datetime) -> Any:
    """When somebody was asked last after `since`, and about which ticket; None if they were not. The index ix_surveys_recipient serves it."""
    asked = select(Survey.sent_at, Ticket.ref).join(Ticket, Ticket.id == Survey.ticket_id)
    return db.session.execute(
        asked.where(Survey.recipient_id == person_id, Survey.sent_at > since).order_by(Survey.sent_at.desc()).limit(1)
    ).first()


def answer(survey: Survey, given: Answer, *, ticket: Ticket, person: User, now: datetime) -> None:
    """Store the answer, or change it while the link is valid. The same answer again changes and records nothing.

    Raises Gone after `expires_at`, Invalid for a score outside 1 to 5 or feedback beyond its length.
    """
    if survey.expires_at <= now:
        raise Gone("The time to answer this survey is over. You can still write to us on the ticket.")
    feedback = many_lines(given.additional_feedback).strip()
    if any(value not in score.SCALE for value in given.scores) or len(feedback) > score.MAX_FEEDBACK:
        raise Invalid("Choose a number from 1 to 5 for each question.")
    before = (survey.overall_satisfaction, survey.response_time, survey.resolution_quality, survey.additional_feedback)
    if survey.answered_at is not None and before == (*given.scores, feedback):
        return
    survey.overall_satisfaction, survey.response_time, survey.resolution_quality = given.scores
    survey.additional_feedback = feedback
    survey.answered_at = survey.answered_at or now
    facts = {"survey_id": survey.id, "overall_satisfaction": given.overall_satisfaction, "low": score.is_low(*given.scores)}
    record("survey.answered", now=now, actor=person, ticket=ticket, facts=facts)


def open_follow_up(survey: Survey, ticket: Ticket, *, now: datetime) -> Message | None:
    """Write an internal note of a low score and tag the ticket, once for each survey; None if that was done before.

    The ticket is not reopened: whether there is something left to do is for a person to decide.
    """
    form_key = f"survey-{survey.id}-follow-up"
    if db.session.scalar(select(Message.id).where(Message.form_key == form_key)) is not None:
        return None
    note, _ = add_message(
        ticket, note_of(survey), author=None, visibility="internal", by_staff=True, is_automatic=True, now=now, form_key=form_key
    )
    if db.session.get(TicketTag, (ticket.id, FOLLOW_UP)) is None:
        db.session.add(TicketTag(ticket_id=ticket.id, tag=FOLLOW_UP))
    record("ticket.noted", now=now, ticket=ticket, facts={"message_id": note.id})
    return note


def note_of(survey: Survey) -> str:
    """The note's words, in Markdown; what the customer wrote is quoted line by line."""
    lines = [f"- {words}: {getattr(survey, name)} of 5" for name, words in score.SHORT.items()]
    feedback = [f"> {line}" for line in survey.additional_feedback.splitlines()]
    return "\n".join(["Low survey score. Please follow up with the customer.", "", *lines, *([""] if feedback else []), *feedback])
