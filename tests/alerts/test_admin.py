"""Leads edit the routes and try them."""

import re

import pytest
from sqlalchemy import select

from app.alerts.models import AlertContact, AlertRoute
from app.events.models import Event
from app.extensions import db
from app.lib import webhooks
from app.sla.models import Calendar
from tests.alerts.shared import deliveries, raised, route, team, told

FORM = {"name": "Nights", "severities": ["critical", "page"], "team": "0", "hours": "always", "calendar": "0"}
ONE = {**FORM, "channel_1_kind": "email", "channel_1_target": "Ops@Partner.example"}


def ours():
    """The routes that are not the default one, in order."""
    return db.session.scalars(select(AlertRoute).where(AlertRoute.is_default.is_(False)).order_by(AlertRoute.position)).all()


def changes():
    """How many changes were recorded."""
    return len(db.session.scalars(select(Event.id).where(Event.kind == "alert.route_changed")).all())


def test_a_lead_adds_a_route_and_alerts_go_by_it(app, people, now, browse, drain):
    window = browse(people.lead)
    assert "Everything else" in window.get("/admin/alert-routes").text
    window.post("/admin/alert-routes", data={**ONE, "step_1_who": "team_leads", "step_1_minutes": "3"}, to="/admin/alert-routes/2")
    [made] = ours()
    assert (made.channels[0].target, made.severities) == ("ops@partner.example", ["critical", "page"])
    assert [step["who"] for step in made.ladder] == ["team_leads", "executive"]
    alert = raised(now, "critical")
    drain()
    assert told(alert) == [("email", "ops@partner.example", "mailed")]


@pytest.mark.parametrize(
    ("over", "field", "says"),
    [
        ({"name": ""}, "name", "Give the route a name"),
        ({"severities": []}, "severities-0", "at least one severity"),
        ({"hours": "inside"}, "calendar", "Choose the calendar"),
        ({"channel_1_kind": "", "channel_1_target": " "}, "channel_1_kind", "at least one channel"),
        ({"channel_2_target": "second@partner.example"}, "channel_2_target", "Choose the channel that this belongs to"),
        ({"channel_1_kind": "on_call"}, "channel_1_target", "leave this empty, or choose another channel"),
        ({"channel_2_kind": "leads", "channel_2_target": "boss@partner.example"}, "channel_2_target", "leave this empty"),
        ({"channel_1_target": "nobody"}, "channel_1_target", "not a mail address"),
        ({"channel_1_target": "a@b\r\nBcc: c@d.example"}, "channel_1_target", "not a mail address"),
        ({"channel_1_kind": "webhook", "channel_1_target": "https://10.0.0.1/x"}, "channel_1_target", "inside our own network"),
        (
            {"channel_1_kind": "webhook", "channel_1_target": "https://[::ffff:169.254.169.254]/"},
            "channel_1_target",
            "inside our own network",
        ),
        ({"channel_1_kind": "webhook", "channel_1_target": "http://hooks.example.com/x"}, "channel_1_target", "Only https"),
        ({"channel_1_kind": "webhook", "channel_1_target": ""}, "channel_1_target", "Say where it goes"),
        ({"channel_1_kind": "slack", "channel_1_target": "<!channel>"}, "channel_1_target", "#support-alerts"),
        ({"channel_1_kind": "slack", "channel_1_target": "https://localhost/hook"}, "channel_1_target", "inside our own network"),
        ({"channel_1_kind": "discord", "channel_1_target": "../../users/@me"}, "channel_1_target", "15 to 21 digits"),
        ({"channel_2_kind": "email", "channel_2_target": "ops@partner.example"}, "channel_2_target", "stands above already"),
        ({"step_1_who": "on_call", "step_1_minutes": "-1"}, "step_1_minutes", "number from 0 to"),
        ({"name": "everything ELSE"}, "name", "Another route has this name"),
    ],
)
def test_what_cannot_be_a_route_is_refused_at_its_field(app, people, browse, over, field, says):
    answer = browse(people.lead).post("/admin/alert-routes", data={**ONE, **over}, status=422)
    assert f'href="#{field}"' in answer.text and says in answer.text
    kept = {**ONE, **over}
    assert all(answer.markup.by_id(name)["value"] == kept[name] for name in kept if name.endswith("_target") and kept[name].isprintable())
    assert ours() == []


