"""Entries in other languages: who reads them, when they are behind, and the desk of translators."""

from re import compile as r

import pytest

from app.accounts.models import User
from app.extensions import db
from app.knowledge import abroad, finding, indexing
from app.knowledge import actions as knowledge
from app.knowledge.actions import ArticleText
from app.knowledge.translations import actions, queries
from app.knowledge.translations.actions import Draft
from app.knowledge.translations.models import Translation
from app.knowledge.translations.rules import Words, chosen
from app.lib.errors import NotAllowed, Stale
from tests.knowledge.shared import events, kinds

GERMAN = Words("Zebras", "Alles über sie.", "## Schlaf\n\nIm Stehen.")
HEADERS = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


@pytest.fixture
def page(article):
    """A published article about zebras."""
    entry = article("Zebras in English", "## Sleep\n\nStanding.", slug="zebras", summary="All about them.")
    db.session.commit()
    return entry


def press(browser, path, button):
    """Press a button of the editor as the page has it."""
    page = browser.get(path).markup
    (form,) = [form for form in page.all("form") if form["action"].endswith(f"/{button}")]
    browser.post(form["action"], page.fields(form), to=path)


@pytest.fixture
def translate(people, now):
    """`translate(entry)` writes and publishes the German text, as it stands now."""

    def write(entry, words=GERMAN, *, locale="de", publish=True, **over):
        there = queries.translation_of(entry.kind, entry.id, locale)
        draft = Draft(words, there.version if there else None, entry.text_version, **over)
        done = actions.save(entry, locale, draft, actor=people.lead, now=now, publish=publish)
        db.session.commit()
        return done

    return write


def rewrite(entry, body, people, now):
    """Another English text."""
    text = ArticleText(entry.section, entry.slug, entry.title, body, entry.summary)
    knowledge.save_article(entry, text, actor=people.lead, now=now)
    db.session.commit()


def test_visitors_read_the_language_of_their_browser_and_can_choose_another(browse, page, translate):
    translate(page)
    visitor = browse(None)
    german = visitor.get("/help/user-guide/zebras", headers=HEADERS)
    assert german.markup.one("h1").text == "Zebras"
    assert "Im Stehen." in german.words
    assert "Accept-Language" in german.headers["Vary"]
    english = visitor.get("/help/user-guide/zebras?lang=en", headers=HEADERS)
    assert "Standing." in english.words
    assert "Im Stehen." in visitor.get("/help/user-guide/zebras?lang=de").words
    assert "Standing." in visitor.get("/help/user-guide/zebras", headers={"Accept-Language": "fr, de;q=0"}).words


def test_who_is_signed_in_reads_the_original_unless_they_ask(browse, people, page, translate):
    translate(page)
    browser = browse(people.user)
    assert "Standing." in browser.get("/help/user-guide/zebras", headers=HEADERS).words
    assert "Im Stehen." in browser.get("/help/user-guide/zebras?lang=de", headers=HEADERS).words


def test_a_language_that_is_not_there_shows_the_original_and_says_so(browse, page, translate):
    translate(page, publish=False)
    shown = browse(None).get("/help/user-guide/zebras?lang=de", headers=HEADERS)
    assert "not available in Deutsch" in shown.words
    assert "Standing." in shown.words
    assert "not available" not in browse(None).get("/help/user-guide/zebras?lang=xx").words


def test_readers_are_told_when_the_original_has_changed(browse, people, page, translate, now):
    translate(page)
    assert "geändert" not in browse(None).get("/help/user-guide/zebras?lang=de").words
    rewrite(page, "## Sleep\n\nStanding or lying.", people, now)
    assert "Das englische Original wurde seit dieser Übersetzung geändert." in browse(None).get("/help/user-guide/zebras?lang=de").words


