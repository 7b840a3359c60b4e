"""Answers beside what somebody writes: a new ticket, a reply, a note, a macro."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import put_into, violations
from tests.browser.test_pages import DESKTOP, PHONE, too_wide
from tests.browser.test_search import HELD, field


def typed_subject(page: Page, text: str):
    """The subject of a new ticket, typed; the summaries of the answers beside it."""
    page.locator("#subject").press_sequentially(text, delay=5)
    answers = page.locator("#deflect summary")
    expect(answers.first).to_be_visible()
    return answers


@pytest.mark.parametrize(("who", "path"), [("stranger", "/tickets/new?kind=question"), (None, "/guest/new")])
def test_an_answer_is_read_beside_a_new_ticket_and_nothing_typed_is_lost(visit, who, path):
    page = visit(who, path)
    page.locator("textarea[name=body]").fill("It began on Monday.")
    answers = typed_subject(page, "how to uninstall hive")
    page.keyboard.press("ArrowDown")
    expect(answers.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    whole = page.locator("#deflect details[open] .prose")
    expect(whole.locator("div[lang=en]")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#deflect details[open]")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#subject")).to_be_focused()
    expect(page.locator("#subject")).to_have_value("how to uninstall hive")
    expect(page.locator("textarea[name=body]")).to_have_value("It began on Monday.")


def test_answers_beside_a_ticket_can_be_put_away_and_come_back(visit):
    page = visit(None, "/guest/new")
    answers = typed_subject(page, "how to uninstall hive")
    page.locator(".deflect > details > summary").press("Enter")
    expect(answers.first).to_be_hidden()
    page.locator("#subject").press_sequentially(" on mac", delay=5)
    page.wait_for_load_state("networkidle")
    expect(answers.first).to_be_hidden()
    page.locator("#subject").press("ArrowDown")
    expect(page.locator("#subject")).to_be_focused()
    page.locator(".deflect > details > summary").press("Enter")
    expect(answers.first).to_be_visible()


def test_a_subject_that_came_along_has_its_answers_at_once(visit):
    page = visit(None, "/guest/new?subject=how+to+uninstall+hive")
    expect(page.locator("#deflect summary").first).to_be_visible()


def test_on_a_phone_answers_leave_the_fields_below_them_free(visit):
    page = visit("stranger", "/tickets/new?kind=question", viewport=PHONE)
    typed_subject(page, "how to uninstall hive")
    body = page.locator("textarea[name=body]")
    body.evaluate("field => window.scrollTo(0, field.getBoundingClientRect().top + window.scrollY - 120)")
    expect(body).to_be_in_viewport()
    seen = body.evaluate(
        "field => { const at = field.getBoundingClientRect(); return document.elementFromPoint(at.left + 20, at.top + 20) === field }"
    )
    assert seen


def test_a_subject_keeps_its_letters_when_answers_cannot_be_had(visit):
    page = visit(None, "/guest/new")
    page.route("**/help/suggest?*", lambda route: route.fulfill(status=503, body="<p>No</p>"))
    page.locator("#subject").press_sequentially("how to uninstall hive", delay=5)
    expect(page.locator("#subject-problem")).to_contain_text("on our side")
    page.unroute("**/help/suggest?*")
    page.locator("#subject-problem button").click()
    expect(page.locator("#deflect summary").first).to_be_visible()
    expect(page.locator("#subject")).to_have_value("how to uninstall hive")


def open_answers(page: Page):
    """The dialog of answers, opened by its key, with the field that took the focus."""
    page.keyboard.press("a")
    asked_for = page.locator("#answers-q")
    expect(asked_for).to_be_focused()
    return asked_for


def test_staff_put_an_answer_at_the_caret_with_the_keyboard_alone(visit, site):
    page = visit("agent", f"/desk/tickets/{site.hold}")
    area = page.locator("form.composer textarea[name=body]")
    area.fill("Hello Mei,\n\nBest regards")
    area.evaluate("area => { area.setSelectionRange(10, 10); area.blur(); }")
    open_answers(page).fill("how to uninstall hive")
    expect(page.locator("#answers-list h3").first).to_contain_text("remove Hive completely")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name=re.compile("^Insert the answer ?: How can I remove Hive completely"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#answers")).to_be_hidden()
    expect(area).to_be_focused()
    text = area.input_value()
    assert re.match(
        r"Hello Mei,\n\nSign out with .+\n\n\[How can I remove Hive completely\?\]\(http.+/help/faq/.+\)\n\nBest regards$", text, re.S
    )
    page.keyboard.press("Control+z")
    expect(area).to_have_value("Hello Mei,\n\nBest regards")


def test_what_was_looked_for_is_there_when_the_answers_are_opened_again(visit, site):
    page = visit("agent", f"/desk/tickets/{site.hold}")
    open_answers(page).fill("proxy")
    expect(page.locator("#answers-list h3 mark").first).to_have_text(re.compile("proxy", re.I))
    page.locator("#answers [data-close]").click()
    page.evaluate("() => document.activeElement.blur()")
    asked_for = open_answers(page)
    expect(asked_for).to_have_value("proxy")
    page.wait_for_function("() => document.activeElement.selectionEnd === 5 && document.activeElement.selectionStart === 0")
    page.keyboard.type("timeout")
    expect(asked_for).to_have_value("timeout")
    expect(page.locator("#answers-list h3 mark").first).to_have_text(re.compile("time", re.I))


def test_a_link_is_put_among_the_words(visit, site):
    page = visit("agent", f"/desk/tickets/{site.hold}")
    area = page.locator("form.composer textarea[name=body]")
    area.fill("See for that.")
    area.evaluate("area => { area.setSelectionRange(3, 3); area.blur(); }")
    open_answers(page).fill("how to uninstall hive")
    page.get_by_role("button", name=re.compile("^Insert a link ?: How can I remove")).click()
    expect(area).to_have_value(re.compile(r"^See \[How can I remove Hive completely\?\]\(http\S+\) for that\.$"))


def test_what_is_for_staff_goes_into_a_note_and_a_reply_is_warned_of_it(visit, site):
    page = visit("agent", f"/desk/tickets/{site.raised}")
    words = "first response procedure for staff"
    open_answers(page).fill(words)
    hidden = page.locator("#answers-list form").filter(has_text="Not for this customer").first
    expect(hidden).to_contain_text("Write an internal note to use it")
    expect(hidden.get_by_role("button")).to_have_count(0)
    # The first one empties the field.
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#answers")).to_be_hidden()
    page.keyboard.press("n")
    expect(page.locator("form.composer textarea")).to_be_focused()
    page.evaluate("() => document.activeElement.blur()")
    open_answers(page).fill(words)
    page.locator("#answers-list form").filter(has_text="Not for this customer").first.get_by_role("button").first.click()
    warning = page.locator("[data-staff-text]")
    expect(page.locator("form.composer textarea")).to_have_value(re.compile(r"/help/staff/"))
    expect(warning).to_be_hidden()
    page.locator("form.composer label", has_text="Public reply").click()
    expect(warning).to_be_visible()


def test_what_was_about_to_be_looked_for_is_given_up_where_the_answers_come_anew_for_a_note(visit, site):
    page = visit("agent", f"/desk/tickets/{site.raised}")
    open_answers(page)
    page.locator("#answers [data-close]").click()
    page.keyboard.press("n")
    page.evaluate("() => document.activeElement.blur()")
    held = []
    page.route("**/answers?*visibility=note*", lambda route: held.append(route))
    page.evaluate("() => document.querySelector('#answers-q').dispatchEvent(new Event('input', { bubbles: true }))")
    page.keyboard.press("a")
    expect(page.locator("#answers")).to_be_visible()
    expect(page.locator("#answers-q")).to_be_hidden()
    # Longer than a search waits for the keys to rest.
    page.wait_for_timeout(400)
    held.pop(0).continue_()
    expect(page.locator("#answers-q")).to_be_focused()
    expect(page.locator("#answers-list form").first).to_be_visible()


def test_answers_that_do_not_come_leave_none_of_before_and_come_at_the_next_try(visit, site):
    page = visit("agent", f"/desk/tickets/{site.raised}")
    open_answers(page)
    page.locator("#answers [data-close]").click()
    page.keyboard.press("n")
    page.evaluate("() => document.activeElement.blur()")
    page.route("**/answers?*visibility=note*", lambda route: route.fulfill(status=503, body="<p>No</p>"))
    page.keyboard.press("a")
    expect(page.locator("#answers-body")).to_be_visible()
    expect(page.locator("#answers-list")).to_have_count(0)
    page.unroute("**/answers?*visibility=note*")
    page.keyboard.press("Escape")
    open_answers(page)
    expect(page.locator("#answers-list form").first).to_be_visible()


def test_without_script_answers_keep_what_was_typed(visit, site):
    page = visit("agent", f"/desk/tickets/{site.resolved}", java_script_enabled=False)
    page.locator("form.composer textarea[name=body]").fill("Hello Mei,")
    page.get_by_role("button", name="Answers").click()
    page.locator("#answers-q").fill("how to uninstall hive")
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("button", name=re.compile("^Insert a link ?: How can I remove")).click()
    expect(page.locator("form.composer textarea[name=body]")).to_have_value(re.compile(r"^Hello Mei,\n\n\[How can I remove"))


def test_an_answer_goes_into_a_macro(visit):
    page = visit("lead", "/desk/macros/new")
    area = page.locator("#macro textarea[name=body]")
    area.fill("Hello {{requester_first_name}},")
    area.evaluate("area => area.blur()")
    open_answers(page).fill("how to uninstall hive")
    page.get_by_role("button", name=re.compile("^Insert the answer ?: How can I remove")).click()
    expect(area).to_have_value(re.compile(r"^Hello \{\{requester_first_name\}\},\n\nSign out with"))


def test_what_opens_by_script_is_accessible_and_fits_too(visit, site):
    def wrong(page: Page) -> list[str]:
        put_into(page)
        found = []
        for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme)
            found += [*violations(page), *too_wide(page)]
        return found

    desk = visit("agent", f"/desk/tickets/{site.hold}")
    open_answers(desk).fill("escalation procedure")
    expect(desk.locator("#answers-list h3 mark").first).to_be_visible()
    assert wrong(desk) == []
    form = visit(None, "/guest/new")
    typed_subject(form, "how to uninstall hive").first.press("Enter")
    expect(form.locator("#deflect details[open] div[lang=en]")).to_be_visible()
    assert wrong(form) == []
    search = visit(None, "/help/search?q=proxy")
    search.route(HELD, lambda route: route.fulfill(status=503, body="<p>No</p>"))
    field(search).fill("timeout")
    expect(search.locator("#q-problem")).to_be_visible()
    assert wrong(search) == []
