"""Looking after links: after a text has changed, each week for all of them, and hour by hour for those that lead elsewhere."""

from time import monotonic
from typing import Any

from sqlalchemy import and_, or_, select

from app.events.models import Event
from app.extensions import db
from app.knowledge.links import actions, asking
from app.knowledge.links.models import EntryLink
from app.knowledge.links.rules import DAY, WEEK
from app.knowledge.models import KINDS
from app.lib.batches import batched
from app.lib.clock import utcnow
from app.lib.database import writing

CHUNK = 100
# What one run asks for, and how long it may take: the rest has its turn an hour later.
MOST_ASKED = 200
RUN_SECONDS = 120.0


def follow_entry(event_id: int) -> None:
    """After an entry was published, taken back or changed: its links, and those that lead to it. Again is harmless.

    CHUNK entries a transaction, as `scan`.
    """
    event = db.session.get(Event, event_id)
    if event is None:
        return
    kind, number = event.facts["kind"], event.facts["entry_id"]
    db.session.rollback()
    with writing():
        entry = note_one(kind, number)
        others = [other for other in actions.leading_to(entry) if other != (kind, number)] if entry is not None else []
        db.session.commit()
    for some in batched(others, CHUNK):
        with writing():
            for other in some:
                note_one(*other)
            db.session.commit()


def follow_import(event_id: int) -> None:
    """After an import is through: every entry. Again is harmless."""
    scan()


def scan() -> int:
    """Each week: the links of every published entry, those within our pages judged. Returns how many links there are.

    CHUNK entries a transaction, so that a large help centre keeps nobody waiting.
    """
    total = 0
    for table in KINDS.values():
        last = 0
        while True:
            with writing():
                query = select(table).where(table.id > last).order_by(table.id).limit(CHUNK)
                entries: list[Any] = list(db.session.scalars(query))
                total += sum(actions.note_links(entry, utcnow()) for entry in entries)
                db.session.commit()
            if len(entries) < CHUNK:
                break
            last = entries[-1].id
            db.session.expunge_all()
    return total


def ask_others() -> int:
    """Each hour: external addresses whose turn has come, each once, however many entries have it. Returns how many were asked for.

    No transaction is open while a server is asked.
    """
    until, done = monotonic() + RUN_SECONDS, 0
    for key, url in due():
        if monotonic() > until:
            break
        ask_one(key, url)
        done += 1
    return done


def due() -> list[tuple[str, str]]:
    """(key, address) of those to be asked for, the hosts mixed, so that none waits for one. One statement."""
    now = utcnow()
    old = or_(EntryLink.checked_at < now - WEEK, and_(EntryLink.failed_on.is_not(None), EntryLink.checked_at < now - DAY))
    where = (EntryLink.is_external, EntryLink.ignored_at.is_(None), or_(EntryLink.checked_at.is_(None), old))
    query = select(EntryLink.key, EntryLink.url).where(*where).order_by(EntryLink.checked_at.is_not(None), EntryLink.checked_at)
    found = {row.key: row.url for row in db.session.execute(query.limit(MOST_ASKED))}
    db.session.rollback()
    turns: dict[str, int] = {}
    placed = []
    for key, url in found.items():
        host = asking.host_of(url)
        turns[host] = turns.get(host, 0) + 1
        placed.append((turns[host], key, url))
    return [(key, url) for _, key, url in sorted(placed, key=lambda one: one[0])]


def ask_one(key: str, url: str) -> None:
    """One address, and what it told."""
    found = asking.ask(url)
    with writing():
        actions.note_finding(key, found, utcnow())
        db.session.commit()


def recheck(event_id: int) -> None:
    """After somebody asked for it: one link, now. Again is harmless."""
    event = db.session.get(Event, event_id)
    link = db.session.get(EntryLink, event.facts["link_id"]) if event is not None else None
    if link is None:
        return
    key, url, is_external = link.key, link.url, link.is_external
    kind, number = link.kind, link.entry_id
    db.session.rollback()
    if is_external:
        ask_one(key, url)
        return
    with writing():
        note_one(kind, number)
        db.session.commit()


def note_one(kind: str, number: int) -> Any:
    """Bring the list up to one entry, which is returned; None for one that is gone."""
    entry: Any = db.session.get(KINDS[kind], number)
    if entry is not None:
        actions.note_links(entry, utcnow())
    return entry
