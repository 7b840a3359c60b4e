"""The only writers of what is different for a while: overrides, absences and swaps. Each checks, changes rows, records one event.

What would overlap is refused with the reason. Writers of one team, and of one person's absences, follow one another.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.accounts.models import Team, User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.lib.text import one_line
from app.rota import queries
from app.rota.models import RotaAbsence, RotaOverride, RotaSwap
from app.rota.queries import DutySpan

LONGEST_OVERRIDE, LONGEST_ABSENCE = timedelta(days=92), timedelta(days=400)
# An absence may be told afterwards.
TOLD_LATE = timedelta(days=31)
NOTE_LENGTH = 200


def add_override(
    team: Team, level: int, person: User, start: datetime, end: datetime, reason: str, *, actor: User, now: datetime
) -> RotaOverride:
    """A person takes a span of a team's level. The same again gives the one that stands.

    Raises NotAllowed, and Invalid where it lies in the past, meets another one, or its taker is away.
    """
    lead(actor)
    between(start, end, LONGEST_OVERRIDE)
    if end <= now:
        raise Invalid("This span is over. Choose one that ends in the future.")
    if not person.is_at_desk:
        raise Invalid("Choose somebody who works at the desk.")
    serialize_on(db.session, f"rota-team-{team.id}")
    meets = (RotaOverride.withdrawn_at.is_(None), RotaOverride.starts_at < end, RotaOverride.ends_at > start)
    mine = (RotaOverride.team_id == team.id, RotaOverride.level == level)
    for other in db.session.scalars(select(RotaOverride).where(*mine, *meets)):
        if (other.user_id, other.starts_at, other.ends_at) == (person.id, start, end):
            return other
        taker = db.session.get_one(User, other.user_id)
        raise Invalid(f"{taker.name} has taken a part of this span already. Withdraw that override first, or choose another span.")
    not_away(person, start, end)
    return put_override(team, level, person.id, person.name, start, end, one_line(reason)[:NOTE_LENGTH], actor=actor, now=now)


def put_override(
    team: Team, level: int, user_id: int, name: str, start: datetime, end: datetime, reason: str, *, actor: User, now: datetime
) -> RotaOverride:
    """Add the row and its event."""
    row = RotaOverride(team_id=team.id, level=level, user_id=user_id, starts_at=start, ends_at=end, reason=reason)
    row.created_by_id, row.created_at = actor.id, now
    db.session.add(row)
    db.session.flush()
    record("rota.override_added", now=now, actor=actor, facts=override_facts(row, name, team))
    return row


def withdraw_override(row: RotaOverride, *, actor: User, now: datetime) -> None:
    """Give the span back to whom the shifts name, from now on if it has begun. Again, or after its end, changes nothing."""
    lead(actor)
    if not cut_short(row, now):
        return
    name, team = db.session.get_one(User, row.user_id).name, db.session.get_one(Team, row.team_id)
    record("rota.override_withdrawn", now=now, actor=actor, facts=override_facts(row, name, team))


def override_facts(row: RotaOverride, name: str, team: Team) -> dict[str, Any]:
    """What an event keeps of an override."""
    times = {"start": row.starts_at.isoformat(), "end": row.ends_at.isoformat()}
    return {"override_id": row.id, "user_id": row.user_id, "name": name, "team": team.name, **times}


def add_absence(person: User, start: datetime, end: datetime, deputy: User | None, note: str, *, actor: User, now: datetime) -> RotaAbsence:
    """A person is away; their own, or anybody's for a lead. The same again gives the one that stands.

    Raises NotAllowed, and Invalid where it meets another absence of theirs or the deputy is nobody who could stand in.
    """
    if actor.id != person.id:
        lead(actor)
    between(start, end, LONGEST_ABSENCE)
    if start < now - TOLD_LATE:
        raise Invalid("This began more than a month ago. Choose a later beginning.")
    if deputy is not None and (deputy.id == person.id or not deputy.is_at_desk):
        raise Invalid("The deputy must be somebody else who works at the desk.")
    serialize_on(db.session, f"rota-person-{person.id}")
    meets = (RotaAbsence.withdrawn_at.is_(None), RotaAbsence.starts_at < end, RotaAbsence.ends_at > start)
    for other in db.session.scalars(select(RotaAbsence).where(RotaAbsence.user_id == person.id, *meets)):
        if (other.starts_at, other.ends_at, other.deputy_id) == (start, end, deputy.id if deputy else None):
            return other
        raise Invalid(f"{person.name} is away for a part of this span already. Withdraw that absence first, or choose another span.")
    row = RotaAbsence(user_id=person.id, deputy_id=deputy.id if deputy else None, starts_at=start, ends_at=end)
    row.note, row.created_by_id, row.created_at = one_line(note)[:NOTE_LENGTH], actor.id, now
    db.session.add(row)
    db.session.flush()
    times = {"start": start.isoformat(), "end": end.isoformat()}
    facts = {"absence_id": row.id, "user_id": person.id, "name": person.name, **times, "deputy": row.deputy_id}
    record("rota.absence_added", now=now, actor=actor, facts=facts)
    return row


def end_absence(row: RotaAbsence, *, actor: User, now: datetime) -> None:
    """They are back: from now on if it has begun, else it never was. Again, or after its end, changes nothing."""
    if actor.id != row.user_id:
        lead(actor)
    if not cut_short(row, now):
        return
    name = db.session.get_one(User, row.user_id).name
    facts = {"absence_id": row.id, "user_id": row.user_id, "name": name, "end": row.ends_at.isoformat()}
    record("rota.absence_ended", now=now, actor=actor, facts=facts)


def hand_back(row: RotaAbsence, *, actor: User, now: datetime) -> None:
    """Who was away has gone through what others did. Again changes nothing. Raises NotAllowed for anybody else."""
    if actor.id != row.user_id:
        raise NotAllowed("Only who was away takes their work back.")
    if row.ends_at > now:
        raise WrongState("This absence is not over yet. Say first that you are back.")
    if row.handed_back_at is not None:
        return
    row.handed_back_at = now
    db.session.flush()
    record("rota.handed_back", now=now, actor=actor, facts={"absence_id": row.id, "user_id": row.user_id})


def ask_swap(duty: DutySpan, other: User, back: DutySpan | None, note: str, *, actor: User, now: datetime) -> RotaSwap:
    """Ask somebody to take a duty of the asker's, perhaps for one of theirs. The same question again gives the one that is open.

    Raises Invalid where a duty is not (any more) of whom it should be.
    """
    if other.id == actor.id or not other.is_at_desk:
        raise Invalid("Ask somebody else who works at the desk.")
    holds(duty, actor, now)
    if back is not None:
        holds(back, other, now)
    serialize_on(db.session, f"rota-person-{actor.id}")
    wanted = (RotaSwap.asker_id == actor.id, RotaSwap.state == "asked", RotaSwap.team_id == duty.team_id, RotaSwap.level == duty.level)
    meets = (RotaSwap.starts_at < duty.end, RotaSwap.ends_at > duty.start)
    for open_one in db.session.scalars(select(RotaSwap).where(*wanted, *meets)):
        if open_one.other_id == other.id and open_one.back_starts_at == (back.start if back else None):
            return open_one
        raise Invalid("You have asked somebody about this duty already. Withdraw that question first.")
    row = RotaSwap(asker_id=actor.id, other_id=other.id, team_id=duty.team_id, level=duty.level, starts_at=duty.start, ends_at=duty.end)
    if back is not None:
        row.back_team_id, row.back_level, row.back_starts_at, row.back_ends_at = back.team_id, back.level, back.start, back.end
    row.note, row.asked_at, row.state = one_line(note)[:NOTE_LENGTH], now, "asked"
    db.session.add(row)
    db.session.flush()
    times = {"start": row.starts_at.isoformat(), "end": row.ends_at.isoformat()}
    team = db.session.get_one(Team, duty.team_id).name
    record(
        "rota.swap_asked",
        now=now,
        actor=actor,
        facts={"swap_id": row.id, "asker_id": actor.id, "other_id": other.id, "team": team, **times},
    )
    return row


def accept_swap(row: RotaSwap, *, actor: User, now: datetime) -> None:
    """The one who was asked takes the duty, and gives theirs if that was asked. Again changes nothing.

    Raises NotAllowed for anybody else, WrongState if it is answered, over, or a duty has changed hands meanwhile.
    """
    if actor.id != row.other_id:
        raise NotAllowed("This question is somebody else’s to answer.")
    if row.state == "accepted":
        return
    asker = db.session.get_one(User, row.asker_id)
    if row.ends_at <= now:
        raise WrongState("This duty is over. There is nothing left to swap.")
    given = DutySpan(row.starts_at, row.ends_at, asker.id, row.team_id, row.level)
    still_holds(given, asker, now)
    back = None
    if row.back_starts_at is not None and row.back_ends_at is not None and row.back_team_id is not None:
        back = DutySpan(row.back_starts_at, row.back_ends_at, actor.id, row.back_team_id, row.back_level or 1)
        still_holds(back, actor, now)
    answer_swap(row, "accepted", actor=actor, now=now)
    take(given, actor.id, f"swap with {asker.name}", actor=actor, now=now)
    if back is not None:
        take(back, asker.id, f"swap with {actor.name}", actor=actor, now=now)


def decline_swap(row: RotaSwap, *, actor: User, now: datetime) -> None:
    """The one who was asked says no. Again changes nothing."""
    if actor.id != row.other_id:
        raise NotAllowed("This question is somebody else’s to answer.")
    if row.state != "declined":
        answer_swap(row, "declined", actor=actor, now=now)


def withdraw_swap(row: RotaSwap, *, actor: User, now: datetime) -> None:
    """The asker takes the question back. Again changes nothing."""
    if actor.id != row.asker_id:
        raise NotAllowed("Only who asked can take the question back.")
    if row.state != "withdrawn":
        answer_swap(row, "withdrawn", actor=actor, now=now)


def answer_swap(row: RotaSwap, state: str, *, actor: User, now: datetime) -> None:
    """Close an open question. Of two answers at once the first holds; the other raises WrongState."""
    mine = update(RotaSwap).where(RotaSwap.id == row.id, RotaSwap.state == "asked").values(state=state, answered_at=now)
    if db.session.execute(mine.returning(RotaSwap.id)).first() is None:
        raise WrongState("This question has been answered already. Reload the page to see how.")
    db.session.refresh(row)
    facts = {"swap_id": row.id, "asker_id": row.asker_id, "other_id": row.other_id, "team": db.session.get_one(Team, row.team_id).name}
    record("rota.swap_answered", now=now, actor=actor, facts={**facts, "state": state})


def take(duty: DutySpan, user_id: int, reason: str, *, actor: User, now: datetime) -> None:
    """Let somebody have a span from now on. The event of what led to it stands for it."""
    row = RotaOverride(team_id=duty.team_id, level=duty.level, user_id=user_id, starts_at=max(duty.start, now), ends_at=duty.end)
    row.reason, row.created_by_id, row.created_at = reason, actor.id, now
    db.session.add(row)
    db.session.flush()


def holds(duty: DutySpan, person: User, now: datetime) -> None:
    """Raise Invalid unless somebody has this whole span, as far as it lies ahead."""
    start = max(duty.start, now)
    held = queries.duty_spans([duty.team_id], start, duty.end, level=duty.level) if start < duty.end else []
    if [(one.start, one.end, one.user_id) for one in held] != [(start, duty.end, person.id)]:
        raise Invalid(f"This duty is not {person.name}’s any more. Reload the page and choose again.")


def still_holds(duty: DutySpan, person: User, now: datetime) -> None:
    """The same for an answer: WrongState."""
    try:
        holds(duty, person, now)
    except Invalid as changed:
        raise WrongState(
            f"A duty of this swap is not {person.name}’s any more, so it cannot be swapped. Decline it, and ask anew."
        ) from changed


def not_away(person: User, start: datetime, end: datetime) -> None:
    """Raise Invalid for somebody who is away in a span."""
    away = (RotaAbsence.withdrawn_at.is_(None), RotaAbsence.starts_at < end, RotaAbsence.ends_at > start)
    if db.session.scalar(select(RotaAbsence.id).where(RotaAbsence.user_id == person.id, *away).limit(1)) is not None:
        raise Invalid(f"{person.name} is away for a part of this span. Choose somebody else.")


def between(start: datetime, end: datetime, longest: timedelta) -> None:
    """Raise Invalid for a span that ends before it begins, or is too long."""
    if end <= start:
        raise Invalid("The end must lie after the beginning.")
    if end - start > longest:
        raise Invalid(f"This is longer than {longest.days} days. Choose an earlier end.")


def cut_short(row: RotaOverride | RotaAbsence, now: datetime) -> bool:
    """End what has begun, and take back what has not; False where it is over already. Flushes."""
    if row.withdrawn_at is not None or row.ends_at <= now:
        return False
    if row.starts_at < now:
        row.ends_at = now
    else:
        row.withdrawn_at = now
    db.session.flush()
    return True


def lead(actor: User) -> None:
    """Raise NotAllowed for who does not look after the rota."""
    if not may(actor.role, "rota.edit"):
        raise NotAllowed("The rota of others is changed by leads. Ask one of them.")
