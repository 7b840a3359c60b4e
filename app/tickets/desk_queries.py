"""What the queue reads. A page costs the same wherever it is: ids come from an index in their order, then fifty rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from app.accounts.models import Organization, Plan, Team, TeamMember, User
from app.extensions import db, redis
from app.lib.database import UTCDateTime
from app.lib.errors import Invalid
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.tickets import subject_index
from app.tickets.desk_forms import VIEWS, Filters
from app.tickets.models import Ticket, TicketTag
from app.tickets.queries import visible_to

log = structlog.get_logger()
PAGE = 50
# What is due within this time, or was, is in the view "breaching soon".
SOON = timedelta(hours=4)
# Counts of views stop here and are shown as 999+; those of filtered lists, which nobody keeps for seconds, at 199+.
CAP = 1000
FILTERED_CAP = 200
COUNTED_FOR_SECONDS = 5
# A tag on fewer tickets than this is looked up by itself; the tickets with any other one are met often enough in the queue.
RARE = 2000
# New tickets are looked for among so many of the newest.
NEWEST = 200
# A search looks at the next WINDOW tickets first, and at all others only if less than COMMON of those have the words
# (COMMON is more than a page holds); where filters are set as well, at the next MATCHES.
WINDOW, COMMON = 4000, 60
MATCHES = 10_000
DONE = ("resolved", "closed")

Assignee = aliased(User, name="assignee")
Requester = aliased(User, name="requester")
COLUMNS = (
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
class Around:
    """What stands around the rows. `organization` is the one that the filter names, `near` are others that begin like it."""

    teams: list[tuple[int, str]] = field(default_factory=list)
    mine: list[int] = field(default_factory=list)
    organization: int | None = None
    near: list[str] = field(default_factory=list)
    tag_is_rare: bool = False
    newest: int = 0


@lru_cache(maxsize=4)
def neighbourhood(with_organization: bool, with_tag: bool) -> CompoundSelect[Any]:
    """The statement of `around`, built once: building it costs more than asking it."""
    newest = select(func.coalesce(func.max(Ticket.id), 0)).scalar_subquery()
    parts = [
        select(literal("team").label("what"), Team.id.label("id"), Team.name.label("name")),
        select(literal("mine"), TeamMember.team_id, literal("")).where(TeamMember.user_id == bindparam("viewer")),
        select(literal("newest"), newest, literal("")),
    ]
    if with_organization:
        begins = func.lower(Organization.name).like(bindparam("begins"), escape="/")
        named = select(literal("organization"), Organization.id, Organization.name)
        wanted = named.where(or_(Organization.name == bindparam("organization"), begins)).order_by(Organization.name).limit(6).subquery()
        parts.append(select(wanted))
    if with_tag:
        tagged = select(literal(1)).where(TicketTag.tag == bindparam("tag")).limit(bindparam("rare", type_=Integer())).subquery()
        parts.append(select(literal("tag"), select(func.count()).select_from(tagged).scalar_subquery(), literal("")))
    return union_all(*parts)


def around(filters: Filters, viewer: User) -> Around:
    """Teams, the viewer's own ones, the organization and tag of the filters, the id of the newest ticket. One statement."""
    values: dict[str, Any] = {"viewer": viewer.id}
    if filters.organization:
        begins = "".join(f"/{c}" if c in "/%_" else c for c in filters.organization.lower())
        values |= {"organization": filters.organization, "begins": f"{begins}%"}
    if filters.tag:
        values |= {"tag": filters.tag, "rare": RARE}
    found: dict[str, list[tuple[int, str]]] = {}
    for what, number, name in db.session.execute(neighbourhood(bool(filters.organization), bool(filters.tag)), values):
        found.setdefault(what, []).append((number, name))
    named_so = found.get("organization", [])
    exact = [number for number, name in named_so if name.lower() == filters.organization.lower()]
    return Around(
        teams=sorted(found.get("team", []), key=lambda team: team[1]),
        mine=sorted(number for number, _ in found.get("mine", [])),
        organization=exact[0] if exact else named_so[0][0] if len(named_so) == 1 else None,
        near=[name for _, name in named_so],
        tag_is_rare=found.get("tag", [(0, "")])[0][0] < RARE,
        newest=found["newest"][0][0],
    )


def queue(
    filters: Filters, beside: Around, viewer: User, now: datetime, cursor: str = "", limit: int = PAGE, *, count: bool = False
) -> Page:
    """One page of the queue, rows of COLUMNS. One statement. Raises Invalid for a cursor that is not of this list.

    In the order of the next deadline, or of the latest activity; tickets that are done always in that of activity, and
    what a search finds newest first. With `count` each row of the first page knows their `total`, up to FILTERED_CAP.
    """
    keys, downwards = order(filters)
    values, back = decoded(cursor, keys) if cursor else (None, False)
    descending = downwards != back
    picked = picks(filters, beside, viewer, now, keys, values, descending, FILTERED_CAP if count else limit + 1)
    if picked is None:
        return Page([])
    ids, total = counted(picked, keys, descending, limit + 1) if count else (picked.subquery("page"), literal(None).label("total"))
    query = (
        select(*COLUMNS, total)
        .join(ids, ids.c.id == Ticket.id)
        .join(Requester, Requester.id == Ticket.requester_id)
        .outerjoin(Assignee, Assignee.id == Ticket.assignee_id)
        .outerjoin(Organization, Organization.id == Ticket.organization_id)
        .outerjoin(Plan, Plan.id == Organization.plan_id)
        .order_by(*directed(keys, descending))
    )
    rows = list(db.session.execute(query).all())
    return paged(rows, [key.key for key in keys], back=back, started=values is not None, limit=limit)


