"""Every text is kept, and an old one comes back as a new one."""

import os
from re import compile as r

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.knowledge import actions
from app.knowledge.actions import ArticleText, FaqText
from app.knowledge.models import Article, Faq
from app.knowledge.writing import publishing, queries, snapshots, versions
from app.knowledge.writing.models import Draft, Revision, Version
from app.knowledge.writing.versions import Seen
from app.lib.database import writing
from app.lib.errors import NotAllowed, NotFound, Stale
from app.lib.kept import statements
from tests.knowledge.shared import kinds
from tests.processes import in_processes


def of(entry):
    return db.session.scalars(select(Version).where(*versions.of(entry)).order_by(Version.number)).all()


def faq_text(answer, question="Zebras?", **more):
    return FaqText(question, answer, "cli", **more)


def test_the_text_of_an_entry_is_these_columns():
    """Whoever adds a column says here whether it is text (then it is kept, compared and restored) or not (snapshots.LEFT_OUT)."""
    assert snapshots.names_of("faq") == ["external_id", "question", "answer", "category", "tags", "audience"]
    article = ["section", "slug", "title", "summary", "body", "tags", "position", "audience", "product_version", "front_matter"]
    assert snapshots.names_of("article") == article


def test_each_save_keeps_who_when_and_what(faq, people, now):
    entry = faq("Zebras?", "One.")
    actions.save_faq(entry, faq_text("Two words.", tags=("a",)), actor=people.admin, now=now, note="Clearer")
    first, second = of(entry)
    assert (first.number, first.fields["answer"], first.author_id, first.applied_at) == (1, "One.", people.lead.id, now)
    assert (second.number, second.fields["tags"], second.words, second.note) == (2, ["a"], 2, "Clearer")
    assert second.changed == ["answer", "tags"]


def test_the_same_text_again_keeps_no_version(faq, people, now):
    entry = faq("Zebras?", "One.")
    actions.save_faq(entry, faq_text("One."), actor=people.lead, now=now)
    actions.unpublish(entry, actor=people.lead, now=now)
    actions.publish(entry, actor=people.lead, now=now)
    assert len(of(entry)) == 1


def test_what_stood_there_before_versions_were_kept_is_the_first(app, people, now):
    entry = db.session.get(Article, 1)
    before = entry.body
    text = ArticleText(entry.section, entry.slug, entry.title, "Other.", audience=entry.audience)
    actions.save_article(entry, text, actor=people.lead, now=now)
    first, second = of(entry)
    assert (first.fields["body"], first.author_id, second.fields["body"]) == (before, None, "Other.")


def test_a_published_text_is_worked_on_while_readers_see_it(browse, faq, people, now):
    entry = faq("Zebras?", "Live words.")
    publishing.write(entry, faq_text("Coming words."), then="draft", actor=people.lead, now=now)
    db.session.commit()
    assert "Live words." in browse(None).get("/help/faq/zebras").words
    assert browse(people.lead).get(f"/desk/knowledge/faq/{entry.id}").markup.fields()["answer"] == "Coming words."
    publishing.publish(entry, actor=people.lead, now=now)
    db.session.commit()
    assert "Coming words." in browse(None).get("/help/faq/zebras").words
    assert db.session.get(Revision, ("faq", entry.id)) is None
    assert kinds() == ["published", "drafted", "changed"]
    assert [row.applied_at is not None for row in of(entry)] == [True, True]