def test_a_translation_has_the_audience_of_its_original(browse, people, article, translate):
    entry = article("Secret zebras", slug="secret-zebras", audience="staff")
    translate(entry)
    browse(people.user).get("/help/user-guide/secret-zebras?lang=de", status=404)
    assert "Im Stehen." in browse(people.agent).get("/help/user-guide/secret-zebras?lang=de").words


def test_a_question_is_translated_too(browse, people, faq, translate):
    entry = faq("Do zebras swim?", "A little.")
    translate(entry, Words("Schwimmen Zebras?", "", "Ein wenig."))
    shown = browse(None).get(f"/help/faq/{entry.external_id}", headers=HEADERS)
    assert shown.markup.one("h1").text == "Schwimmen Zebras?"
    assert "Ein wenig." in shown.words
    places = [(version.locale, version.url) for version in queries.versions_of(entry)]
    assert places == [("en", "/help/faq/do-zebras-swim"), ("de", "/help/faq/do-zebras-swim?lang=de")]


def test_how_far_it_is_behind_counts_changes_of_the_text_alone(people, page, translate, now):
    translate(page)
    text = ArticleText(page.section, page.slug, page.title, page.body, page.summary, ("striped",), position=9)
    knowledge.save_article(page, text, actor=people.lead, now=now)
    knowledge.unpublish(page, actor=people.lead, now=now)
    knowledge.publish(page, actor=people.lead, now=now)
    assert queries.versions_of(page)[1].behind == 0
    rewrite(page, "One.", people, now)
    rewrite(page, "Two.", people, now)
    assert queries.versions_of(page)[1].behind == 2


def test_a_stale_translation_or_original_is_told(people, page, translate, now):
    first = translate(page)
    late = Draft(GERMAN, None, page.text_version)
    with pytest.raises(Stale, match="changed this translation"):
        actions.save(page, "de", late, actor=people.lead, now=now)
    rewrite(page, "Other words.", people, now)
    seen = Draft(Words("Zebras", "", "Neu."), first.version, page.text_version - 1)
    with pytest.raises(Stale, match="original changed"):
        actions.save(page, "de", seen, actor=people.lead, now=now)
    # A typo mended does not say that the rest is up to date, so it may be older.
    partly = Draft(Words("Zebras", "", "Neu."), first.version, page.text_version - 1, is_current=False)
    assert actions.save(page, "de", partly, actor=people.lead, now=now).source_version == page.text_version - 1


def test_the_same_again_records_nothing_and_customers_may_not_write(people, page, translate, now):
    translate(page)
    translate(page)
    assert [event.facts["locale"] for event in events("translated")] == ["de"]
    with pytest.raises(NotAllowed):
        actions.save(page, "fr", Draft(GERMAN, None, page.text_version), actor=people.owner, now=now)


def test_translating_at_the_desk(browse, people, page, now):
    browser = browse(people.lead)
    path = f"/desk/knowledge/article/{page.id}/translations/de"
    form = browser.get(path).markup.fields()
    wrong = browser.post(path, {**form, "title": "", "body": "Kept"}, status=422)
    assert wrong.markup.fields()["body"] == "Kept"
    words = {"title": "Zebras", "summary": "", "body": "Im Stehen."}
    browser.post(path, {**form, **words, "then": "publish"}, to=r("saved=1"))
    assert "Im Stehen." in browse(None).get("/help/user-guide/zebras?lang=de").words
    rewrite(page, "## Sleep\n\nLying.", people, now)
    shown = browser.get(path)
    assert "Lying." in shown.markup.one("div", class_="diff").text
    assert "Removed: Standing." in shown.words.replace("Was:", "Removed:")
    stale = browser.post(path, {**form, **words, "body": "Im Liegen."}, status=409)
    assert stale.markup.fields()["body"] == "Im Liegen."
    browser.post(path, {**stale.markup.fields(), "is_current": "y"}, to=r("saved=1"))
    assert queries.versions_of(page)[1].behind == 0
    press(browser, path, "withdrawal")
    assert "Standing" not in browse(None).get("/help/user-guide/zebras?lang=de").words
    assert queries.versions_of(page) == []


