"""A thank-you after the ticket was resolved: it reopens, and one click takes that back without a trace in figures or mailboxes."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import NotAllowed, WrongState
from app.mail.models import OutboundMail
from app.sla import reports
from app.sla.models import Clock
from app.surveys.models import Survey
from app.tickets import actions, thanking
from app.tickets.courtesy import DISMISSED_WITHIN
from tests import factories

HOUR = timedelta(hours=1)
THANKS = "Perfect, thank you Aiko!"


@pytest.fixture
def thanked(app, people, now):
    """A ticket that was answered and resolved, and then thanked for."""
    ticket = factories.ticket(people.user, priority="high", assignee=people.agent)
    factories.reply(ticket, people.agent)
    factories.resolve(ticket, people.agent, now=now + HOUR)
    factories.reply(ticket, people.user, THANKS, now=now + 2 * HOUR)
    return ticket


def kinds(ticket):
    return list(db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))


def clocks(ticket):
    query = select(Clock).where(Clock.ticket_id == ticket.id).order_by(Clock.metric, Clock.sequence)
    return {(clock.metric, clock.sequence): clock.state for clock in db.session.scalars(query)}


def test_a_thank_you_reopens_and_says_so(thanked, now):
    assert (thanked.status, thanked.thanked_at, thanking.can_dismiss(thanked, now + 3 * HOUR)) == ("open", now + 2 * HOUR, True)
    assert clocks(thanked) == {
        ("first_response", 1): "stopped",
        ("next_response", 1): "running",
        ("resolution", 1): "stopped",
        ("resolution", 2): "running",
    }


def test_dismissing_resolves_it_back_and_is_logged(thanked, people, now):
    thanking.dismiss_thanks(thanked, actor=people.agent, now=now + 3 * HOUR)
    assert (thanked.status, thanked.is_open, thanked.resolved_at, thanked.round) == ("resolved", False, now + HOUR, 1)
    assert clocks(thanked)[("next_response", 1)] == clocks(thanked)[("resolution", 2)] == "cancelled"
    assert (thanked.next_due_at, thanked.next_metric, thanked.thanked_at) == (None, None, None)
    event = db.session.scalars(select(Event).where(Event.kind == "ticket.thanks_dismissed")).one()
    assert (event.actor_id, event.facts) == (people.agent.id, {"status": "resolved", "thanked_at": (now + 2 * HOUR).isoformat()})
    before = kinds(thanked)
    thanking.dismiss_thanks(thanked, actor=people.agent, now=now + 4 * HOUR)
    assert kinds(thanked) == before, "again changes nothing"


def test_dismissing_mails_nobody_and_begins_no_survey(thanked, people, now, drain):
    drain()
    mails, surveys = (db.session.query(model).count() for model in (OutboundMail, Survey))
    thanking.dismiss_thanks(thanked, actor=people.agent, now=now + 3 * HOUR)
    drain()
    assert [db.session.query(model).count() for model in (OutboundMail, Survey)] == [mails, surveys]


def test_the_report_knows_nothing_of_what_was_dismissed(thanked, people, now):
    scope = reports.Scope(now - HOUR, now + 100 * HOUR, is_demo=False)
    thanking.dismiss_thanks(thanked, actor=people.agent, now=now + 3 * HOUR)
    db.session.commit()
    found = {(line.metric, line.total, line.met) for line in reports.report(scope, now=now + 90 * HOUR).overall}
    assert found == {("first_response", 1, 1), ("resolution", 1, 1)}


def test_a_dismissed_one_is_reopened_like_any_other(thanked, people, now):
    thanking.dismiss_thanks(thanked, actor=people.agent, now=now + 3 * HOUR)
    actions.reopen(thanked, "It was a question after all.", actor=people.agent, now=now + 4 * HOUR)
    db.session.commit()
    assert (thanked.status, thanked.thanked_at) == ("open", None)
    assert clocks(thanked)[("resolution", 3)] == clocks(thanked)[("next_response", 2)] == "running"
    assert thanked.next_due_at == now + 8 * HOUR


@pytest.mark.parametrize("text", ["Thanks, but it fails again.", "Thank you. How do I update?"])
def test_a_question_is_no_thank_you(people, now, text):
    ticket = factories.resolve(factories.ticket(people.user), people.agent)
    factories.reply(ticket, people.user, text, now=now + 2 * HOUR)
    assert ticket.status == "open" and ticket.thanked_at is None
    with pytest.raises(WrongState):
        thanking.dismiss_thanks(ticket, actor=people.agent, now=now + 2 * HOUR)


def test_thanks_on_an_open_ticket_are_just_a_message(people, now):
    ticket = factories.ticket(people.user)
    factories.reply(ticket, people.user, THANKS, now=now + HOUR)
    assert ticket.thanked_at is None


def test_whatever_happens_after_it_takes_the_offer_away(thanked, people, now):
    factories.reply(thanked, people.user, "Thanks again!", now=now + 3 * HOUR)
    assert thanked.thanked_at == now + 2 * HOUR, "a second thank-you changes nothing"
    factories.reply(thanked, people.user, "One more thing: it is slow.", now=now + 3 * HOUR)
    assert thanked.thanked_at is None


def test_staff_who_answer_it_have_it_open(thanked, people, now):
    factories.reply(thanked, people.agent, "You are welcome.", now=now + 3 * HOUR)
    assert not thanking.can_dismiss(thanked, now + 3 * HOUR)


def test_after_some_days_it_is_too_late(thanked, people, now):
    late = now + 2 * HOUR + DISMISSED_WITHIN
    assert thanking.can_dismiss(thanked, late) and not thanking.can_dismiss(thanked, late + timedelta(seconds=1))
    with pytest.raises(WrongState):
        thanking.dismiss_thanks(thanked, actor=people.agent, now=late + HOUR)


def test_customers_dismiss_nothing(thanked, people, now):
    with pytest.raises(NotAllowed):
        thanking.dismiss_thanks(thanked, actor=people.user, now=now + 3 * HOUR)


def test_the_desk_offers_one_click_and_the_customer_reads_what_became_of_it(thanked, people, browse, clock, now):
    clock.move_to(now + 3 * HOUR)
    agent, address = browse(people.agent), f"/desk/tickets/{thanked.ref}"
    assert "Dismiss: only a thank-you" in agent.get(address).words
    answer = agent.post(f"{address}/thanks-dismissal", htmx=True)
    assert "Nobody is mailed" in answer.words and "Dismiss: only" not in answer.words
    assert "Dismiss: only" not in agent.get(address).words
    assert "Stays resolved: the last message was a thank-you" in browse(people.user).get(f"/tickets/{thanked.ref}").words
    agent.post(f"{address}/thanks-dismissal", to=address)
    db.session.expire_all()
    assert kinds(thanked).count("ticket.thanks_dismissed") == 1


def test_without_script_the_click_leads_back_to_the_ticket_and_a_lost_offer_is_told(thanked, people, browse, clock, now):
    clock.move_to(now + 3 * HOUR)
    address = f"/desk/tickets/{thanked.ref}"
    factories.reply(thanked, people.agent, "You are welcome.", now=now + 3 * HOUR)
    page = browse(people.agent).post(f"{address}/thanks-dismissal", status=409)
    assert "Answer it, or resolve it" in page.words
