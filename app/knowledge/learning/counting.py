"""From readers' notes in Redis to counts in the database, once a minute, each note once.

A batch is named before it is counted, its name is stored with the counts, and it leaves Redis in one step afterwards. Whoever
dies in between, or runs beside another, finds the name and counts nothing twice.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from secrets import token_hex
from typing import Any

from redis import WatchError
from sqlalchemy import func, select

from app.extensions import db, redis
from app.knowledge.learning import journeys, popularity
from app.knowledge.learning.journeys import DAY_SECONDS, PATIENCE_SECONDS, Counts, Visit
from app.knowledge.learning.models import EntryDay, ReaderDay, ReaderMark
from app.knowledge.learning.rules import REST, VIEWS_A_NETWORK
from app.knowledge.learning.tally import add
from app.knowledge.models import TABLES, SearchCount, SearchMiss
from app.knowledge.readers import NOTES
from app.knowledge.rules import SOLVED, VIEW, is_step
from app.lib.database import serialize_on

BATCH = "hive:readers:batch"
VISIT = "hive:visit:{}"
WAITING = "hive:readers:waiting"
NETWORK = "hive:readers:network:{}"
# Notes younger than this may be steps of typing; they wait for the next time.
SETTLE_SECONDS = 30.0
TYPING_SECONDS = 20.0
MOST = 5000
# So many questions are kept of a day; further ones are counted together.
MOST_QUERIES = 2000


@dataclass
class Batch:
    """Notes on their way into the database: what identifies them, how many, and what Redis holds once they are counted."""

    raw: bytes
    size: int
    # The moment up to which it counts, in seconds.
    moment: float
    visits: dict[str, Visit] = field(default_factory=dict)
    networks: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counter)
    misses: dict[str, int] = field(default_factory=dict)
    results: dict[str, int] = field(default_factory=dict)


def count(now: datetime) -> Batch | None:
    """Count the notes that have settled, in the open transaction; hand what it returns to `finish` after the commit.

    None where there is nothing to count. A batch that was counted before is not counted again. A dozen statements, and
    three for each entry that somebody read.
    """
    serialize_on(db.session, "readers")
    mark = db.session.get(ReaderMark, "readers", populate_existing=True) or db.session.merge(ReaderMark(name="readers", batch=""))
    named = name_batch(now)
    if named is None:
        return None
    about = json.loads(named)
    batch = Batch(named, about["n"], about["t"])
    work_out(batch)
    if mark.batch != about["id"]:
        store(batch, now)
        mark.batch = about["id"]
    return batch


def name_batch(now: datetime) -> bytes | None:
    """The batch that is under way, or a new one of the notes that have settled by now; None where there are none."""
    under_way: Any = redis().get(BATCH)
    if under_way is not None:
        return bytes(under_way)
    moment = now.timestamp()
    size = len([note for note in notes(MOST) if note["t"] <= moment - SETTLE_SECONDS])
    late = redis().zcount(WAITING, "-inf", moment - PATIENCE_SECONDS)
    if not size and not late:
        return None
    named = json.dumps({"id": token_hex(8), "n": size, "t": moment})
    redis().set(BATCH, named)
    return named.encode()


def notes(most: int) -> list[dict[str, Any]]:
    """The oldest notes. One that is younger than a later one waits with it: they are in the order of arrival."""
    lines: Any = redis().lrange(NOTES, 0, most - 1)
    return [json.loads(line) for line in lines]


def work_out(batch: Batch) -> None:
    """What a batch amounts to, from the notes and the visits that Redis holds."""
    ahead, given_up_by = notes(MOST), batch.moment - PATIENCE_SECONDS
    mine = settled(ahead, batch.size)
    late: Any = redis().zrangebyscore(WAITING, "-inf", given_up_by, start=0, num=MOST)
    waiting = [visitor.decode() for visitor in late]
    load(batch, {word for note in mine for word in (note["v"], note.get("b")) if word} | set(waiting))
    for note in mine:
        if note["k"] == "elsewhere":
            add_search(batch, note, journeys.elsewhere(note))
            continue
        for visitor in (note["v"], *([note["b"]] if "b" in note else [])):
            take(batch, visitor, note)
    for visitor in waiting:
        visit = batch.visits.get(visitor)
        if visit is not None and visit["l"] <= given_up_by:
            batch.visits[visitor], counts = journeys.given_up(visit)
            batch.counts.update(counts)
        elif visit is None:
            batch.visits[visitor] = {}


def settled(ahead: Sequence[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """The first `size` notes without the searches that are steps of typing a later one."""
    kept = []
    later: dict[str, dict[str, Any]] = {}
    for place in range(len(ahead) - 1, -1, -1):
        note = ahead[place]
        if note["k"] == "search":
            after = later.get(note["v"])
            later[note["v"]] = note
            if (
                after is not None
                and after["t"] - note["t"] <= TYPING_SECONDS
                and note["q"] != after["q"]
                and is_step(note["q"], after["q"])
            ):
                continue
        if place < size:
            kept.append(note)
    return kept[::-1]


def load(batch: Batch, visitors: Iterable[str]) -> None:
    """Read the visits of these visitors."""
    names = sorted(visitors)
    found: Any = redis().mget([VISIT.format(name) for name in names]) if names else []
    batch.visits = {name: json.loads(raw) for name, raw in zip(names, found, strict=True) if raw is not None}


def take(batch: Batch, visitor: str, note: dict[str, Any]) -> None:
    """Add a note to its visit. A ticket belongs to no visit but one that is there."""
    visit = batch.visits.get(visitor)
    if not visit or journeys.is_over(visit, note["t"]):
        if note["k"] in {"ticket", "form", "vote"}:
            return
        visit = journeys.begun(note)
    batch.visits[visitor], counts = journeys.follow(visit, note)
    earning = [key for key in counts if key[0] == "entry" and key[-1] in {"views", "solved"}]
    for key in earning if note.get("w") else ():
        if not allowed(batch, note["w"], f"{key[3]}:{key[4]}"):
            del counts[key]
    if note["k"] == "search":
        add_search(batch, note, counts)
    else:
        batch.counts.update(counts)


def add_search(batch: Batch, note: dict[str, Any], counts: Counts) -> None:
    """Add what a search amounts to, and keep its words for the writers if nothing fitted."""
    batch.counts.update(counts)
    batch.results[note["q"]] = note["n"]
    if any(key[0] == "query" and key[-1] in {"empty", "weak"} for key in counts):
        batch.misses[note["q"]] = batch.misses.get(note["q"], 0) + 1


def allowed(batch: Batch, network: str, what: str) -> bool:
    """Whether one more reader of an entry from a network counts today."""
    name = NETWORK.format(f"{network}:{what}")
    if name not in batch.networks:
        batch.networks[name] = int(redis().get(name) or 0)  # type: ignore[arg-type]
    batch.networks[name] += 1
    return batch.networks[name] <= VIEWS_A_NETWORK


def finish(batch: Batch | None) -> None:
    """Let a batch leave Redis, after the commit that counted it: its notes go, its visits are kept as they are now. Again is harmless."""
    if batch is None:
        return
    with redis().pipeline() as pipe:
        try:
            pipe.watch(BATCH)
            if pipe.get(BATCH) != batch.raw:
                return
            pipe.multi()
            if batch.size:
                pipe.ltrim(NOTES, batch.size, -1)
            for visitor, visit in batch.visits.items():
                keep(pipe, visitor, visit, batch.moment)
            for name, number in batch.networks.items():
                pipe.set(name, number, ex=DAY_SECONDS)
            pipe.delete(BATCH)
            pipe.execute()
        except WatchError:
            return


def keep(pipe: Any, visitor: str, visit: Visit, moment: float) -> None:
    """Keep a visit until its day is over."""
    left = int(visit["s"] + DAY_SECONDS - moment) if visit else 0
    if left > 0:
        pipe.set(VISIT.format(visitor), json.dumps(visit, separators=(",", ":")), ex=left)
    if left > 0 and journeys.waits(visit):
        pipe.zadd(WAITING, {visitor: visit["l"]})
    else:
        pipe.zrem(WAITING, visitor)


def store(batch: Batch, now: datetime) -> None:
    """Add a batch to the counts of its days, and its readers to what they read."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for (what, day, is_demo, *name, column), number in batch.counts.items():
        about = {"day": date.fromisoformat(day), "is_demo": is_demo, **named_by(what, *name)}
        rows.setdefault((what, day, is_demo, *name), about)[column] = number
    add(ReaderDay, [row for key, row in rows.items() if key[0] == "reader"], ("day", "is_demo"))
    entries = [row for key, row in rows.items() if key[0] == "entry"]
    add(EntryDay, entries, ("day", "is_demo", "kind", "entry_id"))
    kept = store_queries([row | {"results": batch.results.get(row["query"], 0)} for key, row in rows.items() if key[0] == "query"])
    misses = [{"query": query, "times": times, "last_at": now} for query, times in batch.misses.items() if query in kept]
    add(SearchMiss, misses, ("query",), replaced=("last_at",))
    store_views(entries, now)


