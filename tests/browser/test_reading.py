"""Reading an article with script: tabs, copying, contents; and on paper, and without script."""

import pytest

PAGE = "/help/getting-started/installation"
PHONE = {"width": 375, "height": 800}


def panels(page, group=0):
    """The labels of the panels of a group that can be seen."""
    box = page.locator(".tab-group").nth(group)
    return [one.get_attribute("aria-labelledby") for one in box.locator(".tab").all() if one.is_visible()]


def chosen(page, group=0):
    return page.locator(".tab-group").nth(group).get_by_role("tab", selected=True)


def test_tabs_are_walked_by_arrow_keys_and_the_choice_holds_for_the_whole_page(visits):
    page = visits(None, PAGE)
    first = page.locator(".tab-group").first
    first.get_by_role("tab", name="macOS").click()
    assert [chosen(page, n).inner_text() for n in (0, 1)] == ["macOS", "macOS"]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "Windows"
    assert [chosen(page, n).inner_text() for n in (0, 1)] == ["Windows", "Windows"]
    assert len(panels(page)) == len(panels(page, 1)) == 1
    page.keyboard.press("ArrowRight")
    assert [chosen(page, n).inner_text() for n in (0, 1)] == ["WSL", "Windows"]
    page.keyboard.press("Home")
    assert [chosen(page, n).inner_text() for n in (0, 1)] == ["macOS", "macOS"]
    page.keyboard.press("End")
    assert page.get_by_role("tabpanel", name="WSL").is_visible()
    assert [box.get_attribute("aria-label") for box in page.get_by_role("tablist").all()] == ["Install", "Uninstall"]


def test_a_choice_below_does_not_move_what_is_being_looked_at(visits):
    page = visits(None, PAGE)
    tab = page.locator(".tab-group").nth(1).get_by_role("tab", name="Windows")
    tab.scroll_into_view_if_needed()
    before = tab.bounding_box()
    tab.click()
    assert abs(tab.bounding_box()["y"] - before["y"]) < 2


def test_without_script_all_panels_stand_one_below_another(visits):
    page = visits(None, PAGE, java_script_enabled=False)
    assert [name.inner_text() for name in page.locator(".tab-group").first.get_by_role("heading").all()] == ["macOS", "Linux", "Windows", "WSL"]  # fmt: skip
    assert all(one.is_visible() for one in page.locator(".tab").all())
    assert page.get_by_role("tab").count() == 0


def test_on_paper_all_panels_stand_and_links_tell_their_address(visits):
    page = visits(None, PAGE)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(one.is_visible() for one in page.locator(".tab").all())
    assert all(one.is_visible() for one in page.locator(".tab-name").all())
    for hidden in (".topbar", "aside", ".toc-fold", ".codebox > .btn", "[role=tablist]", "#votes"):
        assert not [one for one in page.locator(hidden).all() if one.is_visible()], hidden
    link = page.locator(".prose a[href^='https://']").first
    assert link.get_attribute("href") in link.evaluate("el => getComputedStyle(el, '::after').content")
    inner = page.locator(".prose a[href^='/']").first
    assert inner.evaluate("el => getComputedStyle(el, '::after').content") == "none"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(panels(page)) == 1


def test_code_is_copied_by_keyboard_and_said_to_screen_readers(visits):
    page = visits(None, PAGE, permissions=["clipboard-read", "clipboard-write"])
    page.locator(".tab-group").first.get_by_role("tab", name="Linux").click()
    panel = page.get_by_role("tabpanel", name="Linux").first
    panel.get_by_role("button", name="Copy").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("Copied", exact=True).wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()").strip() == "curl -fsSL https://install.hivetechs.com | sh"


def test_the_address_of_a_heading_is_copied(visits, site):
    page = visits(None, PAGE, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Link to “Update”").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Link copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site.url}{PAGE}#update" == page.url


def test_the_contents_mark_what_is_being_read(visits):
    page = visits(None, PAGE)
    contents = page.get_by_role("navigation", name="On this page")
    contents.get_by_role("link", name="Update").click()
    current = contents.locator("[aria-current]")
    current.get_by_text("Update").wait_for()
    assert current.count() == 1
    page.keyboard.press("End")
    contents.locator("[aria-current]", has_text="When it fails").wait_for()


def test_on_a_phone_the_contents_are_folded_and_fold_again(visits):
    page = visits(None, PAGE, viewport=PHONE)
    fold = page.locator("details.toc-fold")
    link = fold.get_by_role("link", name="Uninstall")
    assert not link.is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    link.click()
    assert page.url.endswith("#uninstall")
    assert not link.is_visible()


def test_a_link_to_an_answer_opens_it(visits):
    page = visits(None, "/help/faq?category=cli#q-cancel-run")
    page.locator("#q-cancel-run .prose").wait_for()
    page.goto("/help/faq?category=cli#q-exit-codes")
    page.locator("#q-exit-codes .prose").wait_for()


@pytest.mark.parametrize("query", ["filter=ctrl", "category=cli"])
def test_questions_are_filtered_without_script(visits, query):
    page = visits(None, f"/help/faq?{query}", java_script_enabled=False)
    page.get_by_role("searchbox", name="Show only questions with these words").fill("interruption")
    page.get_by_role("button", name="Filter").click()
    assert page.locator("details.answer").count() == 1
    page.get_by_role("link", name="Open all answers").click()
    assert "130 an interruption" in page.locator("details.answer .prose").inner_text()
    assert page.get_by_role("searchbox", name="Show only questions with these words").input_value() == "interruption"
