"""What forms propose, as JSON that a dry run keeps, in words, and saved in the end exactly as it was tried."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts.models import User
from app.extensions import db
from app.lib.errors import WrongState
from app.lib.paging import Page, encode_cursor
from app.sla import dry_run, editing, rulebook
from app.sla.admin_forms import CalendarForm, OwnPolicyForm, PolicyForm, moment
from app.sla.dry_run import Line
from app.sla.models import Calendar, Finding, Policy, Run
from app.sla.reports import ALL, PRIORITIES
from app.sla.terms import METRICS
from app.sla.versions import calendar_changes, calendar_snapshot, flat, policy_changes, policy_snapshot

PAGE = 50
OUTCOMES = {"met": "kept", "breached": "missed", "open": "still running", "none": "not promised"}


def of_policy(policy: Policy, form: PolicyForm) -> dict[str, Any]:
    """A valid form of a policy."""
    return from_form(form) | {"id": policy.id, "organization_id": policy.organization_id, "seen": form.seen.data or ""}


def of_new_policy(form: OwnPolicyForm) -> dict[str, Any]:
    """A valid form of a policy that an organization would get."""
    return from_form(form) | {"id": None, "organization_id": form.organization.data, "seen": ""}


def from_form(form: PolicyForm) -> dict[str, Any]:
    """What both have in common."""
    targets: dict[str, dict[str, int]] = {}
    for (metric, priority), minutes in form.targets.items():
        targets.setdefault(metric, {})[priority] = minutes
    counted = form.chosen.id if form.chosen is not None else None
    return {"what": "policy", "calendar_id": counted, "pause_on_hold": bool(form.pause_on_hold.data), "targets": targets}


def of_calendar(calendar: Calendar, form: CalendarForm) -> dict[str, Any]:
    """A valid form of a calendar. Raises Invalid where another one has its name."""
    name = editing.checked(form.name.data or "", form.definition, calendar.id)
    return {"what": "calendar", "id": calendar.id, "name": name, "definition": form.definition, "seen": form.seen.data or ""}


def changes(asked: dict[str, Any]) -> list[str]:
    """What a proposal changes against what is there now, in words."""
    if asked["what"] == "calendar":
        found = db.session.get(Calendar, asked["id"])
        after = {"name": asked["name"], "definition": asked["definition"], "is_default": found.is_default if found else False}
        return calendar_changes(calendar_snapshot(found), after) if found is not None else []
    policy = db.session.get(Policy, asked["id"]) if asked["id"] else None
    if policy is None:
        return ["a policy of the organization's own, instead of its plan's"]
    before = policy_snapshot(policy)
    after = before | {"pause_on_hold": asked["pause_on_hold"], "targets": asked["targets"]}
    after |= {"inherits_calendar": asked["calendar_id"] is None, "calendar_id": asked["calendar_id"] or before["calendar_id"]}
    return policy_changes(before, after, editing.names_of_calendars())


def apply(run: Run, *, actor: User, now: datetime) -> None:
    """Save exactly what was tried, and mark the run. Raises WrongState before it is done, Stale if somebody saved since,
    Invalid if another calendar has got its name since.

    A repeat changes nothing.
    """
    if run.state == "applied":
        return
    if run.state != "done":
        raise WrongState("This dry run is not done yet. Wait for it, or save the form without trying it.")
    asked = run.asked
    if asked["what"] == "calendar":
        row = rulebook.calendar_row(asked["id"])
        editing.save_calendar(row, asked["name"], asked["definition"], actor=actor, now=now, seen=moment(asked["seen"]))
    else:
        apply_policy(asked, actor=actor, now=now)
    run.state = "applied"


def apply_policy(asked: dict[str, Any], *, actor: User, now: datetime) -> None:
    """Save a policy as it was proposed."""
    calendar = rulebook.calendar_row(asked["calendar_id"]) if asked["calendar_id"] is not None else None
    given: dict[str, Any] = {"calendar": calendar, "pause_on_hold": asked["pause_on_hold"], "targets": flat(asked["targets"])}
    if asked["id"] is None:
        editing.add_policy(rulebook.organization(asked["organization_id"]), **given, actor=actor, now=now)
        return
    editing.save_policy(rulebook.policy(asked["id"]), **given, actor=actor, now=now, seen=moment(asked["seen"]))


def tables(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The lines of each metric, the most urgent priority first, the sum last. Pure."""
    order = [*PRIORITIES, ALL]
    return {
        metric: sorted((line for line in lines if line.metric == metric), key=lambda line: order.index(line.priority)) for metric in METRICS
    }


def page_of(run_id: int, *, metric: str, priority: str, was: str, would: str, after: int) -> Page:
    """A page of the clocks behind a number; pages go forward by id. One statement."""
    rows: Sequence[Finding] = dry_run.findings(
        run_id, metric=metric, priority="" if priority == ALL else priority, was=was, would=would, after=after, limit=PAGE + 1
    )
    return Page(list(rows[:PAGE]), encode_cursor([rows[PAGE - 1].id]) if len(rows) > PAGE else None)
