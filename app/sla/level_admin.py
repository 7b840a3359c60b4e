"""Levels: leads and administrators read and change what happens when a clock runs down."""

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, Stale
from app.lib.forms import overtaken
from app.lib.htmx import go, part
from app.sla import level_queries, levels
from app.sla.admin_forms import moment
from app.sla.level_forms import LevelForm
from app.sla.level_models import Level
from app.sla.level_rules import BUILT_IN

bp = lead("sla_levels", __name__)
REMOVED = "This level was removed since you opened it. What you entered is kept: save it to add it as a new level, or leave it and go back to all levels."


@bp.get("/admin/sla/levels")
def index() -> Response:
    """Every level, in the order in which a clock meets them."""
    return part("sla/admin/levels.html", levels=level_queries.levels(utcnow()), days=level_queries.RECENT.days)


@bp.get("/admin/sla/levels/new")
def new() -> Response:
    """An empty form."""
    return level_page(None, LevelForm.of(None, level_queries.teams()))


@bp.post("/admin/sla/levels/new")
def create() -> Response:
    """Add a level."""
    form = LevelForm(request.form).offer(level_queries.teams())
    if not form.validate():
        return level_page(None, form, 422)
    try:
        levels.add_level(form.wanted(None), actor=current_user, now=utcnow())
    except Invalid as wrong:
        form.form_errors.append(wrong.message)
        return level_page(None, form, 422)
    return saved("The level is added. Clocks that are beyond it already are left alone.")


@bp.get("/admin/sla/levels/<int:number>")
def show(number: int) -> Response:
    """One level and its form."""
    level = level_queries.level_row(number)
    return level_page(level, LevelForm.of(level, level_queries.teams()))


@bp.post("/admin/sla/levels/<int:number>")
def change(number: int) -> Response:
    """Save it; what was entered for one that was removed meanwhile becomes the form of a new one."""
    try:
        level = level_queries.level_row(number)
    except NotFound:
        return removed(LevelForm(request.form).offer(level_queries.teams()))
    return kept(level, LevelForm(request.form).offer(level_queries.teams(), is_built_in=level.key in BUILT_IN))


def kept(level: Level, form: LevelForm) -> Response:
    """Save a level as its form says."""
    if not form.validate():
        return level_page(level, form, 422)
    try:
        levels.save_level(level, form.wanted(level), actor=current_user, now=utcnow(), seen=moment(form.seen.data))
    except (Stale, Invalid) as wrong:
        return refused(level, form, wrong)
    return saved("The level is saved.")


@bp.post("/admin/sla/levels/<int:number>/removal")
def remove(number: int) -> Response:
    """Take a level away that a lead has added."""
    levels.remove_level(level_queries.level_row(number), actor=current_user, now=utcnow())
    return saved("The level is removed.")


def removed(form: LevelForm) -> Response:
    """The form of a level that is gone, to be added as a new one. NotFound for what does not come from the page of a level."""
    if not form.seen.data:
        raise NotFound()
    form.form_errors.append(REMOVED)
    return level_page(None, form, 409)


def refused(level: Level, form: LevelForm, wrong: Stale | Invalid) -> Response:
    """The form again, with what was entered; after a stale one saving again means to overwrite."""
    db.session.rollback()
    if isinstance(wrong, Stale):
        overtaken(form, LevelForm.of(level, level_queries.teams()), wrong.message)
    else:
        form.form_errors.append(wrong.message)
    return level_page(level, form, wrong.status)


def level_page(level: Level | None, form: LevelForm, status: int = 200) -> Response:
    """The page of one level, or of a new one."""
    return part("sla/admin/level.html", status, level=level, form=form, is_built_in=level is not None and level.key in BUILT_IN)


def saved(words: str) -> Response:
    """Commit, say so, and go to the list."""
    db.session.commit()
    flash(words, "ok")
    return go(url_for(".index"))
