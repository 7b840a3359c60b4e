"""What staff see in a browser when a ticket is not as short, as English and as lucky as in a brochure."""

import pytest
from playwright.sync_api import expect

from tests.people import PASSWORD, PEOPLE
from tests.tickets.shared import picture

# Where a word of a text stands, from its first letter to its last.
PLACE = """(element, word) => {
    const text = element.firstChild, range = document.createRange();
    range.setStart(text, text.data.indexOf(word));
    range.setEnd(text, text.data.indexOf(word) + word.length);
    const { left, right } = range.getBoundingClientRect();
    return { left, right };
}"""


def test_a_reply_that_was_sent_is_shown(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_sent}", viewport={"width": 1440, "height": 600})
    text = page.locator("textarea[name=body]")
    text.fill("A long answer.\n\n" * 30)
    text.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Reply sent")
    text.fill("The last word.")
    text.press("Control+Enter")
    expect(page.locator("article.msg", has_text="The last word.")).to_be_in_viewport(ratio=1)


def test_whoever_sends_nothing_is_told_so_and_writes_on(visit, site):
    for who, path, text in (("agent", f"/desk/tickets/{site.for_sent}", ".composer textarea"), ("user", f"/tickets/{site.open}", "#reply")):
        page = visit(who, path)
        page.locator(text).press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("There is nothing to send yet.")
        expect(page.locator(text)).to_be_focused()
        expect(page.locator("form.composer, #reply-form")).not_to_contain_text("Draft")


def test_an_error_stands_above_the_panes_of_a_ticket_and_moves_none(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_errors}")
    thread = page.locator(".pane--thread")
    before = thread.bounding_box()
    page.locator("textarea[name=body]").fill("Written while I was signed out elsewhere.")
    page.context.clear_cookies()
    page.get_by_role("button", name="Send reply").click()
    callout = page.locator("#flash .callout")
    expect(callout).to_be_in_viewport(ratio=1)
    after, told = thread.bounding_box(), callout.bounding_box()
    assert (after["x"], after["width"]) == (before["x"], before["width"])
    assert told["y"] + told["height"] <= after["y"]
    expect(page.locator("textarea[name=body]")).to_have_value("Written while I was signed out elsewhere.")


def test_the_composer_fits_below_the_bar_of_whoever_acts_for_another(visit, site):
    page = visit(None, "/login")
    page.get_by_label("E-mail").fill(PEOPLE["admin"][1])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"/admin/people/{site.staff}")
    page.get_by_role("button", name="Sign in as").click()
    page.goto(f"/desk/tickets/{site.for_errors}")
    expect(page.get_by_text("are signed in as")).to_be_visible()
    expect(page.get_by_role("button", name="Send reply")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_arabic_is_read_from_the_right(visit, site):
    page = visit("agent", f"/desk/tickets/{site.arabic}")
    for element in (page.locator("#subject"), page.locator("article.msg .prose p").first):
        first, latin = (element.evaluate(PLACE, word) for word in ((element.inner_text().split()[0]), "hive"))
        box = element.bounding_box()
        assert first["left"] >= latin["right"]
        assert box["x"] + box["width"] - first["right"] < 2


def test_the_keyboard_keeps_its_place_after_a_button_that_goes_away(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_errors}")
    page.get_by_role("button", name="Resolve").press("Enter")
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.locator("[id$=-verbs]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Reopen")).to_be_focused()


def test_one_writes_on_after_a_macro(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_sent}")
    page.locator("summary", has_text="Macro").click()
    page.locator(".menu-pop button[name=insert]").first.click()
    expect(page.locator("textarea[name=body]")).to_be_focused()


@pytest.mark.parametrize("path", ["/desk/macros", "/desk/knowledge/vocabulary", "/desk/knowledge/translations", "/desk/knowledge"])
def test_filters_can_be_cleared_while_something_is_filtered(visit, path):
    page = visit("lead", path)
    clear = page.get_by_role("link", name="Clear", exact=True)
    expect(clear).to_be_hidden()
    page.get_by_role("searchbox").fill("zzz")
    expect(clear).to_be_visible()
    page.get_by_role("searchbox").fill("")
    page.locator(".filters select").first.select_option(index=1)
    expect(clear).to_be_visible()
    clear.click()
    expect(clear).to_be_hidden()


def test_a_picture_is_shown_small_in_a_room_kept_for_it_and_opens_beside(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_sent}")
    page.locator("summary", has_text="Attach files").click()
    page.locator("input[type=file]").set_input_files([{"name": "shot.png", "mimeType": "image/png", "buffer": picture(1600, 900)}])
    page.locator("textarea[name=body]").fill("As in the picture.")
    page.get_by_role("button", name="Send reply").click()
    link = page.get_by_role("link", name="shot.png")
    image = link.locator("img")
    expect(image).to_have_js_property("naturalWidth", 1600)
    box = image.bounding_box()
    assert (box["width"], box["height"]) == (240, 135)
    page.route("**/attachments/*", lambda route: route.abort())
    page.reload()
    assert image.bounding_box() == {**image.bounding_box(), "width": 240, "height": 135}, "before it has come"
    page.unroute("**/attachments/*")
    with page.expect_popup() as beside:
        link.click()
    assert beside.value.url.startswith(f"{page.url.partition('/desk')[0]}/attachments/")
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_announcements_stand_apart_from_each_other_and_from_the_edge(visit):
    page = visit("lead", "/desk/announcements")
    card, row = (page.locator(selector).first.bounding_box() for selector in (".card", ".rows > li p"))
    assert row["x"] - card["x"] >= 12


def test_a_long_sidebar_shows_where_one_is(visit):
    page = visit("admin", "/admin/audit", viewport={"width": 1366, "height": 600})
    expect(page.locator(".side [aria-current]")).to_be_in_viewport(ratio=1)


def test_a_phone_shows_whose_a_ticket_is_and_how_it_stands(visit, site):
    page = visit("agent", "/desk/queue/all", viewport={"width": 375, "height": 800})
    row = page.locator("tbody tr", has_text=site.hold)
    expect(row.get_by_text("· On hold, ")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(row.get_by_text("· On hold, ")).to_be_hidden()


def test_what_is_unfolded_in_a_thread_stays_so_when_a_colleague_writes(visit, site):
    page = visit("agent", f"/desk/tickets/{site.open}")
    mail = page.locator("details.delivery").first
    mail.locator("summary").click()
    colleague = visit("agent2", f"/desk/tickets/{site.open}")
    colleague.locator("label", has_text="Internal note").click()
    colleague.locator("textarea[name=body]").fill("Meanwhile.")
    colleague.get_by_role("button", name="Add note").click()
    expect(colleague.locator("#toasts")).to_contain_text("Note saved")
    page.get_by_text("Look for new messages").click()
    expect(page.locator("article.msg", has_text="Meanwhile.")).to_be_visible()
    expect(mail).to_have_attribute("open", "")


def test_a_search_of_the_queue_names_itself(visit):
    page = visit("agent", "/desk/queue/mine")
    page.get_by_label("Search all tickets").fill("brochure")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
