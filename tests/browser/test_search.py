"""Answers while one types in the help centre: on a slow network, without a server, without a mouse, without script."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_pages import DESKTOP, PHONE, too_wide

HEAR = """id => {
    window.heard = [];
    const says = document.getElementById(id);
    new MutationObserver(() => heard.push(says.textContent)).observe(says, {childList: true, characterData: true, subtree: true});
}"""
HELD = "**/help/search?*"


def field(page: Page):
    """Where one asks."""
    return page.locator("#q")


def results(page: Page):
    """The links of the answers."""
    return page.locator("#results a.subject")


def title(page: Page):
    """How many answers there are, in words."""
    return page.locator("#results-title")


def asked(page: Page) -> list[str]:
    """The questions that go out from now on, as they go."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if "/help/search?" in request.url else None)
    return seen


def hold(page: Page) -> list[Route]:
    """Keep every search back, to be let go in what order the test likes."""
    held: list[Route] = []
    page.route(HELD, lambda route: held.append(route))
    return held


def let_go(page: Page, held: list[Route], count: int) -> None:
    """Let `count` searches go, the newest first."""
    while len(held) < count:
        page.wait_for_timeout(20)
    for route in reversed(held):
        route.continue_()


def test_answers_come_while_one_types_and_the_address_follows(visit):
    page = visit(None, "/help")
    page.keyboard.press("/")
    expect(field(page)).to_be_focused()
    page.keyboard.type("proxy", delay=5)
    expect(title(page)).to_contain_text("for “proxy”")
    assert page.url.endswith("/help/search?q=proxy")
    expect(page).to_have_title(re.compile("^proxy, help centre"))
    expect(field(page)).to_be_focused()
    page.keyboard.type(" password", delay=5)
    expect(title(page)).to_contain_text("for “proxy password”")
    assert page.url.endswith("/help/search?q=proxy+password")
    found = results(page).all_inner_texts()
    page.go_back()
    expect(page.get_by_role("heading", name="Documentation")).to_be_visible()
    page.go_forward()
    expect(field(page)).to_have_value("proxy password")
    assert results(page).all_inner_texts() == found


def test_a_search_that_was_ended_with_enter_stays_behind_back(visit):
    page = visit(None, "/help/search")
    field(page).press_sequentially("proxy", delay=5)
    field(page).press("Enter")
    expect(title(page)).to_contain_text("for “proxy”")
    field(page).fill("timeout")
    expect(title(page)).to_contain_text("for “timeout”")
    page.go_back()
    expect(field(page)).to_have_value("proxy")
    expect(title(page)).to_contain_text("for “proxy”")


