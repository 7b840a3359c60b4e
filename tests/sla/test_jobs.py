"""The sweep, recomputing after an edit, and next years' holidays."""

import os
import signal
from collections import Counter
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, text

from app.accounts.models import Plan
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.sla import defaults, editing, jobs, public_holidays
from app.sla.calendars import BadCalendar
from app.sla.models import Calendar, Clock, PolicyTarget
from app.tickets.models import Ticket
from tests import factories
from tests.processes import in_processes

BOTH = pytest.mark.engines("sqlite", "postgresql")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def told():
    """What was told of each clock: Counter of (kind, clock)."""
    db.session.rollback()
    events = db.session.scalars(select(Event).where(Event.kind.in_(("sla.warned", "sla.breached"))))
    return Counter((event.kind, event.facts["metric"], event.facts["ref"]) for event in events)


@BOTH
def test_a_clock_warns_once_and_breaches_once(app, people, clock, now):
    ticket = factories.ticket(people.owner, priority="high", assignee=people.agent)
    assert jobs.sweep() == 0
    clock.move_to(now + 3 * HOUR)
    assert jobs.sweep() == 0, "exactly a quarter is not less than a quarter"
    clock.move_to(now + 3 * HOUR + MINUTE)
    assert [jobs.sweep(), jobs.sweep()] == [1, 0]
    clock.move_to(now + 4 * HOUR)
    assert jobs.sweep() == 0
    clock.move_to(now + 4 * HOUR + MINUTE)
    assert [jobs.sweep(), jobs.sweep()] == [1, 0]
    assert told() == {("sla.warned", "first_response", ticket.ref): 1, ("sla.breached", "first_response", ticket.ref): 1}
    first = db.session.scalars(select(Clock).where(Clock.metric == "first_response")).one()
    assert (first.warned_at, first.breached_at, first.breach_told_at) == (
        now + 3 * HOUR + MINUTE,
        now + 4 * HOUR,
        now + 4 * HOUR + MINUTE,
    )
    event = db.session.scalars(select(Event).where(Event.kind == "sla.breached")).one()
    assert event.facts == {
        "clock_id": first.id,
        "metric": "first_response",
        "due_at": (now + 4 * HOUR).isoformat(),
        "ref": ticket.ref,
        "assignee_id": people.agent.id,
    }
    assert (event.ticket_id, event.organization_id, event.actor_id, event.is_public) == (ticket.id, people.acme.id, None, False)


def test_a_warning_that_comes_too_late_only_breaches(app, people, clock, now):
    factories.ticket(people.owner, priority="high")
    clock.move_to(now + 5 * HOUR)
    assert jobs.sweep() == 1
    assert [kind for kind, *_ in told()] == ["sla.breached"]
    assert jobs.sweep() == 0


def test_what_stopped_or_waits_is_left_alone(app, people, clock, now):
    answered = factories.ticket(people.owner, priority="high")
    factories.reply(answered, people.agent, status="pending_customer")
    factories.ticket(people.owner, priority="high", status="resolved")
    clock.move_to(now + timedelta(days=9))
    assert jobs.sweep() == 0


def test_an_answer_that_the_sweep_did_not_see_coming_is_told_by_the_answer(app, people, clock, now):
    ticket = factories.ticket(people.owner, priority="high")
    clock.move_to(now + 4 * HOUR + timedelta(seconds=20))
    factories.reply(ticket, people.agent, now=utcnow())
    assert jobs.sweep() == 0
    assert told() == {("sla.breached", "first_response", ticket.ref): 1}


def test_a_sweep_reads_only_what_is_due(app, people, clock, now, statements):
    for _ in range(5):
        factories.ticket(people.owner, priority="low")
    for query in (jobs.late(utcnow()), jobs.at_risk(utcnow())):
        plan = db.session.execute(text("EXPLAIN QUERY PLAN " + str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))))
        assert any("ix_clocks_to_" in row.detail for row in plan)
    with statements() as seen:
        jobs.sweep()
    assert len(seen) == 3, "what is late, what is at risk, and which levels are reached"


