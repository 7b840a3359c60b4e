"""The sweep of levels: each is told once, whoever sweeps, and whoever dies over it."""

import os
import signal
from collections import Counter
from datetime import UTC, timedelta

import pytest
from sqlalchemy import func, select, text
from time_machine import escape_hatch

from app.events.actions import record
from app.events.models import Event
from app.extensions import db, queue
from app.lib.clock import utcnow
from app.sla import jobs, level_sweep, levels
from app.sla.level_models import Level, LevelFiring
from app.sla.models import Clock
from app.tickets import actions, filing
from app.tickets.models import Ticket
from tests import factories
from tests.processes import in_processes
from tests.worker import until

BOTH = pytest.mark.engines("sqlite", "postgresql")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def level_of(key):
    return db.session.scalars(select(Level).where(Level.key == key)).one()


def reached():
    """What was told of each level: Counter of (level, metric, ticket)."""
    db.session.rollback()
    events = db.session.scalars(select(Event).where(Event.kind == "sla.level_reached"))
    return Counter((event.facts["level"], event.facts["metric"], event.facts["ref"]) for event in events)


def wanted(name="Halfway", basis="percent", amount=50, metrics=("first_response",), **over):
    acts = {key: over.pop(key) for key in ("notify", "severity", "raise_priority", "reassign", "escalate") if key in over}
    return levels.Wanted(name, basis, amount, tuple(metrics), actions=levels.Actions(**acts), **over)


def added(people, now, drain=None, **over):
    level = levels.add_level(wanted(**over), actor=people.lead, now=now)
    db.session.commit()
    if drain is not None:
        drain()
    return level


@BOTH
def test_each_level_is_told_once_at_its_time(app, people, clock, now):
    ticket = factories.ticket(people.owner, priority="high", assignee=people.agent)
    told = []
    for minute in (1, 180, 181, 192, 193, 193, 240, 241, 242, 500):
        clock.move_to(now + minute * MINUTE)
        told.append(level_sweep.sweep_levels())
    assert told == [0, 0, 1, 0, 1, 0, 0, 1, 0, 0]
    events = db.session.scalars(select(Event).where(Event.kind == "sla.level_reached").order_by(Event.id)).all()
    assert [event.facts["level"] for event in events] == ["Warning", "At risk", "Breached"]
    first = db.session.scalars(select(Clock).where(Clock.metric == "first_response")).one()
    assert events[1].facts == {
        "clock_id": first.id,
        "level_id": level_of("at_risk").id,
        "level": "At risk",
        "metric": "first_response",
        "due_at": (now + 4 * HOUR).isoformat(),
        "ref": ticket.ref,
        "assignee_id": people.agent.id,
        "severity": "warning",
        "actions": {
            "notify": ["assignee", "route", "next_on_call"],
            "severity": "warning",
            "raise_priority": False,
            "reassign": None,
            "escalate": False,
        },
    }
    assert (events[0].ticket_id, events[0].organization_id, events[0].actor_id, events[0].is_public) == (
        ticket.id,
        people.acme.id,
        None,
        False,
    )
    assert first.next_level_at is None


def test_the_sweep_of_the_schedule_tells_levels_too(app, people, clock, now):
    factories.ticket(people.owner, priority="high")
    clock.move_to(now + 241 * MINUTE)
    assert jobs.sweep() == 1
    assert [name for name, *_ in reached()] == ["Breached"]


def test_a_restart_after_a_long_pause_tells_the_breach_and_leaves_warnings_out(app, people, clock, now):
    factories.ticket(people.owner, priority="high")
    clock.move_to(now + 181 * MINUTE)
    level_sweep.sweep_levels()
    clock.move_to(now + 30 * HOUR)
    assert (level_sweep.sweep_levels(), level_sweep.sweep_levels()) == (2, 0)
    assert Counter(name for name, *_ in reached()) == {"Warning": 1, "Breached": 2}


def test_a_late_answer_between_two_sweeps_is_still_told_and_one_in_time_is_not(app, people, clock, now):
    late, kept = (factories.ticket(people.owner, priority="high") for _ in range(2))
    factories.reply(kept, people.agent, now=now + 239 * MINUTE)
    factories.reply(late, people.agent, now=now + 241 * MINUTE, status="pending_customer")
    clock.move_to(now + 242 * MINUTE)
    level_sweep.sweep_levels()
    assert reached() == {("Breached", "first_response", late.ref): 1}
    clock.move_to(now + 500 * HOUR)
    level_sweep.sweep_levels()
    assert reached()[("Breached", "first_response", kept.ref)] == 0
    paused = db.session.scalars(select(Clock).where(Clock.ticket_id == late.id, Clock.metric == "resolution")).one()
    assert paused.state == "paused" and paused.next_level_at is None


