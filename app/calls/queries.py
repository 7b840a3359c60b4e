"""The only readers of calls: who sees which, the day of the desk, and what can be booked by whom."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import joinedload

from app.accounts.models import Organization, Team, User
from app.accounts.permissions import CUSTOMERS
from app.accounts.queries import one_row, still_theirs
from app.calls.links import nonce_of
from app.calls.models import Call, CallKind
from app.calls.rules import LEAST_TIER
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Gone, NotFound
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.tickets.models import Ticket
from app.tickets.queries import visible_to

PAGE = 20
UPCOMING = 100
TICKETS = 50


def seen_by(viewer: Any) -> ColumnElement[bool]:
    """The calls that somebody may see: staff all, customers their own and, as their organization shares tickets, its others'.

    As with tickets, what was booked for an organization that they have left is no longer theirs.
    """
    if getattr(viewer, "is_staff", False):
        return true()
    if viewer.role not in CUSTOMERS:
        return false()
    mine = still_theirs(Call.customer_id, Call.organization_id, viewer.id, viewer.organization_id)
    if viewer.organization_id is None:
        return mine
    if viewer.role == "customer_admin" or viewer.organization.sharing == "all":
        return or_(Call.organization_id == viewer.organization_id, mine)
    return mine


def may_change(viewer: Any, call: Call) -> bool:
    """Whether somebody who sees a call may move or cancel it: whoever booked it, the admins of their organization, and staff."""
    if viewer.is_staff or viewer.id == call.customer_id:
        return True
    return viewer.role == "customer_admin" and viewer.organization_id is not None and viewer.organization_id == call.organization_id


def with_people(query: Select[Any]) -> Select[Any]:
    """Load whom and what a call names along with it."""
    people = (joinedload(Call.customer), joinedload(Call.engineer), joinedload(Call.organization), joinedload(Call.ticket))
    return query.options(joinedload(Call.kind), *people)


def call_for(viewer: Any, ref: str, *, for_change: bool = False) -> Call:
    """One call with its people, if this viewer may see it; raises NotFound otherwise. Two statements.

    `for_change` makes those who are about to change it follow one another, by another statement on PostgreSQL.
    """
    call = one_row(with_people(select(Call)), Call.id, Call.ref == ref.upper(), seen_by(viewer), for_change=for_change)
    if call is None:
        raise NotFound()
    return call


def call_by_id(number: int) -> Call | None:
    """One call with its people, for jobs. Two statements."""
    return db.session.scalar(with_people(select(Call)).where(Call.id == number))


def call_of_event(event_id: int) -> Call | None:
    """The call that an event is about, with its people, for jobs. Three statements."""
    event = db.session.get(Event, event_id)
    return call_by_id(event.facts["call_id"]) if event is not None else None


def call_by_token(key: str, token: str, *, now: datetime, for_change: bool = False) -> Call:
    """The call of a link. Raises NotFound for one that is not ours, Gone after the call, or where its person has left."""
    nonce = nonce_of(key, token)
    query = with_people(select(Call)).options(joinedload(Call.customer).joinedload(User.organization))
    call = one_row(query, Call.id, Call.nonce == nonce, for_change=for_change) if nonce else None
    if call is None:
        raise NotFound("This is not the address of a call. Copy the whole address from our mail.")
    if call.ends_at <= now or not call.customer.is_still_of(call.organization_id):
        raise Gone("This link ended with its call. Sign in to see your calls and to book another one, or write to us.")
    return call


def ticket_of(viewer: Any, call: Call) -> Ticket | None:
    """The ticket of a call, where this viewer may see it. One statement; none for a call without a ticket."""
    if call.ticket_id is None:
        return None
    return db.session.scalar(select(Ticket).where(Ticket.id == call.ticket_id, visible_to(viewer)))


ROW = (
    *(Call.id, Call.ref, Call.topic, Call.state, Call.starts_at, Call.ends_at, Call.how, Call.lost_at, Call.engineer_id, Call.customer_id),
    CallKind.name.label("kind"),
)


def listed(viewer: Any, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Rows of calls that a viewer may see, with names, and the ticket where they may see that."""
    engineer, customer = User.__table__.alias("engineer"), User.__table__.alias("customer")
    columns = (
        *ROW,
        engineer.c.name.label("engineer"),
        customer.c.name.label("customer"),
        Organization.name.label("organization"),
        Ticket.ref.label("ticket_ref"),
    )
    return (
        select(*columns)
        .join(CallKind, CallKind.id == Call.kind_id)
        .join(engineer, engineer.c.id == Call.engineer_id)
        .join(customer, customer.c.id == Call.customer_id)
        .outerjoin(Organization, Organization.id == Call.organization_id)
        .outerjoin(Ticket, and_(Ticket.id == Call.ticket_id, visible_to(viewer)))
        .where(seen_by(viewer), *conditions)
    )


