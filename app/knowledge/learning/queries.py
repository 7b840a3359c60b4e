"""What writers read of what readers did: each figure with its definition. All from counts by day; nothing grows with the readers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_, union_all

from app.extensions import db
from app.knowledge.learning.models import EntryDay, Popularity, ReaderDay, Release, Remark, Stale, Use
from app.knowledge.learning.rules import REST, Span, percent, worth
from app.knowledge.models import KINDS, Article, Faq, SearchCount
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.tickets.models import Ticket

TOP = 20
DESK_PAGE = 50
ON_AN_ENTRY = 50
MOST_RELEASES = 200
COLUMNS = (
    *("searches", "empty", "weak", "opened", "refined", "abandoned", "asked"),
    *("visits", "found", "ticketed", "offered", "deflected", "undeflected"),
)
# A list of questions → what it counts.
LISTS: dict[str, Any] = {
    "unanswered": SearchCount.empty,
    "abandoned": SearchCount.abandoned,
    "weak": SearchCount.weak,
    "tickets": SearchCount.tickets,
}


@dataclass(frozen=True)
class Totals:
    """What readers did in a range.

    found_rate: of the visits in which somebody searched, the share that ended with an opened answer which they did not vote down,
    with no later search left without one, and without a ticket by the same visitor within 24 hours of the visit's beginning.
    deflection_rate: "this answered my question", over that and the tickets opened although answers stood beside the subject.
    Both in percent, None where there is nothing to divide.
    """

    searches: int = 0
    empty: int = 0
    weak: int = 0
    opened: int = 0
    refined: int = 0
    abandoned: int = 0
    asked: int = 0
    visits: int = 0
    found: int = 0
    ticketed: int = 0
    offered: int = 0
    deflected: int = 0
    undeflected: int = 0

    @property
    def found_rate(self) -> float | None:
        """The share of visits that found an answer: the product's goal is more than 80 %."""
        return percent(self.found, self.visits)

    @property
    def deflection_rate(self) -> float | None:
        """The share of tickets that an answer beside the subject has spared."""
        return percent(self.deflected, self.deflected + self.undeflected)


def inside(model: Any, span: Span, *, is_demo: bool) -> list[ColumnElement[bool]]:
    """The rows of a range. Real people see what is real; demo people see all of it, marked as demo."""
    return [model.day.between(span.first, span.last), *([] if is_demo else [model.is_demo.is_(False)])]


def totals(span: Span, *, is_demo: bool) -> Totals:
    """The sums of a range. One statement over a row for each day."""
    sums = [func.coalesce(func.sum(getattr(ReaderDay, name)), 0) for name in COLUMNS]
    row = db.session.execute(select(*sums).where(*inside(ReaderDay, span, is_demo=is_demo))).one()
    return Totals(*(int(value) for value in row))


def days(span: Span, *, is_demo: bool) -> list[Any]:
    """(day, the sums of COLUMNS) of each day on which anything happened, oldest first. One statement."""
    sums = [func.sum(getattr(ReaderDay, name)).label(name) for name in COLUMNS]
    query = select(ReaderDay.day, *sums).where(*inside(ReaderDay, span, is_demo=is_demo)).group_by(ReaderDay.day)
    return list(db.session.execute(query.order_by(ReaderDay.day)).all())


def summed() -> list[Any]:
    """The sums of a question's counts."""
    names = ("times", "empty", "weak", "opened", "places", "refined", "abandoned", "asked", "tickets")
    return [func.sum(getattr(SearchCount, name)).label(name) for name in names]


def questions(which: str, span: Span, *, is_demo: bool, limit: int = TOP) -> list[Any]:
    """The questions at the head of one of LISTS, with their sums. Two statements."""
    return question_lists([which], span, is_demo=is_demo, limit=limit)[which]


def question_lists(wanted: Iterable[str], span: Span, *, is_demo: bool, limit: int = TOP) -> dict[str, list[Any]]:
    """The heads of several of LISTS. One statement for each over at most 2,000 rows a day, of which it adds up only those that
    belong in it, and one for the sums of what it found."""
    mine = [*inside(SearchCount, span, is_demo=is_demo), SearchCount.query != REST]
    heads = {}
    for which in wanted:
        column = LISTS[which]
        total = func.sum(column)
        query = select(SearchCount.query).where(*mine, column > 0).group_by(SearchCount.query)
        heads[which] = db.session.scalars(query.order_by(total.desc(), SearchCount.query).limit(limit)).all()
    every = sorted({text for texts in heads.values() for text in texts})
    sums = select(SearchCount.query, *summed()).where(*mine, SearchCount.query.in_(every)).group_by(SearchCount.query)
    found = {row.query: row for row in db.session.execute(sums)} if every else {}
    return {which: [found[text] for text in texts] for which, texts in heads.items()}


def question_days(text: str, span: Span, *, is_demo: bool) -> list[Any]:
    """What came of one question, by day, newest first. One statement."""
    mine = [*inside(SearchCount, span, is_demo=is_demo), SearchCount.query == text]
    query = select(SearchCount.day, *summed()).where(*mine).group_by(SearchCount.day).order_by(SearchCount.day.desc())
    return list(db.session.execute(query).all())


ENTRY_SUMS = ("views", "opened", "places", "helpful", "unhelpful", "solved", "tickets")


def to_tickets(span: Span, *, is_demo: bool, limit: int = TOP) -> list[Any]:
    """Entries that were read before a ticket was opened, most often first. Three statements."""
    return top(EntryDay.tickets, span, is_demo=is_demo, limit=limit)


