"""Answers beside the composer: which there are, what goes into a reply or a note, and what is counted."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.extensions import db
from app.knowledge.composing import rules
from app.tickets import drafts
from app.tickets.models import Draft
from tests import factories

BASE = "https://support.example.com"
TYPED = {"body": "Dear Mei,", "visibility": "reply", "save": "1"}


@pytest.fixture
def ticket(people):
    return factories.ticket(people.user, subject="How can I remove Hive completely?")


@pytest.fixture
def three(faq, indexed):
    """The same question for everybody, for customers on an enterprise plan, and for staff."""
    made = {
        who: faq(f"Where does the zebra sleep, {who}?", f"On the hill, {who}.", audience=who) for who in ("public", "enterprise", "staff")
    }
    indexed()
    return made


def answers(ticket, **words):
    """The address of the answers for a ticket."""
    return f"/desk/tickets/{ticket.ref}/answers" + ("?" + "&".join(f"{name}={value}" for name, value in words.items()) if words else "")


def taken(entry, how="answer", **more):
    """What the form of an answer sends."""
    return {"kind": entry.kind, "id": entry.id, "how": how, **more}


def buttons(page, heading):
    """What can be done with one answer."""
    form = next(e for e in page.markup.all("form", class_="offer") if heading in e.text)
    return [e["value"] for e in page.markup.all("button", name="how") if e.within("form") is form], form.text


def test_the_subject_is_looked_for_at_first(browse, people, ticket, indexed):
    page = browse(people.agent).get(answers(ticket))
    assert page.markup.one("input", id="answers-q")["value"] == ticket.subject
    assert "How can I remove Hive completely?" in page.markup.all("form", class_="offer")[0].text


def test_what_the_customer_may_read_is_marked_and_the_rest_goes_into_notes_only(browse, people, three):
    theirs, strangers = factories.ticket(people.user), factories.ticket(people.stranger)
    browser = browse(people.agent)
    page = browser.get(answers(theirs, q="where+does+the+zebra+sleep"))
    assert buttons(page, "sleep, public?")[0] == ["answer", "link"]
    assert buttons(page, "sleep, enterprise?")[0] == ["answer", "link"]
    assert buttons(page, "sleep, staff?")[0] == []
    assert "Not for this customer" in buttons(page, "sleep, staff?")[1]
    assert "The customer can read it" in buttons(page, "sleep, public?")[1]
    other = browser.get(answers(strangers, q="where+does+the+zebra+sleep"))
    assert buttons(other, "sleep, enterprise?")[0] == []
    note = browser.get(answers(theirs, q="where+does+the+zebra+sleep", visibility="note"))
    assert buttons(note, "sleep, staff?")[0] == ["answer", "link"]
    assert "Not for this customer" in buttons(note, "sleep, staff?")[1]


def test_a_text_for_staff_is_refused_in_a_reply_whatever_is_sent(browse, people, ticket, three):
    browser = browse(people.agent)
    browser.get(answers(ticket))
    browser.post(answers(ticket), taken(three["staff"]), htmx=True, status=403)
    browser.post(answers(ticket), taken(three["staff"], "link"), htmx=True, status=403)
    browser.post(answers(ticket), taken(three["public"], "everything"), htmx=True, status=422)
    browser.post(answers(ticket), {"kind": "faq", "id": "x"}, htmx=True, status=404)
    part = browser.post(answers(ticket), taken(three["staff"], visibility="note"), htmx=True)
    assert "data-staff-only" in part.text


def test_an_answer_or_a_link_comes_as_markdown(browse, people, ticket, three):
    browser, entry = browse(people.agent), three["public"]
    url = f"http://localhost/help/faq/{entry.external_id}"
    browser.get(answers(ticket))
    whole = browser.post(answers(ticket), taken(entry), htmx=True)
    assert "".join(whole.markup.one("template").texts) == f"On the hill, public.\n\n[{entry.question}]({url})"
    link = browser.post(answers(ticket), taken(entry, "link"), htmx=True)
    assert "".join(link.markup.one("template").texts) == f"[{entry.question}]({url})"
    assert "data-staff-only" not in link.text


def test_an_article_gives_its_summary(browse, people, ticket, article, indexed):
    entry = article("Zebras [and](x) others", summary="See [the list](/help/faq).")
    indexed()
    browser = browse(people.agent)
    browser.get(answers(ticket))
    part = browser.post(answers(ticket), taken(entry), htmx=True)
    told = "".join(part.markup.one("template").texts)
    assert told == "See [the list](http://localhost/help/faq).\n\n[Zebras \\[and\\](x) others](http://localhost/help/user-guide/a-page)"


def test_without_script_the_draft_is_kept_and_the_answer_put_below_it(browse, people, ticket, three):
    browser = browse(people.agent)
    page = browser.get(f"/desk/tickets/{ticket.ref}")
    composer = page.markup.one("form", aria_label="Write")
    browser.post(f"/desk/tickets/{ticket.ref}/answers/draft", page.markup.fields(composer) | {"body": "Dear Mei,"}, to=answers(ticket))
    shown = browser.get(answers(ticket))
    assert shown.markup.all("a", href=f"/desk/tickets/{ticket.ref}#ticket-{ticket.id}-composer")
    browser.post(answers(ticket), taken(three["public"], "link"), to=f"/desk/tickets/{ticket.ref}#ticket-{ticket.id}-composer")
    again = browser.get(f"/desk/tickets/{ticket.ref}").markup
    body = again.fields(again.one("form", aria_label="Write"))["body"]
    assert body.startswith("Dear Mei,\n\n[Where does the zebra sleep, public?](http://localhost/help/faq/")


def test_a_note_without_script_stays_a_note(browse, people, ticket, three):
    browser = browse(people.agent)
    page = browser.get(f"/desk/tickets/{ticket.ref}")
    fields = page.markup.fields(page.markup.one("form", aria_label="Write")) | {"visibility": "note", "body": "To all:"}
    browser.post(f"/desk/tickets/{ticket.ref}/answers/draft", fields, to=answers(ticket, visibility="note"))
    browser.get(answers(ticket, visibility="note"))
    browser.post(answers(ticket), taken(three["staff"], visibility="note"), to=re.compile("composer"))
    draft = db.session.scalars(select(Draft)).one()
    assert (draft.visibility, draft.body.splitlines()[0]) == ("internal", "To all:")


@pytest.mark.engines("sqlite", "postgresql")
def test_a_text_goes_below_the_draft_of_one_person(app, engine, people, now):
    ticket = factories.ticket(people.user)
    drafts.save_draft(ticket, "Mine", "internal", actor=people.agent, now=now)
    drafts.save_draft(ticket, "Another's", "public", actor=people.agent2, now=now)
    drafts.add_to_draft(ticket, "More", "public", actor=people.agent, now=now)
    drafts.add_to_draft(ticket, "First", "public", actor=people.lead, now=now)
    db.session.commit()
    kept = {row.user_id: (row.body, row.visibility) for row in db.session.scalars(select(Draft))}
    assert kept == {
        people.agent.id: ("Mine\n\nMore", "internal"),
        people.agent2.id: ("Another's", "public"),
        people.lead.id: ("First", "public"),
    }


def test_a_macro_gets_what_everybody_may_read_and_nothing_else(browse, people, three):
    browser, path = browse(people.agent), "/desk/macros/answers"
    page = browser.get(f"{path}?q=where+does+the+zebra+sleep")
    assert buttons(page, "sleep, public?")[0] == ["answer", "link"]
    assert buttons(page, "sleep, enterprise?")[0] == buttons(page, "sleep, staff?")[0] == []
    browser.post(path, taken(three["enterprise"], visibility="note"), htmx=True, status=403)
    copied = browser.post(path, taken(three["public"]))
    assert "".join(copied.markup.one("textarea", id="answer-text").texts).strip().startswith("On the hill, public.")
    part = browser.post(path, taken(three["public"], "link"), htmx=True)
    assert part.markup.one("template")["data-insert"] == "link"
    assert browser.get("/desk/macros/new").markup.one("a", href=path)["data-open"] == "answers"


def test_it_is_for_staff_alone(browse, people, ticket):
    for who in (people.user, people.stranger, people.moderator):
        browse(who).get(answers(ticket), status=403)
    browse(None).get(answers(ticket), to="/login")
    browse(people.agent).get("/desk/tickets/HT-0000000/answers", status=404)


def test_typing_swaps_the_list_alone(browse, people, ticket, indexed):
    browser = browse(people.agent)
    body = browser.get(answers(ticket), htmx=True, headers={"HX-Target": "div#answers-body"})
    assert body.markup.all("input", id="answers-q")
    listed = browser.get(answers(ticket, q="proxy"), htmx=True, headers={"HX-Target": "div#answers-list"})
    assert not listed.markup.all("input", id="answers-q")
    assert re.search(r"\d+ answers", listed.markup.one(id="answers-list")["data-says"])
    popular = browser.get(answers(ticket, q=""), htmx=True, headers={"HX-Target": "div#answers-list"})
    assert popular.markup.one(id="answers-list")["data-says"] == "Most read"
    assert "Nothing was found" in browser.get(answers(ticket, q="qqzzqq"), htmx=True, headers={"HX-Target": "div#answers-list"}).words


def test_it_costs_few_statements(browse, people, ticket, indexed, statements):
    browser = browse(people.agent)
    browser.get(answers(ticket))
    with statements() as seen:
        browser.get(answers(ticket, q="hive"))
    assert len(seen) <= 8, seen


def test_links_work_outside_of_the_help_centre_and_code_stays():
    text = "See [a](/help/faq/x) and [below](#more).\n\n```\n[a](/not/a/link)\n```\n\n[out](https://example.com/) ~~~ [b](/help)"
    told = rules.whole(text, "It", f"{BASE}/help/faq/it", BASE)
    assert f"[a]({BASE}/help/faq/x)" in told
    assert f"[below]({BASE}/help/faq/it#more)" in told
    assert "[a](/not/a/link)" in told
    assert "[out](https://example.com/)" in told
    assert told.endswith(f"[b]({BASE}/help)\n\n[It]({BASE}/help/faq/it)")


@given(st.text(alphabet="ab[]()`~#/ \n", max_size=120))
def test_words_survive_whatever_the_markdown(text):
    told = rules.whole(text, "It", "u", "")
    assert told.endswith("[It](u)")
    assert told.removesuffix("[It](u)").strip().replace("](u#", "](#") == text.strip().replace("](u#", "](#")