def test_a_stale_save_is_told_and_keeps_what_was_typed(app, people, browse):
    made = route(("leads", ""))
    window = browse(people.lead)
    window.post(f"/admin/alert-routes/{made.id}", data={**ONE, "seen": "1"}, to=f"/admin/alert-routes/{made.id}")
    answer = window.post(
        f"/admin/alert-routes/{made.id}",
        data={**ONE, "name": "Mine", "severities": ["page"], "channel_1_kind": "leads", "channel_1_target": "", "seen": "1"},
        status=409,
    )
    assert 'value="Mine"' in answer.text and answer.markup.fields(answer.markup.one("form", id="route-form"))["seen"] == "2"
    told = answer.words
    assert "Somebody else saved this route" in told and "Name: It says “Nights” now." in told
    assert "Severities: It says “Critical, Page” now." in told and "Channel 1: It says “E-mail” now." in told
    assert "Team: It says" not in told


def test_what_was_entered_for_a_deleted_route_becomes_a_new_one(app, people, browse):
    made, window = route(("leads", "")), browse(people.lead)
    path = f"/admin/alert-routes/{made.id}"
    window.post(f"{path}/deletion", to="/admin/alert-routes")
    page = window.post(path, data={**ONE, "name": "Mine", "seen": "1"}, status=409)
    assert "was deleted since you opened it" in page.words and 'value="Mine"' in page.text
    window.post(
        "/admin/alert-routes", data=page.markup.fields(page.markup.one("form", id="route-form")), to=re.compile("/admin/alert-routes/")
    )
    [again] = ours()
    # No page of the deleted route is one of this.
    assert (again.name, again.channels[0].target) == ("Mine", "ops@partner.example") and f"/admin/alert-routes/{again.id}" != path
    window.post(path, data=ONE, status=404)


def test_a_channel_that_stays_keeps_its_secret_and_saving_switches_it_on_again(app, people, browse):
    made = route(("webhook", "https://hooks.example.com/x"))
    secret, made.channels[0].off_because = made.channels[0].secret, "410: gone"
    db.session.commit()
    given = {**FORM, "channel_1_kind": "leads", "channel_2_kind": "webhook", "channel_2_target": "https://hooks.example.com/x"}
    window = browse(people.lead)
    window.post(f"/admin/alert-routes/{made.id}", data=given, to=f"/admin/alert-routes/{made.id}")
    db.session.expire_all()
    assert [(c.kind, c.off_because) for c in made.channels] == [("leads", ""), ("webhook", "")]
    assert made.channels[1].secret == secret and secret in window.get(f"/admin/alert-routes/{made.id}").text
    assert secret.startswith(webhooks.PREFIX)
    audit = str(db.session.scalars(select(Event.facts).where(Event.kind == "alert.route_changed")).all())
    assert "hooks.example.com" in audit and "/x" not in audit and secret not in audit


def test_saving_what_stands_there_records_nothing(app, people, browse):
    window = browse(people.lead)
    window.post("/admin/alert-routes", data=ONE, to="/admin/alert-routes/2")
    [made] = ours()
    again = {**ONE, "step_1_who": "on_call", "step_1_minutes": "0", "step_2_who": "next_on_call", "step_2_minutes": "5"}
    again |= {"step_3_who": "team_leads", "step_3_minutes": "10", "step_4_who": "executive", "step_4_minutes": "15"}
    window.post(f"/admin/alert-routes/{made.id}", data=again, to=f"/admin/alert-routes/{made.id}")
    assert changes() == 1


def test_the_default_route_takes_everything_for_ever(app, people, browse):
    window, number = browse(people.lead), db.session.scalars(select(AlertRoute.id)).one()
    for verb in ("deletion", "deactivation", "place"):
        window.post(f"/admin/alert-routes/{number}/{verb}", status=409)
    given = {"name": "Rest", "severities": ["info"], "hours": "inside", "channel_1_kind": "leads"}
    window.post(f"/admin/alert-routes/{number}", data=given, to=f"/admin/alert-routes/{number}")
    row = db.session.get(AlertRoute, number)
    assert (row.name, row.severities, row.hours) == ("Rest", ["info", "warning", "critical", "page"], "always")


