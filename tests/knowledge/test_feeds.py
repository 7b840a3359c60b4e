"""What machines read along: robots, site map, Atom feeds, OpenSearch and its suggestions."""

import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.extensions import db, redis
from app.knowledge import feeds
from app.knowledge.defaults import shipped_articles, shipped_faqs
from app.knowledge.readers import NOTES
from app.knowledge.reading import changes

BASE = "http://localhost"
MAP, ATOM = "{http://www.sitemaps.org/schemas/sitemap/0.9}", "{http://www.w3.org/2005/Atom}"
SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
MACHINES = ["/robots.txt", "/sitemap.xml", "/help/changes.atom", "/help/enterprise/changes.atom", "/opensearch.xml", "/help/suggestions?q=proxy"]  # fmt: skip


def tree(answer):
    """The root of an XML answer."""
    return ElementTree.fromstring(answer.get_data())


def addresses(answer):
    """The paths that a site map names."""
    return [place.text.removeprefix(BASE) for place in tree(answer).iter(f"{MAP}loc")]


@pytest.mark.parametrize("path", MACHINES)
def test_nobody_is_looked_at_and_everybody_may_keep_it(browse, people, path):
    answers = [browse(person).get(path) for person in (None, people.user, people.agent)]
    assert len({answer.get_data() for answer in answers}) == 1
    for answer in answers:
        assert answer.headers["Cache-Control"].startswith("public, max-age=")
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", [path for path in MACHINES if "robots" not in path])
def test_who_has_it_already_is_told_so_until_something_changes(browse, article, indexed, now, path):
    browser = browse(None)
    tag = browser.get(path).headers["ETag"]
    assert browser.get(path, status=304, headers={"If-None-Match": tag}).get_data() == b""
    article("Proxy zebra", "About a proxy.", section="enterprise", slug="zebra").changed_at = now + timedelta(hours=1)
    indexed()
    if "opensearch" not in path:
        assert browser.get(path, headers={"If-None-Match": tag}).headers["ETag"] != tag


def test_the_robots_are_led_to_the_site_map_and_kept_from_the_desk(browse):
    lines = browse(None).get("/robots.txt").text.splitlines()
    assert f"Sitemap: {BASE}/sitemap.xml" in lines
    assert "Disallow: /desk" in lines and "Disallow: /help/search" in lines
    assert not [line for line in lines if line in {"Disallow: /", "Disallow: /help"}]


@pytest.mark.engines("sqlite", "postgresql")
def test_the_site_map_names_every_public_page_and_no_other(browse, faq, article):
    article("For staff", slug="for-staff", audience="staff")
    article("A draft", slug="a-draft", publish=False)
    article("Customers", slug="for-customers", audience="customers")
    faq("Of enterprises?", audience="enterprise")
    db.session.commit()
    found = addresses(browse(None).get("/sitemap.xml"))
    public = [one for one in shipped_articles() if one.audience == "public"]
    expected = {f"/help/{one.section}/{one.slug}" for one in public} | {f"/help/faq/{row.external_id}" for row in shipped_faqs()}
    expected |= {"/help", "/help/faq", *(f"/help/{one.section}" for one in public)}
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_every_address_of_the_site_map_is_a_page(browse):
    browser = browse(None)
    for path in addresses(browser.get("/sitemap.xml"))[::9]:
        browser.get(path)


def test_a_site_map_says_when_a_page_changed(browse, article, now):
    article("Zebra", slug="zebra")
    db.session.commit()
    places = {place.find(f"{MAP}loc").text: place.find(f"{MAP}lastmod").text for place in tree(browse(None).get("/sitemap.xml"))}
    assert places[f"{BASE}/help/user-guide/zebra"] == places[f"{BASE}/help"] == now.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.engines("sqlite", "postgresql")
def test_a_large_site_map_comes_in_parts_that_miss_nothing(browse, monkeypatch):
    whole = set(addresses(browse(None).get("/sitemap.xml")))
    for module in (feeds, changes):
        monkeypatch.setattr(module, "PART", 50)
    monkeypatch.setattr(changes, "AT_ONCE", 7)
    index = browse(None).get("/sitemap.xml")
    assert tree(index).tag == f"{MAP}sitemapindex"
    parts = [addresses(browse(None).get(path)) for path in addresses(index)]
    assert len(parts) > 3
    assert max(map(len, parts)) <= 50
    together = [path for part in parts for path in part]
    assert (len(together), set(together)) == (len(whole), whole)
    browse(None).get("/sitemaps/faq-99.xml", status=404)
    browse(None).get("/sitemaps/page-1.xml", status=404)


def test_a_site_map_is_sent_as_it_is_read(app):
    with app.test_request_context("/sitemap.xml"):
        assert feeds.sitemap().is_streamed


def test_a_site_map_costs_the_same_few_statements_however_many_there_are(browse, statements, faq):
    browser = browse(None)
    with statements() as few:
        browser.get("/sitemap.xml")
    for number in range(30):
        faq(f"Number {number}?")
    db.session.commit()
    with statements() as many:
        browser.get("/sitemap.xml")
    assert len(many) == len(few) <= 6


