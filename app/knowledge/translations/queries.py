"""The only readers of translations. Who may read an entry may read what it is in other languages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.extensions import db
from app.knowledge.models import KINDS, Entry, Faq
from app.knowledge.rules import path_of
from app.knowledge.translations.models import Translation
from app.knowledge.translations.rules import CHANGED, ORIGINAL, Words, behind, kind_in, language
from app.knowledge.writing.models import Review
from app.lib.errors import NotFound


@dataclass(frozen=True)
class Version:
    """An entry in one language, for a switch between them: where it is, and how many versions it is behind."""

    locale: str
    url: str
    behind: int = 0

    @property
    def name(self) -> str:
        """What the language is called, in itself."""
        return language(self.locale)


@dataclass(frozen=True)
class Shown:
    """What a reader is shown of an entry: its words in one language, and the languages that there are (none: only this one)."""

    locale: str
    title: str
    summary: str
    body: str
    behind: int = 0
    languages: Sequence[Version] = ()
    # The language that was asked for, where it is not there.
    missing: str = ""

    @property
    def heading(self) -> str:
        """What it is called where no marks are drawn."""
        return self.title.replace("`", "")

    @property
    def note(self) -> str:
        """What its reader must know of it, in its own language where we can say it; empty for a text that says all."""
        if self.missing:
            return f"This is not available in {language(self.missing)} yet. You read the English original."
        return CHANGED.get(self.locale, CHANGED[ORIGINAL]) if self.behind else ""


@dataclass(frozen=True)
class Cell:
    """A place in the table of entries and languages: `missing`, `draft`, `draft beside` the published one, either of them
    `in review`, `current` or `behind` by so many versions."""

    state: str
    behind: int = 0


def words_of(entry: Entry) -> Words:
    """What readers read of an entry, in its original language."""
    if isinstance(entry, Faq):
        return Words(entry.question, "", entry.answer)
    return Words(entry.title, entry.summary, entry.body)


def versions_of(entry: Entry) -> list[Version]:
    """The languages in which an entry can be read, the original first; empty where there is only that. One statement."""
    where = (Translation.kind == entry.kind, Translation.entry_id == entry.id, Translation.status == "published")
    rows = db.session.execute(select(Translation.locale, Translation.source_version).where(*where).order_by(Translation.locale)).all()
    if not rows:
        return []
    found = [Version(locale, path_of(*entry.place, locale), behind(entry.text_version, source)) for locale, source in rows]
    return [Version(ORIGINAL, entry.path), *found]


def in_language(entry: Entry, locale: str, languages: Sequence[Version]) -> Shown:
    """An entry in one of its `languages` (of `versions_of`). One statement for another one than the original."""
    if locale != ORIGINAL:
        found = translation_of(entry.kind, entry.id, locale)
        if found is not None and found.status == "published":
            return Shown(locale, found.title, found.summary, found.body, behind(entry.text_version, found.source_version), languages)
    words = words_of(entry)
    return Shown(ORIGINAL, words.title, words.summary, words.body, 0, languages)


def translation_of(kind: str, number: int, locale: str) -> Translation | None:
    """One translation, drafts among them, or None. One statement."""
    where = (Translation.kind == kind, Translation.entry_id == number, Translation.locale == locale)
    return db.session.scalar(select(Translation).where(*where))


def translation_to_edit(entry: Entry, locale: str) -> Translation:
    """One translation of an entry, drafts among them. Raises NotFound. One statement."""
    found = translation_of(entry.kind, entry.id, locale)
    if found is None:
        raise NotFound
    return found


def cells(rows: Sequence[Any], locales: Sequence[str]) -> Mapping[tuple[str, int], dict[str, Cell]]:
    """(kind, id) → locale → how far it is, for the rows of a list. Two statements for each kind that is there, and one."""
    table: dict[tuple[str, int], dict[str, Cell]] = {(row.kind, row.id): {locale: Cell("missing") for locale in locales} for row in rows}
    columns = (Translation.entry_id, Translation.locale, Translation.status, Translation.source_version, Translation.beside.is_not(None))
    asked_about = in_review([row.id for row in rows], locales)
    for kind, model in KINDS.items():
        numbers = [row.id for row in rows if row.kind == kind]
        if not numbers:
            continue
        newest = select(model.id, model.text_version).where(model.id.in_(numbers))
        versions = {row.id: row.text_version for row in db.session.execute(newest)}
        wanted = select(*columns).where(Translation.kind == kind, Translation.entry_id.in_(numbers), Translation.locale.in_(locales))
        for number, locale, status, source, beside in db.session.execute(wanted):
            late = behind(versions[number], source)
            state = "draft" if status == "draft" else "draft beside" if beside else "behind" if late else "current"
            is_asked = (kind_in(kind, locale), number) in asked_about
            table[kind, number][locale] = Cell("in review" if is_asked else state, late)
    return table


def in_review(numbers: Sequence[int], locales: Sequence[str]) -> set[tuple[str, int]]:
    """(name of the kind in the language, entry) of the translations of these entries that wait for somebody's answer. One statement."""
    names = [kind_in(kind, locale) for kind in KINDS for locale in locales]
    asked = select(Review.kind, Review.entry_id).where(Review.state == "asked", Review.kind.in_(names), Review.entry_id.in_(numbers))
    return {(row.kind, row.entry_id) for row in db.session.execute(asked)}
