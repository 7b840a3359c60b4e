"""What a ticket's page at the desk stands on: all that surrounds the thread, in one statement, and who else is looking."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import structlog
from flask import url_for
from redis.exceptions import RedisError
from sqlalchemy import (
    CompoundSelect,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from app.accounts.models import Team, User
from app.events.models import Event
from app.extensions import db, redis
from app.lib.addresses import split_address
from app.lib.database import UTCDateTime, at_most, plain_rows, written_out
from app.lib.errors import Invalid
from app.rota.models import RotaAbsence, RotaPerson
from app.tickets.desk_queries import by_ref
from app.tickets.kinds import CHECKS, QUESTIONS
from app.tickets.models import Draft, Follower, StagedFile, Ticket, TicketLink, TicketTag
from app.tickets.queries import ticket_for

log = structlog.get_logger()
# How many people a choice offers, other tickets a customer's card shows, and up to where open tickets are counted.
PEOPLE = 200
OTHERS = 5
CAP = 100
HERE_SECONDS = 60
# One command, since each answer that is read costs as much as the work behind it.
LOOK_IN = """
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], ARGV[1] + ARGV[4], '+inf')
redis.call('EXPIRE', KEYS[1], ARGV[4])
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""
ISSUE = re.compile(r"/([\w.-]+/[\w.-]+)/(?:issues|pull|discussions)/(\d+)/?")


class Named(NamedTuple):
    """A row with an id and a name; `more` is what else there is to say of it."""

    id: int
    name: str
    more: str = ""
    extra: str = ""


@dataclass(frozen=True)
class Kept:
    """What this person has typed and not sent."""

    body: str
    visibility: str
    files: list[str]
    saved_at: datetime


@dataclass(frozen=True)
class Beside:
    """What surrounds a thread. `seen` is the newest event; it is read before the thread, so that nothing slips between."""

    seen: int = 0
    tags: list[str] = field(default_factory=list)
    followers: list[Named] = field(default_factory=list)
    links: list[Named] = field(default_factory=list)
    staff: list[Named] = field(default_factory=list)
    teams: list[Named] = field(default_factory=list)
    others: list[Named] = field(default_factory=list)
    open_count: int = 0
    draft: Kept | None = None
    staged: list[Named] = field(default_factory=list)


# What a part of the statement has nothing for. Written out: there are thirty of them.
NO_ID, NO_TEXT = literal_column("0", Integer), literal_column("''", Text)


def part(what: str, number: Any = NO_ID, a: Any = NO_TEXT, b: Any = NO_TEXT, c: Any = NO_TEXT) -> Select[Any]:
    """One part of the statement: columns of the same types in each."""
    named = zip((a, b, c), "abc", strict=True)
    return select(written_out(what).label("what"), number.label("id"), *(cast(value, Text).label(name) for value, name in named))


@lru_cache(maxsize=2)
def surroundings(with_organization: bool) -> CompoundSelect[Any]:
    """What is asked of the database for one ticket and one member of staff: built once, since building it costs more than asking."""
    ticket, viewer, asker, organization = (bindparam(name, type_=Integer()) for name in ("ticket", "viewer", "requester", "organization"))
    newest = select(func.coalesce(func.max(Event.id), 0)).where(Event.ticket_id == ticket).scalar_subquery()
    people = part("staff", User.id, User.name, User.role, not_there()).where(User.is_at_desk)
    others = part("other", Ticket.id, Ticket.ref, Ticket.subject, Ticket.status)
    others = others.where(Ticket.requester_id == asker, Ticket.is_open, Ticket.id != ticket)
    wanted = [
        part("seen", newest),
        part("tag", a=TicketTag.tag).where(TicketTag.ticket_id == ticket),
        part("follower", Follower.id, Follower.name, Follower.email).where(Follower.ticket_id == ticket),
        part("link", TicketLink.id, TicketLink.label, TicketLink.url).where(TicketLink.ticket_id == ticket),
        part("team", Team.id, Team.name),
        part("staged", StagedFile.id, StagedFile.name, StagedFile.ref, StagedFile.size_bytes).where(StagedFile.owner_id == viewer),
        part("draft", NO_ID, Draft.body, Draft.visibility, Draft.files).where(Draft.ticket_id == ticket, Draft.user_id == viewer),
        part("saved", NO_ID, Draft.saved_at).where(Draft.ticket_id == ticket, Draft.user_id == viewer),
        select(people.order_by(User.name).limit(at_most(PEOPLE)).subquery()),
        select(others.order_by(Ticket.active_at.desc()).limit(at_most(OTHERS)).subquery()),
    ]
    if with_organization:
        some = select(literal(1)).where(Ticket.organization_id == organization, Ticket.is_open).limit(at_most(CAP)).subquery()
        wanted.append(part("open", select(func.count()).select_from(some).scalar_subquery()))
    return union_all(*wanted)


def not_there() -> Any:
    """Why somebody had better not be given work at `now`, in a word: away or busy; nothing if they may."""
    now = bindparam("now", type_=UTCDateTime())
    theirs = (RotaAbsence.user_id == User.id, RotaAbsence.withdrawn_at.is_(None))
    away = exists().where(*theirs, RotaAbsence.starts_at <= now, RotaAbsence.ends_at > now)
    busy = exists().where(RotaPerson.user_id == User.id, RotaPerson.state == "busy")
    return case((away, "away"), (busy, "busy"), else_="")


