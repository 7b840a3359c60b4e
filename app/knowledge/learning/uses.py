"""Entries that staff gave as an answer: their addresses in public replies, and tickets that came back afterwards.

A macro or a template that links an entry counts by the reply that it went into.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import unquote

from sqlalchemy import select, update

from app.events.models import Event
from app.extensions import db
from app.knowledge.learning.models import Use
from app.knowledge.learning.rules import REOPEN
from app.knowledge.learning.tally import inserted
from app.knowledge.models import Article, Faq
from app.tickets.models import Message, Ticket

MOST_LINKS = 50
# The status that a ticket had before an event is told by the last of these that names one.
LOOK_BACK = 50


def addresses(text: str, base_url: str) -> list[tuple[str, str]]:
    """(section, name) of each page of the help centre that a text links to, each once; `base_url` is our own host. Pure."""
    ours = re.compile(rf"(?:{re.escape(base_url)}|(?<![\w/.:-]))/help/([\w-]+)/([^\s)\]>\"'#?]+)")
    found = ((match[1], unquote(match[2]).rstrip(".,;:!*_")) for match in ours.finditer(text))
    return list(dict.fromkeys(found))[:MOST_LINKS]


def entries_at(places: Iterable[tuple[str, str]]) -> Iterator[tuple[str, int]]:
    """(kind, number) of the entries at these addresses. One statement for each kind that is there."""
    wanted = list(places)
    keys = [name for section, name in wanted if section == "faq"]
    if keys:
        yield from (("faq", number) for number in db.session.scalars(select(Faq.id).where(Faq.external_id.in_(keys))))
    pages = {place for place in wanted if place[0] != "faq"}
    if pages:
        query = select(Article.id, Article.section, Article.slug).where(Article.slug.in_(sorted({slug for _, slug in pages})))
        yield from (("article", row.id) for row in db.session.execute(query) if (row.section, row.slug) in pages)


def note_uses(event: Event, base_url: str) -> int:
    """The entries that a public answer of staff linked; again adds nothing. Returns how many it linked. Four statements at most."""
    message = db.session.get(Message, event.facts["message_id"])
    if message is None or not message.by_staff or message.is_automatic or message.visibility != "public":
        return 0
    found = list(entries_at(addresses(message.body, base_url)))
    is_demo = db.session.scalar(select(Ticket.is_demo).where(Ticket.id == message.ticket_id))
    about = {"ticket_id": message.ticket_id, "message_id": message.id, "is_demo": bool(is_demo), "used_at": message.created_at}
    if found:
        rows = [{"kind": kind, "entry_id": number, **about} for kind, number in found]
        insert = inserted(Use).values(rows)
        db.session.execute(insert.on_conflict_do_nothing(index_elements=["kind", "entry_id", "message_id"]))
    return len(found)


def note_reopening(ticket_id: int, at: datetime) -> int:
    """A ticket came back: what it was answered with lately was no answer. Again changes nothing. One statement."""
    mine = (Use.ticket_id == ticket_id, Use.reopened_at.is_(None), Use.used_at >= at - REOPEN, Use.used_at <= at)
    return db.session.execute(update(Use).where(*mine).values(reopened_at=at), execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]


def was_resolved(event: Event) -> bool:
    """Whether an event found its ticket resolved. One statement."""
    before = select(Event.facts).where(Event.ticket_id == event.ticket_id, Event.id < event.id).order_by(Event.id.desc())
    statuses = (facts.get("status") for facts in db.session.scalars(before.limit(LOOK_BACK)))
    return next((status for status in statuses if status), None) == "resolved"


def is_reopening(event: Event) -> bool:
    """Whether a reply of a customer brought a resolved ticket back, and was more than a thank-you."""
    if event.facts["by_staff"] or event.facts["status"] != "open" or not was_resolved(event):
        return False
    thanked_at = db.session.scalar(select(Ticket.thanked_at).where(Ticket.id == event.ticket_id))
    return thanked_at != event.at
