"""Policies and calendars: leads and administrators read and change them."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Stale
from app.lib.htmx import go, part
from app.sla import editing, public_holidays, rulebook
from app.sla.admin_forms import CalendarForm, OwnPolicyForm, PolicyForm, moment
from app.sla.calendars import BadCalendar
from app.sla.defaults import YEARS_AHEAD
from app.sla.forms import offered
from app.sla.models import Calendar, Policy
from app.sla.reports import PRIORITIES
from app.sla.spelling import hours_in_words
from app.sla.terms import LABELS

bp = lead("sla_admin", __name__)
SAVED = "Saved. Open tickets are being computed anew."


@bp.get("/admin/sla")
def index() -> Response:
    """Every policy with its targets, every calendar with its hours."""
    shown: dict[str, Any] = {"policies": rulebook.policies(), "calendars": rulebook.calendars(), "used": rulebook.used_calendars()}
    return part("sla/admin/index.html", **shown, priorities=PRIORITIES, labels=LABELS, hours_of=hours_in_words)


@bp.get("/admin/sla/policies/<int:number>")
def policy(number: int) -> Response:
    """One policy and its form."""
    found = rulebook.policy(number)
    return policy_page(found, PolicyForm.of(found, rulebook.calendars()))


@bp.post("/admin/sla/policies/<int:number>")
def save_policy(number: int) -> Response:
    """Save a policy; its open clocks follow in the background."""
    found = rulebook.policy(number)
    form = PolicyForm(request.form).offer(rulebook.calendars())
    if not form.validate() or form.chosen is None:
        return policy_page(found, form, 422)
    try:
        editing.save_policy(found, **given(form), seen=moment(form.seen.data))
    except Stale as stale:
        return policy_page(found, renewed(form, found, stale), 409)
    return saved()


@bp.get("/admin/sla/policies/new")
def new_policy() -> Response:
    """The form of an organization's own policy; it begins with the targets of a plan."""
    model = rulebook.first_policy()
    form = OwnPolicyForm.of(model, rulebook.calendars()) if model is not None else OwnPolicyForm(formdata=None).offer(rulebook.calendars())
    return policy_page(None, with_organizations(form))


@bp.post("/admin/sla/policies/new")
def add_policy() -> Response:
    """Make it."""
    form = with_organizations(OwnPolicyForm(request.form).offer(rulebook.calendars()))
    if not form.validate() or form.chosen is None:
        return policy_page(None, form, 422)
    editing.add_policy(rulebook.organization(form.organization.data), **given(form))
    return saved()


@bp.post("/admin/sla/policies/<int:number>/withdrawal")
def withdraw_policy(number: int) -> Response:
    """Let the plan's policy hold again."""
    editing.withdraw_policy(rulebook.policy(number), actor=current_user, now=utcnow())
    return saved()


@bp.get("/admin/sla/calendars/<int:number>")
def calendar(number: int) -> Response:
    """One calendar, its form and the year ahead."""
    found = rulebook.calendar_row(number)
    return calendar_page(found, CalendarForm.of(found))


@bp.post("/admin/sla/calendars/<int:number>")
def save_calendar(number: int) -> Response:
    """Save a calendar, or fill public holidays into its form."""
    found, form = rulebook.calendar_row(number), CalendarForm(request.form)
    if "fill" in request.form:
        return calendar_page(found, form, filled(form))
    if not form.validate():
        return calendar_page(found, form, 422)
    try:
        editing.save_calendar(found, form.name.data, form.definition, actor=current_user, now=utcnow(), seen=moment(form.seen.data))
    except Stale as stale:
        return calendar_page(found, renewed(form, found, stale), 409)
    return saved()


@bp.get("/admin/sla/calendars/new")
def new_calendar() -> Response:
    """The form of a new calendar."""
    return calendar_page(None, CalendarForm(formdata=None, data={"tz": current_user.time_zone}))


@bp.post("/admin/sla/calendars/new")
def add_calendar() -> Response:
    """Make it, or fill public holidays into its form."""
    form = CalendarForm(request.form)
    if "fill" in request.form:
        return calendar_page(None, form, filled(form))
    if not form.validate():
        return calendar_page(None, form, 422)
    editing.add_calendar(form.name.data, form.definition, actor=current_user, now=utcnow())
    return saved()


@bp.post("/admin/sla/calendars/<int:number>/removal")
def remove_calendar(number: int) -> Response:
    """Delete a calendar that nothing uses."""
    editing.remove_calendar(rulebook.calendar_row(number), actor=current_user, now=utcnow())
    return saved("Removed.")


def given(form: PolicyForm) -> dict[str, Any]:
    """What a valid policy form says."""
    said = {"calendar": form.chosen, "pause_on_hold": form.pause_on_hold.data, "targets": form.targets}
    return said | {"actor": current_user, "now": utcnow()}


def with_organizations(form: OwnPolicyForm) -> OwnPolicyForm:
    """Offer the organizations that have no policy of their own."""
    form.organization.choices = offered(rulebook.organizations_without_policy(is_demo=current_user.is_demo))
    return form


def renewed(form: Any, row: Policy | Calendar, stale: Stale) -> Any:
    """A form that was overtaken: what was entered stays, and saving again means to overwrite."""
    form.form_errors.append(stale.message)
    form.seen.data = row.changed_at.isoformat()
    return form


def filled(form: CalendarForm) -> int:
    """Put the public holidays of the form's country into the form; the status of the answer."""
    this_year = utcnow().year
    country, region = (form.country.data or "").strip().upper(), (form.region.data or "").strip()
    try:
        form.add_holidays(public_holidays.names(country, region, range(this_year, this_year + YEARS_AHEAD)), this_year + YEARS_AHEAD - 1)
    except (BadCalendar, ValueError) as wrong:
        form.country.errors = [str(wrong)]
        return 422
    return 200


def policy_page(found: Policy | None, form: PolicyForm, status: int = 200) -> Response:
    """The page of one policy, or of a new one."""
    return part("sla/admin/policy.html", status, policy=found, form=form, priorities=PRIORITIES, labels=LABELS)


def calendar_page(found: Calendar | None, form: CalendarForm, status: int = 200) -> Response:
    """The page of one calendar, or of a new one."""
    ahead = rulebook.year_ahead(found.definition, utcnow()) if found is not None else []
    is_used = found is not None and found.id in rulebook.used_calendars()
    return part("sla/admin/calendar.html", status, calendar=found, form=form, ahead=ahead, is_used=is_used)


def saved(words: str = SAVED) -> Response:
    """Commit, say so, and go to the list."""
    db.session.commit()
    flash(words, "ok")
    return go(url_for(".index"))
