"""The survey from the resolution to the lead's mail, by HTTP."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.events.models import Event
from app.extensions import db
from app.mail.models import OutboundMail
from app.notifications import jobs as notices
from app.surveys import jobs
from app.surveys.links import token_of
from app.surveys.models import Survey
from app.tickets import actions, filing
from app.tickets.models import Message, TicketTag
from app.tickets.queries import timeline
from tests import factories

GOOD = {"overall_satisfaction": "5", "response_time": "4", "resolution_quality": "5", "additional_feedback": "Quick & <b>kind</b>"}
LOW = {**GOOD, "overall_satisfaction": "1"}


@pytest.fixture
def asked(app, people, drain):
    """A resolved ticket whose survey has gone out, and the address in the mail."""
    ticket = factories.ticket(people.user)
    factories.reply(ticket, people.agent)
    factories.resolve(ticket, people.agent)
    drain()
    mail = db.session.scalars(select(OutboundMail).where(OutboundMail.template == "survey_invitation")).one()
    return ticket, re.search(r"http://localhost(/survey/[\w.-]+)", mail.text)[1]


def stored():
    """The one survey."""
    db.session.expire_all()
    return db.session.scalars(select(Survey)).one()


def invitations():
    """To whom invitations went, in their order."""
    mails = select(OutboundMail.recipient).where(OutboundMail.template == "survey_invitation").order_by(OutboundMail.id)
    return db.session.scalars(mails).all()


def lines(ticket, viewer):
    """What a viewer reads on a ticket's timeline between the messages."""
    return [entry.line.text for entry in timeline(ticket, viewer).entries if entry.line]


def count(kind):
    """How many events of a kind there are."""
    return db.session.scalar(select(func.count()).where(Event.kind == kind))


def test_looking_stores_nothing_and_a_score_in_the_address_only_preselects(asked, browse):
    visitor = browse(None)
    page = visitor.get(f"{asked[1]}?overall_satisfaction=2")
    assert re.search(r'name="overall_satisfaction" value="2" required checked', page.text)
    assert page.headers["Cache-Control"] == "no-store"
    assert stored().answered_at is None and count("survey.answered") == 0


@pytest.mark.parametrize("given", ["0", "6", "x", "2' checked", ""])
def test_what_is_no_score_preselects_nothing(asked, browse, given):
    assert " checked" not in browse(None).get(asked[1], query_string={"overall_satisfaction": given}).text


def test_an_answer_is_stored_thanked_for_and_can_be_changed(asked, browse):
    visitor = browse(None)
    visitor.post(asked[1], GOOD, to=f"{asked[1]}/thanks", csrf=False)
    assert "Thank you, Marcus" in visitor.get(f"{asked[1]}/thanks").words
    assert (stored().overall_satisfaction, stored().response_time) == (5, 4)
    visitor.post(asked[1], GOOD, to=f"{asked[1]}/thanks", csrf=False)
    assert count("survey.answered") == 1
    visitor.post(asked[1], {**GOOD, "response_time": "3"}, to=f"{asked[1]}/thanks", csrf=False)
    assert stored().response_time == 3 and count("survey.answered") == 2
    assert "Quick &amp; &lt;b&gt;kind&lt;/b&gt;" in visitor.get(asked[1]).text


@pytest.mark.parametrize("wrong", [{}, {"overall_satisfaction": "6"}, {"response_time": ""}, {"additional_feedback": "x" * 5001}])
def test_a_bad_answer_is_refused_and_kept(asked, browse, wrong):
    form = {**GOOD, **wrong} if wrong else {"additional_feedback": "Only words"}
    page = browse(None).post(asked[1], form, status=422, csrf=False)
    assert form["additional_feedback"][:10].split("&")[0] in page.text
    assert stored().answered_at is None


def test_a_low_score_tells_the_leads_once_and_opens_a_follow_up(asked, browse, people, drain):
    visitor = browse(None)
    visitor.post(asked[1], LOW, to=f"{asked[1]}/thanks", csrf=False)
    visitor.post(asked[1], {**LOW, "response_time": "1"}, to=f"{asked[1]}/thanks", csrf=False)
    drain()
    alerts = db.session.scalars(select(OutboundMail.recipient).where(OutboundMail.template == "low_score_alert")).all()
    assert alerts == [people.lead.email]
    assert db.session.get(TicketTag, (asked[0].id, "follow-up")) is not None
    notes = db.session.scalars(select(Message.body).where(Message.ticket_id == asked[0].id, Message.visibility == "internal")).all()
    assert len(notes) == 1 and "1 of 5" in notes[0]


