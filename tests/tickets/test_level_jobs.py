"""What a level does to its ticket: once, by the system, and with the level's name on the timeline."""

import os
import signal
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Team
from app.events.models import Event
from app.extensions import db
from app.sla import level_sweep, levels
from app.sla.models import Clock
from app.tickets import filing, level_jobs
from app.tickets.models import Ticket
from tests import factories
from tests.processes import in_processes
from tests.rota.conftest import shift

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def fired(app, people, clock, now):
    """A level with some actions, reached on a ticket: the event."""

    def fire(ticket, **does):
        wanted = levels.Wanted("Half", "percent", 50, ("first_response",), actions=levels.Actions(**does))
        levels.add_level(wanted, actor=people.lead, now=now)
        db.session.commit()
        clock.move_to(now + 2 * HOUR + MINUTE)
        level_sweep.sweep_levels()
        return db.session.scalars(select(Event).where(Event.kind == "sla.level_reached", Event.ticket_id == ticket.id)).one()

    return fire


def events(ticket, *kinds):
    db.session.rollback()
    return db.session.scalars(select(Event).where(Event.ticket_id == ticket.id, Event.kind.in_(kinds)).order_by(Event.id)).all()


@pytest.mark.engines("sqlite", "postgresql")
def test_a_level_raises_the_priority_once_however_often_its_job_runs(people, now, fired):
    ticket = factories.ticket(people.owner, priority="high")
    event = fired(ticket, raise_priority=True)
    for _ in range(3):
        level_jobs.follow_level(event.id)
    changed = events(ticket, "ticket.priority_changed")
    assert [(one.actor_id, one.is_public, one.facts) for one in changed] == [
        (None, True, {"old": "high", "priority": "critical", "reason": "Level “Half” of the first response"})
    ]
    first = db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.metric == "first_response")).one()
    assert (ticket.priority, ticket.promised_priority, first.due_at) == ("critical", "critical", now + HOUR)


def test_a_level_raises_no_higher_than_the_plan(people, fired):
    ticket = factories.ticket(people.stranger, priority="critical")
    level_jobs.follow_level(fired(ticket, raise_priority=True).id)
    assert ticket.priority == "critical" and events(ticket, "ticket.priority_changed") == []


def test_a_level_takes_the_ticket_off_its_assignee(people, fired):
    ticket = factories.ticket(people.owner, priority="high", assignee=people.agent)
    level_jobs.follow_level(fired(ticket, reassign="unassign").id)
    db.session.expire_all()
    assert ticket.assignee_id is None
    assert events(ticket, "ticket.assigned")[-1].facts["old_name"] == people.agent.name


def test_a_level_gives_the_ticket_to_whoever_is_on_call(people, fired, now):
    team = db.session.scalars(select(Team).where(Team.key == "support")).one()
    shift(team, "All day", [people.agent2], time_zone="UTC", weekdays=list(range(7)), starts_minute=0, ends_minute=0)
    ticket = factories.ticket(people.owner, priority="high", team="support", assignee=people.agent)
    level_jobs.follow_level(fired(ticket, reassign="on_call").id)
    db.session.expire_all()
    assert ticket.assignee_id == people.agent2.id


def test_where_nobody_is_on_call_it_stays(people, fired):
    ticket = factories.ticket(people.owner, priority="high", assignee=people.agent)
    level_jobs.follow_level(fired(ticket, reassign="on_call").id)
    db.session.expire_all()
    assert ticket.assignee_id == people.agent.id


def test_a_level_moves_the_ticket_to_a_team(people, fired):
    team = db.session.scalars(select(Team).where(Team.key == "product")).one()
    ticket = factories.ticket(people.owner, priority="high", team="support")
    level_jobs.follow_level(fired(ticket, reassign=f"team:{team.id}").id)
    db.session.expire_all()
    assert ticket.team_id == team.id


def test_a_ticket_that_was_resolved_meanwhile_is_left_alone(people, now, fired):
    ticket = factories.ticket(people.owner, priority="high", assignee=people.agent)
    event = fired(ticket, raise_priority=True, reassign="unassign")
    factories.resolve(ticket, people.agent, now=now + 3 * HOUR)
    level_jobs.follow_level(event.id)
    db.session.expire_all()
    assert (ticket.priority, ticket.assignee_id) == ("high", people.agent.id)


def test_a_job_that_is_killed_in_the_middle_leaves_all_of_it_to_the_next(app, people, fired, monkeypatch):
    ticket = factories.ticket(people.owner, priority="high", assignee=people.agent)
    event_id, ticket_id = fired(ticket, raise_priority=True, reassign="unassign").id, ticket.id

    with monkeypatch.context() as patch:
        patch.setattr(filing, "assign", lambda *args, **over: os.kill(os.getpid(), signal.SIGKILL))
        assert in_processes(app, 1, lambda: level_jobs.follow_level(event_id)) == [-signal.SIGKILL]
    assert db.session.get(Ticket, ticket_id).priority == "high"
    db.session.rollback()
    level_jobs.follow_level(event_id)
    found = db.session.get(Ticket, ticket_id, populate_existing=True)
    assert (found.priority, found.assignee_id) == ("critical", None)


def test_the_timeline_names_the_level_and_what_it_does(people, browse, fired):
    ticket = factories.ticket(people.owner, priority="high")
    level_jobs.follow_level(fired(ticket, raise_priority=True).id)
    words = browse(people.agent).get(f"/desk/tickets/{ticket.ref}").words
    assert "Level Half of the first response reached" in words and "The priority is raised by one." in words
    assert "Level Half of" not in browse(people.owner).get(f"/tickets/{ticket.ref}").words
