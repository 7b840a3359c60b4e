"""The only readers of the list of links."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_

from app.extensions import db
from app.knowledge.links import reading
from app.knowledge.links.models import EntryLink
from app.knowledge.models import KINDS, Article, Faq
from app.knowledge.translations.queries import words_of
from app.lib.errors import NotFound
from app.lib.paging import Page, decode_cursor, encode_cursor

PAGE = 50
VIEWS = {"broken": "Broken", "failing": "Failed once", "ignored": "Ignored"}


@dataclass(frozen=True)
class Listed:
    """A link as the list shows it, with what its entry is called."""

    link: EntryLink
    heading: str


def listed(view: str, cursor: str = "") -> Page:
    """The links of a view, by entry, a page of PAGE. Raises Invalid for a cursor that is not ours. Two or three statements."""
    query = select(EntryLink).order_by(EntryLink.kind, EntryLink.entry_id, EntryLink.id).limit(PAGE + 1)
    if view == "ignored":
        query = query.where(EntryLink.ignored_at.is_not(None))
    else:
        query = query.where(EntryLink.state == view, EntryLink.ignored_at.is_(None))
    if cursor:
        query = query.where(tuple_(EntryLink.kind, EntryLink.entry_id, EntryLink.id) > tuple_(*place(cursor)))
    rows = list(db.session.scalars(query))
    names = headings(rows[:PAGE])
    items = [Listed(link, names.get((link.kind, link.entry_id), "An entry that is gone")) for link in rows[:PAGE]]
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return Page(items, encode_cursor([last.kind, last.entry_id, last.id]) if last else None)


def place(cursor: str) -> tuple[Any, ...]:
    """A place in the list. Raises Invalid."""
    return tuple(decode_cursor(cursor, str, int, int)[0])


def headings(links: Sequence[EntryLink]) -> dict[tuple[str, int], str]:
    """(kind, number) → what the entry is called. One statement for each kind that is there."""
    found = {}
    for kind, table in KINDS.items():
        numbers = sorted({link.entry_id for link in links if link.kind == kind})
        if numbers:
            heading = Faq.question if kind == "faq" else Article.title
            for number, text in db.session.execute(select(table.id, heading).where(table.id.in_(numbers))):
                found[kind, number] = text.replace("`", "")
    return found


def link_for(number: int) -> EntryLink:
    """One link. Raises NotFound. One statement."""
    link = db.session.get(EntryLink, number)
    if link is None:
        raise NotFound
    return link


def nowhere(entry: Faq | Article, text: str | None = None) -> list[tuple[str, str]]:
    """(address, why) of the links within our pages that lead nowhere, in an entry or in another text of it.

    Three statements at most, none for a text without links to other pages.
    """
    here, body = entry.path, words_of(entry).body if text is None else text
    return list(reading.problems(reading.references(body, here), entry.audience, here, body).items())
