"""What runs by itself: the sweep that warns, tells breaches and levels, recomputing after an edit, next years' holidays."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Update, select, update

from app.events.actions import record
from app.events.models import Event
from app.extensions import db, queue, retry
from app.lib.clock import utcnow
from app.lib.database import reading, writing
from app.sla import public_holidays
from app.sla.actions import facts_of
from app.sla.calendars import BadCalendar
from app.sla.level_sweep import look_again, sweep_levels
from app.sla.models import Calendar, Clock
from app.sla.runs import begin_recompute
from app.sla.subjects import OnTicket
from app.sla.terms import tickets
from app.sla.versions import keep_calendar

BATCH = 200
# A sweep ends after this many batches; the next one, a minute later, goes on.
MOST_BATCHES = 50
LEVEL_CHUNK = 1000
# Holidays are filled in for this year and as many after it.
YEARS_AHEAD = 2


def sweep() -> int:
    """Warn, tell breaches and levels: each clock and level once, however many sweepers run. Returns how many warnings and breaches.

    Reads only what is due, by three partial indexes, a batch and a commit at a time. A clock that is beyond its deadline
    already is not warned any more.
    """
    with writing():
        fired = fire(late, claim_breach, "sla.breached") + fire(at_risk, claim_warning, "sla.warned")
    sweep_levels()
    return fired


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
    """A batch of clocks, with the assignee of their ticket; what somebody else works on is left to the next sweep."""
    columns = (Clock.id, Clock.ticket_id, Clock.ticket_ref, Clock.organization_id, Clock.metric, tickets.c.assignee_id)
    return (
        select(*columns).join(tickets, tickets.c.id == Clock.ticket_id).limit(BATCH).with_for_update(of=[Clock, tickets], skip_locked=True)
    )


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


def later(job: str, *args: int) -> None:
    """Queue one of our jobs."""
    queue("default").enqueue(job, args=args, retry=retry(), result_ttl=0, failure_ttl=7 * 86400)


def follow_organization(event_id: int) -> None:
    """After `organization.changed`: another plan means other targets for its open tickets."""
    event = db.session.get(Event, event_id)
    if event is None or event.organization_id is None or "plan" not in event.facts["changes"]:
        return
    db.session.rollback()
    with writing():
        run = begin_recompute("another plan", {"organizations": [event.organization_id]}, now=utcnow())
        db.session.commit()
    later("app.sla.run_jobs.work", run.id)


def follow_run(event_id: int) -> None:
    """After `sla.policy_changed`, `sla.dry_run_started` and `sla.dry_run_resumed`: the run that began is worked off."""
    event = db.session.get(Event, event_id)
    if event is not None and event.facts["run_id"] is not None:
        later("app.sla.run_jobs.work", event.facts["run_id"])


def follow_levels(event_id: int) -> None:
    """After `sla.level_changed`: the sweep looks at the running clocks anew, as of the moment of the edit."""
    event = db.session.get(Event, event_id)
    if event is not None:
        look_at_levels(event.id)


def look_at_levels(event_id: int, after: int = 0) -> None:
    """Have the sweep look at LEVEL_CHUNK clocks; where there may be more, queue the next job. A repeat is harmless."""
    at = db.session.get_one(Event, event_id).at
    db.session.rollback()
    with writing():
        last = look_again(at, after, LEVEL_CHUNK)
        db.session.commit()
    if last is not None:
        later("app.sla.jobs.look_at_levels", event_id, last)


def extend_holidays() -> int:
    """Each day: fill in the public holidays of the coming years, where a calendar takes them from a country. Returns how many grew.

    Adds years that were not filled before, so what somebody has taken out of a filled year stays out. A calendar whose
    country the library no longer knows is left as it is.
    """
    last = utcnow().year + YEARS_AHEAD
    with reading():
        wanted = {lack for definition in db.session.scalars(select(Calendar.definition)) if (lack := lacking(definition, last))}
        db.session.rollback()
    # The library takes a second or two; SQLite's other writers do not wait for it.
    found = {lack: days for lack in wanted if (days := looked_up(lack, last)) is not None}
    if not found:
        return 0
    grown = 0
    with writing():
        for calendar in db.session.scalars(select(Calendar)):
            lack = lacking(calendar.definition, last)
            if lack in found:
                calendar.definition = extended(calendar.definition, found[lack], last)
                keep_calendar(calendar, now=utcnow())
                grown += 1
        db.session.commit()
    return grown


def lacking(definition: Mapping[str, Any], last: int) -> tuple[str, str, int] | None:
    """(country, region, last year that is filled in) of a calendar that has its holidays from there and none yet of `last`; else None."""
    country, filled_to = definition.get("country"), definition.get("filled_to")
    if not country or filled_to is None or filled_to >= last:
        return None
    return country, definition.get("region", ""), filled_to


def looked_up(lack: tuple[str, str, int], last: int) -> dict[str, str] | None:
    """The holidays of the years that a calendar lacks: ISO date → name; None for a place that the library no longer knows."""
    try:
        return public_holidays.names(lack[0], lack[1], range(lack[2] + 1, last + 1))
    except BadCalendar:
        return None


def extended(definition: dict[str, Any], found: Mapping[str, str], last: int) -> dict[str, Any]:
    """A calendar's definition with the holidays `found` of the years up to `last`."""
    return definition | {
        "holidays": sorted({*definition.get("holidays", []), *found}),
        "names": definition.get("names", {}) | found,
        "filled_to": last,
    }
