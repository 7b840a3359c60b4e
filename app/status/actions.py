"""The only writers of announcements."""

from datetime import datetime, timedelta

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed
from app.lib.text import many_lines, one_line
from app.status.models import TONES, Announcement

FURTHEST = timedelta(days=5 * 366)


def publish(
    title: str, body: str, tone: str, *, actor: User, now: datetime, starts_at: datetime | None = None, ends_at: datetime | None = None
) -> Announcement:
    """Announce something from `starts_at` (now, if None) until `ends_at` (until withdrawn, if None); both aware UTC.

    Raises NotAllowed for who may not, Invalid for an empty title, an unknown tone, or an end that is not after the start or too far.
    """
    allow(actor)
    title, begins = one_line(title), starts_at or now
    if not title or tone not in TONES:
        raise Invalid("Give the announcement a title and a tone from the list.")
    if ends_at is not None and ends_at <= max(begins, now):
        raise Invalid("The announcement would end before anybody sees it. Choose a later end.")
    if ends_at is not None and ends_at > now + FURTHEST:
        raise Invalid(
            "That is more than five years away. Choose an earlier end, or leave it empty: then it stands until somebody withdraws it."
        )
    found = Announcement(title=title[:200], body=many_lines(body), tone=tone, is_demo=actor.is_demo, starts_at=begins, ends_at=ends_at)
    db.session.add(found)
    db.session.flush()
    record("announcement.published", now=now, actor=actor, facts={"announcement_id": found.id, "title": found.title})
    return found


def withdraw(announcement: Announcement, *, actor: User, now: datetime) -> None:
    """Take an announcement down now. One that is over already is left as it is."""
    allow(actor)
    if announcement.ends_at is not None and announcement.ends_at <= now:
        return
    announcement.ends_at = now
    record("announcement.withdrawn", now=now, actor=actor, facts={"announcement_id": announcement.id, "title": announcement.title})


def allow(actor: User) -> None:
    """Raise NotAllowed for who does not write announcements."""
    if not may(actor.role, "announcements.write"):
        raise NotAllowed("Announcements are written by leads. Ask one of them.")