def test_a_forged_and_an_expired_link_open_nothing(asked, browse, clock, app):
    visitor = browse(None)
    visitor.get(asked[1][:-2] + "xx", status=404)
    visitor.get("/survey/" + token_of("another key", stored().nonce), status=404)
    clock.shift(timedelta(days=31))
    assert "over" in visitor.get(asked[1], status=410).words
    visitor.post(asked[1], GOOD, status=410, csrf=False)
    assert stored().answered_at is None


def test_nobody_is_asked_about_what_staff_opened(app, people, drain):
    ticket = factories.ticket(people.user, actor=people.agent)
    factories.resolve(ticket, people.agent)
    drain()
    assert invitations() == []
    assert "No survey sent: one of us opened the ticket" in lines(ticket, people.agent)


def test_whoever_was_asked_is_not_asked_again_so_soon_about_any_ticket(asked, browse, people, clock, drain):
    browse(None).post(asked[1], GOOD, to=f"{asked[1]}/thanks", csrf=False)
    clock.shift(timedelta(days=6))
    second, colleagues = (factories.resolve(factories.ticket(person), people.agent) for person in (people.user, people.colleague))
    drain()
    assert invitations() == [people.user.email, people.colleague.email]
    [told] = [line for line in lines(second, people.agent) if "urvey" in line]
    assert told == f"No survey sent: they were asked Mon 23 Nov, 10:00 UTC about {asked[0].ref}"
    assert "Survey sent" in lines(colleagues, people.agent)
    assert not any("urvey" in line for line in lines(second, people.user))


def test_the_quiet_time_begins_with_what_was_sent_and_ends(asked, people, clock, drain):
    for days, mails in ((6, 1), (1, 2), (6, 2)):
        clock.shift(timedelta(days=days))
        factories.resolve(factories.ticket(people.user), people.agent)
        drain()
        assert len(invitations()) == mails


def test_a_ticket_resolved_again_at_once_does_not_ask_again(asked, browse, people, now, drain):
    browse(None).post(asked[1], GOOD, to=f"{asked[1]}/thanks", csrf=False)
    actions.reopen(asked[0], "It is back.", actor=people.user, now=now + timedelta(hours=1))
    factories.resolve(asked[0], people.agent)
    drain()
    assert len(invitations()) == 1


def test_what_was_withheld_lowers_no_figure(asked, browse, people, clock, drain):
    browse(None).post(asked[1], GOOD, to=f"{asked[1]}/thanks", csrf=False)
    factories.resolve(factories.ticket(people.user), people.agent)
    drain()
    clock.shift(60)
    words = browse(people.agent).get("/desk/surveys?range=7d").words
    assert "1 of 1 asked in this range" in words and "100 %" in words


def test_who_has_left_the_organization_is_not_asked_and_not_counted(app, people, drain):
    ticket = factories.ticket(people.user)
    people.user.organization_id = people.stranger.organization_id
    factories.resolve(ticket, people.agent)
    drain()
    assert invitations() == []
    assert "No survey sent: the requester has left" in lines(ticket, people.agent)


def test_whoever_leaves_before_the_mail_is_written_was_not_asked(app, people, drain, now):
    ticket = factories.ticket(people.user)
    factories.resolve(ticket, people.agent)
    resolved = db.session.scalars(select(Event.id).where(Event.kind == "ticket.resolved")).one()
    jobs.invite(resolved)
    assert "Survey sent" in lines(ticket, people.agent) and stored().sent_at is not None
    people.user.organization_id = people.stranger.organization_id
    db.session.commit()
    drain()
    for event_id in db.session.scalars(select(Event.id).where(Event.kind == "survey.invited")).all():
        notices.invite_to_survey(event_id)
    told = [line for line in lines(ticket, people.agent) if "urvey" in line]
    assert (invitations(), told, stored().sent_at) == ([], ["No survey sent: the requester has left"], None)
    assert count("survey.withheld") == 1


def test_whoever_leaves_after_the_mail_was_asked(asked, people, drain):
    people.user.organization_id = people.stranger.organization_id
    db.session.commit()
    for event_id in db.session.scalars(select(Event.id).where(Event.kind == "survey.invited")).all():
        notices.invite_to_survey(event_id)
    assert "Survey sent" in lines(asked[0], people.agent) and stored().sent_at is not None


