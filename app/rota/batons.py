"""The shift baton: who has a duty offers it to the next, who accepts or declines. With the acceptance the duty goes over.

What it carries is put together above, where tickets are known; here it is a list of facts.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from app.accounts.models import Team, User
from app.events.actions import record
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import Invalid, NotAllowed, NotFound, WrongState
from app.lib.text import many_lines
from app.rota import queries
from app.rota.actions import take
from app.rota.models import RotaBaton
from app.rota.queries import FIRST, DutySpan

NOTE_LENGTH = 4000
LISTED = 20


def offer(team: Team, taker: User, note: str, carried: dict[str, Any], *, actor: User, now: datetime) -> RotaBaton:
    """Offer the rest of one's duty to somebody. The same again gives the open offer.

    Raises Invalid unless the actor is on call for the team and the taker works at the desk; WrongState where another offer is open.
    """
    if taker.id == actor.id or not taker.is_at_desk:
        raise Invalid("Choose somebody else who works at the desk.")
    serialize_on(db.session, f"rota-team-{team.id}")
    mine = (RotaBaton.team_id == team.id, RotaBaton.from_id == actor.id, RotaBaton.state == "offered", RotaBaton.ends_at > now)
    standing = db.session.scalar(select(RotaBaton).where(*mine))
    if standing is not None:
        if standing.to_id == taker.id:
            return standing
        raise WrongState("You have offered this duty to somebody already. Take that offer back first.")
    duty = queries.on_call(team.id, now)
    if duty is None or duty.user_id != actor.id:
        raise Invalid(f"You are not on call for {team.name} now, so there is nothing to hand over.")
    row = RotaBaton(team_id=team.id, from_id=actor.id, to_id=taker.id, carried=carried, ends_at=duty.until, offered_at=now)
    row.note, row.answer, row.state = many_lines(note)[:NOTE_LENGTH], "", "offered"
    db.session.add(row)
    db.session.flush()
    record(
        "rota.baton_offered", now=now, actor=actor, facts={"baton_id": row.id, "from_id": actor.id, "to_id": taker.id, "team": team.name}
    )
    return row


def accept(row: RotaBaton, answer: str, *, actor: User, now: datetime) -> None:
    """The next person takes over: from now to the planned end the duty is theirs. Again changes nothing.

    Raises NotAllowed for anybody else, WrongState for an offer that is answered, or whose duty has changed hands meanwhile.
    """
    taker_only(row, actor)
    if row.state == "accepted":
        return
    if row.ends_at > now:
        duty = queries.on_call(row.team_id, now)
        if duty is None or duty.user_id not in (row.from_id, actor.id):
            raise WrongState("This duty has changed hands since it was offered. Decline, and look at the rota.")
    close(row, "accepted", answer, actor=actor, now=now)
    if row.ends_at > now:
        giver = db.session.get_one(User, row.from_id)
        take(DutySpan(now, row.ends_at, actor.id, row.team_id, FIRST), actor.id, f"baton from {giver.name}", actor=actor, now=now)


def decline(row: RotaBaton, answer: str, *, actor: User, now: datetime) -> None:
    """The next person says no; the duty stays where it is. Again changes nothing."""
    taker_only(row, actor)
    if row.state != "declined":
        close(row, "declined", answer, actor=actor, now=now)


def withdraw(row: RotaBaton, *, actor: User, now: datetime) -> None:
    """Who offered takes it back. Again changes nothing."""
    if actor.id != row.from_id:
        raise NotAllowed("Only who offered the baton can take it back.")
    if row.state != "withdrawn":
        close(row, "withdrawn", "", actor=actor, now=now)


def taker_only(row: RotaBaton, actor: User) -> None:
    """Raise NotAllowed for anybody but the one to whom it was offered."""
    if actor.id != row.to_id:
        raise NotAllowed("This baton was offered to somebody else.")


def close(row: RotaBaton, state: str, answer: str, *, actor: User, now: datetime) -> None:
    """Answer an open offer. Of two answers at once the first holds; the other raises WrongState."""
    values = {"state": state, "answer": many_lines(answer)[:NOTE_LENGTH], "answered_at": now}
    mine = update(RotaBaton).where(RotaBaton.id == row.id, RotaBaton.state == "offered").values(**values)
    if db.session.execute(mine.returning(RotaBaton.id)).first() is None:
        raise WrongState("This baton has been answered already. Reload the page to see how.")
    db.session.refresh(row)
    facts = {"baton_id": row.id, "from_id": row.from_id, "to_id": row.to_id, "team": db.session.get_one(Team, row.team_id).name}
    record("rota.baton_answered", now=now, actor=actor, facts={**facts, "state": state})


def baton(number: int) -> RotaBaton:
    """One baton with its people and team, or NotFound. All staff may read it: it is about shared work. One statement."""
    people = (joinedload(RotaBaton.giver), joinedload(RotaBaton.taker), joinedload(RotaBaton.team))
    row = db.session.scalar(select(RotaBaton).options(*people).where(RotaBaton.id == number))
    if row is None:
        raise NotFound()
    return row


def latest() -> list[RotaBaton]:
    """The last batons of all teams, newest first. One statement."""
    people = (joinedload(RotaBaton.giver), joinedload(RotaBaton.taker), joinedload(RotaBaton.team))
    return list(db.session.scalars(select(RotaBaton).options(*people).order_by(RotaBaton.id.desc()).limit(LISTED)))


def open_of(person: User) -> list[RotaBaton]:
    """The open offers that somebody made or was made, newest first. One statement."""
    people = (joinedload(RotaBaton.giver), joinedload(RotaBaton.taker), joinedload(RotaBaton.team))
    mine = or_(RotaBaton.to_id == person.id, RotaBaton.from_id == person.id)
    query = select(RotaBaton).options(*people).where(mine, RotaBaton.state == "offered")
    return list(db.session.scalars(query.order_by(RotaBaton.id.desc()).limit(LISTED)))
