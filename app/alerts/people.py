"""Who is meant by the words of a ladder or a channel, at a moment. Reads the rota; writes nothing."""

from datetime import datetime

from sqlalchemy import Integer, column, select, table

from app.accounts.models import TeamMember, User
from app.alerts.models import Alert, AlertEntry
from app.alerts.rules import USER
from app.events.models import Event
from app.extensions import db
from app.rota import queries as rota

# The escalation matrix lies above this feature, so its table is named here by its columns only.
matrix = table("escalation_executives", column("user_id", Integer), column("position", Integer))


def people_on(who: str, alert: Alert, at: datetime) -> list[int]:
    """The ids of the people at the desk whom a step of a ladder means; empty where there is nobody. A few statements.

    A demo alert never finds a real person.
    """
    return enabled(meant(who, alert, at), only_demo=alert.is_demo)


def meant(who: str, alert: Alert, at: datetime) -> list[int]:
    """Whom the words name, be they there or not."""
    named = USER.fullmatch(who)
    if named:
        return [int(named[1])]
    if who == "assignee":
        return [alert.assignee_id] if alert.assignee_id else []
    if who == "on_call":
        found = on_call(alert.team_id, at)
        return [found] if found is not None else []
    if who == "next_on_call":
        told = told_by(alert)
        return [person.user_id for person in rota.ladder(alert.team_id, at) if person.user_id not in told][:1]
    return leads(alert.team_id, is_demo=alert.is_demo) if who == "team_leads" else executives(is_demo=alert.is_demo)


def on_call(team_id: int | None, at: datetime) -> int | None:
    """Who is on call for a team; None in a hole of its rota, and where an alert belongs to no team."""
    person = rota.on_call(team_id, at) if team_id is not None else None
    return person.user_id if person is not None else None


def told_by(alert: Alert) -> set[int]:
    """Whom the steps of an alert have told. One statement."""
    climbed = select(Event.facts).join(AlertEntry, AlertEntry.event_id == Event.id)
    rows = db.session.scalars(climbed.where(AlertEntry.alert_id == alert.id, Event.kind == "alert.climbed"))
    return {number for facts in rows for number in facts["people"]}


def leads(team_id: int | None, *, is_demo: bool) -> list[int]:
    """The leads of a team; where it has none, all leads. Demo alerts concern demo people, real ones real people."""
    query = select(User.id).where(User.role == "lead", User.is_enabled, User.is_demo == is_demo).order_by(User.id)
    own = db.session.scalars(query.join(TeamMember, TeamMember.user_id == User.id).where(TeamMember.team_id == team_id)).all()
    return list(own or db.session.scalars(query))


def executives(*, is_demo: bool) -> list[int]:
    """Where ladders end: the executive on duty (the first in the escalation matrix), and while there is none, the administrators."""
    query = select(User.id).where(User.is_at_desk, User.is_demo == is_demo)
    duty = query.join(matrix, matrix.c.user_id == User.id).order_by(matrix.c.position, matrix.c.user_id).limit(1)
    return list(db.session.scalars(duty).all() or db.session.scalars(query.where(User.role == "admin").order_by(User.id)))


def enabled(ids: list[int], *, only_demo: bool = False) -> list[int]:
    """Those who still work at the desk: alerts tell of tickets that others may not see."""
    query = select(User.id).where(User.id.in_(ids), User.is_at_desk).order_by(User.id)
    return list(db.session.scalars(query.where(User.is_demo) if only_demo else query)) if ids else []
