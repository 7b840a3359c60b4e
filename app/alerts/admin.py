"""Alert routes: leads decide who is told of what, and try it."""

from collections.abc import Sequence
from typing import Any

from flask import Response, current_app, flash, request, url_for
from flask_login import current_user
from sqlalchemy import select

from app.accounts.models import User
from app.alerts import editing, lists, queries
from app.alerts.desk import WORDS
from app.alerts.forms import HOURS_WORDS, MODE_WORDS, ContactForm, RouteForm, values_of
from app.alerts.messages import who_words
from app.alerts.models import AlertContact, AlertRoute
from app.alerts.planning import shown
from app.audiences import STAFF_ROLES, lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, Stale
from app.lib.forms import overtaken
from app.lib.htmx import go, part
from app.lib.requests import row_number
from app.sla.rulebook import calendars

bp = lead("alert_routes", __name__)
DELETED = "This route was deleted since you opened it. What you entered is kept: save it to add it as a new route, or leave it and go back to all routes."


@bp.get("/admin/alert-routes")
def index() -> Response:
    """Every route in the order in which they are tried, with what its channels last did."""
    found = queries.routes()
    last = lists.last_of_channels([channel.id for route in found for channel in route.channels])
    people, left = lists.staff(), lists.left(addresses(found))
    names = {person.id: person.name for person, _ in people}
    words: dict[str, Any] = {
        "hours_words": HOURS_WORDS,
        "mode_words": MODE_WORDS,
        "who": lambda step: who_words(step["who"], names),
        "leads_to": shown,
        "left": left,
    }
    named = {row.id: row.name for row in calendars()}
    return part("alerts/admin/index.html", routes=found, last=last, people=people, calendars=named, **words, **WORDS)


@bp.get("/admin/alert-routes/new")
def new() -> Response:
    """The form of a new route."""
    return editor(None, form_of(None))


@bp.post("/admin/alert-routes")
def create() -> Response:
    """Add a route."""
    return saved(None)


@bp.get("/admin/alert-routes/<int:number>")
def show(number: int) -> Response:
    """One route in its form, and its tests."""
    route = queries.route(number)
    return editor(route, form_of(route))


@bp.post("/admin/alert-routes/<int:number>")
def change(number: int) -> Response:
    """Save it; what was entered for one that was deleted meanwhile becomes the form of a new one."""
    try:
        return saved(queries.route(number))
    except NotFound:
        return deleted(form_of(None, request.form))


@bp.post("/admin/alert-routes/<int:number>/activation")
def activate(number: int) -> Response:
    """Put it in force."""
    return switched(number, True)


@bp.post("/admin/alert-routes/<int:number>/deactivation")
def deactivate(number: int) -> Response:
    """Put it out of force."""
    return switched(number, False)


@bp.post("/admin/alert-routes/<int:number>/place")
def place(number: int) -> Response:
    """Try it earlier or later."""
    editing.move_route(queries.route(number), request.form.get("to") == "up", actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".index"))


@bp.post("/admin/alert-routes/<int:number>/deletion")
def delete(number: int) -> Response:
    """Remove it; its alerts go by the next route that fits."""
    editing.delete_route(queries.route(number), actor=current_user, now=utcnow())
    db.session.commit()
    flash("The route is deleted.", "ok")
    return go(url_for(".index"))


@bp.post("/admin/alert-routes/<int:number>/tests")
def test(number: int) -> Response:
    """Send a real message through one of its channels, or through all."""
    route = queries.route(number)
    editing.send_test(route, request.form.get("channel", type=row_number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".show", number=number, _anchor="tests"))


@bp.get("/admin/alert-routes/<int:number>/tests")
def tests(number: int) -> Response:
    """What became of the last test; the page asks again while something is on its way."""
    route = queries.route(number)
    return part("alerts/admin/_tests.html", route=route, tests=lists.tests(route.id), **WORDS)


@bp.get("/admin/alert-routes/people/<int:person_id>")
def contact(person_id: int) -> Response:
    """How chat programs know somebody."""
    person = member(person_id)
    return part("alerts/admin/contact.html", person=person, form=ContactForm.of(db.session.get(AlertContact, person.id)))


@bp.post("/admin/alert-routes/people/<int:person_id>")
def save_contact(person_id: int) -> Response:
    """Save that."""
    person, form = member(person_id), ContactForm(request.form)
    if not form.validate():
        return part("alerts/admin/contact.html", 422, person=person, form=form)
    editing.save_contact(person, form.slack_id.data or "", form.discord_id.data or "", actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".index", _anchor="people"))


def member(person_id: int) -> User:
    """Somebody of the staff. Raises NotFound."""
    person = db.session.scalar(select(User).where(User.id == person_id, User.role.in_(STAFF_ROLES)))
    if person is None:
        raise NotFound()
    return person


def form_of(route: AlertRoute | None, given: Any = None) -> RouteForm:
    """The form of a route, filled with what was sent, or else with the row."""
    people = [person for person, _ in lists.staff()]
    return RouteForm(given, data=values_of(route) if given is None else None).offer(
        lists.teams(), calendars(), people, is_default=route is not None and route.is_default
    )


def saved(route: AlertRoute | None) -> Response:
    """Add or change a route, or show the form again."""
    form = form_of(route, request.form)
    local = current_app.config["SETTINGS"].allow_local_addresses
    terms = form.terms(allow_local=local)
    if terms is None:
        return editor(route, form, 422)
    try:
        if route is None:
            route = editing.add_route(terms, actor=current_user, now=utcnow())
        else:
            editing.change_route(route, terms, seen=form.version(), actor=current_user, now=utcnow())
    except Invalid as wrong:
        form.name.errors = [wrong.message]
        return editor(route, form, 422)
    except Stale as stale:
        return editor(route, overtaken(form, form_of(route), stale.message), 409)
    db.session.commit()
    flash("Saved. Send a test to see that it arrives.", "ok")
    return go(url_for(".show", number=route.id))


def deleted(form: RouteForm) -> Response:
    """The form of a route that is gone, to be added as a new one. NotFound for what does not come from the page of a route."""
    if form.version() is None:
        raise NotFound()
    form.form_errors.append(DELETED)
    return editor(None, form, 409)


def addresses(routes: Sequence[AlertRoute]) -> set[str]:
    """The mail addresses that routes name."""
    return {channel.target for route in routes for channel in route.channels if channel.kind == "email"}


def switched(number: int, on: bool) -> Response:
    """Switch a route."""
    editing.switch_route(queries.route(number), on, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".index"))


def editor(route: AlertRoute | None, form: RouteForm, status: int = 200) -> Response:
    """The page of one route."""
    found = lists.tests(route.id) if route is not None else []
    context: dict[str, Any] = {
        "route": route,
        "form": form,
        "tests": found,
        "leads_to": shown,
    }
    context["left"] = lists.left(addresses([route] if route is not None else []))
    return part("alerts/admin/edit.html", status, **context, **WORDS)
