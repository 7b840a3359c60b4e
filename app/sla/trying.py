"""Dry runs on the desk: try a policy or a calendar on the last 90 days, see whom it would have helped, then save exactly that."""

from datetime import datetime
from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, Stale
from app.lib.htmx import go, page_or_part, part
from app.lib.paging import decode_cursor
from app.sla import dry_run, proposals, rulebook, runs
from app.sla.admin import asked, calendar_page, misnamed, policy_page, removed, with_organizations, withdrawn
from app.sla.admin_forms import CalendarForm, OwnPolicyForm, PolicyForm
from app.sla.models import Calendar, Run
from app.sla.terms import LABELS, METRICS

bp = lead("sla_trying", __name__)


@bp.post("/admin/sla/policies/<int:number>/dry-runs")
def try_policy(number: int) -> Response:
    """Try a change of a policy; one that was withdrawn meanwhile comes back as when it is saved."""
    try:
        found = rulebook.policy(number)
    except NotFound:
        return withdrawn(rulebook.organization(asked() or 0).id)
    form = PolicyForm(request.form).offer(rulebook.calendars(), above=rulebook.above(found))
    if not form.validate():
        return policy_page(found, form, 422)
    return started(found.name, proposals.of_policy(found, form))


@bp.post("/admin/sla/policies/new/dry-runs")
def try_new_policy() -> Response:
    """Try a policy that an organization would get."""
    form = with_organizations(OwnPolicyForm(request.form).offer(rulebook.calendars()))
    if not form.validate():
        return policy_page(None, form, 422)
    return started(rulebook.organization(form.organization.data).name, proposals.of_new_policy(form))


@bp.post("/admin/sla/calendars/<int:number>/dry-runs")
def try_calendar(number: int) -> Response:
    """Try a change of a calendar; one that was removed meanwhile comes back as when it is saved."""
    form = CalendarForm(request.form)
    try:
        found = rulebook.calendar_row(number)
    except NotFound:
        return removed(form)
    return tried(found, form)


def tried(found: Calendar, form: CalendarForm) -> Response:
    """Try a calendar as its form says."""
    if not form.validate():
        return calendar_page(found, form, 422)
    try:
        proposed = proposals.of_calendar(found, form)
    except Invalid as wrong:
        return calendar_page(found, misnamed(form, wrong), 422)
    return started(found.name, proposed)


@bp.get("/admin/sla/dry-runs/<int:number>")
def show(number: int) -> Response:
    """A dry run: what is proposed, how far it is, and what it found."""
    run = runs.run_of(number, runs.DRY_RUN)
    return dry_run_page(run)


@bp.get("/admin/sla/dry-runs/<int:number>/progress")
def progress(number: int) -> Response:
    """The part of it that moves while it runs; the page without script."""
    run = runs.run_of(number, runs.DRY_RUN)
    return page_or_part("sla/admin/dry_run.html", "sla/admin/_dry_run.html", **shown(run))


@bp.get("/admin/sla/dry-runs/<int:number>/tickets")
def tickets(number: int) -> Response:
    """The tickets behind one of its numbers, by pages."""
    run = runs.run_of(number, runs.DRY_RUN)
    wanted = {name: request.args.get(name, "")[:30] for name in ("metric", "priority", "was", "would")}
    [after], _ = decode_cursor(request.args["cursor"], int) if request.args.get("cursor") else ([0], False)
    page = proposals.page_of(run.id, after=after, **wanted)
    return part("sla/admin/findings.html", run=run, page=page, wanted=wanted, labels=LABELS, words=proposals.OUTCOMES)


@bp.post("/admin/sla/dry-runs/<int:number>/cancellation")
def cancel(number: int) -> Response:
    """Stop it after the chunk that is worked on."""
    run = runs.run_of(number, runs.DRY_RUN)
    runs.cancel(run, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".show", number=run.id))


@bp.post("/admin/sla/dry-runs/<int:number>/resumption")
def resume(number: int) -> Response:
    """Go on where it was stopped."""
    run = runs.run_of(number, runs.DRY_RUN)
    runs.resume(run, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".show", number=run.id))


@bp.post("/admin/sla/dry-runs/<int:number>/application")
def apply(number: int) -> Response:
    """Save exactly what was tried."""
    run = runs.run_of(number, runs.DRY_RUN)
    try:
        proposals.apply(run, actor=current_user, now=utcnow())
    except (Stale, Invalid) as wrong:
        db.session.rollback()
        return dry_run_page(run, wrong.status, problem=wrong.message)
    db.session.commit()
    flash("Saved as it was tried. Open tickets are being computed anew.", "ok")
    return go(url_for("sla_admin.index"))


def started(title: str, proposed: dict[str, Any]) -> Response:
    """Begin a dry run and go to its page."""
    run = dry_run.propose(title, proposed, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".show", number=run.id))


def shown(run: Run) -> dict[str, Any]:
    """What the page and its moving part show."""
    lines, now = dry_run.lines(run), utcnow()
    return {
        "run": run,
        "tables": proposals.tables(lines),
        "changes": proposals.changes(run.asked),
        "labels": LABELS,
        "metrics": METRICS,
        "days": dry_run.DAYS,
        "share": percent(run),
        "is_silent": is_silent(run, now),
    }


def percent(run: Run) -> int:
    """How much of a run is done."""
    return min(100, 100 * run.done // run.total) if run.total else 100 if run.state == "done" else 0


def is_silent(run: Run, now: datetime) -> bool:
    """Whether a run should go on and shows no sign of life; a scheduler picks it up."""
    return run.state == "running" and now - run.beat_at > runs.SILENCE


def dry_run_page(run: Run, status: int = 200, **over: Any) -> Response:
    """The page of a dry run."""
    return part("sla/admin/dry_run.html", status, **shown(run), **over)
