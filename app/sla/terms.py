"""What is promised on a ticket, and the ticket as far as clocks need to know it.

Tickets lie above this feature, so their table is named here by its columns only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    case,
    column,
    func,
    literal,
    or_,
    select,
    table,
)
from sqlalchemy.orm import aliased

from app.accounts.models import Organization
from app.extensions import db
from app.lib.database import UTCDateTime, at_most, plain_rows
from app.sla import clock as pure
from app.sla.calendars import calendar
from app.sla.hours import SECOND, to_us
from app.sla.hours import Calendar as Hours
from app.sla.models import Calendar, OrganizationCalendar, Policy, PolicyTarget, TicketTerms

FIRST, NEXT, RESOLUTION = METRICS = ("first_response", "next_response", "resolution")
RESPONSES = (FIRST, NEXT)
LABELS = {FIRST: "First response", NEXT: "Next response", RESOLUTION: "Resolution"}
# The sort key of a ticket without a running deadline; the same as tickets.rules.NO_DEADLINE.
NO_DEADLINE = datetime(9999, 1, 1, tzinfo=UTC)
# What stops a resolution clock for a while or for good; being on hold comes on top where the policy says so.
PAUSES = frozenset({"pending_customer", "resolved", "closed"})
PAUSES_ON_HOLD = PAUSES | {"on_hold"}

tickets = table(
    "tickets",
    column("id", Integer),
    column("ref", String),
    column("status", String),
    column("priority", String),
    column("promised_priority", String),
    column("organization_id", Integer),
    column("team_id", Integer),
    column("assignee_id", Integer),
    column("is_demo"),
    column("created_at", UTCDateTime),
    column("active_at", UTCDateTime),
    column("last_public_by", String),
    column("first_responded_at", UTCDateTime),
    column("escalated_at", UTCDateTime),
    column("escalated_minutes", Integer),
    column("next_due_at", UTCDateTime),
    column("next_warn_at", UTCDateTime),
    column("next_metric", String),
    column("queue_at", UTCDateTime),
)


class Subject(Protocol):
    """A ticket: what clocks read of it, and the four columns that they keep in step."""

    id: int
    ref: str
    status: str
    promised_priority: str
    organization_id: int | None
    team_id: int | None
    assignee_id: int | None
    is_demo: bool
    created_at: datetime
    active_at: datetime
    last_public_by: str
    first_responded_at: datetime | None
    escalated_at: datetime | None
    escalated_minutes: int | None
    next_due_at: datetime | None
    next_warn_at: datetime | None
    next_metric: str | None
    queue_at: datetime


@dataclass(frozen=True)
class Source:
    """By which policy and calendar a clock runs, in words, since when those versions hold, and who chose them.

    `policy_from` is `ticket`, `organization` or `plan`; `calendar_from` one of these, `policy` or `default`.
    """

    policy: str
    policy_from: str
    policy_changed_at: datetime
    calendar: str
    calendar_from: str
    calendar_changed_at: datetime


@dataclass(frozen=True)
class Terms:
    """What a policy promises at one priority: counted minutes by metric, on its calendar; and which versions these are."""

    policy_id: int
    words: Source
    hours: Hours
    pause_on_hold: bool
    minutes: dict[str, int]
    policy_version: int = 1
    calendar_id: int | None = None
    calendar_version: int = 1

    @property
    def paused(self) -> frozenset[str]:
        """The statuses that stop a resolution clock."""
        return pauses(self.pause_on_hold)

    @property
    def stamp(self) -> dict[str, Any]:
        """What a clock remembers of its terms."""
        return {
            "policy_id": self.policy_id,
            "policy_version": self.policy_version,
            "policy_from": self.words.policy_from,
            "calendar_id": self.calendar_id,
            "calendar_version": self.calendar_version,
            "calendar_from": self.words.calendar_from,
        }


def pauses(on_hold: bool) -> frozenset[str]:
    """The statuses that stop a resolution clock, where being on hold does or does not."""
    return PAUSES_ON_HOLD if on_hold else PAUSES


def terms_for(organization_id: int | None, priority: str, ticket_id: int | None = None) -> Terms | None:
    """What holds at a priority; None where nothing is promised.

    Policy: the ticket's own, otherwise its organization's, otherwise its plan's. Calendar: the ticket's own, otherwise the
    organization's, otherwise that of the policy, which may be its plan's or the default one. A new ticket, which can have
    nothing of its own, is asked for without its id. One statement; none for people without an organization and a ticket.
    Nothing is kept between calls but calendars, by their content.
    """
    if organization_id is None and ticket_id is None:
        return None
    rows = plain_rows(db.session, holding(), {"organization": organization_id, "ticket": ticket_id, "priority": priority}).all()
    if not rows:
        return None
    policy_id, policy_from = winner(
        [row.ticket_policy for row in rows[:1]],
        [row.id for row in rows if row.organization_id is not None and row.organization_id == organization_id],
        [row.id for row in rows if row.is_plans],
    )
    chosen = [row for row in rows if row.id == policy_id]
    if not chosen:
        return None
    first = chosen[0]
    return Terms(
        policy_id=first.id,
        words=Source(
            first.name,
            policy_from,
            first.changed_at,
            first.calendar_name,
            calendar_won(first.ticket_calendar, first.own_calendar, first.inherits_calendar, first.plan_calendar, policy_from),
            first.calendar_changed_at,
        ),
        hours=calendar(first.definition),
        pause_on_hold=first.pause_on_hold,
        minutes={row.metric: row.target_minutes for row in chosen if row.metric is not None},
        policy_version=first.version,
        calendar_id=first.calendar_id,
        calendar_version=first.calendar_version,
    )


def winner(tickets_own: Sequence[int | None], organizations: Sequence[int], plans: Sequence[int]) -> tuple[int | None, str]:
    """Which policy wins, and whose it is: the ticket's, otherwise the organization's, otherwise the plan's. Pure."""
    for found, whose in ((tickets_own, "ticket"), (organizations, "organization"), (plans, "plan")):
        if found and found[0] is not None:
            return found[0], whose
    return None, "plan"


