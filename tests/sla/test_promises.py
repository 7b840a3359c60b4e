"""What the customer is told of a due time: on both clocks, and each move with its reason."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import administration
from app.accounts.administration import OrganizationValues
from app.accounts.models import Plan
from app.escalation import actions as escalation
from app.events.models import Event
from app.extensions import db
from app.sla import editing, queries
from app.sla.models import Calendar, Policy
from app.tickets import actions, filing
from tests import factories

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def moves(ticket):
    """(metric, reason, old, new) of what the customer was told."""
    db.session.flush()
    query = select(Event).where(Event.ticket_id == ticket.id, Event.kind == "sla.promise_moved").order_by(Event.id)
    return [tuple(event.facts[name] for name in ("metric", "reason", "old", "new")) for event in db.session.scalars(query)]


def told(metric, reason, old, new):
    return (metric, reason, old.isoformat(), new.isoformat() if new is not None else None)


@pytest.fixture
def ticket(app, people, now):
    return factories.ticket(people.user, priority="high")


def test_a_new_ticket_has_moved_nothing(ticket):
    assert moves(ticket) == []


def test_another_priority_moves_the_answer_and_says_why(ticket, people, now):
    filing.set_priority(ticket, "critical", actor=people.agent, now=now + 10 * MINUTE)
    assert moves(ticket) == [told("first_response", "priority", now + 4 * HOUR, now + HOUR)]
    filing.set_priority(ticket, "critical", actor=people.agent, now=now + 11 * MINUTE)
    assert len(moves(ticket)) == 1
    event = db.session.scalars(select(Event).where(Event.kind == "sla.promise_moved")).one()
    assert event.is_public and event.at == now + 10 * MINUTE


def test_a_solution_that_nobody_was_shown_yet_moves_in_silence(ticket, people, now):
    filing.set_priority(ticket, "critical", actor=people.agent, now=now + 10 * MINUTE)
    assert {metric for metric, *_ in moves(ticket)} == {"first_response"}


def test_waiting_for_the_customer_is_told_and_so_is_going_on(ticket, people, now):
    factories.reply(ticket, people.agent, now=now + HOUR)
    actions.change_status(ticket, "pending_customer", actor=people.agent, now=now + 2 * HOUR)
    factories.reply(ticket, people.user, "Here is the log of stage two.", now=now + 5 * HOUR)
    assert moves(ticket) == [
        told("resolution", "pause", now + DAY, None),
        told("resolution", "resume", now + DAY, now + DAY + 3 * HOUR),
    ]


def test_a_pause_that_costs_no_minute_is_not_told_as_a_move(ticket, people, now):
    factories.reply(ticket, people.agent, now=now + HOUR)
    actions.change_status(ticket, "pending_customer", actor=people.agent, now=now + 2 * HOUR)
    actions.change_status(ticket, "open", actor=people.agent, now=now + 2 * HOUR + timedelta(seconds=30))
    assert [reason for _, reason, *_ in moves(ticket)] == ["pause"]


def test_small_moves_add_up_until_they_are_one(ticket, people, now):
    factories.reply(ticket, people.agent, now=now + HOUR)
    for n in range(3):
        actions.change_status(ticket, "on_hold", actor=people.agent, now=now + (2 + n) * HOUR)
        actions.change_status(ticket, "open", actor=people.agent, now=now + (2 + n) * HOUR + timedelta(seconds=25))
    assert [reason for _, reason, *_ in moves(ticket)] == ["hold", "hold", "hold", "resume"]


def test_an_edited_policy_moves_it(ticket, people, now, drain):
    policy = db.session.scalars(select(Policy).where(Policy.key == "enterprise_priority")).one()
    targets = {(t.metric, t.priority): t.target_minutes for t in policy.targets} | {("first_response", "high"): 120}
    editing.save_policy(policy, calendar=policy.calendar, pause_on_hold=True, targets=targets, actor=people.lead, now=now)
    drain()
    assert [reason for _, reason, *_ in moves(ticket)] == ["policy"]


@pytest.mark.engines("sqlite", "postgresql")
def test_another_plan_moves_an_escalated_ticket_and_is_named_as_the_reason(app, people, now, drain):
    # Within the hour that the plan promises anyway, an escalation half an hour later caps nothing; it does where two are promised.
    ticket = factories.ticket(people.user, priority="critical")
    escalation.escalate(ticket, to_tier=3, trigger="by_hand", reason="It is tonight.", actor=people.agent, now=now + 30 * MINUTE)
    db.session.commit()
    technical = db.session.scalars(select(Plan).where(Plan.key == "technical")).one()
    administration.change_organization(
        people.acme, OrganizationValues(people.acme.name, technical, people.acme.sharing), actor=people.admin, now=now
    )
    db.session.commit()
    drain()
    assert moves(ticket) == [told("first_response", "plan", now + HOUR, now + 90 * MINUTE)]


def test_an_edited_calendar_moves_it(app, people, now, drain):
    ticket = factories.ticket(people.stranger, priority="critical")
    calendar = db.session.scalars(select(Calendar).where(Calendar.key == "business")).one()
    later = calendar.definition | {"overrides": {"2026-11-23": [["12:00", "20:00"]]}}
    editing.save_calendar(calendar, calendar.name, later, actor=people.lead, now=now)
    drain()
    # 11:00 to 13:00 in Berlin becomes 12:00 to 14:00.
    assert moves(ticket) == [told("first_response", "calendar", now + 2 * HOUR, now + 3 * HOUR)]


def test_a_resolved_ticket_promises_nothing_and_moves_nothing(ticket, people, now):
    factories.resolve(ticket, people.agent)
    filing.set_priority(ticket, "critical", actor=people.agent, now=now + 2 * HOUR)
    assert moves(ticket) == []


def test_the_customer_reads_it_in_their_own_time(ticket, people, browse, now):
    filing.set_priority(ticket, "critical", actor=people.agent, now=now + 10 * MINUTE)
    db.session.commit()
    words = browse(people.user).get(f"/tickets/{ticket.ref}").words
    assert "Our answer is now due Mon 23 Nov, 06:00 EST, it was Mon 23 Nov, 09:00 EST: the priority changed" in words
    assert "We answer by Mon 23 Nov, 06:00 EST your time (11:00 UTC ours), because your plan promises" in words


@pytest.mark.parametrize(
    "zone, expected",
    [
        ("Europe/Berlin", "We answer by Mon 23 Nov, 13:00 CET, because"),
        ("Europe/Paris", "We answer by Mon 23 Nov, 13:00 CET, because"),
        ("Asia/Kolkata", "We answer by Mon 23 Nov, 17:30 IST your time (13:00 CET ours), because"),
        ("Pacific/Auckland", "We answer by Tue 24 Nov, 01:00 NZDT your time (Mon 13:00 CET ours), because"),
    ],
)
def test_the_promise_stands_on_both_clocks(app, people, now, zone, expected):
    ticket = factories.ticket(people.stranger, priority="critical")
    assert (queries.promise(ticket, now=now, zone=zone) or "").startswith(expected)
