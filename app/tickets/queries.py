"""The only readers of tickets. Everything that a viewer is shown passes through `visible_to`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, bindparam, case, exists, false, or_, select, true
from sqlalchemy.orm import aliased

from app.accounts.models import Organization, Plan, Team, User
from app.accounts.queries import still_theirs
from app.events.models import Event
from app.extensions import db
from app.lib.database import at_most, give, hold, plain_rows, written_out
from app.lib.errors import NotFound
from app.lib.objects import SideBySide
from app.tickets.models import Attachment, Draft, Follower, Message, Ticket, TicketLink, TicketTag
from app.tickets.story import Line, told

NEWEST = 30
# Events that a page of messages takes along, at most.
EVENTS = 300
# Whom a ticket's page names.
REQUESTER, ASSIGNEE = aliased(User), aliased(User)
PEOPLE = (REQUESTER, ASSIGNEE, Team, Organization, Plan)
TICKET = SideBySide(Ticket, *PEOPLE)
# Built once: pages of tickets with files ask it.
FILES = (
    select(Attachment.message_id, Attachment.ref, Attachment.name, Attachment.media_type, Attachment.size_bytes, Attachment.storage_key)
    .where(Attachment.message_id.in_(bindparam("messages", expanding=True)))
    .order_by(Attachment.id)
)


def visible_to(user: Any) -> ColumnElement[bool]:
    """The tickets that this viewer may see, as a condition on Ticket: the one place that decides it.

    Staff see all. Customers see their own and those that they follow; an organization's admins, and its members where
    it shares, see its tickets. What somebody asked as a member of an organization is theirs as long as they are of it
    (docs/decisions/leaving.md). Visitors and moderators see none.
    """
    return within(sight_of(user), getattr(user, "id", None), getattr(user, "organization_id", None))


def sight_of(user: Any) -> str:
    """How much this viewer sees: `all`, `none`, `own` or `organization`."""
    if getattr(user, "is_staff", False):
        return "all"
    if user is None or user.role not in {"customer", "customer_admin"}:
        return "none"
    is_shared = user.organization_id is not None and (user.role == "customer_admin" or user.organization.sharing == "all")
    return "organization" if is_shared else "own"


def within(sight: str, viewer: Any, organization: Any) -> ColumnElement[bool]:
    """The tickets within a sight; who looks and their organization are ids, or parameters of a statement that is kept."""
    if sight == "all":
        return true()
    if sight == "none":
        return false()
    mine = or_(asked_by(viewer, organization), Ticket.id.in_(select(Follower.ticket_id).where(Follower.user_id == viewer)))
    return or_(Ticket.organization_id == organization, mine) if sight == "organization" else mine


def asked_by(viewer: Any, organization: Any) -> ColumnElement[bool]:
    """The tickets that somebody has asked and may still read."""
    return still_theirs(Ticket.requester_id, Ticket.organization_id, viewer, organization)


def ticket_for(user: Any, ref: str, *, for_change: bool = False) -> Ticket:
    """The ticket with its people, if this viewer may see it; raises NotFound otherwise. One statement.

    `for_change` makes those who are about to change it follow one another. On PostgreSQL a statement that waits for a ticket sees
    whom that names as they were before: where they are others by now, it is asked once more, and waits for nobody.
    """
    sight, values = sight_of(user), {"ref": ref.upper(), "viewer": getattr(user, "id", None)}
    values["organization"] = getattr(user, "organization_id", None)
    people = ticket_and_people(sight, values, for_change)
    if for_change and (people is None or not go_together(*people)):
        people = ticket_and_people(sight, values, for_change)
    if people is None:
        raise NotFound()
    return together(*people)


def ticket_and_people(sight: str, values: dict[str, Any], is_held: bool) -> list[Any] | None:
    """The objects of TICKET, if there is such a ticket."""
    row = plain_rows(db.session, one_ticket(sight, is_held), values).first()
    return None if row is None else TICKET.of(db.session, row, anew=is_held)


@lru_cache(maxsize=8)
def one_ticket(sight: str, is_held: bool) -> Select[Any]:
    """The statement of `ticket_for`, built once for each sight. A ticket that `is_held` is changed by nobody else meanwhile."""
    query = with_people(select(*TICKET.columns)).where(*named(sight))
    return query.with_for_update(key_share=True, of=Ticket) if is_held else query


def named(sight: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The ticket with the number `ref`, within the sight of a `viewer` of an `organization`."""
    return Ticket.ref == bindparam("ref"), within(sight, bindparam("viewer"), bindparam("organization"))


def with_people(query: Select[Any]) -> Select[Any]:
    """Let a statement that asks for the columns of TICKET find whom a ticket's page names; `together` joins the objects of a row."""
    return (
        query.join(REQUESTER, REQUESTER.id == Ticket.requester_id)
        .outerjoin(ASSIGNEE, ASSIGNEE.id == Ticket.assignee_id)
        .outerjoin(Team, Team.id == Ticket.team_id)
        .outerjoin(Organization, Organization.id == Ticket.organization_id)
        .outerjoin(Plan, Plan.id == Organization.plan_id)
    )