def beside(ticket: Ticket, viewer: User, now: datetime) -> Beside:
    """All that surrounds the thread, for staff, who may see every ticket. One statement."""
    query = surroundings(ticket.organization_id is not None)
    values: dict[str, Any] = {"ticket": ticket.id, "viewer": viewer.id, "requester": ticket.requester_id, "now": now}
    values["organization"] = ticket.organization_id
    if ticket.organization_id is None:
        del values["organization"]
    found: dict[str, list[Named]] = {}
    for what, number, a, b, c in plain_rows(db.session, query, values).all():
        found.setdefault(what, []).append(Named(number, a, b, c))
    draft = kept(found.get("draft", []), found.get("saved", []))
    staff = found.get("staff", [])
    if ticket.assignee is not None and all(person.id != ticket.assignee_id for person in staff):
        staff.insert(0, Named(ticket.assignee.id, ticket.assignee.name))
    files = {one.more: one for one in found.get("staged", [])}
    return Beside(
        seen=found["seen"][0].id,
        tags=sorted(one.name for one in found.get("tag", [])),
        followers=sorted(found.get("follower", []), key=lambda one: (one.name or one.more).casefold()),
        links=sorted(found.get("link", []), key=lambda one: one.id),
        staff=staff,
        teams=sorted(found.get("team", []), key=lambda one: one.name),
        others=found.get("other", []),
        open_count=found["open"][0].id if "open" in found else 0,
        draft=draft,
        staged=[files[ref] for ref in draft.files if ref in files] if draft else [],
    )


def kept(drafts: Sequence[Named], saved: Sequence[Named]) -> Kept | None:
    """The draft out of its two parts."""
    if not drafts or not saved:
        return None
    at = datetime.fromisoformat(saved[0].name)
    files = json.loads(drafts[0].extra or "[]")
    return Kept(drafts[0].name, drafts[0].more, files, at if at.tzinfo else at.replace(tzinfo=UTC))


def answers(ticket: Ticket) -> list[tuple[str, str]]:
    """(question, answer) of the form that the requester filled in, in its order. What is long stands in the first message."""
    given = []
    for question in QUESTIONS.get(ticket.kind, ()):
        value = ticket.fields.get(question.name)
        if question.type == "checks" and isinstance(value, list):
            value = "; ".join(CHECKS.get(str(one), str(one)) for one in value)
        if value and question.type != "text":
            given.append((question.label, str(value)))
    return given


def look_in(ticket: Ticket, viewer: User, now: datetime) -> list[str]:
    """Note that this person looks at the ticket, and return the names of the others who have within a minute.

    A hint, never a lock: without Redis nobody seems to be there.
    """
    moment = now.timestamp()
    try:
        there: Any = redis().eval(
            LOOK_IN, 1, f"desk:here:{ticket.id}", moment, moment - HERE_SECONDS, f"{viewer.id}:{viewer.name}", HERE_SECONDS
        )
    except (RedisError, OSError) as away:
        log.warning("desk.presence_unknown", error=type(away).__name__)
        return []
    names = (one.decode().partition(":") for one in there)
    return sorted(name for number, _, name in names if number != str(viewer.id))


def person(number: int) -> User | None:
    """Somebody who can be given tickets; None for 0, which is nobody. Raises Invalid for an id of nobody at the desk."""
    if number == 0:
        return None
    found = db.session.scalar(select(User).where(User.id == number, User.is_at_desk))
    if found is None:
        raise Invalid("Choose somebody from the list.")
    return found


def team(number: int) -> Team | None:
    """A team; None for 0, which is no team. Raises Invalid for an id that no team has."""
    if number == 0:
        return None
    found = db.session.get(Team, number)
    if found is None:
        raise Invalid("Choose a team from the list.")
    return found


def person_called(email: str) -> User | None:
    """Whose address this is, if somebody's."""
    return db.session.scalar(select(User).where(User.email == email))


def follower(ticket: Ticket, number: int) -> Follower | None:
    """One of the ticket's followers."""
    return db.session.scalar(select(Follower).where(Follower.id == number, Follower.ticket_id == ticket.id))


def link(ticket: Ticket, number: int) -> TicketLink | None:
    """One of the ticket's links."""
    return db.session.scalar(select(TicketLink).where(TicketLink.id == number, TicketLink.ticket_id == ticket.id))


def target(typed: str, ticket: Ticket, viewer: User) -> tuple[str, str, Ticket | None]:
    """(label, address, other ticket) of what somebody wants to link to. Raises Invalid for what is neither ticket nor address."""
    ref = by_ref(typed, viewer)
    if ref is not None:
        other = ticket_for(viewer, ref)
        if other.id == ticket.id:
            raise Invalid("That is this very ticket.")
        return other.ref, url_for("desk.show", ref=other.ref), other
    address = split_address(typed)
    if address is None:
        raise Invalid("Write a ticket’s number, such as HT-4F7K2M9, or an address that begins with https://.")
    issue = ISSUE.fullmatch(address.path)
    if address.hostname == "github.com" and issue:
        return f"{issue[1]}#{issue[2]}", typed, None
    return f"{address.hostname}{address.path}".rstrip("/")[:80], typed, None
