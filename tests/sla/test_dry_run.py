"""Dry runs: the last ninety days replayed under a proposal, cancelled, resumed and saved as tried."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import NotAllowed, WrongState
from app.sla import dry_run, proposals, run_jobs, runs
from app.sla.models import Finding, Run
from app.tickets import filing
from tests import factories
from tests.sla.edits import calendar_of, policy_of, save_policy

BOTH = pytest.mark.engines("sqlite", "postgresql")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def proposed(policy, **minutes):
    """The policy with some targets changed, as its form would say it."""
    targets = {}
    for target in policy.targets:
        targets.setdefault(target.metric, {})[target.priority] = target.target_minutes
    for name, value in minutes.items():
        priority, _, metric = name.partition("_")
        targets[metric].pop(priority)
        if value is not None:
            targets[metric][priority] = value
    given = {"what": "policy", "id": policy.id, "organization_id": None, "calendar_id": policy.calendar_id}
    return given | {"pause_on_hold": policy.pause_on_hold, "targets": targets, "seen": policy.changed_at.isoformat()}


def history(people, now):
    """Three answers after one, three and five hours of a promise of four; one old, one of somebody else."""
    found = []
    for days, hours in ((10, 1), (9, 3), (8, 5), (95, 3)):
        ticket = factories.ticket(people.owner, priority="high", now=now - days * DAY)
        factories.reply(ticket, people.agent, now=ticket.created_at + hours * HOUR)
        factories.resolve(ticket, people.agent, now=ticket.created_at + 6 * HOUR)
        found.append(ticket)
    factories.ticket(people.stranger, priority="high", now=now - 5 * DAY)
    return found


def begun(people, now, asked):
    run = dry_run.propose("Trial", asked, actor=people.lead, now=now)
    db.session.commit()
    return run


def again(run):
    db.session.expire_all()
    return db.session.get(Run, run.id)


@BOTH
def test_a_shorter_target_shows_who_would_have_been_missed(app, people, clock, now):
    tickets = history(people, now)
    run = begun(people, now, proposed(policy_of("enterprise_priority"), high_first_response=120))
    run_jobs.work(run.id)
    run = again(run)
    assert (run.state, run.done, run.total, run.is_demo) == ("done", 3, 3, False)
    [line] = [line for line in dry_run.lines(run) if (line.metric, line.priority) == ("first_response", "high")]
    assert {pair: line.number(*pair) for pair in line.pairs} == {("met", "met"): 1, ("met", "breached"): 1, ("breached", "breached"): 1}
    assert (line.number(was="met"), line.number(would="breached")) == (2, 2)
    page = proposals.page_of(run.id, metric="first_response", priority="all", was="met", would="breached", after=0)
    assert [(row.ticket_ref, row.was_due_at, row.would_be_due_at) for row in page.items] == [
        (tickets[1].ref, tickets[1].created_at + 4 * HOUR, tickets[1].created_at + 2 * HOUR)
    ]


@BOTH
def test_it_stops_between_chunks_and_goes_on_without_doing_anything_twice(app, people, clock, now, monkeypatch):
    monkeypatch.setattr(dry_run, "CHUNK", 1)
    history(people, now)
    run = begun(people, now, proposed(policy_of("enterprise_priority"), high_first_response=120))
    trial = dry_run.trial_of(run)
    assert run_jobs.dry_run_chunk(trial)
    chunk = dry_run.examine(trial, 0, 0)
    assert dry_run.keep(chunk, run.id, now=now), "what another worker has done is not done again"
    db.session.commit()
    runs.cancel(again(run), actor=people.lead, now=now)
    db.session.commit()
    assert run_jobs.work(run.id) == 0 and not run_jobs.dry_run_chunk(trial)
    assert (again(run).state, again(run).done) == ("cancelled", 1)
    run = again(run)
    assert runs.resume(run, actor=people.lead, now=now) and not runs.resume(run, actor=people.lead, now=now)
    db.session.commit()
    run_jobs.work(run.id)
    assert (again(run).state, again(run).done) == ("done", 3)
    assert sum(again(run).tally.values()) == db.session.query(Finding).count() == 6


def test_what_somebody_does_with_a_dry_run_is_recorded_once_and_queues_its_work(app, people, clock, now, drain):
    history(people, now)
    drain()
    run = begun(people, now, proposed(policy_of("enterprise_priority"), high_first_response=120))
    for act in (runs.cancel, runs.cancel, runs.resume, runs.resume):
        act(again(run), actor=people.lead, now=now)
        db.session.commit()
    kinds = db.session.scalars(select(Event.kind).where(Event.kind.startswith("sla.dry_run")).order_by(Event.id)).all()
    assert kinds == ["sla.dry_run_started", "sla.dry_run_cancelled", "sla.dry_run_resumed"]
    drain()
    assert (again(run).state, again(run).done) == ("done", 3)


def test_a_run_whose_worker_died_is_picked_up(app, people, clock, now, drain):
    history(people, now)
    drain()
    run = begun(people, now, proposed(policy_of("enterprise_priority"), high_first_response=120))
    clock.shift(120)
    assert run_jobs.pick_up() == 1
    drain()
    assert again(run).state == "done"


def test_a_target_that_was_missing_and_one_that_goes(app, people, clock, now, drain):
    save_policy("enterprise_priority", people, now - 20 * DAY, low_first_response=None, low_next_response=None, low_resolution=None)
    history(people, now)
    low = factories.ticket(people.owner, priority="low", now=now - 3 * DAY)
    factories.resolve(low, people.agent, now=low.created_at + 3 * HOUR)
    drain()
    policy = policy_of("enterprise_priority")
    asked = proposed(policy, high_resolution=None)
    asked["targets"]["resolution"]["low"] = 60
    run = begun(people, now, asked)
    run_jobs.work(run.id)
    found = {(line.metric, line.priority): dict(line.pairs) for line in dry_run.lines(again(run)) if line.priority != "all"}
    assert found["resolution", "low"] == {("none", "breached"): 1}
    assert found["resolution", "high"] == {("met", "none"): 3}


def test_a_proposal_that_is_what_holds_changes_nothing(app, people, clock, now):
    history(people, now)
    waits = factories.ticket(people.owner, priority="high", now=now - 2 * DAY)
    factories.reply(waits, people.agent, now=waits.created_at + HOUR, status="pending_customer")
    filing.set_priority(waits, "critical", actor=people.agent, now=now - DAY)
    db.session.commit()
    run = begun(people, now, proposed(policy_of("enterprise_priority")))
    run_jobs.work(run.id)
    assert again(run).tally and all(key.split(".")[2] == key.split(".")[3] for key in again(run).tally)
    assert proposals.changes(run.asked) == []


def test_a_calendar_is_tried_on_everybody_who_counts_by_it(app, people, clock, now):
    ticket = factories.ticket(people.stranger, priority="high", now=now - 3 * DAY)
    factories.reply(ticket, people.agent, now=now - HOUR)
    calendar = calendar_of("business")
    asked = {"what": "calendar", "id": calendar.id, "name": calendar.name, "definition": {"tz": "UTC", "hours": "24x7"}, "seen": ""}
    run = begun(people, now, asked)
    run_jobs.work(run.id)
    found = {(line.metric, line.priority): dict(line.pairs) for line in dry_run.lines(again(run)) if line.priority == "all"}
    assert found["first_response", "all"] == {("met", "breached"): 1}


def test_demo_tickets_are_tried_only_where_there_are_no_others(app, people, clock, now):
    demo = factories.ticket(people.owner, priority="high", now=now - DAY)
    db.session.execute(db.text("UPDATE tickets SET is_demo = :yes"), {"yes": True})
    db.session.execute(db.text("UPDATE clocks SET is_demo = :yes"), {"yes": True})
    db.session.commit()
    first = begun(people, now, proposed(policy_of("enterprise_priority")))
    run_jobs.work(first.id)
    assert again(first).is_demo and again(first).done == 1
    factories.ticket(people.owner, priority="high", now=now - DAY)
    second = begun(people, now, proposed(policy_of("enterprise_priority")))
    run_jobs.work(second.id)
    assert not again(second).is_demo and again(second).done == 1 and demo.ref


def test_a_chunk_costs_the_same_for_one_ticket_and_for_many(app, people, clock, now, statements):
    history(people, now)
    run = begun(people, now, proposed(policy_of("enterprise_priority")))
    trial = dry_run.trial_of(run)
    with statements() as few:
        dry_run.examine(trial, 0, 1)
    for _ in range(10):
        factories.ticket(people.owner, priority="high", now=now - DAY)
    with statements() as many:
        assert len(dry_run.examine(trial, 0, 1).ids) == 13
    assert len(few) == len(many) == 4


def test_only_leads_try_and_only_what_is_done_is_saved(app, people, clock, now):
    with pytest.raises(NotAllowed):
        dry_run.propose("x", {}, actor=people.agent, now=now)
    run = begun(people, now, proposed(policy_of("enterprise_priority"), high_first_response=120))
    with pytest.raises(WrongState):
        proposals.apply(run, actor=people.lead, now=now)
    run_jobs.work(run.id)
    run = again(run)
    for _ in range(2):
        proposals.apply(run, actor=people.lead, now=now + HOUR)
        db.session.commit()
    policy = policy_of("enterprise_priority")
    assert (run.state, policy.version, policy.changed_at) == ("applied", 2, now + HOUR)
    assert {t.target_minutes for t in policy.targets if (t.metric, t.priority) == ("first_response", "high")} == {120}
