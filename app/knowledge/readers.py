"""What readers did: noted in Redis while they read, counted in the database once a minute. No name, no address, no cookie.

A search is kept as its masked words. Who asked is a keyed hash that lives in Redis for a day at most: it tells the steps
of typing from the question that was meant, and counts a reader once.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import delete, select

from app.extensions import db, redis
from app.knowledge.actions import counted
from app.knowledge.finding import WEAK
from app.knowledge.models import Article, Faq, SearchCount, SearchMiss
from app.knowledge.rules import MIN_QUERY, VIEW, Asked, masked, settled

log = structlog.get_logger()

NOTES = "hive:readers"
# Notes younger than this may be steps of typing; they wait for the next time.
SETTLE_SECONDS = 30.0
BATCH = 5000
MOST_NOTES = 100_000
READ_ONCE = timedelta(days=1)
KEPT = timedelta(days=90)
PAUSE_SECONDS = 10.0
pause: dict[str, float] = {}
TABLES: dict[str, type[Faq] | type[Article]] = {"faq": Faq, "article": Article}


def searched(visitor: str, query: str, results: int, best: float, now: datetime) -> None:
    """Note a search. One command to Redis; without Redis nothing is noted."""
    words = masked(query)
    if len(words) >= MIN_QUERY:
        push({"t": now.timestamp(), "v": visitor, "q": words, "n": results, "b": best})


def viewed(visitor: str, kind: str, number: int, now: datetime) -> None:
    """Note that somebody opened an entry."""
    push({"t": now.timestamp(), "v": visitor, "k": kind, "i": number})


def push(note: Mapping[str, Any]) -> None:
    """Put a note at the end of the list; the oldest go where nobody counts them. A Redis that was away is left alone for a while."""
    if monotonic() < pause.get("until", 0.0):
        return
    try:
        if redis().rpush(NOTES, json.dumps(note, separators=(",", ":"))) > MOST_NOTES:  # type: ignore[operator]
            redis().ltrim(NOTES, -MOST_NOTES, -1)
    except (RedisError, OSError) as away:
        pause["until"] = monotonic() + PAUSE_SECONDS
        log.info("readers.not_noted", error=type(away).__name__)


def note(now: datetime) -> int:
    """Count the notes that have settled, in the open transaction; returns how many, for `forget`."""
    raw = redis().lrange(NOTES, 0, BATCH - 1)
    limit = now.timestamp() - SETTLE_SECONDS
    notes: list[dict[str, Any]] = []
    for line in raw:  # type: ignore[union-attr]
        found = json.loads(line)
        if found["t"] > limit:
            break
        notes.append(found)
    searches = [Asked(n["t"], n["v"], n["q"], n["n"], n["b"]) for n in notes if "q" in n]
    count_searches(settled(searches), now)
    count_views((n["k"], n["i"], n["v"]) for n in notes if "k" in n)
    return len(notes)


def forget(count: int) -> None:
    """Drop the oldest notes, after the commit that counted them."""
    redis().ltrim(NOTES, count, -1)


def count_searches(searches: list[Asked], now: datetime) -> None:
    """Add to the counts of the day, and to the list of what found nothing. Four statements and one for each new question."""
    day = now.astimezone(UTC).date()
    times = Counter(search.query for search in searches)
    results = {search.query: search.results for search in searches}
    missed = Counter(search.query for search in searches if search.results == 0 or search.best < WEAK)
    known = {row.query: row for row in db.session.scalars(select(SearchCount).where(SearchCount.day == day, SearchCount.query.in_(times)))}
    for query, number in times.items():
        row = known.get(query) or added(SearchCount(day=day, query=query, times=0))
        row.times, row.results = row.times + number, results[query]
    misses = {row.query: row for row in db.session.scalars(select(SearchMiss).where(SearchMiss.query.in_(missed)))}
    for query, number in missed.items():
        miss = misses.get(query) or added(SearchMiss(query=query, times=0))
        miss.times, miss.last_at = miss.times + number, now
    forget_old(day)


def added(row: Any) -> Any:
    """A new row, in the session."""
    db.session.add(row)
    return row


def forget_old(today: date) -> None:
    """Counts older than three months go; their misses stay until a writer has looked."""
    db.session.execute(delete(SearchCount).where(SearchCount.day < today - KEPT))


def count_views(seen: Iterable[tuple[str, int, str]]) -> None:
    """Count each reader of an entry once a day."""
    wanted = sorted(set(seen))
    with redis().pipeline(transaction=False) as pipe:
        for kind, number, visitor in wanted:
            pipe.set(f"hive:read:{kind}:{number}:{visitor}", 1, nx=True, ex=READ_ONCE)
        fresh = pipe.execute() if wanted else []
    counts = Counter((kind, number) for (kind, number, _), is_new in zip(wanted, fresh, strict=True) if is_new)
    for (kind, number), times in counts.items():
        table = TABLES.get(kind)
        if table is not None:
            changes = counted(table, {"views": times, "popularity": times * VIEW})
            db.session.execute(table.__table__.update().where(table.id == number).values(changes))  # type: ignore[attr-defined]