def go_together(ticket: Ticket, requester: User, assignee: User | None, team: Team | None, organization: Any, plan: Any) -> bool:
    """Whether these are the people that the ticket names."""
    named = (ticket.assignee_id, ticket.team_id, ticket.organization_id)
    return ticket.requester_id == requester.id and named == tuple(one and one.id for one in (assignee, team, organization))


def together(ticket: Ticket, requester: User, assignee: User | None, team: Team | None, organization: Any, plan: Plan | None) -> Ticket:
    """The ticket with the people of its row."""
    give(ticket, requester=requester, assignee=assignee, team=team, organization=organization)
    if organization is not None:
        give(organization, plan=plan)
    return ticket


def held_tickets(*conditions: ColumnElement[bool]) -> list[Ticket]:
    """The tickets under these conditions with their people, as they stand now; nobody else changes them before the transaction ends.

    Two statements on PostgreSQL: one that waits for a ticket would see whom it names as it was before.
    """
    hold(db.session, Ticket.id, *conditions)
    query = with_people(select(*TICKET.columns)).where(*conditions).order_by(Ticket.id)
    return [together(*TICKET.of(db.session, row, anew=True)) for row in plain_rows(db.session, query, {}, kept=False).all()]


@dataclass(frozen=True)
class Entry:
    """One thing on a timeline: a message (a row of `some_messages`) with its files, or the line that tells of an event."""

    at: datetime
    message: Any = None
    files: Sequence[Any] = ()
    line: Line | None = None


@dataclass(frozen=True)
class Timeline:
    """What happened, oldest first. `earlier` is the id to ask for the messages before these with, or None; `seen` is
    the newest event that this viewer knows of when they have read it."""

    entries: list[Entry]
    earlier: int | None = None
    seen: int = 0


def timeline(ticket: Ticket, user: Any, *, before: int | None = None, limit: int = NEWEST) -> Timeline:
    """The newest messages and what happened between them, as this viewer may see it. Three statements.

    `before` is the id of a message: the ones before it. Internal notes and events that are not public are left out in
    the query itself for everybody but staff.
    """
    messages = newest_messages(ticket, user, before, limit + 1)
    more = len(messages) > limit
    messages = messages[-limit:]
    events = events_between(ticket, user, messages[0].id if more else None, before)
    files = files_of([message.id for message in messages if message.has_files])
    entries = [Entry(message.created_at, message, files.get(message.id, ())) for message in messages]
    ended = {event.at for event in events if event.kind == "ticket.resolved"}
    # An invitation that was taken back before it was mailed is told once, by what took it back.
    unsent = {event.facts["survey_id"] for event in events if event.kind == "survey.withheld"}
    entries += [
        Entry(event.at, line=told(event.kind, event.facts, event.name, staff=user.is_staff))
        for event in reversed(events)
        if event.facts is not None
        and not (event.kind == "ticket.replied" and event.at in ended)
        and not (event.kind == "survey.invited" and event.facts["survey_id"] in unsent)
    ]
    entries.sort(key=lambda entry: (entry.at, entry.message is None))
    return Timeline(entries, messages[0].id if more else None, events[0].id if events else 0)


def events_between(ticket: Ticket, user: Any, since: int | None, before: int | None) -> Sequence[Any]:
    """Events of the ticket with the names of who acted, newest first: since a message, and before another."""
    values = {"ticket": ticket.id, "since": since, "before": before}
    return plain_rows(db.session, some_events(bool(user.is_staff), since is not None, before is not None), values).all()


@lru_cache(maxsize=8)
def some_events(is_staff: bool, is_bounded: bool, is_earlier: bool) -> Select[Any]:
    """The statement of `events_between`, built once for each of its shapes."""
    wanted: list[ColumnElement[bool]] = [Event.ticket_id == bindparam("ticket")]
    if not is_staff:
        wanted.append(Event.is_public.is_(True))
    if is_bounded:
        wanted.append(Event.at >= moment_of("since"))
    if is_earlier:
        wanted.append(Event.at < moment_of("before"))
    # What a message tells of already needs no facts; reading them costs more than all the rest of the row.
    facts = case((told_by_a_message(), None), else_=Event.facts).label("facts")
    query: Any = select(Event.id, Event.at, Event.kind, facts, User.name).outerjoin(User, User.id == Event.actor_id).where(*wanted)
    return cast(Select[Any], query.order_by(Event.id.desc()).limit(at_most(EVENTS)))


def moment_of(name: str) -> ScalarSelect[datetime]:
    """When the message was written whose id is the value of this name. For a moment that is a value PostgreSQL plans anew each time."""
    return select(Message.created_at).where(Message.id == bindparam(name), Message.ticket_id == bindparam("ticket")).scalar_subquery()


