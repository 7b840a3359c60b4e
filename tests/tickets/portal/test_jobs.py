"""Resolved tickets close by the clock."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.schedule import SCHEDULE
from app.tickets import actions, jobs, portal_queries
from app.tickets.models import Ticket
from tests import factories


def resolved(people, when):
    ticket = factories.ticket(people.user, now=when - timedelta(hours=1))
    return factories.resolve(ticket, people.agent, now=when)


def statuses(*tickets):
    db.session.expire_all()
    return [db.session.get(Ticket, ticket.id).status for ticket in tickets]


@pytest.mark.engines("sqlite", "postgresql")
def test_what_was_solved_a_week_ago_closes_and_nothing_else(app, engine, people, now, clock):
    old, young = resolved(people, now - timedelta(days=7, minutes=1)), resolved(people, now - timedelta(days=6))
    unsolved = factories.ticket(people.user, now=now - timedelta(days=90))
    assert jobs.close_resolved() == 1
    assert statuses(old, young, unsolved) == ["closed", "resolved", "new"]
    event = db.session.scalars(select(Event).where(Event.kind == "ticket.closed")).one()
    assert (event.ticket_id, event.actor_id, event.is_public) == (old.id, None, True)


def test_closing_again_is_harmless_and_goes_on_where_it_stopped(people, now, monkeypatch):
    monkeypatch.setattr(jobs, "CLOSED_AT_ONCE", 2)
    monkeypatch.setattr(jobs, "MAX_BATCHES", 2)
    for n in range(5):
        resolved(people, now - timedelta(days=8 + n))
    assert [jobs.close_resolved() for _ in range(3)] == [4, 1, 0]


def test_a_ticket_that_was_reopened_meanwhile_stays_open(people, now):
    ticket = resolved(people, now - timedelta(days=8))
    actions.reopen(ticket, "", actor=people.user, now=now)
    db.session.commit()
    assert jobs.close_one(ticket.id) == 0 and jobs.close_one(10**6) == 0
    assert jobs.close_resolved() == 0


def test_what_waits_to_be_closed_is_found_by_its_index(people, now):
    with db.engine.connect() as connection:
        query = "EXPLAIN QUERY PLAN SELECT id FROM tickets WHERE status = 'resolved' AND resolved_at < 1 ORDER BY resolved_at LIMIT 5"
        assert "ix_tickets_resolved" in str(connection.execute(db.text(query)).all())
    assert portal_queries.to_close(now, 7, 10) == []


def test_the_clock_page_has_them():
    assert {"app.tickets.jobs.close_resolved", "app.tickets.jobs.sweep_uploads", "app.tickets.jobs.sweep_pending"} <= {
        e.job for e in SCHEDULE.values()
    }
