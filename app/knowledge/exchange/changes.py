"""What an import would do, before it does anything. Nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.knowledge.exchange import importing
from app.knowledge.exchange.files import TranslationFile
from app.knowledge.exchange.packages import Package
from app.knowledge.models import Article, Faq
from app.knowledge.translations.models import Translation
from app.lib.batches import batched

MOST_SHOWN = 200
# How the columns are called where people read them.
WORDS = {
    "body": "text",
    "answer": "answer",
    "product_version": "version",
    "reviewed_on": "last review",
    "review_on": "next review",
    "owner_id": "owner",
    "front_matter": "other lines",
}


@dataclass(frozen=True)
class Change:
    """What would become of one entry: `new`, `changed` (which fields) or `same`."""

    name: str
    what: str
    fields: tuple[str, ...] = ()


def changes_of(package: Package) -> Iterator[Change]:
    """What would become of each entry of a package. Two statements for each 500."""
    for articles in batched(package.articles, importing.CHUNK):
        known, owners = importing.articles_of(articles), importing.owners_of(file.care for file in articles)
        for file in articles:
            entry = known.get((file.section, file.slug))
            yield change(file.path, entry, importing.article_values(file, owners))
    for rows in batched(package.questions, importing.CHUNK):
        query = select(Faq).where(Faq.external_id.in_([row.external_id for row in rows]))
        faqs, owners = {faq.external_id: faq for faq in db.session.scalars(query)}, importing.owners_of(row.care for row in rows)
        for row in rows:
            faq = faqs.get(row.external_id)
            yield change(row.external_id, faq, importing.faq_values(faq or Faq(), row, owners))
    yield from translation_changes(package.translations)


def translation_changes(files: Sequence[TranslationFile]) -> Iterator[Change]:
    """What would become of translations. Three statements for each 500."""
    for part in batched(files, importing.CHUNK):
        known = importing.articles_of(part)
        numbers = [article.id for article in known.values()]
        query = select(Translation).where(Translation.kind == "article", Translation.entry_id.in_(numbers))
        there = {(row.entry_id, row.locale): row for row in db.session.scalars(query)}
        for file in part:
            entry = known.get((file.section, file.slug))
            row = there.get((entry.id, file.locale)) if entry is not None else None
            yield change(file.path, row, {"title": file.title, "summary": file.summary, "body": file.body, "status": file.status})


def change(name: str, entry: Article | Faq | Translation | None, values: dict[str, Any]) -> Change:
    """What would become of one."""
    if entry is None:
        return Change(name, "new")
    fields = tuple(WORDS.get(field, field) for field, value in values.items() if getattr(entry, field) != value)
    return Change(name, "changed" if fields else "same", fields)
