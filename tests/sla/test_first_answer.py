"""The automatic first response names the target that the ticket's clocks run by."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.extensions import db
from app.sla import calendars, first_answer
from app.sla.models import Calendar, OrganizationCalendar, Policy, PolicyTarget
from app.sla.words import written_out
from app.tickets.models import Message
from tests import factories

ALWAYS = calendars.calendar(calendars.ROUND_THE_CLOCK)
OFFICE = calendars.calendar({"tz": "UTC", "hours": {day: [["09:00", "12:00"], ["13:00", "18:00"]] for day in calendars.WEEK[:5]}})


def answer(ticket):
    """The words of the automatic first response."""
    return db.session.scalars(select(Message.body).where(Message.ticket_id == ticket.id, Message.is_automatic.is_(True))).one()


def calendar(key):
    """The id of a calendar."""
    return db.session.scalars(select(Calendar.id).where(Calendar.key == key)).one()


def own_policy(organization, now, key="round-the-clock", **minutes):
    """A policy of the organization's own with these first responses (priority → minutes)."""
    policy = Policy(key="own", name="Their own", organization_id=organization.id, calendar_id=calendar(key), changed_at=now)
    policy.targets = [PolicyTarget(priority=each, metric="first_response", target_minutes=value) for each, value in minutes.items()]
    db.session.add(policy)
    db.session.commit()


@pytest.mark.engines("sqlite", "postgresql")
def test_the_organizations_own_target_is_named(app, people, now):
    own_policy(people.acme, now, high=7)
    ticket = factories.ticket(people.owner, priority="high")
    assert "within 7 minutes" in answer(ticket) and "4 hours" not in answer(ticket)
    assert (ticket.next_due_at - now).total_seconds() == 7 * 60


def test_opening_hours_are_named_as_such(app, people, now):
    own_policy(people.acme, now, "business", high=6 * 60)
    assert "within 6 business hours" in answer(factories.ticket(people.owner, priority="high"))


def test_a_policy_of_their_own_that_promises_nothing_names_no_time(app, people, now):
    own_policy(people.acme, now, low=60)
    text = answer(factories.ticket(people.owner, priority="high"))
    assert first_answer.NO_PROMISE in text and "within" not in text


def test_the_plans_words_stay_where_its_own_policy_runs(app, people):
    assert "within 4 hours" in answer(factories.ticket(people.owner, priority="high"))
    assert "within 3 business days" in answer(factories.ticket(people.stranger))
    assert "as soon as possible" in answer(factories.ticket(people.guest))


@pytest.mark.parametrize(
    ("priority", "words"),
    [("critical", "2 business hours"), ("high", "1 business day"), ("medium", "3 business days"), ("low", "5 business days")],
)
def test_a_plan_with_opening_hours_promises_no_time_outside_of_them(app, people, priority, words):
    friday = datetime(2026, 11, 27, 19, tzinfo=UTC)
    ticket = factories.ticket(people.stranger, priority=priority, now=friday)
    assert f"within {words}" in answer(ticket)
    assert ticket.next_due_at.weekday() not in (5, 6)


def test_a_plans_policy_that_was_changed_is_named_as_it_is(app, people):
    target = select(PolicyTarget).join(Policy).where(Policy.key == people.acme.plan.key)
    high = db.session.scalars(target.where(PolicyTarget.metric == "first_response", PolicyTarget.priority == "high")).one()
    high.target_minutes = 90
    db.session.commit()
    assert "within 1 hour 30 minutes" in answer(factories.ticket(people.owner, priority="high"))


def test_a_plans_figures_on_the_organizations_own_calendar_are_spelled_out(app, people, now):
    always = calendar("round-the-clock")
    db.session.add(OrganizationCalendar(organization_id=people.stranger.organization_id, calendar_id=always, reason="", valid_from=now))
    db.session.commit()
    assert "within 24 hours" in answer(factories.ticket(people.stranger, now=datetime(2026, 11, 27, 15, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("minutes", "is_always", "words"),
    [
        (1, True, "1 minute"),
        (60, True, "1 hour"),
        (1440, True, "24 hours"),
        (4320, True, "3 days"),
        (1500, True, "25 hours"),
        (150, True, "2 hours 30 minutes"),
        (24 * 60, False, "3 business days"),
        (8 * 60, False, "1 business day"),
        (12 * 60, False, "12 business hours"),
        (60, False, "1 business hour"),
        (45, False, "45 minutes, counted in business hours"),
        (61, False, "1 hour 1 minute, counted in business hours"),
    ],
)
def test_a_length_is_written_out(minutes, is_always, words):
    assert written_out(minutes, ALWAYS if is_always else OFFICE) == words


def test_days_that_are_not_open_for_as_long_are_no_measure():
    assert (
        written_out(24 * 60, calendars.calendar({"tz": "UTC", "hours": {"mon": [["09:00", "17:00"]], "fri": [["09:00", "13:00"]]}}))
        == "24 business hours"
    )
