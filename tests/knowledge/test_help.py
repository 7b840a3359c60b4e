"""The help centre by HTTP."""

import json
import re

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db, redis
from app.knowledge import finding, public
from app.knowledge.models import Faq
from app.knowledge.readers import NOTES
from app.knowledge.render import answer, article, plain

EVIL = "<script>alert(1)</script>"
PAGES = [
    "/help", "/help/search", "/help/search?q=consensus+timout", "/help/search?q=how+do+i", "/help/search?q=qqzzqq", "/help/search?q=proxy&category=cli",
    "/help/search?q=proxy&sort=helpful", "/help/search?q=proxy&sort=newest", "/help/search?q=hive&page=2", "/help/search?category=cli", "/help/faq",
    "/help/faq?category=cli", "/help/faq/install-hive", "/help/enterprise", "/help/enterprise/security", "/help/troubleshooting/error-messages", "/help/solved?kind=faq&id=1",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_read(browse, people, path):
    for person in (None, people.user, people.agent):
        browse(person).get(path)


@pytest.mark.parametrize("path", ["/help/nowhere", "/help/nowhere/x", "/help/faq/no-such", "/help/faq?category=nope", "/help/staff", "/help/staff/escalation", "/help/user-guide/x", "/help/solved?kind=faq&id=99999999999"])  # fmt: skip
def test_what_is_not_there_or_not_for_them_is_404(browse, people, path):
    browse(None).get(path, status=404)
    browse(people.user).get(path, status=404)


def test_procedures_are_for_staff(browse, people):
    assert "Staff only" in browse(people.agent).get("/help/staff/escalation").words
    assert "Procedures" in browse(people.agent).get("/help").words
    assert "Procedures" not in browse(people.user).get("/help").words


def test_a_search_marks_shows_relevance_and_says_what_was_meant(browse):
    page = browse(None).get("/help/search?q=consensus+timout")
    assert page.markup.all("mark")
    assert "% match" in page.words
    assert page.markup.all("a", href="/help/search?q=consensus+timeout")
    assert page.markup.one("input", id="q")["value"] == "consensus timout"


@pytest.mark.parametrize(("path", "joint"), [("/help/search", "?"), ("/help/search?q=proxy%26+tls", "&")])
def test_each_category_leads_to_what_it_has_of_the_same_question(browse, path, joint):
    browser = browse(None)
    addresses = [link["href"] for link in browser.get(path).markup.all("a", hx_target="#found")]
    links = [address for address in addresses if "category=" in address]
    assert addresses[0] == path
    assert len(links) > 3
    assert all(link.startswith(f"{path}{joint}category=") for link in links)
    narrowed = browser.get(links[0]).markup.all("a", hx_target="#found", aria_current="true")
    assert narrowed[0]["href"] == links[0]


def test_a_search_as_a_part_says_how_many_and_where_it_is_found_again(browse):
    browser = browse(None)
    browser.get("/help")
    typed = {"HX-Source": "form#help-search"}
    part = browser.get("/help/search?q=proxy+&category=&sort=best", htmx=True, headers=typed)
    assert part.markup.one(id="found")["data-says"].endswith("answers for “proxy”")
    assert part.headers["HX-Replace-Url"] == "/help/search?q=proxy"
    assert part.markup.one("title").text == "proxy, help centre · HiveTechs Support"
    assert "HX-Request" in part.headers["Vary"]
    narrowed = browser.get("/help/search?q=proxy&category=cli&sort=newest", htmx=True, headers=typed)
    assert narrowed.headers["HX-Replace-Url"] == "/help/search?q=proxy&category=cli&sort=newest"
    assert "HX-Replace-Url" not in browser.get("/help/search?q=proxy&page=2", htmx=True, headers={"HX-Source": "a"}).headers


def test_nothing_asked_gives_the_ten_most_popular(browse):
    page = browse(None).get("/help/search")
    assert len(page.markup.all("article", class_="result")) == 10
    assert "How do I install HiveTechs Consensus?" in page.words


def test_no_answer_offers_a_ticket_and_is_noted_for_the_writers(browse, people):
    page = browse(people.user).get("/help/search?q=qqzzqq+qqzz@qqzzqq.zz")
    assert "No answer for “qqzzqq qqzz@qqzzqq.zz”" in page.words
    assert page.markup.all("a", href="/tickets/new?subject=qqzzqq+qqzz%40qqzzqq.zz")
    (note,) = [json.loads(line) for line in redis().lrange(NOTES, 0, -1)]
    assert note["q"] == "qqzzqq [address]"
    assert str(people.user.id) != note["v"]
    browse(people.agent).get("/help/search?q=qqzzqq")
    assert redis().llen(NOTES) == 1


@pytest.mark.parametrize("query", ["a" * 10_000, "\x00", "😀", "مرحبا", '"', "*", "how do i", "%00", "(" * 50, "hive " * 500, "\u202etest"])
def test_hostile_searches_are_pages(browse, query):
    browse(None).get("/help/search", query_string={"q": query})
    browse(None).get("/help/suggest", query_string={"q": query}, htmx=True)


def test_the_question_is_put_into_an_address_once_for_all_links_of_a_page(browse):
    public.given_as.cache_clear()
    page = browse(None).get("/help/search?q=what+is+hive%3F+%26+co")
    links = set(re.findall(r'href="(/help/search\?[^"]+)"', page.text))
    assert len(links) > 10
    assert all(link.startswith("/help/search?q=what+is+hive%3F+%26+co") for link in links)
    # Each but the first has a word of its own.
    assert public.given_as.cache_info().misses <= len(links)


@pytest.mark.parametrize(
    "query", ["page=-1", "page=x", "page=99999999999999999999", "sort=evil", "category=%00%3Cscript%3E", "category=" + "x" * 5000]
)
def test_odd_addresses_are_pages(browse, query):
    browse(None).get(f"/help/search?q=proxy&{query}")


def test_script_stays_text_everywhere(browse, people, faq, article, indexed):
    faq(f"Evil {EVIL} question", f"Evil {EVIL} [x](javascript:alert(1)) <img src=x onerror=alert(1)>", tags=[EVIL])
    article(f"Evil {EVIL}", f"## {EVIL}\n\n{EVIL}\n\n```{EVIL}\nx\n```\n\n> **Note:** {EVIL}", summary=EVIL, slug="evil")
    indexed()
    for path in (
        f"/help/search?q={EVIL}",
        "/help/search?q=evil",
        "/help",
        "/help/faq?category=cli",
        "/help/faq/evil-script-alert-1-script-question",
        "/help/user-guide/evil",
        "/desk/knowledge",
    ):
        page = browse(people.agent).get(path)
        assert not [one for one in page.markup.all("script") if not one.get("src")]
        assert not page.markup.all("img")
        assert not [one for one in page.markup.all("a") if one.get("href").startswith("javascript")]


def test_an_article_has_contents_neighbours_and_its_review(browse):
    page = browse(None).get("/help/getting-started/first-steps")
    assert "On this page" in page.words
    assert "Last reviewed 16 November 2026" in page.words
    assert "Holds for Hive 2.0" in page.words
    assert page.markup.one("a", rel="prev")["href"] == "/help/getting-started/installation"
    assert page.markup.one("a", rel="next")["href"] == "/help/getting-started/configuration"
    for label in ("On this page", "On this page, small screens"):
        assert page.markup.one("nav", aria_label=label).text
    for link in page.markup.all("a"):
        if link.get("href").startswith("#") and link.get("href") != "#main":
            assert page.markup.by_id(link["href"][1:])


def test_a_vote_counts_once_and_can_change(browse, people):
    browser = browse(None)
    browser.get("/help/faq/install-hive")
    entry = db.session.scalar(select(Faq).where(Faq.external_id == "install-hive"))
    form = {"kind": "faq", "id": entry.id}
    for wish, counts in (("yes", (1, 1)), ("yes", (1, 1)), ("no", (1, 0))):
        browser.post("/help/votes", {**form, "helpful": wish}, to=f"/help/faq/install-hive?voted={wish}#votes")
        db.session.refresh(entry)
        assert (entry.votes, entry.helpful) == counts
    browse(people.user).post("/help/votes", {**form, "helpful": "yes"}, to="/help/faq/install-hive?voted=yes#votes")
    db.session.refresh(entry)
    assert (entry.votes, entry.helpful) == (2, 1)


def test_a_vote_by_htmx_answers_with_thanks(browse):
    browser = browse(None)
    browser.get("/help/enterprise/security")
    number = browser.shown.one("input", name="id")["value"]
    part = browser.post("/help/votes", {"kind": "article", "id": number, "helpful": "no"}, htmx=True)
    assert "create a ticket" in part.words


@pytest.mark.parametrize(
    ("form", "status"),
    [({"kind": "faq", "id": "1", "helpful": "maybe"}, 422), ({"kind": "faq", "id": "0", "helpful": "yes"}, 404), ({"kind": "x", "id": "1", "helpful": "yes"}, 404),
     ({"kind": "faq", "id": "-1", "helpful": "yes"}, 404), ({}, 422), ({"kind": "faq", "id": "9" * 40, "helpful": "yes"}, 404)],
)  # fmt: skip
def test_odd_votes_are_refused(browse, form, status):
    browser = browse(None)
    browser.get("/help/faq/install-hive")
    browser.post("/help/votes", form, status=status)


def test_a_subject_brings_answers_and_one_of_them_may_spare_the_ticket(browse, people):
    browser = browse(people.user)
    browser.get("/tickets/new")
    part = browser.get("/help/suggest?subject=how+to+uninstall+hive", htmx=True)
    button = part.markup.all("button", name="solved")[0]
    assert "How can I remove Hive completely?" in part.words
    done = browser.post("/help/solved", {"solved": button["value"], "subject": "how to uninstall hive"}, htmx=True)
    assert "No ticket was opened" in done.words
    event = db.session.scalar(select(Event).where(Event.kind == "knowledge.deflected"))
    assert event.facts["query"] == "how to uninstall hive"
    assert event.actor_id == people.user.id


def test_without_script_the_button_leads_to_thanks(browse, people):
    browser = browse(people.user)
    browser.get("/help")
    browser.post("/help/solved", {"solved": "faq:1", "subject": "x"}, to="/help/solved?kind=faq&id=1")
    browser.post("/help/solved", {"solved": "faq:junk"}, status=404)
    browser.post("/help/solved", {}, status=404)


def test_suggestions_are_likely_or_none(browse):
    assert "matching answers appear" in browse(None).get("/help/suggest?q=abc", htmx=True).words
    assert "an engineer will answer" in browse(None).get("/help/suggest?q=qqzzqq+zzqq", htmx=True).words


def test_a_search_page_costs_few_statements(browse, statements, indexed):
    browser = browse(None)
    browser.get("/help/search?q=consensus+proxy")
    with statements() as seen:
        browser.get("/help/search?q=install+proxy+cache")
    assert len(seen) <= 2


def test_markdown_becomes_what_readers_need():
    page = article(
        "# Top\n\nA line\nbroken.\n\n## Top\n\n> **Warning:** Hot.\n\n|a|b|\n|-|-|\n|1|2|\n\n```sh\nhive init\n```\n\n[in](/help) [out](https://e.example)"
    )
    assert "<br" not in page.html
    assert [name for _, name, _ in page.headings] == ["top", "top-2"]
    assert 'data-tone="warn"' in page.html
    assert 'aria-label="Code, sh"' in page.html
    assert '<div class="table-wrap" tabindex="0"' in page.html
    assert '<a href="/help">' in page.html
    assert "nofollow" in page.html
    assert "<h3>" in answer("## Part")


def test_plain_words_of_markdown():
    assert (
        plain("# T\n\nUse `--no-cache`, **now**.\n\n```\nhive x < y\n```\n- a\n- b <b>c</b>")
        == "T Use --no-cache, now. hive x < y a b <b>c</b>"
    )


def test_a_page_beyond_the_last_is_the_last(browse, indexed):
    words = browse(None).get("/help/search?q=install&page=99999").words
    assert "No answer for" not in words
    first, last, total = map(int, re.search(r"(\d+) to (\d+) of (\d+)", words).groups())
    assert first <= last == total


def test_answers_are_read_by_their_numbers_however_many_entries_there_are(people, statements):
    with statements() as seen:
        found = finding.search(people.user, "how do i change the proxy of consensus")
    assert len(found.results) == finding.PAGE
    asked = [statement for statement in seen if "IN (?" in statement]
    plans = [db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", ("x",) * one.count("?")).all() for one in asked]
    assert plans and all("INTEGER PRIMARY KEY" in str(plan) for plan in plans)
