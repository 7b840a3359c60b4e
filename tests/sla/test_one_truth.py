"""List, ticket, clocks page, report, its exports and the API say the same of a clock; at most one response clock runs."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.accounts import actions as accounts
from app.extensions import db
from app.sla import jobs, queries, reports
from app.sla.models import Clock
from app.tickets import actions
from tests import factories

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def ask(people, browse, now):
    """What each place says of the first responses of high tickets: (met, breached)."""
    _, secret = accounts.create_token(people.lead, "report", ["sla:read"], now=now, actor=people.lead)
    db.session.commit()
    api, desk = browse(None), browse(people.lead)
    address = "/api/v1/sla/report?from=2026-11-23&to=2026-11-23&zone=UTC&priority=high"

    def say(at):
        scope = reports.Scope(now - HOUR, now + HOUR, is_demo=False, priority="high")
        line = next(line for line in reports.report(scope, now=at).lines if line.metric == "first_response" and line.priority == "high")
        rows = api.get(address, headers={"Authorization": f"Bearer {secret}"}).json["lines"]
        row = next(row for row in rows if (row["metric"], row["priority"]) == ("first_response", "high"))
        page = desk.get("/desk/sla.json?from=2026-11-23&to=2026-11-23&priority=high").json["lines"]
        shown = next(row for row in page if (row["metric"], row["priority"]) == ("first_response", "high"))
        assert (row["met"], row["breached"]) == (shown["met"], shown["breached"]) == (line.met, line.breached)
        return line.met, line.breached

    return say


def test_a_late_first_answer_is_a_miss_wherever_it_is_read(people, browse, clock, now, ask):
    ticket = factories.ticket(people.owner, priority="high", assignee=people.agent)
    agent, address = browse(people.agent), f"/desk/tickets/{ticket.ref}"
    clock.move_to(now + 4 * HOUR + MINUTE)
    for swept in (False, True):
        if swept:
            jobs.sweep()
        assert 'data-sla="breach"' in agent.get("/desk/queue/mine").text
        assert queries.clocks_for(ticket, now + 4 * HOUR + MINUTE)[0].tone == "breach"
        assert ask(now + 4 * HOUR + MINUTE) == (0, 1)
    factories.reply(ticket, people.agent, now=now + 5 * HOUR)
    clock.move_to(now + 6 * HOUR)
    jobs.sweep()
    assert queries.clocks_for(ticket, now + 6 * HOUR)[0].tone == "missed"
    assert "Missed, target 4 h" in agent.get(address).words
    assert "Missed" in agent.get(f"{address}/clocks").words
    assert ask(now + 6 * HOUR) == (0, 1)


def test_an_answer_in_time_is_kept_wherever_it_is_read(people, browse, clock, now, ask):
    ticket = factories.ticket(people.owner, priority="high", assignee=people.agent)
    factories.reply(ticket, people.agent, now=now + HOUR)
    clock.move_to(now + 20 * HOUR)
    jobs.sweep()
    assert "Kept, target 4 h" in browse(people.agent).get(f"/desk/tickets/{ticket.ref}").words
    assert ask(now + 20 * HOUR) == (1, 0)


STEPS = st.lists(st.sampled_from(["customer", "staff", "note", "wait", "hold", "open", "resolve", "reopen"]), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_at_most_one_response_clock_runs_and_the_next_one_only_while_the_customer_waits(app, people, now, steps):
    ticket = actions.open_ticket(factories.new_ticket(priority="high"), requester=people.owner, actor=people.owner, now=now)
    for minute, step in enumerate(steps, 1):
        take(ticket, step, people, now + minute * MINUTE)
        running = [one.metric for one in clocks(ticket) if one.state == "running" and one.metric != "resolution"]
        assert len(running) <= 1
        if "next_response" in running:
            assert ticket.last_public_by == "customer" and ticket.is_open
            assert ticket.first_responded_at is not None or ticket.round > 0
        if not ticket.is_open:
            assert all(one.state in ("stopped", "cancelled") for one in clocks(ticket))
    db.session.rollback()


def take(ticket, step, people, at):
    """One thing that people do."""
    statuses = {"wait": "pending_customer", "hold": "on_hold", "open": "open"}
    if step in ("customer", "staff"):
        actions.reply(ticket, "What does it say now?", actor=people.owner if step == "customer" else people.agent, now=at)
    elif step == "note":
        actions.note(ticket, "Same cause as last week.", actor=people.agent, now=at)
    elif step == "resolve":
        actions.resolve(ticket, "answered", actor=people.agent, now=at)
    elif step == "reopen":
        actions.reopen(ticket, "", actor=people.owner, now=at)
    elif ticket.is_open:
        actions.change_status(ticket, statuses[step], actor=people.agent, now=at)


def clocks(ticket):
    db.session.flush()
    return db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id)).all()
