"""For administrators: everybody's accounts, the organizations, the event log, and signing in as somebody."""

from typing import Any, TypeVar

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.accounts import administration, forms, queries, sign_in, standing
from app.accounts import audit as log
from app.accounts.administration import Invitation, OrganizationValues
from app.accounts.models import Organization, User
from app.accounts.web import ID, browser, typed
from app.audiences import admin
from app.extensions import db
from app.lib import times
from app.lib.clock import utcnow
from app.lib.errors import Invalid, Stale, WrongState
from app.lib.htmx import go, page_or_part, private
from app.lib.requests import row_number

bp = admin("people", __name__, url_prefix="/admin")

Refused = TypeVar("Refused", bound=forms.Standing)

STATES = [("enabled", "can sign in"), ("disabled", "shut out"), ("pending", "invited")]


def me() -> User:
    """The viewer's own row, without Flask-Login's wrapper around it."""
    person: User = current_user._get_current_object()
    return person


@bp.get("")
def start() -> Response:
    """The first page of administration."""
    return go(url_for(".index"))


@bp.get("/people")
def index() -> Response:
    """Everybody, newest first, by what was searched for."""
    organization = request.args.get("organization", 0, type=row_number)
    known_state = typed("state") if typed("state") in dict(STATES) else ""
    wanted = queries.PeopleFilter(typed("q"), typed("role"), known_state, organization if 0 < organization <= queries.MAX_ID else None)
    page = queries.people(wanted, request.args.get("cursor", ""))
    context: dict[str, Any] = {
        "wanted": wanted,
        "page": page,
        "roles": queries.ROLE_NAMES,
        "states": STATES,
        "count": queries.count_people(wanted),
    }
    return page_or_part("admin/people.html", "admin/_people.html", **context)


@bp.get("/people/new")
def new() -> Response:
    """The form of an invitation."""
    organization = request.args.get("organization", "")[:120]
    return invitation_page(forms.InvitePerson(None, data={"organization": organization}))


@bp.post("/people")
def invite() -> Response:
    """Invite somebody, as anything."""
    form = forms.InvitePerson(request.form)
    if not form.validate():
        return invitation_page(form, 422)
    try:
        person = administration.invite(
            Invitation(form.email.data or "", form.name.data or "", form.role.data, form.place), actor=me(), now=utcnow()
        )
    except Invalid as wrong:
        form.form_errors.append(wrong.message)
        return invitation_page(form, 422)
    db.session.commit()
    flash(f"{form.email.data} gets an invitation.", "ok")
    return go(url_for(".show", person_id=person.id) if person else url_for(".index"))


def invitation_page(form: forms.InvitePerson, status: int = 200) -> Response:
    """The form of an invitation, with names to choose from."""
    return private("admin/invite.html", status, form=form, organizations=queries.organization_names())


def person_page(person: User, status: int = 200, **shown: Any) -> Response:
    """One person with the forms as they are given, the others fresh."""
    context: dict[str, Any] = {
        "form": forms.Person.of(standing.of_person(person)),
        "teams": forms.Teams.of(standing.of_teams(queries.team_keys_of(person))),
        "organizations": queries.organization_names(),
        "roles": queries.ROLE_NAMES,
        "sessions": queries.sessions_of(person, utcnow()),
    }
    context |= shown
    context["teams"].teams.choices = forms.offered((team.key, team.name) for team in queries.teams())
    return private("admin/person.html", status, person=person, **context)


@bp.get(f"/people/<{ID}:person_id>")
def show(person_id: int) -> Response:
    """One person: what they are, their teams, their sessions."""
    return person_page(queries.person_by_id(person_id))


