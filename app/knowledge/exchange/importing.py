"""Taking knowledge in from files. Repeating an import changes nothing, and every text that it replaces is kept as a version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.knowledge.exchange.files import ArticleFile, Care, TranslationFile
from app.knowledge.exchange.questions import AnswerIn, FaqRow
from app.knowledge.models import Article, Faq
from app.knowledge.rules import TEXTS
from app.knowledge.translations.actions import source_of
from app.knowledge.translations.models import Translation
from app.knowledge.translations.queries import words_of
from app.knowledge.writing import pictures, traces
from app.knowledge.writing.models import Redirect

Values = dict[str, Any]


@dataclass
class Imported:
    """What an import did: entries that are new, that changed, that were the same already, and what could not be followed."""

    added: int = 0
    changed: int = 0
    same: int = 0
    # (file or id, why)
    remarks: list[tuple[str, str]] = field(default_factory=list)

    def count(self, is_new: bool, is_different: bool) -> None:
        """One more entry."""
        self.added += is_new
        self.changed += is_different and not is_new
        self.same += not is_new and not is_different

    def join(self, other: "Imported") -> "Imported":
        """Both together."""
        remarks = [*self.remarks, *other.remarks]
        return Imported(self.added + other.added, self.changed + other.changed, self.same + other.same, remarks)


def import_faqs(rows: Sequence[FaqRow], *, source: str | None, now: datetime, actor: User | None = None) -> Imported:
    """Add the questions that are not there by their id, and change those that differ. One event for all. Flushes.

    Popularity of a question that exists only rises by an import: what readers did is not forgotten. Two statements where all
    are the same already, one more for each translation, three for each question with old addresses.
    """
    told, keys = Imported(), [row.external_id for row in rows]
    known = {faq.external_id: faq for faq in db.session.scalars(select(Faq).where(Faq.external_id.in_(keys)))}
    owners = owners_of(row.care for row in rows)
    there = [(known[row.external_id], row) for row in rows if row.external_id in known]
    traces.before_import([entry for entry, row in there if differing(entry, faq_values(entry, row, owners))])
    touched = [put_faq(known.get(row.external_id), row, owners, told, now) for row in rows]
    traces.after_import([entry for entry in touched if entry is not None])
    return recorded(told, source, actor, now)


def put_faq(entry: Faq | None, row: FaqRow, owners: Mapping[str, int], told: Imported, now: datetime) -> Faq | None:
    """Write one row; the entry where it is new or another."""
    is_new = entry is None
    if entry is None:
        entry = Faq(external_id=row.external_id, created_at=now, changed_at=now)
    changed = put(entry, faq_values(entry, row, owners), now)
    changed |= care_for(entry, row.external_id, row.care, owners, told, now)
    for locale, text in row.translations:
        changed |= put_translation(entry, locale, words_in(text), text.source, now)
    told.count(is_new, changed)
    return entry if is_new or changed else None


def faq_values(entry: Faq, row: FaqRow, owners: Mapping[str, int]) -> Values:
    """What a question is to be."""
    popularity = max(entry.popularity or 0, row.popularity)
    return {**row.columns, "popularity": popularity, **cared(row.care, owners)}


def put(entry: Faq | Article, values: Values, now: datetime) -> bool:
    """Set what differs, and add what is new; whether anything did."""
    different = differing(entry, values)
    for name, value in different.items():
        setattr(entry, name, value)
    if different.keys() & TEXTS:
        entry.text_version = (entry.text_version or 0) + 1
    if different:
        entry.changed_at = now
    if entry.id is None:
        db.session.add(entry)
    return bool(different)


def differing(entry: Faq | Article | Translation, values: Values) -> Values:
    """The columns that would change. What readers have seen is withdrawn where a file has it archived, as only drafts are."""
    if values.get("status") == "archived" and entry.status in {"published", "withdrawn"}:
        values = {**values, "status": "withdrawn"}
    return {name: value for name, value in values.items() if getattr(entry, name) != value}


def cared(care: Care, owners: Mapping[str, int]) -> Values:
    """Owner and next review where the file says them; an owner whom nobody knows is left out, and "" takes them away."""
    values: Values = {"review_on": care.review_on} if care.review_on is not None else {}
    if care.owner == "":
        values["owner_id"] = None
    elif care.owner is not None and care.owner in owners:
        values["owner_id"] = owners[care.owner]
    return values


def owners_of(cares: Iterable[Care]) -> dict[str, int]:
    """Address → number of the staff who are named as owners. One statement, none where nobody is."""
    wanted = sorted({care.owner for care in cares if care.owner})
    if not wanted:
        return {}
    people = db.session.scalars(select(User).where(User.email.in_(wanted), User.is_enabled)).all()
    return {person.email: person.id for person in people if person.is_staff}


def care_for(entry: Faq | Article, name: str, care: Care, owners: Mapping[str, int], told: Imported, now: datetime) -> bool:
    """Write the old addresses that a file names, and remark what could not be followed; whether any was written. Flushes, and
    three statements, where the file names some."""
    if care.owner and care.owner not in owners:
        told.remarks.append((name, f"{care.owner} is nobody at the desk, so the owner is not set"))
    if not care.redirects:
        return False
    db.session.flush()
    leads, taken = standing(care.redirects)
    for path in dict.fromkeys(care.redirects):
        if leads.get(path, (entry.kind, entry.id)) != (entry.kind, entry.id):
            told.remarks.append((name, f"the old address {path} leads to another entry already"))
        elif path in taken:
            told.remarks.append((name, f"{path} is the address of an entry, so nothing leads away from it"))
    wanted = unled(care, leads, taken)
    db.session.add_all(Redirect(path=path, kind=entry.kind, entry_id=entry.id, created_at=now) for path in wanted)
    return bool(wanted)


def standing(paths: Sequence[str]) -> tuple[dict[str, tuple[str, int]], set[str]]:
    """Of some addresses: where those lead that lead somewhere already, and which are those of entries. Three statements, none for none."""
    if not paths:
        return {}, set()
    query = select(Redirect.path, Redirect.kind, Redirect.entry_id).where(Redirect.path.in_(paths))
    return {path: (kind, number) for path, kind, number in db.session.execute(query)}, addresses_taken(paths)


def unled(care: Care, leads: Mapping[str, tuple[str, int]], taken: set[str]) -> list[str]:
    """The old addresses of an entry that a file brings: those that lead nowhere yet and are no entry's."""
    return [path for path in dict.fromkeys(care.redirects) if path not in leads and path not in taken]


