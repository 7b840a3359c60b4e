"""Searching knowledge for somebody: what they may read, with marks, categories and a word for what they meant."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any

import structlog
from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, Select, bindparam, func, literal, or_, select

from app.extensions import db
from app.knowledge import indexing, keeper
from app.knowledge.models import TABLES, Article, Faq, readable_by
from app.knowledge.render import plain
from app.knowledge.sections import Reader, audiences_of
from app.knowledge.translations.documents import audiences_in
from app.knowledge.translations.rules import ORIGINAL
from app.lib.database import rows_at_once
from app.lib.text import one_line
from app.search.documents import Answer, Hit, Query
from app.search.highlight import Highlighter, Span
from app.search.store import Busy, Unusable

log = structlog.get_logger()

PAGE = 10
POPULAR = 10
LAST_PAGE = 20
# A process that finds no index builds a small one on the spot; a large one is left to the keeper.
BUILT_ON_THE_SPOT = 400
MAX_QUERY = 200
# A best answer less relevant than this did not answer; one to offer beside a ticket is better than this.
WEAK, LIKELY = 0.25, 0.3
MIN_SUGGEST = 4
SNIPPET = 240
# How long the log is not told the same again of an index that cannot be asked: each question meets it.
SILENT_SECONDS = 60.0
# What the log of this process was told last, and until when it is not told it again.
told: dict[str, tuple[str, float]] = {}


@dataclass(frozen=True)
class Result:
    """An answer as lists show it. `title` and `snippet` carry marks; `relevance` is 0 to 1, None where nobody asked."""

    kind: str
    id: int
    key: str
    category: str
    heading: str
    title: Markup
    snippet: Markup
    relevance: float | None
    popularity: int
    views: int
    votes: int
    helpful: int
    changed_at: Any
    # The language of heading and snippet; its page is shown in it.
    locale: str = "en"

    @property
    def address(self) -> tuple[str, str]:
        """Section and slug of its page."""
        return ("faq", self.key) if self.kind == "faq" else (self.category, self.key)


@dataclass(frozen=True)
class Found:
    """A page of answers. `is_popular`: nothing was asked, these are read most. `is_rough`: the index is away."""

    query: str
    results: list[Result]
    total: int
    categories: dict[str, int]
    did_you_mean: str | None = None
    is_popular: bool = False
    is_rough: bool = False
    page: int = 1
    answer: Answer | None = None

    @property
    def best(self) -> float:
        """How relevant the first answer is."""
        return max((result.relevance or 0.0 for result in self.results), default=0.0)

    @property
    def is_weak(self) -> bool:
        """Whether there are answers, and none that fits."""
        return bool(self.results) and self.page == 1 and not self.is_popular and not self.is_rough and self.best < WEAK

    @property
    def is_poor(self) -> bool:
        """Whether somebody asked, and nothing fits: what writers should know. Without the index nobody can tell."""
        return bool(self.query) and not self.is_popular and not self.is_rough and (self.is_weak or not self.results)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return min(LAST_PAGE, -(-self.total // PAGE))

    @property
    def pages_beside(self) -> range:
        """The pages to link to: this one and some beside it."""
        first = max(1, min(self.page - 2, self.pages - 4))
        return range(first, min(self.pages, first + 4) + 1)


def search(reader: Reader | None, text: str, *, category: str | None = None, page: int = 1, sort: str = "best") -> Found:
    """The answers to a question, a page of PAGE, by relevance or else as `sort` says. Nothing asked: the most popular.

    Two or three statements; two more for another order.
    """
    query = one_line(text)[:MAX_QUERY]
    # The space at the end says that the last word is finished.
    asked = query + " " if text.endswith(" ") and query else query
    if not query:
        return popular(reader, category=category)
    answer = ask(reader, asked, category=category)
    if answer is None:
        return roughly(reader, query, category=category)
    if answer.is_empty:
        return popular(reader, query=query, category=category)
    page = page_there(page, answer.total)
    hits = in_order(answer.hits, sort, reader)[(page - 1) * PAGE : page * PAGE]
    results = results_of(hits, reader, answer)
    return Found(query, results, answer.total, answer.categories, answer.did_you_mean, page=page, answer=answer)


def page_there(wanted: int, total: int) -> int:
    """The wanted page of so many answers; the first or the last where there is no such page."""
    return max(1, min(wanted, LAST_PAGE, -(-total // PAGE)))


def in_order(hits: Sequence[Hit], sort: str, reader: Reader | None) -> Sequence[Hit]:
    """Answers by what readers said of them (`helpful`) or by their last change (`newest`); else as they are."""
    if sort not in {"helpful", "newest"}:
        return hits
    rows = rows_of(((hit.kind, hit.id) for hit in hits), reader)
    there = [hit for hit in hits if (hit.kind, hit.id) in rows]

    def place(hit: Hit) -> Any:
        row = rows[hit.kind, hit.id]
        # One voice among one says less than nine among ten.
        return (row.helpful + 1) / (row.votes + 2) if sort == "helpful" else row.changed_at.timestamp()

    return sorted(there, key=place, reverse=True)


def ask(
    reader: Reader | None,
    text: str,
    *,
    category: str | None = None,
    kinds: frozenset[str] | None = None,
    locale: str = ORIGINAL,
    beside: str = "",
) -> Answer | None:
    """Ask the index for texts in one language; None where there is none and it cannot be had at once.

    Whoever asks in two languages asks twice, and says each time which is `beside` this one.
    """
    audiences = audiences_of(reader)
    other = (audiences_in(beside, audiences), beside) if beside else None
    wanted = Query(text, audiences_in(locale, audiences), category or None, kinds, locale, other)
    keeper.ensure()
    try:
        return indexing.the_index().find(wanted)
    except Unusable as missing:
        if not mended(missing):
            return None
    try:
        return indexing.the_index().find(wanted)
    except Unusable:
        return None


def mended(missing: Unusable) -> bool:
    """Build a small index here and now; a large one is left to the keeper. Whether it was built."""
    warn("search.index_unusable", str(missing))
    if indexing.count_published() <= BUILT_ON_THE_SPOT:
        try:
            indexing.rebuild(wait=False)
            return True
        except (Busy, OSError) as hindered:
            warn("search.not_rebuilt", str(hindered))
            return False
    return False


def warn(event: str, reason: str) -> None:
    """Tell the log what hinders searching: a new reason at once, the same again only after SILENT_SECONDS."""
    now, (before, until) = monotonic(), told.get(event, ("", 0.0))
    if reason != before or now >= until:
        told[event] = (reason, now + SILENT_SECONDS)
        log.warning(event, reason=reason)


def results_of(hits: Sequence[Hit], reader: Reader | None, answer: Answer) -> list[Result]:
    """The answers as they are in the database now: what was withdrawn since it was indexed is left out."""
    return shown(hits, rows_of(((hit.kind, hit.id) for hit in hits), reader), answer)


def shown(hits: Sequence[Hit], rows: Mapping[tuple[str, int], Any], answer: Answer) -> list[Result]:
    """Those of an answer's hits that have a row, as lists show them. No statement."""
    fresh = [hit.number for hit in hits if hit.number not in answer.shown]
    for number, text in zip(fresh, indexing.the_index().texts(fresh, answer) if fresh else (), strict=True):
        answer.shown[number] = marked(*answer.highlighter.snippet(text, SNIPPET))
    there = [(hit, row) for hit in hits if (row := rows.get((hit.kind, hit.id))) is not None]
    return [result_of(hit.kind, row, answer.highlighter, Markup(answer.shown[hit.number]), hit.relevance) for hit, row in there]  # noqa: S704 - marked() made it


