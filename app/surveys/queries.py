"""The only readers of surveys: one by its link, and the figures of the desk's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Organization, User
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Gone, NotFound
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.surveys import score
from app.surveys.links import nonce_of
from app.surveys.models import Survey
from app.tickets.models import Ticket

PAGE = 25
AT_ONCE, MISSED = 200, timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """A survey with whom and what it is about."""

    survey: Survey
    ticket: Ticket
    person: User
    agent: User | None


def survey_for(key: str, token: str, *, now: datetime) -> Asked:
    """The survey of a link. Raises NotFound for a token that is not ours, Gone for one whose time is over. One statement."""
    nonce = nonce_of(key, token)
    agent = aliased(User)
    query = (
        select(Survey, Ticket, User, agent)
        .join(Ticket, Ticket.id == Survey.ticket_id)
        .join(User, User.id == Survey.recipient_id)
        .outerjoin(agent, agent.id == Survey.agent_id)
        .where(Survey.nonce == nonce)
    )
    row = db.session.execute(query.options(joinedload(User.organization))).first() if nonce else None
    if row is None:
        raise NotFound("This is not the address of a survey. Open it from our mail again.")
    if row[0].expires_at <= now:
        raise Gone("The time to answer this survey is over. You can still write to us on the ticket.")
    return Asked(*row)


def waiting(now: datetime, delay: timedelta) -> Sequence[int]:
    """The events of resolutions that hold for `delay` and have no survey yet, AT_ONCE at most, the oldest first.

    One statement, by ix_tickets_resolved_at. What was missed for a day is not asked about any more.
    """
    resolution = select(func.max(Event.id)).where(Event.ticket_id == Ticket.id, Event.kind == "ticket.resolved").scalar_subquery()
    known = select(Survey.id).where(Survey.ticket_id == Ticket.id, Survey.round == Ticket.round).exists()
    due = (Ticket.resolved_at > now - delay - MISSED, Ticket.resolved_at <= now - delay, Ticket.is_open.is_(False), ~known)
    return db.session.scalars(select(resolution).where(*due).order_by(Ticket.resolved_at).limit(AT_ONCE)).all()


@dataclass(frozen=True)
class Figures:
    """A range's figures: how many were asked and answered in it, and each question's spread."""

    sent: int
    returned: int
    rate: float | None
    questions: dict[str, score.Spread]


def figures(*, is_demo: bool, since: datetime, until: datetime) -> Figures:
    """The figures of a range: the rate is of those who were asked in it, the scores are of answers given in it. Two statements."""
    asked = select(func.count(), func.count(Survey.answered_at)).where(
        Survey.sent_at >= since, Survey.sent_at < until, Survey.is_demo == is_demo
    )
    sent, returned = db.session.execute(asked).one()
    columns = [getattr(Survey, name) for name in score.QUESTIONS]
    answered = select(*columns, func.count()).where(*answered_in(since, until, is_demo)).group_by(*columns)
    counts = {name: [0, 0, 0, 0, 0] for name in score.QUESTIONS}
    for *values, number in db.session.execute(answered):
        for name, value in zip(counts, values, strict=True):
            counts[name][value - 1] += number
    return Figures(sent, returned, score.response_rate(returned, sent), {name: score.spread(found) for name, found in counts.items()})


def answered_in(since: datetime, until: datetime, is_demo: bool) -> list[ColumnElement[bool]]:
    """The answers of a range. The index ix_surveys_answered serves it."""
    return [Survey.answered_at >= since, Survey.answered_at < until, Survey.is_demo == is_demo]


def page_of_answers(*, is_demo: bool, since: datetime, until: datetime, low_only: bool = False, after: str | None = None) -> Page:
    """Answers of a range, newest first, PAGE at a time by key. Raises Invalid for a cursor that is not ours. One statement."""
    before = tuple(decode_cursor(after, datetime, int)[0]) if after else None
    rows = recent(is_demo=is_demo, since=since, until=until, low_only=low_only, before=before)
    more = encode_cursor([rows[PAGE - 1].answered_at, rows[PAGE - 1].id]) if len(rows) > PAGE else None
    return Page(list(rows[:PAGE]), more)


def recent(
    *, is_demo: bool, since: datetime, until: datetime, low_only: bool = False, before: tuple[Any, ...] | None = None
) -> Sequence[Any]:
    """Answers of a range, newest first, with their tickets, PAGE and one more of them. One statement."""
    person, agent = aliased(User), aliased(User)
    wanted = answered_in(since, until, is_demo)
    if low_only:
        wanted.append(or_(*(getattr(Survey, name) <= score.LOW for name in score.QUESTIONS)))
    if before is not None:
        wanted.append(or_(Survey.answered_at < before[0], and_(Survey.answered_at == before[0], Survey.id < before[1])))
    query = (
        select(
            Survey.id,
            Survey.answered_at,
            Survey.overall_satisfaction,
            Survey.response_time,
            Survey.resolution_quality,
            Survey.additional_feedback,
            Ticket.ref,
            Ticket.subject,
            person.name.label("customer"),
            agent.name.label("agent"),
            Organization.name.label("organization"),
        )
        .join(Ticket, Ticket.id == Survey.ticket_id)
        .join(person, person.id == Survey.recipient_id)
        .outerjoin(agent, agent.id == Survey.agent_id)
        .outerjoin(Organization, Organization.id == Survey.organization_id)
        .where(*wanted)
        .order_by(Survey.answered_at.desc(), Survey.id.desc())
        .limit(PAGE + 1)
    )
    return db.session.execute(query).all()


MOST = 8


def groups(*, is_demo: bool, since: datetime, until: datetime) -> dict[str, list[Any]]:
    """Average overall scores of a range by agent, category and organization: (name, answers, average), the most answers first.

    Three statements over the answers of the range, MOST rows each.
    """
    inside = answered_in(since, until, is_demo)
    measures = (func.count().label("answers"), func.avg(Survey.overall_satisfaction).label("average"))
    by_agent = select(User.name.label("name"), *measures).select_from(Survey).join(User, User.id == Survey.agent_id).group_by(User.name)
    by_category = select(Survey.category.label("name"), *measures).group_by(Survey.category)
    joined = (
        select(Organization.name.label("name"), *measures).select_from(Survey).join(Organization, Organization.id == Survey.organization_id)
    )
    found = {"agent": by_agent, "category": by_category, "organization": joined.group_by(Organization.name)}
    return {key: list(db.session.execute(query.where(*inside).order_by(func.count().desc()).limit(MOST))) for key, query in found.items()}