def order(filters: Filters) -> tuple[list[Any], bool]:
    """(columns of the order, whether it runs downwards)."""
    if filters.q:
        return [Ticket.id], True
    if filters.sort == "active" or filters.status in DONE:
        return [Ticket.active_at, Ticket.id], True
    return [Ticket.queue_at, Ticket.id], False


def directed(keys: Sequence[Any], descending: bool) -> list[Any]:
    """The columns with their direction."""
    return [key.desc() if descending else key.asc() for key in keys]


def decoded(cursor: str, keys: Sequence[Any]) -> tuple[list[Any], bool]:
    """(sort key, whether to page backwards), of the types that this list is sorted by."""
    values, back = decode_cursor(cursor, len(keys))
    fits = [
        isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 2**63
        if key.key == "id"
        else isinstance(v, datetime) and v.tzinfo is not None and 1 < v.year <= 9999
        for v, key in zip(values, keys, strict=True)
    ]
    if not all(fits):
        raise Invalid("That page address is not one of ours. Start again from the first page.")
    return values, back


def paged(rows: list[Any], names: list[str], *, back: bool, started: bool, limit: int) -> Page:
    """Rows in reading order with the cursors beside them; there is one row more than fits if there is a further page."""
    more = len(rows) > limit
    rows = rows[:limit]
    if back:
        rows.reverse()
    if not rows:
        return Page([])

    def cursor(row: Any, *, back: bool) -> str:
        return encode_cursor([getattr(row, name) for name in names], back=back)

    return Page(
        rows,
        next=cursor(rows[-1], back=False) if (more or back) else None,
        previous=cursor(rows[0], back=True) if (more if back else started) else None,
    )


def picks(
    filters: Filters,
    beside: Around,
    viewer: User,
    now: datetime,
    keys: Sequence[Any],
    values: Sequence[Any] | None,
    descending: bool,
    limit: int,
) -> Select[Any] | None:
    """The ids of one page, in order; None where nothing can be found.

    The view of several teams takes the first ids of each team and merges them, since no index has them in one order.
    """
    branches = conditions(filters, beside, viewer, now)
    if branches is None:
        return None
    selects = []
    for wanted in branches:
        query = select(Ticket.id, *keys[:-1]).where(*wanted)
        if values is not None:
            query = query.where(beyond(keys, values, descending))
        if filters.q and not is_address(filters.q):
            query = found_by_words(filters, query, values[0] if values else beside.newest + 1, descending, limit)
        selects.append(query.order_by(*directed(keys, descending)).limit(limit))
    if len(selects) == 1:
        return selects[0]
    merged = union_all(*(select(one.subquery()) for one in selects)).subquery("merged")
    return select(merged).order_by(*directed([merged.c[key.key] for key in keys], descending)).limit(limit)


def beyond(keys: Sequence[Any], values: Sequence[Any], descending: bool) -> ColumnElement[bool]:
    """Past the row that a cursor names."""
    if len(keys) == 1:
        return keys[0] < values[0] if descending else keys[0] > values[0]
    here, there = tuple_(*keys), tuple_(literal(values[0], UTCDateTime()), literal(values[1], Integer()))
    return here < there if descending else here > there