@pytest.mark.parametrize("path", ["/help/changes.atom", "/help/enterprise/changes.atom"])
def test_a_feed_is_what_the_standard_asks_for(browse, path):
    """RFC 4287, 4.1: what a feed and an entry must have once, and what must be absolute, unique and in order."""
    answer = browse(None).get(path)
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = tree(answer)
    assert feed.tag == f"{ATOM}feed"
    assert feed.find(f"{ATOM}author/{ATOM}name").text
    for one in (feed, *feed.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (found,) = one.findall(f"{ATOM}{name}")
            assert found.text
    own = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert own == {"self": BASE + path, "alternate": BASE + path.removesuffix("/changes.atom")}
    ids = [entry.find(f"{ATOM}id").text for entry in feed.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids)) > 0
    assert all(name.startswith("tag:localhost,2026:help/") for name in ids)
    updated = [entry.find(f"{ATOM}updated").text for entry in feed.iter(f"{ATOM}entry")]
    assert updated == sorted(updated, reverse=True)
    assert feed.find(f"{ATOM}updated").text == updated[0]


@pytest.mark.engines("sqlite", "postgresql")
def test_a_feed_tells_of_what_is_public_newest_first(browse, article, now):
    hidden = article("Only for staff", slug="hidden", audience="staff")
    shiny = article("A <new> & shiny page", slug="shiny", summary="In a word: “shiny”.")
    hidden.changed_at = shiny.changed_at = now + timedelta(hours=1)
    db.session.commit()
    for path in ("/help/changes.atom", "/help/user-guide/changes.atom"):
        answer = browse(None).get(path)
        first = tree(answer).find(f"{ATOM}entry")
        assert [first.find(f"{ATOM}{name}").text for name in ("title", "summary")] == ["A <new> & shiny page", "In a word: “shiny”."]
        assert first.find(f"{ATOM}link").get("href") == f"{BASE}/help/user-guide/shiny"
        assert "hidden" not in answer.text


def test_what_anybody_may_keep_carries_no_cookie_of_somebody(browse, people, clock):
    browser = browse(people.user)
    browser.get("/help")
    clock.shift(timedelta(days=1))
    for path in MACHINES:
        assert "Set-Cookie" not in browser.get(path).headers, path
    assert "Set-Cookie" in browser.get("/help").headers


def test_a_section_that_is_empty_for_the_public_has_no_feed(browse, people):
    for person in (None, people.agent):
        browse(person).get("/help/staff/changes.atom", status=404)
        browse(person).get("/help/nowhere/changes.atom", status=404)


def test_opensearch_names_the_search_and_the_suggestions(browse):
    root = tree(browse(None).get("/opensearch.xml"))
    assert len(root.find(f"{SEARCH}ShortName").text) <= 16
    urls = {url.get("type"): url.get("template") for url in root.findall(f"{SEARCH}Url")}
    for kind in ("text/html", "application/x-suggestions+json"):
        answer = browse(None).get(urls[kind].removeprefix(BASE).replace("{searchTerms}", "proxy"))
        assert answer.headers["Content-Type"].startswith(kind)


def test_suggestions_are_four_lists_of_what_is_public(browse, people, faq, indexed):
    faq("Where do zebras sleep?", "In the *savannah* & <b>there</b>.")
    faq("Zebra secrets?", audience="staff")
    indexed()
    query, titles, words, links = browse(people.agent).get("/help/suggestions?q=zebra").json
    assert query == "zebra"
    assert titles[0] == "Where do zebras sleep?"
    assert "Zebra secrets?" not in titles
    assert "savannah & <b>there</b>" in words[0]
    assert links[0].startswith(f"{BASE}/help/faq/")
    assert len(titles) == len(words) == len(links)


def test_suggestions_may_be_asked_for_from_other_sites(browse, indexed):
    answer = browse(None).get("/help/suggestions?q=proxy", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_what_is_asked_on_other_sites_is_noted_for_the_writers(browse, people, indexed):
    redis().delete(NOTES)
    browse(None).get("/help/suggestions?q=qqzzqq+from+me@mail.example")
    browse(people.agent).get("/help/suggestions?q=qqzzqq+by+staff")
    (note,) = [json.loads(line) for line in redis().lrange(NOTES, 0, -1)]
    assert (note["k"], note["q"]) == ("search", "qqzzqq from [address]")


@pytest.mark.parametrize("query", ["", "q=", "q=how+do+i", "q=%00", "q=" + "a" * 9000, "q=proxy&limit=0", "q=proxy&limit=x", "q=proxy&limit=-9", "q=%ED%A0%80", "q=%22*"])  # fmt: skip
def test_odd_questions_have_as_many_titles_as_links(browse, query):
    _, titles, words, links = browse(None).get(f"/help/suggestions?{query}").json
    assert len(titles) == len(words) == len(links) <= 10


@given(st.text())
def test_any_text_can_stand_in_xml(text):
    held = ElementTree.fromstring(f'<a b="{feeds.xml(text)}">{feeds.xml(text)}</a>'.encode())
    kept = feeds.NOT_XML.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    assert (held.text or "") == kept
