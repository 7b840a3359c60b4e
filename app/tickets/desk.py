"""The queue: where staff see what waits for them. Routes for staff."""

from typing import Any

from flask import Response, abort, make_response, render_template, request, session, url_for
from flask_login import current_user

from app.audiences import desk
from app.lib.clock import utcnow
from app.lib.htmx import go, is_htmx, vary
from app.tickets import desk_lists, desk_queries
from app.tickets.desk_forms import VIEWS, Filters

bp = desk("desk", __name__)

@bp.get("/desk")
def start() -> Response:
    """The desk opens with one's own tickets."""
    return go(url_for(".queue", view="mine"))


@bp.get("/desk/queue/<view>")
def queue(view: str) -> Response:
    """One view of the queue, filtered, searched and paged; a ticket's number leads straight to the ticket."""
    filters = asked(view)
    ref = desk_queries.by_ref(filters.q, current_user) if filters.q else None
    if ref is not None:
        return go(url_for(".show", ref=ref))
    shown = desk_lists.page_of(filters, request.args.get("cursor", ""), current_user, utcnow())
    if session.get("queue") != shown["here"]:
        session["queue"] = shown["here"]
    return answer_with("tickets/desk/queue.html", "tickets/desk/_rows.html", shown)


@bp.get("/desk/queue/<view>/new")
def fresh(view: str) -> Response:
    """How many tickets have come into this view since the page was made: nothing at all (204) while there are none."""
    filters, now = asked(view), utcnow()
    since = request.args.get("since", "", str)
    if not since.isascii() or not since.isdigit() or len(since) > 18:
        abort(404)
    beside = desk_queries.around(filters, current_user)
    count = desk_queries.newer(filters, beside, current_user, now, int(since))
    if not is_htmx():
        return go(desk_lists.address(filters))
    if not count:
        return vary(make_response("", 204))
    more = count >= desk_queries.NEWEST
    return vary(make_response(render_template("tickets/desk/_fresh.html", count=count, more=more, here=desk_lists.address(filters))))


def asked(view: str) -> Filters:
    """The view and filters of the address; 404 for a view that we do not have."""
    if view not in VIEWS:
        abort(404)
    return Filters.of(view, request.args)


def answer_with(page: str, part: str, shown: dict[str, Any]) -> Response:
    """The whole page, or its rows for htmx, which then shows the plain address of what is listed."""
    if is_htmx():
        response = make_response(render_template(part, swapped=True, **shown))
        response.headers["HX-Push-Url"] = request.full_path.rstrip("?") if request.args.get("cursor") else shown["here"]
        return vary(response)
    return vary(make_response(render_template(page, section=shown["filters"].view, **shown, **desk_lists.CHOICES)))


@bp.get("/desk/tickets/<ref>")
def show(ref: str) -> Response:
    """T"""
    return go("/desk")
