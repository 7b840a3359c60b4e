"""The queue as its templates show it: rows, figures, addresses and the words around them."""

from collections import namedtuple
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import current_app
from markupsafe import Markup

from app.accounts.models import User
from app.lib.marks import sprite
from app.lib.pages import address_of
from app.lib.paging import Page
from app.lib.times import stepped
from app.tickets import desk_queries, desk_rows, rules
from app.tickets.desk_forms import PRIORITIES, SET_STATUS, SORTS, VIEWS, Filters
from app.tickets.desk_statements import CAP, COLUMNS, FILTERED_CAP

# What a row of the query is called; the total, if it is counted, comes after these.
Found = namedtuple("Found", [column.key for column in COLUMNS])  # type: ignore[misc]
# How many tickets the list beside a ticket shows.
PANE = 30
# What an empty view says: that is mostly good news.
EMPTY = {
    "mine": ("Nothing is assigned to you", "Take a ticket from those that nobody has yet."),
    "team": (
        "Your team has no open tickets",
        "What is routed to one of your teams appears here. Other teams may have some that nobody has.",
    ),
    "unassigned": ("Every ticket has somebody", "What nobody has taken yet appears here."),
    "breaching": ("Nothing is about to breach", "What is due within four hours, or overdue, appears here."),
    "waiting": ("No ticket waits for a customer", "What you have answered with a question appears here."),
    "all": ("There are no open tickets", "New tickets appear here as they come in."),
}
ABOUT = {
    "mine": "Open tickets that are assigned to you",
    "team": "Open tickets of your teams",
    "unassigned": "Open tickets that nobody has taken",
    "breaching": "Due within four hours, or overdue",
    "waiting": "Tickets that wait for the customer",
    "all": "All open tickets",
}
CHOICES: dict[str, Any] = {
    "statuses": list(rules.STATUSES.items()),
    "priorities": PRIORITIES,
    "categories": list(rules.CATEGORIES.items()),
    "kinds": list(rules.KINDS.items()),
    "sorts": list(SORTS.items()),
    "set_status": SET_STATUS,
}


def page_of(filters: Filters, cursor: str, viewer: User, now: datetime) -> dict[str, Any]:
    """What the queue's templates show. Four statements at most, for any number of rows."""
    beside = desk_queries.around(filters, viewer)
    narrowed = bool(filters.set or filters.q)
    page = desk_queries.queue(filters, beside, viewer, now, cursor, count=bool(filters.set) and not (filters.q or cursor))
    counts = desk_queries.counts(viewer, now)
    figures = {view: figure(count) for view, count in counts.items()}
    total = figures[filters.view]
    if narrowed:
        total = total_of(filters, page, cursor)
    return {
        "filters": filters,
        "beside": beside,
        "page": page,
        "lines": lines(page.items, now),
        "queue_counts": figures,
        "total": total,
        "narrowed": narrowed,
        "cursor": cursor,
        "heading": "Search" if filters.q else VIEWS[filters.view],
        **words(filters),
        **addresses(filters, beside, cursor),
        **CHOICES,
    }


def lines(found: Sequence[Any], now: datetime) -> Markup:
    """The rows of a page as markup, as they are within the same few seconds."""
    sheet, moment = sprite(""), stepped(now)
    drawn = [line(sheet, Found._make(one[: len(Found._fields)]), moment) for one in found]
    return Markup("\n".join(drawn))  # noqa: S704 - each is markup, which Markup would escape once more


# Nothing of a moment is asked for after it: as many as are looked at within some seconds.
@lru_cache(maxsize=512)
def line(sheet: str, found: Found, moment: datetime) -> Markup:
    """A row as markup. It depends on nothing but what it shows, the moment and the address of the icons: drawn once for everybody."""
    return drawn(desk_rows.row(sheet, found, moment))


@lru_cache(maxsize=2048)
def drawn(row: desk_rows.Row) -> Markup:
    """The markup of a row, of which most say the same at the next moment, too."""
    return Markup(current_app.jinja_env.get_template("tickets/desk/_row.html").render(row=row))  # noqa: S704 - the template escapes


def total_of(filters: Filters, page: Page, cursor: str) -> str:
    """How many tickets a narrowed list holds, as far as that is known: searches and later pages are not counted."""
    if cursor:
        return ""
    if filters.q:
        return f"{len(page.items)}+" if page.next else str(len(page.items))
    return figure(page.items[0].total if page.items else 0, FILTERED_CAP)


def words(filters: Filters) -> dict[str, Any]:
    """What a view is called, what its emptiness means, and what it is sorted by."""
    about = f"Tickets that match “{filters.q}”, newest first" if filters.q else ABOUT[filters.view]
    return {"caption": about, "nothing": EMPTY[filters.view], "sorted": desk_queries.order(filters)}


def addresses(filters: Filters, beside: desk_queries.Around, cursor: str) -> dict[str, str]:
    """Where the links of the list lead."""
    here, bulk = address(filters), address(filters, "desk_bulk.change")
    return {
        "here": here,
        "plain": address_of("desk.queue", view=filters.view),
        "paging": here + ("&cursor=" if "?" in here else "?cursor="),
        "by_due": address(filters, sort="due"),
        "by_active": address(filters, sort="active"),
        "fresh_url": address(filters, "desk.fresh") + ("&" if "?" in here else "?") + f"since={beside.newest}",
        "bulk_url": bulk + (("&" if "?" in bulk else "?") + urlencode({"cursor": cursor}) if cursor else ""),
        "ticket_url": address_of("desk.show", ref="-")[:-1],
    }


def address(filters: Filters, endpoint: str = "desk.queue", **over: str) -> str:
    """The address of a view with these filters."""
    query = filters.query(**over)
    return address_of(endpoint, view=filters.view) + (f"?{query}" if query else "")


def figure(count: int, cap: int | None = None) -> str:
    """A count as it is shown: `999+` where counting has stopped at `cap`, CAP by default."""
    cap = cap or CAP
    return f"{cap - 1}+" if count >= cap else str(count)


def pane_of(filters: Filters, viewer: User, now: datetime) -> dict[str, Any]:
    """The short list beside a ticket. Two statements."""
    beside = desk_queries.around(filters, viewer)
    page = desk_queries.queue(filters, beside, viewer, now, limit=PANE)
    return {
        "rows": desk_rows.rows(page.items, now),
        "more": page.next is not None,
        "here": address(filters),
        "heading": "Search" if filters.q else VIEWS[filters.view],
    }
