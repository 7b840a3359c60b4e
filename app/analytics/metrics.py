"""The support figures of /metrics: counters and histograms that each event moves once, and gauges read when asked.

They live in the database, so they survive restarts and every web process tells the same. Series of demo work carry
`demo="true"`; real ones do not have that label.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from prometheus_client.core import Metric
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.accounts.models import Plan, User
from app.analytics.models import CountedEvent, MetricSample
from app.events.models import Event
from app.extensions import db
from app.sla.models import PolicyTarget
from app.surveys.models import Survey
from app.tickets.models import Ticket

VOLUME = "support_ticket_volume"
RESPONSE = "support_response_time_seconds"
RESOLUTION = "support_resolution_time_seconds"
SATISFACTION = "customer_satisfaction_score"
TARGET = "support_sla_target_seconds"
HELP = {
    VOLUME: ("counter", "Tickets opened."),
    RESPONSE: ("histogram", "Seconds from the opening of a ticket to its first public answer by staff."),
    RESOLUTION: ("histogram", "Seconds from the opening of a ticket to a resolution."),
}
BUCKETS = (300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 259200, 604800)
SATISFACTION_DAYS = 90
KEPT = timedelta(days=30)
TIERS = {1: "community", 2: "technical", 3: "enterprise"}


def count(event: Event, ticket: Ticket) -> list[tuple[str, dict[str, str], float]]:
    """What one event adds to the samples: (name, labels, how much). A later answer is not a first response."""
    demo = {"demo": "true"} if ticket.is_demo else {}
    if event.kind == "ticket.opened":
        labels = {"priority": ticket.priority, "category": ticket.category, "customer_tier": tier_of(ticket), **demo}
        return [(f"{VOLUME}_total", labels, 1.0)]
    if event.kind == "ticket.resolved":
        seconds = (event.at - ticket.created_at).total_seconds()
        return observed(RESOLUTION, {"priority": ticket.priority, "category": ticket.category, **demo}, seconds)
    if event.kind == "ticket.replied" and event.facts["by_staff"] and event.at == ticket.first_responded_at:
        person = db.session.get(User, event.actor_id) if event.actor_id else None
        labels = {"priority": ticket.priority, "staff_member": person.name if person else "", **demo}
        return observed(RESPONSE, labels, (event.at - ticket.created_at).total_seconds())
    return []


def tier_of(ticket: Ticket) -> str:
    """The plan's key of the ticket's organization; `community` for everybody without one."""
    plan = ticket.organization.plan if ticket.organization else None
    return plan.key if isinstance(plan, Plan) else TIERS[1]


def observed(name: str, labels: dict[str, str], value: float) -> list[tuple[str, dict[str, str], float]]:
    """One observation of a histogram: every bucket has its line, those below the value with nothing added."""
    bounds = [(f"{bound}.0", float(value <= bound)) for bound in BUCKETS] + [("+Inf", 1.0)]
    rows = [(f"{name}_bucket", {**labels, "le": le}, add) for le, add in bounds]
    return [*rows, (f"{name}_count", labels, 1.0), (f"{name}_sum", labels, value)]


def add(rows: list[tuple[str, dict[str, str], float]]) -> None:
    """Add to the samples in one statement, whoever else does the same."""
    if not rows:
        return
    values = [{"name": name, "labels": json.dumps(labels, sort_keys=True), "value": value} for name, labels, value in rows]
    dialect = db.session.get_bind().dialect.name
    insert: Any = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(MetricSample).values(values)
    grown = {"value": MetricSample.value + insert.excluded.value}
    db.session.execute(insert.on_conflict_do_update(index_elements=["name", "labels"], set_=grown))


def families(now: datetime) -> Iterator[Metric]:
    """The support metrics as Prometheus families. Three statements, none over all tickets."""
    found: dict[str, Metric] = {name: Metric(name, text, kind) for name, (kind, text) in HELP.items()}
    samples = db.session.execute(select(MetricSample.name, MetricSample.labels, MetricSample.value).order_by(MetricSample.labels)).all()
    for name, labels, value in sorted(samples, key=in_order):
        family = next(family for family in HELP if name.startswith(family))
        found[family].add_sample(name, json.loads(labels), value)
    yield from found.values()
    yield satisfaction(now)
    yield targets()


def in_order(row: Any) -> tuple[Any, ...]:
    """Buckets of one series together and by their bound, as the format wants them."""
    labels = json.loads(row.labels)
    bound = float(labels.pop("le", "inf"))
    return row.name.rpartition("_")[0], sorted(labels.items()), row.name, bound


def satisfaction(now: datetime) -> Metric:
    """Average overall score (1 to 5) of the surveys answered in the last 90 days, by staff member and category."""
    family = Metric(SATISFACTION, f"Average survey score (1 to 5) of the last {SATISFACTION_DAYS} days.", "gauge")
    query = (
        select(User.name, Survey.category, Survey.is_demo, func.avg(Survey.overall_satisfaction))
        .join(User, User.id == Survey.agent_id)
        .where(Survey.answered_at >= now - timedelta(days=SATISFACTION_DAYS))
        .group_by(User.name, Survey.category, Survey.is_demo)
        .order_by(User.name, Survey.category, Survey.is_demo)
    )
    for name, category, is_demo, average in db.session.execute(query):
        labels = {"staff_member": name, "category": category, **({"demo": "true"} if is_demo else {})}
        family.add_sample(SATISFACTION, labels, float(average))
    return family


def targets() -> Metric:
    """The tightest first-response target that any policy promises for a priority, in seconds."""
    family = Metric(TARGET, "The tightest first-response target that is promised for a priority.", "gauge")
    query = select(PolicyTarget.priority, func.min(PolicyTarget.target_minutes)).where(PolicyTarget.metric == "first_response")
    for priority, minutes in db.session.execute(query.group_by(PolicyTarget.priority).order_by(PolicyTarget.priority)):
        family.add_sample(TARGET, {"priority": priority}, float(minutes) * 60)
    return family


def sweep(now: datetime) -> None:
    """Forget which events of long ago were counted; none of them is delivered again."""
    db.session.execute(delete(CountedEvent).where(CountedEvent.at < now - KEPT))
