"""What staff see in a browser when a ticket is not as short and as lucky as in a brochure."""

from playwright.sync_api import expect


def test_a_reply_that_was_sent_is_shown(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_sent}", viewport={"width": 1440, "height": 600})
    text = page.locator("textarea[name=body]")
    text.fill("A long answer.\n\n" * 30)
    text.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Reply sent")
    text.fill("The last word.")
    text.press("Control+Enter")
    expect(page.locator("article.msg", has_text="The last word.")).to_be_in_viewport(ratio=1)


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
