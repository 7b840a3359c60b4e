"""Alerts at the desk, silences, and the link in a mail."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.alerts import actions, jobs, links
from app.alerts.models import Alert, AlertSilence
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed
from app.mail.models import OutboundMail
from tests.alerts.shared import deliveries, kinds, raised, route, team, told

BOTH = pytest.mark.engines("sqlite", "postgresql")
HOUR = timedelta(hours=1)


def test_the_page_shows_each_alert_in_its_view(app, people, now, browse):
    raised(now, key="a", title="Open one")
    actions.acknowledge(raised(now, key="b", title="Taken one"), actor=people.agent, now=now)
    actions.silence(key=raised(now, key="c", title="Quiet one").key, until=now + HOUR, reason="Known", actor=people.agent, now=now)
    raised(now, key="d", title="Past one")
    actions.resolve_alert("d", now=now)
    db.session.commit()
    window = browse(people.agent)
    for view, title in (("open", "Open one"), ("acknowledged", "Taken one"), ("silenced", "Quiet one"), ("resolved", "Past one")):
        text = window.get(f"/desk/alerts?view={view}").text
        assert [name for name in ("Open one", "Taken one", "Quiet one", "Past one") if name in text] == [title]


@BOTH
def test_the_list_pages_by_key_there_and_back(app, people, now, browse, monkeypatch):
    monkeypatch.setattr("app.alerts.lists.PAGE", 3)
    for number in range(7):
        raised(now, key=f"k{number}", title=f"Alert {number}")
    window, path, seen = browse(people.agent), "/desk/alerts", []
    for _ in range(3):
        text = window.get(path).text
        seen.append(re.findall(r">Alert (\d)<", text))
        found = re.search(r'href="([^"]*cursor=[^"]*)" rel="next"', text)
        path = found[1].replace("&amp;", "&") if found else path
    assert seen == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    back = re.search(r'href="([^"]*cursor=[^"]*)" rel="prev"', text)[1].replace("&amp;", "&")
    assert re.findall(r">Alert (\d)<", window.get(back).text) == ["3", "2", "1"]


def test_the_list_costs_the_same_for_many(app, people, now, browse, statements):
    window = browse(people.agent)
    raised(now, key="first", team_id=team("docs"))
    window.get("/desk/alerts")
    with statements() as few:
        window.get("/desk/alerts")
    for number in range(20):
        raised(now, key=f"k{number}", team_id=team("support"))
    with statements() as many:
        window.get("/desk/alerts")
    assert len(many) == len(few)


def test_the_page_of_an_alert_tells_what_happened_and_who_was_told(app, people, now, browse, wire, settings, drain):
    settings(slack_token="")
    route(("slack", "#ops"), ("email", people.agent.email, "instead"))
    alert = raised(now, "critical")
    drain()
    text = browse(people.agent).get(f"/desk/alerts/{alert.id}").text
    assert "SLACK_TOKEN is not set" in text and "instead of #ops" in text
    assert "Deferred" in text and "when their hours begin" in text
    browse(people.user).get(f"/desk/alerts/{alert.id}", status=403)


def test_acknowledging_and_resolving_at_the_desk(app, people, now, browse):
    alert = raised(now)
    window = browse(people.agent)
    for _ in range(2):
        window.post(f"/desk/alerts/{alert.id}/acknowledgement", to=f"/desk/alerts/{alert.id}")
    for _ in range(2):
        window.post(f"/desk/alerts/{alert.id}/resolution", to=f"/desk/alerts/{alert.id}")
    assert kinds(alert) == ["alert.raised", "alert.acknowledged", "alert.resolved"]
    window.post(f"/desk/alerts/{alert.id}/acknowledgement", status=409)


def test_the_link_in_a_mail_acknowledges_by_post_alone_and_only_its_alert(app, people, now, browse, drain, clock):
    route(("email", people.lead.email))
    alert, other = raised(now), raised(now, key="other")
    drain()
    mail = db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)).first()
    path = re.search(r"http://localhost(/alerts/acknowledge/\S+)", mail.text)[1]
    visitor = browse(None)
    for _ in range(2):
        assert "Acknowledge" in visitor.get(path).text
    db.session.refresh(alert)
    assert alert.state == "open", "looking changes nothing"
    for _ in range(2):
        visitor.post(path, to=path)
    db.session.expire_all()
    assert (alert.state, alert.acknowledged_by_id, other.state) == ("acknowledged", people.lead.id, "open")
    assert kinds(alert).count("alert.acknowledged") == 1
    assert "by Helena Lindqvist" in visitor.get(path).text
    visitor.get(path[:-1] + ("A" if path[-1] != "A" else "B"), status=410)
    clock.shift(links.SECONDS + 60)
    visitor.get(path, status=410)


@BOTH
def test_a_silenced_alert_is_kept_and_sends_nothing(app, people, now, clock, wire, settings, drain):
    route(("slack", "#ops"))
    actions.silence(source="volume", until=now + HOUR, reason="Launch day", actor=people.lead, now=now)
    alert = raised(now, "critical")
    raised(now, "page")
    drain()
    assert (alert.count, alert.silenced_until, told(alert), wire.received) == (2, now + HOUR, [], [])
    clock.shift(3601)
    assert (jobs.climb(), jobs.climb()) == (1, 0)
    drain()
    db.session.refresh(alert)
    assert alert.silenced_until is None and told(alert)[0] == ("slack", "#ops", "sent")
    assert kinds(alert)[:3] == ["alert.raised", "alert.raised", "alert.raised"]


def test_silencing_stops_what_waits_and_ending_it_early_speaks_again(app, people, now, clock, browse, wire, settings, drain):
    wire.answers["/slack/chat.postMessage"] = (503, {}, b"")
    route(("slack", "#ops"))
    alert = raised(now, "critical")
    drain()
    window = browse(people.agent)
    given = {"minutes": "240", "reason": "We know"}
    window.post(f"/desk/alerts/{alert.id}/silence", data=given, to=f"/desk/alerts/{alert.id}")
    clock.shift(120)
    jobs.sweep_deliveries()
    drain()
    assert told(alert) == [("slack", "#ops", "dropped")]
    del wire.answers["/slack/chat.postMessage"]
    silence = db.session.scalars(select(AlertSilence)).one()
    for _ in range(2):
        window.post(f"/desk/alerts/silences/{silence.id}/end", to="/desk/alerts")
    jobs.climb()
    drain()
    assert told(alert)[-1] == ("slack", "#ops", "sent") and len(deliveries(alert)) == 2
    assert [kind for kind in kinds(alert) if "silence" in kind] == ["alert.silenced", "alert.silence_ended"]


def test_an_acknowledged_alert_stays_quiet_when_a_silence_ends(app, people, now, clock, drain):
    alert = raised(now, "page", ladder=[{"who": "team_leads", "after_minutes": 5}])
    actions.silence(key=alert.key, until=now + HOUR, reason="Known", actor=people.agent, now=now)
    actions.acknowledge(alert, actor=people.agent, now=now)
    db.session.commit()
    clock.shift(7200)
    jobs.climb()
    drain()
    assert told(alert) == [] and kinds(alert).count("alert.raised") == 1


def test_of_two_silences_the_longer_holds(app, people, now):
    alert = raised(now)
    short = actions.silence(key=alert.key, until=now + HOUR, reason="a", actor=people.lead, now=now)
    longer = actions.silence(source="volume", until=now + 3 * HOUR, reason="b", actor=people.lead, now=now)
    assert alert.silenced_until == now + 3 * HOUR
    actions.end_silence(longer, actor=people.lead, now=now)
    assert alert.silenced_until == now + HOUR
    actions.end_silence(short, actor=people.lead, now=now)
    assert alert.silenced_until == now


@pytest.mark.parametrize(
    ("over", "error"),
    [
        ({"key": None}, Invalid),
        ({"reason": "  "}, Invalid),
        ({"until": timedelta(0)}, Invalid),
        ({"until": timedelta(days=31)}, Invalid),
        ({"key": None, "source": "volume"}, NotAllowed),
    ],
)
def test_a_silence_names_something_a_reason_and_an_end(app, people, now, over, error):
    given = {"key": "volume", "until": HOUR, "reason": "Known", **over}
    with pytest.raises(error):
        actions.silence(**{**given, "until": now + given["until"]}, actor=people.agent if "source" in over else people.lead, now=now)


@pytest.mark.parametrize("until_at", ["", "yesterday", "2026-11-23T09:00", "2027-06-01T10:00", "0001-01-01T00:00"])
def test_an_end_that_is_none_is_refused_at_its_field(app, people, now, browse, until_at):
    alert = raised(now)
    given = {"minutes": "0", "until_at": until_at, "reason": "Known"}
    answer = browse(people.lead).post(f"/desk/alerts/{alert.id}/silence", data=given, status=422)
    assert 'href="#until_at"' in answer.text and "Known" in answer.text


@pytest.mark.parametrize("path", ["/desk/alerts/{}/silence", "/desk/alerts/silences"])
def test_a_reason_of_spaces_is_none_and_what_was_entered_is_kept(app, people, now, browse, path):
    alert = raised(now)
    given = {"minutes": "240", "until_at": "", "source": alert.source, "reason": "   "}
    answer = browse(people.lead).post(path.format(alert.id), data=given, status=422)
    assert 'href="#reason"' in answer.text and re.search(r'<option[^>]* value="240"[^>]* selected|selected[^>]* value="240"', answer.text)


def test_a_wrong_silence_of_an_alert_that_was_resolved_meanwhile_comes_back_with_its_form(app, people, now, browse):
    alert = raised(now)
    actions.resolve(alert, actor=people.agent, now=now)
    db.session.commit()
    window = browse(people.agent)
    assert "silence-form" not in window.get(f"/desk/alerts/{alert.id}").text
    answer = window.post(f"/desk/alerts/{alert.id}/silence", data={"minutes": "0", "until_at": "soon", "reason": "It flaps"}, status=422)
    assert 'href="#until_at"' in answer.text and "It flaps" in answer.text
    assert db.session.scalar(select(func.count()).select_from(AlertSilence)) == 0


@pytest.mark.parametrize("minutes", ["0", "60"])
def test_an_end_is_read_on_the_writers_own_clock_and_goes_before_a_length(app, people, now, browse, minutes):
    alert = raised(now)
    given = {"minutes": minutes, "until_at": "2026-11-24T09:00", "reason": "Until tomorrow"}
    browse(people.agent).post(f"/desk/alerts/{alert.id}/silence", data=given, to=f"/desk/alerts/{alert.id}")
    db.session.refresh(alert)
    assert alert.silenced_until == now.replace(day=24, hour=0)


def test_leads_silence_a_source_of_a_team(app, people, now, browse):
    raised(now)
    window = browse(people.lead)
    window.post("/desk/alerts/silences", data={"minutes": "60", "reason": "Move"}, status=422)
    given = {"minutes": "60", "reason": "Move", "source": "volume", "team": str(team("docs"))}
    window.post("/desk/alerts/silences", data=given, to="/desk/alerts")
    assert "of Team Documentation" in window.get("/desk/alerts?view=silenced").text
    assert [raised(now, key=key, team_id=team(key)).silenced_until is None for key in ("docs", "support")] == [False, True]
    browse(people.agent).post("/desk/alerts/silences", data=given, status=403)


def test_unresolved_alerts_are_a_metric(app, people, now, browse, drain):
    raised(now, "critical")
    drain()
    text = browse(people.admin).get("/metrics").text
    assert 'hive_alerts_unresolved{severity="critical",state="open"} 1.0' in text
    assert 'hive_alerts_raised_total{severity="critical",why="new"}' in text
    assert 'hive_alert_deliveries_total{channel="leads",state="mailed"}' in text


def test_events_say_who_did_it(app, people, now, browse):
    alert = raised(now)
    browse(people.agent).post(f"/desk/alerts/{alert.id}/acknowledgement", to=f"/desk/alerts/{alert.id}")
    event = db.session.scalars(select(Event).where(Event.kind == "alert.acknowledged")).one()
    assert (event.actor_id, event.facts["how"]) == (people.agent.id, "desk")
    assert db.session.scalar(select(func.count()).select_from(Alert)) == 1
