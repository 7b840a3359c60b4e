"""The ticker: enqueues periodic jobs, and the retries that are due. Several may run; each moment is claimed by one."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from app.extensions import QUEUES, queue, redis, retry

log = structlog.get_logger()

LOCK_REFRESH_SECONDS = 20
SHORTEST_CLAIM_SECONDS = 60
ALIVE = "hive:ticked"
ALIVE_SECONDS = 120


@dataclass(frozen=True)
class Every:
    """A periodic job: each `seconds`, the function at `job` (a dotted path) is put on `queue`."""

    seconds: int
    job: str
    queue: str = "default"


def tick(schedule: Mapping[str, Every], now: float) -> list[str]:
    """Enqueue every job whose slot at `now` (seconds since the epoch) nobody has claimed yet; returns their names.

    A slot is `now // seconds`, so all tickers agree on it without talking. A claim outlives its slot. One statement to
    Redis for each name; a repeat within the slot does nothing.
    """
    fired = []
    for name, every in schedule.items():
        slot = int(now // every.seconds)
        claimed = redis().set(f"hive:tick:{name}:{slot}", 1, nx=True, ex=max(2 * every.seconds, SHORTEST_CLAIM_SECONDS))
        if claimed:
            queue(every.queue).enqueue(every.job, retry=retry(), result_ttl=0, failure_ttl=86400)
            fired.append(name)
    return fired


def is_ticking() -> bool:
    """Whether some ticker has ticked within ALIVE_SECONDS."""
    return bool(redis().exists(ALIVE))


class Retries:
    """Moves jobs whose retry is due back to their queues. RQ's own scheduler, without its process."""

    def __init__(self, connection: Redis) -> None:
        self.scheduler = RQScheduler(QUEUES, connection=connection, logging_level="WARNING", serializer=JSONSerializer)
        self.locked_at = -math.inf

    def move(self, now: float) -> None:
        """Enqueue what is due; another ticker that holds the lock does it instead of us. `now` is of a clock that nobody sets."""
        if now - self.locked_at > LOCK_REFRESH_SECONDS:
            self.scheduler.acquire_locks()
            self.locked_at = now
        self.scheduler.enqueue_scheduled_jobs()

    def close(self) -> None:
        """Let another ticker take over at once."""
        self.scheduler.release_locks()


def run(schedule: Mapping[str, Every], rest: Callable[[float], bool]) -> None:
    """Tick each second until `rest`, which waits so many seconds, says that it is over.

    With Redis away it says so once, and goes on when it is back.
    """
    retries = Retries(redis())
    away = False
    while True:
        now = time.time()
        try:
            tick(schedule, now)
            retries.move(time.monotonic())
            redis().set(ALIVE, int(now), ex=ALIVE_SECONDS)
            away = False
        except (RedisError, OSError) as error:
            if not away:
                log.warning("ticker.redis_away", error=type(error).__name__)
            away = True
        if rest(1.0 - now % 1.0 + 0.01):
            break
    if not away:
        # It may have gone since; then the lock goes with its time.
        with suppress(RedisError, OSError):
            retries.close()
