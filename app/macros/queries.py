"""The only readers of macros."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import joinedload

from app.accounts.models import Team, TeamMember, User
from app.extensions import db
from app.lib.errors import NotFound
from app.macros.models import Macro

LISTED = 500


def usable_by(user: User) -> Sequence[Any]:
    """What a member of staff may use in an answer: id, title, kind, uses; their own first, then by title. One statement.

    Their own, and the approved ones of everybody and of their teams. Bodies are left out: `macro_for` reads one.
    """
    columns = (Macro.id, Macro.title, Macro.kind, Macro.uses)
    query = select(*columns).where(usable(user), Macro.kind == "general")
    return db.session.execute(query.order_by(Macro.owner_id.is_(None), Macro.title, Macro.id).limit(LISTED)).all()


def macro_for(user: User, number: int) -> Macro:
    """One that this person may use. Raises NotFound for what does not exist, is not approved, or is somebody else's."""
    found = db.session.scalar(select(Macro).where(Macro.id == number, usable(user)))
    if found is None:
        raise NotFound()
    return found


def usable(user: User) -> ColumnElement[bool]:
    """Theirs, or approved and either everybody's or their team's."""
    mine = select(TeamMember.team_id).where(TeamMember.user_id == user.id)
    shared = and_(Macro.owner_id.is_(None), Macro.is_approved == true(), or_(Macro.team_id.is_(None), Macro.team_id.in_(mine)))
    return or_(Macro.owner_id == user.id, shared)


def first_response(kind: str) -> Macro | None:
    """The approved template of a kind of ticket; the one approved last, should there be several. One statement."""
    wanted = (Macro.kind == kind, Macro.kind != "general", Macro.is_approved == true(), Macro.owner_id.is_(None))
    return db.session.scalar(select(Macro).where(*wanted).order_by(Macro.approved_at.desc(), Macro.id).limit(1))


def listed(viewer: User, *, words: str = "", show: str = "all") -> Sequence[Macro]:
    """The page's list: shared ones and the viewer's own, LISTED at most, those that wait for approval first.

    show: all, waiting, first, team, mine. Title and body are searched for `words`. One statement.
    """
    query = select(Macro).where(visible(viewer), narrowed(viewer, show))
    if words:
        like = f"%{words.lower().replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        query = query.where(or_(func.lower(Macro.title).like(like, escape="!"), func.lower(Macro.body).like(like, escape="!")))
    query = query.options(joinedload(Macro.team), joinedload(Macro.owner), joinedload(Macro.approved_by))
    waiting = and_(Macro.owner_id.is_(None), Macro.is_approved.is_(False))
    return db.session.scalars(query.order_by(waiting.desc(), Macro.kind == "general", Macro.title, Macro.id).limit(LISTED)).all()


def visible(viewer: User) -> ColumnElement[bool]:
    """Shared ones, and one's own; nobody sees the personal texts of others."""
    return or_(Macro.owner_id.is_(None), Macro.owner_id == viewer.id)


def narrowed(viewer: User, show: str) -> ColumnElement[bool]:
    """What a tab of the list shows."""
    tabs: dict[str, ColumnElement[bool]] = {
        "waiting": and_(Macro.owner_id.is_(None), Macro.is_approved.is_(False)),
        "first": Macro.kind != "general",
        "team": Macro.team_id.is_not(None),
        "mine": Macro.owner_id == viewer.id,
    }
    return tabs.get(show, true())


def editable(viewer: User, number: int) -> Macro:
    """One that this person sees on the page, with team, owner and approver. Raises NotFound for any other. One statement."""
    query = select(Macro).where(Macro.id == number, visible(viewer))
    found = db.session.scalar(query.options(joinedload(Macro.team), joinedload(Macro.owner), joinedload(Macro.approved_by)))
    if found is None:
        raise NotFound()
    return found


def teams() -> Sequence[Any]:
    """id and name of each team, by name. One statement."""
    return db.session.execute(select(Team.id, Team.name).order_by(Team.name)).all()