def result_of(kind: str, row: Any, highlighter: Highlighter, snippet: Markup, relevance: float | None) -> Result:
    """One row as a result."""
    heading = row.heading.replace("`", "")
    title = highlighter.titles.get(heading)
    if title is None:
        title = highlighter.titles[heading] = marked(heading, highlighter.spans(heading))
    counts = (row.popularity, row.views, row.votes, row.helpful, row.changed_at)
    return Result(kind, row.id, row.key, row.category, heading, Markup(title), snippet, relevance, *counts)  # noqa: S704 - marked() made it


def bare_result(kind: str, row: Any) -> Result:
    """One row as a result that shows its heading only."""
    return result_of(kind, row, Highlighter(), Markup(""), None)


def columns_of(kind: str) -> tuple[Any, ...]:
    """What lists show of an entry. Columns of the table, not of the class: rows of lists need no objects."""
    table = TABLES[kind].c
    if kind == "faq":
        own: tuple[Any, ...] = (table.external_id.label("key"), table.category.label("category"), table.question.label("heading"))
    else:
        own = (table.slug.label("key"), table.section.label("category"), table.title.label("heading"))
    return (table.id, *own, table.popularity, table.views, table.votes, table.helpful, table.changed_at)


def readable(kind: str, reader: Reader | None, *, is_sought: bool = True) -> ColumnElement[bool]:
    """What somebody may read of a kind; not `is_sought`: of entries that are named already."""
    return readable_by(kind, sorted(audiences_of(reader)), is_sought=is_sought)


