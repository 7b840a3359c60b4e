"""Watching the figures."""

from app.analytics import alarms
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import serialize_on, writing


def watch() -> int:
    """Each minute: raise and end the alerts of figures; returns how many. Several at once follow one another, so each happens once."""
    with writing():
        serialize_on(db.session, "alarms")
        changed = alarms.look(utcnow())
        db.session.commit()
    return changed