def test_a_paused_clock_reaches_nothing_and_goes_on_where_it_stood(app, people, clock, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, now=now + HOUR, status="pending_customer")
    clock.move_to(now + 100 * HOUR)
    assert level_sweep.sweep_levels() == 0
    actions.change_status(ticket, "open", actor=people.agent, now=utcnow())
    db.session.commit()
    # 24 hours to resolve, one is used: three quarters are reached 17 hours on.
    clock.move_to(now + 117 * HOUR)
    assert level_sweep.sweep_levels() == 0
    clock.move_to(now + 117 * HOUR + MINUTE)
    assert level_sweep.sweep_levels() == 1
    assert reached() == {("Warning", "resolution", ticket.ref): 1}


@BOTH
def test_a_deadline_that_moves_ahead_is_told_of_again_and_one_that_comes_nearer_is_not(app, people, clock, now):
    ticket = factories.ticket(people.owner, priority="high")
    clock.move_to(now + 181 * MINUTE)
    level_sweep.sweep_levels()
    filing.set_priority(ticket, "medium", actor=people.agent, now=utcnow())
    db.session.commit()
    clock.move_to(now + 182 * MINUTE)
    assert level_sweep.sweep_levels() == 0
    clock.move_to(now + 18 * HOUR + MINUTE)
    assert level_sweep.sweep_levels() == 1
    assert reached() == {("Warning", "first_response", ticket.ref): 2}
    armings = db.session.scalars(select(LevelFiring.arming).where(LevelFiring.level_id == level_of("warning").id)).all()
    assert sorted(armings) == [1, 2]
    filing.set_priority(ticket, "high", actor=people.agent, now=utcnow())
    db.session.commit()
    clock.move_to(now + 18 * HOUR + 2 * MINUTE)
    level_sweep.sweep_levels()
    assert reached()[("Warning", "first_response", ticket.ref)] == 2
    assert reached()[("Breached", "first_response", ticket.ref)] == 1


def many(people, clock, now, count=20):
    """Tickets whose first response is late, as many that are at risk and warned of; how many levels that is."""
    for _ in range(count):
        factories.ticket(people.owner, priority="critical")
        factories.ticket(people.owner, priority="high")
    clock.move_to(now + 193 * MINUTE)
    return 3 * count


@BOTH
def test_two_sweeping_processes_tell_each_level_once(app, people, clock, now, monkeypatch):
    monkeypatch.setattr(level_sweep, "BATCH", 7)
    expected = many(people, clock, now)
    assert in_processes(app, 2, level_sweep.sweep_levels) == [0, 0]
    found = reached()
    assert len(found) == expected and set(found.values()) == {1}
    assert db.session.scalar(select(func.count()).select_from(LevelFiring)) == expected


@BOTH
def test_a_sweeper_that_is_killed_over_a_batch_leaves_it_whole_to_another(app, people, clock, now, monkeypatch):
    monkeypatch.setattr(level_sweep, "BATCH", 10)
    expected = many(people, clock, now)
    told = []

    def die(*args, **over):
        event = record(*args, **over)
        told.append(event)
        if len(told) == expected // 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return event

    with monkeypatch.context() as patch:
        patch.setattr(level_sweep, "record", die)
        assert in_processes(app, 1, level_sweep.sweep_levels) == [-signal.SIGKILL]
    before = sum(reached().values())
    assert 0 < before < expected // 2, "it died in the middle: whole batches are told, and the last is not"
    assert in_processes(app, 2, level_sweep.sweep_levels) == [0, 0]
    found = reached()
    assert len(found) == expected and set(found.values()) == {1}


@BOTH
def test_two_sweepers_of_which_one_is_killed_tell_each_level_once(app, people, clock, now, monkeypatch, tmp_path):
    monkeypatch.setattr(level_sweep, "BATCH", 5)
    expected = many(people, clock, now)
    parent, told = os.getpid(), []

    def die_sometimes(*args, **over):
        event = record(*args, **over)
        told.append(event)
        # Only the first of the two dies: the one that could make the mark.
        if len(told) == 8 and os.getpid() != parent and is_first(tmp_path / "died"):
            os.kill(os.getpid(), signal.SIGKILL)
        return event

    with monkeypatch.context() as patch:
        patch.setattr(level_sweep, "record", die_sometimes)
        codes = in_processes(app, 2, level_sweep.sweep_levels)
    assert sorted(codes) == [-signal.SIGKILL, 0]
    level_sweep.sweep_levels()
    found = reached()
    assert len(found) == expected and set(found.values()) == {1}


