"""Answers beside a ticket that is being written, by HTTP."""

import json
import re

import pytest

from app.extensions import redis
from app.knowledge.readers import NOTES


def suggested(browser, subject):
    """The answers that come with a subject: (address of the whole answer, its heading)."""
    part = browser.get("/help/suggest", query_string={"subject": subject}, htmx=True)
    boxes = part.markup.all("details", name="suggestion")
    return part, [box["hx-get"] for box in boxes]


@pytest.mark.parametrize("who", [None, "user"])
def test_an_answer_is_read_whole_in_place(browse, people, indexed, who):
    browser = browse(getattr(people, who) if who else None)
    _, places = suggested(browser, "how to uninstall hive")
    assert places
    whole = browser.get(places[0], htmx=True)
    assert whole.markup.one("div", lang="en").text
    assert not re.search(r"<h[12]\b", whole.text)
    browser.get(places[0], to=re.compile("^/help/"))


def test_each_sees_only_what_is_written_for_them(browse, people, faq, indexed):
    entry = faq("Where does the zebra sleep at night?", audience="customers")
    draft = faq("Where does the zebra hide at night?", publish=False)
    indexed()
    place = f"/help/suggest/faq/{entry.id}"
    _, places = suggested(browse(people.user), "where does the zebra sleep")
    assert place in places
    browse(people.user).get(place, htmx=True)
    _, places = suggested(browse(None), "where does the zebra sleep")
    assert place not in places
    browse(None).get(place, htmx=True, status=404)
    browse(people.user).get(f"/help/suggest/faq/{draft.id}", htmx=True, status=404)
    browse(None).get("/help/suggest/article/99999999", htmx=True, status=404)


def test_what_is_said_of_the_answers(browse, indexed):
    browser = browse(None)
    browser.get("/guest/new")
    for subject, says in (("abc", ""), ("qqzzqq zzqq", "No close match"), ("how to uninstall hive", "may help")):
        part, places = suggested(browser, subject)
        told = part.markup.one(id="suggestions")["data-says"]
        assert says in told
        assert bool(places) == ("may help" in told)


def test_reading_in_place_counts_as_reading(browse, people, indexed):
    browser = browse(people.user)
    _, places = suggested(browser, "how to uninstall hive")
    redis().delete(NOTES)
    browser.get(places[0], htmx=True)
    (note,) = [json.loads(line) for line in redis().lrange(NOTES, 0, -1)]
    assert note["k"] == "open"
    assert note["i"] == ":".join(places[0].split("/")[-2:])


@pytest.mark.parametrize(("path", "who"), [("/tickets/new", "user"), ("/guest/new", None)])
def test_a_form_asks_at_once_only_for_a_subject_that_is_there(browse, people, path, who):
    browser = browse(getattr(people, who) if who else None)
    trigger = browser.get(path, query_string={"kind": "question"}).markup.one(id="subject")["hx-trigger"]
    assert "load" not in trigger
    page = browser.get(path, query_string={"kind": "question", "subject": "how to uninstall hive"})
    assert page.markup.one(id="subject")["hx-trigger"].startswith("load, ")
    refused = browser.post(path, {**page.markup.fields(page.markup.one("form", id="new-ticket")), "body": ""}, status=422)
    assert refused.markup.one(id="subject")["hx-trigger"].startswith("load, ")
