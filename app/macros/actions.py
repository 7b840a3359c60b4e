"""The only writers of macros. Each action checks, changes rows, records one event and flushes; none commits.

Using one is counted without an event: the reply that it went into has its own.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import String, Update, bindparam, false, select, true, update

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.lib.database import plain_rows
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.lib.text import many_lines, one_line
from app.macros import rules
from app.macros.models import Macro

EXCERPT = 200
# Counting does not touch objects in memory, nor the version that protects the text.
QUIET = {"synchronize_session": False}


@dataclass(frozen=True)
class Content:
    """What the form of a macro holds. audience: all, team (with `team_id`) or personal."""

    title: str
    body: str
    kind: str = "general"
    audience: str = "all"
    team_id: int | None = None


def create(content: Content, *, actor: User, now: datetime) -> Macro:
    """Write a new one. Personal ones may be used at once; what a lead shares is approved by that, the rest waits.

    Raises NotAllowed, and Invalid with a sentence for people.
    """
    content = checked(content, actor)
    macro = Macro(created_at=now, changed_at=now, is_approved=False, kind=content.kind)
    put(macro, content, actor)
    db.session.add(macro)
    if macro.owner_id is None and may(actor.role, "macros.approve"):
        sign(macro, actor, now)
    db.session.flush()
    record("macro.created", now=now, actor=actor, facts={"macro_id": macro.id, "title": macro.title})
    return macro


def change(macro: Macro, content: Content, *, actor: User, now: datetime, seen: int | None = None) -> None:
    """Rewrite one. Whoever may not approve takes the approval away by changing it. The same content changes nothing.

    Raises Stale if it has changed since version `seen`, NotAllowed, and Invalid with a sentence for people.
    """
    own(macro, actor)
    content = checked(content, actor)
    if seen is not None and macro.version != seen:
        raise Stale("Somebody else changed this macro while you were writing. Your text is kept: compare, then save again.")
    before = state(macro)
    put(macro, content, actor)
    after = state(macro)
    if after == before:
        return
    changes = {name: [short(before[name]), short(after[name])] for name in after if after[name] != before[name]}
    if may(actor.role, "macros.approve") and macro.owner_id is None:
        sign(macro, actor, now)
    elif macro.is_approved:
        unsign(macro)
        changes["is_approved"] = [True, False]
    macro.changed_at = now
    db.session.flush()
    record("macro.changed", now=now, actor=actor, facts={"macro_id": macro.id, "changes": changes})


def approve(macro: Macro, *, actor: User, now: datetime) -> None:
    """Let others, and triage, use it. The template that was a kind's first response before gives way. Again changes nothing."""
    lead(actor)
    if macro.owner_id is not None:
        raise Invalid("A personal macro needs no approval.")
    if macro.is_approved:
        return
    sign(macro, actor, now)
    db.session.flush()
    record("macro.changed", now=now, actor=actor, facts={"macro_id": macro.id, "changes": {"is_approved": [False, True]}})


def withdraw(macro: Macro, *, actor: User, now: datetime) -> None:
    """Take the approval back: nobody can insert it any more. Again changes nothing."""
    lead(actor)
    if not macro.is_approved:
        return
    unsign(macro)
    macro.changed_at = now
    db.session.flush()
    record("macro.changed", now=now, actor=actor, facts={"macro_id": macro.id, "changes": {"is_approved": [True, False]}})


def delete(macro: Macro, *, actor: User, now: datetime) -> None:
    """Remove it for good; answers that were written with it stay as they are. Shared ones are removed by leads.

    Raises WrongState for one that came with the system, since it would come back; withdraw its approval instead.
    """
    own(macro, actor)
    if macro.key is not None:
        raise WrongState("This macro came with the system and would come back. Withdraw its approval instead.")
    if macro.owner_id is None:
        lead(actor)
    facts = {"macro_id": macro.id, "changes": {"deleted": [False, True], "title": [macro.title, None]}}
    db.session.delete(macro)
    db.session.flush()
    record("macro.changed", now=now, actor=actor, facts=facts)


def used(macro_id: int, *, now: datetime) -> None:
    """Count that an answer was written with it. One statement; a macro that is gone meanwhile is no error."""
    db.session.execute(update(Macro).where(Macro.id == macro_id).values(uses=Macro.uses + 1, last_used_at=now), execution_options=QUIET)


