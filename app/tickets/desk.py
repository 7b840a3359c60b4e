"""The queue: where staff see what waits for them. Routes for staff."""

from typing import Any

from flask import Response, abort, make_response, render_template, request, session, url_for
from flask_login import current_user

from app.accounts.models import User
from app.audiences import desk
from app.lib.clock import utcnow
from app.lib.htmx import go, is_htmx, part, vary
from app.lib.pages import address_of
from app.lib.requests import row_number
from app.macros import queries as macro_queries
from app.tickets import desk_lists, desk_page, desk_queries, desk_show, drawn, queries
from app.tickets.desk_forms import VIEWS, Filters

bp = desk("desk", __name__)
# Customers' pages have timelines, too.
bp.add_app_template_global(drawn.message, "drawn_message")
bp.add_app_template_global(drawn.event, "drawn_event")


@bp.get("/desk")
def start() -> Response:
    """The desk opens with one's own tickets."""
    return go(url_for(".queue", view="mine"))


@bp.get("/desk/queue/<view>")
def queue(view: str) -> Response:
    """One view of the queue, filtered, searched and paged; a ticket's number leads straight to the ticket."""
    filters = asked(view)
    ref = desk_queries.by_ref(filters.q, me()) if filters.q else None
    if ref is not None:
        return go(url_for(".show", ref=ref))
    shown = desk_lists.page_of(filters, request.args.get("cursor", ""), me(), utcnow())
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
    beside = desk_queries.around(filters, me())
    count = desk_queries.newer(filters, beside, me(), now, int(since))
    if not is_htmx():
        return go(desk_lists.address(filters))
    if not count:
        return vary(make_response("", 204))
    more = count >= desk_queries.NEWEST
    return vary(make_response(render_template("tickets/desk/_fresh.html", count=count, more=more, here=desk_lists.address(filters))))


@bp.get("/desk/queue/<view>/pane")
def pane(view: str) -> Response:
    """The list beside a ticket: the first tickets of the view that one came from."""
    filters = asked(view)
    if not is_htmx():
        return go(desk_lists.address(filters))
    shown = desk_lists.pane_of(filters, me(), utcnow())
    return part("tickets/desk/_pane.html", current=request.args.get("current", ""), **shown)


@bp.get("/desk/tickets/<ref>")
def show(ref: str) -> Response:
    """A ticket: what was said and done, what is promised, whose it is. `macro` puts a macro's text into the composer."""
    ticket = queries.ticket_for(me(), ref)
    wanted = request.args.get("macro", type=row_number)
    shown = desk_show.context(ticket, me())
    if wanted:
        text = desk_show.macro_text(ticket, me(), wanted)
        shown["form"] = desk_show.composer(shown["beside"], macro_text=text, used=wanted)
    elif used := request.args.get("used", type=row_number):
        shown["form"].macro.data = used
    return ticket_page(shown)


@bp.get("/desk/tickets/<ref>/timeline")
def timeline(ref: str) -> Response:
    """The thread: asked for regularly (`seen`: nothing new, no thread), or its earlier messages (`before`)."""
    ticket = queries.ticket_for(me(), ref)
    before, seen = request.args.get("before", type=row_number), request.args.get("seen", type=row_number)
    if not is_htmx():
        return go(url_for(".show", ref=ticket.ref)) if before is None else ticket_page(desk_show.context(ticket, me(), before=before))
    here = desk_page.look_in(ticket, me(), utcnow())
    if seen is not None and queries.newest_event(ticket.id, me()) == seen:
        return part("tickets/desk/_here.html", here=here, ticket=ticket)
    if seen is None:
        return part("tickets/_timeline.html", **desk_show.thread(ticket, me(), before))
    shown = desk_show.context(ticket, me())
    return part("tickets/desk/changed.htmx.html", here=here, main="timeline", **shown)


@bp.get("/desk/tickets/<ref>/macros")
def macros(ref: str) -> Response:
    """The macros that this person may use here; `q` looks for words of their titles."""
    ticket = queries.ticket_for(me(), ref)
    words = request.args.get("q", "").lower().split()
    found = [one for one in macro_queries.usable_by(me()) if all(word in one.title.lower() for word in words)]
    template = "tickets/desk/_macros.html" if is_htmx() else "tickets/desk/macros.html"
    return part(template, ticket=ticket, macros=found, q=request.args.get("q", ""))


def ticket_page(shown: dict[str, Any], status: int = 200) -> Response:
    """The whole page of a ticket."""
    ticket, back = shown["ticket"], session.get("queue") or address_of("desk.queue", view="mine")
    here = desk_page.look_in(ticket, me(), utcnow())
    view, _, query = back.removeprefix(address_of("desk.queue", view="-")[:-1]).partition("?")
    pane_url = address_of("desk.pane", view=view if view in VIEWS else "mine") + f"?{query}{'&' if query else ''}current={ticket.ref}"
    return part("tickets/desk/show.html", status, here=here, back=back, back_name=VIEWS.get(view, "Queue"), pane_url=pane_url, **shown)


def me() -> User:
    """Who is looking: the person itself, since going through the proxy each time costs a tenth of a page."""
    person: User = current_user._get_current_object()
    return person


def asked(view: str) -> Filters:
    """The view and filters of the address; 404 for a view that we do not have."""
    if view not in VIEWS:
        abort(404)
    return Filters.of(view, request.args)


def answer_with(page: str, rows: str, shown: dict[str, Any]) -> Response:
    """The whole page, or its rows for htmx, which then shows the plain address of what is listed."""
    if is_htmx():
        response = make_response(render_template(rows, swapped=True, **shown))
        response.headers["HX-Push-Url"] = request.full_path.rstrip("?") if request.args.get("cursor") else shown["here"]
        return vary(response)
    return vary(make_response(render_template(page, section=shown["filters"].view, **shown)))