@bp.post(f"/people/<{ID}:person_id>")
def change(person_id: int) -> Response:
    """Name, role, organization."""
    person = queries.person_by_id(person_id, for_change=True)
    form, was_staff = forms.Person(request.form), person.is_staff
    if not form.validate():
        return person_page(person, 422, form=form)
    try:
        administration.change_person(
            person, name=form.name.data or "", role=form.role.data, organization=form.place, actor=me(), now=utcnow(), seen=form.seen.data
        )
    except (Invalid, Stale, WrongState) as wrong:
        return person_page(person, wrong.status, form=refused(form, wrong, standing.of_person(person)))
    db.session.commit()
    flash("Saved. Open tickets of theirs go back to the teams." if was_staff and not person.is_staff else "Saved.", "ok")
    return go(url_for(".show", person_id=person.id))


def refused(form: Refused, wrong: Invalid | Stale | WrongState, stands: standing.Stands) -> Refused:
    """A form that could not be saved, with why."""
    if isinstance(wrong, Stale):
        form.overtaken(stands, wrong.message)
    else:
        form.form_errors.append(wrong.message)
    return form


@bp.post(f"/people/<{ID}:person_id>/teams")
def change_teams(person_id: int) -> Response:
    """The teams of a member of staff."""
    person = queries.person_by_id(person_id, for_change=True)
    form = forms.Teams(request.form)
    every = {team.key: team for team in queries.teams()}
    form.teams.choices = forms.offered((key, team.name) for key, team in every.items())
    if not form.validate():
        return person_page(person, 422, teams=form)
    try:
        administration.set_teams(person, [every[key] for key in form.teams.data or []], actor=me(), now=utcnow(), seen=form.seen.data)
    except (Invalid, Stale) as wrong:
        return person_page(person, wrong.status, teams=refused(form, wrong, standing.of_teams(queries.team_keys_of(person))))
    db.session.commit()
    flash("Saved.", "ok")
    return go(url_for(".show", person_id=person.id))


@bp.post(f"/people/<{ID}:person_id>/invitation")
def invite_again(person_id: int) -> Response:
    """Send another link to somebody who has not accepted yet."""
    person = queries.person_by_id(person_id, for_change=True)
    administration.invite(Invitation(person.email, person.name, person.role, person.organization), actor=me(), now=utcnow())
    db.session.commit()
    flash(f"{person.email} gets another invitation.", "ok")
    return go(url_for(".show", person_id=person.id))


@bp.post(f"/people/<{ID}:person_id>/disabling")
def disable(person_id: int) -> Response:
    """Shut somebody out: every session ends."""
    return set_enabled(person_id, False, "can no longer sign in, every session has ended, and open tickets of theirs go back to the teams.")


@bp.post(f"/people/<{ID}:person_id>/enabling")
def enable(person_id: int) -> Response:
    """Let somebody in again."""
    return set_enabled(person_id, True, "can sign in again.")


def set_enabled(person_id: int, is_enabled: bool, words: str) -> Response:
    """Change it, and say so."""
    person = queries.person_by_id(person_id, for_change=True)
    administration.set_enabled(person, is_enabled, actor=me(), now=utcnow())
    db.session.commit()
    flash(f"{person.name} {words}", "ok")
    return go(url_for(".show", person_id=person.id))


@bp.post(f"/people/<{ID}:person_id>/sessions/revocation")
def end_sessions(person_id: int) -> Response:
    """Sign somebody out everywhere."""
    person = queries.person_by_id(person_id, for_change=True)
    administration.end_sessions(person, actor=me(), now=utcnow())
    db.session.commit()
    flash(f"{person.name} is signed out everywhere, and can sign in again with the password.", "ok")
    return go(url_for(".show", person_id=person.id))


@bp.post(f"/people/<{ID}:person_id>/acting")
def act_as(person_id: int) -> Response:
    """Sign in as somebody, which is recorded and shown on every page."""
    person = queries.person_by_id(person_id, for_change=True)
    administration.act_as(person, actor=me(), browser=browser(), now=utcnow())
    db.session.commit()
    sign_in.remember(person)
    return go(url_for("home.start"))


