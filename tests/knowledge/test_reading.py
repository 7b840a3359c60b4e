"""Reading: what stands around a text, what machines read of its page, questions on one page."""

from datetime import date

import pytest

from app.extensions import db
from app.knowledge.learning.models import Release
from app.knowledge.translations.models import Translation

BASE = "http://localhost"
PUBLIC = ["/help", "/help/faq", "/help/faq?category=cli", "/help/faq/install-hive", "/help/enterprise", "/help/enterprise/security"]


def metas(page):
    """What the head says: name or property → content."""
    return {tag.get("name") or tag.get("property"): tag.get("content") for tag in page.markup.all("meta") if tag.within("head")}


def links(page, rel):
    """The links of a kind in the head."""
    return [link for link in page.markup.all("link") if link.get("rel") == rel]


@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_says_what_it_is_and_where_it_stays(browse, path):
    page = browse(None).get(path)
    said = metas(page)
    assert [link["href"] for link in links(page, "canonical")] == [said["og:url"]] == [BASE + path]
    assert said["description"] == said["og:description"] != ""
    assert said["og:title"] and said["twitter:card"] == "summary_large_image"
    browse(None).get(said["og:image"].removeprefix(BASE))
    assert "robots" not in said
    for link in (*links(page, "search"), *[one for one in links(page, "alternate") if one.get("type") == "application/atom+xml"]):
        browse(None).get(link["href"])
    assert links(page, "search")


def test_words_that_were_filtered_by_do_not_make_another_page(browse):
    for query in ("filter=proxy", "open=all"):
        page = browse(None).get(f"/help/faq?category=cli&{query}")
        assert links(page, "canonical")[0]["href"] == f"{BASE}/help/faq?category=cli"
        assert metas(page)["robots"] == "noindex"


@pytest.mark.parametrize("audience", ["customers", "enterprise", "staff"])
def test_what_is_not_for_everybody_tells_machines_nothing(browse, people, article, faq, audience):
    article("Hidden zebra", slug="zebra", audience=audience, summary="Of stripes.")
    entry = faq("Hidden horse?", audience=audience)
    for path in ("/help/user-guide/zebra", f"/help/faq/{entry.external_id}"):
        said = metas(browse(people.agent).get(path))
        assert said["robots"] == "noindex"
        assert not [name for name in said if name.startswith(("og:", "twitter:", "article:", "description"))]


def test_each_language_names_all_the_others(browse, article, people, now):
    entry = article("Zebras", slug="zebras", summary="Stripes.")
    db.session.flush()
    text = {"title": "Zebras auf Deutsch", "summary": "Streifen.", "body": "Streifen.", "status": "published", "source_hash": ""}
    row = Translation(
        kind="article", entry_id=entry.id, locale="de", source_version=entry.text_version, **text, created_at=now, changed_at=now
    )
    db.session.add(row)
    db.session.commit()
    for query, own in (("?lang=en", ""), ("?lang=de", "?lang=de")):
        page = browse(None).get(f"/help/user-guide/zebras{query}")
        found = {link["hreflang"]: link["href"] for link in links(page, "alternate") if link.get("hreflang")}
        path = f"{BASE}/help/user-guide/zebras"
        assert found == {"en": path, "x-default": path, "de": f"{path}?lang=de"}
        assert links(page, "canonical")[0]["href"] == path + own


def test_the_way_back_is_read_by_machines(browse):
    page = browse(None).get("/help/enterprise/security").markup
    trail = page.one("ol", itemtype="https://schema.org/BreadcrumbList")
    names = [e.text for e in page.all("span", itemprop="name") if e.within("ol") is trail]
    places = [e["content"] for e in page.all("meta", itemprop="position")]
    assert names == ["Help centre", "Enterprise", "Security"]
    assert places == ["1", "2", "3"]
    article = page.one("article", itemtype="https://schema.org/TechArticle")
    for name in ("headline", "description", "articleBody", "dateModified", "version"):
        assert [e for e in page.elements if e.get("itemprop") == name and e.within("article") is article], name


def test_questions_of_a_page_are_read_by_machines_and_can_be_linked_to(browse):
    page = browse(None).get("/help/faq?category=cli").markup
    assert page.one("div", itemtype="https://schema.org/FAQPage")
    questions = page.all("details", itemtype="https://schema.org/Question")
    answers = page.all("div", itemtype="https://schema.org/Answer")
    assert len(questions) == len(answers) >= 10
    assert page.by_id("q-cancel-run").within("section")
    assert page.all("a", href="#q-cancel-run")


def test_questions_are_opened_all_at_once_without_script(browse):
    browser = browse(None)
    closed = browser.get("/help/faq?category=cli").markup.all("details", class_="answer")
    assert not [one for one in closed if "open" in one.attributes]
    opened = browser.get("/help/faq?category=cli&open=all").markup
    assert all("open" in one.attributes for one in opened.all("details", class_="answer"))
    assert "Close all answers" in [link.text for link in opened.all("a")]


@pytest.mark.engines("sqlite", "postgresql")
def test_questions_are_filtered_by_their_words(browse, people, faq):
    faq("Zebra 100 %_ sure?", "Stripes.", category="cli")
    faq("Zebra of staff?", "Stripes.", category="cli", audience="staff")
    db.session.commit()
    browser = browse(people.user)
    for query, count in (("zebra", 1), ("ZEBRA stripes", 1), ("100 %_", 1), ("1%0", 0), ("qqzz", 0)):
        page = browser.get("/help/faq", query_string={"filter": query})
        assert len(page.markup.all("details", class_="answer")) == count, query
        assert page.markup.one("input", id="filter")["value"] == query
    assert "Search everything instead" in page.words
    assert len(browser.get("/help/faq?category=tui&filter=zebra").markup.all("details", class_="answer")) == 0
    assert browser.get("/help/faq?filter=proxy").markup.all("h2", id="shelf-configuration")


@pytest.mark.parametrize(
    ("release", "ends", "is_told"),
    [("2.0", date(2026, 11, 1), True), ("2", date(2026, 11, 1), True), ("2.0", date(2027, 1, 1), False), ("2.0", None, False), ("1.9", date(2026, 1, 1), False)],
)  # fmt: skip
def test_an_article_for_a_version_that_has_ended_says_so(browse, release, ends, is_told):
    db.session.add(Release(version=release, ends_on=ends))
    db.session.commit()
    words = browse(None).get("/help/enterprise/security").words
    assert ("whose support ended" in words, "ended on 1 November 2026" in words) == (is_told, is_told)


def test_only_staff_are_led_to_the_editor(browse, people):
    for path in ("/help/enterprise/security", "/help/faq/install-hive"):
        assert "Edit this" in [link.text for link in browse(people.agent).get(path).markup.all("a")]
        assert "Edit this" not in [link.text for link in browse(people.user).get(path).markup.all("a")]
