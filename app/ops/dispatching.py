"""What was committed gets its effects: the ids of events are taken from Redis, and their reactions queued. In the ticker's process,
which else waits for the next second."""

import time
from collections.abc import Callable, Sequence

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.utils import import_string

from app.events import outbox
from app.extensions import db
from app.lib.database import writing

log = structlog.get_logger()
SHORTEST_SECONDS = 0.01


def until(rest: Callable[[float], bool]) -> Callable[[float], bool]:
    """A rest that is as long as `rest`, and as soon over, and in which what is committed is dispatched."""

    def busy_rest(seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while not rest(0) and (left := ends - time.monotonic()) > 0:
            try:
                dispatch(outbox.taken(max(left, SHORTEST_SECONDS)))
            except (RedisError, OSError):
                # The ticker says so, and waits for it.
                return rest(left)
        return rest(0)

    return busy_rest


def dispatch(event_ids: Sequence[int]) -> None:
    """Queue the reactions of events. What cannot be done now is left to the sweep, which finds them unmarked."""
    if not event_ids:
        return
    try:
        with writing():
            import_string(outbox.DISPATCH)(event_ids)
    except (SQLAlchemyError, RedisError, OSError) as wrong:
        log.warning("events.not_dispatched", events=event_ids, error=type(wrong).__name__)
    finally:
        db.session.remove()
