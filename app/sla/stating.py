"""What a statement says: its lines, from an organization's clocks, their events, and the versions that they were judged under."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, and_, or_, select

from app.accounts.models import Organization
from app.events.models import Event
from app.extensions import db
from app.lib.batches import batched
from app.sla import statements
from app.sla.behind import COUNTED_AS
from app.sla.calendars import calendar
from app.sla.clock import tone
from app.sla.deriving import Outcome, began, derived
from app.sla.held import WITH_STATUS
from app.sla.hours import from_us, to_us
from app.sla.models import Calendar, CalendarVersion, Clock, Policy, PolicyVersion
from app.sla.reports import Scope, inside
from app.sla.statements import Line
from app.sla.terms import RESOLUTION, pauses
from app.sla.versions import calendar_snapshot, policy_snapshot

# What of an event goes into a statement: never a word that anybody wrote.
KINDS = (*WITH_STATUS, "ticket.triaged", "ticket.priority_changed", "ticket.priority_confirmed")
FACTS = ("status", "priority", "by_staff", "is_automatic")
CHUNK = 500
COLUMNS = (
    "id", "ticket_id", "ticket_ref", "metric", "sequence", "priority", "state", "target_seconds", "capped_at", "started_at", "due_at",
    "stopped_at", "elapsed_seconds", "breached_at", "policy_id", "policy_version", "calendar_id", "calendar_version",
)  # fmt: skip


@dataclass(frozen=True)
class Month:
    """What a statement is about: an organization's promises of a month, as they were known at `as_of`."""

    organization: Organization
    month: str
    zone: str
    since: datetime
    until: datetime
    as_of: datetime
    version: int
    # The seal of the statement that this one replaces.
    replaces: str | None


@dataclass(frozen=True)
class Terms:
    """A policy and a calendar, each in a version, as snapshots of app.sla.versions."""

    key: str
    policy: Mapping[str, Any]
    counted: Mapping[str, Any]

    @property
    def paused(self) -> frozenset[str]:
        """The statuses in which a resolution clock stands still."""
        return pauses(self.policy["pause_on_hold"])

    @property
    def line(self) -> Line:
        """As the statement says them."""
        whole = self.counted["definition"]
        hours = whole if isinstance(whole, dict) else {"hours": "24x7"}
        plain = {"tz": hours.get("tz", "UTC"), "hours": hours["hours"], "holidays": sorted(hours.get("holidays") or [])}
        return {
            "type": "terms",
            "key": self.key,
            "policy": self.policy["name"],
            "targets_minutes": self.policy["targets"],
            "paused": sorted(self.paused),
            "calendar": {"name": self.counted["name"], **plain, "overrides": hours.get("overrides") or {}},
        }


def lines_of(about: Month) -> list[Line]:
    """Every line of the statement but their numbers and hashes: what it is, terms, events, clocks, figures.

    One statement for the clocks, two for the versions, and one for the events of each CHUNK tickets.
    """
    scope = Scope(about.since, about.until, about.organization.is_demo, about.organization.id)
    query = select(*(getattr(Clock, name) for name in COLUMNS)).where(*inside(scope)).order_by(Clock.started_at, Clock.id)
    rows = db.session.execute(query).all()
    terms = versions_of(rows)
    events = events_of(sorted({row.ticket_id for row in rows}), about.as_of)
    told: dict[int, list[Line]] = defaultdict(list)
    for event in events:
        told[event["ticket_id"]].append(event)
    clocks = [clock_line(row, terms[key_of(row)], told[row.ticket_id], about.as_of) for row in rows]
    used = [terms[key].line for key in sorted({key_of(row) for row in rows})]
    refs = {row.ticket_id: row.ticket_ref for row in rows}
    spoken = [event_line(event, refs) for event in events]
    figures = statements.figures(clocks)
    counts = {"terms": len(used), "events": len(spoken), "clocks": len(clocks), "figures": len(figures)}
    return [head_line(about, counts), *used, *spoken, *clocks, *figures]


def head_line(about: Month, counts: Mapping[str, int]) -> Line:
    """What the statement is."""
    return {
        "type": "statement",
        "organization": about.organization.name,
        "month": about.month,
        "zone": about.zone,
        "from": iso(about.since),
        "until": iso(about.until),
        "as_of": iso(about.as_of),
        "demo": about.organization.is_demo,
        "version": about.version,
        "replaces": about.replaces,
        "counts": dict(counts),
    }


def key_of(row: Row[Any]) -> str:
    """The name of a clock's terms in the file."""
    return f"policy {row.policy_id} version {row.policy_version}, calendar {row.calendar_id or 'of it'} version {row.calendar_version}"


