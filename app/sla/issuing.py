"""Monthly statements as rows: made once for each organization and month, made again as the next version, found, checked."""

import zlib
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import exists, select, tuple_
from sqlalchemy.orm import undefer

from app.accounts.models import Organization, User
from app.accounts.permissions import may
from app.events.actions import Actor, record
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import Invalid, NotAllowed, NotFound, WrongState
from app.lib.paging import Page, decode_cursor, encode_cursor
from app.lib.times import local
from app.lib.tokens import public_ref
from app.sla import statements
from app.sla.forms import day_range
from app.sla.models import Clock
from app.sla.papers import Statement
from app.sla.stating import Month, lines_of
from app.sla.terms import METRICS

PAGE = 50
FIRST_MONTH, LAST_MONTH = "2000-01", "2199-12"


def bounds(month: str, zone: str) -> tuple[datetime, datetime]:
    """The instants between which a month (`2026-10`) lies in a zone. Raises Invalid for what is no month."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as wrong:
        raise Invalid("Write the month as 2026-10.") from wrong
    if len(month) != 7 or not FIRST_MONTH <= month <= LAST_MONTH:
        raise Invalid("Write the month as 2026-10.")
    after = (first + timedelta(days=32)).replace(day=1)
    return day_range(first, after - timedelta(days=1), zone)


def month_before(now: datetime, zone: str) -> str:
    """The month that was over last, there."""
    last = local(now, zone).date().replace(day=1) - timedelta(days=1)
    return f"{last:%Y-%m}"


def make(organization: Organization, month: str, zone: str, *, actor: Actor | None, now: datetime) -> Statement:
    """Make the statement of a month that is over, or its next version, which names the seal of the one before.

    Records `sla.statement_made`. By the job (`actor` None) a month is made once: a repeat returns what is there. Raises
    Invalid for no month, WrongState for one that is not over or in which nothing was promised.
    """
    since, until = bounds(month, zone)
    if until > now:
        raise WrongState(f"{month} is not over in {zone}. Its statement can be made from then on.")
    serialize_on(db.session, f"statement {organization.id} {month}")
    latest = (Statement.organization_id == organization.id, Statement.month == month)
    last = db.session.scalar(select(Statement).where(*latest).order_by(Statement.version.desc()).limit(1))
    if last is not None and actor is None:
        return last
    number = last.version + 1 if last else 1
    about = Month(organization, month, zone, since, until, now, number, last.seal if last else None)
    found = sealed(about, actor)
    db.session.add(found)
    db.session.flush()
    facts = {"ref": found.ref, "month": month, "version": number, "seal": found.seal}
    record("sla.statement_made", now=now, actor=actor, organization_id=organization.id, facts=facts)
    return found


def make_by_hand(organization: Organization, month: str, zone: str, *, actor: Any, now: datetime) -> Statement:
    """The same by a member of staff, for an organization of their own kind: demo people make demo statements."""
    if not may(actor.role, "sla.statement") or organization.is_demo != actor.is_demo:
        raise NotAllowed("You cannot make a statement for this organization.")
    return make(organization, month, zone, actor=actor, now=now)


def sealed(about: Month, actor: Actor | None) -> Statement:
    """The row of a statement with its file. Raises WrongState where nothing was promised."""
    lines = statements.chained(lines_of(about))
    counts = lines[0]["counts"]
    if not counts["clocks"]:
        raise WrongState(f"Nothing was promised to {about.organization.name} in {about.month}, so there is nothing to state.")
    content = statements.canonical(statements.file_of(lines, secret()))
    clocks = [line for line in lines if line["type"] == "clock"]
    return Statement(
        ref=public_ref("ST"),
        organization_id=about.organization.id,
        month=about.month,
        zone=about.zone,
        version=about.version,
        is_demo=about.organization.is_demo,
        made_at=about.as_of,
        made_by_id=actor.id if actor else None,
        seal=lines[-1]["hash"],
        signature=statements.signature_of(lines[-1]["hash"], secret()),
        lines=len(lines),
        figures={
            "rows": [line for line in lines if line["type"] == "figure"],
            "tickets": len({line["ticket"] for line in clocks}),
            "events": counts["events"],
            "judged_then": sum(not line["derived"] for line in clocks),
            "replaces": about.replaces,
        },
        content=zlib.compress(content, 6),
    )


def secret() -> str:
    """What signatures are made with."""
    return str(current_app.secret_key)


def content_of(found: Statement) -> bytes:
    """The file as it was made."""
    packed = db.session.scalar(select(Statement).options(undefer(Statement.content)).where(Statement.id == found.id))
    return zlib.decompress(packed.content) if packed is not None else b""


def listed(*, organization_id: int | None, is_demo: bool, after: str = "") -> Page:
    """Statements, the last month first, with their organization, PAGE at a time by key. One statement."""
    query = select(Statement, Organization.name).join(Organization, Organization.id == Statement.organization_id)
    query = query.where(Statement.is_demo == is_demo)
    if organization_id is not None:
        query = query.where(Statement.organization_id == organization_id)
    if after:
        (month, number), _ = decode_cursor(after, str, int)
        query = query.where(tuple_(Statement.month, Statement.id) < (month, number))
    rows = db.session.execute(query.order_by(Statement.month.desc(), Statement.id.desc()).limit(PAGE + 1)).all()
    last = rows[PAGE - 1][0] if len(rows) > PAGE else None
    return Page(list(rows[:PAGE]), encode_cursor([last.month, last.id]) if last else None)


def by_ref(ref: str, *, organization_id: int | None, is_demo: bool) -> Statement:
    """A statement by its number; for an organization's admin only their own. Raises NotFound."""
    query = select(Statement).where(Statement.ref == ref.upper(), Statement.is_demo == is_demo)
    if organization_id is not None:
        query = query.where(Statement.organization_id == organization_id)
    found = db.session.scalar(query)
    if found is None:
        raise NotFound()
    return found


