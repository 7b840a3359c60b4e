"""Writers: links that lead nowhere, entry by entry."""

from typing import Any

from flask import Response, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.knowledge.links import actions, queries
from app.lib.clock import utcnow
from app.lib.htmx import go, page_or_part

bp = desk("links", __name__)
ONE = "/desk/knowledge/links/<int:number>"


@bp.get("/desk/knowledge/links")
def index() -> Response:
    """The links of a view."""
    view = request.args.get("view", "")
    view = view if view in queries.VIEWS else "broken"
    page = queries.listed(view, request.args.get("cursor", ""))
    context: dict[str, Any] = {"page": page, "view": view, "views": queries.VIEWS, "asked": request.args.get("asked")}
    return page_or_part("knowledge/desk/links.html", "knowledge/desk/_link_rows.html", **context)


@bp.post(f"{ONE}/check")
def recheck(number: int) -> Response:
    """Look at one now."""
    actions.ask_again(queries.link_for(number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".index", asked=1))


@bp.post(f"{ONE}/silence")
def ignore(number: int) -> Response:
    """Take one off the list."""
    actions.ignore(queries.link_for(number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".index"))


@bp.post(f"{ONE}/watch")
def watch(number: int) -> Response:
    """Look after an ignored one again."""
    actions.watch(queries.link_for(number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".index", view="ignored"))
