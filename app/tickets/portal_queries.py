"""The readers behind the customer's pages: their list, what a form offers them, what their ticket's page shows.

Lists hold at a million tickets: each branch of what a person may see is one index in the order of the list (their
organization's, their own, those that they follow), of which a page takes no more than it shows. Search is by words of the
subject through subject_index.py, within the same branches, and by the beginning of a reference.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, false, func, or_, select, tuple_, union
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import User
from app.extensions import db
from app.lib.database import UTCDateTime, at_most, plain_rows
from app.lib.errors import Gone, NotFound
from app.lib.objects import SideBySide
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.lib.text import one_line
from app.lib.tokens import fingerprint
from app.sla.calendars import ROUND_THE_CLOCK, calendar
from app.sla.hours import Calendar as Hours
from app.sla.models import Calendar, Policy, PolicyTarget
from app.sla.terms import counted_by
from app.tickets import subject_index
from app.tickets.models import Draft, Follower, NewDraft, PendingTicket, Reading, Ticket
from app.tickets.queries import PEOPLE, asked_by, sight_of, together, with_people, within
from app.tickets.rules import CATEGORIES, PRIORITIES

PAGE = 25
# Counting ends here, so that a list costs the same however long it is.
COUNTED = 200
MAX_QUERY = 100
STATES = {"open": "Open", "resolved": "Resolved", "all": "All"}
REF = re.compile(r"HT-[0-9A-Z]{1,7}")


@dataclass(frozen=True)
class Wanted:
    """What the list is filtered by; a word that is no choice counts as none."""

    state: str = "open"
    mine: bool = False
    priority: str = ""
    category: str = ""
    q: str = ""

    @classmethod
    def of(cls, args: Mapping[str, str]) -> "Wanted":
        """The filter that an address asks for."""
        state, priority, category = args.get("state", ""), args.get("priority", ""), args.get("category", "")
        return cls(
            state=state if state in STATES else "open",
            mine=args.get("who") == "mine",
            priority=priority if priority in PRIORITIES else "",
            category=category if category in CATEGORIES else "",
            q=one_line(args.get("q", ""))[:MAX_QUERY],
        )

    def query(self, **over: Any) -> str:
        """The same as the query of an address, without what is usual; `over` replaces a part."""
        values = {
            "state": self.state,
            "who": "mine" if self.mine else "",
            "priority": self.priority,
            "category": self.category,
            "q": self.q,
        }
        values |= over
        return urlencode({name: value for name, value in values.items() if value and (name, value) != ("state", "open")})

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out but by the state."""
        return bool(self.mine or self.priority or self.category or self.q)


def shares(user: Any) -> bool:
    """Whether they see the tickets of their whole organization; the same as in visible_to."""
    return user.organization_id is not None and (user.role == "customer_admin" or user.organization.sharing == "all")


class Shape(NamedTuple):
    """What decides how the list's statement reads; all values are parameters of it."""

    is_shared: bool
    state: str
    priority: bool
    category: bool
    # 0 for the first page, 1 for a later and -1 for an earlier one than the cursor's row.
    way: int


def tickets_of(user: Any, wanted: Wanted, cursor: str = "") -> Page:
    """A page of the person's tickets, newest activity first: rows of columns, and of how many (`total`), up to COUNTED. One statement.

    Raises Invalid for a forged cursor. All of it is within visible_to. Staff find what they opened or follow; moderators nothing.
    """
    if user.role == "moderator":
        return Page([])
    (at, number), back = decode_cursor(cursor, datetime, int) if cursor else ((None, None), False)
    way = 0 if number is None else -1 if back else 1
    shape = Shape(shares(user) and not wanted.mine, wanted.state, bool(wanted.priority), bool(wanted.category), way)
    values = {
        "me": user.id,
        "us": user.organization_id,
        "priority": wanted.priority,
        "category": wanted.category,
        "at": at,
        "number": number,
    }
    statement = built(shape, searched(wanted.q)) if wanted.q else kept_statement(shape)
    return page_of(list(plain_rows(db.session, statement, values, kept=not wanted.q).all()), back, first=way == 0)


@lru_cache(maxsize=128)
def kept_statement(shape: Shape) -> Any:
    """The statement of a shape, made once: making it costs more than running it."""
    return built(shape)


def built(shape: Shape, *conditions: ColumnElement[bool]) -> Any:
    """The statement of a shape: some ids out of each branch, how many those are, and of those the first page with what it shows.

    The first page is among those that are counted; another one is looked for from its cursor on.
    """
    back = shape.way < 0
    where = [*conditions, *filters(shape)]
    counted = some(shape, where, COUNTED, back=False).cte()
    near = some(shape, [*where, beside(back)], PAGE + 1, back).subquery() if shape.way else counted
    total = select(func.count()).select_from(counted).scalar_subquery().label("total")
    shown = ordered(select(near.c.id), near.c, PAGE + 1, back)
    return ordered(columns().add_columns(total).where(Ticket.id.in_(shown)), Ticket, PAGE + 1, back)


