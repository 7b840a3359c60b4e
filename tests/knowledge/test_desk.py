"""The writers' desk."""

from re import compile as r

import pytest
from sqlalchemy import select

from app.extensions import db
from app.knowledge.defaults import shipped_articles, shipped_faqs
from app.knowledge.models import Article, Faq, SearchMiss

QUESTION = {
    "question": "Where do zebras sleep?",
    "answer": "In the **savannah**.",
    "category": "cli",
    "audience": "public",
    "tags": "zebra, sleep",
    "version": "",
}
ARTICLE = {"title": "Zebras", "section": "user-guide", "slug": "", "summary": "All about them.", "body": "## Sleep\n\nStanding.", "audience": "staff", "tags": "", "position": "3", "product_version": "2.1", "version": ""}  # fmt: skip
PATHS = [
    "/desk/knowledge",
    "/desk/knowledge/searches",
    "/desk/knowledge/faq/new",
    "/desk/knowledge/article/new",
    "/desk/knowledge/faq/1",
    "/desk/knowledge/article/1",
]


@pytest.mark.parametrize("path", PATHS)
def test_only_staff_come_in(browse, people, path):
    browse(people.agent).get(path)
    browse(people.user).get(path, status=403)
    browse(None).get(path, to=r(r"/login"))


def test_writing_a_question_as_a_draft_then_publishing(browse, people):
    browser = browse(people.lead)
    browser.get("/desk/knowledge/faq/new")
    browser.post("/desk/knowledge/faq", {**QUESTION, "then": "draft"}, to=r(r"/desk/knowledge/faq/\d+\?saved=1"))
    entry = db.session.scalar(select(Faq).where(Faq.external_id == "where-do-zebras-sleep"))
    assert (entry.status, entry.tags) == ("draft", ["zebra", "sleep"])
    seen = browser.get(f"/desk/knowledge/faq/{entry.id}").markup.fields(None)["version"]
    browser.post(f"/desk/knowledge/faq/{entry.id}/publication", {"version": seen}, to=f"/desk/knowledge/faq/{entry.id}")
    browse(None).get("/help/faq/where-do-zebras-sleep")
    browser.post(f"/desk/knowledge/faq/{entry.id}/withdrawal", to=f"/desk/knowledge/faq/{entry.id}")
    browse(None).get("/help/faq/where-do-zebras-sleep", status=404)


def test_a_draft_that_nobody_wants_leaves_the_lists_and_can_come_back(browse, people, faq):
    entry = faq("Where do zebras sleep?", publish=False)
    db.session.commit()
    browser = browse(people.agent)
    place = f"/desk/knowledge/faq/{entry.id}"

    def listed(wanted=""):
        return "zebras" in "".join(link.text for link in browser.get(f"/desk/knowledge{wanted}").markup.all("a", class_="subject"))

    assert listed() and listed("?status=draft")
    assert "Archive" in browser.get(place).words
    browser.post(f"{place}/archive", to=place)
    assert not listed() and not listed("?status=draft")
    assert listed("?status=archived") and listed("?q=zebras")
    form = browser.get(place).markup.fields()
    browser.post(place, {**QUESTION, "version": form["version"], "answer": "Standing.", "then": "draft"}, to=r("saved=1"))
    assert not listed()
    assert "Back to drafts" in browser.get(place).words
    browser.post(f"{place}/archive/removal", to=place)
    assert listed() and listed("?status=draft")
    assert "Standing." in browser.get(place).markup.fields()["answer"]


def test_writing_an_article(browse, people):
    browser = browse(people.agent)
    browser.get("/desk/knowledge/article/new")
    browser.post("/desk/knowledge/article", {**ARTICLE, "then": "publish"}, to=r(r"/desk/knowledge/article/\d+"))
    entry = db.session.scalar(select(Article).where(Article.slug == "zebras"))
    assert (entry.status, entry.audience, entry.position, entry.product_version) == ("published", "staff", 3, "2.1")
    page = browser.get("/help/user-guide/zebras")
    assert "Staff only" in page.words
    browse(people.user).get("/help/user-guide/zebras", status=404)


def test_a_bad_form_keeps_what_was_written(browse, people):
    browser = browse(people.agent)
    browser.get("/desk/knowledge/faq/new")
    page = browser.post("/desk/knowledge/faq", {**QUESTION, "question": "", "answer": "Kept words"}, status=422)
    assert "Write the question as people ask it." in page.words
    assert page.markup.fields()["answer"] == "Kept words"
    page = browser.post("/desk/knowledge/faq", {**QUESTION, "question": "x" * 300, "category": "nope", "audience": "world"}, status=422)
    assert len(page.markup.all("p", class_="error")) == 3


