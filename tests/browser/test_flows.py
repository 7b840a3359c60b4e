"""What people do in a browser: with the keyboard alone, with files, twice by accident, at the same time as others."""

import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from tests.people import PASSWORD, PEOPLE

SHOT = {"name": "shot.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 64}
TRACE = {"name": "trace.log", "mimeType": "text/plain", "buffer": b"panicked at stage2.rs"}
HAND_OVER = """([kind, name]) => {
    const bag = new DataTransfer(), where = document.querySelector("textarea");
    bag.items.add(new File(["from the " + kind], name, {type: "text/plain"}));
    const told = kind === "paste" ? {clipboardData: bag} : {dataTransfer: bag}, make = kind === "paste" ? ClipboardEvent : DragEvent;
    where.dispatchEvent(new make(kind, {...told, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def ask_database(site):
    """`ask_database(sql, …)` is the first value that the site's database answers."""

    def ask(sql, *values):
        with closing(sqlite3.connect(f"file:{site.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, values).fetchone()[0]

    return ask


def focused(page: Page) -> str:
    """The id, or the text, of what has the focus."""
    return page.evaluate("() => document.activeElement.id || document.activeElement.textContent.trim()")


def tab_to(page: Page, wanted: str, key: str = "Tab") -> None:
    """Press Tab until the element has the focus, as often as somebody would put up with."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
    raise AssertionError(f"{wanted} cannot be reached by {key}; the focus is at {focused(page)}")


def messages(page: Page, text: str):
    """The messages of the conversation that say something."""
    return page.locator("article.msg").filter(has_text=text)


def composer(page: Page):
    """Where staff write."""
    return page.locator("form.composer textarea[name=body]")


def test_a_customer_opens_a_ticket_with_the_keyboard_alone(visit):
    page = visit("user", "/")
    page.keyboard.press("Tab")
    assert "Skip" in focused(page)
    tab_to(page, "a[href^='/tickets/new']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tickets/new**")
    tab_to(page, "#kind-question")
    page.keyboard.press("Enter")
    expect(page.locator("#kind-question")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#kind-question")).to_be_focused()
    tab_to(page, "#subject")
    page.keyboard.type("Opened without a mouse")
    tab_to(page, "textarea[name=body]")
    page.keyboard.type("Nothing was clicked.")
    tab_to(page, "button[data-send]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/tickets/HT-"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Opened without a mouse")
    expect(page.locator("#toasts, [role=status]").filter(has_text="is open").first).to_be_visible()


def test_what_is_wrong_with_a_form_takes_the_focus_and_leads_to_the_field(visit):
    page = visit("user", "/tickets/new?kind=question")
    page.locator("button[data-send]").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    link = summary.get_by_role("link").first
    link.press("Enter")
    assert page.evaluate("() => document.activeElement.matches('#subject, [aria-invalid=true]')"), focused(page)


def test_staff_answer_with_the_keyboard_alone(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_keyboard}")
    page.keyboard.press("n")
    expect(composer(page)).to_be_focused()
    expect(page.get_by_role("button", name="Add note")).to_be_visible()
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("r")
    expect(composer(page)).to_be_focused()
    page.keyboard.type("Typed, r and n and j among it, and sent by keys.")
    page.keyboard.press("Control+Enter")
    expect(messages(page, "sent by keys")).to_have_count(1)
    expect(composer(page)).to_have_value("")
    assert page.evaluate("() => document.activeElement !== document.body"), "the focus is lost"


def test_the_list_beside_a_ticket_shows_how_it_stands_after_an_answer(visit, site):
    page = visit("agent", "/desk/queue/all")
    page.goto(f"/desk/tickets/{site.for_keyboard}")
    row = page.locator(f"#pane-{site.for_keyboard}")
    expect(row).not_to_contain_text("Waiting")
    composer(page).fill("Which version is it?")
    page.locator("form.composer select[name=status]").select_option("pending_customer")
    page.locator("button[data-send]").click()
    expect(row).to_contain_text("Waiting")
    expect(row).to_contain_text("Paused")
    assert page.locator("[hx-swap-oob]").count() == 0 and row.count() == 1


def test_a_queue_is_walked_with_j_k_and_x(visit):
    page = visit("agent", "/desk/queue/all")
    subjects = page.locator("a.subject")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(subjects.nth(1)).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("[data-count]").first).to_have_text("1 selected")
    page.keyboard.press("k")
    expect(subjects.nth(0)).to_be_focused()
    page.keyboard.press("/")
    assert page.evaluate("() => document.activeElement.matches('input')")
    page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_answers_come_while_the_subject_is_typed_and_count_when_they_helped(visit, site, ask_database):
    page = visit("user", "/tickets/new?kind=question")
    page.locator("#subject").press_sequentially(site.question_text, delay=5)
    shown, says = page.locator("#deflect"), page.locator("#subject-says")
    expect(says).to_have_text(re.compile(r"\d answers? may help"))
    page.keyboard.press("ArrowDown")
    expect(shown.locator("summary").first).to_be_focused()
    page.keyboard.press("Enter")
    counted = "SELECT count(*) FROM events WHERE kind = 'knowledge.deflected'"
    before = ask_database(counted)
    shown.get_by_role("button", name="This answered my question").first.click()
    expect(shown).to_contain_text("Glad that helped")
    expect(says).to_contain_text("No ticket was opened")
    assert ask_database(counted) == before + 1
    expect(page.locator("#subject")).to_have_value(site.question_text)


def test_files_are_picked_pasted_and_dropped_and_outlive_a_refusal(visit):
    page = visit("user", "/tickets/new?kind=question")
    page.locator("input[type=file]").set_input_files([SHOT])
    page.locator("input[type=file]").set_input_files([TRACE])
    page.evaluate(HAND_OVER, ["paste", "pasted.txt"])
    page.evaluate(HAND_OVER, ["drop", "dropped.txt"])
    expect(page.locator("[data-file-list] .file")).to_have_count(4)
    expect(page.locator("[data-file-says]")).to_have_text("4 files attached.")
    page.get_by_role("button", name="Remove trace.log").click()
    expect(page.locator("[data-file-says]")).not_to_have_text("")
    page.locator("#subject").fill("With three files")
    page.locator("button[data-send]").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("#staged .file")).to_have_count(3)
    page.locator("textarea[name=body]").fill("See the picture.")
    page.locator("button[data-send]").click()
    page.wait_for_url(re.compile(r"/tickets/HT-"))
    files = page.locator("article.msg .files a.file")
    assert sorted(name.split()[0] for name in files.all_inner_texts()) == ["dropped.txt", "pasted.txt", "shot.png"]
    with page.expect_download() as download:
        files.filter(has_text="dropped.txt").click()
    assert download.value.path().read_bytes() == b"from the drop"


def test_an_empty_file_is_left_out_and_keeps_nothing_from_being_sent(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_twice}")
    page.locator("summary", has_text="Attach files").click()
    page.locator("input[type=file]").set_input_files([{"name": "empty.log", "mimeType": "text/plain", "buffer": b""}, TRACE])
    expect(page.locator("[data-file-says]")).to_have_text("empty.log is empty and was left out.")
    expect(page.locator("[data-file-list] .file")).to_have_count(1)
    composer(page).fill("With the trace that is not empty.")
    composer(page).press("Control+Enter")
    expect(messages(page, "With the trace that is not empty.").locator("a.file")).to_have_count(1)


def test_a_double_click_sends_one_reply(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_twice}")
    composer(page).fill("Sent once.")
    page.locator("button[data-send]").dblclick()
    expect(messages(page, "Sent once.")).to_have_count(1)
    box, send = page.locator(".toast").bounding_box(), page.locator("button[data-send]").bounding_box()
    assert box["x"] >= send["x"] + send["width"], "what was said covers the button to say more"
    page.reload()
    expect(messages(page, "Sent once.")).to_have_count(1)
    customer = visit("user", f"/tickets/{site.for_twice}")
    customer.locator("#reply").fill("Thanks, once.")
    customer.locator("button[data-send]").dblclick()
    expect(messages(customer, "Thanks, once.")).to_have_count(1)
    customer.reload()
    expect(messages(customer, "Thanks, once.")).to_have_count(1)


def test_who_writes_while_the_ticket_changes_sees_what_changed_and_keeps_the_text(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_stale}")
    composer(page).fill("Written before I knew.")
    customer = visit("user", f"/tickets/{site.for_stale}")
    customer.locator("#reply").fill("It works again since this morning.")
    customer.locator("button[data-send]").click()
    expect(messages(customer, "works again")).to_have_count(1)
    page.locator("button[data-send]").click()
    told = page.get_by_role("alert")
    expect(told).to_be_focused()
    expect(told).to_contain_text("changed while you were writing")
    expect(composer(page)).to_have_value("Written before I knew.")
    expect(messages(page, "Written before I knew.")).to_have_count(0)
    page.get_by_role("button", name="Send anyway").click()
    expect(messages(page, "Written before I knew.")).to_have_count(1)


def test_whoever_is_signed_out_while_writing_stays_signs_in_beside_and_sends(visit, site):
    page = visit("user", f"/tickets/{site.for_signed_out}")
    here = page.url
    page.locator("#reply").fill("Written by a patient person")
    page.context.clear_cookies()
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("#flash")).to_contain_text("You have been signed out")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    beside = opened.value
    beside.get_by_label("E-mail").fill(PEOPLE["user"][1])
    beside.get_by_label("Password").fill(PASSWORD)
    beside.get_by_role("button", name="Sign in").click()
    beside.wait_for_url(lambda url: "/login" not in url)
    page.bring_to_front()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#flash")).to_contain_text("signed in again")
    page.get_by_role("button", name="Send reply").click()
    expect(messages(page, "Written by a patient person")).to_have_count(1)
    assert page.url == here


def test_a_draft_keeps_itself_and_outlives_a_reload(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_draft}")
    customer = visit("user", f"/tickets/{site.for_draft}")
    composer(page).press_sequentially("Half a thought")
    customer.locator("#reply").press_sequentially("Half an answer")
    expect(page.get_by_text("Draft kept,")).to_be_visible()
    expect(customer.get_by_text("Draft saved")).to_be_visible()
    page.reload()
    expect(composer(page)).to_have_value("Half a thought")
    customer.reload()
    expect(customer.locator("#reply")).to_have_value("Half an answer")


def test_results_come_while_one_types_and_back_works(visit):
    page = visit(None, "/help")
    page.locator("#q").press_sequentially("consensus", delay=5)
    expect(page.locator("#q-says")).to_contain_text("answer")
    expect(page).to_have_url(re.compile(r"/help/search\?q=consensus"))
    expect(page.locator("#q")).to_be_focused()
    page.locator("#results a.subject").first.click()
    page.wait_for_url(lambda url: "/search" not in url)
    page.go_back()
    expect(page).to_have_url(re.compile(r"q=consensus"))
    expect(page.locator("#results a.subject").first).to_be_visible()
    expect(page.locator("#q")).to_have_value("consensus")


def test_all_of_it_works_without_script(visit, site):
    page = visit(None, java_script_enabled=False)
    page.goto("/tickets/new?kind=question")
    page.get_by_label("E-mail").fill("user@acme.example")
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in").click()
    page.locator("#subject").fill("Written without script")
    page.locator("button[data-send]").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#subject")).to_have_value("Written without script")
    page.locator("textarea[name=body]").fill("It works.")
    page.locator("input[type=file]").set_input_files([TRACE])
    page.locator("button[data-send]").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Written without script")
    expect(page.locator("a.file")).to_contain_text("trace.log")
    page.locator("#reply").fill("And so do replies.")
    page.locator("button[data-send]").click()
    expect(messages(page, "And so do replies.")).to_have_count(1)
    page.goto("/help")
    page.locator("#q").fill("consensus")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#results a.subject").first).to_be_visible()


def test_staff_answer_without_script(visit, site):
    page = visit("agent", f"/desk/tickets/{site.for_plain}", java_script_enabled=False)
    composer(page).fill("No script at our end, either.")
    page.locator("button[data-send]").click()
    expect(messages(page, "No script at our end")).to_have_count(1)
    page.goto("/desk/queue/all")
    expect(page.locator("input[name=ids]").first).to_be_visible()
    expect(page.locator("input[data-all]")).to_be_hidden()


def test_a_ticket_is_printed_dark_on_white_without_what_only_a_screen_needs(visit, site):
    page = visit("user", f"/tickets/{site.for_menu}", color_scheme="dark")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print")
    assert page.evaluate("() => getComputedStyle(document.documentElement).colorScheme") == "light"
    for name in ("Attachments", "Look for new messages"):
        expect(page.get_by_text(name).first).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_ticket_of_the_desk_is_printed_over_the_whole_width(visit, site):
    page = visit("agent", f"/desk/tickets/{site.resolved}", viewport={"width": 1440, "height": 900})
    page.emulate_media(media="print")
    expect(page.locator(".pane--list")).to_be_hidden()
    assert page.locator(".pane--thread").bounding_box()["width"] == page.locator("html").bounding_box()["width"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_the_persons_own_whatever_the_machine_prefers(theme, visit):
    page = visit("colleague", "/account", color_scheme="dark" if theme == "light" else "light")
    page.locator(f"input[name=theme][value={theme}]").check()
    page.locator("form", has=page.locator("input[name=theme]")).get_by_role("button", name="Save").click()
    page.goto("/")
    assert page.evaluate("() => document.documentElement.dataset.theme") == theme
    shade = page.evaluate(
        """() => { const c = document.createElement("canvas").getContext("2d"); c.fillStyle = getComputedStyle(document.body).backgroundColor;
        c.fillRect(0, 0, 1, 1); return c.getImageData(0, 0, 1, 1).data[0]; }"""
    )
    assert shade < 90 if theme == "dark" else shade > 200


def test_one_tap_in_the_mail_chooses_a_score_on_a_phone(visit, site, ask_database):
    page = visit(None, site.survey_mail, viewport={"width": 375, "height": 800}, has_touch=True, is_mobile=True)
    mail = page.frame_locator("iframe")
    mail.locator("a[href*='overall_satisfaction=4']").tap()
    page.wait_for_url("**/survey/**")
    expect(page.locator("#overall_satisfaction-4")).to_be_checked()
    assert ask_database("SELECT count(*) FROM surveys WHERE answered_at IS NOT NULL") == 0, "following the link has stored something"
    for question in ("response_time", "resolution_quality"):
        page.locator(f"label:has(#{question}-5)").tap()
    page.get_by_role("button", name="Send feedback").tap()
    page.wait_for_url("**/thanks")
    assert ask_database("SELECT overall_satisfaction FROM surveys WHERE answered_at IS NOT NULL") == 4


def test_whoever_is_invited_finds_their_own_clock_chosen(visit, site):
    page = visit(None, site.invite_link, timezone_id="Asia/Tokyo")
    expect(page.get_by_label("Your time zone")).to_have_value("Asia/Tokyo")


def test_what_changed_in_a_policy_is_read_on_a_phone(visit, site):
    page = visit("lead", f"/admin/sla/policies/{site.policy}")
    page.set_viewport_size({"width": 320, "height": 700})
    changed = page.locator("#history td.wrap").first.bounding_box()
    assert changed["width"] >= 110 and changed["x"] + changed["width"] <= 320


@pytest.mark.parametrize("scripted", [True, False])
@pytest.mark.parametrize("path", ["/desk/analytics", "/desk/surveys", "/desk/knowledge/insights"])
def test_the_range_of_figures_is_read_whole_on_a_narrow_phone(visit, path, scripted):
    page = visit("lead", path, viewport={"width": 320, "height": 700}, java_script_enabled=scripted)
    bar, chosen = page.locator(".staffbar"), page.get_by_label("Range", exact=True)
    whole = chosen.evaluate(
        "box => { const free = box.cloneNode(true); free.style.cssText = 'position: fixed; width: max-content'; document.body.append(free); return free.offsetWidth; }"
    )
    box = chosen.bounding_box()
    assert box["width"] >= whole - 1 and box["x"] + box["width"] <= 320
    assert bar.locator("h1").evaluate("title => title.scrollWidth <= title.clientWidth"), "the title is cut off"
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