def test_a_typo_mended_leaves_a_translation_behind_until_somebody_says_that_it_is_current(browse, people, page, translate, now):
    translate(page)
    browser = browse(people.lead)
    path = f"/desk/knowledge/article/{page.id}/translations/de"
    assert browser.get(path).markup.fields()["is_current"] == "y"
    rewrite(page, "## Sleep\n\nStanding or lying.", people, now)
    form = browser.get(path).markup.fields()
    assert "is_current" not in form
    browser.post(path, {**form, "body": "## Schlaf\n\nNur im Stehen."}, to=r("saved=1"))
    shown = browse(None).get("/help/user-guide/zebras?lang=de").words
    assert "Nur im Stehen." in shown and "geändert" in shown
    form = browser.get(path).markup.fields()
    browser.post(path, {**form, "is_current": "y"}, to=r("saved=1"))
    assert browser.get(path).markup.fields()["is_current"] == "y"
    assert "geändert" not in browse(None).get("/help/user-guide/zebras?lang=de").words


def test_what_was_said_of_an_older_original_is_asked_again(browse, people, page, translate, now):
    translate(page)
    browser = browse(people.lead)
    path = f"/desk/knowledge/article/{page.id}/translations/de"
    form = browser.get(path).markup.fields()
    rewrite(page, "## Sleep\n\nStanding or lying.", people, now)
    stale = browser.post(path, {**form, "body": "Im Stehen!"}, status=409).markup.fields()
    assert stale["body"] == "Im Stehen!"
    browser.post(path, stale, to=r("saved=1"))
    assert queries.versions_of(page)[1].behind == 1


def test_what_is_translated_is_named_in_its_language_and_the_words_around_it_are_not(browse, people, page):
    shown = browse(people.lead).get(f"/desk/knowledge/article/{page.id}/translations/de").markup
    assert [one["name"] for one in shown.elements if one.get("lang") == "de" and one.get("name")] == ["title", "summary", "body"]


def test_a_translation_is_seen_before_it_is_published(browse, people, page, translate):
    translate(page)
    browser, path = browse(people.lead), f"/desk/knowledge/article/{page.id}/translations/de"
    assert "Im Stehen." in browser.get(path).markup.by_id("preview").text
    refused = browser.post(path, {**browser.get(path).markup.fields(), "title": "", "body": "Im **Liegen**."}, status=422)
    assert refused.markup.by_id("preview").text == "Im Liegen."
    area = refused.markup.one("textarea", name="body")
    part = browser.post(area["hx-post"], {"body": "Im *Fliegen*."}, htmx=True)
    assert part.markup.one("em").text == "Fliegen"


def test_the_table_names_what_is_missing_and_what_is_behind(browse, people, page, translate, now):
    translate(page)
    translate(page, locale="fr", publish=False)
    rewrite(page, "Changed.", people, now)
    shown = browse(people.agent).get("/desk/knowledge/translations?q=zebras").markup
    cells = [link.text.partition(",")[0].strip() for link in shown.all("a") if f"/article/{page.id}/translations/" in link.get("href")]
    assert cells == ["behind by 1", "draft", "missing"]


def test_a_lead_publishes_what_the_public_reads(browse, people, page):
    browser = browse(people.agent)
    path = f"/desk/knowledge/article/{page.id}/translations/de"
    words = {"title": "Zebras", "body": "Im Stehen.", "source": str(page.text_version), "version": ""}
    browser.get(path)
    refused = browser.post(path, {**words, "then": "publish"}, status=403)
    assert refused.markup.fields()["body"] == "Im Stehen."
    browser.post(path, {**words, "then": "draft"}, to=r("saved=1"))
    assert queries.versions_of(page) == []