def test_routes_are_tried_in_their_order_and_only_while_they_are_on(app, people, now, browse, drain):
    first, second = route(("email", "a@partner.example"), name="A"), route(("email", "b@partner.example"), name="B", position=2)
    window = browse(people.lead)
    window.post(f"/admin/alert-routes/{second.id}/place", data={"to": "up"}, to="/admin/alert-routes")
    assert raised(now, key="1").route_id == second.id
    window.post(f"/admin/alert-routes/{second.id}/deactivation", to="/admin/alert-routes")
    assert raised(now, key="2").route_id == first.id
    window.post(f"/admin/alert-routes/{second.id}/activation", to="/admin/alert-routes")
    window.post(f"/admin/alert-routes/{second.id}/deletion", to="/admin/alert-routes")
    assert [row.name for row in ours()] == ["A"]


def test_business_hours_choose_the_route(app, people, now, clock):
    calendar = db.session.scalars(select(Calendar).where(Calendar.key == "business")).one()
    inside = route(("leads", ""), name="Day", hours="inside", calendar_id=calendar.id)
    outside = route(("on_call", ""), name="Night", hours="outside", calendar_id=calendar.id, position=2)
    assert raised(now, key="day").route_id == inside.id
    assert raised(now.replace(hour=22), key="night").route_id == outside.id
    assert raised(now.replace(day=29), key="sunday").route_id == outside.id


def test_a_test_is_really_sent_and_its_outcome_is_shown(app, people, now, browse, wire, settings, drain):
    wire.answers["/gone"] = (404, {}, b"")
    made = route(("slack", "#ops"), ("webhook", f"{wire.url}/gone"), ("email", people.lead.email), team_id=team("support"))
    window = browse(people.lead)
    window.post(f"/admin/alert-routes/{made.id}/tests", to=f"/admin/alert-routes/{made.id}")
    assert 'hx-trigger="every 2s"' in window.get(f"/admin/alert-routes/{made.id}").text
    drain()
    assert [row.state for row in deliveries()] == ["sent", "failed", "mailed"]
    assert wire.to("/slack/chat.postMessage")[0].json["text"].startswith("Test:")
    text = window.get(f"/admin/alert-routes/{made.id}/tests").text
    assert "Answered 404." in text and "every 2s" not in text
    assert "Answered 404." in window.get("/admin/alert-routes").text


def test_a_test_of_one_channel_sends_by_that_alone(app, people, browse, wire, settings, drain):
    made = route(("slack", "#ops"), ("discord", "123456789012345678"))
    window = browse(people.lead)
    path = f"/admin/alert-routes/{made.id}"
    window.post(f"{path}/tests", data={"channel": made.channels[1].id}, to=path)
    drain()
    assert told() == [("discord", "123456789012345678", "sent")] and wire.to("/slack/chat.postMessage") == []
    window.post(f"/admin/alert-routes/{made.id}/tests", data={"channel": "999"}, status=422)


def test_a_lead_says_how_chats_know_somebody(app, people, browse):
    window = browse(people.lead)
    path = f"/admin/alert-routes/people/{people.agent.id}"
    window.post(path, data={"slack_id": "<!here>", "discord_id": "x"}, status=422)
    window.post(path, data={"slack_id": "U0AIKO12", "discord_id": "123456789012345678"}, to="/admin/alert-routes")
    assert db.session.get(AlertContact, people.agent.id).slack_id == "U0AIKO12"
    assert "U0AIKO12" in window.get("/admin/alert-routes").text
    window.get(f"/admin/alert-routes/people/{people.user.id}", status=404)


def test_the_page_of_routes_costs_the_same_for_many(app, people, browse, statements):
    window = browse(people.lead)
    window.get("/admin/alert-routes")
    with statements() as few:
        window.get("/admin/alert-routes")
    for number in range(6):
        route(("leads", ""), ("email", f"{number}@partner.example"), name=f"Route {number}", team_id=team("support"))
    with statements() as many:
        window.get("/admin/alert-routes")
    assert len(many) <= len(few) + 1
