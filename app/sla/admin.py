"""Policies and calendars: leads and administrators read and change them."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, Stale
from app.lib.forms import overtaken
from app.lib.htmx import go, part
from app.lib.requests import row_number
from app.sla import choosing, editing, preview, public_holidays, rulebook, runs, versions
from app.sla.admin_forms import CalendarForm, OwnCalendarForm, OwnPolicyForm, PolicyForm, moment
from app.sla.calendars import BadCalendar
from app.sla.defaults import YEARS_AHEAD
from app.sla.models import Calendar, Policy
from app.sla.reports import PRIORITIES
from app.sla.spelling import hours_in_words
from app.sla.terms import LABELS

bp = lead("sla_admin", __name__)
SAVED = "Saved. Open tickets are being computed anew."
WITHDRAWN = (
    "This policy was withdrawn since you opened it. What you entered is kept: save it to make it the organization's own policy again."
)
REPLACED = "This policy was withdrawn and another one made since you opened it. What you entered is kept: compare it with that one, then save again."

REMOVED = "This calendar was removed since you opened it. What you entered is kept: save it to make it a calendar again."


@bp.get("/admin/sla")
def index() -> Response:
    """Every policy with its targets, every calendar with its hours."""
    shown: dict[str, Any] = {"policies": rulebook.policies(), "calendars": rulebook.calendars(), "used": rulebook.used_calendars()}
    shown |= {
        "own": rulebook.own_calendars(),
        "working": runs.latest(runs.RECOMPUTE, utcnow()),
        "tried": runs.latest(runs.DRY_RUN, utcnow()),
    }
    return part("sla/admin/index.html", **shown, priorities=PRIORITIES, labels=LABELS, hours_of=hours_in_words)


@bp.get("/admin/sla/runs")
def progress() -> Response:
    """How far the open tickets have followed the last edits; the part that moves on the list."""
    return part("sla/admin/_working.html", working=runs.latest(runs.RECOMPUTE, utcnow()))


@bp.get("/admin/sla/policies/<int:number>")
def policy(number: int) -> Response:
    """One policy and its form."""
    found = rulebook.policy(number)
    return policy_page(found, PolicyForm.of(found, rulebook.calendars(), rulebook.above(found)))


@bp.post("/admin/sla/policies/<int:number>")
def save_policy(number: int) -> Response:
    """Save a policy; its open clocks follow in the background. See `withdrawn` for one that is no longer there."""
    try:
        found = rulebook.policy(number)
    except NotFound:
        return withdrawn(rulebook.organization(asked() or 0).id)
    form = PolicyForm(request.form).offer(rulebook.calendars(), rulebook.above(found))
    if not form.validate():
        return policy_page(found, form, 422)
    try:
        editing.save_policy(found, **given(form), seen=moment(form.seen.data))
    except Stale as stale:
        return policy_page(found, replaced(form, found, stale.message), 409)
    return saved()


@bp.get("/admin/sla/policies/new")
def new_policy() -> Response:
    """The form of an organization's own policy; it begins with the targets of a plan. One that has a policy is led to it."""
    own = rulebook.policy_of(asked() or 0)
    if own is not None:
        return go(url_for(".policy", number=own.id))
    model = rulebook.first_policy()
    form = OwnPolicyForm.of(model, rulebook.calendars()) if model is not None else OwnPolicyForm(formdata=None).offer(rulebook.calendars())
    form.organization.data = asked()
    return policy_page(None, with_organizations(form))


@bp.post("/admin/sla/policies/new")
def add_policy() -> Response:
    """Make it."""
    form = with_organizations(OwnPolicyForm(request.form).offer(rulebook.calendars()))
    if not form.validate():
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
    """Save a calendar, or fill public holidays into its form. See `removed` for one that is no longer there."""
    form = CalendarForm(request.form)
    try:
        found = rulebook.calendar_row(number)
    except NotFound:
        return removed(form)
    return calendar_page(found, form, filled(form)) if "fill" in request.form else kept(found, form)


def kept(found: Calendar, form: CalendarForm) -> Response:
    """Save a calendar as its form says."""
    if not form.validate():
        return calendar_page(found, form, 422)
    try:
        editing.save_calendar(found, form.name.data, form.definition, actor=current_user, now=utcnow(), seen=moment(form.seen.data))
    except Stale as stale:
        return calendar_page(found, overtaken(form, CalendarForm.of(found), stale.message), 409)
    except Invalid as wrong:
        return calendar_page(found, misnamed(form, wrong), 422)
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
    try:
        editing.add_calendar(form.name.data, form.definition, actor=current_user, now=utcnow())
    except Invalid as wrong:
        return calendar_page(None, misnamed(form, wrong), 422)
    return saved()


@bp.get("/admin/sla/calendars/<int:number>/<int:year>")
def year(number: int, year: int) -> Response:
    """A year of a calendar, day by day, with what is counted each week and month."""
    found = rulebook.calendar_row(number)
    return part("sla/admin/year.html", calendar=found, year=year, months=preview.year_of(found.definition, year))


