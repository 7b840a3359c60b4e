"""The report that leads have mailed each Monday: once, of the week before, as they narrowed it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.extensions import db
from app.mail.models import OutboundMail
from app.sla import report_jobs, subscribing
from app.sla.papers import ReportSubscription
from tests import factories
from tests.accounts.helpers import events

DAY = timedelta(days=1)


@pytest.fixture
def subscribed(people, browse):
    """The lead (Stockholm) has asked for Acme's report on Monday 23 November."""
    lead = browse(people.lead)
    lead.post(f"/desk/sla/subscription?organization={people.acme.id}&zone=Europe/Stockholm", to="/desk/sla")
    return lead


def sent():
    return list(db.session.scalars(select(OutboundMail).where(OutboundMail.template == "sla_report_weekly").order_by(OutboundMail.id)))


def test_the_week_before_is_mailed_on_monday_morning_and_once(people, subscribed, clock, drain, now):
    factories.reply(factories.ticket(people.owner, priority="high", now=now + DAY), people.agent, now=now + DAY + timedelta(hours=1))
    factories.ticket(people.stranger, now=now + DAY)
    assert report_jobs.mail_reports() == 0
    # Sunday night, and Monday before seven in Stockholm.
    for moment in (datetime(2026, 11, 29, 23, 30, tzinfo=UTC), datetime(2026, 11, 30, 5, 59, tzinfo=UTC)):
        clock.move_to(moment)
        assert report_jobs.mail_reports() == 0
    clock.move_to(datetime(2026, 11, 30, 6, 0, tzinfo=UTC))
    assert (report_jobs.mail_reports(), report_jobs.mail_reports()) == (1, 0)
    drain()
    drain()
    (mail,) = sent()
    assert (mail.recipient, mail.subject) == ("lead@hivetechs.example", "SLA report 2026-11-23 to 2026-11-29: 50.0 % kept")
    assert "days of Europe/Stockholm, Acme Robotics" in mail.text and "First response, high: 1 begun, 1 met" in mail.text
    assert f"organization={people.acme.id}" in mail.text
    clock.move_to(datetime(2026, 12, 7, 6, 0, tzinfo=UTC))
    assert report_jobs.mail_reports() == 1


def test_a_monday_that_nobody_ran_is_made_up_for(subscribed, clock):
    clock.move_to(datetime(2026, 12, 2, 3, 0, tzinfo=UTC))
    assert report_jobs.mail_reports() == 1
    clock.move_to(datetime(2026, 12, 3, 3, 0, tzinfo=UTC))
    assert report_jobs.mail_reports() == 0


def test_who_lost_the_role_or_stopped_it_gets_none(people, subscribed, clock, drain):
    subscribed.post("/desk/sla/unsubscription", to="/desk/sla")
    subscribed.post("/desk/sla/unsubscription", to="/desk/sla")
    assert [len(events(kind)) for kind in ("sla.subscribed", "sla.unsubscribed")] == [1, 1]
    subscribed.post("/desk/sla/subscription", to="/desk/sla")
    people.lead.role = "agent"
    clock.move_to(datetime(2026, 11, 30, 9, 0, tzinfo=UTC))
    assert report_jobs.mail_reports() == 0
    drain()
    assert sent() == []


def test_subscribing_again_changes_what_it_is_narrowed_to(people, subscribed):
    assert "Save with these filters" in subscribed.get("/desk/sla").words
    subscribed.post("/desk/sla/subscription?priority=urgent&zone=UTC", to="/desk/sla")
    found = subscribing.of(people.lead.id)
    assert (found.priority, found.organization_id, found.zone) == ("urgent", None, "UTC")
    assert len(events("sla.subscribed")) == 1


def test_agents_have_no_button_and_no_right_to_it(people, browse):
    agent = browse(people.agent)
    assert "each Monday" not in agent.get("/desk/sla").words
    agent.post("/desk/sla/subscription", status=403)


def test_a_claim_that_another_worker_took_is_not_mailed(subscribed, clock):
    clock.move_to(datetime(2026, 11, 30, 9, 0, tzinfo=UTC))
    row = db.session.execute(subscribing.waiting(datetime(2026, 11, 30, 9, 0, tzinfo=UTC))).one()
    assert row.zone == "Europe/Stockholm"
    db.session.execute(update(ReportSubscription).values(sent_on=datetime(2026, 11, 30, tzinfo=UTC).date()))
    db.session.commit()
    assert report_jobs.mail_reports() == 0