def is_first(mark):
    """Whether this process is the first that asks."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def test_the_sweep_finds_its_clocks_by_index_and_reads_nothing_else(app, people, clock, now, statements):
    for _ in range(30):
        factories.ticket(people.owner, priority="low")
    clock.move_to(now + MINUTE)
    level_sweep.sweep_levels()
    query = str(level_sweep.waiting(utcnow()).compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = [row.detail for row in db.session.execute(text("EXPLAIN QUERY PLAN " + query))]
    assert any("ix_clocks_levels" in line for line in plan), plan
    with statements() as seen:
        level_sweep.sweep_levels()
    assert len(seen) == 1


def test_a_new_level_holds_for_running_clocks_but_not_for_what_they_are_beyond(app, people, clock, now, drain):
    beyond, ahead = factories.ticket(people.owner, priority="high"), factories.ticket(people.owner, priority="medium")
    clock.move_to(now + 3 * HOUR)
    level_sweep.sweep_levels()
    added(people, utcnow(), drain, name="Halfway", severity="info")
    clock.move_to(now + 3 * HOUR + MINUTE)
    level_sweep.sweep_levels()
    assert reached()[("Halfway", "first_response", beyond.ref)] == 0
    clock.move_to(now + 12 * HOUR + MINUTE)
    level_sweep.sweep_levels()
    assert reached()[("Halfway", "first_response", ahead.ref)] == 1
    clock.move_to(now + 13 * HOUR)
    assert level_sweep.sweep_levels() == 0


def test_a_removed_level_is_told_no_more(app, people, clock, now, drain):
    factories.ticket(people.owner, priority="high")
    level = added(people, now, drain)
    clock.move_to(now + HOUR)
    level_sweep.sweep_levels()
    levels.remove_level(level, actor=people.lead, now=utcnow())
    db.session.commit()
    drain()
    clock.move_to(now + 2 * HOUR + MINUTE)
    assert level_sweep.sweep_levels() == 0


def test_minutes_before_and_after_are_counted_on_the_calendar(app, people, clock, now, drain):
    ticket = factories.ticket(people.stranger, priority="critical")
    # Monday 10:00 in UTC is 11:00 in Berlin; two hours make 13:00, and four more the end of the day.
    added(people, now, drain, name="Soon", basis="before", amount=30)
    added(people, now, drain, name="Very late", basis="after", amount=300)
    for minutes, expected in ((90, 0), (91, 1), (121, 1), (60 * 7, 0), (60 * 22 + 60, 0), (60 * 23 + 1, 1)):
        clock.move_to(now + minutes * MINUTE)
        level_sweep.sweep_levels()
        assert sum(count for (name, *_), count in reached().items() if name in ("Soon", "Very late", "Breached")) >= expected
    assert reached()[("Soon", "first_response", ticket.ref)] == 1
    assert reached()[("Very late", "first_response", ticket.ref)] == 1
    very_late = db.session.scalars(select(Event.at).where(Event.kind == "sla.level_reached").order_by(Event.id.desc())).first()
    assert very_late == now + (60 * 23 + 1) * MINUTE


@BOTH
def test_canary_a_level_fires_in_the_real_worker_and_what_it_does_is_done(app, people, now, worker):
    # Another process sees the machine's clock, so the ticket is opened by that one.
    real = escape_hatch.datetime.datetime.now(UTC)
    added(people, real - 4 * HOUR, name="Canary", raise_priority=True)
    ticket = factories.ticket(people.owner, priority="high", now=real - 3 * HOUR)
    queue("default").enqueue("app.sla.jobs.sweep", result_ttl=0)
    worker()
    until(lambda: priority_of(ticket.id) == "critical", "the level to raise the priority")
    assert reached()[("Canary", "first_response", ticket.ref)] == 1
    changed = db.session.scalars(select(Event).where(Event.kind == "ticket.priority_changed")).one()
    assert (changed.actor_id, changed.facts["old"], "“Canary”" in changed.facts["reason"]) == (None, "high", True)


def priority_of(ticket_id):
    """The priority as the database has it now."""
    db.session.rollback()
    return db.session.scalar(select(Ticket.priority).where(Ticket.id == ticket_id))
