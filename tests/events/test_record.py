"""Recording: one row for each change, with exactly the facts of its kind."""

import pytest
from sqlalchemy import select

from app.events.actions import record
from app.events.kinds import KINDS
from app.events.models import Event
from app.extensions import db
from tests import factories

FACTS = {"email": "priya.nair@mail.example"}


def test_an_event_knows_what_when_who_and_about_what(people, now):
    ticket = factories.ticket(people.user)
    event = record("ticket.closed", now=now, actor=people.agent, ticket=ticket, public=True, facts={"status": "closed"})
    assert (event.kind, event.at, event.actor_id, event.ticket_id) == ("ticket.closed", now, people.agent.id, ticket.id)
    assert (event.organization_id, event.is_public, event.dispatched_at) == (people.acme.id, True, None)
    assert event.facts == {"status": "closed"}


def test_recording_costs_one_statement(people, now, statements):
    with statements() as seen:
        record("account.reset_requested", now=now, actor=people.user, facts=FACTS)
    assert len(seen) == 1


def test_the_administrator_behind_sign_in_as_is_recorded(people, now):
    people.user.sign_in = type("SignIn", (), {"impersonator_id": people.admin.id})()
    event = record("account.reset_requested", now=now, actor=people.user, facts=FACTS)
    assert (event.actor_id, event.impersonator_id) == (people.user.id, people.admin.id)


@pytest.mark.parametrize("facts", [{}, {"email": "a@b.example", "password": "hunter2"}, {"mail": "a@b.example"}])
def test_facts_that_are_not_exactly_those_of_the_kind_are_refused(app, now, facts):
    with pytest.raises(ValueError, match=r"account\.reset_requested carries \['email'\]"):
        record("account.reset_requested", now=now, facts=facts)
    assert db.session.scalars(select(Event)).all() == []


def test_a_kind_that_nobody_has_named_is_refused(app, now):
    with pytest.raises(ValueError, match=r"ticket\.exploded"):
        record("ticket.exploded", now=now, facts={})


def test_kinds_are_a_noun_a_dot_and_a_verb_in_the_past_tense():
    past = (
        "ed",
        "ed_in",
        "ed_out",
        "ed_back",
        "sent",
        "withdrawn",
        "set",
        "made",
        "held",
        "lost",
        "taken",
        "taken_back",
        "split",
        "split_off",
        "from_ticket",
    )
    wrong = [kind for kind in KINDS if kind.count(".") != 1 or not kind.endswith(past)]
    assert wrong == []
