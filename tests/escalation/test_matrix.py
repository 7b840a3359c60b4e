"""The matrix: its defaults, its pages, what leads change, and what cannot be."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.alerts.people import people_on
from app.escalation import contacts, defaults, editing, queries, rules
from app.escalation.models import EscalationTrigger, SupportTier
from app.escalation.rules import Step
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.rota import queries as rota
from tests import factories
from tests.escalation.shared import alerts, escalate
from tests.rota.conftest import shift

PEOPLE, EXECUTIVES = {1, 2, 3}, {3}


def changes():
    """What was recorded of the matrix."""
    db.session.rollback()
    return [event.facts for event in db.session.scalars(select(Event).where(Event.kind == "escalation.matrix_changed").order_by(Event.id))]


def sent(browser, path, **over):
    """What the form of a page would send, with some of it changed."""
    page = browser.get(path)
    form = next(form for form in page.markup.all("form") if form["action"] == path)
    return {**page.markup.fields(form), **over}


def test_the_defaults_are_the_three_tiers_and_the_six_triggers(app):
    assert [(row.number, row.name, row.team.key) for row in queries.tiers()] == [
        (1, "Community", "support"),
        (2, "Technical", "engineering"),
        (3, "Enterprise", "enterprise"),
    ]
    assert [row.key for row in queries.triggers()] == list(rules.TRIGGERS)
    assert all(row.path[-1]["who"] == "executive" for row in queries.tiers())


def test_ensuring_the_defaults_again_leaves_what_leads_changed(app, now):
    queries.tier_for(2).name = "Engineers"
    queries.trigger_for("data_loss").tier = 2
    db.session.flush()
    defaults.ensure(now)
    assert (queries.tier_for(2).name, queries.trigger_for("data_loss").tier) == ("Engineers", 2)
    counts = [db.session.scalar(select(func.count()).select_from(model)) for model in (SupportTier, EscalationTrigger)]
    assert counts == [3, 6]


@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        ([], {0: "at least one step"}),
        ([Step("on_call", 0)], {0: "ends with an executive"}),
        ([Step("on_call", 0), Step("user:2", 10)], {1: "ends with an executive"}),
        ([Step("on_call", 0), Step("", 10), Step("executive", 20)], {1: "who is told"}),
        ([Step("user:9", 0), Step("executive", 20)], {0: "works at the desk"}),
        ([Step("the cat", 0), Step("executive", 20)], {0: "works at the desk"}),
        ([Step("on_call", 10), Step("executive", 10)], {1: "later than the one before"}),
        ([Step("on_call", 10), Step("executive", 5)], {1: "later than the one before"}),
        ([Step("on_call", -1), Step("executive", 5)], {0: "from 0 to 1440"}),
        ([Step("on_call", 0), Step("executive", 1441)], {1: "from 0 to 1440"}),
        ([Step("on_call", 0), Step("executive", 20)], {}),
        ([Step("user:3", 0)], {}),
        ([Step("user:1", 0), Step("assignee", 1), Step("user:3", 2)], {}),
    ],
)
def test_a_path_that_cannot_be_climbed_is_refused_with_its_reason(steps, wrong):
    found = rules.refusals(steps, people=PEOPLE, executives=EXECUTIVES)
    assert found.keys() == wrong.keys()
    assert all(words in found[number] for number, words in wrong.items())


@given(st.lists(st.integers(0, 1440), min_size=1, max_size=6, unique=True).map(sorted))
def test_a_ladder_takes_as_long_as_its_path(minutes):
    path = [{"who": "on_call", "after_minutes": at} for at in minutes[:-1]] + [{"who": "executive", "after_minutes": minutes[-1]}]
    ladder = rules.ladder(path)
    assert [sum(step["after_minutes"] for step in ladder[: number + 1]) for number in range(len(ladder))] == minutes
    assert ladder[-1]["who"] == "executive"


def test_staff_read_the_matrix_and_the_contacts_and_leads_change_them(people, browse):
    page = browse(people.agent).get("/desk/escalation")
    for words in ("Emergency contacts", "Tier 3, Enterprise", "Dedicated Slack channel", "Production down", "Who is on call for the team"):
        assert words in page.words
    assert "Change" not in page.words.replace("Change the matrix", "")
    assert "/admin/escalation/tiers/3" in browse(people.lead).get("/admin/escalation").text
    browse(people.agent).get("/admin/escalation", status=403)


def test_contacts_name_the_same_end_of_a_long_duty_as_the_rota(people, now):
    team = shift(queries.tier_for(1).team, "Week", [people.agent], starts_minute=0, ends_minute=0).team_id
    contact = next(one for one in contacts.contacts(now) if one.team.id == team)
    assert contact.until == rota.on_call(team, now).until == datetime(2026, 11, 27, 23, tzinfo=UTC)


def test_a_lead_changes_a_tier_and_alerts_follow_it(people, browse, now):
    lead, path = browse(people.lead), "/admin/escalation/tiers/3"
    over = {
        "name": "Enterprise desk",
        "who_0": f"user:{people.agent2.id}",
        "minutes_1": "7",
        "who_2": "executive",
        "minutes_2": "9",
        "who_3": "",
        "minutes_3": "",
    }
    lead.post(path, sent(lead, path, **over), to="/admin/escalation")
    assert changes()[0]["subject"] == "tier 3"
    assert changes()[0]["changes"]["name"] == ["Enterprise", "Enterprise desk"]
    escalate(factories.ticket(people.user), people, now, trigger="data_loss")
    assert [(step["who"], step["after_minutes"]) for step in alerts()[0].ladder] == [
        (f"user:{people.agent2.id}", 0),
        ("next_on_call", 7),
        ("executive", 2),
    ]


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"who_3": "team_leads"}, "A path ends with an executive"),
        ({"minutes_1": "0"}, "Each step comes later"),
        ({"minutes_1": "soon"}, "Write a whole number"),
        ({"minutes_1": ""}, "Minutes are a number"),
        ({"minutes_3": "9999999999999"}, "Minutes are a number"),
        ({"who_1": ""}, "Say who is told"),
        ({"who_1": "user:999999"}, "that are offered"),
        (
            {"who_0": "", "minutes_0": "", "who_1": "", "minutes_1": "", "who_2": "", "minutes_2": "", "who_3": "", "minutes_3": ""},
            "at least one step",
        ),
        ({"name": " "}, "Give the tier a name"),
        ({"channels": "\n \n"}, "Name at least one channel"),
        ({"team": "77"}, "that are offered"),
    ],
)
def test_bad_input_of_a_tier_keeps_the_form(people, browse, over, words):
    lead, path = browse(people.lead), "/admin/escalation/tiers/3"
    page = lead.post(path, sent(lead, path, staffed_by="Everybody awake", **over), status=422)
    assert words in page.words
    assert "Everybody awake" in page.text
    assert changes() == []


def test_a_stale_tier_and_trigger_are_told_and_kept(people, browse):
    lead = browse(people.lead)
    for path, over, stands in (
        ("/admin/escalation/tiers/2", {"name": "Mine"}, "Name: It says “Theirs” now."),
        ("/admin/escalation/triggers/data_loss", {"tier": "2"}, "Escalates to: It says “Tier 1” now."),
    ):
        mine = sent(lead, path, **over)
        lead.post(path, sent(lead, path, **{name: "1" if name == "tier" else "Theirs" for name in over}), to=None, status=303)
        page = lead.post(path, mine, status=409)
        assert "Somebody else changed this" in page.words and stands in page.words and page.words.count("” now.") == 2
        lead.post(path, {**mine, "seen": page.markup.fields()["seen"]}, to=None, status=303)
    assert (queries.tier_for(2).name, queries.trigger_for("data_loss").tier) == ("Mine", 2)


def test_a_trigger_is_changed_and_the_same_again_records_nothing(people, browse):
    lead, path = browse(people.lead), "/admin/escalation/triggers/public_relations"
    over = {"pages": "y", "team": str(queries.tier_for(2).team_id)}
    for _ in range(2):
        lead.post(path, sent(lead, path, **over), to="/admin/escalation")
    assert [facts["changes"].keys() for facts in changes()] == [{"pages", "team_id"}]
    lead.get("/admin/escalation/triggers/boredom", status=404)
    lead.get("/admin/escalation/tiers/4", status=404)


def test_executives_are_named_put_on_duty_and_removed(people, browse, now):
    lead = browse(people.lead)
    for person in (people.admin, people.agent2):
        given_ = {"person": str(person.id), "title": "Head", "phone": "+1 555"}
        lead.post("/admin/escalation/executives", given_, to="/admin/escalation#executives")
    first, second = (one.id for one in queries.executives())
    lead.post(f"/admin/escalation/executives/{second}/duty", {}, to="/admin/escalation#executives")
    db.session.rollback()
    db.session.expire_all()
    assert [one.user_id for one in queries.executives()] == [people.agent2.id, people.admin.id]
    escalate(factories.ticket(people.user), people, now, trigger="data_loss")
    assert people_on("executive", alerts()[0], now) == [people.agent2.id]
    assert "Samuel Osei" in browse(people.agent).get("/desk/escalation").words
    for _ in range(2):
        lead.post(f"/admin/escalation/executives/{first}/removal", {}, to="/admin/escalation#executives")
    lead.post("/admin/escalation/executives", {"person": "999", "title": "", "phone": ""}, status=422)


def test_who_ends_a_path_by_name_cannot_be_removed(people, now):
    row = editing.add_executive(people.admin, "Head", "", actor=people.lead, now=now)
    tier = queries.tier_for(3)
    change = editing.TierChange(tier.name, tier.channels, tier.staffed_by, tier.targets, tier.team_id, [Step(f"user:{people.admin.id}", 0)])
    editing.change_tier(tier, change, actor=people.lead, now=now)
    with pytest.raises(WrongState):
        editing.remove_executive(row, actor=people.lead, now=now)
    editing.put_on_duty(row, actor=people.lead, now=now)
    assert editing.add_executive(people.admin, "Head", "", actor=people.lead, now=now) is row


def test_the_matrix_is_refused_to_agents_and_to_nonsense(people, now):
    tier, trigger = queries.tier_for(1), queries.trigger_for("data_loss")
    change = editing.TierChange("A", ["b"], "c", "d", None, [Step("executive", 0)])
    values = {"is_enabled": True, "tier": 9, "pages": True, "any_plan": False, "team_id": None}
    for act in (
        lambda: editing.change_tier(tier, change, actor=people.agent, now=now),
        lambda: editing.change_trigger(trigger, values, actor=people.agent, now=now),
        lambda: editing.add_executive(people.admin, "Head", "", actor=people.agent, now=now),
    ):
        with pytest.raises(NotAllowed):
            act()
    for bad in (values, {**values, "tier": 2, "team_id": 999}):
        with pytest.raises(Invalid):
            editing.change_trigger(trigger, bad, actor=people.lead, now=now)
    with pytest.raises(Stale):
        editing.change_tier(tier, change, actor=people.lead, now=now, seen=7)
    with pytest.raises(Invalid):
        editing.add_executive(people.user, "Head", "", actor=people.lead, now=now)
