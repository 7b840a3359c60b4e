"""Who looks after an entry, and when somebody looks again. None of this is text, so it moves no version and hinders no writer."""

from datetime import date, datetime

from sqlalchemy import update

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.knowledge.models import Entry, Faq
from app.knowledge.writing.rules import next_review, writers_only
from app.lib.errors import Invalid
from app.lib.times import local

YEARS = 5


def set_care(entry: Entry, owner: User | None, review_on: date | None, *, actor: User, now: datetime) -> None:
    """Give an entry an owner, or none, and the day of its next review. The same again changes nothing. Raises NotAllowed,
    Invalid for who cannot write and for a day that is far away."""
    writers_only(actor.role)
    if owner is not None and (not may(owner.role, "knowledge.write") or not owner.is_enabled):
        raise Invalid("Choose somebody of the staff.")
    today = local(now, actor.time_zone).date()
    if review_on is not None and abs(review_on.year - today.year) > YEARS:
        raise Invalid(f"Choose a day within {YEARS} years.")
    owner_id = owner.id if owner else None
    changes: dict[str, list[object]] = {}
    if entry.owner_id != owner_id:
        before = db.session.get(User, entry.owner_id) if entry.owner_id else None
        changes["owner"] = [before.name if before else None, owner.name if owner else None]
    if entry.review_on != review_on:
        changes["review_on"] = [day.isoformat() if day else None for day in (entry.review_on, review_on)]
    if changes:
        put(entry, owner_id=owner_id, review_on=review_on)
        facts = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading, "changes": changes}
        record("knowledge.care_changed", now=now, actor=actor, facts=facts)


def confirm(entry: Entry, *, actor: User, now: datetime) -> None:
    """It is still right: reviewed today (in the zone of whoever says so), and again after the time that its section has.

    Twice on a day is once. Raises NotAllowed.
    """
    writers_only(actor.role)
    today = local(now, actor.time_zone).date()
    review_on = next_review(entry.category if isinstance(entry, Faq) else entry.section, today)
    if (entry.reviewed_on, entry.review_on) == (today, review_on):
        return
    put(entry, reviewed_on=today, review_on=review_on)
    facts = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading, "review_on": review_on.isoformat()}
    record("knowledge.confirmed", now=now, actor=actor, facts=facts)


def put(entry: Entry, **values: object) -> None:
    """Set columns without moving the version of the text. One statement."""
    table = type(entry)
    db.session.execute(update(table).where(table.id == entry.id).values(**values).execution_options(synchronize_session=False))
    db.session.expire(entry, [*values])
