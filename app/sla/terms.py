"""What is promised on a ticket, and the ticket as far as clocks need to know it.

Tickets lie above this feature, so their table is named here by its columns only.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import Integer, String, and_, column, or_, select, table

from app.accounts.models import Organization
from app.extensions import db
from app.lib.database import UTCDateTime
from app.sla.calendars import calendar
from app.sla.hours import Calendar as Hours
from app.sla.models import Calendar, Policy, PolicyTarget

FIRST, NEXT, RESOLUTION = METRICS = ("first_response", "next_response", "resolution")
RESPONSES = (FIRST, NEXT)
LABELS = {FIRST: "First response", NEXT: "Next response", RESOLUTION: "Resolution"}
# The sort key of a ticket without a running deadline; the same as tickets.rules.NO_DEADLINE.
NO_DEADLINE = datetime(9999, 1, 1, tzinfo=UTC)
# What stops a resolution clock for a while or for good; being on hold comes on top where the policy says so.
PAUSES = frozenset({"pending_customer", "resolved", "closed"})

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
    column("last_public_by", String),
    column("first_responded_at", UTCDateTime),
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
    last_public_by: str
    first_responded_at: datetime | None
    next_due_at: datetime | None
    next_warn_at: datetime | None
    next_metric: str | None
    queue_at: datetime


@dataclass(frozen=True)
class Source:
    """By which policy and calendar a clock runs, in words; `own` says that it is the organization's and not its plan's."""

    policy: str
    own: bool
    policy_changed_at: datetime
    calendar: str
    calendar_changed_at: datetime


@dataclass(frozen=True)
class Terms:
    """What a policy promises at one priority: counted minutes by metric, on its calendar."""

    policy_id: int
    words: Source
    hours: Hours
    pause_on_hold: bool
    minutes: dict[str, int]

    @property
    def paused(self) -> frozenset[str]:
        """The statuses that stop a resolution clock."""
        return pauses(self.pause_on_hold)


def pauses(on_hold: bool) -> frozenset[str]:
    """The statuses that stop a resolution clock, where being on hold does or does not."""
    return PAUSES | {"on_hold"} if on_hold else PAUSES


def terms_for(organization_id: int | None, priority: str) -> Terms | None:
    """What holds for an organization at a priority: its own policy, otherwise its plan's; None where nothing is promised.

    One statement; none for people without an organization. Nothing is kept between calls but calendars, by their content.
    """
    if organization_id is None:
        return None
    plan = select(Organization.plan_id).where(Organization.id == organization_id).scalar_subquery()
    query = (
        select(
            Policy.id,
            Policy.name,
            Policy.organization_id,
            Policy.changed_at,
            Policy.pause_on_hold,
            Calendar.name.label("calendar_name"),
            Calendar.changed_at.label("calendar_changed_at"),
            Calendar.definition,
            PolicyTarget.metric,
            PolicyTarget.target_minutes,
        )
        .join(Calendar, Calendar.id == Policy.calendar_id)
        .outerjoin(PolicyTarget, and_(PolicyTarget.policy_id == Policy.id, PolicyTarget.priority == priority))
        .where(or_(Policy.organization_id == organization_id, Policy.plan_id == plan))
    )
    rows = db.session.execute(query).all()
    own = [row for row in rows if row.organization_id is not None]
    chosen = own or rows
    if not chosen:
        return None
    first = chosen[0]
    return Terms(
        policy_id=first.id,
        words=Source(first.name, bool(own), first.changed_at, first.calendar_name, first.calendar_changed_at),
        hours=calendar(first.definition),
        pause_on_hold=first.pause_on_hold,
        minutes={row.metric: row.target_minutes for row in chosen if row.metric is not None},
    )
