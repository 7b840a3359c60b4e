"""The test infrastructure itself: what one test leaves behind, the next must not see."""

import socket
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import User
from app.extensions import db
from app.lib.clock import utcnow
from app.tickets.models import Ticket
from tests import factories

BOTH = pytest.mark.engines("sqlite", "postgresql")
MADE = []


@BOTH
@pytest.mark.parametrize("round", [1, 2])
def test_each_test_begins_with_the_company_and_nothing_else(app, people, round):
    names = db.session.scalars(select(User.name)).all()
    assert len(names) == 10
    db.session.add(User(name="Left Behind", email="left@behind.example", role="agent", created_at=people.owner.created_at))
    db.session.commit()
    assert people.owner.organization.plan.key == "enterprise_priority"


@BOTH
@pytest.mark.parametrize("round", [1, 2])
def test_what_is_made_once_is_there_for_each_test_that_asks(people, once, engine, round):
    once("one_ticket", lambda: MADE.append((engine, factories.ticket(people.user, subject="Made once").subject)))
    assert MADE.count((engine, "Made once")) == 1
    assert [ticket.subject for ticket in db.session.scalars(select(Ticket))] == ["Made once"]
    factories.ticket(people.user, subject="Made by this test alone")


def test_the_clock_stands_still_at_now_and_can_be_moved(app, clock, now):
    assert utcnow() == now
    clock.shift(60)
    assert utcnow() == now + timedelta(minutes=1)


@BOTH
def test_the_factories_make_tickets_in_every_state(app, people):
    for status in ("new", "open", "pending_customer", "on_hold", "resolved", "closed"):
        made = factories.ticket(people.user, status=status if status != "new" else None, assignee=people.agent, team="product")
        assert (made.status, made.assignee_id, made.team.key) == (status, people.agent.id, "product")


def test_a_browser_is_signed_in_as_the_person_and_nobody_else(app, people, browse):
    seen = []
    for person in (people.agent, people.user, None):
        window = browse(person)
        window.get("/nowhere-at-all", status=404)
        seen.append(window.session.get("_user_id"))
    assert seen[0] != seen[1]
    assert seen[2] is None


def test_other_machines_cannot_be_reached():
    with pytest.raises(RuntimeError, match="may not look up"):
        socket.create_connection(("support.example.com", 443))
    with socket.socket() as plug, pytest.raises(RuntimeError, match="may not reach"):
        plug.connect(("192.0.2.1", 443))