def versions_of(rows: Sequence[Row[Any]]) -> dict[str, Terms]:
    """The terms of clocks by key. Where a version was not kept, today's stands in."""
    policies = snapshots(PolicyVersion, PolicyVersion.policy_id, {(row.policy_id, row.policy_version) for row in rows})
    counted = snapshots(CalendarVersion, CalendarVersion.calendar_id, {(row.calendar_id, row.calendar_version) for row in rows})
    found: dict[str, Terms] = {}
    for row in rows:
        key = key_of(row)
        if key not in found:
            policy = policies.get((row.policy_id, row.policy_version)) or policy_snapshot(db.session.get_one(Policy, row.policy_id))
            hours = counted.get((row.calendar_id, row.calendar_version)) or todays(row)
            found[key] = Terms(key, policy, hours)
    return found


def snapshots(model: Any, owner: Any, wanted: set[tuple[int | None, int]]) -> dict[tuple[int | None, int], Mapping[str, Any]]:
    """The kept versions of some (row, number). One statement; none where nothing is wanted."""
    if not wanted:
        return {}
    one = or_(*(and_(owner == number, model.number == version) for number, version in sorted(wanted, key=str)))
    return {(row[0], row[1]): row[2] for row in db.session.execute(select(owner, model.number, model.snapshot).where(one))}


def todays(row: Row[Any]) -> Mapping[str, Any]:
    """The calendar of a clock as it is today."""
    found = db.session.get(Calendar, row.calendar_id) if row.calendar_id else None
    return calendar_snapshot(found or db.session.get_one(Policy, row.policy_id).calendar)


def events_of(tickets: Sequence[int], as_of: datetime) -> list[Line]:
    """What happened to tickets, as far as clocks read it, in the order in which it was recorded."""
    found: list[Line] = []
    for part in batched(tickets, CHUNK):
        query = select(Event.id, Event.ticket_id, Event.kind, Event.at, Event.facts).where(Event.kind.in_(KINDS), Event.at <= as_of)
        for row in db.session.execute(query.where(Event.ticket_id.in_(part))):
            facts = {name: row.facts[name] for name in FACTS if row.facts.get(name) is not None}
            found.append({"id": row.id, "ticket_id": row.ticket_id, "kind": row.kind, "at": to_us(row.at), **facts})
    return sorted(found, key=lambda event: event["id"])


def event_line(event: Mapping[str, Any], refs: Mapping[int, str]) -> Line:
    """An event as the statement says it."""
    facts = {name: event[name] for name in FACTS if name in event}
    return {"type": "event", "ticket": refs[event["ticket_id"]], "kind": event["kind"], "at": iso(from_us(event["at"])), **facts}


def clock_line(row: Row[Any], terms: Terms, events: Sequence[Line], as_of: datetime) -> Line:
    """A clock as the statement says it; `derived` tells whether its outcome follows from the lines of this file alone.

    It does not where a clock was judged by what no event or version tells: from before versions were kept, for instance.
    """
    shown = tone(row.state, due_at=row.due_at, warn_at=None, breached_at=row.breached_at, now=as_of)
    stored = Outcome(
        row.state,
        to_us(row.stopped_at) if row.stopped_at and row.state == "stopped" else None,
        row.elapsed_seconds if row.state != "running" else None,
        COUNTED_AS[shown],
    )
    hours = calendar(terms.counted["definition"])
    follows = derived(row.metric, to_us(row.started_at), row.target_seconds, events, hours, terms.paused, to_us(as_of))
    return {
        "type": "clock",
        "ticket": row.ticket_ref,
        "metric": row.metric,
        "sequence": row.sequence,
        "priority": row.priority,
        "terms": terms.key,
        "target_seconds": row.target_seconds,
        "capped": row.capped_at is not None,
        "promised_later": began(row.metric, to_us(row.started_at), events) is None,
        "started_at": iso(row.started_at),
        "stopped_at": iso(from_us(stored.stopped_at)) if stored.stopped_at is not None else None,
        "state": stored.state,
        "elapsed_seconds": stored.elapsed_seconds,
        "outcome": stored.outcome,
        "derived": follows == stored and is_on_terms(row, terms) and row.priority in named(events),
    }


def is_on_terms(row: Row[Any], terms: Terms) -> bool:
    """Whether a clock's target is that of its policy, or less where an escalation shortened it."""
    minutes = terms.policy["targets"].get(row.metric, {}).get(row.priority)
    if minutes is None:
        return False
    capped = row.capped_at is not None and row.metric != RESOLUTION and row.target_seconds < minutes * 60
    return bool(row.target_seconds == minutes * 60 or capped)


def named(events: Sequence[Line]) -> Iterator[str]:
    """The priorities that the events of a ticket name."""
    return (event["priority"] for event in events if "priority" in event)


def iso(at: datetime) -> str:
    """An instant in UTC, to the microsecond, always written alike."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
