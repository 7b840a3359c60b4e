"""What an escalation does to the clocks: a table of caps, and what ends them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.accounts.models import Plan
from app.escalation import actions
from app.extensions import db
from app.sla import queries
from app.sla.calendars import calendar
from app.sla.clock import capped
from app.sla.history import replayed
from app.sla.hours import MINUTE, from_us
from app.sla.models import Clock
from app.tickets import filing
from tests import factories
from tests.escalation.shared import WHY, clock_of, escalate

HOUR = 60 * MINUTE
ALWAYS = calendar({"tz": "UTC", "hours": "24x7", "holidays": [], "overrides": {}})

# plan, priority, minutes from opening to the escalation: minutes from opening to the deadline of the first response
TABLE = [
    ("enterprise_standard", "low", 0, 240),
    ("enterprise_standard", "medium", 600, 840),
    ("enterprise_standard", "high", 100, 240),
    ("enterprise_priority", "medium", 0, 60),
    ("enterprise_priority", "medium", 30, 90),
    ("enterprise_priority", "high", 200, 240),
    ("enterprise_priority", "high", 100, 160),
    ("enterprise_priority", "critical", 10, 60),
    ("enterprise_priority", "emergency", 5, 15),
    ("enterprise_emergency", "low", 7, 37),
    ("enterprise_emergency", "critical", 10, 40),
    ("enterprise_emergency", "critical", 45, 60),
    # A deadline that has passed is not moved away.
    ("enterprise_emergency", "critical", 90, 60),
]


def on_plan(people, key):
    """Move Acme to another plan."""
    people.acme.plan_id = db.session.query(Plan.id).filter_by(key=key).scalar()
    db.session.commit()


@pytest.mark.parametrize(("plan", "priority", "after", "due"), TABLE)
def test_the_first_response_is_capped_by_the_plan(people, now, plan, priority, after, due):
    on_plan(people, plan)
    ticket = factories.ticket(people.user, priority=priority)
    escalate(ticket, people, now + timedelta(minutes=after), page=False)
    clock = clock_of(ticket, "first_response")
    assert clock.due_at == now + timedelta(minutes=due)
    assert (clock.target_seconds, ticket.next_due_at) == (due * 60, clock.due_at)
    assert clock_of(ticket, "resolution").capped_at is None


def test_where_no_response_is_owed_one_begins_with_the_escalation(people, now):
    ticket = factories.ticket(people.user)
    factories.reply(ticket, people.agent)
    at = now + timedelta(hours=3)
    escalate(ticket, people, at)
    clock = clock_of(ticket, "next_response")
    assert (clock.started_at, clock.due_at, clock.capped_at, ticket.next_metric) == (at, at + timedelta(hours=1), at, "next_response")


def test_every_answer_is_owed_within_the_cap_while_it_is_escalated(people, now):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now)
    factories.reply(ticket, people.agent, now=now + timedelta(minutes=20))
    assert clock_of(ticket, "first_response").state == "stopped"
    asked = now + timedelta(hours=5)
    factories.reply(ticket, people.user, "It came back.", now=asked)
    assert clock_of(ticket, "next_response").due_at == asked + timedelta(hours=1)


def test_a_customer_who_asks_while_we_wait_for_them_is_answered_within_the_cap(people, now):
    ticket = factories.ticket(people.user)
    factories.reply(ticket, people.agent, status="pending_customer")
    at = now + timedelta(hours=2)
    actions.ask(ticket, "We cannot wait.", actor=people.user, now=at)
    db.session.commit()
    clock = clock_of(ticket, "next_response")
    assert (ticket.status, clock.sequence, clock.due_at) == ("open", 1, at + timedelta(hours=1))
    assert clock_of(ticket, "resolution").state == "running"


def test_a_plan_without_a_promise_keeps_its_own_targets(people, now):
    ticket = factories.ticket(people.stranger, priority="high")
    before = clock_of(ticket, "first_response").due_at
    escalate(ticket, people, now + timedelta(hours=1))
    assert (clock_of(ticket, "first_response").due_at, ticket.escalated_minutes) == (before, None)


def test_a_change_of_priority_keeps_the_cap(people, now):
    ticket = factories.ticket(people.user, priority="low")
    escalate(ticket, people, now + timedelta(minutes=10))
    filing.set_priority(ticket, "medium", actor=people.agent, now=now + timedelta(minutes=20))
    assert clock_of(ticket, "first_response").due_at == now + timedelta(minutes=70)
    filing.set_priority(ticket, "emergency", actor=people.agent, now=now + timedelta(minutes=21))
    assert (clock_of(ticket, "first_response").due_at, clock_of(ticket, "first_response").capped_at) == (now + timedelta(minutes=15), None)


def test_taking_it_back_gives_the_first_deadline_again(people, now):
    ticket = factories.ticket(people.user)
    before = clock_of(ticket, "first_response").due_at
    escalate(ticket, people, now + timedelta(minutes=10))
    actions.deescalate(ticket, to_tier=3, reason=WHY, actor=people.agent, now=now + timedelta(minutes=30))
    assert (clock_of(ticket, "first_response").due_at, clock_of(ticket, "first_response").capped_at) == (before, None)


def test_taking_it_back_ends_an_answer_that_only_the_escalation_asked_for(people, now):
    ticket = factories.ticket(people.user)
    factories.reply(ticket, people.agent)
    escalate(ticket, people, now + timedelta(minutes=10))
    actions.deescalate(ticket, to_tier=3, reason=WHY, actor=people.agent, now=now + timedelta(minutes=30))
    db.session.commit()
    assert (clock_of(ticket, "next_response").state, ticket.next_metric) == ("cancelled", "resolution")
    factories.reply(ticket, people.user, "One more thing.", now=now + timedelta(minutes=40))
    assert clock_of(ticket, "next_response").due_at == now + timedelta(minutes=40, days=1)


def test_a_capped_clock_says_so_to_staff_and_to_the_customer(people, now):
    ticket = factories.ticket(people.user)
    at = now + timedelta(minutes=30)
    escalate(ticket, people, at)
    why = queries.why(ticket, clock_of(ticket, "first_response").id, now=at, zone="UTC").sentence
    assert "First response is due Mon 23 Nov, 11:30 UTC because the ticket was escalated Mon 23 Nov, 10:30 UTC" in why
    assert "promises a first response within 1 h of that" in why
    promise = queries.promise(ticket, now=at, zone="UTC")
    assert "because this ticket is escalated and your plan then promises a first response within 1 h around the clock" in promise


def test_a_replay_of_the_events_finds_the_same_clocks(people, now):
    ticket = factories.ticket(people.user, priority="high")
    factories.reply(ticket, people.agent)
    escalate(ticket, people, now + timedelta(hours=1))
    factories.reply(ticket, people.user, "Worse.", now=now + timedelta(hours=2))
    actions.deescalate(ticket, to_tier=3, reason=WHY, actor=people.agent, now=now + timedelta(hours=3))
    db.session.commit()
    rows = db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id)).all()
    for one in replayed(ticket.id, ticket.organization_id, now + timedelta(hours=4)):
        row = next(row for row in rows if (row.metric, row.sequence) == (one.life.metric, one.life.sequence))
        due = None if one.due is None else from_us(one.due)
        assert (row.state, row.target_seconds, row.due_at if row.state == "running" else due) == (one.state, one.life.target_seconds, due)


@given(st.integers(0, 10_000), st.integers(1, 10_000), st.integers(-1_000, 20_000), st.integers(1, 600))
def test_a_cap_never_lengthens_and_never_ends_before_its_time(start, target, since, cap):
    limit = capped(ALWAYS, start * MINUTE, target * MINUTE, since=since * MINUTE, cap=cap * MINUTE)
    assert limit <= target * MINUTE
    assert limit in (target * MINUTE, (max(since - start, 0) + cap) * MINUTE)


def test_a_cap_counts_on_the_calendar_of_the_policy():
    days = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    office = calendar({"tz": "UTC", "hours": days, "holidays": [], "overrides": {}})
    # The epoch was a Thursday: opened at 16:00, escalated on Friday at 03:00, when one hour had counted.
    assert capped(office, 16 * HOUR, 40 * HOUR, since=27 * HOUR, cap=2 * HOUR) == 3 * HOUR
