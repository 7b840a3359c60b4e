"""Free time for calls, out of the rota and what is booked: read here, decided in rules.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.calls import rules
from app.calls.models import Call, CallKind, CallSession
from app.extensions import db
from app.rota.queries import duty_spans

# How far beyond a span its duties and held time are read, so that nothing that touches it is missed.
MARGIN = timedelta(days=1)


@dataclass(frozen=True)
class Offer:
    """The slots of a kind that can be booked now, and the duties that they were cut from."""

    slots: list[rules.Slot]
    duties: list[rules.Duty]


def terms_of(kind: CallKind) -> rules.Terms:
    """A kind as the rules know it."""
    lengths = (kind.minutes, kind.step_minutes, kind.before_minutes, kind.after_minutes)
    return rules.Terms(kind.id, *lengths, kind.notice_minutes, kind.ahead_days, kind.capacity)


def offer(kind: CallKind, *, now: datetime, without: Call | None = None, until: datetime | None = None) -> Offer:
    """Every free slot of a kind, from now until it cannot be booked yet (or `until`). Seven statements.

    `without`: a call that is about to be moved, whose own time is free for it.
    """
    terms = terms_of(kind)
    end = min(terms.latest(now), until) if until is not None else terms.latest(now)
    duties = duties_of(kind, now, end + terms.length)
    held = held_by({duty.user_id for duty in duties}, now - MARGIN, end + MARGIN, without)
    return Offer(rules.slots(terms, duties, held, now=now), duties)


def duties_of(kind: CallKind, start: datetime, end: datetime) -> list[rules.Duty]:
    """Who is on duty in the teams that take a kind of call. Six statements; none for a kind without teams."""
    teams = [row.team_id for row in kind.teams]
    if not teams:
        return []
    return [rules.Duty(span.start, span.end, span.user_id) for span in duty_spans(teams, start - MARGIN, end + MARGIN)]


def held_by(people: Iterable[int], start: datetime, end: datetime, without: Call | None = None) -> list[rules.Held]:
    """The time that people have given away in a span. One statement."""
    seated = select(func.count()).where(Call.session_id == CallSession.id)
    if without is not None:
        seated = seated.where(Call.id != without.id)
    columns = (CallSession, seated.scalar_subquery())
    wanted = (CallSession.engineer_id.in_(people), CallSession.held_to > start, CallSession.held_from < end)
    return [
        rules.Held(row.held_from, row.held_to, row.engineer_id, row.kind_id, row.starts_at, row.seats - count)
        for row, count in db.session.execute(select(*columns).where(*wanted))
        if count or without is None
    ]


def load(people: Iterable[int], now: datetime) -> dict[int, int]:
    """How many calls each person has to come. One statement."""
    mine = (Call.engineer_id.in_(set(people)), Call.state == "booked", Call.starts_at > now)
    rows = db.session.execute(select(Call.engineer_id, func.count()).where(*mine).group_by(Call.engineer_id))
    return {row[0]: row[1] for row in rows}


def offered_to(found: Offer, liked: Sequence[int | None], now: datetime) -> list[rules.Slot]:
    """What a customer chooses from: each time once. `liked` are people whom they know, the first the most. One statement."""
    return rules.one_each(found.slots, liked, load({slot.user_id for slot in found.slots}, now))


def is_on_duty(kind: CallKind, user_id: int, start: datetime, end: datetime) -> bool:
    """Whether the rota has somebody there for the whole of a span."""
    return any(one.user_id == user_id and one.start <= start and end <= one.end for one in rules.joined(duties_of(kind, start, end)))
