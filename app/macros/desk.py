"""Macros: staff write them, leads approve."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.accounts.permissions import may
from app.audiences import desk
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, Stale
from app.lib.forms import overtaken
from app.lib.htmx import go, is_htmx, page_or_part, part
from app.lib.markdown import to_html
from app.lib.requests import row_number
from app.macros import actions, queries, rules
from app.macros.forms import MacroForm, form_for
from app.macros.models import Macro

bp = desk("macros", __name__)
DELETED = "This macro was deleted since you opened it. Your text is kept: save it to add it as a new macro, or leave it and go back to all macros."
TABS = (("all", "All"), ("first", "First responses"), ("team", "Teams"), ("mine", "Mine"), ("waiting", "Waiting for approval"))


@bp.get("/desk/macros")
def index() -> Response:
    """What there is, to search and to filter."""
    words, show = request.args.get("q", "")[:100].strip(), request.args.get("show", "all")
    found = queries.listed(current_user, words=words, show=show)
    return page_or_part("macros/index.html", "macros/_list.html", macros=found, words=words, show=show, tabs=TABS, kinds=rules.KINDS)


@bp.get("/desk/macros/new")
def new() -> Response:
    """An empty form."""
    return editor(None, form_for(None, queries.teams(), leads=approves()))


@bp.post("/desk/macros")
def create() -> Response:
    """Write one."""
    form = form_for(None, queries.teams(), request.form, leads=approves())
    if form.validate():
        try:
            macro = actions.create(form.content(), actor=current_user, now=utcnow())
        except Invalid as wrong:
            form.body.errors = [wrong.message]
        else:
            db.session.commit()
            flash("Saved. A lead has to approve it before others can use it." if waits(macro) else "Saved.", "ok")
            return go(url_for(".show", number=macro.id))
    return editor(None, form, 422)


@bp.get("/desk/macros/<int:number>")
def show(number: int) -> Response:
    """One macro in its form."""
    macro = queries.editable(current_user, number)
    return editor(macro, form_for(macro, queries.teams(), leads=approves()))


@bp.post("/desk/macros/<int:number>")
def change(number: int) -> Response:
    """Save it; what was written for one that was deleted meanwhile becomes the form of a new one."""
    try:
        macro = queries.editable(current_user, number)
    except NotFound:
        return deleted(form_for(None, queries.teams(), request.form, leads=approves()))
    return saved(macro, form_for(macro, queries.teams(), request.form, leads=approves()))


def saved(macro: Macro, form: MacroForm) -> Response:
    """Save a macro as its form says."""
    if not form.validate():
        return editor(macro, form, 422)
    try:
        actions.change(macro, form.content(), actor=current_user, now=utcnow(), seen=form.version())
    except Stale as stale:
        return editor(macro, overtaken(form, form_for(macro, queries.teams(), leads=approves()), stale.message), 409, stale=True)
    except Invalid as wrong:
        form.body.errors = [wrong.message]
        return editor(macro, form, 422)
    db.session.commit()
    flash("Saved. A lead has to approve it before others can use it." if waits(macro) else "Saved.", "ok")
    return go(url_for(".show", number=macro.id))


def deleted(form: MacroForm) -> Response:
    """The form of a macro that is gone, to be added as a new one. NotFound for what does not come from the page of a macro."""
    if form.version() is None:
        raise NotFound()
    form.form_errors.append(DELETED)
    return editor(None, form, 409)


@bp.post("/desk/macros/preview")
def preview() -> Response:
    """The text with example values, as the customer would see it. Nothing is stored."""
    form = form_for(None, queries.teams(), request.form, leads=approves())
    if is_htmx():
        return part("macros/_preview.html", **previewed(form))
    number = request.args.get("number", type=row_number)
    try:
        return editor(queries.editable(current_user, number) if number else None, form)
    except NotFound:
        return deleted(form)


@bp.post("/desk/macros/<int:number>/approval")
def approve(number: int) -> Response:
    """A lead lets others use it."""
    actions.approve(queries.editable(current_user, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".show", number=number))


@bp.post("/desk/macros/<int:number>/withdrawal")
def withdraw(number: int) -> Response:
    """A lead takes the approval back."""
    actions.withdraw(queries.editable(current_user, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".show", number=number))


@bp.post("/desk/macros/<int:number>/deletion")
def delete(number: int) -> Response:
    """Remove it."""
    actions.delete(queries.editable(current_user, number), actor=current_user, now=utcnow())
    db.session.commit()
    flash("The macro is deleted.", "ok")
    return go(url_for(".index"))


def editor(macro: Macro | None, form: MacroForm, status: int = 200, *, stale: bool = False) -> Response:
    """The page of one macro: its form, its state, and how it looks filled in."""
    context = {
        "macro": macro,
        "form": form,
        "stale": stale,
        "approves": approves(),
        "placeholders": rules.PLACEHOLDERS,
        "kinds": rules.KINDS,
    }
    return part("macros/edit.html", status, **context, **previewed(form))


def previewed(form: MacroForm) -> dict[str, Any]:
    """What the preview shows, and the placeholders in it that do not exist."""
    body = (form.body.data or "")[: rules.BODY_LENGTH]
    return {"preview": to_html(rules.fill(body, rules.example())), "wrong": rules.unknown(body)}


def approves() -> bool:
    """Whether the viewer is a lead."""
    return may(current_user.role, "macros.approve")


def waits(macro: Macro) -> bool:
    """Whether others cannot use it yet."""
    return macro.owner_id is None and not macro.is_approved
