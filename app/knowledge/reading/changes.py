"""What the public can read, as machines ask for it: when it changed last, and every address there is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, literal, select, union_all

from app.extensions import db
from app.knowledge.finding import columns_of, readable
from app.knowledge.models import KINDS, TABLES, Article, Faq
from app.knowledge.render import plain
from app.knowledge.rules import path_of
from app.knowledge.sections import SECTIONS, STAFF
from app.lib.errors import NotFound

# A site map holds at most so many addresses (sitemaps.org); a part holds the entries of so many numbers.
PART = 50_000
IN_A_FEED = 50
SUMMARY = 300
AT_ONCE = 5000
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """An address below our own, and when what stands there changed last."""

    path: str
    changed_at: datetime


@dataclass(frozen=True)
class Change:
    """An entry as a feed tells of it."""

    kind: str
    id: int
    path: str
    title: str
    summary: str
    category: str
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class State:
    """How many entries the public can read, and when one of them changed last. Another state, another site map."""

    count: int
    changed_at: datetime


def public_state() -> State:
    """The state of all. One statement."""
    asked = [
        select(func.count(table.c.id).label("n"), func.max(table.c.changed_at).label("at")).where(readable(kind, None))
        for kind, table in TABLES.items()
    ]
    rows = db.session.execute(union_all(*asked)).all()
    return State(sum(row.n for row in rows), max((row.at for row in rows if row.at), default=NEVER))


def sections() -> list[Place]:
    """The pages that lead to entries: home, questions, and each section that is not empty for the public. Two statements."""
    table = TABLES["article"].c
    asked = select(table.section, func.max(table.changed_at).label("at")).where(readable("article", None)).group_by(table.section)
    found = [Place(f"/help/{quote(row.section)}", row.at) for row in db.session.execute(asked.order_by(table.section))]
    latest = public_state().changed_at
    return [Place("/help", latest), Place("/help/faq", latest), *found]


def parts() -> list[tuple[str, int, datetime]]:
    """(kind, number of the part, last change) for all entries, PART numbers a part. One statement."""
    asked = []
    for kind, table in TABLES.items():
        part = (table.c.id // PART).label("part")
        asked.append(
            select(literal(kind).label("kind"), part, func.max(table.c.changed_at).label("at")).where(readable(kind, None)).group_by(part)
        )
    return sorted((row.kind, row.part, row.at) for row in db.session.execute(union_all(*asked)))


def places(kind: str, part: int | None = None) -> Iterator[Place]:
    """The addresses of a kind, or of one part of it, read as they are used. One statement for each AT_ONCE."""
    table = TABLES[kind].c
    names = (
        (literal("faq").label("category"), table.external_id.label("key")) if kind == "faq" else (table.section, table.slug.label("key"))
    )
    asked = select(table.id, *names, table.changed_at).where(readable(kind, None)).order_by(table.id).limit(AT_ONCE)
    last, end = (0, None) if part is None else (part * PART - 1, (part + 1) * PART)
    while True:
        within = [table.id > last, *([table.id < end] if end else [])]
        rows = db.session.execute(asked.where(*within)).all()
        for row in rows:
            yield Place(path_of(row[1], row.key), row.changed_at)
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].id


def latest(section: str | None = None) -> list[Change]:
    """The public entries that changed last, newest first: all, or the articles of one section.

    Raises NotFound for a section that is none, or none of the public's.
    Two statements, one for a section.
    """
    kinds = ["article"] if section else list(KINDS)
    rows: list[tuple[str, Any]] = []
    for kind in kinds:
        table = KINDS[kind]
        text = Faq.answer if kind == "faq" else Article.summary
        where = [readable(kind, None), *([Article.section == section] if section else [])]
        asked = select(*columns_of(kind), table.created_at, text.label("text")).where(*where)
        rows += [(kind, row) for row in db.session.execute(asked.order_by(table.changed_at.desc(), table.id.desc()).limit(IN_A_FEED))]
    if section and not rows and (section == STAFF or section not in SECTIONS):
        raise NotFound
    rows.sort(key=lambda pair: (pair[1].changed_at, pair[0], pair[1].id), reverse=True)
    return [change(kind, row) for kind, row in rows[:IN_A_FEED]]


def change(kind: str, row: Any) -> Change:
    """A row as a feed tells of it."""
    path = path_of("faq" if kind == "faq" else row.category, row.key)
    words = plain(row.text)
    summary = words if len(words) <= SUMMARY else f"{words[:SUMMARY].rsplit(' ', 1)[0]} …"
    return Change(kind, row.id, path, row.heading.replace("`", ""), summary, row.category, row.created_at, row.changed_at)
