"""What starts, stops, pauses and re-targets the clocks of a ticket."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import func, select

from app.accounts.models import Plan
from app.events.models import Event
from app.extensions import db
from app.sla import actions as sla
from app.sla.calendars import calendar
from app.sla.defaults import TECHNICAL
from app.sla.hours import SECOND, from_us, to_us
from app.sla.models import Calendar, Clock, Policy, PolicyTarget
from app.sla.terms import NO_DEADLINE
from app.tickets import actions, filing, rules
from tests import factories
from tests.sla.edits import save_policy

BOTH = pytest.mark.engines("sqlite", "postgresql")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def clocks(ticket, metric=None):
    db.session.flush()
    found = db.session.scalars(
        select(Clock).where(Clock.ticket_id == ticket.id).order_by(Clock.id).execution_options(populate_existing=True)
    )
    return [clock for clock in found if metric in (None, clock.metric)]


def the(ticket, metric):
    return clocks(ticket, metric)[-1]


def breaches(ticket):
    return db.session.scalars(select(Event).where(Event.ticket_id == ticket.id, Event.kind == "sla.breached")).all()


@BOTH
def test_a_new_ticket_runs_two_clocks_by_its_plan_and_priority(app, people, now, statements):
    ticket = factories.ticket(people.owner, priority="high")
    first, resolution = clocks(ticket)
    assert [(c.metric, c.state, c.target_seconds, c.due_at, c.warn_at) for c in (first, resolution)] == [
        ("first_response", "running", 4 * 3600, now + 4 * HOUR, now + 3 * HOUR),
        ("resolution", "running", 24 * 3600, now + DAY, now + 18 * HOUR),
    ]
    assert (ticket.next_due_at, ticket.next_warn_at, ticket.next_metric) == (now + 4 * HOUR, now + 3 * HOUR, "first_response")
    assert ticket.queue_at == now + 4 * HOUR
    with statements() as seen:
        sla.start(ticket, sla.first_clocks(ticket)[1])
    assert seen == [] and len(clocks(ticket)) == 2


def test_a_ticket_that_shows_its_deadline_already_is_left_alone(app, people):
    ticket = factories.ticket(people.owner)
    db.session.commit()
    sla.show(ticket, sla.held_by(ticket.id))
    assert ticket not in db.session.dirty


def test_starting_costs_two_statements(app, people, now, statements, monkeypatch):
    first_clocks = sla.first_clocks
    monkeypatch.setattr(sla, "first_clocks", lambda ticket: (None, []))
    ticket = factories.ticket(people.owner)
    with statements() as seen:
        sla.start(ticket, first_clocks(ticket)[1])
    assert len(seen) == 2


@pytest.mark.parametrize("priority, emergency", [("low", None), ("emergency", 15 * MINUTE)])
def test_guests_and_the_community_have_no_clocks(app, people, now, priority, emergency):
    people.globex.plan_id = db.session.scalars(select(Plan.id).where(Plan.key == "community")).one()
    db.session.commit()
    for person in (people.guest, people.stranger):
        ticket = factories.ticket(person, priority=priority)
        factories.reply(ticket, people.agent)
        factories.reply(ticket, person, now=now + HOUR)
        assert clocks(ticket) == [] and ticket.next_due_at is None and ticket.queue_at == NO_DEADLINE


def test_the_far_date_is_the_same_for_clocks_and_for_lists():
    assert NO_DEADLINE == rules.NO_DEADLINE


def test_the_technical_plan_counts_business_hours(app, people):
    friday = datetime(2026, 11, 27, 15, tzinfo=UTC)
    ticket = factories.ticket(people.stranger, now=friday, priority="high")
    assert the(ticket, "first_response").due_at == datetime(2026, 11, 30, 15, tzinfo=UTC)
    low = factories.ticket(people.stranger, now=friday, priority="low")
    assert the(low, "first_response").due_at == datetime(2026, 12, 4, 15, tzinfo=UTC)
    assert TECHNICAL["first_response"]["medium"] == 3 * 8 * 60


def test_the_organizations_own_policy_wins_over_its_plans(app, people, now):
    own_policy(people.acme, now, first_response=7)
    ticket = factories.ticket(people.owner, priority="high")
    assert [(c.metric, c.due_at) for c in clocks(ticket)] == [("first_response", now + 7 * MINUTE)]


def own_policy(organization, now, **minutes):
    always = db.session.scalars(select(Calendar.id).where(Calendar.key == "round-the-clock")).one()
    policy = Policy(key=f"own-{organization.id}", name="Acme's own", organization_id=organization.id, calendar_id=always, changed_at=now)
    policy.targets = [PolicyTarget(priority="high", metric=metric, target_minutes=value) for metric, value in minutes.items()]
    db.session.add(policy)
    db.session.commit()
    return policy


@BOTH
def test_a_staff_reply_keeps_the_first_response_and_a_note_does_not(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.note(ticket, people.agent, now=now + MINUTE)
    assert the(ticket, "first_response").state == "running"
    factories.reply(ticket, people.agent, now=now + 30 * MINUTE)
    first = the(ticket, "first_response")
    assert (first.state, first.stopped_at, first.elapsed_seconds, first.breached_at) == ("stopped", now + 30 * MINUTE, 1800, None)
    assert (ticket.next_metric, ticket.next_due_at) == ("resolution", now + DAY)


@BOTH
def test_a_late_first_answer_stays_a_miss_and_is_told_once(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, now=now + 5 * HOUR)
    factories.reply(ticket, people.agent, now=now + 6 * HOUR)
    filing.set_priority(ticket, "low", actor=people.agent, now=now + 7 * HOUR)
    first = the(ticket, "first_response")
    assert (first.state, first.breached_at, first.elapsed_seconds) == ("stopped", now + 4 * HOUR, 5 * 3600)
    assert [event.facts["due_at"] for event in breaches(ticket)] == [(now + 4 * HOUR).isoformat()]


def test_an_answer_at_the_very_moment_is_in_time(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, now=now + 4 * HOUR)
    assert the(ticket, "first_response").breached_at is None


def test_a_customers_word_before_the_first_answer_begins_no_second_response_clock(app, people, now):
    ticket = factories.ticket(people.owner)
    factories.reply(ticket, people.owner, now=now + MINUTE)
    assert [clock.metric for clock in clocks(ticket) if clock.state == "running"] == ["first_response", "resolution"]


def test_the_next_response_runs_from_the_customers_first_word_to_staffs_answer(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, now=now + MINUTE)
    assert clocks(ticket, "next_response") == []
    factories.reply(ticket, people.owner, now=now + HOUR)
    factories.reply(ticket, people.owner, now=now + 2 * HOUR)
    assert [(c.started_at, c.due_at) for c in clocks(ticket, "next_response")] == [(now + HOUR, now + 5 * HOUR)]
    assert ticket.next_metric == "next_response"
    factories.reply(ticket, people.agent, now=now + 3 * HOUR)
    factories.reply(ticket, people.owner, now=now + 4 * HOUR)
    assert [(c.sequence, c.state) for c in clocks(ticket, "next_response")] == [(1, "stopped"), (2, "running")]


def test_waiting_on_the_customer_stops_the_resolution_clock_and_no_response_clock(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    actions.change_status(ticket, "pending_customer", actor=people.agent, now=now + HOUR)
    resolution = the(ticket, "resolution")
    assert (resolution.state, resolution.elapsed_seconds, resolution.due_at, resolution.warn_at) == ("paused", 3600, None, None)
    assert ticket.next_metric == "first_response"
    actions.change_status(ticket, "open", actor=people.agent, now=now + 11 * HOUR)
    resolution = the(ticket, "resolution")
    assert (resolution.state, resolution.due_at, resolution.warn_at) == ("running", now + 34 * HOUR, now + 28 * HOUR)


@pytest.mark.parametrize("pauses", [True, False])
def test_being_on_hold_pauses_only_if_the_policy_says_so(app, people, now, pauses):
    save_policy("enterprise_priority", people, now, pause_on_hold=pauses)
    ticket = factories.ticket(people.owner, status="on_hold")
    assert the(ticket, "resolution").state == ("paused" if pauses else "running")


def test_every_clock_ends_on_resolve_also_after_a_thank_you(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, now=now + MINUTE)
    factories.reply(ticket, people.owner, "Thank you!", now=now + HOUR)
    factories.resolve(ticket, people.agent, now=now + 2 * HOUR)
    assert {(clock.metric, clock.state) for clock in clocks(ticket)} == {
        ("first_response", "stopped"),
        ("next_response", "stopped"),
        ("resolution", "stopped"),
    }
    assert the(ticket, "resolution").elapsed_seconds == 7200
    assert (ticket.next_due_at, ticket.queue_at) == (None, NO_DEADLINE)


def test_reopening_begins_a_new_round_and_leaves_the_old_one_as_it_was_judged(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    factories.resolve(ticket, people.agent, now=now + 25 * HOUR)
    actions.reopen(ticket, "It is back.", actor=people.owner, now=now + 30 * HOUR)
    old, new = clocks(ticket, "resolution")
    assert (old.state, old.breached_at) == ("stopped", now + DAY)
    assert (new.sequence, new.state, new.started_at, new.due_at) == (2, "running", now + 30 * HOUR, now + 54 * HOUR)
    assert the(ticket, "next_response").due_at == now + 34 * HOUR


@BOTH
def test_a_new_priority_counts_from_the_beginning_and_keeps_pauses(app, people, now):
    ticket = factories.ticket(people.owner, priority="low")
    actions.change_status(ticket, "pending_customer", actor=people.agent, now=now + 2 * HOUR)
    actions.change_status(ticket, "open", actor=people.agent, now=now + 5 * HOUR)
    filing.set_priority(ticket, "high", actor=people.agent, now=now + 6 * HOUR)
    first, resolution = clocks(ticket)
    assert (first.priority, first.due_at) == ("high", now + 4 * HOUR)
    assert (resolution.priority, resolution.due_at, resolution.warn_at) == ("high", now + 27 * HOUR, now + 21 * HOUR)
    assert ticket.next_due_at == now + 4 * HOUR


def test_a_pause_survives_a_new_priority_made_during_it(app, people, now):
    ticket = factories.ticket(people.owner, priority="low")
    factories.reply(ticket, people.agent, status="pending_customer", now=now + 2 * HOUR)
    filing.set_priority(ticket, "high", actor=people.agent, now=now + 5 * HOUR)
    resolution = the(ticket, "resolution")
    assert (resolution.state, resolution.elapsed_seconds, resolution.due_at) == ("paused", 7200, None)
    factories.reply(ticket, people.owner, now=now + 10 * HOUR)
    assert the(ticket, "resolution").due_at == now + 32 * HOUR


def test_a_later_deadline_arms_the_levels_again_and_an_earlier_one_does_not(app, people, now):
    ticket = factories.ticket(people.owner, priority="critical")
    first = the(ticket, "first_response")
    first.warned_at = first.breach_told_at = now + 2 * HOUR
    first.breached_at = now + HOUR
    db.session.commit()
    filing.set_priority(ticket, "emergency", actor=people.agent, now=now + 3 * HOUR)
    first = the(ticket, "first_response")
    assert (first.breached_at, first.breach_told_at, first.warned_at) == (now + 15 * MINUTE, now + 2 * HOUR, now + 2 * HOUR)
    filing.set_priority(ticket, "low", actor=people.agent, now=now + 3 * HOUR)
    first = the(ticket, "first_response")
    assert (first.breached_at, first.breach_told_at, first.warned_at, first.due_at) == (None, None, None, now + 3 * DAY)


def test_a_raise_that_nobody_has_confirmed_promises_nothing_more(app, people, now):
    ticket = factories.ticket(people.stranger, priority="medium")
    ticket.priority, ticket.promised_priority, ticket.needs_confirmation = "emergency", "medium", True
    sla.retarget(ticket, now=now)
    assert the(ticket, "first_response").priority == "medium"


def test_losing_the_target_cancels_and_having_one_again_brings_back(app, people, now):
    ticket = factories.ticket(people.owner, priority="high")
    policy = own_policy(people.acme, now)
    sla.retarget(ticket, now=now + HOUR)
    assert {clock.state for clock in clocks(ticket)} == {"cancelled"} and ticket.queue_at == NO_DEADLINE
    db.session.delete(policy)
    db.session.flush()
    sla.retarget(ticket, now=now + 2 * HOUR)
    assert [(c.state, c.due_at, c.stopped_at) for c in clocks(ticket)] == [
        ("running", now + 4 * HOUR, None),
        ("running", now + DAY, None),
    ]


def test_an_upgrade_from_no_promise_begins_to_count_when_it_is_made(app, people, now):
    enterprise = people.acme.plan_id
    people.acme.plan_id = db.session.scalars(select(Plan.id).where(Plan.key == "community")).one()
    db.session.commit()
    ticket = factories.ticket(people.owner, priority="high", status="pending_customer")
    people.acme.plan_id = enterprise
    db.session.commit()
    sla.retarget(ticket, now=now + 9 * HOUR)
    sla.retarget(ticket, now=now + 10 * HOUR)
    first, resolution = clocks(ticket)
    assert (first.started_at, first.due_at) == (now + 9 * HOUR, now + 13 * HOUR)
    assert (resolution.state, resolution.elapsed_seconds) == ("paused", 0)


def test_moving_to_another_team_is_seen_in_the_clocks(app, people, now):
    ticket = factories.ticket(people.owner, team="product")
    assert {clock.team_id for clock in clocks(ticket)} == {ticket.team_id}


@pytest.mark.parametrize("seed", range(10))
def test_any_history_leaves_figures_that_agree_with_an_account_kept_beside_it(app, people, now, seed):
    """Random replies, statuses, priorities, resolutions and reopenings; a simple ledger of open time is kept beside them."""
    chance = Random(seed)
    customer = chance.choice([people.owner, people.stranger])
    ticket = factories.ticket(customer, priority=chance.choice(rules.PRIORITIES))
    hours, targets = terms(customer)
    at, begun, counted = now, now, 0
    for _ in range(30):
        step = timedelta(seconds=chance.randrange(1, 90_000), microseconds=chance.randrange(1_000_000))
        if ticket.status in ("new", "open"):
            counted += hours.counted(to_us(max(at, begun)), to_us(at + step))
        at += step
        was_open = ticket.is_open
        act(chance, ticket, people.agent, customer, at)
        if not was_open and ticket.is_open:
            begun, counted = at, 0
        check(ticket, at, counted, hours, targets)


def terms(person):
    row = db.session.scalars(select(Policy).where(Policy.plan_id == person.organization.plan_id)).one()
    targets = {(target.metric, target.priority): target.target_minutes * 60 for target in row.targets}
    return calendar(row.calendar.definition), targets


def act(chance, ticket, agent, customer, at):
    """One thing that can happen to a ticket, and often does."""
    what = chance.choice(["staff", "staff", "customer", "status", "priority", "resolve", "reopen", "note"])
    if what == "staff":
        actions.reply(ticket, "An answer.", actor=agent, now=at, status=chance.choice([None, "pending_customer", "on_hold", "open"]))
    elif what == "customer":
        actions.reply(ticket, "A question.", actor=customer, now=at)
    elif what == "status" and ticket.is_open:
        actions.change_status(ticket, chance.choice(["open", "pending_customer", "on_hold"]), actor=agent, now=at)
    elif what == "priority":
        filing.set_priority(ticket, chance.choice(rules.PRIORITIES), actor=agent, now=at)
    elif what == "resolve":
        actions.resolve(ticket, "answered", actor=agent, now=at)
    elif what == "reopen":
        actions.reopen(ticket, "Again.", actor=agent, now=at)
    else:
        actions.note(ticket, "A note.", actor=agent, now=at)


def check(ticket, at, counted, hours, targets):
    """What must hold after anything."""
    found = clocks(ticket)
    running = [clock for clock in found if clock.state == "running"]
    responses = [clock for clock in running if clock.metric != "resolution"]
    assert len(responses) <= 1
    assert not ticket.is_open or ticket.last_public_by != "customer" or responses or ticket.first_responded_at is not None
    assert ticket.is_open or not [clock for clock in found if clock.state in ("running", "paused")]
    assert ticket.queue_at == min((clock.due_at for clock in running), default=NO_DEADLINE)
    resolution = the(ticket, "resolution")
    if ticket.is_open:
        target = targets["resolution", ticket.promised_priority]
        assert resolution.target_seconds == target and resolution.priority == ticket.promised_priority
        if resolution.state == "paused":
            assert ticket.status in ("pending_customer", "on_hold")
            assert (resolution.elapsed_seconds, resolution.due_at) == (counted // SECOND, None)
        elif counted < target * SECOND:
            assert resolution.due_at == from_us(hours.advance(to_us(at), target * SECOND - counted))
        else:
            assert resolution.due_at <= at
    for clock in responses:
        expected = hours.advance(to_us(clock.started_at), targets[clock.metric, ticket.promised_priority] * SECOND)
        assert clock.due_at == from_us(expected)


def test_a_customers_reply_costs_few_statements(app, people, now, statements):
    ticket = factories.ticket(people.owner, priority="high")
    factories.reply(ticket, people.agent, status="pending_customer")
    events = db.session.scalar(select(func.count()).select_from(Event))
    with statements() as seen:
        actions.reply(ticket, "Here it is.", actor=people.owner, now=now + HOUR)
    about_clocks = [text for text in seen if "clocks" in text or "policies" in text or text.startswith("SELECT events")]
    assert len(about_clocks) <= 5 and events