@bp.get("/organizations")
def organizations() -> Response:
    """Customers by name."""
    search = typed("q")
    page = queries.organizations(search, request.args.get("cursor", ""))
    return page_or_part("admin/organizations.html", "admin/_organizations.html", page=page, search=search, sharing=administration.SHARING)


def organization_page(form: forms.Organization, organization: Organization | None = None, status: int = 200) -> Response:
    """The form of an organization, new or not."""
    offer(form)
    return private("admin/organization.html", status, form=form, organization=organization)


def offer(form: forms.Organization) -> None:
    """What its lists offer."""
    form.plan.choices = forms.offered((plan.key, plan.name) for plan in queries.plans())
    form.engineer.choices = forms.offered([("", "None"), *((str(person.id), person.name) for person in queries.staff())])


def values(form: forms.Organization) -> OrganizationValues:
    """The answers of a form that is valid."""
    plan = next(plan for plan in queries.plans() if plan.key == form.plan.data)
    engineer = next((person for person in queries.staff() if str(person.id) == form.engineer.data), None)
    return OrganizationValues(form.name.data or "", plan, form.sharing.data, form.domain_list, engineer, form.slack_url.data or "")


@bp.get("/organizations/new")
def new_organization() -> Response:
    """The form of a new customer."""
    return organization_page(forms.Organization(None))


@bp.post("/organizations")
def create_organization() -> Response:
    """Add a customer."""
    form = forms.Organization(request.form)
    offer(form)
    if not form.validate():
        return organization_page(form, status=422)
    try:
        organization = administration.create_organization(values(form), actor=me(), now=utcnow())
    except Invalid as wrong:
        form.form_errors.append(wrong.message)
        return organization_page(form, status=422)
    db.session.commit()
    flash(f"{organization.name} is a customer now. Invite its first person.", "ok")
    return go(url_for(".organization", organization_id=organization.id))


@bp.get(f"/organizations/<{ID}:organization_id>")
def organization(organization_id: int) -> Response:
    """One customer."""
    found = queries.organization_by_id(organization_id)
    return organization_page(forms.Organization.of(standing.of_organization(found)), found)


@bp.post(f"/organizations/<{ID}:organization_id>")
def change_organization(organization_id: int) -> Response:
    """Name, plan, domains, sharing, engineer, Slack channel."""
    found = queries.organization_by_id(organization_id, for_change=True)
    form = forms.Organization(request.form)
    offer(form)
    if not form.validate():
        return organization_page(form, found, 422)
    try:
        administration.change_organization(found, values(form), actor=me(), now=utcnow(), seen=form.seen.data)
    except (Invalid, Stale) as wrong:
        return organization_page(refused(form, wrong, standing.of_organization(found)), found, wrong.status)
    db.session.commit()
    flash("Saved.", "ok")
    return go(url_for(".organization", organization_id=found.id))


@bp.get("/audit")
def audit() -> Response:
    """The event log: who did what, when, and who was at the keyboard."""
    wrong, since, until = "", None, None
    try:
        since, until = log.days(typed("from", 10), typed("to", 10), times.zone(me().time_zone))
    except (ValueError, OverflowError):
        wrong = "Give dates as year, month and day, such as 2026-11-23."
    wanted = queries.AuditFilter(typed("kind", 60), typed("actor"), typed("ticket", 20), since, until)
    page = queries.audit(wanted, request.args.get("cursor", ""))
    names = queries.names_of(log.people_in(row.facts for row in page.items))
    homes = queries.organizations_called(log.organizations_in(row.facts for row in page.items))
    rows = [(row, log.words(row.kind), log.told(row.facts, names, me().time_zone, homes)) for row in page.items]
    context = {"rows": rows, "page": page, "kinds": log.kinds(), "wanted": wanted, "first": typed("from", 10), "last": typed("to", 10)}
    return page_or_part("admin/audit.html", "admin/_audit.html", 422 if wrong else 200, wrong=wrong, **context)
