"""The statements behind the queue. One is built once for each shape that a list can have, since that costs more than asking it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    not_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from app.accounts.models import Organization, Plan, TeamMember, User
from app.lib.database import UTCDateTime, at_most
from app.tickets import subject_index
from app.tickets.desk_forms import VIEWS
from app.tickets.models import Ticket, TicketTag
from app.tickets.queries import visible_to

PAGE = 50
# Counts of views stop here and are shown as 999+; those of filtered lists, which nobody keeps for seconds, at 199+.
CAP = 1000
FILTERED_CAP = 200
# A search looks at the next WINDOW tickets first, and at all others only if those that have the words fill no page; where
# filters are set as well, at the next MATCHES.
WINDOW = 4000
MATCHES = 10_000
# Anybody at the desk, as far as `visible_to` asks.
STAFF = SimpleNamespace(is_staff=True)

Assignee = aliased(User, name="assignee")
Requester = aliased(User, name="requester")
COLUMNS: tuple[Any, ...] = (
    Ticket.id,
    Ticket.ref,
    Ticket.subject,
    Ticket.status,
    Ticket.priority,
    Ticket.needs_confirmation,
    Ticket.category,
    Ticket.last_public_by,
    Ticket.next_due_at,
    Ticket.next_warn_at,
    Ticket.next_metric,
    Ticket.queue_at,
    Ticket.active_at,
    Ticket.assignee_id,
    Assignee.name.label("assignee_name"),
    Requester.name.label("requester_name"),
    Organization.name.label("organization_name"),
    Plan.name.label("plan_name"),
)


@dataclass(frozen=True)
class Shape:
    """All that decides how a list is asked for, and nothing of what is asked: a statement is built once for each shape."""

    view: str
    set: tuple[str, ...]
    is_done: bool
    by_activity: bool
    search: str
    teams: int
    tag_is_rare: bool
    dialect: str
    started: bool = False
    back: bool = False
    limit: int = PAGE
    count: bool = False

    @property
    def keys(self) -> list[Any]:
        """The columns of the order."""
        if self.search:
            return [Ticket.id]
        return [Ticket.active_at if self.by_activity else Ticket.queue_at, Ticket.id]

    @property
    def descending(self) -> bool:
        """Whether rows are read downwards: the newest first, or the next deadline last."""
        return (bool(self.search) or self.by_activity) != self.back


def statement(shape: Shape, viewer: User) -> Select[Any]:
    """The statement of a shape: built once for all staff, since building it costs more than asking it."""
    return for_staff(shape) if viewer.is_staff else build(shape, viewer)


@lru_cache(maxsize=256)
def for_staff(shape: Shape) -> Select[Any]:
    """The same for anybody at the desk: what staff may see does not depend on who they are."""
    return build(shape, STAFF)


def build(shape: Shape, viewer: Any) -> Select[Any]:
    """A statement that gives rows of COLUMNS and their total."""
    picked = picks(shape, viewer, FILTERED_CAP if shape.count else shape.limit + 1)
    ids, total = counted(picked, shape) if shape.count else (picked.subquery("page"), literal(None).label("total"))
    return (
        select(*COLUMNS, total)
        .join(ids, ids.c.id == Ticket.id)
        .join(Requester, Requester.id == Ticket.requester_id)
        .outerjoin(Assignee, Assignee.id == Ticket.assignee_id)
        .outerjoin(Organization, Organization.id == Ticket.organization_id)
        .outerjoin(Plan, Plan.id == Organization.plan_id)
        .order_by(*directed(shape.keys, shape.descending))
    )


def directed(keys: Sequence[Any], descending: bool) -> list[Any]:
    """The columns with their direction."""
    return [key.desc() if descending else key.asc() for key in keys]


def picks(shape: Shape, viewer: Any, limit: int) -> Select[Any]:
    """The ids of one page, in order.

    The view of several teams takes the first ids of each team and merges them, since no index has them in one order.
    """
    keys, selects = shape.keys, []
    for wanted in conditions(shape, viewer):
        query = select(Ticket.id, *keys[:-1]).where(*wanted)
        if shape.started:
            query = query.where(beyond(shape))
        if shape.search == "words":
            query = found_by_words(shape, query, limit)
        selects.append(query.order_by(*directed(keys, shape.descending)).limit(at_most(limit)))
    if len(selects) == 1:
        return selects[0]
    merged = union_all(*(select(one.subquery()) for one in selects)).subquery("merged")
    return select(merged).order_by(*directed([merged.c[key.key] for key in keys], shape.descending)).limit(at_most(limit))


def beyond(shape: Shape) -> ColumnElement[bool]:
    """Past the row that a cursor names."""
    keys = shape.keys
    if len(keys) == 1:
        start = subject_index.starts_after(shape.dialect)
        return keys[0] < start if shape.descending else keys[0] > start
    here, there = tuple_(*keys), tuple_(bindparam("key_0", type_=UTCDateTime()), bindparam("key_1", type_=Integer()))
    return here < there if shape.descending else here > there


def found_by_words(shape: Shape, query: Select[Any], limit: int) -> Select[Any]:
    """Only tickets whose subject has the words that are looked for.

    Filters narrow what was found, so more is looked at where they are set: for a word that very many subjects hold, the
    next MATCHES tickets.
    """
    enough, window, common = (MATCHES, MATCHES, MATCHES // 30) if shape.set else (limit, WINDOW, limit)
    stretch = subject_index.Stretch(shape.descending, enough, window, common)
    found = subject_index.matching(shape.dialect, stretch).subquery("matches")
    return query.join(found, found.c.id == Ticket.id)


def conditions(shape: Shape, viewer: Any) -> list[list[ColumnElement[bool]]]:
    """What a ticket must fulfil to be shown: one list of conditions, or one for each team."""
    shared: list[ColumnElement[bool]] = [visible_to(viewer), *chosen(shape)]
    if shape.search:
        # A search goes through all tickets, whatever the view and whether they are open or done.
        return [[*shared, *asked_by(shape)]]
    shared.append(not_(Ticket.is_open) if shape.is_done else and_(Ticket.is_open))
    if shape.view == "team":
        return [[*shared, Ticket.team_id == bindparam(f"team_{n}")] for n in range(shape.teams)]
    return [[*shared, *of_view(shape.view)]]


def of_view(view: str) -> list[ColumnElement[bool]]:
    """The condition of a view, beyond that the ticket is open; `viewer` and `soon` are its values."""
    if view == "mine":
        return [Ticket.assignee_id == bindparam("viewer")]
    if view == "unassigned":
        return [Ticket.assignee_id.is_(None)]
    if view == "breaching":
        return [Ticket.queue_at <= bindparam("soon", type_=UTCDateTime())]
    if view == "waiting":
        # Written out, since SQLite takes a partial index only where it reads the very words of it.
        return [Ticket.status == literal_column("'pending_customer'")]
    return []


FILTER_COLUMNS: dict[str, Any] = {
    "status": Ticket.status,
    "priority": Ticket.priority,
    "category": Ticket.category,
    "kind": Ticket.kind,
    "team": Ticket.team_id,
    "organization": Ticket.organization_id,
}


def chosen(shape: Shape) -> list[ColumnElement[bool]]:
    """The conditions of the filters that are set; each value has the filter's name."""
    wanted: list[ColumnElement[bool]] = [FILTER_COLUMNS[name] == bindparam(name) for name in shape.set if name != "tag"]
    if "tag" in shape.set:
        tagged = select(TicketTag.ticket_id).where(TicketTag.tag == bindparam("tag"))
        wanted.append(Ticket.id.in_(tagged) if shape.tag_is_rare else tagged.where(TicketTag.ticket_id == Ticket.id).exists())
    return wanted


