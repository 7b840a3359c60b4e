"""Routes and alerts to test with."""

from typing import Any

from sqlalchemy import select

from app.accounts.models import Team, User
from app.alerts import actions, rules
from app.alerts.models import Alert, AlertChannel, AlertDelivery, AlertEntry, AlertRoute
from app.events.models import Event
from app.extensions import db
from app.lib import webhooks
from app.lib.database import writing
from app.rota.models import RotaShift, RotaTurn
from tests.factories import NOW


def route(*channels: tuple[Any, ...], name: str = "Ours", **over: Any) -> AlertRoute:
    """A route before the default one. A channel is (kind, target) or (kind, target, "instead")."""
    rows = [
        AlertChannel(kind=kind, target=target, position=at, only_instead="instead" in rest, secret=webhooks.new_key())
        for at, (kind, target, *rest) in enumerate(channels, 1)
    ]
    given = {
        "position": 1,
        "severities": list(rules.SEVERITIES),
        "ladder": [dict(step) for step in rules.LADDER],
        "changed_at": NOW,
        **over,
    }
    made = AlertRoute(name=name, channels=rows, **given)
    db.session.add(made)
    db.session.commit()
    return made


def raised(now, severity="warning", key="volume", **over: Any) -> Alert:
    """An alert that somebody raises, beside whatever a worker writes at the same time."""
    given = {"source": "volume", "title": "Many tickets", "body": "61 in an hour", "path": "/desk/analytics", **over}
    db.session.commit()
    with writing():
        alert = actions.raise_alert(key=key, severity=severity, now=now, **given)
        db.session.commit()
    return alert


def team(key: str) -> int:
    """The id of a team."""
    return db.session.scalars(select(Team.id).where(Team.key == key)).one()


def on_call(person: User, key: str, *, level: int = 1) -> None:
    """Somebody is on call for a team, around the clock."""
    turns = [RotaTurn(user_id=person.id, position=1)]
    shift = RotaShift(
        team_id=team(key), name="All day", level=level, time_zone="UTC", weekdays=list(range(7)), starts_minute=0, ends_minute=0,
        anchor_on=NOW.date(), turns=turns,
    )  # fmt: skip
    db.session.add(shift)
    db.session.commit()


def kinds(alert: Alert) -> list[str]:
    """The events of an alert, in order."""
    query = select(Event.kind).join(AlertEntry, AlertEntry.event_id == Event.id).where(AlertEntry.alert_id == alert.id)
    return list(db.session.scalars(query.order_by(Event.id)))


def deliveries(alert: Alert | None = None) -> list[AlertDelivery]:
    """The messages of an alert, or all, in order."""
    query = select(AlertDelivery).order_by(AlertDelivery.id).execution_options(populate_existing=True)
    return list(db.session.scalars(query.where(AlertDelivery.alert_id == alert.id) if alert is not None else query))


def told(alert: Alert | None = None) -> list[tuple[str, str, str]]:
    """(kind, to whom, state) of the messages."""
    return [(row.kind, row.shown, row.state) for row in deliveries(alert)]