def upcoming(viewer: Any, now: datetime) -> Sequence[Any]:
    """The calls to come, or going on, soonest first. One statement."""
    query = listed(viewer, Call.state == "booked", Call.ends_at > now)
    return db.session.execute(query.order_by(Call.starts_at, Call.id).limit(UPCOMING)).all()


def past(viewer: Any, now: datetime, cursor: str = "") -> Page:
    """Calls that are over or were cancelled, newest first, PAGE at a time by key. Raises Invalid for a cursor that is none. One statement."""
    query = listed(viewer, or_(Call.state != "booked", Call.ends_at <= now))
    if cursor:
        (at, number), _ = decode_cursor(cursor, datetime, int)
        query = query.where(or_(Call.starts_at < at, and_(Call.starts_at == at, Call.id < number)))
    rows = db.session.execute(query.order_by(Call.starts_at.desc(), Call.id.desc()).limit(PAGE + 1)).all()
    more = encode_cursor([rows[PAGE - 1].starts_at, rows[PAGE - 1].id]) if len(rows) > PAGE else None
    return Page(list(rows[:PAGE]), more)


def day(viewer: User, start: datetime, end: datetime, *, mine: bool) -> Sequence[Any]:
    """The calls of a day at the desk, in order; cancelled ones are left out. One statement."""
    wanted = [Call.starts_at >= start, Call.starts_at < end, Call.state != "cancelled"]
    if mine:
        wanted.append(Call.engineer_id == viewer.id)
    return db.session.execute(listed(viewer, *wanted).order_by(Call.starts_at, Call.id)).all()


def lost(viewer: User, now: datetime) -> Sequence[Any]:
    """The calls to come that need a new engineer, soonest first. One statement, by the index ix_calls_lost."""
    query = listed(viewer, Call.lost_at.is_not(None), Call.state == "booked", Call.ends_at > now)
    return db.session.execute(query.order_by(Call.starts_at, Call.id).limit(UPCOMING)).all()


def unsaid(viewer: User, now: datetime, *, mine: bool) -> Sequence[Any]:
    """The calls that are over and of which nobody has said how they went, oldest first. One statement."""
    wanted = [Call.state == "booked", Call.ends_at <= now]
    if mine:
        wanted.append(Call.engineer_id == viewer.id)
    return db.session.execute(listed(viewer, *wanted).order_by(Call.starts_at, Call.id).limit(UPCOMING)).all()


def kinds() -> Sequence[CallKind]:
    """Every kind of call with its teams, by name. Two statements."""
    return db.session.scalars(select(CallKind).order_by(CallKind.name)).all()


def kind_for(number: int) -> CallKind:
    """One kind with its teams, or NotFound."""
    kind = db.session.get(CallKind, number)
    if kind is None:
        raise NotFound()
    return kind


def kinds_for(person: Any) -> Sequence[CallKind]:
    """The kinds that somebody's plan has and that can be booked now, the highest plan's first. Two statements at most."""
    plan = person.plan if person.role in CUSTOMERS else None
    if plan is None or plan.tier < LEAST_TIER:
        return []
    query = select(CallKind).where(CallKind.is_open, CallKind.least_rank <= plan.rank)
    return db.session.scalars(query.order_by(CallKind.least_rank.desc(), CallKind.name)).all()


def open_tickets(person: User, now: datetime) -> Sequence[Any]:
    """The tickets that somebody can name for a call: those that they may see and that are not closed, newest first. One statement."""
    query = select(Ticket.ref, Ticket.subject).where(visible_to(person), Ticket.status != "closed")
    return db.session.execute(query.order_by(Ticket.active_at.desc(), Ticket.id.desc()).limit(TICKETS)).all()


def overlapping(customer_id: int, start: datetime, end: datetime, *, without: int | None = None) -> bool:
    """Whether a customer has another call at a time. One statement."""
    mine = [Call.customer_id == customer_id, Call.state == "booked", Call.starts_at < end, Call.ends_at > start]
    if without is not None:
        mine.append(Call.id != without)
    return db.session.scalar(select(Call.id).where(*mine).limit(1)) is not None


def names(people: Iterable[int]) -> dict[int, str]:
    """Who people are, by id. One statement."""
    return {row.id: row.name for row in db.session.execute(select(User.id, User.name).where(User.id.in_(set(people))))}


def staff() -> Sequence[User]:
    """Everybody who works at the desk, by name. One statement."""
    return db.session.scalars(select(User).where(User.is_at_desk).order_by(User.name, User.id)).all()


def teams() -> Sequence[Team]:
    """Every team, by name. One statement."""
    return db.session.scalars(select(Team).order_by(Team.name)).all()
