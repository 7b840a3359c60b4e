"""Keeping the search index in step with the database, whatever happened to either."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from flask import current_app
from sqlalchemy import func, select, union_all

from app.events.models import Event
from app.extensions import db
from app.knowledge.models import KINDS, Article, Faq
from app.knowledge.render import plain
from app.knowledge.rules import popularity_step
from app.knowledge.translations import documents as translations
from app.knowledge.translations.rules import ORIGINAL
from app.knowledge.vocabulary import queries as vocabulary
from app.search import index
from app.search.analysis import read_synonyms
from app.search.documents import Document
from app.search.languages import language
from app.search.semantic import loading
from app.search.store import Unusable

CHUNK = 500
# So many changes at once are cheaper, and leave a tighter index, as a rebuild.
REBUILD_FROM = 2000
# So many texts get vectors between two looks of the keeper: some four seconds, for which what others published waits to be found.
VECTORS_AT_ONCE = 50
# The kinds of events that change what is found; see `mark`.
TELLING = (
    "knowledge.restored",
    "knowledge.published",
    "knowledge.unpublished",
    "knowledge.changed",
    "knowledge.imported",
    "knowledge.translated",
    "knowledge.translation_withdrawn",
    "knowledge.vocabulary_changed",
    "knowledge.vocabulary_imported",
)
# Of each kind so many count, so that one that commits late, with a lower number, shows as well.
LATEST = 20


def home() -> Path:
    """Where the index lies on this machine."""
    return home_in(current_app.config["SETTINGS"].data_dir)


@cache
def home_in(data_dir: str | Path) -> Path:
    """The same, for one place of the data. Each question asks for it, and making a path costs as much as a look at a file."""
    return Path(data_dir) / "index"


def the_index() -> index.Index:
    """This process's object for the index; it finds by meaning, too, where that is wished and the model is there."""
    return index.at(home(), loading.model() if current_app.config["SETTINGS"].search_semantic else None)


def mark() -> str:
    """A word that is another one after each change of what can be found, wherever it was made. One statement, and a short one."""
    latest = [select(Event.id).where(Event.kind == kind).order_by(Event.id.desc()).limit(LATEST).subquery().select() for kind in TELLING]
    numbers = sorted(db.session.scalars(union_all(*latest)))
    return f"{crc32(repr(numbers).encode()):08x}.{len(numbers)}.{numbers[-1] if numbers else 0}"


def generation() -> int:
    """The number of the index that this machine goes by; 0 where it has none that is whole and of this version. No statement."""
    try:
        return the_index().check()
    except Unusable:
        return 0


def documents(keys: Sequence[str] | None = None) -> Iterator[Document]:
    """The published entries as the index takes them: all, or those with the given keys. One statement for each 500."""
    wanted: dict[str, list[int]] = {}
    for key in keys or ():
        kind, _, number = key.partition(":")
        wanted.setdefault(kind, []).append(int(number))
    for kind, table in KINDS.items():
        ids = sorted(wanted.get(kind, [])) if keys is not None else None
        for entry in entries(table, ids):
            yield document_of(entry)
    yield from translations.documents(stamp, keys)


def entries(table: type[Faq] | type[Article], ids: list[int] | None) -> Iterator[Faq | Article]:
    """Published rows of one kind, in pieces, so that a large table is never in memory at once."""
    last = 0
    published = select(table).where(table.status == "published")
    while ids is None or ids:
        if ids is None:
            query = published.where(table.id > last).order_by(table.id).limit(CHUNK)
        else:
            query, ids = published.where(table.id.in_(ids[:CHUNK])), ids[CHUNK:]
        rows: list[Any] = list(db.session.scalars(query))
        yield from rows
        if ids is None:
            if not rows:
                return
            last = rows[-1].id
        for row in rows:
            db.session.expunge(row)


def document_of(entry: Faq | Article) -> Document:
    """One entry as the index takes it."""
    if isinstance(entry, Faq):
        title, body, category = entry.question, plain(entry.answer), entry.category
    else:
        title, body, category = entry.title, f"{entry.summary} {plain(entry.body)}".strip(), entry.section
    about = (entry.audience, entry.popularity, stamp_of(entry))
    return Document(entry.kind, entry.id, title, body, tuple(entry.tags), category, *about)