def rows_of(keys: Iterable[tuple[str, int]], reader: Reader | None) -> dict[tuple[str, int], Any]:
    """(kind, id) → row of those that may be read. One statement for each kind that is there."""
    wanted: dict[str, list[int]] = {}
    for kind, number in keys:
        wanted.setdefault(kind, []).append(number)
    found = {}
    audiences = tuple(sorted(audiences_of(reader)))
    for kind, numbers in wanted.items():
        # Filled up to a page, or to hundreds, so that it is one of few statements.
        count = PAGE if len(numbers) <= PAGE else -(-len(numbers) // 100) * 100
        asked = numbers + numbers[-1:] * (count - len(numbers))
        given = dict(zip(names_of(count), asked, strict=True))
        found.update({(kind, row[0]): row for row in rows_at_once(db, rows_statement(kind, audiences, count), given)})
    return found


@lru_cache(maxsize=64)
def rows_statement(kind: str, audiences: tuple[str, ...], count: int) -> Select[Any]:
    """The statement of `rows_of`; building it would cost more than asking it, and so would a list whose length is open."""
    may_read = readable_by(kind, [literal(audience) for audience in audiences], is_sought=False)
    return select(*columns_of(kind)).where(TABLES[kind].c.id.in_(list(map(bindparam, names_of(count)))), may_read)


@lru_cache(maxsize=64)
def names_of(count: int) -> tuple[str, ...]:
    """The names of its parameters."""
    return tuple(f"number_{place}" for place in range(count))


def popular(reader: Reader | None, *, query: str = "", category: str | None = None, limit: int = POPULAR) -> Found:
    """What is read most, out of one category if wished. Two statements and those of the counts."""
    rows: list[tuple[str, Any]] = []
    nothing = Highlighter()
    for kind, table, text in (("faq", Faq, Faq.answer), ("article", Article, Article.summary)):
        by = Faq.category if kind == "faq" else Article.section
        wanted = select(*columns_of(kind), text.label("text")).where(readable(kind, reader), *([by == category] if category else []))
        rows += [(kind, row) for row in db.session.execute(wanted.order_by(table.popularity.desc(), table.id).limit(limit))]
    rows.sort(key=lambda pair: (-pair[1].popularity, pair[0], pair[1].id))
    results = [result_of(kind, row, nothing, escape(nothing.snippet(plain(row.text), SNIPPET)[0]), None) for kind, row in rows[:limit]]
    return Found(query, results, len(results), counts(reader), is_popular=True)


def counts(reader: Reader | None) -> dict[str, int]:
    """Category or section → how many entries somebody may read there. From the index, or two statements."""
    try:
        return indexing.the_index().categories(audiences_of(reader))
    except Unusable:
        pass
    found = counts_of("faq", reader)
    for key, number in counts_of("article", reader).items():
        found[key] = found.get(key, 0) + number
    return found


def counts_of(kind: str, reader: Reader | None) -> dict[str, int]:
    """The same for one kind. From the index, or one statement, which grows with what there is to count."""
    try:
        return indexing.the_index().categories_of(kind, audiences_of(reader))
    except Unusable:
        pass
    by = Faq.category if kind == "faq" else Article.section
    query = select(by, func.count()).where(readable(kind, reader)).group_by(by)
    return {row[0]: row[1] for row in db.session.execute(query)}


def roughly(reader: Reader | None, query: str, *, category: str | None = None) -> Found:
    """Without an index: entries that have the words, as the database finds them. Two statements."""
    words = query.split()[:6]
    highlighter = Highlighter()
    results = []
    for kind, table, texts in (("faq", Faq, (Faq.question, Faq.answer)), ("article", Article, (Article.title, Article.summary))):
        by = Faq.category if kind == "faq" else Article.section
        hits: list[ColumnElement[bool]] = [or_(*(text.icontains(word, autoescape=True) for text in texts)) for word in words]
        wanted = select(*columns_of(kind), texts[1].label("text")).where(
            or_(*hits), readable(kind, reader), *([by == category] if category else [])
        )
        for row in db.session.execute(wanted.order_by(table.popularity.desc(), table.id).limit(PAGE)):
            piece, _ = highlighter.snippet(plain(row.text), SNIPPET)
            results.append(result_of(kind, row, highlighter, escape(piece), None))
    return Found(query, results[:PAGE], len(results[:PAGE]), {}, is_rough=True)


def suggest(reader: Reader | None, text: str, *, limit: int = 4) -> Found:
    """Answers to offer while a ticket's subject is typed: only those that are likely. Two statements."""
    query = one_line(text)[:MAX_QUERY]
    answer = ask(reader, query + " ") if len(query) >= MIN_SUGGEST else None
    if answer is None or answer.is_empty:
        return Found(query, [], 0, {})
    likely = [hit for hit in answer.hits[:limit] if hit.relevance >= LIKELY]
    results = results_of(likely, reader, answer)
    return Found(query, results, len(results), answer.categories, answer.did_you_mean, answer=answer)


def marked(text: str, spans: Sequence[Span]) -> Markup:
    """A text as HTML with its matches in <mark>; everything in it is escaped."""
    whole = str(escape(text))
    # Most texts have nothing to escape: then no piece of them has, either.
    safe: Callable[[str], str] = str if whole == text else escape
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += [safe(text[at:start]), "<mark>", safe(text[start:end]), "</mark>"]
        at = end
    pieces.append(safe(text[at:]))
    return Markup("".join(pieces))  # noqa: S704 - each piece is escaped
