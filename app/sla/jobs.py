"""What runs by itself: the sweep that warns and tells breaches, recomputing after an edit, next years' holidays."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Update, select, update

from app.events.actions import record
from app.events.models import Event
from app.extensions import db, queue, retry
from app.lib.clock import utcnow
from app.lib.database import writing
from app.sla import public_holidays
from app.sla.actions import facts_of, retarget
from app.sla.models import Calendar, Clock
from app.sla.subjects import OnTicket, ids_of_organization, ids_under_policy, load, save
from app.sla.terms import tickets

BATCH = 200
# A sweep ends after this many batches; the next one, a minute later, goes on.
MOST_BATCHES = 50
CHUNK = 100
# Holidays are filled in for this year and as many after it.
YEARS_AHEAD = 2


def sweep() -> int:
    """Warn and tell breaches: each clock and level once, however many sweepers run. Returns how many levels fired.

    Reads only what is due, by two partial indexes, a batch and a commit at a time. A clock that is beyond its deadline
    already is not warned any more.
    """
    with writing():
        return fire(late, claim_breach, "sla.breached") + fire(at_risk, claim_warning, "sla.warned")


def fire(due: Callable[[datetime], Select[Any]], claim: Callable[[int, datetime], Update], kind: str) -> int:
    """Claim what is due, row by row, and record an event for each row that was really ours."""
    fired = 0
    for _ in range(MOST_BATCHES):
        now = utcnow()
        rows = db.session.execute(due(now)).all()
        for row in rows:
            mine = db.session.execute(claim(row.id, now).returning(Clock.due_at)).first()
            if mine is not None:
                ticket = OnTicket(row.ticket_id, row.organization_id)
                record(kind, now=now, ticket=ticket, facts=facts_of(row, mine.due_at, row.assignee_id))
                fired += 1
        db.session.commit()
        if len(rows) < BATCH:
            break
    return fired


def late(now: datetime) -> Select[Any]:
    """Running clocks whose time is over and whose breach nobody has told."""
    return listed().where(Clock.state == "running", Clock.breached_at.is_(None), Clock.due_at < now).order_by(Clock.due_at, Clock.id)


def at_risk(now: datetime) -> Select[Any]:
    """Running clocks of which less than a quarter is left, unwarned and not late yet."""
    waiting = (Clock.state == "running", Clock.warned_at.is_(None), Clock.breached_at.is_(None))
    return listed().where(*waiting, Clock.warn_at < now, Clock.due_at >= now).order_by(Clock.warn_at, Clock.id)


def listed() -> Select[Any]:
    """A batch of clocks, with the assignee of their ticket."""
    columns = (Clock.id, Clock.ticket_id, Clock.ticket_ref, Clock.organization_id, Clock.metric, tickets.c.assignee_id)
    return select(*columns).join(tickets, tickets.c.id == Clock.ticket_id).limit(BATCH)


def claim_breach(clock_id: int, now: datetime) -> Update:
    """The statement by which one sweeper takes a breach: it finds the row only the first time, and only if it is still late."""
    mine = (Clock.id == clock_id, Clock.state == "running", Clock.breached_at.is_(None), Clock.due_at < now)
    return claimed(update(Clock).where(*mine).values(breached_at=Clock.due_at, breach_told_at=now))


def claim_warning(clock_id: int, now: datetime) -> Update:
    """The same for a warning."""
    mine = (Clock.id == clock_id, Clock.state == "running", Clock.warned_at.is_(None), Clock.breached_at.is_(None))
    return claimed(update(Clock).where(*mine, Clock.warn_at < now, Clock.due_at >= now).values(warned_at=now))


def claimed(statement: Update) -> Update:
    """The database is asked, not what the session remembers."""
    return statement.execution_options(synchronize_session=False)


def recompute(policy_id: int, after: int = 0) -> int:
    """Set the clocks under a policy anew, CHUNK tickets in one job; it queues the job for those that follow.

    Returns how many tickets it looked at. A repeat, or an edit in between, gives the same result in the end.
    """
    return recompute_chunk(ids_under_policy(policy_id, after, CHUNK), "app.sla.jobs.recompute", policy_id)


def recompute_organization(organization_id: int, after: int = 0) -> int:
    """The same for the open tickets of an organization, whose plan or own policy has changed."""
    return recompute_chunk(ids_of_organization(organization_id, after, CHUNK), "app.sla.jobs.recompute_organization", organization_id)


def recompute_chunk(ids: Sequence[int], job: str, about: int) -> int:
    """Re-target some tickets and commit; where there may be more, queue the next job."""
    db.session.rollback()
    with writing():
        for row in load(ids):
            before = row.shown
            retarget(row, now=utcnow())
            if row.shown != before:
                save(row)
        db.session.commit()
    if len(ids) == CHUNK:
        later(job, about, ids[-1])
    return len(ids)


def later(job: str, *args: int) -> None:
    """Queue one of our jobs."""
    queue("default").enqueue(job, args=args, retry=retry(), result_ttl=0, failure_ttl=7 * 86400)


def follow_organization(event_id: int) -> None:
    """After `organization.changed`: another plan means other targets for its open tickets."""
    event = db.session.get(Event, event_id)
    if event is not None and event.organization_id is not None:
        recompute_organization(event.organization_id)


def follow_policy(event_id: int) -> None:
    """After `sla.policy_changed`: every policy that it names is recomputed."""
    event = db.session.get(Event, event_id)
    if event is None:
        return
    for policy_id in event.facts["policies"]:
        later("app.sla.jobs.recompute", policy_id)
    for organization_id in event.facts["organizations"]:
        later("app.sla.jobs.recompute_organization", organization_id)


def extend_holidays() -> int:
    """Each day: fill in the public holidays of the coming years, where a calendar takes them from a country. Returns how many grew.

    Adds years that were not filled before, so what somebody has taken out of a filled year stays out.
    """
    last = utcnow().year + YEARS_AHEAD
    grown = 0
    with writing():
        for calendar in db.session.scalars(select(Calendar)):
            filled_to, country = calendar.definition.get("filled_to"), calendar.definition.get("country")
            if country and filled_to is not None and filled_to < last:
                calendar.definition = extended(calendar.definition, last)
                grown += 1
        db.session.commit()
    return grown


def extended(definition: dict[str, Any], last: int) -> dict[str, Any]:
    """A calendar's definition with the holidays of the years up to `last`."""
    found = public_holidays.names(definition["country"], definition.get("region", ""), range(definition["filled_to"] + 1, last + 1))
    return definition | {
        "holidays": sorted({*definition.get("holidays", []), *found}),
        "names": definition.get("names", {}) | found,
        "filled_to": last,
    }
