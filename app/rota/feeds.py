"""The calendar feed of a person: made, renewed and revoked by them, read by whoever has its secret address."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from app.accounts.models import User
from app.events.actions import record
from app.events.kinds import KINDS
from app.events.models import Event
from app.extensions import db
from app.lib.errors import NotAllowed, NotFound
from app.lib.icalendar import Entry, calendar
from app.lib.tokens import fingerprint, new_secret
from app.rota import queries, rules
from app.rota.models import RotaAbsence, RotaFeed

BEFORE, AFTER = timedelta(weeks=4), timedelta(weeks=13)
REFRESH = timedelta(hours=1)
# What an address with a secret may look like; anything else is not looked up.
SECRET_LENGTH = 43


def make(person: User, *, actor: User, now: datetime) -> str:
    """A new secret for the feed; the address before it stops working. It is in this answer and nowhere else.

    Raises NotAllowed for an administrator who acts as somebody: the address would outlast that.
    """
    if actor.impersonator_id is not None:
        raise NotAllowed("An address that lasts can only be made by its owner.")
    retire(person, now)
    secret = new_secret()
    db.session.add(RotaFeed(user_id=person.id, secret_hash=fingerprint(secret), created_at=now))
    db.session.flush()
    record("rota.feed_made", now=now, actor=actor, facts={"user_id": person.id})
    return secret


def revoke(person: User, *, actor: User, now: datetime) -> None:
    """The address stops working. Again changes nothing."""
    if retire(person, now):
        record("rota.feed_revoked", now=now, actor=actor, facts={"user_id": person.id})


def retire(person: User, now: datetime) -> bool:
    """End the feed that works; whether there was one."""
    live = update(RotaFeed).where(RotaFeed.user_id == person.id, RotaFeed.revoked_at.is_(None)).values(revoked_at=now)
    return db.session.execute(live.returning(RotaFeed.id)).first() is not None


def live(person: User) -> RotaFeed | None:
    """The feed of a person that works. One statement."""
    return db.session.scalar(select(RotaFeed).where(RotaFeed.user_id == person.id, RotaFeed.revoked_at.is_(None)))


def owner(secret: str) -> User:
    """Whose feed a secret opens. Raises NotFound for a forged or revoked one, and for who is no longer at the desk. One statement."""
    if len(secret) != SECRET_LENGTH:
        raise NotFound()
    query = select(User).join(RotaFeed, RotaFeed.user_id == User.id)
    person = db.session.scalar(query.where(RotaFeed.secret_hash == fingerprint(secret), RotaFeed.revoked_at.is_(None), User.is_at_desk))
    if person is None:
        raise NotFound("There is no calendar at this address. Make a new one on the page of your rota.")
    return person


def text(person: User, *, base_url: str, host: str, now: datetime) -> str:
    """The feed: duties from four weeks ago to thirteen ahead, and absences. The same rota gives the same text all day."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = day - BEFORE, day + AFTER
    changed = last_change() or person.created_at
    plan, _ = queries.plan_for(None, start, end)
    names = {team.id: team.name for team in queries.teams()}
    # A shift that began before the range would get another identity each day.
    mine = [
        one
        for one in queries.all_duties(plan, start - timedelta(days=2), end, joined=False)
        if one.user_id == person.id and one.start >= start
    ]
    entries = [duty_entry(one, names[one.team_id], changed, base_url, host) for one in mine]
    away = (RotaAbsence.user_id == person.id, RotaAbsence.withdrawn_at.is_(None), RotaAbsence.ends_at > start, RotaAbsence.starts_at < end)
    for row in db.session.scalars(select(RotaAbsence).where(*away).order_by(RotaAbsence.starts_at)):
        entries.append(Entry(f"absence-{row.id}@{host}", row.starts_at, row.ends_at, "Away", changed, blocks=True, categories=("Absence",)))
    return calendar(entries, name=f"Rota of {person.name}", refresh=REFRESH)


def duty_entry(duty: rules.Duty, team: str, changed: datetime, base_url: str, host: str) -> Entry:
    """A duty in a calendar. Its identity is where and when it begins, so that a change of its end moves it and makes no second one."""
    role = "On call" if duty.level == queries.FIRST else "Backup"
    uid = f"duty-{duty.team_id}-{duty.level}-{duty.user_id}-{duty.start:%Y%m%dT%H%M%SZ}@{host}"
    return Entry(
        *(uid, duty.start, duty.end, f"{role}: {team}", changed),
        description=f"{duty.why[:1].upper()}{duty.why[1:]}.",
        url=f"{base_url}/desk/rota",
        categories=("On call",),
        # Being on call does not keep anybody from meetings.
        blocks=False,
    )


def last_change() -> datetime | None:
    """When the rota was last changed by anybody. One statement on an index."""
    newest = db.session.scalar(select(func.max(Event.id)).where(Event.kind.in_([kind for kind in KINDS if kind.startswith("rota.")])))
    return db.session.get_one(Event, newest).at if newest is not None else None
