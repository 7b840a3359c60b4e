"""Statements where terms change under the tickets: edits of calendars, escalations that cap, promises made later, events that are gone."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from app.escalation import actions as escalation
from app.events.models import Event
from app.extensions import db
from app.sla import editing, issuing, statements
from app.sla.models import Calendar, Clock
from tests import factories
from tests.sla.histories import OCTOBER
from tests.sla.test_statements import checker, made

__all__ = ["checker"]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def told(checker, tmp_path):
    """What the script says of a statement of ours, and its clock lines."""

    def check(found):
        path = tmp_path / f"{found.ref}.json"
        path.write_bytes(issuing.content_of(found))
        said = checker.verified(str(path), found.seal, statements.key_of(issuing.secret()))
        return said, [line for line in json.loads(path.read_bytes())["lines"] if line["type"] in ("clock", "terms")]

    return check


def test_clocks_are_judged_under_the_version_that_held_and_both_are_in_the_file(people, now, told, drain):
    before = factories.ticket(people.stranger, priority="high", now=OCTOBER + DAY)
    factories.reply(before, people.agent, now=OCTOBER + DAY + 12 * HOUR)
    factories.resolve(before, people.agent, now=OCTOBER + 4 * DAY)
    clock = db.session.scalars(select(Clock).where(Clock.ticket_id == before.id)).first()
    calendar = db.session.get(Calendar, clock.calendar_id)
    longer = {"tz": "Europe/Berlin", "hours": {day: [["06:00", "22:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}}
    editing.save_calendar(calendar, calendar.name, longer, actor=people.lead, now=OCTOBER + 10 * DAY)
    db.session.commit()
    drain()
    after = factories.ticket(people.stranger, priority="high", now=OCTOBER + 11 * DAY)
    factories.reply(after, people.agent, now=OCTOBER + 11 * DAY + 3 * HOUR)
    factories.resolve(after, people.agent, now=OCTOBER + 13 * DAY)
    said, lines = told(made(people.globex, now))
    assert len([line for line in lines if line["type"] == "terms"]) == 2
    assert all(line["derived"] for line in lines if line["type"] == "clock"), said


def test_a_response_that_an_escalation_capped_says_so_and_still_follows(people, now, told):
    ticket = factories.ticket(people.owner, priority="low", now=OCTOBER + DAY)
    escalation.escalate(
        ticket, to_tier=3, trigger="by_hand", reason="Their launch is at stake.", actor=people.lead, now=OCTOBER + DAY + HOUR
    )
    db.session.commit()
    factories.reply(ticket, people.agent, now=OCTOBER + 2 * DAY)
    factories.resolve(ticket, people.agent, now=OCTOBER + 3 * DAY)
    _, lines = told(made(people.acme, now))
    first = next(line for line in lines if line.get("metric") == "first_response")
    assert (first["capped"], first["outcome"], first["derived"]) == (True, "breached", True)


def test_a_clock_whose_events_are_gone_is_counted_as_it_was_judged_and_says_so(people, now, told):
    ticket = factories.ticket(people.owner, priority="high", now=OCTOBER + DAY)
    factories.reply(ticket, people.agent, now=OCTOBER + DAY + HOUR)
    factories.resolve(ticket, people.agent, now=OCTOBER + DAY + 2 * HOUR)
    db.session.execute(delete(Event).where(Event.ticket_id == ticket.id, Event.kind.in_(("ticket.replied", "ticket.resolved"))))
    db.session.commit()
    found = made(people.acme, now)
    said, lines = told(found)
    assert [line["derived"] for line in lines if line["type"] == "clock"] == [False, False] and found.figures["judged_then"] == 2
    assert any("2 of the clocks say" in line for line in said)


def test_what_still_runs_when_a_statement_is_made_is_running_in_it(people, now, told):
    late = factories.ticket(people.owner, priority="critical", now=OCTOBER + DAY)
    waits = factories.ticket(people.owner, priority="low", now=OCTOBER + 30 * DAY)
    factories.work_on(waits, now=OCTOBER + 30 * DAY + HOUR, status="pending_customer")
    db.session.commit()
    _, lines = told(made(people.acme, OCTOBER + 31 * DAY + HOUR))
    outcome = {(line["ticket"], line["metric"]): line["outcome"] for line in lines if line["type"] == "clock"}
    assert outcome[late.ref, "first_response"] == outcome[late.ref, "resolution"] == "breached"
    assert (outcome[waits.ref, "first_response"], outcome[waits.ref, "resolution"]) == ("running", "paused")
    assert all(line["derived"] for line in lines if line["type"] == "clock")
