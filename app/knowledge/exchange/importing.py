"""Taking knowledge in from files, and giving it out again. Repeating an import changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from sqlalchemy import select

from app.events.actions import record
from app.extensions import db
from app.knowledge.exchange.files import ArticleFile, FaqRow
from app.knowledge.models import Article, Faq
from app.knowledge.rules import TEXTS, popularity_step

CHUNK = 500
Progress = Callable[[int], None]


@dataclass
class Imported:
    """What an import did: entries that are new, that changed, that were the same already."""

    added: int = 0
    changed: int = 0
    same: int = 0

    def count(self, is_new: bool, is_different: bool) -> None:
        """One more entry."""
        self.added += is_new
        self.changed += is_different and not is_new
        self.same += not is_new and not is_different


def import_faqs(rows: Sequence[FaqRow], *, source: str | None, now: datetime, progress: Progress = lambda done: None) -> Imported:
    """Add the questions that are not there by their id, and change those that differ. One event for all. Flushes.

    Popularity of a question that exists only rises by an import: what readers did is not forgotten. Two statements for
    each 500 rows that are the same already.
    """
    told = Imported()
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        known = {
            faq.external_id: faq for faq in db.session.scalars(select(Faq).where(Faq.external_id.in_([row.external_id for row in part])))
        }
        for row in part:
            entry = known.get(row.external_id)
            told.count(entry is None, put_faq(entry, row, now))
        db.session.flush()
        db.session.expunge_all()
        progress(len(part))
    return recorded(told, source, now)


def put_faq(entry: Faq | None, row: FaqRow, now: datetime) -> bool:
    """Write one row; whether anything changed."""
    values = {**vars(row), "tags": list(row.tags)}
    if entry is None:
        db.session.add(Faq(**values, created_at=now, changed_at=now))
        return True
    values["popularity"] = max(entry.popularity, row.popularity)
    return rewrite(entry, values, now)


def rewrite(entry: Faq | Article, values: dict[str, object], now: datetime) -> bool:
    """Set what differs; whether anything did."""
    different = {name: value for name, value in values.items() if getattr(entry, name) != value}
    for name, value in different.items():
        setattr(entry, name, value)
    if different.keys() & TEXTS:
        entry.text_version += 1
    if different:
        entry.changed_at = now
    return bool(different)


def import_articles(
    articles: Sequence[ArticleFile], *, source: str | None, now: datetime, progress: Progress = lambda done: None
) -> Imported:
    """Add the articles that are not there by section and slug, and change those that differ. One event for all. Flushes."""
    told = Imported()
    known = {(article.section, article.slug): article for article in db.session.scalars(select(Article))} if articles else {}
    for file in articles:
        entry = known.get((file.section, file.slug))
        values = {**vars(file), "tags": list(file.tags)}
        if entry is None:
            db.session.add(Article(**values, created_at=now, changed_at=now))
        told.count(entry is None, entry is None or rewrite(entry, values, now))
        progress(1)
    db.session.flush()
    return recorded(told, source, now)


def recorded(told: Imported, source: str | None, now: datetime) -> Imported:
    """Record an import that did something; what ships with the product has no source and is no event."""
    if source is not None and (told.added or told.changed):
        record("knowledge.imported", now=now, facts={"source": source[:200], "added": told.added, "changed": told.changed})
    return told


def faq_rows() -> Iterator[FaqRow]:
    """Every question as a row of an export, drafts among them, in the order in which they were written."""
    columns = (Faq.external_id, Faq.question, Faq.answer, Faq.category, Faq.tags, Faq.popularity, Faq.audience, Faq.status)
    for key, question, answer, category, tags, *rest in db.session.execute(select(*columns).order_by(Faq.id)):
        yield FaqRow(key, question, answer, category, tuple(tags), *rest)


def article_files() -> Iterator[ArticleFile]:
    """Every article as a file of an export, by section and position."""
    for a in db.session.scalars(select(Article).order_by(Article.section, Article.position, Article.slug)):
        yield ArticleFile(
            a.section, a.slug, a.title, a.body, a.summary, a.audience, a.position, tuple(a.tags), a.product_version, a.reviewed_on, a.status
        )


def stamp(version: int, changed_at: datetime, heading: str, popularity: int) -> str:
    """What the index compares: it changes with the text, also where another database took this one's place, and when the
    popularity has doubled."""
    return f"{version}.{int(changed_at.timestamp())}.{crc32(heading.encode()):08x}.{popularity_step(popularity)}"
