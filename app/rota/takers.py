"""Who takes new work: a team's people who work, have not said that they are busy, and have room."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import TeamMember
from app.extensions import db
from app.rota import queries
from app.rota.models import RotaPerson

AVAILABLE = "available"
# How far ahead is looked for somebody's return.
AHEAD = timedelta(weeks=2)


@dataclass(frozen=True)
class Taker:
    """Somebody of a team: from when on they work (now, if they do), and how many open tickets they take (None: any number)."""

    person: queries.Staff
    works_from: datetime
    capacity: int | None


def takers(team_id: int, at: datetime) -> list[Taker]:
    """The people of a team who may be given work, whoever works first first; those who are busy or away for weeks are not among them.

    Whoever is on call for the team counts as one of its people. Eight statements.
    """
    members = set(db.session.scalars(select(TeamMember.user_id).where(TeamMember.team_id == team_id)))
    settings = {row.user_id: row for row in db.session.scalars(select(RotaPerson))}
    plan, staff = queries.plan_for(None, at - timedelta(days=8), at + AHEAD + timedelta(days=8))
    members |= {turn for shift in plan.shifts if shift.team_id == team_id for turn in shift.people}
    found = []
    for user_id in members & staff.keys():
        row = settings.get(user_id)
        if row is not None and row.state != AVAILABLE:
            continue
        spans = queries.working_in(plan, user_id, at, at + AHEAD)
        if spans:
            found.append(Taker(staff[user_id], spans[0][0], row.capacity if row is not None else None))
    return sorted(found, key=lambda one: (one.works_from, one.person.name, one.person.id))