def addresses_taken(paths: Sequence[str]) -> set[str]:
    """Which of some addresses are those of entries. Two statements."""
    keys = [path.removeprefix("faq/") for path in paths if path.startswith("faq/")]
    faqs = db.session.scalars(select(Faq.external_id).where(Faq.external_id.in_(keys)))
    slugs = [path.rpartition("/")[2] for path in paths]
    articles = db.session.execute(select(Article.section, Article.slug).where(Article.slug.in_(slugs)))
    return {*(f"faq/{key}" for key in faqs), *(f"{section}/{slug}" for section, slug in articles)} & set(paths)


def import_articles(files: Sequence[ArticleFile], *, source: str | None, now: datetime, actor: User | None = None) -> Imported:
    """Add the articles that are not there by section and slug, and change those that differ. One event for all. Flushes."""
    told, known, owners = Imported(), articles_of(files), owners_of(file.care for file in files)
    there = [(known[file.section, file.slug], file) for file in files if (file.section, file.slug) in known]
    traces.before_import([entry for entry, file in there if differing(entry, article_values(file, owners))])
    touched = [put_article(known.get((file.section, file.slug)), file, owners, told, now) for file in files]
    traces.after_import([entry for entry in touched if entry is not None])
    return recorded(told, source, actor, now)


def articles_of(files: Sequence[ArticleFile | TranslationFile]) -> dict[tuple[str, str], Article]:
    """(section, slug) → the articles that some files are about. One statement."""
    query = select(Article).where(Article.slug.in_({file.slug for file in files}))
    return {(article.section, article.slug): article for article in db.session.scalars(query)}


def put_article(entry: Article | None, file: ArticleFile, owners: Mapping[str, int], told: Imported, now: datetime) -> Article | None:
    """Write one article; it is returned where it is new or another."""
    is_new = entry is None
    if entry is None:
        entry = Article(created_at=now, changed_at=now)
    changed = put(entry, article_values(file, owners), now)
    changed |= care_for(entry, file.path, file.care, owners, told, now)
    told.count(is_new, changed)
    return entry if is_new or changed else None


