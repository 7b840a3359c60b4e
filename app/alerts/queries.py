"""The only readers of alerts, their routes and silences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.alerts import rules
from app.alerts.models import Alert, AlertEntry, AlertRoute, AlertSilence
from app.extensions import db
from app.lib.errors import NotFound
from app.sla.calendars import calendar
from app.sla.hours import MINUTE, to_us
from app.sla.models import Calendar


@dataclass
class Concerned:
    """The ticket of an alert, as far as an event needs it."""

    id: int
    organization_id: int | None


def concerned(alert: Alert) -> Concerned | None:
    """The ticket that an alert is about, if any."""
    return Concerned(alert.ticket_id, alert.organization_id) if alert.ticket_id is not None else None


def brought_about(event_id: int) -> Alert | None:
    """The alert that an event has brought about already. One statement."""
    return db.session.scalar(select(Alert).join(AlertEntry, AlertEntry.alert_id == Alert.id).where(AlertEntry.event_id == event_id))


def routes() -> Sequence[AlertRoute]:
    """Every route with its channels and team, in the order in which they are tried; the default last. Two statements."""
    order = (AlertRoute.is_default, AlertRoute.position, AlertRoute.id)
    return db.session.scalars(select(AlertRoute).options(joinedload(AlertRoute.team)).order_by(*order)).all()


def route_for(severity: str, team_id: int | None, at: datetime) -> AlertRoute | None:
    """The route that takes an alert at a moment. Three statements at most, over a small table."""
    found = routes()
    numbers = {route.calendar_id for route in found if route.hours != "always" and route.calendar_id}
    open_now = {row.id: is_open(row, at) for row in calendars(numbers)} if numbers else {}
    opened = {id(route): open_now.get(route.calendar_id or 0, True) for route in found}
    return rules.first_fit(found, severity=severity, team_id=team_id, is_open=opened)


def calendars(numbers: set[int]) -> Sequence[Calendar]:
    """Calendars by id."""
    return db.session.scalars(select(Calendar).where(Calendar.id.in_(numbers))).all()


def is_open(row: Calendar, at: datetime) -> bool:
    """Whether a calendar counts the minute that begins now."""
    start = to_us(at)
    return calendar(row.definition).counted(start, start + MINUTE) > 0


def silences(now: datetime) -> Sequence[AlertSilence]:
    """The silences in force, the last to end first. One statement."""
    query = select(AlertSilence).options(joinedload(AlertSilence.team), joinedload(AlertSilence.created_by))
    return db.session.scalars(
        query.where(AlertSilence.until > now, AlertSilence.ended_at.is_(None)).order_by(AlertSilence.until.desc(), AlertSilence.id)
    ).all()


def unresolved(silence: AlertSilence) -> Sequence[Alert]:
    """The unresolved alerts that a silence speaks of, read anew. One statement."""
    named = [(Alert.key, silence.key), (Alert.source, silence.source), (Alert.team_id, silence.team_id)]
    wanted = [column == value for column, value in named if value is not None]
    query = select(Alert).where(Alert.resolved_at.is_(None), *wanted).order_by(Alert.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def silence(number: int) -> AlertSilence:
    """One silence. Raises NotFound."""
    found = db.session.get(AlertSilence, number)
    if found is None:
        raise NotFound()
    return found


def alert(number: int) -> Alert:
    """One alert with all that its page names. Raises NotFound."""
    people = (joinedload(Alert.team), joinedload(Alert.route), joinedload(Alert.acknowledged_by), joinedload(Alert.resolved_by))
    found = db.session.scalar(select(Alert).options(*people).where(Alert.id == number))
    if found is None:
        raise NotFound()
    return found


def route(number: int) -> AlertRoute:
    """One route with its channels. Raises NotFound."""
    found = db.session.get(AlertRoute, number)
    if found is None:
        raise NotFound()
    return found
