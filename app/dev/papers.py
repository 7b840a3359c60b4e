"""What the desk has on paper in the demo: statements of the months that are over, and the forecast of this hour. All marked as demo."""

from contextlib import suppress
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select, update

from app.accounts.models import Organization
from app.analytics import forecasts
from app.events import outbox
from app.events.models import Event
from app.extensions import db
from app.lib.database import writing
from app.lib.errors import WrongState
from app.sla import issuing

MONTHS = 2


def papers(now: datetime) -> None:
    """Make them, and commit. A month in which nothing was promised has no statement."""
    zone = current_app.config["SETTINGS"].report_zone
    at, months = now, []
    for _ in range(MONTHS):
        months.append(issuing.month_before(at, zone))
        at = issuing.bounds(months[-1], zone)[0] + timedelta(days=1)
    with writing():
        for organization in db.session.scalars(select(Organization).where(Organization.is_demo).order_by(Organization.id)).all():
            for month in months:
                with suppress(WrongState):
                    issuing.make(organization, month, zone, actor=None, now=now)
        forecasts.make(now, is_demo=True)
        # Nothing follows from what the past would have made.
        made = (Event.kind == "sla.statement_made", Event.dispatched_at.is_(None))
        db.session.execute(update(Event).where(*made).values(dispatched_at=Event.at))
        outbox.forget(db.session())
        db.session.commit()
