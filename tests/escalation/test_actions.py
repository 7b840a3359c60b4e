"""Escalating by hand and by customers, taking it back, and what must not happen."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.escalation import actions, queries
from app.escalation.models import Escalation
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.tickets import actions as tickets
from tests import factories
from tests.escalation.shared import WHY, alerts, escalate, events

LATER = timedelta(minutes=10)


def test_escalating_sets_tier_and_team_and_records_who_and_why(people, now):
    ticket = factories.ticket(people.stranger)
    escalate(ticket, people, now + LATER)
    assert (ticket.tier, ticket.team.key, ticket.escalated_at) == (3, "enterprise", now + LATER)
    event = events("ticket.escalated", ticket)[0]
    assert (event.actor_id, event.is_public) == (people.agent.id, True)
    assert event.facts == {
        "old_tier": 2,
        "tier": 3,
        "trigger": "by_hand",
        "reason": WHY,
        "team": "Enterprise",
        "response_minutes": None,
    }


def test_escalating_alerts_the_team_by_the_path_of_the_tier(people, now):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now, trigger="production_down")
    alert = alerts()[0]
    assert (alert.severity, alert.ticket_id, alert.team_id, alert.path) == (
        "page",
        ticket.id,
        ticket.team_id,
        f"/desk/tickets/{ticket.ref}",
    )
    assert [(step["who"], step["after_minutes"]) for step in alert.ladder] == [
        ("on_call", 0),
        ("next_on_call", 10),
        ("team_leads", 10),
        ("executive", 10),
    ]


def test_a_decision_by_hand_pages_for_critical_tickets_only_unless_asked(people, now):
    calm, urgent, asked = (factories.ticket(people.user, priority=priority) for priority in ("medium", "critical", "low"))
    assert not escalate(calm, people, now).pages
    assert escalate(urgent, people, now).pages
    assert escalate(asked, people, now, page=True).pages
    assert [alert.severity for alert in alerts()] == ["critical", "page", "page"]


def test_escalating_twice_records_one_event_and_one_alert(people, now):
    ticket = factories.ticket(people.user)
    first = escalate(ticket, people, now)
    assert escalate(ticket, people, now + LATER).id == first.id
    assert len(events("ticket.escalated", ticket)) == len(alerts()) == 1
    assert (alerts()[0].count, ticket.escalated_at) == (1, now)


def test_what_pages_goes_beyond_what_did_not(people, now):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now)
    escalate(ticket, people, now + LATER, trigger="data_loss")
    assert [row.state for row in reversed(queries.history(ticket.id))] == ["raised", "open"]
    assert [alert.severity for alert in alerts()] == ["page"]


def test_the_trigger_of_vulnerabilities_has_a_team_of_its_own(people, now):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now, trigger="security_vulnerability")
    assert ticket.team.key == "security"


@pytest.mark.parametrize(
    "over", [{"to_tier": 4}, {"to_tier": 0}, {"trigger": "boredom"}, {"reason": " \n"}, {"reason": "x" * 1001}, {"to_tier": 2}]
)
def test_what_says_nothing_or_goes_down_is_refused(people, now, over):
    ticket = factories.ticket(people.user)
    with pytest.raises(Invalid):
        escalate(ticket, people, now, **over)
    assert db.session.scalar(select(func.count()).select_from(Escalation)) == 0


def test_a_ticket_that_is_done_cannot_be_escalated(people, now):
    ticket = factories.resolve(factories.ticket(people.user), people.agent)
    with pytest.raises(WrongState):
        escalate(ticket, people, now + timedelta(hours=2))


@pytest.mark.parametrize("who", ["user", "owner", "moderator", "guest"])
def test_only_staff_escalate_by_hand(people, now, who):
    with pytest.raises(NotAllowed):
        escalate(factories.ticket(people.user), people, now, actor=getattr(people, who))


def test_taking_it_back_restores_team_and_tier_and_resolves_the_alert(people, now):
    ticket = factories.ticket(people.stranger)
    before = ticket.team_id
    escalate(ticket, people, now)
    actions.deescalate(ticket, to_tier=2, reason="The proxy was theirs.", actor=people.lead, now=now + LATER)
    db.session.commit()
    assert (ticket.tier, ticket.team_id, ticket.escalated_at, ticket.escalated_minutes) == (2, before, None, None)
    assert (alerts()[0].state, queries.open_escalation(ticket.id)) == ("resolved", None)
    assert events("ticket.deescalated", ticket)[0].facts == {"old_tier": 3, "tier": 2, "reason": "The proxy was theirs."}


def test_taking_it_back_twice_records_one_event(people, now):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now)
    for _ in range(2):
        actions.deescalate(ticket, to_tier=3, reason="Solved by phone.", actor=people.agent, now=now + LATER)
        db.session.commit()
    assert len(events("ticket.deescalated", ticket)) == 1


@pytest.mark.parametrize(("to_tier", "reason"), [(0, WHY), (4, WHY), (2, "  ")])
def test_taking_it_back_needs_a_tier_and_a_reason(people, now, to_tier, reason):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now)
    with pytest.raises(Invalid):
        actions.deescalate(ticket, to_tier=to_tier, reason=reason, actor=people.agent, now=now + LATER)
    with pytest.raises(NotAllowed):
        actions.deescalate(ticket, to_tier=2, reason=WHY, actor=people.user, now=now + LATER)


def test_after_it_was_taken_back_it_can_be_escalated_again(people, now):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now)
    actions.deescalate(ticket, to_tier=3, reason="By mistake.", actor=people.agent, now=now + LATER)
    escalate(ticket, people, now + 2 * LATER)
    assert ticket.escalated_at == now + 2 * LATER
    assert [alert.state for alert in alerts()] == ["resolved", "open"]


def test_resolving_ends_the_escalation_and_its_alert(people, now, drain):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now)
    tickets.resolve(ticket, "answered", actor=people.agent, now=now + LATER)
    drain()
    assert (alerts()[0].state, ticket.escalated_at) == ("resolved", None)
    assert [row.state for row in queries.history(ticket.id)] == ["ended"]
    assert [event.facts["reason"] for event in events("ticket.deescalated", ticket)] == [""]


def test_a_customer_of_an_enterprise_plan_escalates_their_own_ticket(people, now):
    ticket = factories.ticket(people.user)
    row = actions.ask(ticket, "Our launch is today.", actor=people.owner, now=now + LATER)
    assert (row.trigger, row.pages, row.actor_id) == ("enterprise_escalation", True, people.owner.id)
    assert ticket.escalated_minutes == 60
    assert actions.ask(ticket, "Still our launch.", actor=people.user, now=now + 2 * LATER).id == row.id


def test_others_cannot_escalate_by_themselves(people, now):
    theirs, ours = factories.ticket(people.stranger), factories.ticket(people.user)
    for ticket, who in (
        (theirs, people.stranger),
        (ours, people.stranger),
        (ours, people.agent),
        (factories.ticket(people.guest), people.guest),
    ):
        with pytest.raises(NotAllowed):
            actions.ask(ticket, WHY, actor=who, now=now)
    queries.trigger_for("enterprise_escalation").is_enabled = False
    with pytest.raises(NotAllowed):
        actions.ask(ours, WHY, actor=people.user, now=now)