@bp.post("/admin/sla/calendars/<int:number>/default")
def make_default(number: int) -> Response:
    """Count by it where nothing names a calendar."""
    editing.make_default(rulebook.calendar_row(number), actor=current_user, now=utcnow())
    return saved()


@bp.get("/admin/sla/organization-calendars")
def organization_calendars() -> Response:
    """Who counts by a calendar of their own, and the form that changes it."""
    return own_calendars_page(OwnCalendarForm(formdata=None, data={"organization": asked()}))


@bp.post("/admin/sla/organization-calendars")
def set_organization_calendar() -> Response:
    """Give an organization a calendar of its own, or take it away."""
    form = OwnCalendarForm(request.form)
    form.offer(choosing.organizations(is_demo=current_user.is_demo, asked=asked()), rulebook.calendars())
    if not form.validate():
        return own_calendars_page(form, 422)
    home, counted = rulebook.organization(form.organization.data), form.chosen
    editing.set_organization_calendar(home, counted, form.reason.data, actor=current_user, now=utcnow())
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


def asked() -> int | None:
    """The organization that an address or a form names."""
    return request.values.get("organization", type=row_number)


def with_organizations(form: OwnPolicyForm) -> OwnPolicyForm:
    """Offer the organizations that have no policy of their own."""
    free = rulebook.organizations_without_policy(is_demo=current_user.is_demo, asked=asked())
    return form.offer_organizations(free, rulebook.with_policy(asked(), is_demo=current_user.is_demo))


def replaced(form: PolicyForm, policy: Policy, words: str) -> PolicyForm:
    """The form of a policy that somebody else changed meanwhile, with what stands there now."""
    form.spell()
    overtaken(form, PolicyForm.of(policy, rulebook.calendars(), rulebook.above(policy)), words)
    return form


def withdrawn(organization_id: int) -> Response:
    """What was entered for a policy that is gone: the form of a new one, or of the one that the organization has by now."""
    own = rulebook.policy_of(organization_id)
    if own is not None:
        form = PolicyForm(request.form).offer(rulebook.calendars(), rulebook.above(own))
        form.validate()
        return policy_page(own, replaced(form, own, REPLACED), 409)
    fresh = with_organizations(OwnPolicyForm(request.form).offer(rulebook.calendars()))
    fresh.organization.data = organization_id
    fresh.form_errors.append(WITHDRAWN)
    return policy_page(None, fresh, 409)


def removed(form: CalendarForm) -> Response:
    """The form of a calendar that is gone, to be added as a new one. NotFound for what does not come from the page of a calendar."""
    if not form.seen.data:
        raise NotFound()
    form.form_errors.append(REMOVED)
    return calendar_page(None, form, 409)


def misnamed(form: CalendarForm, wrong: Invalid) -> CalendarForm:
    """A valid form that was refused: only its name can be what was wrong."""
    form.name.errors = [wrong.message]
    return form


def filled(form: CalendarForm) -> int:
    """Put the public holidays of the form's country into the form, in place of another one's; the status of the answer.

    Years that are over stay as they are: what was counted then was counted by them.
    """
    years = range(utcnow().year, utcnow().year + YEARS_AHEAD)
    country, region = (form.country.data or "").strip().upper(), (form.region.data or "").strip()
    before, _, region_before = (form.filled_for.data or "").partition(" ")
    # The library takes a second or two; SQLite's other writers do not wait for it.
    db.session.rollback()
    try:
        found = public_holidays.names(country, region, years)
        leaves = bool(before) and form.filled_for.data != form.place
        gone = public_holidays.names(before, region_before, years) if leaves else {}
        form.exchange_holidays(gone, found, years[-1])
    except (BadCalendar, ValueError) as wrong:
        form.country.errors = [str(wrong)]
        return 422
    return 200


def policy_page(found: Policy | None, form: PolicyForm, status: int = 200) -> Response:
    """The page of one policy, or of a new one."""
    history = versions.policy_history(found) if found is not None else []
    return part("sla/admin/policy.html", status, policy=found, form=form, priorities=PRIORITIES, labels=LABELS, history=history)


def calendar_page(found: Calendar | None, form: CalendarForm, status: int = 200) -> Response:
    """The page of one calendar, or of a new one."""
    ahead = rulebook.year_ahead(found.definition, utcnow()) if found is not None else []
    is_used = found is not None and found.id in rulebook.used_calendars()
    history = versions.calendar_history(found) if found is not None else []
    return part(
        "sla/admin/calendar.html", status, calendar=found, form=form, ahead=ahead, is_used=is_used, history=history, this_year=utcnow().year
    )


def own_calendars_page(form: OwnCalendarForm, status: int = 200) -> Response:
    """The page of organizations' own calendars."""
    form.offer(choosing.organizations(is_demo=current_user.is_demo, asked=asked()), rulebook.calendars())
    return part("sla/admin/own_calendars.html", status, form=form, own=rulebook.own_calendars())


def saved(words: str = SAVED) -> Response:
    """Commit, say so, and go to the list."""
    db.session.commit()
    flash(words, "ok")
    return go(url_for(".index"))