def test_the_keyboard_goes_through_the_answers_and_back(visit):
    page = visit(None, "/help/search?q=proxy")
    links = results(page)
    field(page).focus()
    page.keyboard.press("ArrowDown")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(links.nth(2)).to_be_focused()
    page.keyboard.press("End")
    expect(links.last).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(links.last).to_be_focused()
    page.keyboard.press("Home")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(field(page)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("proxy")
    page.keyboard.press("ArrowDown")
    target = links.nth(0).get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")


def test_down_waits_for_the_answers_that_are_on_their_way(visit):
    page = visit(None, "/help/search?q=install")
    held = hold(page)
    with page.expect_request(HELD):
        field(page).fill("proxy")
    page.keyboard.press("ArrowDown")
    expect(field(page)).to_be_focused()
    let_go(page, held, 1)
    expect(title(page)).to_contain_text("for “proxy”")
    expect(results(page).nth(0)).to_be_focused()


def test_categories_order_and_pages_work_by_keyboard_and_keep_the_place(visit):
    page = visit(None, "/help/search?q=hive")
    page.get_by_role("link", name="Newest").press("Enter")
    page.wait_for_url("**sort=newest**")
    expect(page.locator("nav[aria-label=Order] [aria-current=true]")).to_have_text("Newest")
    expect(page.get_by_role("link", name="Newest")).to_be_focused()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Page 2").press("Enter")
    page.wait_for_url("**page=2**")
    expect(title(page)).to_be_focused()
    page.get_by_role("navigation", name="Categories").get_by_role("link").nth(1).press("Enter")
    page.wait_for_url("**category=**")
    expect(page.locator("nav[aria-label=Categories] [aria-current=true]")).to_be_focused()
    page.go_back()
    page.wait_for_url("**page=2**")
    expect(page.locator("[aria-current=page]").filter(has_text="2")).to_be_visible()


def test_what_was_meant_takes_the_place_of_what_was_typed(visit):
    page = visit(None, "/help/search?q=consensus+timout")
    page.get_by_role("link", name="consensus timeout").click()
    expect(title(page)).to_contain_text("for “consensus timeout”")
    expect(field(page)).to_have_value("consensus timeout")


def test_a_slow_network_loses_no_letter_and_the_last_question_wins(visit):
    page = visit(None, "/help")
    done = asked(page)
    dropped: list[str] = []
    page.on("requestfailed", lambda request: dropped.append(request.url))
    held = hold(page)
    for letters in ("inst", "all", " proxy"):
        with page.expect_request(HELD):
            field(page).press_sequentially(letters, delay=5)
    expect(field(page)).to_have_value("install proxy")
    expect(page.get_by_role("heading", name="Documentation")).to_be_visible()
    assert [url.partition("q=")[2].partition("&")[0] for url in done] == ["inst", "install", "install+proxy"]
    assert [url.partition("q=")[2].partition("&")[0] for url in dropped] == ["inst", "install"]
    let_go(page, held, 3)
    expect(title(page)).to_contain_text("for “install proxy”")
    expect(field(page)).to_have_value("install proxy")


def test_letters_typed_while_an_answer_arrives_stay(visit):
    page = visit(None, "/help/search")
    held = hold(page)
    with page.expect_request(HELD):
        field(page).press_sequentially("prox", delay=5)
    page.evaluate("() => { const q = document.getElementById('q'); q.value += 'y tls'; q.setSelectionRange(5, 5); }")
    let_go(page, held, 1)
    expect(title(page)).to_contain_text("for “prox”")
    expect(field(page)).to_have_value("proxy tls")
    assert page.evaluate("() => document.getElementById('q').selectionStart") == 5


def test_how_many_there_are_is_announced_once_the_keys_rest(visit):
    page = visit(None, "/help")
    page.evaluate(HEAR, "q-says")
    for letter in "proxy":
        page.keyboard.press("/") if letter == "p" else None
        with page.expect_response(HELD):
            page.keyboard.type(letter)
    expect(page.locator("#q-says")).to_contain_text("for “proxy”")
    assert len(page.evaluate("heard")) == 1


def test_nothing_jumps_while_answers_come_and_go(visit):
    page = visit(None, "/help")
    box = field(page).bounding_box()
    field(page).press_sequentially("proxy", delay=5)
    expect(title(page)).to_contain_text("for “proxy”")
    assert field(page).bounding_box() == box
    field(page).fill("qqzzqq")
    expect(page.get_by_role("heading", name="No answer for “qqzzqq”")).to_be_visible()
    assert field(page).bounding_box() == box
    assert page.evaluate("() => scrollY") == 0


@pytest.mark.parametrize(("status", "words"), [(429, "Too many searches"), (503, "on our side"), (None, "no answer from the server")])
def test_what_goes_wrong_is_said_beside_the_field_and_mended(visit, status, words):
    page = visit(None, "/help/search?q=proxy")
    before = results(page).all_inner_texts()
    page.route(HELD, lambda route: route.abort() if status is None else route.fulfill(status=status, body="<p>No</p>"))
    field(page).fill("timeout")
    problem = page.locator("#q-problem")
    expect(problem).to_contain_text(words)
    assert problem.get_attribute("role") == "alert"
    expect(field(page)).to_have_value("timeout")
    assert results(page).all_inner_texts() == before
    page.unroute(HELD)
    problem.get_by_role("button", name="Try again").press("Enter")
    expect(title(page)).to_contain_text("for “timeout”")
    expect(problem).to_be_hidden()
    expect(field(page)).to_be_focused()
    # What the browser itself writes of a call that broke.
    visit.complaints.clear()


def test_a_search_goes_out_again_by_itself_when_the_network_is_back(visit):
    page = visit(None, "/help/search?q=proxy")
    page.context.set_offline(True)
    field(page).fill("timeout")
    expect(page.locator("#q-problem")).to_contain_text("no answer from the server")
    page.context.set_offline(False)
    expect(title(page)).to_contain_text("for “timeout”")
    expect(page.locator("#q-problem")).to_be_hidden()
    visit.complaints.clear()


def test_it_works_without_script(visit):
    page = visit(None, "/help", java_script_enabled=False)
    field(page).fill("consensus timout")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(title(page)).to_contain_text("answers for “consensus timout”")
    page.get_by_role("link", name="Newest").click()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Page 2").click()
    assert re.search(r"sort=newest.*page=2", page.url)
    results(page).first.click()
    expect(page.locator("main h1")).to_be_visible()


def test_it_works_by_touch_and_enter_hides_the_keyboard(visit):
    page = visit(None, "/help", viewport={"width": 375, "height": 700}, has_touch=True, is_mobile=True)
    field(page).tap()
    page.keyboard.type("proxy")
    page.keyboard.press("Enter")
    expect(title(page)).to_contain_text("for “proxy”")
    expect(field(page)).not_to_be_focused()
    results(page).first.tap()
    expect(page.locator("main h1")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_word_without_end_breaks_and_moves_nothing_out_of_sight(visit, size):
    page = visit(None, "/help")
    page.set_viewport_size(size)
    for address in (f"/help/search?q={'x' * 200}", f"/help/search?q=install&category={'z' * 150}"):
        page.goto(page.url.split("/help")[0] + address)
        assert not too_wide(page)