def told_by_a_message() -> ColumnElement[bool]:
    """Events that the message itself tells of: all but an answer that brought another status along. That staff's first answer opens a
    ticket needs no telling."""
    status = Event.facts["status"].as_string()
    kept = or_(status.is_(None), and_(status == written_out("open"), Event.facts["by_staff"].as_boolean()))
    always = [written_out("ticket.opened"), written_out("ticket.noted")]
    return or_(Event.kind.in_(always), and_(Event.kind == written_out("ticket.replied"), kept))


def newest_event(ticket_id: int, user: Any) -> int:
    """The newest event of a ticket that this viewer may know of; 0 for none."""
    query = select(Event.id).where(Event.ticket_id == ticket_id)
    if not user.is_staff:
        query = query.where(Event.is_public.is_(True))
    return db.session.scalar(query.order_by(Event.id.desc()).limit(1)) or 0


def newest_messages(ticket: Ticket, user: Any, before: int | None, limit: int) -> Sequence[Any]:
    """The newest messages that this viewer may read, as rows with their authors, oldest first. One statement."""
    values = {"ticket": ticket.id, "before": before}
    found = plain_rows(db.session, some_messages(bool(user.is_staff), before is not None, limit), values).all()
    return found[::-1]


@lru_cache(maxsize=16)
def some_messages(is_staff: bool, is_earlier: bool, limit: int) -> Select[Any]:
    """The statement of `newest_messages`, built once for each of its shapes. Columns: a page needs no objects to change."""
    wanted: list[ColumnElement[bool]] = [Message.ticket_id == bindparam("ticket")]
    if not is_staff:
        wanted.append(Message.visibility == "public")
    if is_earlier:
        wanted.append(Message.id < bindparam("before"))
    columns = (Message.id, Message.visibility, Message.html, Message.by_staff, Message.is_automatic, Message.source, Message.created_at)
    author = (User.id.label("author_id"), User.name, User.role, User.organization_id)
    has_files = exists().where(Attachment.message_id == Message.id).label("has_files")
    query: Any = select(*columns, *author, has_files).outerjoin(User, User.id == Message.author_id)
    return cast(Select[Any], query.where(*wanted).order_by(Message.id.desc()).limit(at_most(limit)))


def files_of(message_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The files of messages that the viewer may read, by message. One statement; none for no messages."""
    found: dict[int, list[Any]] = {}
    for row in plain_rows(db.session, FILES, {"messages": message_ids}).all() if message_ids else ():
        found.setdefault(row.message_id, []).append(row)
    return found


def message_for(user: Any, message_id: int) -> tuple[Message, Ticket]:
    """One message and its ticket, if this viewer may read both; raises NotFound."""
    query = select(Message, Ticket).join(Ticket, Ticket.id == Message.ticket_id).where(Message.id == message_id, visible_to(user))
    row = db.session.execute(query).first()
    if row is None or (row[0].visibility != "public" and not user.is_staff):
        raise NotFound()
    return row[0], row[1]


def attachment_for(user: Any, ref: str) -> Attachment:
    """One file, if this viewer may see its ticket and its message; raises NotFound."""
    query = (
        select(Attachment)
        .join(Ticket, Ticket.id == Attachment.ticket_id)
        .join(Message, Message.id == Attachment.message_id)
        .where(Attachment.ref == ref, visible_to(user))
    )
    if not user.is_staff:
        query = query.where(Message.visibility == "public")
    found = db.session.scalar(query)
    if found is None:
        raise NotFound()
    return found


def followers(ticket: Ticket) -> Sequence[Follower]:
    """Who follows, by name."""
    return db.session.scalars(select(Follower).where(Follower.ticket_id == ticket.id).order_by(Follower.name, Follower.email)).all()


def tags(ticket_ids: Sequence[int]) -> dict[int, list[str]]:
    """Tags by ticket id, sorted. One statement for any number of tickets."""
    found: dict[int, list[str]] = {}
    if not ticket_ids:
        return found
    for ticket_id, tag in db.session.execute(
        select(TicketTag.ticket_id, TicketTag.tag).where(TicketTag.ticket_id.in_(ticket_ids)).order_by(TicketTag.tag)
    ):
        found.setdefault(ticket_id, []).append(tag)
    return found


def links(ticket: Ticket) -> Sequence[TicketLink]:
    """Links to other tickets and elsewhere."""
    return db.session.scalars(select(TicketLink).where(TicketLink.ticket_id == ticket.id).order_by(TicketLink.id)).all()


def draft(ticket: Ticket, user: User) -> Draft | None:
    """What this person has typed and not sent."""
    return db.session.get(Draft, (ticket.id, user.id))


def last_public_message(ticket: Ticket) -> Message | None:
    """The newest public message."""
    query = select(Message).where(and_(Message.ticket_id == ticket.id, Message.visibility == "public"))
    return db.session.scalar(query.order_by(Message.id.desc()).limit(1))
