"""The route that a new system begins with: everything, to whoever is on call, or else to the leads, so that nothing is lost."""

from datetime import datetime

from sqlalchemy import select

from app.alerts.models import AlertChannel, AlertRoute
from app.alerts.rules import LADDER, SEVERITIES
from app.extensions import db

NAME = "Everything else"


def ensure(now: datetime) -> None:
    """Add the default route if there is none; one that people edited stays as it is. One statement then. Flushes."""
    if db.session.scalar(select(AlertRoute.id).where(AlertRoute.is_default).limit(1)) is not None:
        return
    channels = [AlertChannel(kind="on_call", position=1), AlertChannel(kind="leads", position=2, only_instead=True)]
    route = AlertRoute(name=NAME, position=1, severities=list(SEVERITIES), is_default=True, changed_at=now, channels=channels)
    route.ladder = [dict(step) for step in LADDER]
    db.session.add(route)
    db.session.flush()
