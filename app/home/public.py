"""The first page: the portal's home for customers, the desk for staff, the help centre for everybody else."""

from flask import Response, redirect, url_for
from flask_login import current_user

from app.analytics.queries import portal_figures
from app.audiences import public
from app.home import queries, views
from app.lib.clock import utcnow
from app.lib.htmx import go, part, vary
from app.status.queries import current as announcements
from app.tickets.portal_queries import promises
from app.tickets.portal_views import step

bp = public("home", __name__)
CUSTOMERS = frozenset({"customer", "customer_admin"})


@bp.get("/")
def start() -> Response:
    """Whoever comes in by the front door goes where their work is."""
    # The person itself: going through the proxy each time costs a twentieth of the page.
    person = current_user._get_current_object()
    if person.role not in CUSTOMERS:
        return vary(redirect(url_for("desk.start" if person.is_staff else "help.home"), 303))  # type: ignore[arg-type]
    now, (minutes, hours) = utcnow(), promises(person)
    return part(
        "home/portal.html",
        cards=views.cards(portal_figures(person, now), hours),
        tickets=queries.recent_tickets(person),
        step=step,
        promises=views.promises(minutes, hours),
        engineer=queries.engineer(person),
        resources=views.resources(person.plan),
        announcements=announcements(person, now),
    )


@bp.get("/home/metrics")
def metrics() -> Response:
    """The three cards, alone. Whoever has none is sent to where their work is."""
    if current_user.role not in CUSTOMERS:
        return go(url_for(".start"))
    return part("home/_metrics.html", cards=views.cards(portal_figures(current_user, utcnow()), promises(current_user)[1]))


@bp.get("/home/tickets")
def tickets() -> Response:
    """The recent tickets, alone."""
    if current_user.role not in CUSTOMERS:
        return go(url_for(".start"))
    return part("home/_tickets.html", tickets=queries.recent_tickets(current_user), step=step)