def test_an_agent_works_beside_a_published_translation_and_a_lead_publishes_it(browse, people, page, translate, now):
    translate(page)
    rewrite(page, "## Sleep\n\nLying.", people, now)
    agent, lead = browse(people.agent), browse(people.lead)
    path, public = f"/desk/knowledge/article/{page.id}/translations/de", "/help/user-guide/zebras?lang=de"
    form = {**agent.get(path).markup.fields(), "body": "Im Liegen.", "is_current": "y"}
    refused = agent.post(path, {**form, "then": "publish"}, status=403)
    assert refused.markup.fields()["body"] == "Im Liegen."
    agent.post(path, {**form, "then": "draft"}, to=r("saved=1"))
    shown = browse(None).get(public).words
    assert ("Im Stehen." in shown, "geändert" in shown, "Liegen" in shown) == (True, True, False)
    assert "draft beside" in lead.get("/desk/knowledge/translations?q=zebras").words
    opened = lead.get(path).markup
    assert "Liegen" in opened.by_id("coming-title").within("section").text
    assert opened.fields()["body"] == "Im Liegen."
    lead.post(path, {**opened.fields(), "then": "publish"}, to=r("saved=1"))
    shown = browse(None).get(public).words
    assert ("Im Liegen." in shown, "geändert" in shown) == (True, False)
    assert kinds()[-2:] == ["translation_drafted", "translated"]


def test_a_text_beside_a_translation_is_stale_for_others_and_can_be_given_up(browse, people, page, translate, now):
    translate(page)
    path = f"/desk/knowledge/article/{page.id}/translations/de"
    agent, lead = browse(people.agent), browse(people.lead)
    form, late = agent.get(path).markup.fields(), lead.get(path).markup.fields()
    for _ in range(2):
        agent.post(path, {**form, "body": "Im Liegen.", "then": "draft"}, to=r("saved=1"))
        form = agent.get(path).markup.fields()
    assert len(events("translation_drafted")) == 1
    lead.post(path, {**late, "body": "Im Sitzen.", "then": "publish"}, status=409)
    seen = agent.get(path).markup.fields()["version"]
    for _ in range(2):
        agent.post(f"{path}/draft/removal", {"version": seen}, to=path)
    assert len(events("translation_draft_discarded")) == 1
    assert "Im Stehen." in agent.get(path).markup.fields()["body"]


def test_a_translation_that_is_taken_back_says_what_was_worked_on_last(people, page, translate, now):
    there = translate(page)
    beside = Draft(Words("Zebras", "", "Im Liegen."), there.version, page.text_version)
    actions.save(page, "de", beside, actor=people.agent, now=now)
    assert (there.body, there.beside["body"]) != ("Im Liegen.", "Im Stehen.")
    actions.withdraw(page, there, seen=there.version, actor=people.lead, now=now)
    assert (there.status, there.body, there.beside) == ("draft", "Im Liegen.", None)


def test_languages_of_other_houses_are_not_found(browse, people, page):
    browse(people.agent).get(f"/desk/knowledge/article/{page.id}/translations/xx", status=404)
    browse(people.agent).get(f"/desk/knowledge/article/{page.id}/translations/en", status=404)
    browse(people.user).get(f"/desk/knowledge/article/{page.id}/translations/de", status=403)


def test_the_table_costs_the_same_for_one_entry_and_for_fifty(browse, people, statements):
    browser = browse(people.agent)
    with statements() as few:
        browser.get("/desk/knowledge/translations?q=zzz-none")
    with statements() as many:
        browser.get("/desk/knowledge/translations")
    assert len(many) <= len(few) + 4


@pytest.mark.parametrize(
    ("asked", "preferred", "there", "shown"),
    [
        ("", [], ["de"], "en"),
        ("de", ["fr"], ["de", "fr"], "de"),
        ("xx", ["fr"], ["de", "fr"], "fr"),
        ("", ["en-GB", "de"], ["de"], "en"),
        ("", ["pt", "de-CH"], ["de"], "de"),
        ("en", ["de"], ["de"], "en"),
    ],
)
def test_which_language_is_shown(asked, preferred, there, shown):
    assert chosen(asked, preferred, there) == shown