def article_values(file: ArticleFile, owners: Mapping[str, int]) -> Values:
    """What an article is to be."""
    return {**file.columns, **cared(file.care, owners)}


def import_translations(files: Sequence[TranslationFile], *, source: str | None, now: datetime, actor: User | None = None) -> Imported:
    """Add and change translations of articles that are there. One event for all. Flushes. One statement, and two for each
    that is the same already."""
    told, known = Imported(), articles_of(files)
    for file in files:
        entry = known.get((file.section, file.slug))
        if entry is None:
            told.remarks.append((file.path, f"left out, since there is no {file.section}/{file.slug}.md that it translates"))
            continue
        is_new = not has_translation(entry, file.locale)
        told.count(is_new, put_translation(entry, file.locale, words_in(file), file.source, now))
    db.session.flush()
    return recorded(told, source, actor, now)


def words_in(text: TranslationFile | AnswerIn) -> Values:
    """What a translation is to say."""
    if isinstance(text, TranslationFile):
        return {"title": text.title, "summary": text.summary, "body": text.body, "status": text.status}
    return {"title": text.question, "summary": "", "body": text.answer, "status": text.status}


def has_translation(entry: Faq | Article, locale: str) -> bool:
    """Whether an entry has one. One statement."""
    where = (Translation.kind == entry.kind, Translation.entry_id == entry.id, Translation.locale == locale)
    return db.session.scalar(select(Translation.id).where(*where)) is not None


def put_translation(entry: Faq | Article, locale: str, words: Values, source: str, now: datetime) -> bool:
    """Write one translation; whether anything changed. One statement, one for a new entry, and up to five where it has pictures or had some."""
    if entry.id is None:
        db.session.flush()
    where = (Translation.kind == entry.kind, Translation.entry_id == entry.id, Translation.locale == locale)
    there = db.session.scalar(select(Translation).where(*where))
    row = there or Translation(kind=entry.kind, entry_id=entry.id, locale=locale, created_at=now)
    different, before = differing(row, translation_values(entry, row, words, source)), row.body or ""
    for name, value in different.items():
        setattr(row, name, value)
    if different:
        row.changed_at = now
        db.session.add(row)
    if different and (pictures.refs_in(before) or pictures.refs_in(row.body)):
        db.session.flush()
        pictures.note_uses(entry)
    return bool(different)


def translation_values(entry: Faq | Article, row: Translation, words: Values, source: str) -> Values:
    """What a translation is to be."""
    return {**words, **made_from(entry, row, source)}


def made_from(entry: Faq | Article, row: Translation, source: str) -> Values:
    """Which original a translation was made from: today's where the fingerprint says so or there is none, else what is known of it."""
    if not source or source == words_of(entry).fingerprint:
        return source_of(entry)
    if row.source_hash == source:
        return {}
    return {"source_version": 0, "source_hash": source, "source_title": "", "source_summary": "", "source_body": ""}


def recorded(told: Imported, source: str | None, actor: User | None, now: datetime) -> Imported:
    """Record an import that did something; what ships with the product has no source and is no event."""
    if source is not None and (told.added or told.changed):
        facts = {"source": source[:200], "added": told.added, "changed": told.changed}
        record("knowledge.imported", now=now, actor=actor, facts=facts)
    return told


def finished(told: Imported, source: str, actor: User | None, now: datetime) -> None:
    """Record that an import is through, if it did anything: what looks at all of it begins then. Flushes."""
    if told.added or told.changed:
        facts = {"source": source[:200], "added": told.added, "changed": told.changed}
        record("knowledge.import_finished", now=now, actor=actor, facts=facts)


def paths_leading_to(kind: str) -> dict[int, tuple[str, ...]]:
    """Number of an entry → the old addresses that lead to it, in order. One statement."""
    found: dict[int, list[str]] = {}
    query = select(Redirect.entry_id, Redirect.path).where(Redirect.kind == kind).order_by(Redirect.path)
    for number, path in db.session.execute(query):
        found.setdefault(number, []).append(path)
    return {number: tuple(paths) for number, paths in found.items()}
