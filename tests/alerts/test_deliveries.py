"""What a raised alert sends, in what order it fails over, and when it waits."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.alerts import actions, jobs
from app.alerts.models import AlertChannel, AlertContact, AlertDelivery
from app.events.models import Event
from app.extensions import db
from app.lib import http
from app.mail.models import OutboundMail
from tests.alerts.shared import deliveries, kinds, on_call, raised, route, team, told

BOTH = pytest.mark.engines("sqlite", "postgresql")
MINUTE = timedelta(minutes=1)


def mails():
    """(address, subject) of all alert mails."""
    return [(m.recipient, m.subject) for m in db.session.scalars(select(OutboundMail).where(OutboundMail.template == "alert"))]


@BOTH
def test_every_channel_of_the_route_is_told_once(app, people, now, wire, settings, drain):
    on_call(people.lead, "support")
    db.session.add(AlertContact(user_id=people.lead.id, slack_id="U0LEAD"))
    route(("slack", "#ops"), ("discord", "123456789012345678"), ("webhook", f"{wire.url}/hook"), ("email", "ops@partner.example"))
    alert = raised(now, team_id=team("support"))
    drain()
    raised(now + MINUTE)
    drain()
    assert [state for _, _, state in told(alert)] == ["sent", "sent", "sent", "mailed"]
    assert len(wire.received) == 3 and mails() == [("ops@partner.example", "Warning: Many tickets")]
    assert "<@U0LEAD>" in wire.to("/slack/chat.postMessage")[0].json["text"]
    assert deliveries(alert)[2].shown == "127.0.0.1", "the path of a webhook is a secret"


@BOTH
def test_a_step_that_is_notified_twice_sends_once(app, people, now, wire, settings, drain):
    route(("slack", "#ops"))
    alert = raised(now)
    drain()
    event = db.session.scalars(select(Event).where(Event.kind == "alert.raised")).one()
    jobs.notify(event.id)
    jobs.deliver(deliveries(alert)[0].id)
    drain()
    assert len(wire.received) == 1 and db.session.scalar(select(func.count()).select_from(AlertDelivery)) == 1


def test_without_a_route_of_its_own_the_default_tells_the_leads(app, people, now, drain):
    alert = raised(now)
    drain()
    assert told(alert) == [("on_call", "nobody", "failed"), ("leads", "Helena Lindqvist", "mailed")]
    assert mails() == [("lead@hivetechs.example", "Warning: Many tickets")]


@pytest.mark.parametrize(("answer", "tries"), [((400, {}, b""), 1), ((404, {}, b""), 1), ((500, {}, b""), 4)])
def test_a_channel_that_fails_for_good_is_replaced_by_the_next(app, people, now, clock, wire, settings, drain, answer, tries):
    wire.answers["/hook"] = answer
    made = route(("webhook", f"{wire.url}/hook"), ("slack", "#ops", "instead"), ("discord", "123456789012345678", "instead"))
    alert = raised(now, "critical")
    drain()
    for _ in range(tries - 1):
        clock.shift(6 * 60)
        jobs.sweep_deliveries()
        drain()
    assert told(alert) == [("webhook", "127.0.0.1", "failed"), ("slack", "#ops", "sent")]
    first, second = deliveries(alert)
    assert (first.attempts, second.instead_of_id, second.channel_id) == (tries, first.id, made.channels[1].id)
    assert len(wire.to("/hook")) == tries and len({one.headers["webhook-id"] for one in wire.to("/hook")}) == 1
    assert kinds(alert) == ["alert.raised", "alert.delivery_failed"]


def test_who_has_left_is_mailed_no_alert_and_the_next_channel_has_its_turn(app, people, now, drain, browse):
    made = route(("email", people.agent2.email), ("email", "ops@partner.example", "instead"))
    lead, left = browse(people.lead), f"{people.agent2.name} no longer works at the desk"
    pages = ("/admin/alert-routes", f"/admin/alert-routes/{made.id}")
    assert not any(left in lead.get(page).words for page in pages)
    people.agent2.is_enabled = False
    alert = raised(now)
    drain()
    assert told(alert) == [("email", people.agent2.name, "failed"), ("email", "ops@partner.example", "mailed")]
    assert mails() == [("ops@partner.example", "Warning: Many tickets")]
    assert all(left in lead.get(page).words for page in pages)


def test_who_leaves_before_their_hours_begin_is_not_mailed_what_waited(app, people, now, clock, drain):
    route(("email", people.agent2.email), mode="hourly")
    alert = raised(now)
    drain()
    assert told(alert) == [("email", people.agent2.name, "deferred")]
    people.agent2.role = "moderator"
    db.session.commit()
    clock.shift(2 * 3600)
    jobs.sweep_deliveries()
    drain()
    assert told(alert)[0] == ("email", people.agent2.name, "failed") and people.agent2.email not in dict(mails())


def test_when_every_channel_fails_the_leads_are_mailed(app, people, now, wire, settings, drain, browse):
    settings(slack_token="", discord_token="")
    route(("slack", "#ops"), ("discord", "123456789012345678", "instead"))
    alert = raised(now)
    drain()
    assert told(alert) == [
        ("slack", "#ops", "failed"),
        ("discord", "123456789012345678", "failed"),
        ("leads", "Helena Lindqvist", "mailed"),
    ]
    failed = db.session.scalars(select(Event).where(Event.kind == "alert.delivery_failed").order_by(Event.id)).all()
    assert [event.facts["instead"] for event in failed] == ["discord", "leads"]
    log = browse(people.lead).get(f"/desk/alerts/{alert.id}").words
    assert "Instead: Team leads. Mon" in log and ".." not in log


def test_what_arrived_by_another_channel_needs_no_lead(app, people, now, wire, settings, drain):
    settings(slack_token="")
    route(("slack", "#ops"), ("discord", "123456789012345678"))
    alert = raised(now)
    drain()
    assert told(alert) == [("slack", "#ops", "failed"), ("discord", "123456789012345678", "sent")]


def test_a_busy_channel_is_tried_again_when_it_asked_us_to(app, people, now, clock, wire, settings, drain):
    wire.answers["/slack/chat.postMessage"] = (429, {"Retry-After": "600"}, b"")
    route(("slack", "#ops"))
    alert = raised(now, "critical")
    drain()
    [row] = deliveries(alert)
    assert (row.state, row.next_try_at) == ("retrying", now + timedelta(seconds=600))
    del wire.answers["/slack/chat.postMessage"]
    clock.shift(300)
    assert jobs.sweep_deliveries() == 0
    clock.shift(400)
    assert jobs.sweep_deliveries() == 1
    drain()
    assert told(alert) == [("slack", "#ops", "sent")]


def test_a_server_that_hangs_is_tried_again(app, people, now, wire, settings, drain, monkeypatch):
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.2)
    wire.answers["/hook"] = lambda handler: http.threading.Event().wait(1)
    route(("webhook", f"{wire.url}/hook"))
    alert = raised(now)
    drain()
    [row] = deliveries(alert)
    assert (row.state, row.next_try_at) == ("retrying", now + MINUTE) and "No answer within" in row.error


def test_an_address_that_is_gone_switches_its_channel_off(app, people, now, wire, settings, drain):
    wire.answers["/hook"] = (410, {}, b"")
    made = route(("webhook", f"{wire.url}/hook"), ("email", "ops@partner.example", "instead"))
    raised(now)
    drain()
    assert db.session.get(AlertChannel, made.channels[0].id).off_because.startswith("410")
    again = raised(now, key="other")
    drain()
    assert len(wire.received) == 1
    assert told(again) == [("webhook", "127.0.0.1", "failed"), ("email", "ops@partner.example", "mailed")]


def test_a_mail_that_is_refused_lets_the_next_channel_have_its_turn(app, people, now, wire, settings, smtp, drain):
    settings(smtp_url=smtp.url)
    smtp.answers["ops@partner.example"] = "550 no such mailbox"
    route(("email", "ops@partner.example"), ("slack", "#ops", "instead"))
    alert = raised(now)
    drain()
    assert told(alert) == [("email", "ops@partner.example", "failed"), ("slack", "#ops", "sent")]
    assert "550" in deliveries(alert)[0].error


def test_nobody_is_mailed_outside_their_hours(app, people, now, clock, drain):
    route(("email", people.agent.email))
    alert = raised(now, "critical")
    drain()
    [row] = deliveries(alert)
    # 10:00 in UTC is 19:00 in Tokyo; their next hours begin at 09:00, which is midnight in UTC.
    assert (row.state, row.next_try_at, mails()) == ("deferred", now.replace(hour=0) + timedelta(days=1), [])
    clock.move_to(row.next_try_at + MINUTE)
    jobs.sweep_deliveries()
    drain()
    assert told(alert) == [("email", "Aiko Tanaka", "mailed")]


def test_a_page_is_mailed_at_any_hour(app, people, now, drain):
    route(("email", people.agent.email))
    alert = raised(now, "page")
    drain()
    assert ("email", "Aiko Tanaka", "mailed") in told(alert)


@pytest.mark.parametrize("end", ["acknowledge", "resolve"])
def test_what_still_waits_is_dropped_once_somebody_cares(app, people, now, clock, drain, end):
    route(("email", people.agent.email))
    alert = raised(now, "critical")
    drain()
    if end == "acknowledge":
        actions.acknowledge(alert, actor=people.lead, now=now)
    else:
        actions.resolve_alert(alert.key, now=now)
    db.session.commit()
    clock.shift(86_400)
    jobs.sweep_deliveries()
    drain()
    assert [row.state for row in deliveries(alert)] == ["dropped"] and mails() == []


def test_whoever_is_told_by_another_mail_is_not_mailed_twice(app, people, now, drain):
    route(("leads", ""), ("email", "ops@partner.example"))
    alert = raised(now, audience=actions.Audience(told=("Lead@HiveTechs.example",)))
    drain()
    assert told(alert) == [("leads", "Helena Lindqvist", "dropped"), ("email", "ops@partner.example", "mailed")]


def test_what_is_resolved_is_told_where_it_was_heard(app, people, now, wire, settings, drain):
    route(("slack", "#ops"), ("webhook", f"{wire.url}/hook", "instead"), ("email", "ops@partner.example"))
    raised(now)
    drain()
    actions.resolve_alert("volume", now=now)
    db.session.commit()
    drain()
    assert [one.json["text"] for one in wire.to("/slack/chat.postMessage")] == [
        "Warning: Many tickets",
        "Resolved: Many tickets",
    ]
    assert len(mails()) == 1 and wire.to("/hook") == []


def test_the_route_of_a_team_takes_only_what_is_its_own(app, people, now, wire, settings, drain):
    route(("slack", "#security"), team_id=team("security"), severities=["critical", "page"])
    for key, severity, owner in (("a", "critical", "security"), ("b", "warning", "security"), ("c", "critical", "docs")):
        raised(now, severity, key=key, team_id=team(owner))
    drain()
    assert [one.json["channel"] for one in wire.received] == ["#security"]


def test_demo_routes_call_nobody_outside(app, people, now, wire, settings, drain):
    route(("slack", "#ops"), is_demo=True)
    alert = raised(now)
    drain()
    assert told(alert) == [("slack", "#ops", "kept")] and wire.received == []
