"""What the pages of the desk show of alerts: lists by key, counts, timelines and delivery logs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Team, User
from app.alerts.models import Alert, AlertContact, AlertDelivery, AlertEntry
from app.events.models import Event
from app.extensions import db
from app.lib.database import written_out
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.mail.models import OutboundMail

PAGE = 50
VIEWS = {"open": "Open", "acknowledged": "Acknowledged", "silenced": "Silenced", "resolved": "Resolved"}
MOST_ROWS = 300
# What our mail says of a message that was handed to it, in the words of the delivery log.
MAIL_STATES = {"queued": "queued", "deferred": "retrying", "sent": "sent", "kept": "kept", "failed": "failed", "bounced": "failed"}


@dataclass(frozen=True)
class Sending:
    """A line of the delivery log; `state` and `error` are those of the mail where our mail has it."""

    id: int
    kind: str
    shown: str
    state: str
    error: str
    attempts: int
    next_try_at: datetime | None
    created_at: datetime
    settled_at: datetime | None
    instead_of: str
    in_digest: bool


def condition(view: str, now: datetime) -> ColumnElement[bool]:
    """Which alerts a view shows."""
    quiet = Alert.silenced_until > now
    if view == "silenced":
        return Alert.resolved_at.is_(None) & quiet
    if view == "open":
        speaks = or_(Alert.silenced_until.is_(None), Alert.silenced_until <= now)
        return (Alert.state == written_out("open")) & Alert.resolved_at.is_(None) & speaks
    return Alert.state == view


def page(view: str, now: datetime, *, team_id: int | None = None, cursor: str = "") -> Page:
    """The alerts of a view, the latest first, PAGE at a time by key. One statement."""
    query = select(Alert).options(joinedload(Alert.team), joinedload(Alert.acknowledged_by), joinedload(Alert.resolved_by))
    query = query.where(condition(view, now))
    if team_id is not None:
        query = query.where(Alert.team_id == team_id)
    (last,), back = decode_cursor(cursor, int) if cursor else ([None], False)
    if last is not None:
        query = query.where(Alert.id > last if back else Alert.id < last)
    rows = list(db.session.scalars(query.order_by(Alert.id if back else Alert.id.desc()).limit(PAGE + 1)))
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if back:
        rows.reverse()
    following = encode_cursor([rows[-1].id]) if rows and (back or more) else None
    before = encode_cursor([rows[0].id], back=True) if rows and (more if back else last is not None) else None
    return Page(rows, following, before)


def counts(now: datetime) -> dict[str, int]:
    """How many unresolved alerts each view has. One statement over the unresolved alone."""
    views = ("open", "acknowledged", "silenced")
    sums = [func.sum(case((condition(view, now), 1), else_=0)) for view in views]
    found = db.session.execute(select(*sums).where(Alert.resolved_at.is_(None))).one()
    return {view: int(number or 0) for view, number in zip(views, found, strict=True)}


def teams() -> Sequence[Team]:
    """All teams by name."""
    return db.session.scalars(select(Team).order_by(Team.name)).all()


def sources() -> Sequence[str]:
    """The sources that alerts have come from, by name."""
    return db.session.scalars(select(Alert.source).distinct().order_by(Alert.source).limit(100)).all()


def timeline(alert: Alert) -> tuple[Sequence[Any], dict[int, str]]:
    """(events of an alert with the name of who acted, names of the people that they name by number). Two statements."""
    mine = select(Event, User.name).join(AlertEntry, AlertEntry.event_id == Event.id).outerjoin(User, User.id == Event.actor_id)
    rows = db.session.execute(mine.where(AlertEntry.alert_id == alert.id).order_by(Event.id).limit(MOST_ROWS)).all()
    numbers = {number for event, _ in rows for number in event.facts.get("people", [])}
    numbers |= {int(step["who"][5:]) for step in alert.ladder if step["who"].startswith("user:")}
    names = select(User.id, User.name).where(User.id.in_(numbers))
    return rows, {row.id: row.name for row in db.session.execute(names)} if numbers else {}


def log(alert_id: int) -> list[Sending]:
    """Every message of an alert with what became of it. One statement."""
    mine = AlertDelivery.alert_id == alert_id
    return sendings(select(AlertDelivery, OutboundMail).where(mine).order_by(AlertDelivery.id).limit(MOST_ROWS))


def tests(route_id: int) -> list[Sending]:
    """The messages of the last test of a route, if there was one. Two statements."""
    mine = (AlertDelivery.route_id == route_id, AlertDelivery.alert_id.is_(None))
    last = db.session.scalar(select(func.max(AlertDelivery.event_id)).where(*mine))
    if last is None:
        return []
    return sendings(select(AlertDelivery, OutboundMail).where(AlertDelivery.event_id == last).order_by(AlertDelivery.id))


def last_of_channels(ids: Sequence[int]) -> dict[int, Sending]:
    """The last message of each channel. One statement."""
    newest = select(func.max(AlertDelivery.id)).where(AlertDelivery.channel_id.in_(ids)).group_by(AlertDelivery.channel_id)
    query = select(AlertDelivery, OutboundMail).where(AlertDelivery.id.in_(newest))
    rows = db.session.execute(query.outerjoin(OutboundMail, OutboundMail.id == AlertDelivery.mail_id)).all()
    return {delivery.channel_id: sending(delivery, mail, {}) for delivery, mail in rows if delivery.channel_id is not None}


def sendings(query: Any) -> list[Sending]:
    """The lines of a log."""
    rows = db.session.execute(query.outerjoin(OutboundMail, OutboundMail.id == AlertDelivery.mail_id)).all()
    shown = {delivery.id: delivery.shown for delivery, _ in rows}
    return [sending(delivery, mail, shown) for delivery, mail in rows]


def sending(delivery: AlertDelivery, mail: OutboundMail | None, shown: dict[int, str]) -> Sending:
    """One line. A mail that was handed over is told by its own row, unless we have given it up already."""
    mailed = mail is not None and delivery.state == "mailed"
    return Sending(
        delivery.id,
        delivery.kind,
        delivery.shown,
        MAIL_STATES.get(mail.state, mail.state) if mail is not None and mailed else delivery.state,
        (mail.error if mail is not None and mailed else "") or delivery.error,
        mail.attempts if mail is not None and mailed else delivery.attempts,
        mail.next_try_at if mail is not None and mailed else delivery.next_try_at,
        delivery.created_at,
        (mail.sent_at if mail is not None and mailed else None) or delivery.settled_at,
        shown.get(delivery.instead_of_id or 0, ""),
        delivery.in_digest,
    )


def left(addresses: Iterable[str]) -> dict[str, str]:
    """Address → name of those of ours who have it and no longer work at the desk, so that no alert is mailed to them. One statement."""
    wanted = set(addresses)
    gone = select(User.email, User.name).where(User.email.in_(wanted), ~User.is_at_desk)
    return {row.email: row.name for row in db.session.execute(gone)} if wanted else {}


def staff() -> list[tuple[User, AlertContact | None]]:
    """Everybody at the desk with how chat programs know them, by name. One statement."""
    query = select(User, AlertContact).outerjoin(AlertContact, AlertContact.user_id == User.id)
    mine = query.where(User.is_at_desk).order_by(User.name, User.id)
    return [(person, contact) for person, contact in db.session.execute(mine)]
