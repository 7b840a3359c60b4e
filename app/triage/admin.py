"""Triage rules: leads read, change and try them."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, Stale
from app.lib.forms import overtaken
from app.lib.htmx import go, is_htmx, part
from app.triage import editing, queries
from app.triage.forms import GROUP_NAMES, NAMES, RuleForm, TrialForm, rule_form
from app.triage.models import TriageRule
from app.triage.rules import decide
from app.triage.text import own_text, own_title

bp = lead("triage", __name__)
DELETED = "This rule was deleted since you opened it. What you entered is kept: save it to add it as a new rule, or leave it and go back to all rules."


@bp.get("/admin/triage")
def index() -> Response:
    """Every rule, group by group, and the box to try them in."""
    return overview(TrialForm(formdata=None))


@bp.post("/admin/triage/trial")
def trial() -> Response:
    """What the rules in force would decide on a text, and why. Nothing is stored."""
    form = TrialForm(request.form)
    decided: dict[str, Any] = {}
    if form.validate():
        given = form.intake()
        decided = {"decision": decide(given, queries.rules()), "read": f"{own_title(given.title)}\n{own_text(given.body)}".strip()}
    status = 200 if decided else 422
    if is_htmx():
        return part("triage/_trial.html", status, form=form, names=NAMES, **decided)
    return overview(form, status, **decided)


@bp.get("/admin/triage/rules/new")
def new() -> Response:
    """An empty form for a rule of a group."""
    group = wanted_group()
    return editor(group, None, rule_form(group, None))


@bp.post("/admin/triage/rules")
def create() -> Response:
    """Add a rule."""
    group = wanted_group()
    form = rule_form(group, None, request.form)
    if form.validate():
        try:
            editing.create_rule(group, form.change(), actor=current_user, now=utcnow())
        except Invalid as wrong:
            form.words.errors = [wrong.message]
        else:
            db.session.commit()
            flash("The rule is in force.", "ok")
            return go(url_for(".index", _anchor=group))
    return editor(group, None, form, 422)


@bp.get("/admin/triage/rules/<int:number>")
def show(number: int) -> Response:
    """One rule in its form."""
    row = queries.rule_for(number)
    return editor(row.group, row, rule_form(row.group, row))


@bp.post("/admin/triage/rules/<int:number>")
def change(number: int) -> Response:
    """Save it; what was typed for one that was deleted meanwhile becomes the form of a new one."""
    try:
        row = queries.rule_for(number)
    except NotFound:
        return deleted(rule_form(wanted_group(), None, request.form))
    return saved(row, rule_form(row.group, row, request.form))


def saved(row: TriageRule, form: RuleForm) -> Response:
    """Save a rule as its form says."""
    if not form.validate():
        return editor(row.group, row, form, 422)
    try:
        editing.change_rule(row, form.change(), actor=current_user, now=utcnow(), seen=form.version())
    except Stale as stale:
        return editor(row.group, row, overtaken(form, rule_form(row.group, row), stale.message), 409)
    except Invalid as wrong:
        form.words.errors = [wrong.message]
        return editor(row.group, row, form, 422)
    db.session.commit()
    flash("Saved. New tickets are triaged by it from now on.", "ok")
    return go(url_for(".index", _anchor=row.group))


def deleted(form: RuleForm) -> Response:
    """The form of a rule that is gone, to be added as a new one. NotFound for what does not come from the page of a rule."""
    if form.version() is None:
        raise NotFound()
    form.form_errors.append(DELETED)
    return editor(wanted_group(), None, form, 409)


@bp.post("/admin/triage/rules/<int:number>/activation")
def activate(number: int) -> Response:
    """Put it in force."""
    return switched(number, True)


@bp.post("/admin/triage/rules/<int:number>/deactivation")
def deactivate(number: int) -> Response:
    """Put it out of force."""
    return switched(number, False)


@bp.post("/admin/triage/rules/<int:number>/deletion")
def delete(number: int) -> Response:
    """Remove a rule that a lead has added."""
    row = queries.rule_for(number)
    group = row.group
    editing.delete_rule(row, actor=current_user, now=utcnow())
    db.session.commit()
    flash("The rule is deleted.", "ok")
    return go(url_for(".index", _anchor=group))


def switched(number: int, on: bool) -> Response:
    """Switch a rule, and answer with its row of the table."""
    row = queries.rule_for(number)
    editing.switch_rule(row, on, actor=current_user, now=utcnow())
    db.session.commit()
    if is_htmx():
        return part("triage/_rule.html", rule=row, names=NAMES)
    return go(url_for(".index", _anchor=row.group))


def wanted_group() -> str:
    """The group that the address names, or NotFound; lists are not added."""
    group = request.args.get("group", "")
    if group not in editing.OUTCOMES:
        raise NotFound()
    return group


def overview(form: TrialForm, status: int = 200, **decided: Any) -> Response:
    """The page of all rules."""
    groups: dict[str, list[TriageRule]] = {name: [] for name in GROUP_NAMES}
    for row in queries.everything():
        if row.group in groups:
            groups[row.group].append(row)
    return part("triage/index.html", status, form=form, rules=groups, names=NAMES, weighed=editing.WEIGHED, **decided)


def editor(group: str, row: TriageRule | None, form: RuleForm, status: int = 200) -> Response:
    """The page of one rule."""
    own = row is not None and editing.is_own(row)
    lists = sorted(rule.outcome for rule in queries.rules() if rule.group == "list")
    context = {"group": group, "rule": row, "form": form, "own": own, "names": NAMES, "weighed": editing.WEIGHED, "lists": lists}
    return part("triage/edit.html", status, stale=row is not None and status == 409, **context)