def some(shape: Shape, where: Sequence[ColumnElement[bool]], limit: int, back: bool) -> Any:
    """The first `limit` ids of each branch in the order of the list, with what that order is by."""
    chosen = select(Ticket.id, Ticket.active_at)
    pieces = [ordered(chosen.where(branch, *where), Ticket, limit, back).subquery() for branch in branches(shape.is_shared)]
    return union(*(select(piece.c.id, piece.c.active_at) for piece in pieces))


def branches(is_shared: bool) -> list[ColumnElement[bool]]:
    """What the list consists of, each an index in the list's order."""
    own = asked_by(bindparam("me"), bindparam("us"))
    followed = Ticket.id.in_(select(Follower.ticket_id).where(Follower.user_id == bindparam("me")))
    return [*([Ticket.organization_id == bindparam("us")] if is_shared else []), own, followed]


def filters(shape: Shape) -> list[ColumnElement[bool]]:
    """The conditions of a shape besides its branches."""
    found: list[ColumnElement[bool]] = []
    if shape.state == "open":
        found.append(Ticket.is_open)  # type: ignore[arg-type]
    elif shape.state == "resolved":
        found.append(Ticket.status.in_(("resolved", "closed")))
    if shape.priority:
        found.append(Ticket.priority == bindparam("priority"))
    if shape.category:
        found.append(Ticket.category == bindparam("category"))
    return found


def beside(back: bool) -> ColumnElement[bool]:
    """What comes after the cursor's row, or before it."""
    key, cursor = tuple_(Ticket.active_at, Ticket.id), tuple_(bindparam("at", type_=UTCDateTime), bindparam("number", type_=Integer))
    return key > cursor if back else key < cursor


def searched(q: str) -> ColumnElement[bool]:
    """The condition of a search: the beginning of a reference, or words of the subject."""
    if REF.fullmatch(q.upper()):
        return Ticket.ref.startswith(q.upper(), autoescape=True)
    words = subject_index.holding(q, db.session.get_bind().dialect.name)
    return words if words is not None else false()


def ordered(query: Any, of: Any, limit: int, back: bool) -> Any:
    """The first rows in the order of the list, or backwards; `of` has the columns of that order."""
    order = (of.active_at.asc(), of.id.asc()) if back else (of.active_at.desc(), of.id.desc())
    return query.order_by(*order).limit(at_most(limit))


def columns() -> Any:
    """What a row of the list shows."""
    requester, assignee = aliased(User), aliased(User)
    return (
        select(
            Ticket.id,
            Ticket.ref,
            Ticket.subject,
            Ticket.status,
            Ticket.priority,
            Ticket.active_at,
            Ticket.told_at,
            Ticket.next_due_at,
            Ticket.requester_id,
            requester.name.label("requester"),
            assignee.name.label("assignee"),
            Reading.seen_at,
        )
        .join(requester, requester.id == Ticket.requester_id)
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .outerjoin(Reading, and_(Reading.ticket_id == Ticket.id, Reading.user_id == bindparam("me")))
    )


def page_of(rows: list[Any], back: bool, *, first: bool) -> Page:
    """The rows of a page in order, with the cursors beside it."""
    more, shown = len(rows) > PAGE, rows[:PAGE]
    if back:
        shown.reverse()
    if not shown:
        return Page([])
    forth = encode_cursor([shown[-1].active_at, shown[-1].id]) if more or back else None
    before = encode_cursor([shown[0].active_at, shown[0].id], back=True) if (more if back else not first) else None
    return Page(shown, forth, before)


# Built once: the targets of a plan and of an organization's own policy. Of the calendar only its hours, which are a word or a
# week: to read all its holidays for each priority would cost more than the rest of the page's statements.
FIRST_ANSWERS = (
    select(
        Policy.organization_id,
        PolicyTarget.priority,
        PolicyTarget.target_minutes,
        Calendar.definition["hours"].as_string().label("hours"),
    )
    .join(PolicyTarget, PolicyTarget.policy_id == Policy.id)
    .join(Calendar, Calendar.id == counted_by(bindparam("organization"), bindparam("plan")))
    .where(
        PolicyTarget.metric == "first_response",
        or_(Policy.organization_id == bindparam("organization"), Policy.plan_id == bindparam("plan")),
    )
)


def promises(user: Any) -> tuple[dict[str, int], Hours | None]:
    """(priority → counted minutes to the first response, the week that they are counted on) of the person's contract.

    The organization's own policy wins over its plan's; nothing is promised without an organization. One statement.
    """
    if user.organization is None:
        return {}, None
    values = {"organization": user.organization_id, "plan": user.organization.plan_id}
    rows = plain_rows(db.session, FIRST_ANSWERS, values).all()
    chosen = [row for row in rows if row.organization_id is not None] or rows
    return {row.priority: row.target_minutes for row in chosen}, week(chosen[0].hours) if chosen else None


