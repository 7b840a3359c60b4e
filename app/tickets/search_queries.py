"""The search of the desk: tickets by all that was said in them, and by who asked. docs/decisions/ticket-search.md says why so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, cast

from markupsafe import Markup, escape
from sqlalchemy import Integer, Select, bindparam, func, select

from app.accounts.models import Organization, User
from app.extensions import db
from app.lib.database import at_most, plain_rows
from app.lib.paging import Page, decode_cursor
from app.tickets import subject_index
from app.tickets.desk_queries import paged
from app.tickets.desk_statements import Requester, directed
from app.tickets.models import Message, Ticket
from app.tickets.passages import Sought
from app.tickets.queries import sight_of, within
from app.tickets.text_index import OF_MESSAGE, TEXTS

PAGE = 20
# PostgreSQL looks at the texts of the next WINDOW tickets before others. A text is longer than a subject, so these are fewer.
WINDOW = 400
# Passages are looked for in so many of the latest messages of a ticket; so many are shown.
MESSAGES, PASSAGES = 40, 2
# What was meant is looked for among the words of so many of the latest tickets, which each process reads anew after some time.
KNOWN, KNOWN_FOR_SECONDS = 300, 60
CLOSE = 0.8
# Built once: every first page asks it.
NEWEST = select(func.coalesce(func.max(Ticket.id), 0))


@dataclass(frozen=True)
class Passage:
    """A piece of a message, marked, and where it stands."""

    where: str
    at: datetime
    message_id: int
    text: Markup


@dataclass(frozen=True)
class Hit:
    """A ticket that was found. Subject, person, address and organization are marked; passages show the words that those do not have."""

    ref: str
    status: str
    subject: Markup
    requester: Markup
    email: Markup
    organization: Markup | None
    passages: list[Passage]


def find(text: str, viewer: User, cursor: str = "") -> Page:
    """One page of tickets (Hit) that hold all words of a text, newest first. Three statements, two on later pages.

    Nothing for a text without words. Raises Invalid for a cursor that is not of this list.
    """
    words, dialect = subject_index.words(text), db.session.get_bind().dialect.name
    key, back = decode_cursor(cursor, int) if cursor else (None, False)
    if not words:
        return Page([])
    values = {"terms": subject_index.terms_of(text, dialect), "viewer": viewer.id, "organization": viewer.organization_id}
    values["key_0"] = key[0] if key else plain_rows(db.session, NEWEST, {}).scalar() + 1
    rows = list(plain_rows(db.session, statement(sight_of(viewer), dialect, not back), values).all())
    page = paged(rows, ["id"], back=back, started=key is not None, limit=PAGE)
    return Page(hits(page.items, Sought(words)), page.next, page.previous)


@lru_cache(maxsize=8)
def statement(sight: str, dialect: str, descending: bool) -> Select[Any]:
    """The statement of `find`, built once for each way to page."""
    stretch = subject_index.Stretch(descending, PAGE + 1, WINDOW, PAGE + 1)
    found = subject_index.matching(dialect, stretch, TEXTS).subquery("matches")
    seen = within(sight, bindparam("viewer", type_=Integer()), bindparam("organization", type_=Integer()))
    # Cut before tickets are joined, or PostgreSQL may walk all of them beside what was found. That keeps pages whole, since
    # whoever comes through the desk's door sees all tickets, and others none.
    page = select(found.c.id).order_by(*directed([found.c.id], descending)).limit(at_most(PAGE + 1)).subquery("page")
    home = Organization.name.label("organization")
    query: Any = select(Ticket.id, Ticket.ref, Ticket.status, Ticket.subject, Requester.name, Requester.email, home)
    query = query.join(page, page.c.id == Ticket.id).join(Requester, Requester.id == Ticket.requester_id)
    query = query.outerjoin(Organization, Organization.id == Ticket.organization_id).where(seen)
    return cast(Select[Any], query.order_by(*directed([Ticket.id], descending)))


def hits(rows: Sequence[Any], sought: Sought) -> list[Hit]:
    """The rows with their marks and passages. One statement for any number of rows, none for none."""
    said: dict[int, list[Any]] = {}
    for message in plain_rows(db.session, latest_messages(), {"tickets": [row.id for row in rows]}).all() if rows else ():
        said.setdefault(message.ticket_id, []).append(message)
    return [hit(row, said.get(row.id, []), sought) for row in rows]


@lru_cache(maxsize=1)
def latest_messages() -> Select[Any]:
    """The latest messages of tickets with their authors' names, newest first."""
    place = func.row_number().over(partition_by=Message.ticket_id, order_by=Message.id.desc()).label("place")
    ranked = select(Message.id, place).where(Message.ticket_id.in_(bindparam("tickets", expanding=True))).subquery("ranked")
    body = func.substr(Message.body, 1, OF_MESSAGE).label("body")
    columns = (Message.id, Message.ticket_id, body, Message.visibility, Message.by_staff, Message.created_at, User.name.label("author"))
    query = select(*columns).join(ranked, ranked.c.id == Message.id).outerjoin(User, User.id == Message.author_id)
    return query.where(ranked.c.place <= MESSAGES).order_by(Message.id.desc())


