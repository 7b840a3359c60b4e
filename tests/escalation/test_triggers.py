"""What escalates by itself: triggers of triage, critical tickets that nobody resolves, levels of clocks."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.escalation import actions, jobs, queries
from app.escalation.models import Escalation, EscalationWatch
from app.events.actions import record
from app.extensions import db
from app.tickets import actions as tickets
from app.tickets import filing
from tests import factories
from tests.escalation.shared import WHY, alerts, escalate, events

# What somebody writes: (subject, text) and the trigger that it pulls.
SAID = {
    "production_down": ("Production is down", "Production is down since 09:40, nothing works for all our users."),
    "security_vulnerability": ("Vulnerability found", "We found a vulnerability: an attacker can read our API keys from the cache."),
    "data_loss": ("Repository gone", "Hive has deleted our data, the whole repository is lost."),
    "enterprise_escalation": ("Please escalate", "Please escalate this ticket to your management immediately."),
}


def reread(ticket):
    """The ticket as the database has it."""
    db.session.rollback()
    db.session.expire_all()
    return queries.ticket_by_id(ticket.id)


def opened(who, trigger, drain, **over):
    """A ticket whose words pull a trigger, with all that follows from it done."""
    subject, body = SAID[trigger]
    ticket = factories.ticket(who, subject=subject, body=body, **over)
    drain()
    return reread(ticket)


@pytest.mark.parametrize("trigger", SAID)
def test_each_trigger_of_the_words_escalates_an_enterprise_ticket(people, now, drain, trigger):
    ticket = opened(people.user, trigger, drain)
    event = events("ticket.escalated", ticket)[0]
    assert (event.facts["trigger"], event.actor_id, ticket.escalated_at, ticket.escalated_minutes) == (trigger, None, now, 60)
    assert [alert.severity for alert in alerts() if alert.source == "escalation"] == ["page"]


@pytest.mark.parametrize("trigger", ["production_down", "data_loss"])
def test_a_trigger_beyond_the_plan_waits_for_a_person(people, drain, trigger):
    ticket = opened(people.stranger, trigger, drain)
    assert (ticket.escalation_proposed, ticket.escalated_at, events("ticket.escalated", ticket)) == (trigger, None, [])
    assert [alert for alert in alerts() if alert.source == "escalation"] == []
    assert len(events("ticket.escalation_proposed", ticket)) == 1


def test_confirming_what_waits_escalates_it_as_that_person(people, now, drain):
    ticket = opened(people.stranger, "production_down", drain)
    for _ in range(2):
        actions.decide(ticket, True, actor=people.agent, now=now)
    db.session.commit()
    event = events("ticket.escalated", ticket)[0]
    assert (event.facts["trigger"], event.actor_id, ticket.escalation_proposed, ticket.tier) == (
        "production_down",
        people.agent.id,
        None,
        3,
    )
    assert len(events("ticket.escalated", ticket)) == 1


def test_declining_what_waits_brings_the_tier_back_and_it_does_not_come_again(people, now, drain):
    ticket = opened(people.stranger, "production_down", drain)
    for _ in range(2):
        actions.decide(ticket, False, actor=people.agent, now=now)
    db.session.commit()
    assert (ticket.tier, ticket.escalation_proposed, len(events("ticket.escalation_declined", ticket))) == (2, None, 1)
    jobs.follow_triage(events("ticket.triaged", ticket)[0].id)
    assert reread(ticket).escalation_proposed is None


@pytest.mark.parametrize(("accept", "kind"), [(True, "ticket.escalated"), (False, "ticket.escalation_declined")])
def test_who_decides_on_the_priority_has_decided_on_the_trigger(people, now, drain, accept, kind):
    ticket = opened(people.guest, "production_down", drain)
    assert ticket.needs_confirmation
    assert ticket.escalation_proposed == "production_down"
    filing.confirm_priority(ticket, accept, actor=people.agent, now=now)
    drain()
    assert len(events(kind, ticket)) == 1
    assert reread(ticket).escalation_proposed is None


def test_a_trigger_that_acts_on_every_plan_waits_for_nobody(people, drain):
    queries.trigger_for("data_loss").any_plan = True
    ticket = opened(people.stranger, "data_loss", drain)
    assert len(events("ticket.escalated", ticket)) == 1


def test_a_trigger_that_is_switched_off_does_nothing(people, drain):
    for row in queries.triggers():
        row.is_enabled = False
    ticket = opened(people.user, "production_down", drain)
    assert (ticket.escalated_at, ticket.escalation_proposed) == (None, None)


def test_the_same_trigger_again_is_harmless_even_after_it_was_taken_back(people, now, drain):
    ticket = opened(people.user, "production_down", drain)
    triaged = events("ticket.triaged", ticket)[0].id
    jobs.follow_triage(triaged)
    actions.deescalate(ticket, to_tier=3, reason="A test system.", actor=people.agent, now=now)
    db.session.commit()
    jobs.follow_triage(triaged)
    assert (len(events("ticket.escalated", ticket)), reread(ticket).escalated_at) == (1, None)


def test_a_calm_ticket_escalates_nothing(people, drain):
    ticket = factories.ticket(people.user)
    drain()
    assert db.session.scalars(select(Escalation)).all() == []
    assert db.session.get(EscalationWatch, ticket.id) is None


def test_what_is_critical_for_a_day_escalates_once(people, now, clock, drain):
    ticket = factories.ticket(people.user, priority="critical")
    drain()
    assert db.session.get(EscalationWatch, ticket.id).due_at == now + timedelta(hours=24)
    clock.shift(timedelta(hours=23, minutes=59))
    assert jobs.sweep() == 0
    clock.shift(timedelta(minutes=1))
    assert (jobs.sweep(), jobs.sweep()) == (1, 0)
    event = events("ticket.escalated", ticket)[0]
    assert (event.facts["trigger"], event.facts["old_tier"], event.facts["tier"]) == ("critical_unresolved_24h", 3, 3)
    assert "more than 24 hours" in event.facts["reason"]


@pytest.mark.parametrize("way", ["resolved", "lowered"])
def test_what_is_resolved_or_lowered_in_time_does_not(people, now, clock, drain, way):
    ticket = factories.ticket(people.user, priority="critical")
    drain()
    if way == "resolved":
        factories.resolve(ticket, people.agent)
    else:
        filing.set_priority(ticket, "high", actor=people.agent, now=now)
    drain()
    assert db.session.get(EscalationWatch, ticket.id) is None
    clock.shift(timedelta(hours=25))
    assert jobs.sweep() == 0


def test_a_lost_reaction_does_not_escalate_what_is_done(people, now, clock, drain):
    ticket = factories.ticket(people.user, priority="critical")
    drain()
    factories.resolve(ticket, people.agent)
    clock.shift(timedelta(hours=25))
    assert jobs.sweep() == 0
    assert events("ticket.escalated", ticket) == []


def test_the_day_counts_from_when_it_became_critical_and_anew_after_reopening(people, now, clock, drain):
    ticket = factories.ticket(people.user)
    drain()
    clock.shift(timedelta(hours=30))
    filing.set_priority(ticket, "emergency", actor=people.agent, now=now + timedelta(hours=30))
    drain()
    assert db.session.get(EscalationWatch, ticket.id).due_at == now + timedelta(hours=54)
    factories.resolve(ticket, people.agent, now=now + timedelta(hours=31))
    drain()
    clock.shift(timedelta(hours=10))
    tickets.reopen(reread(ticket), "Again.", actor=people.user, now=now + timedelta(hours=40))
    drain()
    assert db.session.get(EscalationWatch, ticket.id).due_at == now + timedelta(hours=64)


def test_the_sweep_reads_what_is_due_and_nothing_else(people, now, clock, drain, statements):
    for _ in range(12):
        factories.ticket(people.user, priority="critical")
    drain()
    with statements() as seen:
        jobs.sweep()
    assert len(seen) == 1
    plan = db.session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + seen[0], ("2026-11-23 10:00:00", 100, 0)).all()
    assert "ix_escalation_watches_due_at" in str(plan)


@pytest.mark.engines("sqlite", "postgresql")
def test_two_sweepers_at_once_escalate_once(people, now, clock, drain, engine):
    ticket = factories.ticket(people.user, priority="critical")
    drain()
    clock.shift(timedelta(hours=25))
    assert jobs.sweep_one(ticket.id, now + timedelta(hours=25)) == 1
    db.session.commit()
    assert jobs.sweep_one(ticket.id, now + timedelta(hours=25)) == 0
    assert len(events("ticket.escalated", ticket)) == 1


@pytest.mark.parametrize("wanted", [["notify", "escalate"], {"escalate": True}])
def test_a_level_that_says_so_escalates_one_tier_once(people, now, wanted):
    ticket = factories.ticket(people.stranger)
    event = reached(ticket, wanted, now)
    for _ in range(2):
        jobs.follow_level(event.id)
    assert [one.facts["trigger"] for one in events("ticket.escalated", ticket)] == ["sla_level"]
    assert reread(ticket).tier == 3


@pytest.mark.parametrize("wanted", [[], ["notify"], {"notify": ["assignee"], "escalate": False}, {}])
def test_a_level_that_does_not_say_so_escalates_nothing(people, now, wanted):
    ticket = factories.ticket(people.stranger)
    jobs.follow_level(reached(ticket, wanted, now).id)
    assert events("ticket.escalated", ticket) == []


def reached(ticket, wanted, now):
    """The event of a level, as the sweep of clocks records it."""
    facts = {
        "clock_id": 1,
        "level_id": 2,
        "level": "Half",
        "metric": "first_response",
        "due_at": now.isoformat(),
        "ref": ticket.ref,
        "assignee_id": None,
        "severity": "warning",
        "actions": wanted,
    }
    event = record("sla.level_reached", now=now, ticket=ticket, facts=facts)
    db.session.commit()
    return event


def test_taking_the_ticket_acknowledges_its_alert(people, now, drain):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now, trigger="production_down", reason=WHY)
    filing.assign(ticket, people.agent2, actor=people.agent2, now=now)
    drain()
    alert = alerts()[0]
    assert (alert.state, alert.acknowledged_by_id, alert.climb_at) == ("acknowledged", people.agent2.id, None)


def test_taking_the_ticket_from_somebody_acknowledges_nothing(people, now, drain):
    ticket = factories.ticket(people.user, assignee=people.agent)
    drain()
    ticket = reread(ticket)
    escalate(ticket, people, now, trigger="production_down")
    filing.assign(ticket, None, actor=people.lead, now=now)
    drain()
    assert alerts()[0].state == "open"