def latest_of(found: Statement) -> Statement:
    """The newest version of the same month."""
    same = (Statement.organization_id == found.organization_id, Statement.month == found.month)
    return db.session.scalars(select(Statement).where(*same).order_by(Statement.version.desc()).limit(1)).one()


def people_of(found: Statement) -> tuple[str, str | None]:
    """The organization's name, and who made the statement; None for the job."""
    name = db.session.scalar(select(Organization.name).where(Organization.id == found.organization_id)) or ""
    maker = db.session.scalar(select(User.name).where(User.id == found.made_by_id)) if found.made_by_id else None
    return name, maker


def problems(content: bytes, *, organization_id: int | None = None, is_demo: bool | None = None) -> tuple[Statement | None, list[str]]:
    """(the statement that a file is, what is wrong with it). A file that is right in itself but not the one we keep is wrong.

    Narrowed to an organization, and to demo or real ones, where these are given. One statement.
    """
    wrong = statements.problems(content, secret())
    if wrong:
        return None, wrong
    query = select(Statement).where(Statement.seal == statements.seal_of(content))
    if is_demo is not None:
        query = query.where(Statement.is_demo == is_demo)
    if organization_id is not None:
        query = query.where(Statement.organization_id == organization_id)
    found = db.session.scalar(query)
    return (found, []) if found is not None else (None, ["We keep no statement with this seal."])


def is_whole(found: Statement) -> bool:
    """Whether the file that we keep is still the one that was made: its chain, its seal, its signature."""
    try:
        content = content_of(found)
    except zlib.error:
        return False
    return not statements.problems(content, secret()) and statements.seal_of(content) == found.seal


def waiting(month: str, zone: str, after: int, limit: int) -> list[int]:
    """Organizations after one that were promised something in a month and have no statement of it."""
    since, until = bounds(month, zone)
    promised = exists().where(
        Clock.organization_id == Organization.id, Clock.metric.in_(METRICS), Clock.started_at >= since, Clock.started_at < until,
        Clock.state != "cancelled", Clock.is_demo == Organization.is_demo,
    )  # fmt: skip
    stated = exists().where(Statement.organization_id == Organization.id, Statement.month == month)
    query = select(Organization.id).where(Organization.id > after, promised, ~stated).order_by(Organization.id).limit(limit)
    return list(db.session.scalars(query))
