"""Taking in what was sent at the desk, and forgetting what nobody wanted."""

from collections.abc import Callable, Sequence
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy.orm import undefer

from app.accounts.models import User
from app.events.models import Event
from app.extensions import db, redis
from app.knowledge.exchange import actions, importing
from app.knowledge.exchange.importing import CHUNK, Imported
from app.knowledge.exchange.models import KnowledgeUpload
from app.knowledge.exchange.packages import Package, from_upload
from app.knowledge.translations.languages import locales
from app.lib.batches import batched
from app.lib.clock import utcnow
from app.lib.database import writing
from app.lib.errors import DomainError

log = structlog.get_logger()

MOST_REMARKS = 200
SHOWN_SECONDS = 3600


def take_in(event_id: int) -> None:
    """`knowledge.import_confirmed`: import the upload, a transaction for each 500 entries, so that nobody waits long.

    A run that died is repeated by the queue: what it had taken in is found the same.
    """
    event = db.session.get(Event, event_id)
    upload = db.session.get(KnowledgeUpload, event.facts["upload_id"], options=[undefer(KnowledgeUpload.data)]) if event else None
    if event is None or upload is None or upload.state != "taking":
        return
    number, name, data, actor_id = upload.id, upload.name, upload.data, event.actor_id
    db.session.rollback()
    try:
        told = take(from_upload(name, data).only_in(locales()), name, actor_id, lambda done: note_progress(number, done))
    except DomainError as refused:
        told = Imported(remarks=[(name, refused.message)])
    with writing():
        row = db.session.get(KnowledgeUpload, number)
        if row is not None:
            row.state, row.done = "taken", row.total
            counts = {"added": told.added, "changed": told.changed, "same": told.same}
            row.outcome = {**row.outcome, "told": counts, "remarks": [list(one) for one in told.remarks[:MOST_REMARKS]]}
        db.session.commit()


def take(package: Package, source: str, actor_id: int | None, progress: Callable[[int], None]) -> Imported:
    """Import a package in pieces."""
    told, done = Imported(), 0
    steps: tuple[tuple[Callable[..., Imported], Sequence[Any]], ...] = (
        (importing.import_articles, package.articles),
        (importing.import_translations, package.translations),
        (importing.import_faqs, package.questions),
    )
    for work, items in steps:
        for part in batched(items, CHUNK):
            with writing():
                actor = db.session.get(User, actor_id) if actor_id is not None else None
                told = told.join(work(part, source=source, now=utcnow(), actor=actor))
                db.session.commit()
            done += len(part)
            progress(done)
    return told


def note_progress(number: int, done: int) -> None:
    """Say how far it is, for the page; without Redis the page says nothing of it."""
    try:
        redis().set(f"hive:upload:{number}", done, ex=SHOWN_SECONDS)
    except (RedisError, OSError) as away:
        log.info("upload.not_noted", error=type(away).__name__)


def progress_of(number: int) -> int:
    """How many entries of an upload are done."""
    try:
        return int(redis().get(f"hive:upload:{number}") or 0)  # type: ignore[arg-type]
    except (RedisError, OSError, ValueError):
        return 0


def forget() -> int:
    """Each hour: forget uploads that nobody took in within a day. Returns how many."""
    with writing():
        gone = actions.forget_old(utcnow())
        db.session.commit()
    return gone
