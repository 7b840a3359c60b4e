"""The search of the desk, through all that was said. Routes for staff."""

from flask import Response, request, url_for
from markupsafe import Markup

from app.audiences import desk
from app.lib.clock import utcnow
from app.lib.htmx import go, part
from app.lib.marks import sprite
from app.lib.paging import Page
from app.lib.text import one_line
from app.tickets import desk_queries, search_queries
from app.tickets.desk import me
from app.tickets.desk_forms import MAX_QUERY
from app.tickets.desk_rows import status_mark

bp = desk("desk_search", __name__)


@bp.get("/desk/search")
def show() -> Response:
    """Tickets that hold all words; a ticket's number leads straight to the ticket."""
    q, cursor = one_line(request.args.get("q"))[:MAX_QUERY], request.args.get("cursor", "")
    ref = desk_queries.by_ref(q, me()) if q else None
    if ref is not None:
        return go(url_for("desk.show", ref=ref))
    page = search_queries.find(q, me(), cursor)
    now = utcnow()
    meant = search_queries.meant(q, me(), now) if q and not page.items and not cursor else ""
    return part("tickets/desk/search.html", q=q, page=page, meant=meant, count=counted(page), status_of=status_of, now=now)


def counted(page: Page) -> str:
    """How many tickets are on a page, and whether there are others."""
    shown = "1 ticket" if len(page.items) == 1 else f"{len(page.items)} tickets"
    return f"{shown} of many" if page.next or page.previous else shown


def status_of(key: str) -> Markup:
    """The mark of a status, as lists of tickets have it."""
    return status_mark(sprite(""), key)
