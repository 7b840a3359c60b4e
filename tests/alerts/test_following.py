"""What becomes an alert by itself: levels of SLA clocks and low scores; and what ends it."""

import pytest
from sqlalchemy import select

from app.alerts.actions import Audience
from app.alerts.models import Alert
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.mail import jobs as mail_jobs
from app.mail.models import OutboundMail
from app.notifications import alert_jobs
from app.sla.level_models import Level
from app.sla.models import Clock
from app.surveys import actions as surveys
from app.surveys.models import Survey
from app.tickets import actions as tickets
from app.tickets import filing
from tests import factories
from tests.alerts.shared import on_call, raised, route, told

EVERYBODY = ["assignee", "route", "on_call", "next_on_call"]


def reached(ticket, now, key="at_risk", notify=("route",), severity="warning"):
    """The level of the first clock of a ticket is reached."""
    clock = db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id).order_by(Clock.id)).first()
    level = db.session.scalars(select(Level).where(Level.key == key)).one()
    does = {"notify": list(notify), "severity": severity, "raise_priority": False, "reassign": None, "escalate": False}
    facts = {"clock_id": clock.id, "level_id": level.id, "level": level.name, "metric": clock.metric, "due_at": None, "ref": ticket.ref}
    event = record(
        "sla.level_reached",
        now=now,
        ticket=ticket,
        facts={**facts, "assignee_id": ticket.assignee_id, "severity": severity, "actions": does},
    )
    db.session.commit()
    return event


def alerts():
    """All alerts."""
    return db.session.scalars(select(Alert).order_by(Alert.id).execution_options(populate_existing=True)).all()


def test_a_level_tells_the_teams_route(app, people, now, drain):
    on_call(people.agent2, "support")
    ticket = factories.ticket(people.user, team="support")
    event = reached(ticket, now)
    drain()
    [alert] = alerts()
    assert (alert.severity, alert.team_id, alert.ticket_id, alert.path) == (
        "warning",
        ticket.team_id,
        ticket.id,
        f"/desk/tickets/{ticket.ref}",
    )
    assert told(alert) == [("on_call", "Samuel Osei", "mailed")]
    alert_jobs.alert_of_level(event.id)
    drain()
    assert len(alerts()) == 1 and alerts()[0].count == 1 and len(told(alert)) == 1, "the same event again changes nothing"


def test_each_level_of_a_clock_is_news_on_one_alert_until_somebody_cares(app, people, now, drain):
    ticket = factories.ticket(people.user, team="support")
    reached(ticket, now, "warning")
    drain()
    reached(ticket, now, "at_risk")
    drain()
    filing.assign(ticket, people.agent2, actor=people.lead, now=now)
    db.session.commit()
    drain()
    [alert] = alerts()
    assert (alert.state, alert.acknowledged_by_id, alert.count) == ("acknowledged", people.lead.id, 2)
    reached(ticket, now, "at_risk")
    drain()
    before = len(told(alert))
    reached(ticket, now, "breached", severity="critical")
    drain()
    assert alerts()[0].state == "open" and len(told(alert)) > before


@pytest.mark.parametrize(
    ("taken", "names", "why"),
    [
        (True, {"Samuel Osei"}, "you are the assignee of its ticket"),
        (False, {"Helena Lindqvist"}, "nobody has taken its ticket, and you are on"),
    ],
)
def test_a_level_may_tell_people_alone_and_why_it_is_them(app, people, now, drain, taken, names, why):
    ticket = factories.ticket(people.user, team="support", assignee=people.agent2 if taken else None)
    reached(ticket, now, notify=["assignee", "next_on_call"])
    drain()
    assert {name for _, name, _ in told(alerts()[0])} == names
    assert why in " ".join(db.session.scalars(select(OutboundMail.text).where(OutboundMail.template == "alert")).one().split())


def test_a_level_that_tells_nobody_raises_nothing(app, people, now, drain):
    reached(factories.ticket(people.user), now, notify=[])
    drain()
    assert alerts() == []


