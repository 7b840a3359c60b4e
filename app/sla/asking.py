"""What somebody asks of the SLA report, by page, program or command line, and what they may ask: one reading for all doors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.models import Organization
from app.accounts.permissions import may
from app.lib.errors import Invalid, NotAllowed, NotFound
from app.sla import exports, reports
from app.sla.forms import NamedReportForm, ReportForm
from app.sla.reports import Scope

WRONG = "The report cannot be narrowed like that. Open the SLA report and choose again."
NOT_THEIRS = "Only the admins of an organization see its SLA report. Ask one of them."


@dataclass(frozen=True)
class Asked:
    """A checked question: its scope, its zone, what it is about in words, and the arguments that an address of it carries."""

    form: ReportForm
    scope: Scope
    zone: str
    about: dict[str, Any]

    @property
    def args(self) -> dict[str, Any]:
        """The question as arguments of an address; what is not narrowed is left out."""
        fields = (self.form.since, self.form.until, self.form.organization, self.form.team, self.form.priority, self.form.zone)
        return {field.name: str(field.data) for field in fields if field.data}


def by_staff(form: ReportForm, viewer: Any, now: datetime) -> Asked:
    """What staff ask: demo people of demo work, everybody else of real work. Raises Invalid."""
    if not form.validate():
        raise Invalid(WRONG)
    scope = form.scope(now=now, is_demo=viewer.is_demo)
    return finished(form, scope, form.name_of(form.organization), form.name_of(form.team))


def by_customer(form: ReportForm, viewer: Any, now: datetime) -> Asked:
    """What an organization's admin asks: of their own organization, whatever the address says. Raises Invalid or NotAllowed."""
    home = own_organization(viewer)
    if not form.validate():
        raise Invalid(WRONG)
    given = form.scope(now=now, is_demo=home.is_demo)
    scope = Scope(given.since, given.until, home.is_demo, home.id, given.team_id, given.priority)
    return finished(form, scope, home.name, form.name_of(form.team))


def by_program(args: Mapping[str, str], person: Any, now: datetime) -> Asked:
    """What a token of `person` asks: staff of all, an organization's admin of their own. Raises Invalid, NotFound or NotAllowed.

    Two statements at most; none where neither organization nor team is named.
    """
    form = NamedReportForm(args).offer([], [], [person.time_zone])
    if not form.validate():
        raise Invalid("; ".join(f"{form[name].name}: {problems[0]}" for name, problems in form.errors.items() if name))
    organization = chosen(reports.organization_named, form.organization.data, "organization")
    team = chosen(reports.team_named, form.team.data, "team")
    is_demo = person.is_demo
    if not may(person.role, "sla.report"):
        home = own_organization(person)
        if organization is not None and organization[0] != home.id:
            raise NotFound()
        organization, is_demo = (home.id, home.name), home.is_demo
    given = form.scope(now=now, is_demo=is_demo)
    scope = Scope(given.since, given.until, is_demo, organization and organization[0], team and team[0], given.priority)
    return finished(form, scope, organization and organization[1], team and team[1])


def finished(form: ReportForm, scope: Scope, organization: str | None, team: str | None) -> Asked:
    """The question with what it is about."""
    zone = form.zone.data or "UTC"
    return Asked(form, scope, zone, exports.heading(scope, zone, organization, team))


def own_organization(viewer: Any) -> Organization:
    """The organization whose report an admin of it may see. Raises NotAllowed for anybody else."""
    if not may(viewer.role, "sla.own_report") or viewer.organization is None:
        raise NotAllowed(NOT_THEIRS)
    home: Organization = viewer.organization
    return home


def chosen(look_up: Any, name: str | None, what: str) -> tuple[int, str] | None:
    """The row that a name or number means; raises NotFound where it means none."""
    if not name:
        return None
    found: tuple[int, str] | None = look_up(name)
    if found is None:
        raise NotFound(f"There is no {what} “{name[:60]}”.")
    return found