def worst(span: Span, *, is_demo: bool, limit: int = TOP) -> list[Any]:
    """Entries that were voted down, most often first. Three statements."""
    return top(EntryDay.unhelpful, span, is_demo=is_demo, limit=limit)


def top(column: Any, span: Span, *, is_demo: bool, limit: int) -> list[Any]:
    """Entries with most of something, with all their sums in the range and their headings; from the index of that column first."""
    total = func.sum(column)
    heads = select(EntryDay.kind, EntryDay.entry_id, total.label("total")).where(*inside(EntryDay, span, is_demo=is_demo), column > 0)
    found = db.session.execute(
        heads.group_by(EntryDay.kind, EntryDay.entry_id).order_by(total.desc(), EntryDay.kind, EntryDay.entry_id).limit(limit)
    ).all()
    keys = [(row.kind, row.entry_id) for row in found]
    if not keys:
        return []
    mine = [*inside(EntryDay, span, is_demo=is_demo), tuple_(EntryDay.kind, EntryDay.entry_id).in_(keys)]
    sums = select(EntryDay.kind, EntryDay.entry_id, *(func.sum(getattr(EntryDay, name)).label(name) for name in ENTRY_SUMS))
    by_key = {(row.kind, row.entry_id): row for row in db.session.execute(sums.where(*mine).group_by(EntryDay.kind, EntryDay.entry_id))}
    titles = headings(keys)
    return [Line(*key, titles[key], {name: int(getattr(by_key[key], name)) for name in ENTRY_SUMS}) for key in keys if key in titles]


@dataclass(frozen=True)
class Line:
    """An entry in a list, with its sums."""

    kind: str
    entry_id: int
    heading: str
    sums: dict[str, int]


def headings(keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """What entries are called; those that are gone are left out. One statement."""
    parts = []
    for kind, table in KINDS.items():
        numbers = [number for other, number in keys if other == kind]
        name = Faq.question if kind == "faq" else Article.title
        parts.append(select(literal(kind).label("kind"), table.id, name.label("heading")).where(table.id.in_(numbers)))
    return {(row.kind, row.id): row.heading.replace("`", "") for row in db.session.execute(union_all(*parts))}


def entry_days(entry: Faq | Article, span: Span, *, is_demo: bool) -> list[Any]:
    """What readers did with one entry, by day, newest first. One statement."""
    mine = [*inside(EntryDay, span, is_demo=is_demo), EntryDay.kind == entry.kind, EntryDay.entry_id == entry.id]
    sums = [func.sum(getattr(EntryDay, name)).label(name) for name in ENTRY_SUMS]
    return list(db.session.execute(select(EntryDay.day, *sums).where(*mine).group_by(EntryDay.day).order_by(EntryDay.day.desc())).all())


def remarks(entry: Faq | Article, *, is_demo: bool) -> Sequence[Remark]:
    """What readers said of an entry, open ones first, newest first. One statement."""
    mine = [Remark.kind == entry.kind, Remark.entry_id == entry.id, *([] if is_demo else [Remark.is_demo.is_(False)])]
    order = (Remark.closed_at.is_not(None), Remark.id.desc())
    return db.session.scalars(select(Remark).where(*mine).order_by(*order).limit(ON_AN_ENTRY)).all()


def reopened(entry: Faq | Article, *, is_demo: bool) -> list[Any]:
    """Tickets that came back after this entry was their answer, newest first. One statement."""
    mine = [Use.kind == entry.kind, Use.entry_id == entry.id, Use.reopened_at.is_not(None), *([] if is_demo else [Use.is_demo.is_(False)])]
    query = select(Ticket.ref, Ticket.subject, Use.used_at, Use.reopened_at).join(Ticket, Ticket.id == Use.ticket_id).where(*mine)
    return list(db.session.execute(query.order_by(Use.reopened_at.desc(), Use.id.desc()).limit(ON_AN_ENTRY)).all())


def stale(*, is_demo: bool, cursor: str = "", limit: int = DESK_PAGE) -> Page:
    """The entries that may no longer be right, the most urgent first, by key. Two statements. Raises Invalid for a strange cursor."""
    query: Select[Any] = select(Stale).where(Stale.is_demo.is_(is_demo))
    if cursor:
        (score, kind, number), _ = decode_cursor(cursor, int, str, int)
        query = query.where(tuple_(-Stale.score, Stale.kind, Stale.entry_id) > tuple_(literal(-score), literal(kind), literal(number)))
    rows = db.session.scalars(query.order_by(Stale.score.desc(), Stale.kind, Stale.entry_id).limit(limit + 1)).all()
    shown = rows[:limit]
    titles = headings([(row.kind, row.entry_id) for row in shown]) if shown else {}
    lines = [{"row": row, "heading": titles[row.kind, row.entry_id]} for row in shown if (row.kind, row.entry_id) in titles]
    after = encode_cursor([shown[-1].score, shown[-1].kind, shown[-1].entry_id]) if len(rows) > limit else None
    return Page(lines, after)


def stale_of(entry: Faq | Article, *, is_demo: bool) -> Stale | None:
    """What speaks against an entry, if anything does. One statement."""
    return db.session.get(Stale, (entry.kind, entry.id, is_demo))


def popularity_of(entry: Faq | Article, day: date) -> tuple[int, float]:
    """(what it was given by hand or import, what readers' points are worth on a day). One statement."""
    row = db.session.get(Popularity, (entry.kind, entry.id))
    return (row.base, worth(row.score, day)) if row is not None else (entry.popularity, 0.0)


def releases() -> Sequence[Release]:
    """The product's versions, newest first. One statement."""
    return db.session.scalars(
        select(Release).order_by(Release.released_on.desc().nullslast(), Release.version.desc()).limit(MOST_RELEASES)
    ).all()
