"""Levels: read, added, changed and removed by leads and administrators."""

import pytest
from sqlalchemy import select

from app.accounts.models import Team
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.sla import level_rules, levels
from app.sla.level_models import Level

ADDRESS = "/admin/sla/levels"
SPIRITS = "<script>alert(1)</script>\u202e"
FORM = {
    "name": "Half an hour left",
    "basis": "before",
    "amount": "30",
    "metrics": ["first_response", "next_response"],
    "priorities": ["emergency", "critical"],
    "notify": ["assignee", "on_call"],
    "severity": "page",
    "raise_priority": "y",
    "reassign": "on_call",
    "escalate": "y",
}


def level_of(key):
    return db.session.scalars(select(Level).where(Level.key == key)).one()


def own():
    db.session.expire_all()
    return db.session.scalars(select(Level).where(Level.key.not_in(level_rules.BUILT_IN)).order_by(Level.id)).all()


def edits():
    return db.session.scalars(select(Event).where(Event.kind == "sla.level_changed").order_by(Event.id)).all()


@pytest.mark.parametrize("page", ["", "/new", "/1"])
def test_only_leads_and_administrators_enter(people, browse, page):
    browse(None).get(ADDRESS + page, to="/login")
    for who in (people.owner, people.agent, people.moderator):
        browse(who).get(ADDRESS + page, status=403)
    for who in (people.lead, people.admin):
        assert browse(who).get(ADDRESS + page)


def test_the_list_begins_with_the_three_levels_of_every_clock(people, browse):
    words = browse(people.lead).get(ADDRESS).words
    for text in ("75 % of the target used", "80 % of the target used", "100 % of the target used", "Every clock", "always there"):
        assert text in words


def test_a_level_is_added_changed_and_removed(people, browse):
    lead = browse(people.lead)
    lead.post(f"{ADDRESS}/new", FORM, to=ADDRESS)
    level = own()[0]
    assert (level.name, level.basis, level.amount, level.metrics) == (
        "Half an hour left",
        "before",
        30,
        ["first_response", "next_response"],
    )
    assert (level.priorities, level.actions) == (
        ["emergency", "critical"],
        {"notify": ["assignee", "on_call"], "severity": "page", "raise_priority": True, "reassign": "on_call", "escalate": True},
    )
    page = lead.get(ADDRESS).words
    assert "30 min before it is due" in page and "First response, Next response, emergency, critical tickets" in page
    team = db.session.scalars(select(Team).order_by(Team.name)).first()
    form = FORM | {"priorities": [], "notify": [], "reassign": f"team:{team.id}", "seen": level.changed_at.isoformat()}
    lead.post(
        f"{ADDRESS}/{level.id}", {name: value for name, value in form.items() if name not in ("raise_priority", "escalate")}, to=ADDRESS
    )
    assert f"Moves it to {team.name}" in lead.get(ADDRESS).words
    assert edits()[-1].facts["changes"] == [
        "priorities: emergency, critical → all",
        "tells: assignee, on_call → none",
        "raises the priority: yes → no",
        f"reassigns: on_call → team:{team.id}",
        "escalates: yes → no",
    ]
    lead.post(f"{ADDRESS}/{level.id}/removal", to=ADDRESS)
    lead.get(f"{ADDRESS}/{level.id}", status=404)
    assert "Half an hour left" not in lead.get(ADDRESS).words.replace("The level is removed.", "")
    assert [event.facts["changes"][0] for event in edits()][::2] == ["added: 30 min before it is due", "removed"]


def test_a_name_is_free_again_once_its_level_is_removed(people, browse):
    lead = browse(people.lead)
    lead.post(f"{ADDRESS}/new", FORM, to=ADDRESS)
    assert "Another level has this name" in lead.post(f"{ADDRESS}/new", FORM, status=422).words
    lead.post(f"{ADDRESS}/{own()[0].id}/removal", to=ADDRESS)
    lead.post(f"{ADDRESS}/new", FORM, to=ADDRESS)
    assert len(own()) == 2


def test_saving_what_is_there_records_nothing(people, browse):
    level = level_of("breached")
    form = {"notify": level.actions["notify"], "severity": "critical", "seen": level.changed_at.isoformat()}
    browse(people.lead).post(f"{ADDRESS}/{level.id}", form, to=ADDRESS)
    assert edits() == []