def test_an_agent_works_beside_the_public_text_and_cannot_replace_it(faq, people, now):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, faq_text("Mine."), actor=people.agent, now=now)
    assert (entry.answer, of(entry)[-1].fields["answer"]) == ("Live.", "Mine.")
    with pytest.raises(NotAllowed):
        publishing.publish(entry, actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        actions.save_faq(entry, faq_text("By force."), actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        actions.save_faq(None, faq_text("New.", "Lions?"), actor=people.agent, now=now, publish=True)
    assert entry.answer == "Live."


def test_an_agent_publishes_for_readers_whose_texts_nobody_has_to_approve(people, now):
    entry = actions.save_faq(None, faq_text("Ours.", audience="staff"), actor=people.agent, now=now, publish=True)
    publishing.write(entry, faq_text("Ours, too.", audience="staff"), then="publish", actor=people.agent, now=now)
    assert entry.answer == "Ours, too."
    with pytest.raises(NotAllowed):
        publishing.write(entry, faq_text("For all.", audience="public"), then="publish", actor=people.agent, now=now)


def test_publishing_is_offered_to_whom_it_is_allowed(browse, faq, people):
    entry = faq("Zebras?", "Live.")
    agent = browse(people.agent)
    for where, offered in (("/desk/knowledge/faq", True), (f"/desk/knowledge/faq/{entry.id}", False)):
        agent.get(where if not offered else f"{where}/new")
        page = agent.post(where, {"question": "Zebras?", "answer": "", "category": "cli", "audience": "staff"}, status=422)
        assert bool(page.markup.all("button", value="publish")) is offered


def test_a_draft_does_not_replace_a_text_that_has_changed_meanwhile(faq, people, now):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, faq_text("Beside."), then="draft", actor=people.agent, now=now)
    actions.save_faq(entry, faq_text("Mended at once."), actor=people.lead, now=now)
    with pytest.raises(Stale):
        publishing.publish(entry, actor=people.lead, now=now)
    assert entry.answer == "Mended at once."
    number = db.session.get(Revision, ("faq", entry.id)).number
    publishing.write(entry, faq_text("Both."), then="draft", seen=Seen(entry.version, number), actor=people.lead, now=now)
    publishing.publish(entry, actor=people.lead, now=now)
    assert entry.answer == "Both."


def test_what_is_worked_on_goes_on_beside_a_text_that_was_withdrawn(browse, faq, people, now):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, faq_text("Beside."), then="draft", actor=people.lead, now=now)
    actions.unpublish(entry, actor=people.lead, now=now)
    lead, where = browse(people.lead), f"/desk/knowledge/faq/{entry.id}"
    page = lead.get(where)
    assert "Readers do not see it any more. What is below is version 2" in page.words
    form = page.markup.fields(page.markup.by_id("editor"))
    assert form["answer"] == "Beside."
    lead.post(where, {**form, "answer": "Newer.", "then": "draft"}, to=r("saved=1"))
    page = lead.get(where)
    assert page.markup.fields(page.markup.by_id("editor"))["answer"] == "Newer."
    lead.post(f"{where}/publication", {"version": page.markup.fields(None)["version"]}, to=r("saved=1"))
    assert "Newer." in browse(None).get("/help/faq/zebras").words
    assert kinds() == ["published", "drafted", "unpublished", "drafted", "published"]


def test_an_older_text_does_not_replace_a_newer_one_by_way_of_a_withdrawal(faq, people, now):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, faq_text("Beside."), then="draft", actor=people.lead, now=now)
    actions.save_faq(entry, faq_text("Mended at once."), actor=people.lead, now=now)
    actions.unpublish(entry, actor=people.lead, now=now)
    with pytest.raises(Stale):
        publishing.publish(entry, actor=people.lead, now=now)
    publishing.restore(entry, 1, actor=people.lead, now=now)
    publishing.publish(entry, actor=people.lead, now=now)
    assert (entry.status, entry.answer) == ("published", "Live.")


def test_a_draft_given_up_stays_in_the_history(faq, people, now):
    entry = faq("Zebras?", "Live.")
    publishing.write(entry, faq_text("Beside."), then="draft", actor=people.lead, now=now)
    for _ in range(2):
        publishing.discard(entry, actor=people.lead, now=now)
    assert kinds() == ["published", "drafted", "draft_discarded"]
    assert [row.fields["answer"] for row in of(entry)] == ["Live.", "Beside."]
    publishing.write(entry, faq_text("Again."), then="draft", actor=people.lead, now=now)
    assert of(entry)[-1].number == 3


def test_restoring_makes_a_new_version_and_leaves_the_page_where_it_is(article, people, now):
    entry = article("Zebras", "Old.", slug="zebras")
    text = ArticleText("user-guide", "zebras-and-lions", "Zebras and lions", "New.")
    actions.save_article(entry, text, actor=people.lead, now=now)
    for _ in range(2):
        publishing.restore(entry, 1, actor=people.admin, now=now)
    assert (entry.title, entry.body, entry.slug, entry.text_version) == ("Zebras", "Old.", "zebras-and-lions", 3)
    assert [row.note for row in of(entry)] == ["", "", "Version 1 restored"]
    assert kinds() == ["published", "changed", "restored"]
    with pytest.raises(NotFound):
        publishing.restore(entry, 9, actor=people.admin, now=now)


def test_who_may_not_publish_restores_beside_the_live_text(faq, people, now):
    entry = faq("Zebras?", "Old.")
    actions.save_faq(entry, faq_text("New."), actor=people.lead, now=now)
    publishing.restore(entry, 1, actor=people.agent, now=now)
    assert (entry.answer, of(entry)[-1].fields["answer"]) == ("New.", "Old.")
    assert kinds()[-1] == "restored"


