"""Tickets that nobody has and nobody is there to take: the duty lead is told before their deadline passes, not after.

A team is unattended when the next deadline of its unassigned tickets comes before anybody of it works and has room.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, true

from app.accounts.models import Team
from app.alerts import actions as alerts
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.lib.times import in_words
from app.rota.takers import Taker, takers
from app.tickets.models import Ticket

SOURCE = "rota"
PATH = "/desk/queue/unassigned"
# A deadline beyond this is none: the queue sorts those without one by a date far away.
FAR = timedelta(days=2000)


@dataclass(frozen=True)
class Waiting:
    """The unassigned tickets of a team: how many, and the next deadline (far ahead where none has one)."""

    team_id: int
    team: str
    count: int
    due_at: datetime


def watch() -> int:
    """Raise an alert for each unattended team, and end those whose reason has gone; returns how many teams are unattended.

    A repeat counts on the open alert and sends nothing. Ten statements for a team that has unassigned tickets.
    """
    now, found = utcnow(), 0
    with writing():
        teams = waiting()
        for team in db.session.scalars(select(Team).order_by(Team.id)):
            here = teams.get(team.id)
            there = someone(team.id, now) if here is not None else now
            # A deadline that has passed is a miss of its own: whoever is there now can still take the ticket.
            if here is not None and (there is None or max(here.due_at, now) < there):
                tell(here, there, now)
                found += 1
            else:
                alerts.resolve_alert(key_of(team.id), now=now)
        db.session.commit()
    return found


def waiting() -> dict[int, Waiting]:
    """The teams that have open tickets without an assignee which wait for us. One statement, in an index of open tickets."""
    mine = (Ticket.is_open == true(), Ticket.assignee_id.is_(None), Ticket.status.in_(("new", "open")))
    query = select(Ticket.team_id, Team.name, func.count(), func.min(Ticket.queue_at)).join(Team, Team.id == Ticket.team_id)
    rows = db.session.execute(query.where(*mine).group_by(Ticket.team_id, Team.name))
    return {row[0]: Waiting(row[0], row[1], row[2], row[3]) for row in rows if row[0] is not None}


def someone(team_id: int, now: datetime) -> datetime | None:
    """When somebody of a team works who has room for another ticket (now, if somebody does); None for weeks."""
    people = takers(team_id, now)
    full = loads([one.person.id for one in people if one.capacity is not None])
    return next((one.works_from for one in people if has_room(one, full)), None)


def loads(user_ids: list[int]) -> dict[int, int]:
    """How many open tickets some people have. One statement, none without people."""
    if not user_ids:
        return {}
    query = select(Ticket.assignee_id, func.count()).where(Ticket.is_open == true(), Ticket.assignee_id.in_(user_ids))
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Ticket.assignee_id)) if row[0] is not None}


def has_room(one: Taker, full: dict[int, int]) -> bool:
    """Whether somebody takes another ticket."""
    return one.capacity is None or full.get(one.person.id, 0) < one.capacity


def tell(here: Waiting, there: datetime | None, now: datetime) -> None:
    """Raise the alert of a team, in words: how many wait, until when, and who would come first."""
    wait = f"A ticket of {here.team} waits" if here.count == 1 else f"{here.count} tickets of {here.team} wait"
    due = f"The next deadline is {in_words(here.due_at, 'UTC')}." if here.due_at < now + FAR else "None of them has a deadline."
    back = f"The first of the team is there {in_words(there, 'UTC')}." if there is not None else "Nobody of the team is there for weeks."
    alerts.raise_alert(
        key=key_of(here.team_id),
        severity="critical",
        source=SOURCE,
        title=f"{wait}, and nobody is there to take {'it' if here.count == 1 else 'them'}",
        body=f"{due} {back} Take them, give them to somebody, or fill the hole in the rota.",
        path=PATH,
        team_id=here.team_id,
        now=now,
    )


def key_of(team_id: int) -> str:
    """The key of a team's alert."""
    return f"unattended-team-{team_id}"
