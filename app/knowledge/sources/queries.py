"""The only readers of where answers come from; for staff."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.accounts.models import Organization, User
from app.extensions import db
from app.knowledge.models import Article, Faq
from app.knowledge.sources.models import EntrySource
from app.knowledge.sources.rules import People
from app.tickets.models import Follower, Message, Ticket

# Whoever wrote more than this is not masked by name; their addresses are.
MOST_PEOPLE = 200


def sources_of(entry: Faq | Article) -> Sequence[Any]:
    """(ref, subject, message_id, created_at, name) of the replies that an entry was made from. One statement."""
    columns = (Ticket.ref, Ticket.subject, EntrySource.message_id, EntrySource.created_at, User.name)
    query = select(*columns).join(Ticket, Ticket.id == EntrySource.ticket_id).join(User, User.id == EntrySource.created_by_id)
    where = (EntrySource.kind == entry.kind, EntrySource.entry_id == entry.id)
    return db.session.execute(query.where(*where).order_by(EntrySource.id)).all()


def entry_from(message: Message) -> Faq | None:
    """The question that was made from a reply before, or None. One statement."""
    made = select(Faq).join(EntrySource, EntrySource.entry_id == Faq.id)
    return db.session.scalar(made.where(EntrySource.kind == "faq", EntrySource.message_id == message.id))


def people_of(ticket: Ticket, own_host: str) -> People:
    """Everybody who is named in a ticket: who asked, wrote, follows or works on it, and their organization. Two statements."""
    wrote = select(Message.author_id).where(Message.ticket_id == ticket.id)
    named = User.id.in_(wrote) | User.id.in_([ticket.requester_id, ticket.assignee_id])
    followers = select(Follower.name.label("name")).where(Follower.ticket_id == ticket.id)
    names = db.session.scalars(select(User.name.label("name")).where(named).union(followers).limit(MOST_PEOPLE)).all()
    organization = db.session.scalars(select(Organization.name).where(Organization.id == ticket.organization_id)).all()
    return People([name for name in names if name], list(organization), own_host)
