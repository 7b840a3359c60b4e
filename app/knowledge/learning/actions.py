"""What readers add to their votes, what writers answer, and what is known of the product's versions. The only writers of these."""

from datetime import date, datetime

from sqlalchemy import delete, select

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.knowledge import actions
from app.knowledge.learning.models import Check, ListReader, Release, Remark, Stale
from app.knowledge.learning.rules import MAX_REMARK, WHYS
from app.knowledge.learning.tally import inserted
from app.knowledge.models import Entry
from app.knowledge.rules import hidden
from app.knowledge.writing import caring
from app.knowledge.writing.rules import writers_only
from app.lib.errors import Invalid, NotAllowed, NotFound, WrongState
from app.lib.text import many_lines

# Remarks that one check closes; more are open on no entry that anybody looks after.
MOST_CLOSED = 500
STILL_RIGHT = "Checked: still right."


def remark(entry: Entry, visitor: str, why: str, text: str, *, now: datetime, actor: User | None = None) -> Remark | None:
    """Why a vote fell as it did; another one replaces it, and what a writer had closed is open again. Addresses and secrets are masked.

    Nothing said keeps nothing. Raises WrongState for who has not voted, Invalid for a reason that is none of ours.
    """
    said = hidden(many_lines(text))[:MAX_REMARK].strip()
    if why and why not in WHYS:
        raise Invalid("Choose one of the reasons.")
    vote = actions.vote_of(entry, visitor)
    if vote is None:
        raise WrongState("Say first whether it helped you.")
    before = db.session.scalar(select(Remark).where(Remark.vote_id == vote.id))
    if (before is None and not (why or said)) or (before is not None and (before.why, before.text) == (why, said)):
        return before
    found = before or Remark(vote_id=vote.id, kind=entry.kind, entry_id=entry.id)
    found.is_demo, found.why, found.text, found.at = actor is not None and actor.is_demo, why, said, now
    found.closed_at, found.closed_by_id, found.answer = None, None, ""
    db.session.add(found)
    record("knowledge.remarked", now=now, actor=actor, facts={"kind": entry.kind, "entry_id": entry.id, "why": why})
    return found


def close_remark(number: int, answer: str, *, actor: User, now: datetime) -> Remark:
    """A writer has dealt with a remark, and says how. Again is harmless. Raises NotAllowed, NotFound."""
    writers_only(actor.role)
    found = db.session.get(Remark, number, with_for_update=True)
    if found is None:
        raise NotFound
    if found.closed_at is None:
        found.closed_at, found.closed_by_id, found.answer = now, actor.id, answer
        facts = {"remark_id": found.id, "kind": found.kind, "entry_id": found.entry_id}
        record("knowledge.remark_closed", now=now, actor=actor, facts=facts)
    return found


def check(entry: Entry, *, actor: User, now: datetime) -> None:
    """Somebody looked, and it is still right: what was held against it counts no more, and its next review is as far away as ever.

    Again is harmless. Raises NotAllowed.
    """
    caring.confirm(entry, actor=actor, now=now)
    insert = inserted(Check).values(kind=entry.kind, entry_id=entry.id, at=now, by_id=actor.id)
    changes = {"at": insert.excluded.at, "by_id": insert.excluded.by_id}
    db.session.execute(insert.on_conflict_do_update(index_elements=["kind", "entry_id"], set_=changes))
    mine = (Remark.kind == entry.kind, Remark.entry_id == entry.id, Remark.closed_at.is_(None), Remark.why.in_(("outdated", "wrong")))
    for remark in db.session.scalars(select(Remark.id).where(*mine).order_by(Remark.id).limit(MOST_CLOSED)).all():
        close_remark(remark, STILL_RIGHT, actor=actor, now=now)
    db.session.execute(delete(Stale).where(Stale.kind == entry.kind, Stale.entry_id == entry.id))


def save_release(version: str, released_on: date | None, ends_on: date | None, *, actor: User, now: datetime) -> Release:
    """What is known of a version of the product; the same again changes nothing. Raises NotAllowed, Invalid for an end before its beginning."""
    writers_only(actor.role)
    if released_on is not None and ends_on is not None and ends_on < released_on:
        raise Invalid("It cannot end before it is released.")
    found = db.session.scalar(select(Release).where(Release.version == version))
    days = {"released_on": released_on, "ends_on": ends_on}
    changes = {name: day.isoformat() if day else None for name, day in days.items() if found is None or getattr(found, name) != day}
    if found is None:
        found = Release(version=version)
        db.session.add(found)
    if changes:
        found.released_on, found.ends_on = released_on, ends_on
        record("knowledge.release_changed", now=now, actor=actor, facts={"version": version, "changes": changes})
    db.session.flush()
    return found


def remove_release(number: int, *, actor: User, now: datetime) -> None:
    """Forget a version; one that is not there is harmless. Raises NotAllowed."""
    writers_only(actor.role)
    version = db.session.scalar(delete(Release).where(Release.id == number).returning(Release.version))
    if version is not None:
        record("knowledge.release_changed", now=now, actor=actor, facts={"version": version, "changes": {"removed": True}})


def want_list(wanted: bool, *, actor: User, now: datetime) -> None:
    """Mail the weekly list to somebody, or mail it no more; from the next Monday on. Again is harmless. Raises NotAllowed."""
    if not may(actor.role, "knowledge.write"):
        raise NotAllowed("The list is for those who write.")
    found = db.session.get(ListReader, actor.id)
    if found is None:
        found = ListReader(user_id=actor.id, is_off=wanted)
        db.session.add(found)
    if found.is_off == wanted:
        found.is_off = not wanted
        kind = "knowledge.list_wanted" if wanted else "knowledge.list_stopped"
        record(kind, now=now, actor=actor, facts={"user_id": actor.id})
    db.session.flush()
