"""Nobody publishes, approves of or plans a text that they have not seen."""

from re import compile as r

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge import actions
from app.knowledge.actions import FaqText
from app.knowledge.exchange import importing
from app.knowledge.exchange.questions import FaqRow
from app.knowledge.models import Faq
from app.knowledge.translations import actions as translating
from app.knowledge.translations.actions import Draft
from app.knowledge.translations.rules import Words
from app.knowledge.writing import publishing, reviewing
from app.knowledge.writing.models import Plan
from tests.knowledge.shared import kinds


def text(answer):
    return FaqText("Zebras?", answer, "cli")


def imported(entry, answer, now):
    row = FaqRow(entry.external_id, "Zebras?", answer, "cli", status=entry.status)
    importing.import_faqs([row], source="a file", now=now)


def token(page):
    """What the button to publish carries."""
    (form,) = [form for form in page.markup.all("form") if form["action"].endswith("/publication")]
    return page.markup.fields(form)["version"]


def test_nobody_publishes_a_text_that_was_saved_after_they_looked(browse, faq, people, now):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, text("Seen."), then="draft", actor=people.agent, now=now)
    db.session.commit()
    lead = browse(people.lead)
    where = f"/desk/knowledge/faq/{entry.id}"
    seen = token(lead.get(where))
    publishing.write(entry, text("Unseen."), then="draft", actor=people.agent, now=now)
    page = lead.post(f"{where}/publication", {"version": seen}, status=409)
    assert "Somebody changed this after you opened the page" in page.words
    assert [one.text for one in page.markup.all("ins")] == ["Unseen"]
    assert db.session.get(Faq, entry.id).answer == "Live."
    lead.post(f"{where}/publication", {"version": token(page)}, to=r("saved=1"))
    assert db.session.get(Faq, entry.id).answer == "Unseen."


def test_nobody_publishes_a_text_that_was_imported_after_they_looked(browse, faq, people, now):
    entry = faq("Zebras?", "Seen.", publish=False)
    lead, where = browse(people.lead), f"/desk/knowledge/faq/{entry.id}"
    seen = token(lead.get(where))
    imported(entry, "Unseen.", now)
    for form in ({"version": seen}, {"version": f"{seen}.1"}, {"version": "x"}, {}):
        page = lead.post(f"{where}/publication", form, status=409)
        assert page.markup.fields(page.markup.by_id("editor"))["answer"] == "Unseen."
    assert db.session.get(Faq, entry.id).status == "draft"
    lead.post(f"{where}/publication", {"version": token(page)}, to=r("saved=1"))
    assert db.session.get(Faq, entry.id).answer == "Unseen."
    lead.post(f"{where}/publication", {"version": seen}, to=r("saved=1"))


@pytest.mark.parametrize("live", [True, False])
def test_a_reviewer_does_not_approve_of_what_was_imported_after_they_looked(browse, faq, people, now, live):
    entry = faq("Zebras?", "Live.", publish=live)
    publishing.write(entry, text("Better."), then="draft", actor=people.agent, now=now)
    where, review = f"/desk/knowledge/faq/{entry.id}", reviewing.ask(entry, None, "", actor=people.agent, now=now)
    db.session.commit()
    lead = browse(people.lead)
    form = {"answer": "publish", "comment": "Fine.", "version": lead.get(where).markup.fields(None)["version"]}
    imported(entry, "Imported.", now)
    for version in (form["version"], "", "x"):
        page = lead.post(f"{where}/reviews/{review.id}/answer", {**form, "version": version}, status=409)
        assert page.markup.one("textarea", name="comment").text == "Fine."
    assert kinds()[-1] == "imported"
    if not live:
        seen = lead.get(where).markup.fields(None)["version"]
        lead.post(f"{where}/reviews/{review.id}/answer", {**form, "version": seen}, to=where)
        assert db.session.get(Faq, entry.id).answer == "Imported."


def test_nobody_plans_a_text_that_was_saved_after_they_looked(browse, people, now):
    entry = actions.save_faq(None, text("Seen."), actor=people.agent, now=now)
    db.session.commit()
    lead, where = browse(people.lead), f"/desk/knowledge/faq/{entry.id}"
    form = {"verb": "publish", "wall": "2026-11-24T09:00", "version": lead.get(where).markup.fields(None)["version"]}
    actions.save_faq(entry, text("Unseen."), actor=people.agent, now=now)
    for version in (form["version"], ""):
        page = lead.post(f"{where}/plans", {**form, "version": version}, status=409)
        assert page.markup.fields(None)["wall"] == form["wall"]
    assert db.session.scalar(select(Plan)) is None


@pytest.mark.parametrize("button", ["withdrawal", "draft/removal"])
def test_nobody_takes_back_or_gives_up_a_translation_that_was_saved_after_they_looked(browse, faq, people, now, button):
    entry = faq("Zebras?", "Yes.")

    def translated(answer, seen, **then):
        there = translating.save(
            entry, "de", Draft(Words("Zebras?", "", answer), seen, entry.text_version), actor=people.lead, now=now, **then
        )
        db.session.commit()
        return there

    there = translated("Ja.", None, publish=True)
    translated("Gesehen.", there.version, publish=False)
    agent, where = browse(people.agent), f"/desk/knowledge/faq/{entry.id}/translations/de"
    seen = agent.get(where).markup.fields()["version"]
    translated("Ungesehen.", there.version, publish=False)
    for version in (seen, "", "x"):
        page = agent.post(f"{where}/{button}", {"version": version}, status=409)
        assert "Somebody else changed this translation since you opened it" in page.words
        assert page.markup.fields(page.markup.by_id("editor"))["body"] == "Ungesehen."
    assert (there.status, there.beside["body"]) == ("published", "Ungesehen.")
    agent.post(f"{where}/{button}", {"version": page.markup.fields(page.markup.by_id("editor"))["version"]}, to=where)
    assert there.beside is None
