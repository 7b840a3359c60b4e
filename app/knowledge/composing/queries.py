"""Answers for whoever writes to customers: what staff may read, and which of it those may whom they write to."""

from dataclasses import dataclass

from app.accounts.models import User
from app.knowledge import finding
from app.knowledge.composing import rules
from app.knowledge.finding import Found, Result
from app.knowledge.models import Article, Faq
from app.lib.errors import Invalid, NotAllowed
from app.tickets.models import Ticket

HOW = ("link", "answer")


@dataclass(frozen=True)
class Offer:
    """An answer, and whether those may read it, too, whom one writes to."""

    result: Result
    is_theirs: bool


def offers(ticket: Ticket | None, text: str, reader: User) -> tuple[Found, list[Offer]]:
    """The first page of answers to a text, for the customer of a ticket, or None for everybody. Five statements at most."""
    found = finding.search(reader, text)
    theirs = finding.rows_of(((result.kind, result.id) for result in found.results), addressee(ticket))
    return found, [Offer(result, (result.kind, result.id) in theirs) for result in found.results]


def words_for(entry: Faq | Article, ticket: Ticket | None, how: str, *, url: str, base_url: str, is_note: bool) -> tuple[str, bool]:
    """The Markdown of an entry for a message on this ticket (None: for a macro, for everybody): a link to `url`, or the answer
    (an article's summary) and the link; and whether the customer may read the entry, too.

    What the customer may not read goes into notes only. Nothing is counted here: the reply that it goes out with tells of
    the link. One statement. Raises NotAllowed, Invalid.
    """
    if how not in HOW:
        raise Invalid("Choose a link or the answer.")
    may_read = is_theirs(entry, ticket)
    if not is_note and not may_read:
        raise NotAllowed("The customer may not read this. Put it into an internal note, or answer in your own words.")
    if how == "link":
        return rules.link(entry.heading, url), may_read
    words = entry.answer if isinstance(entry, Faq) else entry.summary
    return rules.whole(words, entry.heading, url, base_url), may_read


def is_theirs(entry: Faq | Article, ticket: Ticket | None) -> bool:
    """Whether the customer of the ticket, or without one everybody, may read an entry. One statement."""
    return bool(finding.rows_of([(entry.kind, entry.id)], addressee(ticket)))


def addressee(ticket: Ticket | None) -> User | None:
    """Whom one writes to; None for everybody, who may read what visitors may."""
    return ticket.requester if ticket is not None else None
