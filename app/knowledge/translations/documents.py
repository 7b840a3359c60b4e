"""Translations as the index takes them: texts of their own kind (`faq@de`) and audience (`public@de`), under the number of
their entry. Who searches in another language asks those audiences, too; nobody else sees anything of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, select

from app.extensions import db
from app.knowledge.models import KINDS, Article, Faq
from app.knowledge.render import plain
from app.knowledge.translations.models import Translation
from app.knowledge.translations.rules import MARK, ORIGINAL, kind_in
from app.lib.batches import batched
from app.search.documents import Document

CHUNK = 500
Stamp = Callable[[int, Any, str, int], str]


def key_of(kind: str, locale: str, number: int) -> str:
    """The name of a translation in the index."""
    return f"{kind_in(kind, locale)}:{number}"


def published(kind: str, *columns: Any) -> Select[Any]:
    """The published translations of published entries of a kind, with what the index needs of the entry."""
    table = KINDS[kind]
    entry = (table.audience, table.popularity, table.version.label("entry_version"))
    query = select(*columns, *entry).join(table, table.id == Translation.entry_id)
    return query.where(Translation.kind == kind, Translation.status == "published", table.status == "published")


def stamps(stamp: Stamp) -> dict[str, str]:
    """Key → stamp of every translation that the index should have: it changes with the translation and with its entry. Two statements."""
    columns = (Translation.entry_id, Translation.locale, Translation.version, Translation.changed_at, Translation.title)
    return {
        key_of(kind, row.locale, row.entry_id): f"{stamp(row.version, row.changed_at, row.title, row.popularity)}.{row.entry_version}"
        for kind in KINDS
        for row in db.session.execute(published(kind, *columns))
    }


def documents(stamp: Stamp, keys: Iterable[str] | None = None) -> Iterator[Document]:
    """Every such translation as the index takes it, or those with the given keys. One statement for each 500."""
    wanted = [key for key in keys if MARK in key] if keys is not None else list(stamps(stamp))
    for part in batched(wanted, CHUNK):
        yield from chunk(stamp, frozenset(part))


def chunk(stamp: Stamp, keys: frozenset[str]) -> Iterator[Document]:
    """The translations with these keys."""
    for kind, table in KINDS.items():
        numbers = {int(key.partition(":")[2]) for key in keys if key.startswith(f"{kind}{MARK}")}
        if not numbers:
            continue
        category = Faq.category if kind == "faq" else Article.section
        query = published(kind, Translation, table.tags, category.label("category")).where(Translation.entry_id.in_(sorted(numbers)))
        for row in db.session.execute(query).all():
            text: Translation = row.Translation
            if key_of(kind, text.locale, text.entry_id) in keys:
                yield document_of(text, row, stamp)


def document_of(text: Translation, row: Any, stamp: Stamp) -> Document:
    """One translation as the index takes it; it has the tags and the readers of its entry."""
    body = f"{text.summary} {plain(text.body)}".strip()
    sign = f"{stamp(text.version, text.changed_at, text.title, row.popularity)}.{row.entry_version}"
    about = (tuple(row.tags), row.category, f"{row.audience}{MARK}{text.locale}", row.popularity, sign)
    return Document(kind_in(text.kind, text.locale), text.entry_id, text.title, body, *about, text.locale)


def audiences_in(locale: str, audiences: frozenset[str]) -> frozenset[str]:
    """Under which audiences the index has what these may read in a language; the originals under their own."""
    return audiences if locale == ORIGINAL else frozenset(f"{audience}{MARK}{locale}" for audience in audiences)


def locales_in(keys: Iterable[str]) -> frozenset[str]:
    """The languages of the translations among some keys of the index."""
    return frozenset(key.partition(MARK)[2].partition(":")[0] for key in keys if MARK in key)


def titles(keys: Sequence[tuple[str, int]], locale: str) -> dict[tuple[str, int], str]:
    """(kind, number) → title in a language, of those that are published in it. One statement for each kind that is there."""
    found = {}
    for kind in KINDS:
        numbers = [number for one, number in keys if one == kind]
        if numbers:
            where = (Translation.kind == kind, Translation.locale == locale, Translation.status == "published")
            query = select(Translation.entry_id, Translation.title).where(*where, Translation.entry_id.in_(numbers))
            found.update({(kind, number): title for number, title in db.session.execute(query)})
    return found