@pytest.mark.parametrize("over", [{"slug": "Not a slug"}, {"position": "-1000001"}, {"position": "x"}, {"body": ""}, {"title": "\x00"}])  # fmt: skip
def test_bad_articles_are_told_why(browse, people, over):
    browser = browse(people.agent)
    browser.get("/desk/knowledge/article/new")
    page = browser.post("/desk/knowledge/article", {**ARTICLE, **over}, status=422)
    assert page.markup.all("div", role="alert")


@pytest.mark.parametrize("version", ["", " ", "x", "1.", "0"])
def test_whoever_does_not_say_what_they_saw_is_shown_what_there_is(browse, people, version):
    browser = browse(people.lead)
    page = browser.post("/desk/knowledge/faq/1", {**QUESTION, "version": version}, status=409)
    assert page.markup.fields(page.markup.by_id("editor"))["answer"] == QUESTION["answer"]
    browser.post("/desk/knowledge/faq/1", {**QUESTION, "version": page.markup.fields(None)["version"]}, to=r("saved=1"))


def test_an_address_that_is_taken_is_told(browse, people):
    browser = browse(people.agent)
    browser.get("/desk/knowledge/article/new")
    page = browser.post("/desk/knowledge/article", {**ARTICLE, "slug": "cli-commands"}, status=422)
    assert "Another article has this address" in page.words


def test_two_writers_at_once_lose_nothing(browse, people):
    first, second = browse(people.lead), browse(people.admin)
    form = first.get("/desk/knowledge/faq/1").markup.fields(None)
    first.post("/desk/knowledge/faq/1", {**QUESTION, "version": form["version"], "answer": "First answer"}, to=r("saved=1"))
    second.get("/desk/knowledge/faq/1")
    page = second.post("/desk/knowledge/faq/1", {**QUESTION, "version": form["version"], "answer": "Second answer"}, status=409)
    assert "This changed meanwhile" in page.words
    assert "First answer" in page.words
    fields = page.markup.fields()
    assert fields["answer"] == "Second answer"
    second.post("/desk/knowledge/faq/1", {**QUESTION, "version": fields["version"], "answer": "Second answer"}, to=r("saved=1"))
    assert db.session.get(Faq, 1).answer == "Second answer"


def test_an_imported_category_survives_an_edit(browse, people):
    entry = db.session.get(Faq, 1)
    entry.category = "odd-shelf"
    db.session.commit()
    browser = browse(people.lead)
    form = browser.get("/desk/knowledge/faq/1").markup.fields()
    assert form["category"] == "odd-shelf"
    browser.post("/desk/knowledge/faq/1", {**QUESTION, "category": "odd-shelf", "version": form["version"]}, to=r("saved=1"))


def test_the_list_is_filtered_searched_and_paged(browse, people):
    browser = browse(people.agent)
    first = browser.get("/desk/knowledge")
    assert len(first.markup.all("a", class_="subject")) == 50
    seen = {link["href"] for link in first.markup.all("a", class_="subject")}
    while next_link := [one for one in browser.shown.all("a") if one.get("rel") == "next"]:
        page = browser.get(next_link[0]["href"])
        more = {link["href"] for link in page.markup.all("a", class_="subject")}
        assert not seen & more
        seen |= more
    assert len(seen) == len(shipped_faqs()) + len(shipped_articles())
    browser.get("/desk/knowledge")
    part = browser.get("/desk/knowledge?q=proxy&kind=faq&status=published&audience=public", htmx=True)
    assert part.markup.by_id("rows")
    assert "corporate proxy" in part.words
    assert "No entry matches" in browser.get("/desk/knowledge?q=zzqq").words
    browser.get("/desk/knowledge?kind=x&status=y&audience=%00")
    browser.get("/desk/knowledge?cursor=rubbish", status=422)


def test_a_preview_stores_nothing(browse, people):
    browser = browse(people.agent)
    browser.get("/desk/knowledge/faq/new")
    part = browser.post("/desk/knowledge/preview", {"answer": "**bold** <script>x</script>"}, htmx=True)
    assert "<strong>bold</strong>" in part.text
    assert not part.markup.all("script")
    assert "Nothing was saved" in browser.post("/desk/knowledge/preview", {"body": "text"}).words


