"""Files that somebody sends at the desk: kept, shown, and taken in once they say so."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.knowledge.exchange.changes import MOST_SHOWN, changes_of
from app.knowledge.exchange.importing import Imported, finished
from app.knowledge.exchange.models import KnowledgeUpload
from app.knowledge.exchange.packages import from_upload
from app.lib.errors import Invalid, NotAllowed, NotFound
from app.lib.text import one_line

KEPT = timedelta(days=1)
MOST_UPLOADS = 5
MOST_REMARKS = 200
# An upload of which no piece was done for so long stands still.
SILENCE = timedelta(minutes=2)


def keep(name: str, data: bytes, *, locales: Sequence[str], actor: User, now: datetime) -> KnowledgeUpload:
    """Read a file and keep it with what it would change; nothing of the knowledge changes. Its older ones give way.

    Raises Invalid for what cannot be read at all, NotAllowed. No event: nothing has happened yet.
    """
    allow(actor)
    package = from_upload(name, data).only_in(locales)
    if not package.total and not package.problems:
        raise Invalid("There is nothing of ours in this file: articles lie at section/slug.md, questions in faq.json.")
    changes = list(changes_of(package))
    counts = Counter(change.what for change in changes)
    told = [[change.name, change.what, list(change.fields)] for change in changes if change.what != "same"][:MOST_SHOWN]
    problems = [[problem.path, problem.line, problem.why] for problem in package.problems]
    outcome = {"counts": dict(counts), "changes": told, "problems": problems[:MOST_SHOWN], "problem_count": len(problems)}
    outcome |= {"left_out": package.left_out[:MOST_SHOWN], "left_out_count": len(package.left_out)}
    outcome |= {"told": {"added": 0, "changed": 0, "same": 0}, "remarks": []}
    upload = KnowledgeUpload(user_id=actor.id, name=one_line(name)[:200], data=data, state="shown", total=package.total, done=0)
    upload.outcome, upload.created_at = outcome, now
    db.session.add(upload)
    db.session.flush()
    older = select(KnowledgeUpload.id).where(KnowledgeUpload.user_id == actor.id).order_by(KnowledgeUpload.id.desc()).offset(MOST_UPLOADS)
    forget(KnowledgeUpload.id.in_(db.session.scalars(older).all()), actor=actor, now=now)
    return upload


def upload_for(user: User, number: int) -> KnowledgeUpload:
    """One of one's own uploads, without its data. Raises NotFound. One statement."""
    upload = db.session.scalar(select(KnowledgeUpload).where(KnowledgeUpload.id == number, KnowledgeUpload.user_id == user.id))
    if upload is None:
        raise NotFound
    return upload


def uploads_of(user: User, now: datetime) -> list[tuple[KnowledgeUpload, str]]:
    """One's uploads, the newest first, each with its state for people. One statement."""
    query = select(KnowledgeUpload).where(KnowledgeUpload.user_id == user.id).order_by(KnowledgeUpload.id.desc())
    return [(upload, state_of(upload, now)) for upload in db.session.scalars(query)]


def confirm(upload: KnowledgeUpload, *, actor: User, now: datetime) -> None:
    """Take it in, or go on with one that stands still: a job follows. Raises NotAllowed.

    Again is harmless, also of two clicks at once: the row is claimed.
    """
    allow(actor)
    claim = update(KnowledgeUpload).where(KnowledgeUpload.id == upload.id, or_(KnowledgeUpload.state == "shown", silent(now)))
    claimed = claim.values(state="taking", beat_at=now).returning(KnowledgeUpload.id).execution_options(synchronize_session="fetch")
    if db.session.execute(claimed).first() is not None:
        facts = {"upload_id": upload.id, "name": upload.name, "total": upload.total}
        record("knowledge.import_confirmed", now=now, actor=actor, facts=facts)


def silent(now: datetime) -> ColumnElement[bool]:
    """Whether an upload that is being taken in stands still: its worker was killed, and the queue has given it up."""
    no_beat = or_(KnowledgeUpload.beat_at.is_(None), KnowledgeUpload.beat_at < now - SILENCE)
    return and_(KnowledgeUpload.state == "taking", no_beat)


def idle(now: datetime) -> ColumnElement[bool]:
    """Whether nothing of an upload is coming in just now, so that it may be forgotten."""
    return or_(KnowledgeUpload.state != "taking", silent(now))


def state_of(upload: KnowledgeUpload, now: datetime) -> str:
    """Its state for people: `silent` for one that stands still."""
    is_silent = upload.state == "taking" and (upload.beat_at is None or upload.beat_at < now - SILENCE)
    return "silent" if is_silent else upload.state


def taking(number: int) -> KnowledgeUpload | None:
    """An upload that is being taken in, locked until the transaction ends; None when it is not. One statement."""
    row = db.session.get(KnowledgeUpload, number, with_for_update=True, populate_existing=True)
    return row if row is not None and row.state == "taking" else None


def note_piece(upload: KnowledgeUpload, done: int, told: Imported, *, now: datetime) -> None:
    """So many entries are done now, and what the last of them did. The event is the import's."""
    total = so_far(upload.outcome).join(told)
    counts = {"added": total.added, "changed": total.changed, "same": total.same}
    upload.outcome = {**upload.outcome, "told": counts, "remarks": [list(one) for one in total.remarks[:MOST_REMARKS]]}
    upload.done, upload.beat_at = done, now


def finish(upload: KnowledgeUpload, *, actor: User | None, now: datetime) -> None:
    """All of it is taken in."""
    upload.state = "taken"
    finished(so_far(upload.outcome), upload.name, actor, now)


def so_far(outcome: dict[str, Any]) -> Imported:
    """What has come of an upload so far, as its row has it."""
    remarks = [(name, why) for name, why in outcome.get("remarks", ())]
    return Imported(**outcome.get("told", {}), remarks=remarks)


def discard(upload: KnowledgeUpload, *, actor: User, now: datetime) -> None:
    """Forget it, unless it is being taken in. Raises NotAllowed."""
    allow(actor)
    forget(KnowledgeUpload.id == upload.id, actor=actor, now=now)


def forget_old(now: datetime) -> int:
    """Forget what is older than KEPT, unless it is being taken in; how many."""
    return forget(KnowledgeUpload.created_at < now - KEPT, actor=None, now=now)


def forget(which: ColumnElement[bool], *, actor: User | None, now: datetime) -> int:
    """Forget those of some that are not being taken in; how many. One that stands still is through: no more of it comes in.
    One statement, and the event of each of those."""
    gone = delete(KnowledgeUpload).where(which, idle(now)).returning(KnowledgeUpload.state, KnowledgeUpload.name, KnowledgeUpload.outcome)
    rows = db.session.execute(gone).all()
    for row in rows:
        if row.state == "taking":
            finished(so_far(row.outcome), row.name, actor, now)
    return len(rows)


def allow(actor: User) -> None:
    """Leads only: what comes in this way reaches readers without a review. Raises NotAllowed."""
    if not may(actor.role, "knowledge.exchange"):
        raise NotAllowed("Leads take files in, since no review follows. Give the file to one.")
