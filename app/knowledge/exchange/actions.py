"""Files that somebody sends at the desk: kept, shown, and taken in once they say so."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.knowledge.exchange.changes import MOST_SHOWN, changes_of
from app.knowledge.exchange.models import KnowledgeUpload
from app.knowledge.exchange.packages import from_upload
from app.lib.errors import Invalid, NotAllowed, NotFound
from app.lib.text import one_line

KEPT = timedelta(days=1)
MOST_UPLOADS = 5


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
    upload = KnowledgeUpload(user_id=actor.id, name=one_line(name)[:200], data=data, state="shown", total=package.total, done=0)
    upload.outcome, upload.created_at = outcome, now
    db.session.add(upload)
    db.session.flush()
    older = select(KnowledgeUpload.id).where(KnowledgeUpload.user_id == actor.id).order_by(KnowledgeUpload.id.desc()).offset(MOST_UPLOADS)
    db.session.execute(
        delete(KnowledgeUpload).where(KnowledgeUpload.id.in_(db.session.scalars(older).all()), KnowledgeUpload.state != "taking")
    )
    return upload


def upload_for(user: User, number: int) -> KnowledgeUpload:
    """One of one's own uploads, without its data. Raises NotFound. One statement."""
    upload = db.session.scalar(select(KnowledgeUpload).where(KnowledgeUpload.id == number, KnowledgeUpload.user_id == user.id))
    if upload is None:
        raise NotFound
    return upload


def uploads_of(user: User) -> Sequence[KnowledgeUpload]:
    """One's uploads, the newest first. One statement."""
    return db.session.scalars(select(KnowledgeUpload).where(KnowledgeUpload.user_id == user.id).order_by(KnowledgeUpload.id.desc())).all()


def confirm(upload: KnowledgeUpload, *, actor: User, now: datetime) -> None:
    """Take it in: a job follows. Again is harmless, also of two clicks at once: the row is claimed. Raises NotAllowed."""
    allow(actor)
    claim = update(KnowledgeUpload).where(KnowledgeUpload.id == upload.id, KnowledgeUpload.state == "shown").values(state="taking")
    claimed = claim.returning(KnowledgeUpload.id).execution_options(synchronize_session="fetch")
    if db.session.execute(claimed).first() is not None:
        facts = {"upload_id": upload.id, "name": upload.name, "total": upload.total}
        record("knowledge.import_confirmed", now=now, actor=actor, facts=facts)


def discard(upload: KnowledgeUpload, *, actor: User) -> None:
    """Forget it, unless it is being taken in. No event: nothing of it has come in. Raises NotAllowed."""
    allow(actor)
    db.session.execute(delete(KnowledgeUpload).where(KnowledgeUpload.id == upload.id, KnowledgeUpload.state != "taking"))


def forget_old(now: datetime) -> int:
    """Forget what is older than KEPT; how many. One statement."""
    gone = delete(KnowledgeUpload).where(KnowledgeUpload.created_at < now - KEPT).returning(KnowledgeUpload.id)
    return len(db.session.execute(gone).all())


def allow(actor: User) -> None:
    """Leads only: what comes in this way reaches readers without a review. Raises NotAllowed."""
    if not may(actor.role, "knowledge.exchange"):
        raise NotAllowed("Leads take files in, since no review follows. Give the file to one.")