def published_stamps() -> dict[str, str]:
    """Key → stamp of every published entry and translation, as the index should have them. Four statements."""
    found = {}
    for kind in KINDS:
        for row in db.session.execute(stamped(kind)):
            found[f"{kind}:{row.id}"] = stamp(row.version, row.changed_at, row.heading, row.popularity)
    return found | translations.stamps(stamp)


def stamped(kind: str) -> Any:
    """The published entries of a kind, as far as their stamps need them."""
    table = KINDS[kind]
    heading = Faq.question if kind == "faq" else Article.title
    columns = (table.id, table.version, table.changed_at, heading.label("heading"), table.popularity)
    return select(*columns).where(table.status == "published")


def stamp(version: int, changed_at: datetime, heading: str, popularity: int) -> str:
    """What the index compares: it changes with the text, also where another database took this one's place, and when the
    popularity has doubled."""
    return f"{version}.{int(changed_at.timestamp())}.{crc32(heading.encode()):08x}.{popularity_step(popularity)}"


def stamp_of(entry: Faq | Article) -> str:
    """The stamp of an entry."""
    return stamp(entry.version, entry.changed_at, entry.question if isinstance(entry, Faq) else entry.title, entry.popularity)


def count_published() -> int:
    """How many entries the index should have."""
    return sum(
        db.session.scalar(select(func.count()).select_from(table).where(table.status == "published")) or 0 for table in KINDS.values()
    )


def catch_up() -> int:
    """Make the index what the database says: add, replace and take away what differs. Returns how many did.

    Other words of the vocabulary count as one. An index that is missing, damaged or of another version is built anew, and
    so is one that has other phrases. Where nothing differs, some texts that lack vectors get theirs, and count. Again is
    harmless.
    """
    wanted, words = published_stamps(), vocabulary.in_force()
    try:
        the_index().check()
        have = the_index().stamps()
        changed = [key for key, value in wanted.items() if have.get(key) != value]
        gone = [key for key in have if key not in wanted]
        other = words != the_index().synonyms()
        if len(changed) + len(gone) < REBUILD_FROM and not (other and has_other_phrases(words)):
            if changed or gone or other:
                the_index().put(documents(changed), gone, words if other else None)
            return len(changed) + len(gone) + other or give_vectors(VECTORS_AT_ONCE)
    except Unusable:
        pass
    return rebuild()


def without_vectors() -> list[str]:
    """Keys of the entries of which the index does not say what they mean; none where meaning is off. Raises Unusable.

    Translations are found by their words alone: the model reads English.
    """
    return [key for key in the_index().without_vectors() if key.partition(":")[0] in KINDS]


def give_vectors(most: int | None = None, progress: Callable[[int], None] = lambda done: None) -> int:
    """Say in the index what these mean, so many at most; returns how many. `progress` hears how many are done. Raises Unusable."""
    lacking = without_vectors()[:most]
    return the_index().put_vectors(documents(lacking), progress) if lacking else 0


def has_other_phrases(words: str) -> bool:
    """Whether texts have to be read again, since what counts as one word in them is not what the index was built with."""
    told = the_index().synonyms()
    read = [language(locale) for locale in (ORIGINAL, *locales())]
    return any(read_synonyms(words, one).phrases != read_synonyms(told, one).phrases for one in read)


def refresh(kind: str, number: int) -> None:
    """Bring one entry up to date in the index. Where there is no index, all of it is built."""
    key = f"{kind}:{number}"
    row = db.session.execute(stamped(kind).where(KINDS[kind].id == number)).first()
    wanted = stamp(row.version, row.changed_at, row.heading, row.popularity) if row is not None else None
    try:
        if the_index().stamps().get(key) != wanted:
            the_index().put(documents([key]) if wanted else (), () if wanted else (key,))
    except Unusable:
        rebuild()


def locales() -> frozenset[str]:
    """The languages beside English that something in the index is translated into. Looked for once in each generation."""
    return locales_of(str(home()), generation())


@lru_cache(maxsize=4)
def locales_of(place: str, number: int) -> frozenset[str]:
    """The same for one generation."""
    try:
        return translations.locales_in(the_index().stamps())
    except Unusable:
        return frozenset()


def rebuild(progress: Callable[[int], None] = lambda done: None, *, wait: bool = True) -> int:
    """Build the whole index anew; returns how many entries it has. Raises Busy if another process is at it, unless `wait`."""
    return the_index().rebuild(documents(), progress, synonyms=vocabulary.in_force(), wait=wait)
