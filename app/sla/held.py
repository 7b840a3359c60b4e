"""The clocks that a ticket has, and what happened to it: read from the database for actions, jobs and pages alike."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Text, and_, bindparam, cast, exists, func, select
from sqlalchemy.orm import aliased

from app.events.models import Event
from app.extensions import db
from app.lib.database import UTCDateTime, plain_rows, written_out
from app.lib.objects import SideBySide
from app.sla.calendars import calendar
from app.sla.clock import Case, Change, elapsed
from app.sla.hours import SECOND, to_us
from app.sla.hours import Calendar as Hours
from app.sla.models import Calendar, CalendarVersion, Clock, Policy, PolicyVersion, Run
from app.sla.terms import RESOLUTION, Source, pauses

OPEN = ("running", "paused")
# The kinds of event that carry a status.
WITH_STATUS = (
    "ticket.opened",
    "ticket.replied",
    "ticket.status_changed",
    "ticket.resolved",
    "ticket.reopened",
    "ticket.closed",
    "ticket.thanks_dismissed",
    "ticket.merged",
    "ticket.joined",
    "ticket.unmerged",
    "ticket.split",
)


CLOCK = SideBySide(Clock)


@dataclass(frozen=True)
class Held:
    """A clock with the calendar and the pauses of the versions that it runs under, or was judged under.

    `unsettled` is when an edit was made that is still being worked off: an open clock is then computed before it is
    shown or changed (`lately`, `actions.settled`).
    """

    clock: Clock
    hours: Hours
    paused: frozenset[str]
    source: Source
    unsettled: datetime | None = None

    def case(self, changes: Sequence[Change]) -> Case:
        """The clock as a pure case: only a resolution clock is ever paused."""
        is_resolution = self.clock.metric == RESOLUTION
        return Case(
            calendar=self.hours,
            start=to_us(self.clock.started_at),
            target=self.clock.target_seconds * SECOND,
            changes=changes if is_resolution else (),
            paused=self.paused if is_resolution else frozenset(),
        )

    def counted(self, now: datetime, quiet_since: datetime | None = None) -> int:
        """Counted microseconds of a running clock, from its stored deadline.

        From the ticket's events where there is no deadline, or where pauses may lie behind it: one statement more. There are none where
        nothing has happened to the ticket since, which `quiet_since` tells (its `active_at`).
        """
        clock, instant = self.clock, to_us(now)
        if clock.due_at is None or (
            clock.metric == RESOLUTION and clock.due_at < now and not (quiet_since and quiet_since <= clock.due_at)
        ):
            return elapsed(self.case(status_changes(clock.ticket_id, until=now)), instant)
        due = to_us(clock.due_at)
        return clock.target_seconds * SECOND + self.hours.counted(due, instant) - self.hours.counted(instant, due)


def held_by(ticket_id: int, *, all_of_them: bool = False) -> list[Held]:
    """A ticket's clocks by metric and sequence: the last one of each metric, or every one. One statement."""
    found = plain_rows(db.session, of_ticket(all_of_them), {"ticket": ticket_id}).all()
    return [judged(*CLOCK.of(db.session, row), *row[len(CLOCK.columns) :]) for row in found]


def judged(
    clock: Clock,
    policy_text: str | None,
    policy_since: datetime | None,
    calendar_text: str | None,
    calendar_since: datetime | None,
    unsettled: datetime | None,
) -> Held:
    """A clock with the versions that it names. One that names none that was kept has today's: two statements more."""
    policy, counted = read(policy_text) if policy_text else None, read(calendar_text) if calendar_text else None
    if policy is None or policy_since is None:
        row = db.session.get_one(Policy, clock.policy_id)
        policy, policy_since = {"name": row.name, "pause_on_hold": row.pause_on_hold}, row.changed_at
    if counted is None or calendar_since is None:
        today = db.session.get(Calendar, clock.calendar_id) if clock.calendar_id else None
        today = today or db.session.get_one(Policy, clock.policy_id).calendar
        counted, calendar_since = {"name": today.name, "definition": today.definition}, today.changed_at
    source = Source(policy["name"], clock.policy_from, policy_since, counted["name"], clock.calendar_from, calendar_since)
    return Held(clock, calendar(counted["definition"]), pauses(policy["pause_on_hold"]), source, unsettled)


@lru_cache(maxsize=256)
def read(snapshot: str) -> dict[str, Any]:
    """The snapshot of a version. There are few, and each is read at every page of a ticket; nobody changes what is returned."""
    found: dict[str, Any] = json.loads(snapshot)
    return found


@lru_cache(maxsize=2)
def of_ticket(all_of_them: bool) -> Select[Any]:
    """The statement of held_by; built once, since every page of a ticket and every change of one asks it."""
    working = select(func.max(Run.created_at)).where(Run.kind == "recompute", Run.state == written_out("running")).scalar_subquery()
    policy = and_(PolicyVersion.policy_id == Clock.policy_id, PolicyVersion.number == Clock.policy_version)
    counted = and_(CalendarVersion.calendar_id == Clock.calendar_id, CalendarVersion.number == Clock.calendar_version)
    query = (
        select(*CLOCK.columns, cast(PolicyVersion.snapshot, Text).label("policy_text"), PolicyVersion.valid_from)
        .add_columns(cast(CalendarVersion.snapshot, Text).label("calendar_text"), CalendarVersion.valid_from, working)
        .select_from(Clock)
        .outerjoin(PolicyVersion, policy)
        .outerjoin(CalendarVersion, counted)
        .where(Clock.ticket_id == bindparam("ticket"))
        .order_by(Clock.metric, Clock.sequence)
    )
    if not all_of_them:
        later = aliased(Clock)
        same = and_(later.ticket_id == Clock.ticket_id, later.metric == Clock.metric, later.sequence > Clock.sequence)
        query = query.where(~exists().where(same))
    return query


def status_changes(ticket_id: int, *, until: datetime | None = None) -> list[Change]:
    """Every change of status that a ticket has seen, oldest first. One statement, over the ticket's own events."""
    found = plain_rows(db.session, events_with_status(until is not None), {"ticket": ticket_id, "until": until}).all()
    return [Change(to_us(at), status=status) for at, status in found if status]


@lru_cache(maxsize=2)
def events_with_status(is_bounded: bool) -> Select[Any]:
    """The statement of `status_changes`, built once."""
    query = select(Event.at, Event.facts["status"].as_string())
    kinds = [written_out(kind) for kind in WITH_STATUS]
    query = query.where(Event.ticket_id == bindparam("ticket"), Event.kind.in_(kinds)).order_by(Event.id)
    return query.where(Event.at <= bindparam("until", type_=UTCDateTime())) if is_bounded else query