def take_first_response(kind: str, *, now: datetime) -> Any:
    """(id, title, body) of the approved first response to a kind of ticket, counted as used; None without one. One statement."""
    return plain_rows(db.session, taking(), {"kind_of_ticket": kind, "now": now}).first()


@cache
def taking() -> Update:
    """The statement of `take_first_response`, built once: every new ticket asks it, and needs no object."""
    table: Any = Macro.__table__
    kind = bindparam("kind_of_ticket", type_=String)
    wanted = (table.c.kind == kind, table.c.kind != "general", table.c.is_approved == true(), table.c.owner_id.is_(None))
    newest = select(table.c.id).where(*wanted).order_by(table.c.approved_at.desc(), table.c.id).limit(1).scalar_subquery()
    query: Update = update(table).where(table.c.id == newest).values(uses=table.c.uses + 1, last_used_at=bindparam("now"))
    return query.returning(table.c.id, table.c.title, table.c.body)


def checked(content: Content, actor: User) -> Content:
    """The content, cleaned. Raises Invalid for what cannot be used, NotAllowed for what this person may not write."""
    if not may(actor.role, "macros.write"):
        raise NotAllowed("Macros are for staff.")
    title, body = one_line(content.title), many_lines(content.body)
    if not title or not body.strip():
        raise Invalid("Give the macro a title and a text.")
    if len(title) > rules.TITLE_LENGTH or len(body) > rules.BODY_LENGTH:
        raise Invalid(f"Use {rules.TITLE_LENGTH} characters for the title and {rules.BODY_LENGTH:,} for the text at most.")
    if content.kind not in rules.KINDS or content.audience not in rules.AUDIENCES:
        raise Invalid("Choose from the lists.")
    if wrong := rules.refusal(body):
        raise Invalid(wrong)
    if content.kind != "general":
        if not may(actor.role, "macros.approve"):
            raise NotAllowed("First responses go out by themselves, so leads write them. Ask one of them.")
        if content.audience != "all":
            raise Invalid("A first response goes to customers by itself, so it is everybody’s.")
    if content.audience == "team" and content.team_id is None:
        raise Invalid("Choose the team.")
    return Content(title, body, content.kind, content.audience, content.team_id if content.audience == "team" else None)


def put(macro: Macro, content: Content, actor: User) -> None:
    """Write the content into the row."""
    macro.title, macro.body, macro.kind, macro.team_id = content.title, content.body, content.kind, content.team_id
    macro.owner_id = actor.id if content.audience == "personal" else None


def state(macro: Macro) -> dict[str, Any]:
    """What counts as a change."""
    return {name: getattr(macro, name) for name in ("title", "body", "kind", "team_id", "owner_id")}


def short(value: Any) -> Any:
    """What an event keeps of a value: the beginning of a long text."""
    return value[:EXCERPT] + "…" if isinstance(value, str) and len(value) > EXCERPT else value


def sign(macro: Macro, actor: User, now: datetime) -> None:
    """Set the approval. Of a kind's first responses one is approved at a time."""
    if macro.kind != "general":
        others = update(Macro).where(Macro.kind == macro.kind, Macro.is_approved == true())
        db.session.execute(others.where(Macro.id != (macro.id or 0)).values(is_approved=false(), version=Macro.version + 1))
    macro.is_approved, macro.approved_by_id, macro.approved_at, macro.changed_at = True, actor.id, now, now


def unsign(macro: Macro) -> None:
    """Take the approval off."""
    macro.is_approved, macro.approved_by_id, macro.approved_at = False, None, None


def own(macro: Macro, actor: User) -> None:
    """Raise NotAllowed for who may not change this one."""
    if not may(actor.role, "macros.write") or macro.owner_id not in (None, actor.id):
        raise NotAllowed("This macro is somebody else’s.")
    if macro.kind != "general" and not may(actor.role, "macros.approve"):
        raise NotAllowed("First responses go out by themselves, so leads change them. Ask one of them.")


def lead(actor: User) -> None:
    """Raise NotAllowed for who does not approve."""
    if not may(actor.role, "macros.approve"):
        raise NotAllowed("Macros are approved by leads. Ask one of them.")