def hit(row: Any, messages: Sequence[Any], sought: Sought) -> Hit:
    """A ticket, with the messages that have most of the words which its subject and people do not."""
    named = sought.within(f"{row.subject} {row.name} {row.email} {row.organization or ''}")
    missing = set(sought.words) - named
    passages: list[Passage] = []
    have = [(sought.within(message.body), message) for message in messages] if missing else []
    # What people said before what we answer by ourselves; then the newest.
    while have and len(passages) < PASSAGES:
        there, message = max(have, key=lambda pair: (len(pair[0] & missing), pair[1].author is not None))
        if not there & missing:
            break
        passages.append(Passage(where(message), message.created_at, message.id, sought.passage(message.body)))
        missing -= there
    marked = sought.marked if named else escape
    home = marked(row.organization) if row.organization else None
    return Hit(row.ref, row.status, marked(row.subject), marked(row.name), marked(row.email), home, passages)


def where(message: Any) -> str:
    """What a message is, and whose."""
    if message.author is None:
        return "In an automatic answer"
    kind = "a note" if message.visibility == "internal" else "an answer" if message.by_staff else "a message"
    return f"In {kind} by {message.author}"


def meant(text: str, viewer: User, now: datetime) -> str:
    """The same words with misspelt ones as they are written in the latest tickets, if those are found; empty if not. Four statements."""
    known = known_words(sight_of(viewer), viewer.id, viewer.organization_id, int(now.timestamp()) // KNOWN_FOR_SECONDS)
    asked = subject_index.words(text)
    likely = " ".join(word if word in known else nearest(word, known) for word in asked)
    return likely if likely != " ".join(asked) and find(likely, viewer).items else ""


@lru_cache(maxsize=64)
def known_words(sight: str, viewer_id: int, organization_id: int | None, slot: int) -> frozenset[str]:
    """The words of the latest tickets' subjects, people and organizations; `slot` counts KNOWN_FOR_SECONDS. One statement, or none."""
    query = select(Ticket.subject, Requester.name, Organization.name).join(Requester, Requester.id == Ticket.requester_id)
    query = query.outerjoin(Organization, Organization.id == Ticket.organization_id).where(within(sight, viewer_id, organization_id))
    latest = plain_rows(db.session, query.order_by(Ticket.id.desc()).limit(at_most(KNOWN)), {}, kept=False).all()
    return frozenset(word for row in latest for part in row if part for word in subject_index.WORD.findall(part.lower()))


def nearest(word: str, known: frozenset[str]) -> str:
    """The known word that is most like another, or that itself: nobody mistypes the first letter."""
    close = [one for one in known if one[0] == word[0] and abs(len(one) - len(word)) <= 2]
    return next(iter(get_close_matches(word, sorted(close), 1, CLOSE)), word)
