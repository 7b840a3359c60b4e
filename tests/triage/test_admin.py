"""The pages of the rules, and the box to try them."""

import pytest
from sqlalchemy import select

from app.extensions import db
from app.triage import editing
from app.triage.models import TriageRule
from tests import factories


def rule(key):
    """A rule by its key."""
    return db.session.scalars(select(TriageRule).where(TriageRule.key == key)).one()


def sent(row, **over):
    """What the form of a rule sends."""
    data, to = row.conditions, row.outcome
    given = {"explanation": row.explanation, "field": data["field"], "words": "\r\n".join(data["words"]), "outcome": to["to"]}
    return {
        **given,
        "weight": str(to.get("weight", 0)),
        "trigger": to.get("trigger", ""),
        "position": str(row.position),
        "seen": str(row.version),
        **over,
    }


def test_the_page_shows_every_group_and_rule(people, browse):
    page = browse(people.lead).get("/admin/triage")
    for words in (
        "Team by label or kind",
        "Signals of urgency",
        "Production does not work.",
        "urgency.outage.production",
        "Lists of words",
        "Try it",
    ):
        assert words in page.words


def test_a_rule_is_changed(people, browse):
    lead, row = browse(people.lead), rule("urgency.money.losing")
    page = lead.get(f"/admin/triage/rules/{row.id}")
    assert page.markup.fields()["weight"] == "25"
    lead.post(
        f"/admin/triage/rules/{row.id}", sent(row, weight="33", words="losing money\r\n\r\ninvoice ~ wrong"), to="/admin/triage#urgency"
    )
    assert rule("urgency.money.losing").outcome["weight"] == 33
    assert rule("urgency.money.losing").conditions["words"] == ["losing money", "invoice ~ wrong"]


@pytest.mark.parametrize(
    "key", ["team.bug", "words.blocking", "trigger.outage_label", "category.billing", "category.security_label", "list.people"]
)
def test_every_kind_of_rule_survives_its_own_form(people, browse, key):
    lead, row = browse(people.lead), rule(key)
    before = (row.conditions, row.outcome, row.position)
    fields = lead.get(f"/admin/triage/rules/{row.id}").markup.fields()
    lead.post(f"/admin/triage/rules/{row.id}", {**fields, "explanation": "Another reason."}, to=f"/admin/triage#{row.group}")
    after = rule(key)
    assert (after.conditions, after.outcome, after.position, after.explanation) == (*before, "Another reason.")


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"words": ""}, "at least one word"),
        ({"words": "a ||"}, "cannot be read"),
        ({"words": "((((("}, "cannot be found"),
        ({"words": "{nobody}"}, "There is no list"),
        ({"explanation": ""}, "Say in a sentence"),
        ({"explanation": "x" * 201}, "Explanation:"),
        ({"outcome": "coffee"}, "Subject:"),
        ({"weight": "900"}, "Weight in points:"),
        ({"weight": "many"}, "Weight in points:"),
        ({"trigger": "coffee"}, "Escalation trigger besides:"),
        ({"explanation": "<script>alert(1)</script>", "words": ""}, "at least one word"),
    ],
)
def test_a_bad_form_is_shown_again_with_what_was_typed(people, browse, over, told):
    row = rule("urgency.money.losing")
    page = browse(people.lead).post(f"/admin/triage/rules/{row.id}", sent(row, **over), status=422)
    assert told in page.words and "<script>alert" not in page.text
    assert rule("urgency.money.losing").version == row.version


def test_a_rule_is_added_switched_and_deleted(people, browse):
    lead = browse(people.lead)
    lead.get("/admin/triage/rules/new?group=urgency")
    form = {
        "explanation": "It says mayday",
        "field": "text",
        "words": "mayday",
        "outcome": "outage",
        "weight": "80",
        "trigger": "production_down",
    }
    lead.post("/admin/triage/rules?group=urgency", form, to="/admin/triage#urgency")
    own = db.session.scalars(select(TriageRule).where(TriageRule.key.like("own.%"))).one()
    assert own.outcome == {"to": "outage", "weight": 80, "trigger": "production_down"}
    assert own.explanation == "It says mayday.", "what it saw follows on the timeline"
    number = own.id
    lead.get("/admin/triage")
    part = lead.post(f"/admin/triage/rules/{number}/deactivation", htmx=True)
    assert "Switch on" in part.words and not db.session.get(TriageRule, number).is_enabled
    lead.post(f"/admin/triage/rules/{number}/activation", to="/admin/triage#urgency")
    lead.post(f"/admin/triage/rules/{number}/deletion", to="/admin/triage#urgency")
    lead.get(f"/admin/triage/rules/{number}", status=404)
    lead.post("/admin/triage/rules?group=urgency", {**form, "words": ""}, status=422)


@pytest.mark.parametrize("group", ["", "list", "nonsense"])
def test_there_are_no_new_rules_of_other_groups(people, browse, group):
    lead = browse(people.lead)
    lead.get(f"/admin/triage/rules/new?group={group}", status=404)
    lead.post(f"/admin/triage/rules?group={group}", {}, status=404)


def test_rules_that_came_with_the_system_are_not_deleted(people, browse):
    row = rule("team.bug")
    lead = browse(people.lead)
    assert "can be switched off but not deleted" in lead.get(f"/admin/triage/rules/{row.id}").words
    lead.post(f"/admin/triage/rules/{row.id}/deletion", status=409)


