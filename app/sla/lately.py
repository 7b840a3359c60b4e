"""Clocks as they stand while an edit of a policy or calendar is still being worked off: computed when they are read.

Nothing is written: the background pass (runs.py) brings the rows themselves up to date, and what changes a ticket does so
first (`actions.settled`).
"""

from datetime import datetime

from sqlalchemy import inspect

from app.sla import clock as pure
from app.sla.held import OPEN, Held, status_changes
from app.sla.hours import SECOND, from_us, to_us
from app.sla.models import Clock
from app.sla.terms import Subject, Terms, promised_seconds, terms_for


def up_to_date(ticket: Subject, found: list[Held], now: datetime) -> list[Held]:
    """The same clocks under the terms that hold now. No statement where nothing is being worked off, otherwise two."""
    if not any(one.unsettled is not None and one.clock.state in OPEN for one in found):
        return found
    terms = terms_for(ticket.organization_id, ticket.promised_priority, ticket.id)
    changes = status_changes(ticket.id, until=now)
    return [under(one, ticket, terms, changes, now) if one.clock.state in OPEN else one for one in found]


def under(one: Held, ticket: Subject, terms: Terms | None, changes: list[pure.Change], now: datetime) -> Held:
    """A copy of an open clock under some terms; cancelled where they promise nothing."""
    clock = copied(one.clock)
    if terms is None or clock.metric not in terms.minutes:
        clock.state, clock.stopped_at, clock.due_at, clock.warn_at = "cancelled", now, None, None
        return Held(clock, one.hours, one.paused, one.source)
    for name, value in terms.stamp.items():
        setattr(clock, name, value)
    clock.target_seconds, clock.capped_at = promised_seconds(ticket, terms, clock.metric, clock.started_at)
    aimed = Held(clock, terms.hours, terms.paused, terms.words)
    stands = pure.position(aimed.case(changes), to_us(now))
    clock.state, clock.due_at, clock.warn_at = stands.state, moment(stands.due), moment(stands.warn)
    clock.breached_at = moment(stands.late_since)
    clock.elapsed_seconds = None if stands.counted is None else stands.counted // SECOND
    return aimed


def copied(clock: Clock) -> Clock:
    """A clock that no session knows, so that nothing of it is ever written."""
    return Clock(**{column.key: getattr(clock, column.key) for column in inspect(Clock).column_attrs})


def moment(instant: int | None) -> datetime | None:
    """Microseconds as a moment."""
    return None if instant is None else from_us(instant)
