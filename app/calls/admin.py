"""The kinds of call: leads make them and change them, and see what can be booked of each."""

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.accounts.models import User
from app.accounts.queries import plans
from app.audiences import lead
from app.calls import editing, forms, queries, rules, slots
from app.calls.models import CallKind
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Stale
from app.lib.forms import overtaken
from app.lib.htmx import go, part

bp = lead("calls_admin", __name__)


@bp.get("/admin/calls")
def index() -> Response:
    """Every kind, with how many times are free and the next of them."""
    now = utcnow()
    kinds = queries.kinds()
    free = {kind.id: slots.offer(kind, now=now).slots if kind.is_open else [] for kind in kinds}
    names = {plan.rank: plan.name for plan in plans()}
    return part("calls/admin/index.html", kinds=kinds, free=free, plans=names)


@bp.get("/admin/calls/kinds/new")
def new() -> Response:
    """The form of a new kind."""
    return kind_page(None, kind_form(None))


@bp.post("/admin/calls/kinds")
def create() -> Response:
    """Make one."""
    return kept(None, kind_form(None, sent=True))


@bp.get("/admin/calls/kinds/<int:number>")
def kind(number: int) -> Response:
    """One kind in its form."""
    row = queries.kind_for(number)
    return kind_page(row, kind_form(row))


@bp.post("/admin/calls/kinds/<int:number>")
def save(number: int) -> Response:
    """Save it."""
    row = queries.kind_for(number)
    return kept(row, kind_form(row, sent=True))


def kept(row: CallKind | None, form: forms.KindForm) -> Response:
    """Save a form, or show it with what is wrong."""
    viewer: User = current_user._get_current_object()
    if not form.validate():
        return kind_page(row, form, 422)
    try:
        editing.save(row, form.terms(), actor=viewer, now=utcnow(), seen=forms.version_of(form))
    except editing.BadTerms as bad:
        form.refuse(bad.wrong)
        return kind_page(row, form, 422)
    except Stale as stale:
        return kind_page(row, overtaken(form, kind_form(row), stale.message), 409)
    db.session.commit()
    flash("Saved. What is booked already stays as it was booked.", "ok")
    return go(url_for(".index"))


def kind_form(row: CallKind | None, *, sent: bool = False) -> forms.KindForm:
    """The form of a kind, as it was sent or fresh."""
    able = [plan for plan in plans() if plan.tier >= rules.LEAST_TIER]
    return forms.kind_form(row, able, queries.teams(), request.form if sent else None)


def kind_page(row: CallKind | None, form: forms.KindForm, status: int = 200) -> Response:
    """The page of one kind."""
    return part("calls/admin/kind.html", status, kind=row, form=form)
