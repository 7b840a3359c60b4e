"""What messages say and who hears them, read from rows. Only public messages are ever read here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import OneTimeLink, TeamMember, User
from app.events.models import Event
from app.extensions import db
from app.mail.actions import Recipient
from app.mail.content import PublicMessage, TicketCard, public_message
from app.notifications import links
from app.tickets.models import Follower, Message, PendingTicket, Ticket
from app.tickets.rules import CUSTOMER_STATUSES, STATUSES

US = "HiveTechs Support"


@dataclass(frozen=True)
class Reader:
    """Somebody who hears of a ticket, and why: `opened`, `follow`, `copy` (follows without an account), `assignee`, or a clause after "because"."""

    to: Recipient
    why: str


def event_and_ticket(event_id: int) -> tuple[Event, Ticket] | None:
    """The event with its ticket and the ticket's people; None if either has gone. Two statements."""
    event = db.session.get(Event, event_id)
    if event is None or event.ticket_id is None:
        return None
    people = (joinedload(Ticket.requester).joinedload(User.organization), joinedload(Ticket.assignee), joinedload(Ticket.team))
    ticket = db.session.scalar(select(Ticket).options(*people).where(Ticket.id == event.ticket_id))
    return (event, ticket) if ticket is not None else None


def ticket_called(ref: str) -> Ticket | None:
    """The ticket with this number."""
    return db.session.scalar(select(Ticket).where(Ticket.ref == ref))


def customer_card(ticket: Ticket) -> TicketCard:
    """The ticket in the customer's words, with the portal's address. A raise that nobody has confirmed is promised to nobody."""
    return TicketCard(
        ticket.ref, ticket.subject, ticket.promised_priority, CUSTOMER_STATUSES[ticket.status], links.absolute(links.TICKET, ticket.ref)
    )


def staff_card(ticket: Ticket) -> TicketCard:
    """The ticket in the desk's words, with the desk's address."""
    return TicketCard(ticket.ref, ticket.subject, ticket.priority, STATUSES[ticket.status], links.absolute(links.DESK_TICKET, ticket.ref))


def audience(ticket: Ticket, *, without: int | None, left_out: Sequence[str] = ()) -> list[Reader]:
    """The requester, while it is theirs, and the followers, each address once, but not the person `without`, nor the
    followers at the addresses `left_out`. One statement."""
    found: dict[str, Reader] = {}
    skipped = {without} - {None}
    person = ticket.requester
    if person.is_still_of(ticket.organization_id) and person.id not in skipped:
        found[person.email] = Reader(recipient(person), "opened")
    query = select(Follower, User).outerjoin(User, User.id == Follower.user_id).where(Follower.ticket_id == ticket.id).order_by(Follower.id)
    for follower, user in db.session.execute(query):
        if follower.email in left_out or (user is not None and (user.id in skipped or not user.is_enabled)):
            continue
        to = recipient(user) if user is not None else Recipient(follower.email, follower.name)
        if to.email != person.email:
            found.setdefault(to.email, Reader(to, "follow" if user is not None else "copy"))
    return list(found.values())


def recipient(person: User) -> Recipient:
    """A person as a recipient, in their own time zone."""
    return Recipient(person.email, person.name, person.time_zone)


def assignee(ticket: Ticket, *, without: int | None = None) -> list[Reader]:
    """Who works on the ticket, if anybody does and may still."""
    person = ticket.assignee
    if person is None or not person.is_at_desk or person.id == without:
        return []
    return [Reader(recipient(person), "assignee")]


def leads(ticket: Ticket) -> list[Reader]:
    """The leads of the ticket's team; where it has none, all leads. Two statements at most.

    Demo tickets concern demo leads, real ones real leads.
    """
    query = select(User).where(User.role == "lead", User.is_enabled, User.is_demo == ticket.is_demo).order_by(User.id)
    own = people(query.join(TeamMember, TeamMember.user_id == User.id).where(TeamMember.team_id == ticket.team_id))
    if own:
        return [Reader(recipient(person), "you lead the ticket’s team") for person in own]
    return [Reader(recipient(person), "you lead support") for person in people(query)]


def name_of(user_id: int | None) -> str:
    """A person's name; ours where the system did it."""
    person = db.session.get(User, user_id) if user_id is not None else None
    return person.name if person is not None else US


def asker(event: Event) -> User | None:
    """Who asked for an escalation as the customer's wish, themselves or through one of us; None where something else caused it."""
    wished = event.facts["trigger"] == "enterprise_escalation" and event.actor_id is not None
    return db.session.get(User, event.actor_id) if wished else None


