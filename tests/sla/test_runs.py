"""Long work in chunks: recomputing after an edit, picked up after a restart."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import WrongState
from app.sla import queries, run_jobs, runs
from app.sla.models import Clock, Run
from app.tickets.models import Ticket
from tests import factories
from tests.sla.edits import save_policy

BOTH = pytest.mark.engines("sqlite", "postgresql")
HOUR = timedelta(hours=1)


def last_run():
    return db.session.query(Run).order_by(Run.id.desc()).first()


@BOTH
def test_an_edited_policy_is_recomputed_in_chunks_and_a_repeat_changes_nothing(app, people, now, drain, monkeypatch):
    monkeypatch.setattr(run_jobs, "CHUNK", 2)
    monkeypatch.setattr(run_jobs, "SLICE_SECONDS", -1.0)
    tickets = [factories.ticket(people.owner, priority="high") for _ in range(5)]
    other = factories.ticket(people.stranger, priority="high")
    drain()
    save_policy("enterprise_priority", people, now, high_first_response=120)
    run = last_run()
    assert (run.state, run.total, run.done) == ("running", 5, 0)
    drain()
    assert {ticket.next_due_at for ticket in tickets} == {ticket.queue_at for ticket in tickets} == {now + 2 * HOUR}
    assert (run.state, run.total, run.done, run.finished_at) == ("done", 5, 5, now)
    assert other.next_due_at != now + 2 * HOUR
    versions = [ticket.version for ticket in tickets]
    assert run_jobs.work(run.id) == 0
    assert [ticket.version for ticket in tickets] == versions


@BOTH
def test_a_run_that_died_goes_on_where_it_stopped(app, people, clock, now, drain, monkeypatch):
    monkeypatch.setattr(run_jobs, "CHUNK", 2)
    tickets = [factories.ticket(people.owner, priority="high") for _ in range(5)]
    drain()
    save_policy("enterprise_priority", people, now, high_first_response=120)
    run = last_run()
    assert run_jobs.recompute_chunk(run.id)
    assert run_jobs.pick_up() == 0, "it has just given a sign of life"
    clock.shift(120)
    assert run_jobs.pick_up() == 1
    run_jobs.work(run.id)
    db.session.expire_all()
    assert (run.state, run.done) == ("done", 5)
    assert {ticket.next_due_at for ticket in tickets} == {now + 2 * HOUR}
    assert run_jobs.pick_up() == 0


def test_a_ticket_is_computed_when_it_is_read_or_changed_before_the_run_has_come_to_it(app, people, now):
    read, answered = (factories.ticket(people.owner, priority="high") for _ in range(2))
    save_policy("enterprise_priority", people, now + HOUR, high_first_response=60)
    shown = queries.clocks_for(read, now + 2 * HOUR)[0]
    assert (shown.due_at, shown.tone) == (now + HOUR, "breach")
    db.session.rollback()
    assert db.session.query(Clock).filter_by(ticket_id=read.id, metric="first_response").one().due_at == now + 4 * HOUR
    factories.reply(answered, people.agent, now=now + 2 * HOUR)
    clock = db.session.query(Clock).filter_by(ticket_id=answered.id, metric="first_response").one()
    assert (clock.breached_at, clock.elapsed_seconds, clock.policy_version) == (now + HOUR, 7200, 2)


def test_a_target_where_there_was_none_begins_when_it_is_promised(app, people, now, clock, drain):
    save_policy("enterprise_priority", people, now, low_first_response=None, low_next_response=None, low_resolution=None)
    ticket = factories.ticket(people.owner, priority="low")
    drain()
    assert ticket.next_due_at is None
    clock.shift(3600)
    save_policy("enterprise_priority", people, now + HOUR, low_first_response=60)
    clock.shift(600)
    drain()
    assert db.session.get(Ticket, ticket.id).next_due_at == now + 2 * HOUR


def test_what_was_saved_cannot_be_cancelled_and_what_is_old_is_forgotten(app, people, now, clock, drain):
    factories.ticket(people.owner)
    save_policy("enterprise_priority", people, now, high_first_response=120)
    with pytest.raises(WrongState):
        runs.cancel(last_run(), actor=people.lead, now=now)
    drain()
    assert run_jobs.forget() == 0
    clock.shift(31 * 86400)
    assert utcnow() > now and run_jobs.forget() == 1
    assert last_run() is None


def test_the_edit_of_another_plan_is_worked_off_as_a_run(app, people, now, drain):
    factories.ticket(people.owner, priority="high")
    save_policy("technical", people, now, high_first_response=120)
    assert last_run().total == 0, "Acme stands under another policy"
    drain()
    assert last_run().state == "done"