def test_only_staff_restore_and_discard(faq, people, now):
    entry = faq("Zebras?")
    for act in (
        lambda: publishing.restore(entry, 1, actor=people.user, now=now),
        lambda: publishing.discard(entry, actor=people.user, now=now),
    ):
        with pytest.raises(NotAllowed):
            act()


@pytest.mark.engines("sqlite", "postgresql")
def test_two_who_save_beside_the_live_text_at_once_make_one_version_each(app, engine, people, now):
    entry_id = db.session.scalar(select(func.min(Faq.id)))
    db.session.commit()

    def work():
        with writing():
            entry = db.session.get(Faq, entry_id)
            publishing.write(entry, faq_text(f"Said by {os.getpid()}."), then="draft", actor=people.lead, now=now)
            db.session.commit()

    assert in_processes(app, 3, work) == [0, 0, 0]
    rows = of(db.session.get(Faq, entry_id))
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert len({row.fields["answer"] for row in rows}) == 4
    assert db.session.get(Revision, ("faq", entry_id)).number == 4


def test_the_history_compares_any_two_and_restores_one(browse, faq, people, now):
    entry = faq("Zebras?", "First text.")
    for answer in ("Second text.", "Third text."):
        actions.save_faq(entry, faq_text(answer), actor=people.lead, now=now)
    db.session.commit()
    browser = browse(people.agent)
    where = f"/desk/knowledge/faq/{entry.id}/versions"
    page = browser.get(where)
    assert [link.text for link in page.markup.all("a", class_="subject")] == ["Version 3", "Version 2", "Version 1"]
    browser.get(f"{where}?from=1&to=3", to=f"{where}/3?against=1")
    page = browser.get(f"{where}/3?against=1")
    assert [one.text for one in page.markup.all("del")] == ["First"]
    assert [one.text for one in page.markup.all("ins")] == ["Third"]
    assert "First version" in browser.get(where).words
    browser.get(f"{where}/1")
    browser.get(f"{where}/9", status=404)
    browse(people.user).get(where, status=403)
    lead = browse(people.lead)
    lead.get(f"{where}/1")
    lead.post(f"{where}/1/restoration", to=r(r"saved=1"))
    assert db.session.get(Faq, entry.id).answer == "First text."


def test_what_is_different_beside_the_live_text_is_all_that_readers_would_see_anew(browse, faq, people, now):
    entry = faq("Zebras?", "Live words.")
    for answer in ("Coming words.", "Coming words, twice."):
        publishing.write(entry, faq_text(answer), then="draft", actor=people.agent, now=now)
    db.session.commit()
    browser = browse(people.lead)
    page = browser.get(f"/desk/knowledge/faq/{entry.id}")
    (link,) = [link for link in page.markup.all("a") if link.text == "What is different"]
    page = browser.get(link["href"])
    assert (page.markup.all("del")[0].text, page.markup.all("ins")[0].text.split()[0]) == ("Live", "Coming")
    rows = browser.get(f"/desk/knowledge/faq/{entry.id}/versions").markup.all("tr")[1:]
    assert [r(" (Live|Beside the live text) ").findall(f" {row.text} ") for row in rows] == [["Beside the live text"], [], ["Live"]]


def test_an_old_version_can_be_read_whole_before_it_is_restored(browse, faq, people, now):
    entry = faq("Zebras?", "First.\n\n" + "\n\n".join(f"Same line {n}." for n in range(20)))
    actions.save_faq(entry, faq_text(entry.answer.replace("First", "Second")), actor=people.lead, now=now)
    db.session.commit()
    page = browse(people.lead).get(f"/desk/knowledge/faq/{entry.id}/versions/2")
    assert "lines the same" in page.words
    assert "Same line 10." in page.words


def test_the_list_of_versions_loads_no_text(faq, people):
    entry = faq("Zebras?", "word " * 50)
    seen = []
    statements.set(seen)
    (row,) = queries.history(entry).items
    assert (row.words, row.author.name) == (50, people.lead.name)
    assert "fields" not in seen[0]


def test_a_stale_save_shows_what_others_have_changed_and_keeps_mine(browse, faq, people, now):
    entry = faq("Zebras?", "One line.\n\nAnother line.")
    db.session.commit()
    browser = browse(people.admin)
    form = browser.get(f"/desk/knowledge/faq/{entry.id}").markup.fields(None)
    actions.save_faq(entry, faq_text("One changed line.\n\nAnother line."), actor=people.lead, now=now)
    db.session.commit()
    mine = {
        "question": "Zebras?",
        "answer": "My line.",
        "category": "cli",
        "audience": "public",
        "version": form["version"],
        "then": "publish",
    }
    page = browser.post(f"/desk/knowledge/faq/{entry.id}", mine, status=409)
    assert [one.text for one in page.markup.all("ins")] == ["changed"]
    assert page.markup.fields()["answer"] == "My line."
    assert db.session.get(Draft, (people.admin.id, "faq", entry.id)).form["answer"] == "My line."
    page = browser.get(f"/desk/knowledge/faq/{entry.id}")
    assert "Somebody else has saved since" in page.words
    assert page.markup.fields()["answer"] == "My line."