def calendar_won(ticket: int | None, organization: int | None, inherits: bool, plan: int | None, policy_from: str) -> str:
    """Who chose the calendar, of those that `holding` takes into account in this order. Pure."""
    if ticket is not None:
        return "ticket"
    if organization is not None:
        return "organization"
    if not inherits:
        return "policy"
    return "plan" if plan is not None and policy_from != "plan" else "default"


def counted_by(organization: Any, plan: Any) -> ColumnElement[int]:
    """The calendar that a policy counts by for an organization of a plan, where the ticket has none of its own."""
    named = case((Policy.inherits_calendar.is_(False), Policy.calendar_id), else_=None)
    default = select(func.min(Calendar.id)).where(Calendar.is_default).scalar_subquery()
    return func.coalesce(own_calendar(organization), named, plan_calendar(plan), default, Policy.calendar_id)


def own_calendar(organization: Any) -> ScalarSelect[Any]:
    """The calendar of an organization's own, if it has one."""
    own = select(OrganizationCalendar.calendar_id).where(OrganizationCalendar.organization_id == organization)
    return own.order_by(OrganizationCalendar.id.desc()).limit(at_most(1)).scalar_subquery()


def plan_calendar(plan: Any) -> ScalarSelect[Any]:
    """The calendar of a plan's policy, if it names one."""
    plans = aliased(Policy)
    return select(plans.calendar_id).where(plans.plan_id == plan, plans.inherits_calendar.is_(False)).scalar_subquery()


@lru_cache(maxsize=1)
def holding() -> Select[Any]:
    """The statement of terms_for: the policies that could hold, each with its calendar and its targets at a priority."""
    number, ticket = bindparam("organization", type_=Integer), bindparam("ticket", type_=Integer)
    plan = select(Organization.plan_id).where(Organization.id == number).scalar_subquery()
    of_ticket = select(TicketTerms).where(TicketTerms.ticket_id == ticket).order_by(TicketTerms.id.desc()).limit(at_most(1))
    ticket_policy = of_ticket.with_only_columns(TicketTerms.policy_id).scalar_subquery()
    ticket_calendar = of_ticket.with_only_columns(TicketTerms.calendar_id).scalar_subquery()
    counted = func.coalesce(ticket_calendar, counted_by(number, plan))
    return (
        select(
            Policy.id,
            Policy.name,
            Policy.organization_id,
            func.coalesce(Policy.plan_id == plan, literal(False)).label("is_plans"),
            Policy.changed_at,
            Policy.version,
            Policy.pause_on_hold,
            Policy.inherits_calendar,
            ticket_policy.label("ticket_policy"),
            ticket_calendar.label("ticket_calendar"),
            own_calendar(number).label("own_calendar"),
            plan_calendar(plan).label("plan_calendar"),
            Calendar.id.label("calendar_id"),
            Calendar.name.label("calendar_name"),
            Calendar.changed_at.label("calendar_changed_at"),
            Calendar.version.label("calendar_version"),
            Calendar.definition,
            PolicyTarget.metric,
            PolicyTarget.target_minutes,
        )
        .select_from(Policy)
        .join(Calendar, Calendar.id == counted)
        .outerjoin(PolicyTarget, and_(PolicyTarget.policy_id == Policy.id, PolicyTarget.priority == bindparam("priority")))
        .where(or_(Policy.organization_id == number, Policy.plan_id == plan, Policy.id == ticket_policy))
    )


def promised_seconds(ticket: Subject, terms: Terms, metric: str, started_at: datetime) -> tuple[int, datetime | None]:
    """(target in counted seconds, since when an escalation caps it) of a clock that began at `started_at`.

    While a ticket is escalated each response is due at most `escalated_minutes` after the escalation, or after the clock's
    start if that is later. Resolution is never capped.
    """
    seconds = terms.minutes[metric] * 60
    if metric not in RESPONSES or ticket.escalated_at is None or ticket.escalated_minutes is None:
        return seconds, None
    since, cap = to_us(ticket.escalated_at), ticket.escalated_minutes * 60 * SECOND
    limit = pure.capped(terms.hours, to_us(started_at), seconds * SECOND, since=since, cap=cap) // SECOND
    return (limit, ticket.escalated_at) if limit < seconds else (seconds, None)