def test_the_three_can_be_given_other_actions_and_nothing_else(people, browse):
    lead, level = browse(people.lead), level_of("warning")
    page = lead.get(f"{ADDRESS}/{level.id}")
    assert 'name="amount"' not in page.text and "Remove this level" not in page.words
    lead.post(f"{ADDRESS}/{level.id}", FORM, to=ADDRESS)
    db.session.expire_all()
    assert (level.name, level.basis, level.amount, len(level.metrics), level.priorities) == ("Warning", "percent", 75, 3, [])
    assert level.actions["notify"] == ["assignee", "on_call"] and level.actions["escalate"]
    lead.post(f"{ADDRESS}/{level.id}/removal", status=409)
    assert level.removed_at is None


@pytest.mark.parametrize(
    "over, says",
    [
        ({"name": ""}, "Give the level a name"),
        ({"name": "x" * 61}, "60 characters"),
        ({"name": "breached"}, "Another level has this name"),
        ({"amount": ""}, "whole number"),
        ({"amount": "0"}, "Between 1"),
        ({"amount": "-5"}, "Between 1"),
        ({"amount": "1e9"}, "Write a whole number"),
        ({"amount": "43201"}, "30 days"),
        ({"basis": "percent", "amount": "1001"}, "1000 percent"),
        ({"basis": "never"}, "offered"),
        ({"metrics": []}, "at least one clock"),
        ({"metrics": ["first_response", "life"]}, "offered"),
        ({"priorities": ["urgent"]}, "offered"),
        ({"notify": ["everybody"]}, "offered"),
        ({"severity": "loud"}, "offered"),
        ({"reassign": "team:999999"}, "offered"),
        ({"reassign": SPIRITS}, "offered"),
    ],
)
def test_a_level_that_makes_no_sense_is_refused_and_the_input_kept(people, browse, over, says):
    page = browse(people.lead).post(f"{ADDRESS}/new", FORM | over, status=422)
    assert says in page.words and "<script>alert" not in page.text
    if "name" not in over:
        assert 'value="Half an hour left"' in page.text
    assert own() == [] and edits() == []


def test_a_stale_save_is_told_and_saved_again_if_meant(people, browse):
    level, lead = level_of("at_risk"), browse(people.lead)
    stale = {"notify": ["on_call"], "severity": "critical", "seen": "2020-01-01T00:00:00+00:00"}
    page = lead.post(f"{ADDRESS}/{level.id}", stale, status=409)
    assert "Somebody else changed this meanwhile" in page.words and "How severely: It says" in page.words
    lead.post(f"{ADDRESS}/{level.id}", stale | {"seen": page.markup.one("input", name="seen").get("value")}, to=ADDRESS)
    assert len(edits()) == 1


def test_what_was_entered_for_a_removed_level_becomes_a_new_one(people, browse):
    lead = browse(people.lead)
    lead.post(f"{ADDRESS}/new", FORM, to=ADDRESS)
    [level] = own()
    form = lead.get(f"{ADDRESS}/{level.id}").markup.one("form", id="level-form")
    lead.post(f"{ADDRESS}/{level.id}/removal", to=ADDRESS)
    mine = FORM | {"name": "Twenty minutes left", "amount": "20", "seen": level.changed_at.isoformat()}
    page = lead.post(form["action"], mine, status=409)
    assert "was removed since you opened it" in page.words and 'value="Twenty minutes left"' in page.text
    again = page.markup.one("form", id="level-form")
    lead.post(again["action"], page.markup.fields(again), to=ADDRESS)
    assert [(one.name, one.amount) for one in own() if one.removed_at is None] == [("Twenty minutes left", 20)]
    lead.post(form["action"], FORM, status=404)


def test_changing_is_for_leads_only_whoever_calls_it(people, now):
    wanted = levels.Wanted("Mine", "percent", 50, ("resolution",))
    with pytest.raises(NotAllowed):
        levels.add_level(wanted, actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        levels.remove_level(level_of("warning"), actor=people.owner, now=now)
    with pytest.raises(WrongState):
        levels.remove_level(level_of("warning"), actor=people.lead, now=now)
    for wrong in (
        levels.Wanted("Mine", "percent", 50, ()),
        levels.Wanted("Mine", "percent", 50, ("resolution",), ("urgent",)),
        levels.Wanted("Mine", "percent", 50, ("resolution",), actions=levels.Actions(reassign="team:999")),
        levels.Wanted("Mine", "percent", 50, ("resolution",), actions=levels.Actions(notify=("all",))),
    ):
        with pytest.raises(Invalid):
            levels.add_level(wrong, actor=people.lead, now=now)


def test_there_is_an_end_to_how_many_there_can_be(people, now):
    for number in range(level_rules.MOST_LEVELS - 3):
        levels.add_level(levels.Wanted(f"Level {number}", "percent", number + 1, ("resolution",)), actor=people.lead, now=now)
    with pytest.raises(Invalid):
        levels.add_level(levels.Wanted("One more", "percent", 50, ("resolution",)), actor=people.lead, now=now)
