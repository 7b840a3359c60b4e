"""Publishing and withdrawing at a time: what is planned, what becomes of a plan when the text changes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.knowledge.models import Entry
from app.knowledge.translations.rules import ORIGINAL, kind_in
from app.knowledge.writing import approvals, versions
from app.knowledge.writing.models import Plan, Revision
from app.knowledge.writing.rules import refusal, writers_only
from app.knowledge.writing.versions import Seen
from app.lib.errors import Invalid, WrongState
from app.lib.times import from_wall

QUIET = {"synchronize_session": False}
LATER_TEXT = "The text was changed after this was planned."
UNSEEN = "Somebody changed the text after you opened it. Look at what is new, then plan it."


def plan(entry: Entry, verb: str, wall: datetime | None, *, seen: Seen | None = None, actor: User, now: datetime) -> Plan:
    """Publish the text as it stands, or withdraw the entry, at a time of the writer's wall clock. One plan of each verb;
    another time replaces the first, the same again changes nothing.

    Raises NotAllowed and Stale as publishing does, WrongState where there is nothing to do, Invalid for a time that has passed
    or does not exist.
    """
    writers_only(actor.role)
    versions.take_turn_anew(entry)
    revision = versions.revision_of(entry)
    if entry.status == "archived":
        raise WrongState("This draft is archived. Take it back to the drafts first.")
    if verb == "publish":
        if entry.status == "published" and revision is None:
            raise WrongState("Readers see this text already. Change it first.")
        versions.check(entry, revision, seen, UNSEEN)
        versions.keep_before(entry)
        approvals.allow_publishing(entry, audiences_of(entry, revision), actor=actor)
    return put(entry, verb, wall, number=versions.current_number(entry), actor=actor, now=now)


def put(entry: Entry, verb: str, wall: datetime | None, *, number: int, locale: str = ORIGINAL, actor: User, now: datetime) -> Plan:
    """Plan it for the version `number` of a text, in whichever language. Raises Invalid for a time that has passed or does not exist."""
    if verb not in {"publish", "withdraw"}:
        raise Invalid("Choose to publish or to withdraw.")
    if wrong := refusal(wall, actor.time_zone, now):
        raise Invalid(wrong)
    assert wall is not None
    due_at = from_wall(wall, actor.time_zone)
    row = planned(entry, verb, locale) or Plan(kind=kind_in(entry.kind, locale), entry_id=entry.id, verb=verb)
    if (row.due_at, row.number) == (due_at, number):
        return row
    row.due_at, row.number, row.planned_by_id, row.planned_at = due_at, number, actor.id, now
    db.session.add(row)
    db.session.flush()
    told("knowledge.planned", entry, locale, actor, now, verb=verb, due_at=due_at.isoformat())
    return row


def cancel(entry: Entry, verb: str, *, locale: str = ORIGINAL, actor: User, now: datetime) -> None:
    """Take a plan back. Again is harmless. Raises NotAllowed."""
    writers_only(actor.role)
    if dropped(entry, verb, locale):
        told("knowledge.plan_cancelled", entry, locale, actor, now, verb=verb)


def dropped(entry: Entry, verb: str, locale: str = ORIGINAL) -> bool:
    """Forget a plan because what it wanted is done or wanted no more; whether there was one. One statement."""
    wanted = delete(Plan).where(*of(entry, locale), Plan.verb == verb).returning(Plan.id)
    return db.session.execute(wanted, execution_options=QUIET).first() is not None


def follow(entry: Entry, number: int, audiences: Collection[str], *, locale: str = ORIGINAL, actor: User, now: datetime) -> None:
    """After a text was saved: a plan to publish goes on with it where its writer may publish, else it is off, since nobody
    has approved of the new text, and whoever planned it is told. Up to three statements."""
    row = planned(entry, "publish", locale)
    if row is None or row.number == number:
        return
    if approvals.required(actor, audiences):
        more = {"due_at": row.due_at.isoformat(), "planned_by_id": row.planned_by_id}
        if dropped(entry, "publish", locale):
            told("knowledge.plan_overtaken", entry, locale, actor, now, **more)
    else:
        row.number = number
        db.session.flush()


def planned(entry: Entry, verb: str, locale: str = ORIGINAL) -> Plan | None:
    """A plan of an entry, or of what it is in a language. One statement."""
    return db.session.scalar(select(Plan).where(*of(entry, locale), Plan.verb == verb))


def of(entry: Entry, locale: str) -> tuple[Any, Any]:
    """The plans of an entry, or of what it is in a language."""
    return Plan.kind == kind_in(entry.kind, locale), Plan.entry_id == entry.id


def told(kind: str, entry: Entry, locale: str, actor: User | None, now: datetime, **more: object) -> None:
    """Record what became of a plan."""
    facts = {"kind": entry.kind, "entry_id": entry.id, "title": entry.heading, "locale": locale}
    record(kind, now=now, actor=actor, facts={**facts, **more})


def audiences_of(entry: Entry, revision: Revision | None) -> set[str]:
    """Who reads an entry now, and who would once the text beside it is published. One statement with such a text."""
    beside = versions.numbered(entry, revision.number) if revision is not None else None
    wanted = {str(beside.fields.get("audience", entry.audience))} if beside is not None else {entry.audience}
    return wanted | ({entry.audience} if entry.status == "published" else set())