def named_by(what: str, *name: str) -> dict[str, Any]:
    """The columns that name what is counted."""
    if what == "entry":
        kind, _, number = name[0].partition(":")
        return {"kind": kind, "entry_id": int(number)}
    return {"query": name[0]} if what == "query" else {}


def store_queries(rows: list[dict[str, Any]]) -> set[str]:
    """Add to the counts of questions: MOST_QUERIES of a day by themselves, any others together. Returns those by themselves."""
    kept: dict[tuple[date, bool, str], dict[str, Any]] = {}
    for day, is_demo in sorted({(row["day"], row["is_demo"]) for row in rows}):
        mine = [row for row in rows if (row["day"], row["is_demo"]) == (day, is_demo)]
        there = (SearchCount.day == day, SearchCount.is_demo == is_demo)
        known = set(db.session.scalars(select(SearchCount.query).where(*there, SearchCount.query.in_([row["query"] for row in mine]))))
        room = MOST_QUERIES - (db.session.scalar(select(func.count()).select_from(SearchCount).where(*there)) or 0)
        for row in mine:
            if row["query"] not in known:
                room -= 1
            query = row["query"] if row["query"] in known or room >= 0 else REST
            merge(kept.setdefault((day, is_demo, query), {"day": day, "is_demo": is_demo, "query": query}), row)
    add(SearchCount, list(kept.values()), ("day", "is_demo", "query"), replaced=("results",))
    return {query for _, _, query in kept}


def merge(into: dict[str, Any], row: dict[str, Any]) -> None:
    """Add the numbers of one row to those of another."""
    for name, value in row.items():
        if name not in {"day", "is_demo", "query"}:
            into[name] = into.get(name, 0) + value


def store_views(entries: list[dict[str, Any]], now: datetime) -> None:
    """Add readers to the entries themselves, and to their popularity. Three statements for each entry."""
    sums: dict[tuple[str, int], Counter[str]] = {}
    for row in entries:
        mine = sums.setdefault((row["kind"], row["entry_id"]), Counter())
        mine.update({name: row.get(name, 0) for name in ("views", "solved")})
    for (kind, number), mine in sorted(sums.items()):
        points = mine["views"] * VIEW + mine["solved"] * SOLVED
        if points:
            table = TABLES[kind]
            db.session.execute(table.update().where(table.c.id == number).values(views=table.c.views + mine["views"]))
            popularity.earn(kind, number, points, now)