@pytest.mark.engines("sqlite", "postgresql")
def test_an_entry_has_each_language_once(engine, people, page, translate, now):
    translate(page)
    twin = Translation(kind="article", entry_id=page.id, locale="de", title="x", body="x", source_version=1, source_hash="", created_at=now, changed_at=now)  # fmt: skip
    db.session.add(twin)
    with pytest.raises(Exception, match=r"(?i)unique"):
        db.session.flush()
    db.session.rollback()
    assert db.session.get(User, people.agent.id) is not None


@pytest.fixture
def searched(page, translate, faq, indexed):
    """Zebras in both languages, a question in German alone by its words, and one for staff."""
    translate(page, Words("Zebras auf Reisen", "Alles über sie.", "## Schlaf\n\nSie schlafen im Stehen in der Savanne."))
    secret = faq("Who feeds the zebras?", "Staff do.", audience="staff")
    translate(secret, Words("Wer füttert die Zebras in der Savanne?", "", "Das Personal."))
    indexed()
    return page


def test_who_reads_german_finds_german_texts_and_each_entry_once(browse, searched):
    page = browse(None).get("/help/search?q=savanne", headers=HEADERS)
    links = [link for link in page.markup.all("a") if link.get("href").startswith("/help/user-guide/zebras")]
    assert [(link["href"], link.text) for link in links] == [("/help/user-guide/zebras?lang=de", "Zebras auf Reisen")]
    assert "füttert" not in page.words
    both = browse(None).get("/help/search?q=zebras", headers=HEADERS)
    assert len([link for link in both.markup.all("a") if link.get("href").startswith("/help/user-guide/zebras")]) == 1
    assert "Zebras auf Reisen" in both.words
    assert "Accept-Language" in both.headers["Vary"]


def test_who_reads_english_sees_nothing_of_it(browse, people, searched):
    assert "Reisen" not in browse(None).get("/help/search?q=zebras").words
    assert "Reisen" not in browse(None).get("/help/search?q=savanne").words
    assert "Reisen" not in browse(people.user).get("/help/search?q=savanne", headers=HEADERS).words
    assert "Reisen" in browse(people.user).get("/help/search?q=savanne&lang=de").words
    assert "füttert" in browse(people.agent).get("/help/search?q=savanne&lang=de").words


def test_counts_of_categories_count_each_entry_once(people, searched):
    found = abroad.search(None, "zebras", "de")
    assert found.total == len(found.results) == sum(found.categories.values())
    assert found.categories["user-guide"] == finding.search(None, "zebras in english", category=None).categories["user-guide"] == 1
    inside = abroad.search(None, "zebras", "de", category="user-guide")
    assert (inside.total, inside.categories) == (1, found.categories)


def test_a_translation_that_is_taken_back_is_found_no_more(people, searched, indexed, now):
    there = queries.translation_of("article", searched.id, "de")
    actions.withdraw(searched, there, seen=there.version, actor=people.lead, now=now)
    assert [result.locale for result in abroad.search(None, "zebras english", "de").results[:1]] == ["en"]
    indexed()
    assert abroad.search(None, "savanne", "de").results == []


def test_the_index_follows_the_original_too(people, searched, indexed, now):
    knowledge.unpublish(searched, actor=people.lead, now=now)
    assert abroad.search(None, "savanne", "de").results == []
    indexed()
    assert indexing.catch_up() == 0


def test_where_nothing_is_translated_a_search_costs_what_it_did(browse, indexed, statements):
    browser = browse(None)
    with statements() as english:
        browser.get("/help/search?q=proxy")
    with statements() as german:
        browser.get("/help/search?q=proxy", headers=HEADERS)
    assert len(german) == len(english)