def test_who_is_mailed_about_a_deadline_is_not_mailed_by_the_alert_too(app, people, now, drain):
    route(("leads", ""), ("email", people.agent2.email))
    ticket = factories.ticket(people.user, team="support")
    clock = db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id)).first()
    facts = {"clock_id": clock.id, "metric": clock.metric, "due_at": now.isoformat(), "ref": ticket.ref, "assignee_id": None}
    record("sla.breached", now=now, ticket=ticket, facts=facts)
    reached(ticket, now, "breached", severity="critical")
    drain()
    assert told(alerts()[0]) == [("leads", "Helena Lindqvist", "dropped"), ("email", "Samuel Osei", "mailed")]
    mails = db.session.execute(
        select(OutboundMail.template, OutboundMail.recipient).where(OutboundMail.template.in_(["alert", "sla_breached"]))
    )
    assert sorted(map(tuple, mails)) == [("alert", "samuel@hivetechs.example"), ("sla_breached", "lead@hivetechs.example")]


@pytest.mark.parametrize("how", ["reply", "resolve"])
def test_an_alert_ends_with_its_clock(app, people, now, drain, how):
    ticket = factories.ticket(people.user, team="support")
    reached(ticket, now)
    drain()
    if how == "reply":
        factories.reply(ticket, people.agent)
    else:
        factories.resolve(ticket, people.agent)
    drain()
    [alert] = alerts()
    assert (alert.state, alert.resolved_by_id) == ("resolved", None)


def test_a_question_of_ours_stops_the_first_response_and_its_alert(app, people, now, drain):
    ticket = factories.ticket(people.user, team="support")
    reached(ticket, now)
    tickets.note(ticket, "Looking at it.", actor=people.agent, now=now)
    db.session.commit()
    drain()
    assert alerts()[0].state == "open", "a note is no answer"


def test_a_low_score_is_an_alert_of_the_team(app, people, now, drain):
    on_call(people.agent2, "support")
    ticket = factories.resolve(factories.ticket(people.user, team="support"), people.agent)
    drain()
    survey = db.session.scalars(select(Survey)).one()
    surveys.answer(survey, surveys.Answer(1, 2, 2), ticket=ticket, person=people.user, now=now)
    db.session.commit()
    drain()
    alert_jobs.alert_of_score(db.session.scalars(select(Event.id).where(Event.kind == "survey.answered")).one())
    drain()
    [alert] = alerts()
    assert alert.title == f"{ticket.ref}: Marcus Webb gave a low score" and alert.count == 1
    assert told(alert) == [("on_call", "Samuel Osei", "mailed")]


def test_a_fair_score_is_none(app, people, now, drain):
    ticket = factories.resolve(factories.ticket(people.user), people.agent)
    event = record(
        "survey.answered", now=now, actor=people.user, ticket=ticket, facts={"survey_id": 1, "overall_satisfaction": 4, "low": False}
    )
    alert_jobs.alert_of_score(event.id)
    assert alerts() == []


def test_the_mails_about_deadlines_wait_for_their_readers_hours(app, people, now, clock, smtp, settings, drain):
    settings(smtp_url=smtp.url)
    ticket = factories.ticket(people.user, team="support", assignee=people.agent)
    drain()
    smtp.received.clear()
    clock_row = db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id)).first()
    facts = {"clock_id": clock_row.id, "metric": "resolution", "due_at": now.isoformat(), "ref": ticket.ref, "assignee_id": people.agent.id}
    record("sla.breached", now=now, ticket=ticket, facts=facts)
    db.session.commit()
    drain()
    assert [to for to, _ in smtp.received] == ["lead@hivetechs.example"], "it is evening in Tokyo"
    clock.move_to(now.replace(day=24, hour=0, minute=1))
    mail_jobs.sweep_mail()
    drain()
    assert [to for to, _ in smtp.received] == ["lead@hivetechs.example", "agent@hivetechs.example"]


def test_a_page_is_mailed_to_whoever_has_another_mail_too(app, people, now, drain):
    alert = raised(now, "page", audience=Audience(told=(people.lead.email,)), ladder=[{"who": "executive", "after_minutes": 30}])
    drain()
    assert ("leads", "Helena Lindqvist", "mailed") in told(alert)
