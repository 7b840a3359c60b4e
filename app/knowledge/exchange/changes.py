"""What an import would do, before it does anything. Nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.knowledge.exchange import importing
from app.knowledge.exchange.files import ArticleFile
from app.knowledge.exchange.packages import Package
from app.knowledge.exchange.pieces import CHUNK
from app.knowledge.exchange.questions import AnswerIn, FaqRow
from app.knowledge.models import Article, Faq
from app.knowledge.translations.models import Translation
from app.knowledge.translations.queries import words_of
from app.knowledge.translations.rules import Words, language
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
    **dict.fromkeys(("source_version", "source_hash", "source_title", "source_summary", "source_body"), "its original"),
}
OLD_ADDRESSES = "old addresses"
Translations = dict[tuple[int, str], Translation]


@dataclass(frozen=True)
class Change:
    """What would become of one entry: `new`, `changed` (which fields), `same`, or `left out` (a translation of what is not there)."""

    name: str
    what: str
    fields: tuple[str, ...] = ()


def changes_of(package: Package) -> Iterator[Change]:
    """What would become of each entry of a package. Six statements at most for each 500 of a kind."""
    for articles in batched(package.articles, CHUNK):
        yield from article_changes(articles)
    for rows in batched(package.questions, CHUNK):
        yield from question_changes(rows)
    yield from translation_changes(package)


def article_changes(files: Sequence[ArticleFile]) -> Iterator[Change]:
    """What would become of articles."""
    known, owners = importing.articles_of(files), importing.owners_of(file.care for file in files)
    leads, taken = importing.standing([path for file in files for path in file.care.redirects])
    for file in files:
        more = [OLD_ADDRESSES] if importing.unled(file.care, leads, taken) else []
        yield change(file.path, known.get((file.section, file.slug)), importing.article_values(file, owners), more)


def question_changes(rows: Sequence[FaqRow]) -> Iterator[Change]:
    """What would become of questions, and of what they are in other languages."""
    query = select(Faq).where(Faq.external_id.in_([row.external_id for row in rows]))
    faqs, owners = {faq.external_id: faq for faq in db.session.scalars(query)}, importing.owners_of(row.care for row in rows)
    leads, taken = importing.standing([path for row in rows for path in row.care.redirects])
    there = translations_of("faq", [faq.id for faq in faqs.values()])
    for row in rows:
        faq = faqs.get(row.external_id)
        more = [OLD_ADDRESSES] if importing.unled(row.care, leads, taken) else []
        if faq is not None:
            words = Words(row.question, "", row.answer)
            more += [language(one) for one, text in row.translations if differs(faq, there.get((faq.id, one)), text, words)]
        yield change(row.external_id, faq, importing.faq_values(faq or Faq(), row, owners), more)


def differs(entry: Faq, row: Translation | None, text: AnswerIn, words: Words) -> bool:
    """Whether a question would be another one in a language, or be brought up to what it is to be in its own."""
    if row is None or (not text.source and words != words_of(entry)):
        return True
    return bool(importing.differing(row, importing.translation_values(entry, row, importing.words_in(text), text.source)))


def translation_changes(package: Package) -> Iterator[Change]:
    """What would become of translations of articles, which may come with the package. Two statements for each 500."""
    coming = {(file.section, file.slug): Words(file.title, file.summary, file.body) for file in package.articles}
    for files in batched(package.translations, CHUNK):
        known = importing.articles_of(files)
        there = translations_of("article", [article.id for article in known.values()])
        for file in files:
            place = (file.section, file.slug)
            entry = known.get(place)
            row = there.get((entry.id, file.locale)) if entry is not None else None
            if entry is None and place not in coming:
                yield Change(file.path, "left out", (f"there is no {file.section}/{file.slug}.md",))
            elif entry is None or row is None:
                yield Change(file.path, "new")
            else:
                moves = not file.source and coming.get(place, words_of(entry)) != words_of(entry)
                values = importing.translation_values(entry, row, importing.words_in(file), file.source)
                yield change(file.path, row, values, [WORDS["source_version"]] if moves else [])


def translations_of(kind: str, numbers: Sequence[int]) -> Translations:
    """(number of the entry, language) → its translation. One statement."""
    query = select(Translation).where(Translation.kind == kind, Translation.entry_id.in_(numbers))
    return {(row.entry_id, row.locale): row for row in db.session.scalars(query)}


def change(name: str, entry: Article | Faq | Translation | None, values: dict[str, Any], more: Sequence[str]) -> Change:
    """What would become of one; `more` is what changes beside its columns."""
    if entry is None:
        return Change(name, "new")
    fields = tuple(dict.fromkeys([*(WORDS.get(field, field) for field in importing.differing(entry, values)), *more]))
    return Change(name, "changed" if fields else "same", fields)