def asked_by(shape: Shape) -> list[ColumnElement[bool]]:
    """Where an address is looked for: the tickets of the person who has it."""
    if shape.search != "address":
        return []
    return [Ticket.requester_id == select(User.id).where(User.email == bindparam("address")).scalar_subquery()]


def counted(picked: Select[Any], shape: Shape) -> tuple[Any, Any]:
    """(the ids of the first page, how many were picked in all): more are picked than shown, and looked up once."""
    found = picked.cte("found")
    order = directed([found.c[key.key] for key in shape.keys], shape.descending)
    page = select(found).order_by(*order).limit(at_most(shape.limit + 1)).subquery("page")
    return page, select(func.count()).select_from(found).scalar_subquery().label("total")


@lru_cache(maxsize=1)
def figures_of_views() -> Select[Any]:
    """How many tickets each view holds, a column for each: for anybody at the desk, of the values `viewer` and `soon`."""
    mine = select(TeamMember.team_id).where(TeamMember.user_id == bindparam("viewer"))
    figures = []
    for view in VIEWS:
        wanted = [Ticket.team_id.in_(mine)] if view == "team" else of_view(view)
        some = select(literal(1)).select_from(Ticket).where(visible_to(STAFF), Ticket.is_open, *wanted).limit(at_most(CAP)).subquery()
        figures.append(select(func.count()).select_from(some).scalar_subquery().label(view))
    return select(*figures)
