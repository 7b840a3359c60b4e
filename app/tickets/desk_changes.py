"""What staff do to a ticket from its page. Each is a noun below the ticket, and one action of the feature.

What others changed since the page was made, and what cannot be accepted, comes back in the part that was sent (409, 422)
with what was typed still in it.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, request, url_for
from sqlalchemy.orm.exc import StaleDataError
from wtforms import Form

from app.audiences import desk
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, Stale
from app.lib.htmx import answer, dom_id, is_htmx, part
from app.lib.requests import row_number
from app.tickets import actions, desk_forms, desk_page, desk_show, filing, queries, thanking
from app.tickets.desk import me, ticket_page
from app.tickets.models import Ticket

bp = desk("desk_changes", __name__)
AnyForm = TypeVar("AnyForm", bound=Form)
Route = Callable[..., Response]


def on_panel(name: str) -> Callable[[Route], Route]:
    """A change that is sent from the panel: conflicts and refusals are told there, beside the form called `name`."""

    def wrap(route: Route) -> Route:
        @wraps(route)
        def wrapped(ref: str, **rest: Any) -> Response:
            try:
                return route(ref, **rest)
            except (Stale, StaleDataError):
                db.session.rollback()
                return conflict(ref, name)
            except Invalid as wrong:
                db.session.rollback()
                return panel_again(ref, 422, problem={"name": name, "text": wrong.message, "value": typed()})

        return wrapped

    return wrap


@bp.post("/desk/tickets/<ref>/assignment")
@on_panel("assignment")
def assign(ref: str) -> Response:
    """Give the ticket to somebody, or to nobody."""
    ticket, form = found(ref), valid(desk_forms.AssigneeForm)
    person = desk_page.person(form.assignee.data or 0)
    filing.assign(ticket, person, actor=me(), now=utcnow(), seen=form.seen.data)
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/status")
@on_panel("status")
def set_status(ref: str) -> Response:
    """Set the status by hand; resolving, reopening and closing are verbs of their own, and reached from here, too."""
    ticket, form = found(ref), valid(desk_forms.StatusForm)
    filing.set_by_hand(ticket, form.status.data, actor=me(), now=utcnow(), seen=form.seen.data)
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/priority")
@on_panel("priority")
def set_priority(ref: str) -> Response:
    """Change the priority, with the reason if there is one."""
    ticket, form = found(ref), valid(desk_forms.PriorityForm)
    filing.set_priority(ticket, form.priority.data, reason=form.reason.data or "", actor=me(), now=utcnow(), seen=form.seen.data)
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/confirmation")
@on_panel("confirmation")
def confirm(ref: str) -> Response:
    """Promise a raise beyond the plan, or decline it."""
    ticket, form = found(ref), valid(desk_forms.DecisionForm)
    filing.confirm_priority(ticket, form.decision.data == "accept", actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/team")
@on_panel("team")
def move(ref: str) -> Response:
    """Move the ticket to another team, or to none."""
    ticket, form = found(ref), valid(desk_forms.TeamForm)
    filing.move(ticket, desk_page.team(form.team.data or 0), actor=me(), now=utcnow(), seen=form.seen.data)
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/category")
@on_panel("category")
def categorise(ref: str) -> Response:
    """File the ticket under another category."""
    ticket, form = found(ref), valid(desk_forms.CategoryForm)
    filing.categorise(ticket, form.category.data, actor=me(), now=utcnow(), seen=form.seen.data)
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/tags")
@on_panel("tags")
def retag(ref: str) -> Response:
    """Put tags on, or take one off."""
    ticket, form = found(ref), valid(desk_forms.TagForm)
    filing.retag(ticket, add=form.wanted(), remove=[form.off.data or ""], actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/followers")
@on_panel("followers")
def follow(ref: str) -> Response:
    """Let somebody else hear of public replies."""
    ticket, form = found(ref), valid(desk_forms.FollowerForm)
    email = form.address()
    filing.follow(ticket, email, person=desk_page.person_called(email), actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/followers/<int:number>/removal")
@on_panel("followers")
def unfollow(ref: str, number: int) -> Response:
    """Take a follower off. One who is gone already is no error."""
    ticket = found(ref)
    follower = desk_page.follower(ticket, number)
    if follower is not None:
        filing.unfollow(ticket, follower, actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/links")
@on_panel("links")
def link(ref: str) -> Response:
    """Link to another ticket by its number, or to an issue by its address."""
    ticket, form = found(ref), valid(desk_forms.LinkForm)
    label, url, other = desk_page.target(form.target.data, ticket, me())
    filing.link(ticket, label, url, other=other, actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/links/<int:number>/removal")
@on_panel("links")
def unlink(ref: str, number: int) -> Response:
    """Remove a link. One that is gone already is no error."""
    ticket = found(ref)
    existing = desk_page.link(ticket, number)
    if existing is not None:
        filing.unlink(ticket, existing, actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/resolution")
@on_panel("status")
def resolve(ref: str) -> Response:
    """Call it solved."""
    ticket, form = found(ref), valid(desk_forms.Seen)
    actions.resolve(ticket, "answered", actor=me(), now=utcnow(), seen=form.seen.data)
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/reopening")
@on_panel("status")
def reopen(ref: str) -> Response:
    """Bring a resolved ticket back."""
    ticket, form = found(ref), valid(desk_forms.ReasonForm)
    actions.reopen(ticket, form.reason.data or "", actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/thanks-dismissal")
@on_panel("thanks")
def dismiss_thanks(ref: str) -> Response:
    """A thank-you reopened the ticket, and that is all: back to resolved."""
    ticket = found(ref)
    thanking.dismiss_thanks(ticket, actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket, said="Resolved as before. Nobody is mailed.")


@bp.post("/desk/tickets/<ref>/closing")
@on_panel("status")
def close(ref: str) -> Response:
    """Close a resolved ticket for good."""
    ticket = found(ref)
    actions.close(ticket, actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket)


@bp.post("/desk/tickets/<ref>/triage")
@on_panel("triage")
def triage(ref: str) -> Response:
    """Ask the rules again."""
    ticket = found(ref)
    news = filing.triage_again(ticket, actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket, said="" if news else "The rules decide the same as before.")


def found(ref: str) -> Ticket:
    """The ticket, for who is about to change it."""
    return queries.ticket_for(me(), ref, for_change=True)


def valid(form_class: type[AnyForm]) -> AnyForm:
    """The form that was sent. Raises Invalid with the first thing that is wrong with it."""
    form = form_class(request.form)
    if not form.validate():
        raise Invalid(next(str(problems[0]) for problems in form.errors.values()))
    return form


def typed() -> dict[str, str]:
    """What was sent, but for what belongs to the page and not to the person."""
    return {name: value[:300] for name, value in request.form.items() if name not in {"csrf_token", "seen"}}


def changed(ticket: Ticket, *, said: str = "") -> Response:
    """After a change: panel, head, thread and copies anew; the text that somebody is writing is left alone."""
    go_to = url_for("desk.show", ref=ticket.ref)
    if not is_htmx():
        return answer("", or_go=go_to)
    ticket = queries.ticket_for(me(), ticket.ref)
    return part("tickets/desk/changed.htmx.html", main="panel", said=said, **desk_show.context(ticket, me()))


def conflict(ref: str, name: str) -> Response:
    """Others were faster: what they did, and the same change once more, knowing it."""
    ticket = queries.ticket_for(me(), ref)
    seen = request.form.get("seen", type=row_number) or 0
    told = desk_show.news(ticket, me(), seen)
    return panel_again(ref, 409, conflict={"name": name, "news": told, "action": request.path, "value": typed()})


def panel_again(ref: str, status: int, **over: Any) -> Response:
    """The panel, or the page around it, with what was wrong."""
    shown = desk_show.context(queries.ticket_for(me(), ref), me(), **over)
    if is_htmx():
        response = part("tickets/desk/changed.htmx.html", status, main="panel", **shown)
        response.headers["HX-Retarget"] = "#" + dom_id(shown["ticket"], "panel")
        return response
    return ticket_page(shown, status)
