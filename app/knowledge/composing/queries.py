"""Answers for whoever writes to customers: what staff may read, and which of it those may whom they write to."""

from dataclasses import dataclass

from app.accounts.models import User
from app.knowledge import finding
from app.knowledge.finding import Found, Result
from app.knowledge.models import Article, Faq
from app.knowledge.sections import audiences_of
from app.tickets.models import Ticket


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


def is_theirs(entry: Faq | Article, ticket: Ticket | None) -> bool:
    """Whether the customer of the ticket, or without one everybody, may read an entry."""
    return entry.status == "published" and entry.audience in audiences_of(addressee(ticket))


def addressee(ticket: Ticket | None) -> User | None:
    """Whom one writes to; None for everybody, who may read what visitors may."""
    return ticket.requester if ticket is not None else None