def test_a_stale_save_keeps_the_words_typed(people, browse, now):
    row = rule("urgency.money.losing")
    form, outcome = sent(row, words="my own words"), row.outcome["to"]
    theirs = editing.Change("They lose money", "text", ["losing money", "bleeding"], outcome, 55)
    editing.change_rule(row, theirs, actor=people.admin, now=now)
    lead = browse(people.lead)
    page = lead.post(f"/admin/triage/rules/{row.id}", form, status=409)
    assert "my own words" in page.text and "Somebody else changed this rule" in page.words
    told = page.words
    assert "Words: It says “losing money, bleeding” now." in told and "Weight in points: It says “55” now." in told
    assert (
        "Explanation: It says “They lose money.” now." in told
        and "Subject: It says" not in told
        and "losing money\nbleeding</pre>" in page.text
    )
    lead.post(f"/admin/triage/rules/{row.id}", {**form, "seen": page.markup.fields()["seen"]}, to="/admin/triage#urgency")
    assert rule("urgency.money.losing").conditions["words"] == ["my own words"]


def test_what_was_typed_for_a_deleted_rule_becomes_a_new_one(people, browse, now):
    change = editing.Change("It says mayday", "text", ["mayday"], "outage", 80)
    row = editing.create_rule("urgency", change, actor=people.admin, now=now)
    lead = browse(people.lead)
    form = lead.get(f"/admin/triage/rules/{row.id}").markup.one("form", id="rule-form")
    typed, number = sent(row, words="my own words"), row.id
    editing.delete_rule(row, actor=people.admin, now=now)
    page = lead.post(form["action"], typed, status=409)
    assert "was deleted since you opened it" in page.words and "my own words" in page.text
    again = page.markup.one("form", id="rule-form")
    lead.post(again["action"], page.markup.fields(again), to="/admin/triage#urgency")
    assert db.session.scalars(select(TriageRule).where(TriageRule.key.like("own.%"))).one().conditions["words"] == ["my own words"]
    lead.post(f"/admin/triage/rules/{number + 1000}", typed, status=404)
    lead.post(f"/admin/triage/rules/{number + 1000}?group=urgency", {**typed, "seen": ""}, status=404)


def test_no_page_of_a_deleted_rule_touches_the_next_one(people, browse, now):
    row = editing.create_rule("urgency", editing.Change("It says mayday", "text", ["mayday"], "outage", 80), actor=people.admin, now=now)
    lead = browse(people.lead)
    shown = lead.get(f"/admin/triage/rules/{row.id}").markup
    buttons = [form["action"] for form in shown.all("form") if "deactivation" in form["action"] or "deletion" in form["action"]]
    typed, form = sent(row, words="my own words"), shown.one("form", id="rule-form")
    editing.delete_rule(row, actor=people.admin, now=now)
    other = editing.create_rule(
        "category", editing.Change("It says invoice", "text", ["invoice"], "billing", 5), actor=people.admin, now=now
    )
    db.session.commit()
    page = lead.post(form["action"], typed, status=409)
    assert "was deleted since you opened it" in page.words and "my own words" in page.text
    for button in buttons:
        lead.post(button, status=404)
    assert len(buttons) == 2 and other.is_enabled and other.conditions["words"] == ["invoice"]


def test_a_text_is_tried_and_explained(people, browse):
    lead = browse(people.lead)
    ticket = {
        "title": "Help",
        "body": "> quoted\n\nProduction is down for all customers.",
        "labels": "enterprise, x",
        "kind": "",
        "plan": "community",
    }
    page = lead.post("/admin/triage/trial", ticket)
    assert "To be confirmed" in page.words and "Production down" in page.words and "urgency.outage.production" in page.words
    assert "“production is down”" in page.words and page.markup.fields()["title"] == "Help"
    part = lead.post("/admin/triage/trial", {**ticket, "body": "Is production down? <script>alert(1)</script>"}, htmx=True)
    assert part.markup.elements[0]["id"] == "trial" and "asked or imagined" in part.words
    assert "<script>" not in part.text


def test_a_text_too_long_to_try_is_refused(people, browse):
    page = browse(people.lead).post("/admin/triage/trial", {"title": "x" * 501, "plan": "technical"}, status=422)
    assert "Title:" in page.words


def test_only_leads_and_administrators_enter(people, browse):
    row = rule("team.bug")
    browse(people.admin).get("/admin/triage")
    for who in (people.agent, people.owner, people.moderator):
        browse(who).get("/admin/triage", status=403)
        browse(who).post(f"/admin/triage/rules/{row.id}/deactivation", status=403)
        browse(who).post("/admin/triage/trial", {}, status=403)
    browse(None).get("/admin/triage", to="/login")
    browse(None).post(f"/admin/triage/rules/{row.id}", {}, to="/login")


def test_the_page_costs_few_statements(people, browse, statements):
    lead = browse(people.lead)
    lead.get("/admin/triage")
    with statements() as seen:
        lead.get("/admin/triage")
    assert len(seen) <= 3


def test_a_decision_names_its_rule_on_the_timeline(people, browse):
    ticket = factories.ticket(people.owner, body="Production is down.")
    page = browse(people.agent).get(f"/desk/tickets/{ticket.ref}")
    assert "rule urgency.outage.production" in page.words
