"""The only readers of knowledge beside searching it: pages, shelves, what writers see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import load_only

from app.accounts.models import User
from app.extensions import db
from app.knowledge import finding
from app.knowledge.finding import Result, readable
from app.knowledge.models import KINDS, Article, Faq, SearchMiss, readable_by
from app.knowledge.sections import AUDIENCES, CATEGORIES, SECTIONS, STATES, Reader, audiences_of
from app.knowledge.writing.models import Plan, Review, Revision
from app.lib.errors import NotFound
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.lib.text import one_line

DESK_PAGE = 50
# What is under way, whatever readers see meanwhile: kind → the entries that it is about.
UNDER_WAY: dict[str, Callable[[str], Any]] = {
    "in_review": lambda kind: select(Review.entry_id).where(Review.kind == kind, Review.state == "asked"),
    "revision": lambda kind: select(Revision.entry_id).where(Revision.kind == kind),
    "scheduled": lambda kind: select(Plan.entry_id).where(Plan.kind == kind),
}
MOST_MISSES = 100
RELATED = 4
ON_A_FAQ_SHELF = 100
MOST_SHELVES = 60


@dataclass(frozen=True)
class Neighbour:
    """An article as its neighbours show it."""

    section: str
    slug: str
    title: str
    summary: str = ""


def article_for(reader: Reader | None, section: str, slug: str) -> Article:
    """An article that somebody may read. Raises NotFound, whether it is missing, a draft, or not for them. One statement."""
    where = (Article.section == section, Article.slug == slug, readable("article", reader))
    return found(db.session.scalar(select(Article).where(*where)))


def faq_for(reader: Reader | None, key: str) -> Faq:
    """A question that somebody may read, by its name. Raises NotFound. One statement."""
    return found(db.session.scalar(select(Faq).where(Faq.external_id == key, readable("faq", reader))))


def entry_for(reader: Reader | None, kind: str, number: int) -> Faq | Article:
    """Either, by its number. Raises NotFound. One statement."""
    table = KINDS.get(kind)
    if table is None or not 0 < number < 2**31:
        raise NotFound
    return found(db.session.scalar(select(table).where(table.id == number, readable(kind, reader))))


def entry_to_edit(kind: str, number: int) -> Faq | Article:
    """Either, drafts among them, for writers. Raises NotFound. One statement."""
    table = KINDS.get(kind)
    if table is None or not 0 < number < 2**31:
        raise NotFound
    return found(db.session.get(table, number))


def found(entry: Any) -> Any:
    """What was looked for. Raises NotFound for None."""
    if entry is None:
        raise NotFound
    return entry


def shelves(reader: Reader | None) -> dict[str, list[Neighbour]]:
    """Section → its articles in order, the sections in theirs, without those that are empty for this reader. One statement."""
    query = select(Article.section, Article.slug, Article.title, Article.summary).where(readable("article", reader))
    by_section: dict[str, list[Neighbour]] = {key: [] for key in SECTIONS}
    for row in db.session.execute(query.order_by(Article.section, Article.position, Article.title)):
        by_section.setdefault(row.section, []).append(Neighbour(*row))
    return {key: articles for key, articles in by_section.items() if articles}


def section_of(reader: Reader | None, section: str) -> list[Neighbour]:
    """The articles of one section in order. Raises NotFound for one that is empty for this reader. One statement."""
    query = select(Article.section, Article.slug, Article.title, Article.summary).where(
        Article.section == section, readable("article", reader)
    )
    articles = [Neighbour(*row) for row in db.session.execute(query.order_by(Article.position, Article.title))]
    if not articles:
        raise NotFound
    return articles


def faq_shelf(reader: Reader | None, category: str, *, text: str = "", limit: int = ON_A_FAQ_SHELF) -> Sequence[Faq]:
    """The questions of a category (or of all, if it is empty) that have each word of `text`, most popular first. One statement."""
    where = [readable("faq", reader), *([Faq.category == category] if category else [])]
    where += [or_(Faq.question.icontains(word, autoescape=True), Faq.answer.icontains(word, autoescape=True)) for word in text.split()[:5]]
    return db.session.scalars(select(Faq).where(*where).order_by(Faq.popularity.desc(), Faq.id).limit(limit)).all()


def faq_overview(reader: Reader | None, each: int = 6) -> Sequence[Faq]:
    """The most popular questions of every category, `each` of them. One statement, that reads no more than these."""
    keys = list(faq_categories(reader))
    if not 0 < len(keys) <= MOST_SHELVES:
        return ranked_overview(reader, each)
    return db.session.scalars(overview_statement(tuple(keys), tuple(sorted(audiences_of(reader))), each)).all()


@lru_cache(maxsize=32)
def overview_statement(keys: tuple[str, ...], audiences: tuple[str, ...], each: int) -> Select[Faq]:
    """The statement of `faq_overview`, with a part for each category; building it costs as much as asking it."""
    may_read = readable_by("faq", audiences)
    parts = [select(Faq.id).where(Faq.category == key, may_read).order_by(Faq.popularity.desc(), Faq.id).limit(each) for key in keys]
    best = union_all(*(one.subquery().select() for one in parts))
    return select(Faq).where(Faq.id.in_(best)).order_by(Faq.category, Faq.popularity.desc(), Faq.id)


def ranked_overview(reader: Reader | None, each: int) -> Sequence[Faq]:
    """The same where there are more categories than a statement can name. One statement over all questions."""
    place = func.row_number().over(partition_by=Faq.category, order_by=(Faq.popularity.desc(), Faq.id)).label("place")
    ranked = select(Faq.id, place).where(readable("faq", reader)).subquery()
    query = select(Faq).join(ranked, ranked.c.id == Faq.id).where(ranked.c.place <= each).order_by(Faq.category, ranked.c.place)
    return db.session.scalars(query).all()


def popular_answers(category: str, limit: int) -> Sequence[Faq]:
    """The most popular public questions, of one category if it is not empty. One statement."""
    query = select(Faq).where(readable("faq", None), *([Faq.category == category] if category else []))
    return db.session.scalars(query.order_by(Faq.popularity.desc(), Faq.id).limit(limit)).all()


def faq_categories(reader: Reader | None) -> dict[str, int]:
    """Category → how many questions somebody may read in it, in the order of our shelves. One statement."""
    counts = finding.counts_of("faq", reader)
    ordered = [*(key for key in CATEGORIES if key in counts), *sorted(key for key in counts if key not in CATEGORIES)]
    return {key: counts[key] for key in ordered}


def popular_questions(reader: Reader | None, limit: int = 6) -> Sequence[Any]:
    """(external_id, question) of what is asked most, without marks. One statement."""
    query = (
        select(Faq.external_id, func.replace(Faq.question, "`", "").label("question"))
        .where(readable("faq", reader))
        .order_by(Faq.popularity.desc(), Faq.id)
    )
    return db.session.execute(query.limit(limit)).all()


def related(reader: Reader | None, entry: Faq | Article, limit: int = RELATED) -> list[Result]:
    """What else helps who reads this: the closest by title and tags. No statement but those that read the rows."""
    answer = finding.ask(reader, f"{entry.heading} {' '.join(entry.tags[:4])} ")
    if answer is None:
        return []
    hits = [hit for hit in answer.hits[: limit + 1] if (hit.kind, hit.id) != (entry.kind, entry.id)]
    rows = finding.rows_of(((hit.kind, hit.id) for hit in hits[:limit]), reader)
    pairs = [(hit, rows[hit.kind, hit.id]) for hit in hits[:limit] if (hit.kind, hit.id) in rows]
    return [finding.bare_result(hit.kind, row) for hit, row in pairs]


def neighbours(articles: Sequence[Neighbour], slug: str) -> tuple[Neighbour | None, Neighbour | None]:
    """The articles before and after one in its section."""
    at = next((i for i, article in enumerate(articles) if article.slug == slug), None)
    if at is None:
        return None, None
    return (articles[at - 1] if at else None), (articles[at + 1] if at + 1 < len(articles) else None)


@dataclass(frozen=True)
class Filter:
    """Which entries a writer wants to see."""

    text: str = ""
    kind: str = ""
    status: str = ""
    audience: str = ""

    @classmethod
    def of(cls, given: Any) -> "Filter":
        """From the words of an address; those that are none of ours are left out."""
        kind, status, audience = (given.get(name, "") for name in ("kind", "status", "audience"))
        return cls(
            one_line(given.get("q", ""))[:100],
            kind if kind in KINDS else "",
            status if status in STATES or status in UNDER_WAY else "",
            audience if audience in AUDIENCES else "",
        )

    @property
    def words(self) -> dict[str, str]:
        """As the words of an address."""
        pairs = {"q": self.text, "kind": self.kind, "status": self.status, "audience": self.audience}
        return {name: value for name, value in pairs.items() if value}


def writing(wanted: Filter, cursor: str = "") -> Page:
    """Entries for writers, newest change first, a page of DESK_PAGE. Raises Invalid for a cursor that is not ours. One statement."""
    before = decode_cursor(cursor, datetime, str, int)[0] if cursor else None
    parts = [part(kind, wanted, before) for kind in KINDS if wanted.kind in ("", kind)]
    listed = union_all(*parts).subquery()
    query = select(listed).order_by(listed.c.changed_at.desc(), listed.c.kind.desc(), listed.c.id.desc()).limit(DESK_PAGE + 1)
    rows = db.session.execute(query).all()
    more = rows[DESK_PAGE - 1] if len(rows) > DESK_PAGE else None
    return Page(list(rows[:DESK_PAGE]), encode_cursor([more.changed_at, more.kind, more.id]) if more else None)


def part(kind: str, wanted: Filter, before: list[Any] | None) -> Any:
    """The entries of one kind that a writer wants to see, after a place in the list; what is archived for whoever asks or searches."""
    table: Any = KINDS[kind]
    columns = finding.columns_of(kind)
    wheres: list[ColumnElement[bool]] = []
    if wanted.status in UNDER_WAY:
        wheres.append(table.id.in_(UNDER_WAY[wanted.status](kind)))
    elif wanted.status:
        wheres.append(table.status == wanted.status)
    elif not wanted.text:
        wheres.append(table.status != "archived")
    if wanted.audience:
        wheres.append(table.audience == wanted.audience)
    heading, text = (Faq.question, Faq.answer) if kind == "faq" else (Article.title, Article.body)
    wheres += [or_(heading.icontains(word, autoescape=True), text.icontains(word, autoescape=True)) for word in wanted.text.split()[:5]]
    if before is not None:
        wheres.append(after(table, kind, before))
    query = select(literal(kind).label("kind"), *columns, table.status, table.audience).where(*wheres)
    return query.order_by(table.changed_at.desc(), table.id.desc()).limit(DESK_PAGE + 1).subquery().select()


def after(table: Any, kind: str, before: list[Any]) -> ColumnElement[bool]:
    """What comes after a place in a list by change, kind and number, all falling."""
    at, other, number = before
    same_moment = kind < other or (table.id < number if kind == other else None)
    if same_moment is True:
        return table.changed_at <= at
    if same_moment is False or same_moment is None:
        return table.changed_at < at
    return or_(table.changed_at < at, and_(table.changed_at == at, same_moment))


def misses() -> Sequence[SearchMiss]:
    """What readers looked for in vain, most often first. One statement."""
    return db.session.scalars(select(SearchMiss).order_by(SearchMiss.times.desc(), SearchMiss.last_at.desc()).limit(MOST_MISSES)).all()


def answers_of(numbers: Sequence[int], reader: Reader | None) -> dict[int, Faq]:
    """The questions with these numbers that somebody may read, whole. One statement."""
    query = select(Faq).where(Faq.id.in_(numbers), readable("faq", reader, is_sought=False))
    wanted = load_only(Faq.external_id, Faq.question, Faq.answer, Faq.category, Faq.tags, Faq.popularity)
    return {faq.id: faq for faq in db.session.scalars(query.options(wanted))}


def reader_of(user: Any) -> User | None:
    """Whoever is signed in, or None for a visitor."""
    return user if user is not None and user.is_authenticated else None
