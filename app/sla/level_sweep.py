"""The sweep of levels: what a clock has reached is told once, however many sweepers run and whenever one of them dies.

A clock says in `next_level_at` when it is to be looked at, and a partial index finds it; a change only sets that to now
(actions.py), and the sweep works out the rest. It locks the clocks that it takes together with their tickets and passes
over those that somebody else holds, so it never waits for anybody and nobody waits for each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.events.actions import record
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.sla import level_rules as rules
from app.sla.clock import Case
from app.sla.held import Held, held_by, status_changes
from app.sla.hours import from_us, to_us
from app.sla.level_models import Level, LevelFiring
from app.sla.models import Clock
from app.sla.subjects import OnTicket
from app.sla.terms import RESOLUTION, tickets

BATCH = 100
# A sweep ends after this many batches; the next one, a minute later, goes on.
MOST_BATCHES = 100


@dataclass(frozen=True)
class Told:
    """What was told of a clock: level → when, as long as it is not armed again; level → how often it was armed."""

    at: Mapping[int, int]
    armings: Mapping[int, int]


def sweep_levels() -> int:
    """Tell every level that has been reached; returns how many. A batch and a commit at a time."""
    fired = 0
    with writing():
        for _ in range(MOST_BATCHES):
            taken = sweep_batch(utcnow())
            db.session.commit()
            fired += taken[1]
            if taken[0] < BATCH:
                break
    return fired


def sweep_batch(now: datetime) -> tuple[int, int]:
    """(clocks looked at, levels told) of one batch. The caller commits."""
    rows = db.session.execute(waiting(now)).all()
    if not rows:
        return 0, 0
    levels = {level.id: level for level in db.session.scalars(select(Level).where(Level.removed_at.is_(None)))}
    points = [point_of(level) for level in levels.values()]
    told = told_of([row.id for row in rows])
    held = held_clocks(rows)
    fired = sum(look(row, held[row.id], levels, points, told.get(row.id, Told({}, {})), now) for row in rows if row.id in held)
    return len(rows), fired


def waiting(now: datetime) -> Select[Any]:
    """The clocks to look at, oldest first, with the assignee of their ticket. The partial index ix_clocks_levels serves it."""
    columns = (Clock.id, Clock.ticket_id, Clock.ticket_ref, Clock.organization_id, Clock.metric, tickets.c.assignee_id)
    query = select(*columns).join(tickets, tickets.c.id == Clock.ticket_id).where(Clock.next_level_at < now)
    return query.order_by(Clock.next_level_at, Clock.id).limit(BATCH).with_for_update(of=[Clock, tickets], skip_locked=True)


def held_clocks(rows: Sequence[Any]) -> dict[int, Held]:
    """The clocks of these rows as they are now, with their terms. One statement for each ticket."""
    wanted = {row.id for row in rows}
    db.session.expire_all()
    found: dict[int, Held] = {}
    for ticket_id in dict.fromkeys(row.ticket_id for row in rows):
        found |= {one.clock.id: one for one in held_by(ticket_id, all_of_them=True) if one.clock.id in wanted}
    return found


def told_of(ids: Sequence[int]) -> dict[int, Told]:
    """What has been told of clocks. One statement."""
    found: dict[int, Told] = {}
    query = select(LevelFiring).where(LevelFiring.clock_id.in_(ids)).order_by(LevelFiring.id)
    for firing in db.session.scalars(query):
        one = found.get(firing.clock_id, Told({}, {}))
        at = dict(one.at)
        at.pop(firing.level_id, None)
        if firing.rearmed_at is None:
            at[firing.level_id] = to_us(firing.told_at)
        found[firing.clock_id] = Told(at, {**one.armings, firing.level_id: firing.arming})
    return found


def point_of(level: Level) -> rules.Point:
    """A level as the pure rules read it."""
    return rules.Point(level.id, level.basis, level.amount, to_us(level.since), frozenset(level.metrics), frozenset(level.priorities))


def case_of(one: Held) -> Case:
    """The clock with all that it has seen until it ended, or until now."""
    changes = status_changes(one.clock.ticket_id, until=one.clock.stopped_at) if one.clock.metric == RESOLUTION else []
    return one.case(changes)


def ended_at(one: Held, case: Case) -> int | None:
    """When a clock stopped counting; None while it runs."""
    clock = one.clock
    if clock.state == "running":
        return None
    if clock.stopped_at is not None:
        return to_us(clock.stopped_at)
    return max([case.start, *(change.at for change in case.changes if change.status is not None)])


def look(row: Any, one: Held, levels: Mapping[int, Level], points: Sequence[rules.Point], told: Told, now: datetime) -> int:
    """Look at one clock: tell what it has reached, and say when to look again. Returns how many levels were told."""
    clock = one.clock
    if clock.next_level_at is None or clock.state == "cancelled":
        clock.next_level_at = None
        return 0
    case = case_of(one)
    at = rules.Standing(clock.metric, clock.priority, to_us(clock.aimed_at or clock.started_at), to_us(now), ended_at(one, case))
    plan = rules.plan(points, case, told.at, at)
    if plan.rearm:
        rearm(clock.id, plan.rearm, now)
    clock.next_level_at = None if plan.next_at is None else from_us(plan.next_at)
    return sum(tell(row, clock, levels[number], told.armings.get(number, 0) + 1, now) for number in plan.tell)


def rearm(clock_id: int, ids: Sequence[int], now: datetime) -> None:
    """A change has moved these levels ahead of us: they can be told again, of the new deadline."""
    mine = (LevelFiring.clock_id == clock_id, LevelFiring.level_id.in_(ids), LevelFiring.rearmed_at.is_(None))
    db.session.execute(update(LevelFiring).where(*mine).values(rearmed_at=now), execution_options={"synchronize_session": False})


def tell(row: Any, clock: Clock, level: Level, arming: int, now: datetime) -> bool:
    """Record that a level was reached, if nobody has: the row of its arming decides it. True if it was ours."""
    number = db.session.scalar(claim(clock.id, level.id, arming, now))
    if number is None:
        return False
    due_at = clock.due_at or clock.breached_at
    facts = {
        "clock_id": clock.id,
        "level_id": level.id,
        "level": level.name,
        "metric": clock.metric,
        "due_at": due_at.isoformat() if due_at else None,
        "ref": clock.ticket_ref,
        "assignee_id": row.assignee_id,
        "severity": level.actions["severity"],
        "actions": level.actions,
    }
    event = record("sla.level_reached", now=now, ticket=OnTicket(row.ticket_id, row.organization_id), facts=facts)
    mine = update(LevelFiring).where(LevelFiring.id == number).values(event_id=event.id)
    db.session.execute(mine, execution_options={"synchronize_session": False})
    return True


def claim(clock_id: int, level_id: int, arming: int, now: datetime) -> Any:
    """The insert that takes a level for one sweeper: it returns a row only the first time."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    values = {"clock_id": clock_id, "level_id": level_id, "arming": arming, "told_at": now}
    insert = dialect.insert(LevelFiring).values(values)
    return insert.on_conflict_do_nothing(index_elements=["clock_id", "level_id", "arming"]).returning(LevelFiring.id)


def take(event_id: int, now: datetime) -> bool:
    """Whether the actions of a `sla.level_reached` on its ticket are the caller's to take: True once.

    It is part of the caller's transaction, so a job that dies before its commit leaves them to the next try.
    """
    mine = update(LevelFiring).where(LevelFiring.event_id == event_id, LevelFiring.worked_at.is_(None)).values(worked_at=now)
    return db.session.execute(mine, execution_options={"synchronize_session": False}).rowcount == 1  # type: ignore[attr-defined]


def look_again(since: datetime, after: int, limit: int) -> int | None:
    """After an edit of levels: have the sweep look at some running clocks; the last id of a full chunk, or None.

    Those that it looks at before anyway are left as they are.
    """
    chunk = select(Clock.id).where(Clock.state.in_(("running", "paused")), Clock.id > after).order_by(Clock.id).limit(limit)
    ids = list(db.session.scalars(chunk))
    later = or_(Clock.next_level_at.is_(None), Clock.next_level_at > since)
    mine = update(Clock).where(Clock.id.in_(ids), Clock.state == "running", later).values(next_level_at=since)
    db.session.execute(mine, execution_options={"synchronize_session": False})
    return ids[-1] if len(ids) == limit else None
