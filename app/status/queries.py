"""The only readers of announcements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from app.extensions import db
from app.lib.database import UTCDateTime, at_most, plain_rows
from app.lib.errors import NotFound
from app.lib.objects import SideBySide
from app.status.models import Announcement

SHOWN = 3
LISTED = 100


# Built once, since every customer's home asks it.
ANNOUNCED = SideBySide(Announcement)
RUNNING = (
    select(*ANNOUNCED.columns)
    .where(
        Announcement.starts_at <= bindparam("now", type_=UTCDateTime()),
        or_(Announcement.ends_at.is_(None), Announcement.ends_at > bindparam("now", type_=UTCDateTime())),
        Announcement.is_demo == bindparam("demo"),
    )
    .order_by(Announcement.starts_at.desc(), Announcement.id.desc())
    .limit(at_most(SHOWN))
)


def current(viewer: Any, now: datetime) -> Sequence[Announcement]:
    """What is announced to this viewer now, the newest first, SHOWN at most. Demo people see demo announcements. One statement."""
    found = plain_rows(db.session, RUNNING, {"now": now, "demo": viewer.is_demo}).all()
    return [one for row in found for one in ANNOUNCED.of(db.session, row)]


def latest(viewer: Any) -> Sequence[Announcement]:
    """Announcements of all times, the newest first, LISTED at most."""
    query = select(Announcement).where(Announcement.is_demo == viewer.is_demo)
    return db.session.scalars(query.order_by(Announcement.starts_at.desc(), Announcement.id.desc()).limit(LISTED)).all()


def announcement_for(viewer: Any, number: int) -> Announcement:
    """One of the viewer's announcements, or NotFound."""
    found = db.session.scalar(select(Announcement).where(Announcement.id == number, Announcement.is_demo == viewer.is_demo))
    if found is None:
        raise NotFound()
    return found