def test_what_is_typed_is_kept_until_it_is_saved_or_thrown_away(browse, faq, people):
    entry = faq("Zebras?", "Saved.")
    db.session.commit()
    browser = browse(people.lead)
    where = f"/desk/knowledge/faq/{entry.id}"
    form = browser.get(where).markup.fields(None)
    mine = {"question": "Zebras?", "answer": "Half a sen", "category": "cli", "audience": "public", "version": form["version"]}
    assert "Kept for you" in browser.post(f"{where}/draft", mine, htmx=True).words
    assert browser.get(where).markup.fields()["answer"] == "Half a sen"
    assert browse(people.agent).get(where).markup.fields()["answer"] == "Saved."
    browser.get(where)
    browser.post(f"{where}/draft", {**mine, "answer": "Kept without script"}, to=where)
    assert "You were writing this" in (page := browser.get(where)).words
    assert page.markup.fields()["answer"] == "Kept without script"
    browser.post(f"{where}/draft/removal", to=where)
    assert browser.get(where).markup.fields()["answer"] == "Saved."
    browser.post(f"{where}/draft", mine, htmx=True)
    browser.get(where)
    browser.post(where, {**mine, "then": "publish"}, to=r("saved=1"))
    assert "You were writing this" not in browser.get(where).words


def test_what_comes_late_from_a_page_that_was_saved_is_no_draft(browse, people):
    browser = browse(people.lead)
    form = browser.get("/desk/knowledge/faq/new").markup.fields(None)
    mine = {**form, "question": "Zebras?", "answer": "Saved.", "category": "cli", "audience": "public", "then": "draft"}
    browser.post("/desk/knowledge/faq", mine, to=r("saved=1"))
    browser.get("/desk/knowledge/faq/new")
    browser.post("/desk/knowledge/faq/draft", mine, htmx=True)
    page = browser.get("/desk/knowledge/faq/new")
    assert "You were writing this" not in page.words
    fresh = page.markup.fields(None)["form_key"]
    browser.post("/desk/knowledge/faq/draft", {**mine, "form_key": fresh, "answer": "Another one."}, htmx=True)
    assert browser.get("/desk/knowledge/faq/new").markup.fields(None)["answer"] == "Another one."


def test_a_new_entry_that_is_typed_is_kept_too(browse, people):
    browser = browse(people.agent)
    browser.get("/desk/knowledge/article/new")
    browser.post(
        "/desk/knowledge/article/draft", {"title": "Zebras", "body": "Half", "section": "user-guide", "audience": "public"}, htmx=True
    )
    assert browser.get("/desk/knowledge/article/new").markup.fields()["body"] == "Half"
    browser.post("/desk/knowledge/article/draft/removal", to="/desk/knowledge/article/new")
    assert not browser.get("/desk/knowledge/article/new").markup.fields()["body"]


def test_what_an_agent_may_not_publish_is_refused_and_kept(browse, people):
    browser = browse(people.agent)
    browser.get("/desk/knowledge/faq/new")
    sent = {"question": "Zebras?", "answer": "Kept.", "category": "cli", "audience": "public", "then": "publish"}
    page = browser.post("/desk/knowledge/faq", sent, status=403)
    assert "looked at by a second person" in page.words
    assert page.markup.fields()["answer"] == "Kept."
    assert db.session.get(Draft, (people.agent.id, "faq", 0)).form["answer"] == "Kept."


def test_a_question_that_was_to_be_answered_waits_behind_what_is_not_saved(browse, people):
    browser = browse(people.agent)
    form = browser.get("/desk/knowledge/faq/new").markup.fields(None)
    browser.post("/desk/knowledge/faq/draft", {**form, "question": "Lions?", "answer": "Half"}, htmx=True)
    page = browser.get("/desk/knowledge/faq/new?question=Zebras?")
    assert page.markup.fields()["question"] == "Lions?"
    assert "throw it away to begin with “Zebras?”" in page.words
    browser.post("/desk/knowledge/faq/draft/removal", {"question": "Zebras?"}, to="/desk/knowledge/faq/new?question=Zebras?")
    assert browser.get("/desk/knowledge/faq/new?question=Zebras?").markup.fields()["question"] == "Zebras?"