@pytest.mark.engines("sqlite", "postgresql")
def test_an_invitation_that_was_withheld_stays_so_when_the_job_comes_again(asked, people, clock, drain):
    factories.resolve(factories.ticket(people.user), people.agent)
    drain()
    clock.shift(timedelta(days=8))
    for event_id in db.session.scalars(select(Event.id).where(Event.kind == "ticket.resolved")).all():
        jobs.invite(event_id)
    assert (count("survey.invited"), count("survey.withheld"), len(invitations())) == (1, 1, 1)


@pytest.fixture
def delayed(app, monkeypatch):
    """Surveys go out an hour after the resolution."""
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], survey_delay_minutes=60))


@pytest.mark.engines("sqlite", "postgresql")
def test_a_survey_waits_until_its_delay_is_over(delayed, people, clock, now, drain):
    ticket = factories.resolve(factories.ticket(people.user), people.agent, now=now)
    for minutes, surveys in ((59, 0), (1, 1), (1, 1)):
        clock.shift(timedelta(minutes=minutes))
        jobs.ask()
        drain()
        assert len(invitations()) == surveys
    assert stored().sent_at == now + timedelta(minutes=60)
    assert lines(ticket, people.agent).count("Survey sent") == 1


def test_who_writes_that_it_is_still_broken_is_asked_when_it_is_solved_for_good(delayed, people, clock, now, drain):
    ticket = factories.resolve(factories.ticket(people.user), people.agent, now=now)
    factories.reply(ticket, people.user, "It still freezes.", now=now + timedelta(minutes=5))
    clock.shift(timedelta(minutes=70))
    drain()
    assert (jobs.ask(), count("survey.invited"), count("survey.withheld")) == (0, 0, 0)
    factories.resolve(ticket, people.agent, now=now + timedelta(minutes=70))
    clock.shift(timedelta(minutes=60))
    assert jobs.ask() == 1 and stored().round == 2


def test_a_delayed_survey_that_is_withheld_is_not_weighed_again(delayed, people, clock, now):
    factories.resolve(factories.ticket(people.user, actor=people.agent), people.agent, now=now)
    clock.shift(timedelta(minutes=60))
    assert (jobs.ask(), jobs.ask(), count("survey.withheld")) == (1, 0, 1)


def test_without_a_delay_nothing_of_the_past_is_asked_about(app, people, now):
    factories.resolve(factories.ticket(people.user), people.agent, now=now)
    assert jobs.ask() == 0 and count("survey.invited") == 0


def test_what_was_missed_for_a_day_is_not_asked_about(delayed, people, clock, now):
    factories.resolve(factories.ticket(people.user), people.agent, now=now)
    clock.shift(timedelta(hours=25))
    assert jobs.ask() == 0


@pytest.mark.parametrize(("answered", "assigned"), [(True, True), (True, False), (False, False)])
def test_a_customer_who_solved_it_is_asked_if_we_had_answered(app, people, now, drain, answered, assigned):
    ticket, agent = factories.ticket(people.user), people.agent2 if assigned else people.agent
    if answered:
        factories.reply(ticket, people.agent)
        filing.assign(ticket, people.agent2 if assigned else None, actor=people.agent, now=now)
    actions.solve(ticket, "", actor=people.user, now=now + timedelta(hours=1))
    db.session.commit()
    drain()
    asked = [row.agent_id for row in db.session.scalars(select(Survey).where(Survey.sent_at.is_not(None)))]
    assert asked == ([agent.id] if answered else [])
    assert ("No survey sent: it was solved before any of us answered" in lines(ticket, people.agent)) is not answered
    mails = db.session.scalars(select(OutboundMail.text).where(OutboundMail.template == "survey_invitation")).all()
    assert [f"{agent.name} looked after" in text for text in mails] == [True] * len(asked)


def test_the_desk_sees_the_figures_and_the_answers(asked, browse, people, clock):
    clock.shift(60)
    browse(None).post(asked[1], LOW, to=f"{asked[1]}/thanks", csrf=False)
    clock.shift(60)
    agent = browse(people.agent)
    words = agent.get("/desk/surveys?range=7d").words
    assert "1 of 1 asked in this range" in words and "100 %" in words and "1 of 5" in words
    assert asked[0].ref in agent.get("/desk/surveys?show=low").text
    assert "No low score" not in agent.get("/desk/surveys?show=low").words
    browse(people.user).get("/desk/surveys", status=403)