def found_by_words(filters: Filters, query: Select[Any], start: int, descending: bool, limit: int) -> Select[Any]:
    """Only tickets whose subject has the words that are looked for.

    Filters narrow what was found, so more is looked at where they are set: for a word that very many subjects hold, the
    next MATCHES tickets.
    """
    enough, window, common = (MATCHES, MATCHES, MATCHES // 30) if filters.set else (limit, WINDOW, COMMON)
    stretch = subject_index.Stretch(start, descending, enough, window, common)
    matches = subject_index.matching(filters.q, db.session.get_bind().dialect.name, stretch)
    if matches is None:
        return query.where(literal_column("1") == literal_column("0"))
    found = matches.subquery("matches")
    return query.join(found, found.c.id == Ticket.id)


def conditions(filters: Filters, beside: Around, viewer: User, now: datetime) -> list[list[ColumnElement[bool]]] | None:
    """What a ticket must fulfil to be shown: one list of conditions, or one for each team. None: no ticket can."""
    if (filters.organization and beside.organization is None) or (filters.view == "team" and not beside.mine and not filters.q):
        return None
    shared: list[ColumnElement[bool]] = [visible_to(viewer), *chosen(filters, beside)]
    if filters.q:
        # A search goes through all tickets, whatever the view and whether they are open or done.
        return [[*shared, *asked_by(filters.q)]]
    shared.append(not_(Ticket.is_open) if filters.status in DONE else and_(Ticket.is_open))
    if filters.view == "team":
        teams = [team for team in beside.mine if not filters.team or str(team) == filters.team]
        return [[*shared, Ticket.team_id == team] for team in teams] or None
    return [[*shared, *of_view(filters.view, viewer, now)]]


def of_view(view: str, viewer: User, now: datetime) -> list[ColumnElement[bool]]:
    """The condition of a view, beyond that the ticket is open."""
    if view == "mine":
        return [Ticket.assignee_id == viewer.id]
    if view == "unassigned":
        return [Ticket.assignee_id.is_(None)]
    if view == "breaching":
        return [Ticket.queue_at <= now + SOON]
    if view == "waiting":
        # Written out, since SQLite takes a partial index only where it reads the very words of it.
        return [Ticket.status == literal_column("'pending_customer'")]
    return []


def chosen(filters: Filters, beside: Around) -> list[ColumnElement[bool]]:
    """The conditions of the filters."""
    plain = {
        Ticket.status: filters.status,
        Ticket.priority: filters.priority,
        Ticket.category: filters.category,
        Ticket.kind: filters.kind,
        Ticket.team_id: int(filters.team) if filters.team else "",
        Ticket.organization_id: beside.organization if filters.organization else "",
    }
    wanted: list[ColumnElement[bool]] = [column == value for column, value in plain.items() if value != ""]
    if filters.tag:
        tagged = select(TicketTag.ticket_id).where(TicketTag.tag == filters.tag)
        wanted.append(Ticket.id.in_(tagged) if beside.tag_is_rare else tagged.where(TicketTag.ticket_id == Ticket.id).exists())
    return wanted


def is_address(text: str) -> bool:
    """Whether somebody's address is looked for, and not words."""
    return "@" in text and " " not in text


def asked_by(text: str) -> list[ColumnElement[bool]]:
    """Where an address is looked for: the tickets of the person who has it."""
    if not is_address(text):
        return []
    return [Ticket.requester_id == select(User.id).where(User.email == text.lower()).scalar_subquery()]


def by_ref(text: str, viewer: User) -> str | None:
    """The ticket's own spelling of a number that somebody typed (`ht4f7k2m9` is `HT-4F7K2M9`), if there is such a ticket."""
    typed = "".join(text.upper().split()).removeprefix("#").removeprefix("HT").removeprefix("-")
    typed = typed.replace("O", "0").replace("I", "1").replace("L", "1")
    if len(typed) != 7 or not typed.isascii() or not typed.isalnum():
        return None
    return db.session.scalar(select(Ticket.ref).where(Ticket.ref == f"HT-{typed}", visible_to(viewer)))


def counted(picked: Select[Any], keys: Sequence[Any], descending: bool, limit: int) -> tuple[Any, Any]:
    """(the ids of the first page, how many were picked in all): more are picked than shown, and looked up once."""
    found = picked.cte("found")
    first = select(found).order_by(*directed([found.c[key.key] for key in keys], descending)).limit(limit).subquery("page")
    return first, select(func.count()).select_from(found).scalar_subquery().label("total")


def newer(filters: Filters, beside: Around, viewer: User, now: datetime, since: int) -> int:
    """How many tickets of this list have come since the one with the id `since`, as far as the newest NEWEST tell. One statement."""
    branches = conditions(filters, beside, viewer, now)
    if branches is None:
        return 0
    fresh = select(Ticket.id).where(Ticket.id > since).order_by(Ticket.id.desc()).limit(NEWEST).subquery()
    wanted = or_(*(and_(*branch) for branch in branches))
    return db.session.scalar(select(func.count()).select_from(Ticket).join(fresh, fresh.c.id == Ticket.id).where(wanted)) or 0


def counts(viewer: User, now: datetime) -> dict[str, int]:
    """How many tickets each view holds, up to CAP. One statement, or none: the figures are kept for some seconds."""
    key = f"desk:counts:{viewer.id}"
    try:
        kept = redis().get(key)
        if kept is not None:
            return {name: int(figure) for name, figure in json.loads(kept).items()}  # type: ignore[arg-type]
        figures = count_views(viewer, now)
        redis().set(key, json.dumps(figures), ex=COUNTED_FOR_SECONDS)
    except (RedisError, OSError) as away:
        log.warning("desk.counts_not_kept", error=type(away).__name__)
        figures = count_views(viewer, now)
    return figures


def count_views(viewer: User, now: datetime) -> dict[str, int]:
    """The figures of all views in one statement, each read from the index of its view."""
    mine = select(TeamMember.team_id).where(TeamMember.user_id == viewer.id)
    wanted = {view: [Ticket.team_id.in_(mine)] if view == "team" else of_view(view, viewer, now) for view in VIEWS}
    figures = []
    for view, conditions_of_view in wanted.items():
        some = select(literal(1)).select_from(Ticket).where(visible_to(viewer), Ticket.is_open, *conditions_of_view).limit(CAP).subquery()
        figures.append(select(func.count()).select_from(some).scalar_subquery().label(view))
    return dict(db.session.execute(select(*figures)).one()._mapping)