def people(query: Select[User]) -> Sequence[User]:
    """The rows of a query for people."""
    return db.session.scalars(query).all()


def message(message_id: int) -> PublicMessage | None:
    """A message that may leave; None for an internal note or one that has gone. Two statements."""
    return first(select(Message).where(Message.id == message_id))


def left_out(message_id: int) -> list[str]:
    """The addresses of followers whom a reply was not meant for."""
    return db.session.scalar(select(Message.left_out).where(Message.id == message_id)) or []


def message_before(ticket_id: int, message_id: int) -> PublicMessage | None:
    """The public message before another one, that a person wrote: an automatic one would hide what was asked."""
    query = select(Message).where(Message.ticket_id == ticket_id, Message.id < message_id, Message.is_automatic.is_(False))
    return first(query.order_by(Message.id.desc()).limit(1))


def first_messages(ticket_id: int) -> tuple[PublicMessage | None, PublicMessage | None]:
    """What was asked, and our automatic first response to it, if there is one."""
    asked = first(select(Message).where(Message.ticket_id == ticket_id).order_by(Message.id).limit(1))
    own = select(Message).where(Message.ticket_id == ticket_id, Message.is_automatic, Message.by_staff)
    return asked, first(own.order_by(Message.id).limit(1))


def first_asked(ticket_id: int) -> PublicMessage | None:
    """The first of what customers wrote on a ticket."""
    return first(select(Message).where(Message.ticket_id == ticket_id, Message.by_staff.is_(False)).order_by(Message.id).limit(1))


def first(query: Select[Message]) -> PublicMessage | None:
    """The first row as a PublicMessage. The only place where a row becomes one: the condition here is never left out."""
    public = query.where(Message.visibility == "public").options(joinedload(Message.author), selectinload(Message.attachments))
    row = db.session.scalar(public)
    if row is None:
        return None
    files = [file.name for file in row.attachments]
    return public_message(row, author=row.author.name if row.author else US, files=files, base_url=current_app.config["SETTINGS"].base_url)


def replied_with(event: Event) -> bool:
    """Whether a public reply by staff did this, in the same moment: its mail tells of it already."""
    query = select(Event.id).where(
        Event.ticket_id == event.ticket_id, Event.kind == "ticket.replied", Event.at == event.at, Event.actor_id == event.actor_id
    )
    return db.session.scalar(query.limit(1)) is not None


def enabled_person(email: str) -> User | None:
    """Who has this address and may sign in; their organization is loaded."""
    return db.session.scalar(select(User).options(joinedload(User.organization)).where(User.email == email, User.is_enabled))


def links_since(user_id: int, since: datetime) -> int:
    """How many links to choose a password by a person was sent since a time: resets, and invitations."""
    query = select(func.count()).where(OneTimeLink.user_id == user_id, OneTimeLink.created_at > since)
    return db.session.scalar(query) or 0


def last_invitation(user_id: int) -> OneTimeLink | None:
    """The last link of an invitation that a person was sent, whether it still works or not."""
    sent = select(OneTimeLink).where(OneTimeLink.user_id == user_id, OneTimeLink.purpose == "invite")
    return db.session.scalar(sent.order_by(OneTimeLink.id.desc()).limit(1))


def was_invited_since(event: Event, since: datetime) -> bool:
    """Whether whoever an event invites was invited so before it, after a time. Such events are rare: an index finds them."""
    earlier = select(Event.facts).where(Event.kind == event.kind, Event.id < event.id, Event.at > since)
    return any(facts["user_id"] == event.facts["user_id"] for facts in db.session.scalars(earlier.order_by(Event.id.desc()).limit(200)))


def confirmations_since(email: str, since: datetime) -> int:
    """How many confirmation links an unproven address was sent since a time."""
    query = select(func.count()).where(
        PendingTicket.email == email, PendingTicket.secret_hash.is_not(None), PendingTicket.created_at > since
    )
    return db.session.scalar(query) or 0


def was_low_before(event: Event) -> bool:
    """Whether an earlier answer to the same survey was low, so that the leads know already."""
    earlier = select(Event.facts).where(Event.ticket_id == event.ticket_id, Event.kind == "survey.answered", Event.id < event.id)
    return any(facts["low"] and facts["survey_id"] == event.facts["survey_id"] for facts in db.session.scalars(earlier.limit(200)))
