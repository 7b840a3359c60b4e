"""Writing knowledge in a real browser: marks by button and key, what is kept while one types, pictures, and leaving the page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.rows import PNG

PASTE = """([name, bytes]) => {
    const bag = new DataTransfer(), where = document.querySelector("[data-markdown] textarea");
    bag.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"}));
    where.focus();
    where.dispatchEvent(new ClipboardEvent("paste", {clipboardData: bag, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def editor(visit):
    """The editor of a new question, empty."""
    page = visit("agent", "/desk/knowledge/faq/new")
    if page.get_by_role("button", name="Throw it away").count():
        page.get_by_role("button", name="Throw it away").click()
    return page


def text(page: Page) -> str:
    """What stands in the editor."""
    return page.locator("#answer").input_value()


def choose(page: Page, start: int, end: int) -> None:
    """Choose a part of the text."""
    page.locator("#answer").evaluate("(area, [start, end]) => { area.focus(); area.setSelectionRange(start, end); }", [start, end])


def test_marks_are_put_around_what_is_chosen_taken_off_again_and_undone(editor):
    editor.locator("#answer").fill("run hive init now")
    choose(editor, 4, 13)
    editor.keyboard.press("Control+e")
    assert text(editor) == "run `hive init` now"
    editor.keyboard.press("Control+e")
    assert text(editor) == "run hive init now"
    editor.get_by_role("button", name="Bold").click()
    assert text(editor) == "run **hive init** now"
    editor.keyboard.press("Control+z")
    assert text(editor) == "run hive init now"
    choose(editor, 4, 8)
    editor.keyboard.press("Control+k")
    assert text(editor) == "run [hive](/help/) init now"


def test_a_list_goes_on_with_enter_and_ends_on_an_empty_item(editor):
    editor.locator("#answer").click()
    for words in ("1. one", "two", ""):
        editor.keyboard.type(words)
        editor.keyboard.press("Enter")
    editor.keyboard.type("end")
    assert text(editor) == "1. one\n2. two\n\nend"


def test_the_toolbar_is_one_stop_for_the_tab_key(editor):
    editor.get_by_role("button", name="Bold").focus()
    editor.keyboard.press("ArrowRight")
    expect(editor.get_by_role("button", name="Italic")).to_be_focused()
    editor.keyboard.press("End")
    expect(editor.get_by_role("button", name="Picture")).to_be_focused()
    editor.keyboard.press("Tab")
    expect(editor.locator("#answer")).to_be_focused()


def test_what_is_typed_is_shown_counted_and_kept_without_a_word_lost(editor):
    editor.locator("#question").fill("Where do zebras sleep?")
    editor.locator("#answer").press_sequentially("In the **savannah**, standing.", delay=5)
    expect(editor.locator("#preview strong")).to_have_text("savannah")
    expect(editor.locator("[data-words]")).to_have_text("4 words, 1 min to read")
    expect(editor.locator("#kept")).to_contain_text("Kept for you")
    # What is kept is not lost: the browser lets go without a question.
    editor.goto("/desk/knowledge")
    editor.goto("/desk/knowledge/faq/new")
    assert text(editor) == "In the **savannah**, standing."
    editor.get_by_role("button", name="Throw it away").click()
    expect(editor.locator("#answer")).to_have_value("")


def test_leaving_with_what_nobody_has_kept_is_asked_about(editor):
    asked = []
    editor.route("**/draft", lambda route: route.abort())
    editor.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    editor.locator("#answer").press_sequentially("Lost?")
    editor.evaluate("() => { location.href = '/desk/knowledge'; }")
    editor.wait_for_url("**/desk/knowledge")
    assert asked == ["beforeunload"]


def test_a_picture_is_pasted_shown_and_said_to_be_wrong(editor):
    editor.evaluate(PASTE, ["Two zebras.png", list(PNG)])
    expect(editor.locator("#answer")).to_have_value(re.compile(r"^!\[Two zebras\]\(/help/pictures/[\w-]{22}(#\d+x\d+)?\)\n$"))
    expect(editor.locator("[data-says]")).to_contain_text("Added")
    editor.evaluate(PASTE, ["drawing.png", list(b"<svg/>")])
    expect(editor.locator("[data-says]")).to_contain_text("no picture that pages can show")


def test_saving_works_without_script(visit):
    page = visit("lead", "/desk/knowledge/faq/new", java_script_enabled=False)
    expect(page.get_by_role("toolbar")).to_have_count(0)
    page.get_by_label("Question").fill("Does it work without script?")
    page.get_by_label("Answer").fill("It does.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Only writers see it.")).to_be_visible()


def test_a_translation_is_written_with_the_same_marks_pictures_and_preview(site, visit):
    page = visit("lead", f"/desk/knowledge/article/{site.abroad}/translations/fr")
    body = page.get_by_label("Text", exact=True)
    body.fill("Les zebres dorment debout.")
    body.evaluate("area => { area.focus(); area.setSelectionRange(4, 10); }")
    page.get_by_role("button", name="Bold").click()
    expect(body).to_have_value("Les **zebres** dorment debout.")
    expect(page.locator("#preview strong")).to_have_text("zebres")
    expect(page.locator("[data-words]")).to_have_text("4 words, 1 min to read")
    page.evaluate(PASTE, ["Zebres.png", list(PNG)])
    expect(page.locator("#preview img")).to_have_attribute("alt", "Zebres")


def test_a_translation_is_written_and_looked_at_without_script(site, visit):
    page = visit("lead", f"/desk/knowledge/article/{site.abroad}/translations/es", java_script_enabled=False)
    expect(page.get_by_role("toolbar")).to_have_count(0)
    page.get_by_label("Title").fill("Cebras")
    page.get_by_label("Text", exact=True).fill("Duermen **de pie**.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview strong")).to_have_text("de pie")
