"""The rota in the hands of leads: shifts and their rotations, what cover a team needs, who takes a span."""

from datetime import timedelta

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.accounts.models import Team
from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, Stale
from app.lib.htmx import go, part
from app.lib.requests import row_number
from app.lib.times import local
from app.rota import actions, editing, queries, views
from app.rota.forms import CoverForm, OverrideForm, ShiftForm
from app.rota.models import RotaShift

bp = lead("rota_admin", __name__)
REMOVED = "This shift was removed since you opened it. What you entered is kept: save it to make it a shift again, or leave it and go back to the team."


@bp.get("/desk/rota/teams/<int:number>/shifts/new")
def new_shift(number: int) -> Response:
    """The form of a new shift of a team."""
    team = views.team_for(number)
    today = local(utcnow(), current_user.time_zone).date()
    return shift_page(team, None, ShiftForm.new(current_user.time_zone, today - timedelta(days=today.weekday())))


@bp.post("/desk/rota/teams/<int:number>/shifts")
def add_shift(number: int) -> Response:
    """Make it."""
    team = views.team_for(number)
    form = ShiftForm(request.form).offer(people(team))
    if form.validate():
        try:
            editing.add_shift(team, form.content(), actor=current_user, now=utcnow())
        except Invalid as wrong:
            form.form_errors.append(wrong.message)
        else:
            return saved(team)
    return shift_page(team, None, form, 422)


@bp.get("/desk/rota/shifts/<int:number>")
def shift(number: int) -> Response:
    """One shift in its form."""
    found = views.shift_for(number)
    return shift_page(found.team, found, ShiftForm.of(found))


@bp.post("/desk/rota/shifts/<int:number>")
def save_shift(number: int) -> Response:
    """Save it; what was entered for one that was removed meanwhile becomes the form of a new one of the team."""
    try:
        found = views.shift_for(number)
    except NotFound:
        return removed(views.team_for(request.args.get("team", 0, type=row_number)))
    return kept(found, ShiftForm(request.form).offer(people(found.team)))


def kept(found: RotaShift, form: ShiftForm) -> Response:
    """Save a shift as its form says."""
    if not form.validate():
        return shift_page(found.team, found, form, 422)
    try:
        editing.change_shift(found, form.content(), actor=current_user, now=utcnow(), seen=form.version())
    except (Invalid, Stale) as wrong:
        return shift_page(found.team, found, overtaken(form, found, wrong), wrong.status)
    return saved(found.team)


@bp.post("/desk/rota/shifts/<int:number>/removal")
def remove_shift(number: int) -> Response:
    """Delete it."""
    found = views.shift_for(number)
    editing.remove_shift(found, actor=current_user, now=utcnow())
    return saved(found.team, "The shift is removed.")


@bp.get("/desk/rota/teams/<int:number>/cover")
def cover(number: int) -> Response:
    """What cover a team needs, in its form."""
    team = views.team_for(number)
    return part("rota/cover.html", team=team, form=CoverForm.of(views.cover_of(team)))


@bp.post("/desk/rota/teams/<int:number>/cover")
def save_cover(number: int) -> Response:
    """Save it."""
    team, form = views.team_for(number), CoverForm(request.form)
    if not form.validate():
        return part("rota/cover.html", 422, team=team, form=form)
    editing.set_cover(team, form.needs.data, form.zone_name(), form.hours(), actor=current_user, now=utcnow())
    return saved(team)


@bp.get("/desk/rota/teams/<int:number>/overrides/new")
def new_override(number: int) -> Response:
    """The form by which somebody takes a span; a hole brings its own."""
    team = views.team_for(number)
    asked = views.span_asked(request.args, current_user.time_zone)
    return part("rota/override.html", team=team, form=OverrideForm(formdata=None, data=asked).offer(people(team)))


@bp.post("/desk/rota/teams/<int:number>/overrides")
def add_override(number: int) -> Response:
    """Let somebody take a span."""
    team = views.team_for(number)
    form = OverrideForm(request.form).offer(people(team))
    taker = views.person_for(form.user_id.data) if form.validate() else None
    if taker is not None:
        start, end = form.span(current_user.time_zone)
        try:
            actions.add_override(team, int(form.level.data), taker, start, end, form.reason.data or "", actor=current_user, now=utcnow())
        except Invalid as wrong:
            form.form_errors.append(wrong.message)
        else:
            return saved(team)
    return part("rota/override.html", 422, team=team, form=form)


@bp.post("/desk/rota/overrides/<int:number>/withdrawal")
def withdraw_override(number: int) -> Response:
    """Give a span back to whom the shifts name."""
    found = views.override_for(number)
    actions.withdraw_override(found, actor=current_user, now=utcnow())
    return saved(views.team_for(found.team_id), "The override is withdrawn.")


def people(team: Team) -> list[queries.Staff]:
    """Who can be chosen, the team's own people first."""
    return views.members_first(team, queries.staff())


def removed(team: Team) -> Response:
    """The form of a shift that is gone, to be added as a new one."""
    form = ShiftForm(request.form).offer(people(team))
    form.form_errors.append(REMOVED)
    return shift_page(team, None, form, 409)


def overtaken(form: ShiftForm, found: RotaShift, wrong: Invalid | Stale) -> ShiftForm:
    """A form that could not be saved; after a Stale saving again means to overwrite."""
    form.form_errors.append(wrong.message)
    if isinstance(wrong, Stale):
        form.seen.data = str(found.version)
    return form


def shift_page(team: Team, found: RotaShift | None, form: ShiftForm, status: int = 200) -> Response:
    """The page of one shift, or of a new one."""
    return part("rota/shift.html", status, team=team, shift=found, form=form.offer(people(team)))


def saved(team: Team, words: str = "Saved.") -> Response:
    """Commit, say so, and go to the team."""
    db.session.commit()
    flash(words, "ok")
    return go(url_for("rota.team", number=team.id))
