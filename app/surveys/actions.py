"""The only writers of surveys: invite after a resolution, store an answer, open a follow-up for a low one."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
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


def invite(ticket: Ticket, *, round_number: int, agent_id: int | None, now: datetime, valid: timedelta, quiet: timedelta) -> Survey | None:
    """Begin the survey of one resolution; None if it has one, or if nobody should be asked.

    Staff are not asked, nor people who left. While an earlier survey of the same ticket, sent within `quiet`, still
    waits for its answer, there is no second mail. The ticket's requester must be loaded. Four statements at most.
    """
    person = ticket.requester
    if person.is_staff or not person.is_enabled or is_still_asked(ticket.id, now=now, quiet=quiet):
        return None
    survey = Survey(
        ticket_id=ticket.id,
        round=round_number,
        nonce=secrets.token_urlsafe(16),
        recipient_id=person.id,
        agent_id=ticket.assignee_id or agent_id,
        organization_id=ticket.organization_id,
        category=ticket.category,
        is_demo=ticket.is_demo,
        sent_at=now,
        expires_at=now + valid,
    )
    try:
        with db.session.begin_nested():
            db.session.add(survey)
    except IntegrityError:
        return None
    record("survey.invited", now=now, ticket=ticket, facts={"survey_id": survey.id})
    return survey


def is_still_asked(ticket_id: int, *, now: datetime, quiet: timedelta) -> bool:
    """Whether a survey of this ticket went out lately and can still be answered."""
    waiting = (Survey.ticket_id == ticket_id, Survey.answered_at.is_(None), Survey.sent_at > now - quiet, Survey.expires_at > now)
    return db.session.scalar(select(Survey.id).where(*waiting).limit(1)) is not None


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
    note = add_message(
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
