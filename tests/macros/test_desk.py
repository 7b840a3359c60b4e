"""The desk's pages of macros."""

import re

import pytest
from sqlalchemy import select

from app.extensions import db
from app.macros import actions, queries
from app.macros.actions import Content
from app.macros.models import Macro


@pytest.fixture
def macro(people, now):
    """A macro that waits for approval."""
    return actions.create(Content("Ask for the log", "Hi {{requester.first_name}}"), actor=people.agent, now=now)


def sent(**over):
    """What the form sends."""
    return {"title": "Greeting", "kind": "general", "audience": "all", "team_id": "", "body": "Hi {{requester.first_name}} *you*", **over}


def test_the_list_shows_titles_states_and_uses(people, browse, macro):
    page = browse(people.agent).get("/desk/macros")
    assert "Ask for the log" in page.words and "Waiting" in page.words
    assert "Bug report first response" in page.words


def test_the_list_is_searched_and_filtered_with_and_without_htmx(people, browse, macro):
    agent = browse(people.agent)
    page = agent.get("/desk/macros?q=log&show=waiting")
    assert "Ask for the log" in page.words and "Bug report" not in page.words.replace("First responses", "")
    part = agent.get("/desk/macros?show=first", htmx=True)
    assert part.markup.elements[0]["id"] == "macros" and "Ask for the log" not in part.words
    assert "No macro here" in agent.get("/desk/macros?q=zzz").words


def test_a_macro_is_written_changed_and_approved(people, browse):
    agent = browse(people.agent)
    agent.get("/desk/macros/new")
    agent.post("/desk/macros", sent(), to=None, status=303)
    found = db.session.scalars(select(Macro).where(Macro.title == "Greeting")).one()
    number = found.id
    page = agent.get(f"/desk/macros/{found.id}")
    assert "Waiting for approval" in page.words and "Approve" not in [button.text for button in page.markup.all("button")]
    lead = browse(people.lead)
    lead.post(f"/desk/macros/{found.id}/approval", to=f"/desk/macros/{found.id}")
    assert "Approved" in lead.get(f"/desk/macros/{found.id}").words
    agent.post(f"/desk/macros/{found.id}", sent(title="Greetings", seen=str(found.version)), to=f"/desk/macros/{found.id}")
    assert "Waiting for approval" in agent.get(f"/desk/macros/{found.id}").words
    lead.post(f"/desk/macros/{number}/deletion", to="/desk/macros")
    lead.get(f"/desk/macros/{number}", status=404)


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"title": ""}, "Give it a title"),
        ({"body": ""}, "Write the text"),
        ({"body": "Dear {{customer}}"}, "There is no placeholder {{customer}}"),
        ({"body": "x" * 10_001}, "10,000 characters"),
        ({"audience": "team"}, "Choose the team"),
        ({"audience": "team", "team_id": "x"}, "Team:"),
        ({"kind": "bug"}, "Used as:"),
        ({"title": "<script>alert(1)</script>", "body": ""}, "&lt;script&gt;"),
    ],
)
def test_a_bad_form_is_shown_again_with_what_was_typed(people, browse, over, told):
    page = browse(people.agent).post("/desk/macros", sent(**over), status=422)
    assert told in page.text or told in page.words
    assert "<script>alert" not in page.text
    assert db.session.scalar(select(Macro.id).where(Macro.title == "Greeting")) is None


def test_the_preview_is_filled_and_safe(people, browse):
    agent = browse(people.agent)
    agent.get("/desk/macros/new")
    part = agent.post("/desk/macros/preview", sent(body="Hi {{requester.first_name}} <script>x</script> {{no}}"), htmx=True)
    assert "Hi Marcus" in part.words and "There is no placeholder {{no}}" in part.words
    assert "<script>" not in part.text
    page = agent.post("/desk/macros/preview", sent())
    assert "<em>you</em>" in page.text and page.markup.fields()["title"] == "Greeting"


def test_a_stale_save_keeps_the_text_and_shows_the_other(people, browse, macro, now):
    agent = browse(people.agent)
    seen = macro.version
    actions.change(macro, Content("Ask for the log", "Changed by the lead"), actor=people.lead, now=now)
    page = agent.post(f"/desk/macros/{macro.id}", sent(body="My own words", seen=str(seen)), status=409)
    assert "Changed by the lead</pre>" in page.text and "My own words" in page.text
    told = page.words
    assert "Title: It says “Ask for the log” now." in told and "Text (Markdown): It says “Changed by the lead” now." in told
    assert "Who may use it: It says" not in told
    again = page.markup.fields()
    agent.post(f"/desk/macros/{macro.id}", {**sent(body="My own words"), "seen": again["seen"]}, to=f"/desk/macros/{macro.id}")
    assert db.session.get(Macro, macro.id).body == "My own words"


def test_what_was_written_for_a_deleted_macro_becomes_a_new_one(people, browse, macro, now):
    agent, path = browse(people.agent), f"/desk/macros/{macro.id}"
    mine = sent(body="My own words", seen=str(macro.version))
    actions.delete(macro, actor=people.lead, now=now)
    for to in (path, f"/desk/macros/preview?number={macro.id}"):
        page = agent.post(to, mine, status=409)
        assert "was deleted since you opened it" in page.words and "My own words" in page.text
    form = page.markup.one("form", id="macro")
    agent.post(form["action"], page.markup.fields(form), to=re.compile("/desk/macros/"))
    again = db.session.scalars(select(Macro).where(Macro.title == "Greeting")).one()
    assert again.body == "My own words" and again.id != macro.id
    agent.post(path, sent(), status=404)


def test_agents_see_first_responses_but_leads_change_them(people, browse):
    number = queries.first_response("bug").id
    page = browse(people.agent).get(f"/desk/macros/{number}")
    assert "so leads change them" in page.words
    browse(people.agent).post(f"/desk/macros/{number}", sent(kind="bug"), status=403)
    browse(people.agent).post(f"/desk/macros/{number}/withdrawal", status=403)
    lead = browse(people.lead)
    lead.post(f"/desk/macros/{number}/withdrawal", to=f"/desk/macros/{number}")
    assert "new tickets get none" in lead.get(f"/desk/macros/{number}").words


def test_personal_macros_of_others_do_not_exist(people, browse, now):
    mine = actions.create(Content("Mine", "Text", audience="personal"), actor=people.agent, now=now)
    lead = browse(people.lead)
    assert "Mine" not in [link.text for link in lead.get("/desk/macros").markup.all("a")]
    lead.get(f"/desk/macros/{mine.id}", status=404)
    lead.post(f"/desk/macros/{mine.id}", sent(), status=404)
    lead.post(f"/desk/macros/{mine.id}/deletion", status=404)


def test_customers_and_visitors_stay_outside(people, browse, macro):
    for who in (people.owner, people.moderator):
        browse(who).get("/desk/macros", status=403)
        browse(who).post("/desk/macros", sent(), status=403)
    browse(None).get("/desk/macros", to="/login")
    browse(None).get(f"/desk/macros/{macro.id}", to="/login")


def test_the_list_costs_the_same_for_many(people, browse, now, statements):
    agent = browse(people.agent)
    agent.get("/desk/macros")
    with statements() as few:
        agent.get("/desk/macros")
    for number in range(30):
        actions.create(Content(f"Number {number}", "Text"), actor=people.agent, now=now)
    with statements() as many:
        agent.get("/desk/macros")
    assert len(many) == len(few) <= 4
