"""What the queue reads. A page costs the same wherever it is: ids come from an index in their order, then fifty rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Integer,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)

from app.accounts.models import Organization, Team, TeamMember, User
from app.extensions import db
from app.lib.database import plain_rows
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.tickets import subject_index
from app.tickets.desk_forms import Filters
from app.tickets.desk_statements import PAGE, Shape, conditions, figures_of_views, statement
from app.tickets.models import Ticket, TicketTag
from app.tickets.queries import visible_to

# What is due within this time, or was, is in the view "breaching soon".
SOON = timedelta(hours=4)
COUNTED_FOR_SECONDS = 5
# A tag on fewer tickets than this is looked up by itself; the tickets with any other one are met often enough in the queue.
RARE = 2000
# New tickets are looked for among so many of the newest.
NEWEST = 200
DONE = ("resolved", "closed")


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
    for what, number, name in plain_rows(db.session, neighbourhood(bool(filters.organization), bool(filters.tag)), values).all():
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
    shape = shape_of(filters, beside)
    key, back = decode_cursor(cursor, *(column.type.python_type for column in shape.keys)) if cursor else (None, False)
    if shape.search == "nothing" or not can_match(filters, beside):
        return Page([])
    shape = replace(shape, started=key is not None, back=back, limit=limit, count=count)
    rows = list(plain_rows(db.session, statement(shape, viewer), values_of(filters, beside, viewer, now, key)).all())
    return paged(rows, [column.key for column in shape.keys], back=back, started=shape.started, limit=limit)


def shape_of(filters: Filters, beside: Around) -> Shape:
    """The shape of the first page of a list."""
    search = ("address" if is_address(filters.q) else "words" if subject_index.words(filters.q) else "nothing") if filters.q else ""
    return Shape(
        view=filters.view,
        set=tuple(filters.set),
        is_done=filters.status in DONE,
        by_activity=order(filters) == "active",
        search=search,
        teams=len(teams_of(filters, beside)),
        tag_is_rare=beside.tag_is_rare,
        dialect=db.session.get_bind().dialect.name,
    )


def order(filters: Filters) -> str:
    """`due` or `active`, what a list is sorted by; nothing for a search, which shows the newest tickets first."""
    if filters.q:
        return ""
    return "active" if filters.sort == "active" or filters.status in DONE else "due"


def can_match(filters: Filters, beside: Around) -> bool:
    """Whether any ticket can be in the list: not without the organization that is named, nor in a view of no teams."""
    if filters.organization and beside.organization is None:
        return False
    return filters.view != "team" or bool(filters.q) or bool(teams_of(filters, beside))


def teams_of(filters: Filters, beside: Around) -> list[int]:
    """The teams whose lists are merged: those of the viewer in the view of their team, unless something is looked for."""
    if filters.view != "team" or filters.q:
        return []
    return [team for team in beside.mine if not filters.team or str(team) == filters.team]


def values_of(filters: Filters, beside: Around, viewer: User, now: datetime, key: Sequence[Any] | None = None) -> dict[str, Any]:
    """What is asked: a value for every name that a statement of any shape may hold."""
    values: dict[str, Any] = {
        **filters.set,
        "viewer": viewer.id,
        "soon": now + SOON,
        "organization": beside.organization,
        "address": filters.q.lower(),
        "terms": subject_index.terms_of(filters.q, db.session.get_bind().dialect.name),
        "key_0": key[0] if key else beside.newest + 1,
        "key_1": key[-1] if key else None,
    }
    if filters.team:
        values["team"] = int(filters.team)
    return values | {f"team_{n}": team for n, team in enumerate(teams_of(filters, beside))}


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


def is_address(text: str) -> bool:
    """Whether somebody's address is looked for, and not words."""
    return "@" in text and " " not in text


def by_ref(text: str, viewer: User) -> str | None:
    """The ticket's own spelling of a number that somebody typed (`ht4f7k2m9` is `HT-4F7K2M9`), if there is such a ticket."""
    typed = "".join(text.upper().split()).removeprefix("#").removeprefix("HT").removeprefix("-")
    typed = typed.replace("O", "0").replace("I", "1").replace("L", "1")
    if len(typed) != 7 or not typed.isascii() or not typed.isalnum():
        return None
    return db.session.scalar(select(Ticket.ref).where(Ticket.ref == f"HT-{typed}", visible_to(viewer)))


def newer(filters: Filters, beside: Around, viewer: User, now: datetime, since: int) -> int:
    """How many tickets of this list have come since the one with the id `since`, as far as the newest NEWEST tell. One statement."""
    shape = shape_of(filters, beside)
    if shape.search == "nothing" or not can_match(filters, beside):
        return 0
    fresh = select(Ticket.id).where(Ticket.id > since).order_by(Ticket.id.desc()).limit(NEWEST).subquery()
    wanted = or_(*(and_(*branch) for branch in conditions(shape, viewer)))
    query = select(func.count()).select_from(Ticket).join(fresh, fresh.c.id == Ticket.id).where(wanted)
    return db.session.scalar(query, values_of(filters, beside, viewer, now)) or 0


def counts(viewer: User, now: datetime) -> dict[str, int]:
    """How many tickets each view holds, up to CAP. One statement, or none: each process keeps the figures for some seconds."""
    return counted_at(viewer.id, int(now.timestamp()) // COUNTED_FOR_SECONDS)


@lru_cache(maxsize=1024)
def counted_at(viewer_id: int, slot: int) -> dict[str, int]:
    """The figures of a member of staff in one statement, each read from the index of its view; `slot` counts COUNTED_FOR_SECONDS."""
    now = datetime.fromtimestamp(slot * COUNTED_FOR_SECONDS, UTC)
    return dict(plain_rows(db.session, figures_of_views(), {"viewer": viewer_id, "soon": now + SOON}).one()._mapping)
