"""The only writer of answers that come from tickets."""

from datetime import datetime
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.events.actions import record
from app.extensions import db
from app.knowledge.actions import FaqText, save_faq
from app.knowledge.models import Faq
from app.knowledge.sections import CATEGORIES
from app.knowledge.sources import queries
from app.knowledge.sources.models import EntrySource
from app.knowledge.sources.rules import answer_of, question_of
from app.knowledge.writing.rules import writers_only
from app.lib.errors import Invalid
from app.tickets.models import Message, Ticket

# Where a ticket's category has another name in the help centre.
SHELVES = {"documentation": "support", "other": "support"}


def draft_from_reply(message: Message, ticket: Ticket, *, actor: User, now: datetime) -> Faq:
    """Make a draft of a question and answer from a public reply of ours, masked, and tell its ticket.

    The same reply again gives the entry that was made first, and records nothing. Raises Invalid for a message that is no
    reply of ours or has nothing left when its courtesies are gone, NotAllowed.
    """
    writers_only(actor.role)
    if message.visibility != "public" or not message.by_staff or message.is_automatic:
        raise Invalid("Only a public reply that one of us wrote can become an answer.")
    there = queries.entry_from(message)
    if there is not None:
        return there
    text = text_from(message, ticket)
    try:
        with db.session.begin_nested():
            entry = save_faq(None, text, actor=actor, now=now)
            made = {"ticket_id": ticket.id, "message_id": message.id, "created_by_id": actor.id, "created_at": now}
            db.session.add(EntrySource(kind="faq", entry_id=entry.id, **made))
            db.session.flush()
            facts = {"kind": "faq", "entry_id": entry.id, "title": entry.heading, "message_id": message.id}
            record("knowledge.drafted_from_ticket", now=now, actor=actor, ticket=ticket, facts=facts)
    except IntegrityError:
        # Somebody else did the same at the same moment.
        there = queries.entry_from(message)
        if there is None:
            raise
        return there
    return entry


def text_from(message: Message, ticket: Ticket) -> FaqText:
    """What an answer begins with. Raises Invalid where nothing is left."""
    people = queries.people_of(ticket, urlsplit(current_app.config["SETTINGS"].base_url).hostname or "")
    answer = answer_of(message.body, people)
    if not answer:
        raise Invalid("Nothing is left of this reply without its greeting and ending. Choose the reply that has the answer.")
    category = SHELVES.get(ticket.category, ticket.category)
    question = question_of(ticket.subject, people) or "Question from a ticket"
    return FaqText(question, answer, category if category in CATEGORIES else "support")
