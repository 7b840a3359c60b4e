"""After a commit, the ids of its events are queued. A rollback queues nothing, and a dead Redis costs nothing but time:
the event's row stays undispatched and the sweep (`reactions.dispatch_overdue`, each minute) finds it.

They are a plain list in Redis, which whoever commits adds to by one command, and which the ticker's process takes from
(`ops.dispatching`). They are no job of RQ: that costs twenty times as much, to try again what the sweep tries anyway.
"""

from collections.abc import Iterable
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import event as listen
from sqlalchemy.orm import Session

from app.events.models import Event
from app.extensions import db, redis

log = structlog.get_logger()
DISPATCH = "app.reactions.dispatch_all"
QUEUED = "hive:events"
# Taken at once by who dispatches.
BATCH = 100


def install() -> None:
    """Attach the listeners to the session; called once when the module that wires the application is imported."""
    if not listen.contains(db.session, "after_commit", send):
        listen.listen(db.session, "after_commit", send)
        listen.listen(db.session, "after_rollback", forget)


def note(session: Session, events: Iterable[Event]) -> None:
    """Remember events of this transaction."""
    session.info.setdefault("events", []).extend(event.id for event in events)


def send(session: Session) -> None:
    """Queue what was committed. A released savepoint is not a commit yet."""
    if session.in_nested_transaction():
        return
    committed = session.info.pop("events", [])
    if not committed:
        return
    try:
        redis().rpush(QUEUED, *committed)
    except (RedisError, OSError) as away:
        log.warning("outbox.deferred", events=committed, error=type(away).__name__)


def forget(session: Session) -> None:
    """A rolled-back change never happened. What a savepoint takes back stays noted: dispatching an event that is not there does nothing."""
    if not session.in_nested_transaction():
        session.info.pop("events", None)


def taken(seconds: float = 0) -> list[int]:
    """Take events that are queued off the list, oldest first; waits up to so many seconds for one."""
    server: Any = redis()
    first = server.blpop(QUEUED, timeout=seconds) if seconds else None
    if seconds and first is None:
        return []
    numbers = [*(first or ())[1:], *(server.lpop(QUEUED, BATCH) or ())]
    return [int(number) for number in numbers]
