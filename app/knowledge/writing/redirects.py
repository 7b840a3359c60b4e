"""Old addresses. Each leads to an entry, not to another address, so that moving on keeps every former one alive."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.knowledge.models import Entry
from app.knowledge.writing.models import Redirect
from app.knowledge.writing.rules import writers_only

QUIET = {"synchronize_session": False}


def path_of(entry: Entry) -> str:
    """What follows /help/ in the address of an entry."""
    return "/".join(entry.place)


def occupy(paths: Sequence[str]) -> None:
    """Entries stand at these addresses: no old address leads away from them. One statement."""
    db.session.execute(delete(Redirect).where(Redirect.path.in_(paths)), execution_options=QUIET)


def settle(entry: Entry, before: str | None, now: datetime) -> None:
    """After an entry was written: where it stands now nobody else's old address leads away, and from where it stood
    (`before`, None for a new one) one leads to it. What only writers have seen leaves no address. Up to two statements."""
    here = path_of(entry)
    if before == here:
        return
    occupy([here])
    if before is not None and entry.status not in {"draft", "archived"}:
        db.session.execute(delete(Redirect).where(Redirect.path == before), execution_options=QUIET)
        db.session.add(Redirect(path=before, kind=entry.kind, entry_id=entry.id, created_at=now))
        db.session.flush()


def remove(number: int, *, actor: User, now: datetime) -> None:
    """Let an old address lead nowhere. Again is harmless. Raises NotAllowed."""
    writers_only(actor.role, "look after addresses")
    gone = db.session.execute(
        delete(Redirect).where(Redirect.id == number).returning(Redirect.path, Redirect.kind, Redirect.entry_id), execution_options=QUIET
    ).first()
    if gone is not None:
        record("knowledge.redirect_removed", now=now, actor=actor, facts={"path": gone.path, "kind": gone.kind, "entry_id": gone.entry_id})
