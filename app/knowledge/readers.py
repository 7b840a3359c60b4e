"""What readers do, noted in Redis while they read. No name, no address, no cookie; learning/counting.py makes counts of it.

A search is kept as its masked words. Who asked is a keyed hash that changes each day and lives in Redis for a day at most.
Machines, what browsers fetch ahead, and staff are no readers.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from redis.exceptions import RedisError

from app.extensions import redis
from app.knowledge.learning.rules import hashed, is_bot, network_of
from app.knowledge.rules import MIN_QUERY, masked

log = structlog.get_logger()

NOTES = "hive:readers"
MOST_NOTES = 100_000
PAUSE_SECONDS = 10.0
PERSON = "person {}"
pause: dict[str, float] = {}


@dataclass(frozen=True)
class Asking:
    """Whoever sends a request, as far as it matters here. `key` is our secret; `who` leads to nobody but through it."""

    key: str
    who: str
    address: str = ""
    user_agent: str = ""
    is_staff: bool = False
    is_demo: bool = False
    # Asked for ahead of any wish to read, or by HEAD.
    is_ahead: bool = False

    @property
    def is_reader(self) -> bool:
        """Whether what they do counts."""
        return not (self.is_staff or self.is_ahead or is_bot(self.user_agent))

    def visitor(self, now: datetime) -> str:
        """Who reads, as a word of this day."""
        return visitor_of(self.key, self.who, now)

    def voter(self, kind: str, number: int) -> str:
        """Who votes on an entry, as a word of that entry: votes on two cannot be told to be of one person."""
        return hashed(self.key, f"vote {kind} {number}", self.who)

    def network(self, now: datetime) -> str | None:
        """The network of a visitor without an account, as a word of this day; None for people with one, who are counted each."""
        found = network_of(self.address)
        return hashed(self.key, f"network {now.date()}", found) if found and not self.who.startswith(PERSON.format("")) else None


def visitor_of(key: str, who: str, now: datetime) -> str:
    """A reader as a word of a day (UTC)."""
    return hashed(key, f"visitor {now.date()}", who)


def searched(asking: Asking, query: str, shown: Sequence[str], results: int, now: datetime, *, page: int = 1, poor: bool = False) -> None:
    """Note a search: the entries that a page of it showed (`kind:number`), how many there are, and whether none of them fits."""
    words = masked(query)
    if len(words) >= MIN_QUERY:
        push(asking, now, k="search", q=words, n=results, p=list(shown), g=page, x=poor)


def searched_elsewhere(key: str, who: str, query: str, results: int, now: datetime, *, poor: bool) -> None:
    """Note a search whose answers are read in another place, such as a chat, where nobody sees which of them is opened."""
    words = masked(query)
    if len(words) >= MIN_QUERY:
        push(Asking(key, who, user_agent="another place"), now, k="elsewhere", q=words, n=results, x=poor)


def viewed(asking: Asking, kind: str, number: int, now: datetime) -> None:
    """Note that somebody opened an entry."""
    push(asking, now, k="open", i=f"{kind}:{number}", w=asking.network(now))


def voted(asking: Asking, kind: str, number: int, now: datetime, *, is_helpful: bool) -> None:
    """Note that an entry helped, or did not."""
    push(asking, now, k="vote", i=f"{kind}:{number}", y=is_helpful)


def offered(asking: Asking, now: datetime) -> None:
    """Note that answers stood beside the subject of a ticket."""
    push(asking, now, k="offer")


def solved(asking: Asking, kind: str, number: int, now: datetime) -> None:
    """Note that one of them was enough."""
    push(asking, now, k="solve", i=f"{kind}:{number}", w=asking.network(now))


def asked(asking: Asking, now: datetime) -> None:
    """Note that somebody opened the form of a ticket."""
    push(asking, now, k="form")


def ticketed(asking: Asking, now: datetime) -> None:
    """Note that somebody opened a ticket. Yesterday's word goes along, since a visit lasts a day."""
    push(asking, now, k="ticket", b=visitor_of(asking.key, asking.who, now - timedelta(days=1)))


def push(asking: Asking, now: datetime, **note: Any) -> None:
    """Put a note at the end of the list; the oldest go where nobody counts them. A Redis that was away is left alone for a while."""
    if not asking.is_reader or monotonic() < pause.get("until", 0.0):
        return
    about: Mapping[str, Any] = {"t": now.timestamp(), "v": asking.visitor(now), **({"m": 1} if asking.is_demo else {}), **note}
    try:
        if redis().rpush(NOTES, json.dumps(about, separators=(",", ":"))) > MOST_NOTES:  # type: ignore[operator]
            redis().ltrim(NOTES, -MOST_NOTES, -1)
    except (RedisError, OSError) as away:
        pause["until"] = monotonic() + PAUSE_SECONDS
        log.info("readers.not_noted", error=type(away).__name__)
