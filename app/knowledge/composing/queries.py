"""Answers for whoever writes to a customer: what staff may read, and which of it the customer may."""

from dataclasses import dataclass

from app.accounts.models import User
from app.knowledge import finding
from app.knowledge.finding import Found, Result
from app.knowledge.models import Article, Faq
from app.knowledge.sections import audiences_of
from app.tickets.models import Ticket


@dataclass(frozen=True)
class Offer:
    """An answer, and whether the customer of the ticket may read it, too."""

    result: Result
    is_theirs: bool


def offers(ticket: Ticket, text: str, reader: User) -> tuple[Found, list[Offer]]:
    """The first page of answers to a text. Five statements at most."""
    found = finding.search(reader, text)
    theirs = finding.rows_of(((result.kind, result.id) for result in found.results), ticket.requester)
    return found, [Offer(result, (result.kind, result.id) in theirs) for result in found.results]


def is_theirs(entry: Faq | Article, ticket: Ticket) -> bool:
    """Whether the customer of the ticket may read an entry."""
    return entry.status == "published" and entry.audience in audiences_of(ticket.requester)