def test_what_was_looked_for_in_vain_becomes_a_question(browse, people, now):
    db.session.add(SearchMiss(query="<b>jira</b> integration", times=7, last_at=now))
    db.session.commit()
    browser = browse(people.agent)
    page = browser.get("/desk/knowledge/searches")
    assert "<b>jira</b> integration" in page.words
    link = next(one for one in page.markup.all("a") if "question=" in one.get("href"))
    assert browser.get(link["href"]).markup.fields()["question"] == "<b>jira</b> integration"
    number = db.session.scalar(select(SearchMiss.id))
    browser.get("/desk/knowledge/searches")
    browser.post(f"/desk/knowledge/searches/{number}/dismissal", to="/desk/knowledge/searches")
    browser.post(f"/desk/knowledge/searches/{number}/dismissal", htmx=True)
    assert "Everybody found something" in browser.get("/desk/knowledge/searches").words


def tabs_of(page):
    """The links of its rows of tabs."""
    return [link for link in page.markup.all("a") if link.within("nav") and link.within("nav").get("class") == "tabs"]


def test_each_page_of_the_writers_stands_in_a_group_of_tabs(browse, people):
    browser = browse(people.lead)
    groups = [link["href"] for link in tabs_of(browser.get("/desk/knowledge"))[:4]]
    pages = {link["href"] for group in groups for link in tabs_of(browser.get(group))}
    assert len(pages) == 13
    for path in pages:
        marked = [(link.get("aria-current"), link["href"]) for link in tabs_of(browser.get(path)) if link.get("aria-current")]
        assert (marked[0][0], marked[1]) == ("true", ("page", path))
        assert marked[0][1] in groups


def test_a_new_article_stands_behind_the_others_of_its_section_unless_told_otherwise(browse, people):
    browser = browse(people.lead)
    for title, place, then in (("Zebras", "", "publish"), ("Lions", "0", "publish")):
        form = browser.get("/desk/knowledge/article/new").markup.fields(None)
        assert form["position"] == ""
        sent = {**form, "title": title, "body": "Text.", "section": "user-guide", "audience": "public", "position": place, "then": then}
        browser.post("/desk/knowledge/article", sent, to=r(r"saved=1"))
    titles = titles_in("user-guide", browse)
    assert (titles[0].startswith("Lions"), titles[-1].startswith("Zebras")) == (True, True)


def test_an_article_that_came_with_a_place_before_all_others_can_be_saved(browse, people, article):
    article("Lions", slug="lions", position=0)
    entry = article("Zebras", slug="zebras", position=-5)
    browser, where = browse(people.lead), f"/desk/knowledge/article/{entry.id}"
    page = browser.get(where)
    form = page.markup.fields(page.markup.by_id("editor"))
    browser.post(where, {**form, "title": "Zebras at night", "then": "publish"}, to=r("saved=1"))
    assert (entry.position, titles_in("user-guide", browse)[0].startswith("Zebras at night")) == (-5, True)


def titles_in(section, browse):
    return [link.text for link in browse(None).get(f"/help/{section}").markup.all("a", class_="row-link")]


@pytest.mark.parametrize("then", ["publish", "draft"])
def test_an_article_whose_place_is_emptied_goes_behind_the_others_and_stays_there(browse, people, article, then):
    first, last = article("Zebras", slug="zebras"), article("Lions", slug="lions", position=1_000)
    browser, where = browse(people.lead), f"/desk/knowledge/article/{first.id}"
    for _ in range(2):
        page = browser.get(where)
        sent = {**page.markup.fields(page.markup.by_id("editor")), "position": "", "then": then}
        browser.post(where, sent, to=r("saved=1"))
    page = browser.get(where)
    assert page.markup.fields(page.markup.by_id("editor"))["position"] == "1001"
    if then == "draft":
        browser.post(f"{where}/publication", {"version": page.markup.fields(None)["version"]}, to=r("saved=1"))
    assert titles_in("user-guide", browse)[-1].startswith("Zebras")
    last.position = 1_000_000
    page = browser.get(where)
    sent = {**page.markup.fields(page.markup.by_id("editor")), "position": "", "then": then}
    page = browser.post(where, sent, status=422)
    assert "Another article stands at 1,000,000" in page.markup.by_id("position").parent.text
