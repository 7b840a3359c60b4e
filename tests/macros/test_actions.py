"""Writing macros, approving them, counting their use."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Team
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, NotFound, Stale, WrongState
from app.macros import actions, defaults, queries
from app.macros.actions import Content
from app.macros.models import Macro


def team_id(key):
    """The id of a team."""
    return db.session.scalars(select(Team.id).where(Team.key == key)).one()


def events():
    """Kinds and changes of all macro events."""
    rows = db.session.scalars(select(Event).where(Event.kind.like("macro.%")).order_by(Event.id))
    return [(event.kind, event.facts.get("changes")) for event in rows]


def titles(user):
    """What somebody may use, by title."""
    return {row.title for row in queries.usable_by(user)}


def test_what_an_agent_shares_waits_for_a_lead(people, now):
    macro = actions.create(Content("  Hello\nthere ", "Hi {{requester.first_name}}"), actor=people.agent, now=now)
    assert (macro.title, macro.is_approved) == ("Hello there", False)
    assert "Hello there" not in titles(people.agent)
    actions.approve(macro, actor=people.lead, now=now)
    actions.approve(macro, actor=people.lead, now=now)
    assert macro.approved_by_id == people.lead.id and "Hello there" in titles(people.agent2)
    actions.withdraw(macro, actor=people.lead, now=now)
    actions.withdraw(macro, actor=people.lead, now=now)
    assert "Hello there" not in titles(people.agent)
    assert events() == [
        ("macro.created", None),
        ("macro.changed", {"is_approved": [False, True]}),
        ("macro.changed", {"is_approved": [True, False]}),
    ]


def test_a_personal_macro_is_its_owners_alone(people, now):
    macro = actions.create(Content("Mine", "Text", audience="personal"), actor=people.agent, now=now)
    assert "Mine" in titles(people.agent)
    assert "Mine" not in titles(people.lead)
    assert queries.macro_for(people.agent, macro.id) is macro
    with pytest.raises(NotFound):
        queries.macro_for(people.lead, macro.id)
    with pytest.raises(NotFound):
        queries.editable(people.lead, macro.id)
    with pytest.raises(NotAllowed):
        actions.change(macro, Content("Theirs", "Text"), actor=people.lead, now=now)
    with pytest.raises(Invalid):
        actions.approve(macro, actor=people.lead, now=now)


def test_a_teams_macro_is_for_its_team(people, now):
    actions.create(Content("For product", "Text", audience="team", team_id=team_id("product")), actor=people.lead, now=now)
    assert "For product" in titles(people.agent2)
    assert "For product" not in titles(people.agent)


def test_changing_an_approved_one_takes_the_approval_away_unless_a_lead_does_it(people, now):
    macro = actions.create(Content("One", "Text"), actor=people.lead, now=now)
    assert macro.is_approved
    actions.change(macro, Content("One", "Text"), actor=people.agent, now=now)
    assert macro.is_approved
    actions.change(macro, Content("One", "Other text"), actor=people.agent, now=now)
    assert not macro.is_approved
    actions.change(macro, Content("Two", "Other text"), actor=people.lead, now=now)
    assert macro.is_approved
    assert events()[1][1] == {"body": ["Text", "Other text"], "is_approved": [True, False]}


def test_a_stale_save_is_refused(people, now):
    macro = actions.create(Content("One", "Text"), actor=people.lead, now=now)
    seen = macro.version
    actions.change(macro, Content("One", "New"), actor=people.lead, now=now)
    with pytest.raises(Stale):
        actions.change(macro, Content("One", "Old"), actor=people.agent, now=now, seen=seen)


@pytest.mark.parametrize(
    "content",
    [
        Content("", "Text"),
        Content("\x00\u202e", "Text"),
        Content("Title", " \n "),
        Content("Title", "{{nonsense}}"),
        Content("x" * 121, "Text"),
        Content("Title", "x" * 10_001),
        Content("Title", "Text", kind="poem"),
        Content("Title", "Text", audience="world"),
        Content("Title", "Text", audience="team"),
        Content("Title", "Text", kind="bug", audience="personal"),
    ],
)
def test_what_cannot_be_used_is_refused(people, now, content):
    with pytest.raises(Invalid):
        actions.create(content, actor=people.lead, now=now)


@pytest.mark.parametrize("who", ["owner", "user", "moderator"])
def test_others_write_none(people, now, who):
    with pytest.raises(NotAllowed):
        actions.create(Content("Title", "Text"), actor=getattr(people, who), now=now)


def test_only_leads_write_first_responses_and_approve(people, now):
    with pytest.raises(NotAllowed):
        actions.create(Content("Title", "Text", kind="bug"), actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        actions.change(queries.first_response("bug"), Content("Title", "Text", kind="bug"), actor=people.agent, now=now)
    macro = actions.create(Content("Title", "Text"), actor=people.agent, now=now)
    for action in (actions.approve, actions.withdraw, actions.delete):
        with pytest.raises(NotAllowed):
            action(macro, actor=people.agent, now=now)


def test_a_kind_has_one_first_response_at_a_time(people, now):
    before = queries.first_response("bug")
    later = now + timedelta(days=1)
    macro = actions.create(Content("Shorter", "We have {{ticket.ref}}.", kind="bug"), actor=people.lead, now=later)
    assert queries.first_response("bug") is macro
    assert not before.is_approved
    actions.approve(before, actor=people.lead, now=later)
    assert queries.first_response("bug") is before and not macro.is_approved
    assert queries.first_response("general") is None


def test_uses_are_counted_without_touching_the_version(people, now):
    macro = actions.create(Content("One", "Text"), actor=people.lead, now=now)
    version = macro.version
    actions.used(macro.id, now=now)
    actions.used(macro.id, now=now)
    actions.used(999_999, now=now)
    db.session.refresh(macro)
    assert (macro.uses, macro.last_used_at, macro.version) == (2, now, version)


def test_taking_a_first_response_counts_in_one_statement(people, now, statements):
    with statements() as seen:
        taken = actions.take_first_response("question", now=now)
    assert len(seen) == 1
    assert taken.title == "Support request first response"
    assert db.session.scalar(select(Macro.uses).where(Macro.id == taken.id)) == 1
    actions.withdraw(queries.first_response("question"), actor=people.lead, now=now)
    assert actions.take_first_response("question", now=now) is None
    assert actions.take_first_response("general", now=now) is None


def test_own_ones_can_be_deleted_and_ours_not(people, now):
    macro = actions.create(Content("One", "Text"), actor=people.lead, now=now)
    number = macro.id
    actions.delete(macro, actor=people.lead, now=now)
    assert db.session.get(Macro, number) is None
    with pytest.raises(WrongState):
        actions.delete(queries.first_response("bug"), actor=people.lead, now=now)


def test_the_defaults_are_added_once_and_stay_as_edited(people, now, statements):
    macro = queries.first_response("feature")
    actions.change(macro, Content("Ours now", "Text", kind="feature"), actor=people.lead, now=now)
    with statements() as seen:
        defaults.ensure(now)
    assert len(seen) == 1
    assert queries.first_response("feature").title == "Ours now"
    assert {queries.first_response(kind).kind for kind in ("bug", "feature", "question")} == {"bug", "feature", "question"}


@pytest.mark.engines("sqlite", "postgresql")
def test_searching_the_list_takes_every_character_as_it_is(people, now):
    actions.create(Content("100% sure_thing", "Text"), actor=people.lead, now=now)
    assert [macro.title for macro in queries.listed(people.agent, words="100% SURE_")] == ["100% sure_thing"]
    assert queries.listed(people.agent, words="100_") == []
    assert actions.take_first_response("bug", now=now).title == "Bug report first response"