def many_late(people, clock, now, count=30):
    """Tickets whose first response is late, and as many that are at risk."""
    for _ in range(count):
        factories.ticket(people.owner, priority="critical")
        factories.ticket(people.owner, priority="high")
    clock.move_to(now + 3 * HOUR + MINUTE)
    return 2 * count


@BOTH
def test_two_sweeping_processes_never_tell_anything_twice(app, people, clock, now, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 7)
    expected = many_late(people, clock, now)
    assert in_processes(app, 2, jobs.sweep) == [0, 0]
    found = told()
    assert len(found) == expected and set(found.values()) == {1}


@BOTH
def test_two_sweeping_threads_never_tell_anything_twice(app, people, clock, now, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 7)
    expected = many_late(people, clock, now)
    db.session.remove()
    barrier, fired = Barrier(2), []

    def work():
        with app.app_context():
            barrier.wait(10)
            fired.append(jobs.sweep())

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(fired) == expected
    found = told()
    assert len(found) == expected and set(found.values()) == {1}


@BOTH
def test_a_sweeper_that_is_killed_leaves_its_batch_to_the_next_one(app, people, clock, now, monkeypatch):
    expected = many_late(people, clock, now, count=5)

    def die(*args, **over):
        record(*args, **over)
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "record", die)
        assert in_processes(app, 1, jobs.sweep) == [-signal.SIGKILL]
    assert told() == {}
    assert jobs.sweep() == expected
    assert set(told().values()) == {1}


def test_another_plan_of_an_organization_means_other_targets(app, people, now, drain):
    ticket = factories.ticket(people.owner, priority="high")
    people.acme.plan_id = db.session.scalars(select(Plan.id).where(Plan.key == "technical")).one()
    record("organization.changed", now=now, organization_id=people.acme.id, facts={"changes": ["plan"]})
    drain()
    first = db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.metric == "first_response")).one()
    assert first.target_seconds == 8 * 3600 and ticket.next_due_at == first.due_at
    people.acme.plan_id = db.session.scalars(select(Plan.id).where(Plan.key == "community")).one()
    record("organization.changed", now=now, organization_id=people.acme.id, facts={"changes": ["plan"]})
    drain()
    assert db.session.get(Ticket, ticket.id).next_due_at is None


def test_holidays_of_the_coming_years_are_filled_in_and_what_was_taken_out_stays_out(app, clock, now):
    business = db.session.scalars(select(Calendar).where(Calendar.key == "business")).one()
    assert business.definition["filled_to"] == 2028
    business.definition = business.definition | {"holidays": [d for d in business.definition["holidays"] if d != "2027-01-01"]}
    db.session.commit()
    assert jobs.extend_holidays() == 0
    clock.move_to(now + timedelta(days=366))
    assert [jobs.extend_holidays(), jobs.extend_holidays()] == [1, 0]
    db.session.expire_all()
    holidays = business.definition["holidays"]
    assert "2029-12-25" in holidays and "2027-01-01" not in holidays and business.definition["filled_to"] == 2029


def test_a_place_that_is_no_longer_known_keeps_no_other_calendar_from_growing(app, people, clock, now):
    business = db.session.scalars(select(Calendar).where(Calendar.key == "business")).one()
    gone = business.definition | {"country": "XX"}
    stays = editing.add_calendar("Gone", gone, actor=people.lead, now=now)
    db.session.commit()
    clock.move_to(now + timedelta(days=366))
    assert jobs.extend_holidays() == 1
    db.session.expire_all()
    assert business.definition["filled_to"] == 2029 and stays.definition == gone


def test_public_holidays_of_unknown_places_are_refused():
    assert public_holidays.names("DE", "BY", [2026])["2026-01-06"] == "Epiphany"
    for country, region in (("de", ""), ("XX", ""), ("DE", "nowhere"), ("--help", ""), ("DE", "$(rm)")):
        with pytest.raises(BadCalendar):
            public_holidays.names(country, region, [2026])


def test_the_defaults_are_there_and_asked_for_again_change_nothing(app, now, statements):
    targets = db.session.scalars(select(PolicyTarget)).all()
    assert len(targets) == 4 * 3 * 5
    with statements() as seen:
        defaults.ensure(now)
    assert len(seen) == 1
