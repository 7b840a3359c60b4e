"""Two at the same moment: sweepers, and people who escalate the same ticket."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from app.escalation import actions, jobs, queries
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.tickets.queries import ticket_for
from tests import factories
from tests.escalation.shared import WHY, alerts, events
from tests.processes import in_processes

BOTH = pytest.mark.engines("sqlite", "postgresql")


@BOTH
def test_two_sweeping_processes_escalate_each_ticket_once(app, people, clock, drain):
    tickets = [SimpleNamespace(id=factories.ticket(people.user, priority="critical").id) for _ in range(12)]
    drain()
    clock.shift(timedelta(hours=25))
    assert in_processes(app, 2, jobs.sweep) == [0, 0]
    assert [len(events("ticket.escalated", ticket)) for ticket in tickets] == [1] * 12
    assert [alert.count for alert in alerts() if alert.source == "escalation"] == [1] * 12


@BOTH
def test_two_people_who_escalate_at_once_escalate_once(app, people):
    ref, agent = factories.ticket(people.user).ref, people.agent

    def escalate():
        with writing():
            ticket = ticket_for(agent, ref, for_change=True)
            actions.escalate(ticket, to_tier=3, trigger="data_loss", reason=WHY, actor=agent, now=utcnow())
            db.session.commit()

    assert in_processes(app, 3, escalate) == [0, 0, 0]
    ticket = ticket_for(agent, ref)
    assert len(events("ticket.escalated", ticket)) == len(queries.history(ticket.id)) == len(alerts()) == 1


@BOTH
def test_a_trigger_that_is_followed_twice_at_once_acts_once(app, people):
    ticket = factories.ticket(
        people.user, subject="Production is down", body="Production is down since 09:40, nothing works for all our users."
    )
    triaged = events("ticket.triaged", ticket)[0].id
    assert in_processes(app, 3, lambda: jobs.follow_triage(triaged)) == [0, 0, 0]
    assert len(events("ticket.escalated", ticket)) == 1