def week(hours: str) -> Hours:
    """The opening hours alone, of which any zone will do: the word for all, or the JSON of a week."""
    return calendar(ROUND_THE_CLOCK if hours == ROUND_THE_CLOCK else {"tz": "UTC", "hours": json.loads(hours)})


@dataclass(frozen=True)
class Kept:
    """A ticket as its page needs it: with what the viewer has begun to write and whether something is new to them."""

    ticket: Ticket
    draft: Draft | None
    is_unread: bool


KEPT = SideBySide(Ticket, *PEOPLE, Draft)


@lru_cache(maxsize=4)
def kept_ticket(sight: str) -> Any:
    """The statement of `kept_for`, built once for each sight."""
    viewer: Any = bindparam("viewer")
    return (
        with_people(select(*KEPT.columns, Reading.seen_at))
        .outerjoin(Draft, and_(Draft.ticket_id == Ticket.id, Draft.user_id == viewer))
        .outerjoin(Reading, and_(Reading.ticket_id == Ticket.id, Reading.user_id == viewer))
        .where(Ticket.ref == bindparam("ref"), within(sight, viewer, bindparam("organization")))
    )


def kept_for(user: Any, ref: str) -> Kept:
    """The ticket with its people, if this viewer may see it, and what is theirs about it. Raises NotFound. One statement."""
    values = {"ref": ref.upper(), "viewer": user.id, "organization": user.organization_id}
    row = plain_rows(db.session, kept_ticket(sight_of(user)), values).first()
    if row is None:
        raise NotFound()
    *parts, draft = KEPT.of(db.session, row)
    ticket = together(*parts)
    return Kept(ticket, draft, is_unread(user.id, ticket, row.seen_at))


def is_unread(user_id: int, ticket: Any, seen_at: datetime | None) -> bool:
    """Whether somebody else changed what the requester sees since they looked. Only requesters are told, until it is closed."""
    told_at = ticket.told_at
    told = ticket.requester_id == user_id and ticket.status != "closed" and told_at is not None
    return told and (seen_at is None or seen_at < told_at)


def new_draft(user: Any) -> NewDraft | None:
    """The ticket that somebody has begun to write."""
    return db.session.get(NewDraft, user.id)


def follower_of(ticket: Ticket, follower_id: int) -> Follower | None:
    """One follower of this very ticket; None if they are none (any more)."""
    return db.session.scalar(select(Follower).where(Follower.id == follower_id, Follower.ticket_id == ticket.id))


def person_with(email: str) -> User | None:
    """Who has this address."""
    return db.session.scalar(select(User).where(User.email == email))


def pending_for(token: str, now: datetime) -> PendingTicket:
    """What a guest's link is for: its own request, or the newer one of the same address that got no mail of its own. Two statements.

    Raises Gone as `link_of` does.
    """
    link = link_of(token, now)
    unmailed = waiting_of(link.email).where(PendingTicket.secret_hash.is_(None), PendingTicket.expires_at > now, PendingTicket.id > link.id)
    return db.session.scalar(unmailed.order_by(PendingTicket.id.desc()).limit(1)) or link


def link_of(token: str, now: datetime) -> PendingTicket:
    """The open request that a guest's link was mailed for. Raises Gone for one that was used, has expired, or is not ours: all the same."""
    found = db.session.scalar(select(PendingTicket).where(PendingTicket.secret_hash == fingerprint(token)))
    if found is None or found.ticket_id is not None or found.expires_at <= now:
        raise Gone("This link has been used, or it is too old. If your request is open already, we have mailed you its number.")
    return found


def just_confirmed(token: str, since: datetime) -> Ticket | None:
    """The ticket that a guest's link has opened since a time; None for every other link. One statement."""
    opened = select(Ticket).join(PendingTicket, PendingTicket.ticket_id == Ticket.id).options(joinedload(Ticket.requester))
    return db.session.scalar(opened.where(PendingTicket.secret_hash == fingerprint(token), Ticket.created_at > since))


def waiting_of(email: str) -> Select[PendingTicket]:
    """The requests of an address that nobody has confirmed."""
    return select(PendingTicket).where(PendingTicket.email == email, PendingTicket.ticket_id.is_(None))


def waiting_since(email: str, since: datetime) -> Sequence[PendingTicket]:
    """The requests of an address that wait since a time."""
    return db.session.scalars(waiting_of(email).where(PendingTicket.created_at > since)).all()


def to_close(now: datetime, days: int, limit: int) -> Sequence[int]:
    """Ids of tickets that were resolved so many days ago and wait to be closed, oldest first; by ix_tickets_resolved."""
    query = select(Ticket.id).where(Ticket.status == "resolved", Ticket.resolved_at < now - timedelta(days=days))
    return db.session.scalars(query.order_by(Ticket.resolved_at).limit(limit)).all()
