"""The escalation matrix: leads read it and change it."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.accounts.models import User
from app.audiences import lead
from app.escalation import editing, forms, queries, rules
from app.escalation.contacts import contacts
from app.escalation.desk import names
from app.escalation.models import EscalationTrigger, SupportTier
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import NotFound, Stale
from app.lib.forms import overtaken
from app.lib.htmx import go, part

bp = lead("escalation_admin", __name__)


@bp.get("/admin/escalation")
def index() -> Response:
    """The whole matrix, each part with its way to change it."""
    return overview(executive_form())


@bp.get("/admin/escalation/tiers/<int:number>")
def tier(number: int) -> Response:
    """One tier in its form."""
    row = queries.tier_for(number)
    return tier_page(row, forms.tier_form(row, queries.teams(), queries.staff()))


@bp.post("/admin/escalation/tiers/<int:number>")
def save_tier(number: int) -> Response:
    """Save it; a path that cannot be climbed is refused beside its steps."""
    row = queries.tier_for(number)
    form = forms.tier_form(row, queries.teams(), queries.staff(), request.form)
    if not form.validate():
        return tier_page(row, form, 422)
    try:
        editing.change_tier(row, change_of(form), actor=me(), now=utcnow(), seen=forms.version_of(form))
    except editing.BadPath as bad:
        form.refuse(bad.wrong)
        return tier_page(row, form, 422)
    except Stale as stale:
        return tier_page(row, overtaken(form, forms.tier_form(row, queries.teams(), queries.staff()), stale.message), 409)
    return saved(f"Saved. Escalations to tier {number} follow it from now on.")


@bp.get("/admin/escalation/triggers/<key>")
def trigger(key: str) -> Response:
    """One trigger in its form."""
    row = queries.trigger_for(key)
    return trigger_page(row, forms.trigger_form(row, queries.teams()))


@bp.post("/admin/escalation/triggers/<key>")
def save_trigger(key: str) -> Response:
    """Save it."""
    row = queries.trigger_for(key)
    form = forms.trigger_form(row, queries.teams(), request.form)
    if not form.validate():
        return trigger_page(row, form, 422)
    values = {name: form[name].data for name in ("is_enabled", "tier", "pages", "any_plan")} | {"team_id": form.team.data or None}
    try:
        editing.change_trigger(row, values, actor=me(), now=utcnow(), seen=forms.version_of(form))
    except Stale as stale:
        return trigger_page(row, overtaken(form, forms.trigger_form(row, queries.teams()), stale.message), 409)
    return saved("Saved. It holds for tickets from now on.")


@bp.post("/admin/escalation/executives")
def add_executive() -> Response:
    """Name one more executive."""
    form = executive_form(request.form)
    if not form.validate():
        return overview(form, 422)
    editing.add_executive(chosen(form.person.data), form.title.data, form.phone.data or "", actor=me(), now=utcnow())
    return saved("Added.", "executives")


@bp.post("/admin/escalation/executives/<int:number>/removal")
def remove_executive(number: int) -> Response:
    """Take one off. One who is gone already is no error."""
    row = queries.executive_for(number)
    if row is not None:
        editing.remove_executive(row, actor=me(), now=utcnow())
    return saved("Removed.", "executives")


@bp.post("/admin/escalation/executives/<int:number>/duty")
def put_on_duty(number: int) -> Response:
    """Make one the executive on duty."""
    row = queries.executive_for(number)
    if row is None:
        raise NotFound()
    editing.put_on_duty(row, actor=me(), now=utcnow())
    return saved("Changed. Paths end there from now on.", "executives")


def saved(words: str, anchor: str | None = None) -> Response:
    """Commit, and back to the matrix."""
    db.session.commit()
    flash(words, "ok")
    return go(url_for(".index", _anchor=anchor))


def change_of(form: forms.TierForm) -> editing.TierChange:
    """The values of a form that is valid."""
    words = (form.name.data, form.names(), form.staffed_by.data, form.targets.data)
    return editing.TierChange(*words, form.team.data or None, [step for _, step in form.steps()])


def executive_form(given: Any = None) -> forms.ExecutiveForm:
    """The form of one more executive."""
    return forms.executive_form(queries.staff(), queries.executives_of_all_times(), given)


def chosen(number: int) -> User:
    """The person whom a valid form names."""
    return db.session.get_one(User, number)


def overview(form: forms.ExecutiveForm, status: int = 200) -> Response:
    """The page of the matrix."""
    rows = {"tiers": queries.tiers(), "triggers": queries.triggers(), "executives": queries.executives(), "plans": queries.plans()}
    return part("escalation/admin.html", status, form=form, names=names(), contacts=contacts(utcnow()), editable=True, **rows)


def tier_page(row: SupportTier, form: forms.TierForm, status: int = 200) -> Response:
    """The page of one tier."""
    return part("escalation/tier.html", status, tier=row, form=form)


def trigger_page(row: EscalationTrigger, form: forms.TriggerForm, status: int = 200) -> Response:
    """The page of one trigger."""
    return part("escalation/trigger.html", status, trigger=row, name=rules.REASONS[row.key], form=form)


def me() -> User:
    """The person, without Flask-Login's wrapper, as actions take them."""
    found: User = current_user._get_current_object()
    return found
