"""The only readers of policies and calendars for the pages that edit them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, union

from app.accounts.models import Organization, Plan, User
from app.extensions import db
from app.lib.errors import NotFound
from app.sla import choosing
from app.sla.calendars import calendar
from app.sla.hours import MINUTE, to_us
from app.sla.models import Calendar, OrganizationCalendar, Policy, TicketTerms
from app.sla.reports import PRIORITIES
from app.sla.spelling import hours_in_words, on, spell_target
from app.sla.terms import METRICS


@dataclass(frozen=True)
class PolicyView:
    """A policy as the list shows it: for whom, on which calendar, and its targets by metric and priority."""

    policy: Policy
    owner: str
    targets: dict[str, dict[str, str]]

    @property
    def gaps(self) -> list[str]:
        """Priorities that have a target for one metric and none for another."""
        return [p for p in PRIORITIES if {bool(self.targets[m].get(p)) for m in METRICS} == {True, False}]

    @property
    def holes(self) -> list[str]:
        """Priorities for which nothing is promised at all."""
        return [p for p in PRIORITIES if not any(self.targets[m].get(p) for m in METRICS)]


def policies() -> list[PolicyView]:
    """Those in force: the plans' by rank, then organizations' own by name. Two statements."""
    query = (
        select(Policy, Plan.name, Organization.name)
        .outerjoin(Plan, Plan.id == Policy.plan_id)
        .outerjoin(Organization, Organization.id == Policy.organization_id)
        .where(or_(Policy.plan_id.is_not(None), Policy.organization_id.is_not(None)))
        .order_by(Policy.plan_id.is_(None), Plan.rank, Organization.name)
    )
    return [shown(found, plan, organization) for found, plan, organization in db.session.execute(query)]


def shown(found: Policy, plan: str | None, organization: str | None) -> PolicyView:
    """A policy with its targets in words."""
    always = calendar(found.calendar.definition).is_round_the_clock
    targets: dict[str, dict[str, str]] = {metric: {} for metric in METRICS}
    for target in found.targets:
        targets[target.metric][target.priority] = spell_target(target.target_minutes, round_the_clock=always)
    return PolicyView(found, f"Plan {plan}" if plan else f"{organization}, instead of its plan", targets)


def policy(number: int) -> Policy:
    """A policy in force; raises NotFound."""
    found = db.session.get(Policy, number)
    if found is None or (found.plan_id is None and found.organization_id is None):
        raise NotFound()
    return found


def first_policy() -> Policy | None:
    """The policy whose targets a new one begins with: that of the highest plan."""
    return db.session.scalar(select(Policy).join(Plan, Plan.id == Policy.plan_id).order_by(Plan.rank.desc()).limit(1))


def calendars() -> list[Calendar]:
    """Every calendar, by name."""
    return list(db.session.scalars(select(Calendar).order_by(Calendar.name)))


def used_calendars() -> set[int]:
    """The calendars that a policy, an organization or a ticket counts by, or has counted by, and the default one. One statement."""
    rows: Any = union(
        select(Policy.calendar_id.label("id")),
        select(OrganizationCalendar.calendar_id).where(OrganizationCalendar.calendar_id.is_not(None)),
        select(TicketTerms.calendar_id).where(TicketTerms.calendar_id.is_not(None)),
        select(Calendar.id).where(Calendar.is_default),
    )
    return {number for (number,) in db.session.execute(rows)}


def calendar_row(number: int) -> Calendar:
    """One calendar; raises NotFound."""
    found = db.session.get(Calendar, number)
    if found is None:
        raise NotFound()
    return found


def organization(number: int) -> Organization:
    """One organization; raises NotFound."""
    found = db.session.get(Organization, number)
    if found is None:
        raise NotFound()
    return found


def organizations_without_policy(*, is_demo: bool, asked: int | None) -> list[tuple[int, str]]:
    """The organizations that only have their plan's policy, to choose from (see choosing.py)."""
    own = select(Policy.organization_id).where(Policy.organization_id.is_not(None))
    return choosing.organizations(Organization.id.not_in(own), is_demo=is_demo, asked=asked)


def with_policy(organization_id: int | None, *, is_demo: bool) -> tuple[int, str] | None:
    """(id, name) of an organization if it has a policy of its own."""
    own = select(Policy.organization_id).where(Policy.organization_id == organization_id)
    return next(iter(choosing.organizations(Organization.id.in_(own), is_demo=is_demo)), None) if organization_id else None


def policy_of(organization_id: int) -> Policy | None:
    """An organization's own policy, if it has one."""
    return db.session.scalar(select(Policy).where(Policy.organization_id == organization_id))


@dataclass(frozen=True)
class OwnCalendar:
    """That an organization counts by a calendar of its own, by whom that was set, when and why."""

    organization: str
    calendar_id: int
    calendar: str
    reason: str
    who: str | None
    since: datetime


def own_calendars() -> list[OwnCalendar]:
    """The organizations that count by a calendar of their own, by name. One statement."""
    last = select(func.max(OrganizationCalendar.id)).group_by(OrganizationCalendar.organization_id)
    query = (
        select(OrganizationCalendar, Organization.name, Calendar.name, User.name)
        .join(Organization, Organization.id == OrganizationCalendar.organization_id)
        .join(Calendar, Calendar.id == OrganizationCalendar.calendar_id)
        .outerjoin(User, User.id == OrganizationCalendar.actor_id)
        .where(OrganizationCalendar.id.in_(last))
        .order_by(Organization.name)
        .limit(choosing.MOST)
    )
    return [
        OwnCalendar(home, row.calendar_id or 0, name, row.reason, who, row.valid_from) for row, home, name, who in db.session.execute(query)
    ]


def above(policy: Policy) -> tuple[str, Calendar | None]:
    """The calendar that counts where a policy has none of its own, in words and as a row. Two statements at most."""
    default = db.session.scalar(select(Calendar).where(Calendar.is_default).order_by(Calendar.id).limit(1))
    if policy.plan_id is not None:
        return "The default calendar", default
    plan = select(Organization.plan_id).where(Organization.id == policy.organization_id).scalar_subquery()
    query = (
        select(Calendar).join(Policy, Policy.calendar_id == Calendar.id).where(Policy.plan_id == plan, Policy.inherits_calendar.is_(False))
    )
    return "The plan's calendar", db.session.scalar(query) or default


@dataclass(frozen=True)
class Month:
    """A month of a calendar: its open hours, and the days that are different, with what they are."""

    name: str
    hours: str
    days: list[tuple[str, str]]


def year_ahead(definition: dict[str, Any], now: datetime) -> list[Month]:
    """The twelve months from this one on, with holidays and exceptions."""
    found = calendar(definition)
    first = found.local(to_us(now)).date().replace(day=1)
    months = []
    for _ in range(12):
        after = (first + timedelta(days=32)).replace(day=1)
        open_minutes = found.counted(found.midnight(first), found.midnight(after)) // MINUTE
        days = [first + timedelta(days=n) for n in range((after - first).days)]
        different = [(on(day), what_is_special(found, definition, day)) for day in days if day in found.holidays or day in found.overrides]
        months.append(Month(f"{first:%B %Y}", f"{open_minutes / 60:g} h", different))
        first = after
    return months


def what_is_special(found: Any, definition: dict[str, Any], day: date) -> str:
    """A holiday by its name, or the hours of an exception."""
    if day in found.overrides:
        return (
            hours_in_words({"hours": {"mon": definition["overrides"][day.isoformat()]}}).removeprefix("Mon ")
            if found.overrides[day]
            else "closed"
        )
    return found.names.get(day, "holiday")
