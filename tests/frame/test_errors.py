"""Errors as a page, as the part for htmx, and as a problem for machines."""

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.lib import errors, pages
from app.lib.htmx import is_htmx

REFERENCE = {"X-Request-ID": "a-reference-1"}


def failed(app: Flask, error: Exception, **request: Any) -> Any:
    """What the handlers answer to an error within a request."""
    with app.test_request_context(**{"path": "/somewhere", "method": "POST", **request}):
        g.request_id = "a-reference-1"
        g.csrf_valid = True
        response = app.make_response(app.handle_user_exception(error))
    return SimpleNamespace(status_code=response.status_code, headers=response.headers, text=response.get_data(as_text=True))


def test_a_page_that_is_not_there_says_so_with_its_reference(browse: Any) -> None:
    answer = browse().get("/nothing-here", status=404, headers=REFERENCE)
    assert "Not found" in answer.words
    assert "Reference a-reference-1" in answer.words
    assert answer.headers["X-Request-ID"] == "a-reference-1"
    assert "Go to the start" in answer.words


def test_an_address_with_a_slash_too_much_leads_to_its_page(browse: Any) -> None:
    visitor = browse().client
    for path, page in (
        ("/help/faq/?category=cli", "/help/faq?category=cli"),
        ("/help/user-guide/cli-commands/", "/help/user-guide/cli-commands"),
        ("/help/faq/some-question/?lang=de", "/help/faq/some-question?lang=de"),
    ):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (301, page)
    for path in ("/nothing-here/", "//elsewhere.example/", "//elsewhere.example//"):
        answer = visitor.get(path)
        assert "elsewhere.example" not in answer.headers.get("Location", "")
        assert answer.status_code != 301


def test_a_page_that_is_not_in_the_help_centre_offers_to_search_for_its_words(browse: Any) -> None:
    page = browse().get("/help/getting-started/instal-on-windows", status=404)
    assert "Search for “instal on windows”" in page.words
    assert "/help/search?q=instal+on+windows" in [link["href"].replace("%20", "+") for link in page.markup.all("a")]
    assert "Search for" not in browse().get("/nothing-here", status=404).words


def test_a_part_that_is_not_there_lands_in_flash(browse: Any) -> None:
    visitor = browse()
    visitor.get("/nothing-here", status=404)
    answer = visitor.get("/nothing-here", status=404, htmx=True, headers=REFERENCE)
    assert answer.headers["HX-Retarget"] == "#flash"
    assert answer.headers["HX-Reswap"] == "innerHTML"
    assert answer.headers["HX-Push-Url"] == "false"
    assert "Reference a-reference-1" in answer.words
    assert "HX-Request" in answer.headers["Vary"]


def test_machines_get_a_problem(browse: Any) -> None:
    for path, headers in (("/api/v1/nothing", {}), ("/nothing-here", {"Accept": "application/json"})):
        answer = browse().get(path, status=404, headers={**REFERENCE, **headers})
        assert answer.mimetype == "application/problem+json"
        problem = answer.json
        assert problem["status"] == 404
        assert problem["title"] == "Not found"
        assert problem["request_id"] == "a-reference-1"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound(), 404),
        (errors.NotAllowed("Ask a lead."), 403),
        (errors.WrongState("It is closed."), 409),
        (errors.Stale("Aiko changed this."), 409),
        (errors.Invalid("A number, please."), 422),
        (errors.Gone("Used already."), 410),
    ],
)
def test_errors_of_the_domain_carry_their_status_and_their_words(app: Flask, error: errors.DomainError, status: int) -> None:
    page = failed(app, error)
    part = failed(app, error, headers={"HX-Request": "true"})
    assert (page.status_code, part.status_code) == (status, status)
    assert error.title in page.text
    assert error.message in page.text
    assert part.text.lstrip().startswith('<div class="callout" data-tone="bad" role="alert">')
    assert part.headers["HX-Reswap"] == "innerHTML show:top"
    assert error.message in part.text


def test_hostile_words_in_an_error_are_shown_not_run(app: Flask) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        answer = failed(app, errors.Invalid("<script>alert(1)</script>"), headers=headers)
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert(1)" in answer.text


def test_a_fault_of_ours_is_a_500_with_a_reference_and_no_secrets(app: Flask) -> None:
    answer = failed(app, RuntimeError("password=hunter2"))
    assert answer.status_code == 500
    assert "a-reference-1" in answer.text
    assert "hunter2" not in answer.text


def test_a_database_that_does_not_answer_is_a_503_to_try_again(app: Flask) -> None:
    answer = failed(app, OperationalError("SELECT secret", {}, Exception("database is locked")))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "SELECT secret" not in answer.text


def test_the_error_page_stands_when_the_database_cannot_say_who_looks(browse: Any, people: Any) -> None:
    browser = browse(people.agent)
    db.session.execute(text("DROP TABLE sign_ins"))
    db.session.commit()
    answer = browser.get("/account", status=503)
    assert "Not available" in answer.words
    assert "Sign in" in answer.words


WRITTEN = {
    "body": "First line\nand <b>more</b> of it",
    "note": "起動しません。",
    "new_password": "correct horse",
    "csrf_token": "a b",
    "kind": "question",
}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("INSERT", {}, Exception("gone")), 503),
        (RuntimeError("a fault"), 500),
        (errors.WrongState("It is closed."), 409),
        (errors.NotAllowed("Ask a lead."), 403),
        (errors.NotFound(), 404),
    ],
)
def test_an_error_in_place_of_a_form_gives_back_what_was_written(app: Flask, error: Exception, status: int) -> None:
    here = {"Referer": "http://localhost/tickets/new"}
    page = failed(app, error, data=WRITTEN, headers=here)
    assert page.status_code == status
    assert "First line\nand &lt;b&gt;more&lt;/b&gt; of it</textarea>" in page.text and "起動しません。</textarea>" in page.text
    assert "correct horse" not in page.text and page.text.count("<textarea") == 2
    assert ("Reload this page to send it again" in page.text) is (status >= 500)
    for headers in ({}, {"Referer": "https://elsewhere.example/"}, here | {"HX-Request": "true"}):
        assert "First line" not in failed(app, error, data=WRITTEN, headers=headers).text


def test_a_body_of_a_million_fields_does_not_become_a_million_boxes(app: Flask) -> None:
    sent = {f"field-{number}": "two words" for number in range(3000)}
    page = failed(app, errors.Stale("Aiko changed this."), data=sent, headers={"Referer": "http://localhost/"})
    assert page.text.count("<textarea") == pages.MOST_FIELDS


def test_a_body_that_is_too_large_is_refused_in_words(browse: Any, people: Any) -> None:
    sent = {"body": "much text " * 300_000}
    page = browse(people.user).post("/tickets/new", sent, headers={"Referer": "http://localhost/tickets/new"}, status=413)
    assert "larger than we accept" in page.words


def test_a_reply_survives_a_database_that_is_gone(browse: Any, people: Any) -> None:
    browser = browse(people.user)
    db.session.execute(text("DROP TABLE sign_ins"))
    db.session.commit()
    sent = {"subject": "Will not start", "body": "It says “no such hive”."}
    page = browser.post("/tickets/new", sent, headers={"Referer": "http://localhost/tickets/new"}, status=503)
    assert "Not available" in page.words and "It says “no such hive”.</textarea>" in page.text


def test_a_form_of_another_session_is_refused_in_words(browse: Any, people: Any) -> None:
    answer = browse(people.user).post("/logout", csrf=False, status=400)
    assert "This form has expired" in answer.words and "Go back, copy what you wrote" in answer.words


def test_a_method_that_an_address_does_not_take_says_which_it_takes(app: Flask) -> None:
    answer = app.test_client().put("/logout")
    assert answer.status_code in {400, 405}


BROWSERS_ACCEPT = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
CHROMIUM_ACCEPTS = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/tickets/HT-7Q4F2X/replies", "/tickets/HT-7Q4F2X"),
        ("/desk/tickets/HT-7Q4F2X/followers/3/removal", "/desk/tickets/HT-7Q4F2X"),
        ("/admin/triage/trial", "/admin/triage"),
        ("/tickets/a%0d%0aSet-Cookie:x/replies", "/tickets/a%0D%0ASet-Cookie%3Ax"),
        ("/tickets/a%3Fb/replies", "/tickets/a%3Fb"),
    ],
)
def test_a_browser_that_opens_the_address_of_a_form_is_led_to_the_page_above(app: Flask, address: str, page: str) -> None:
    led = app.test_client().get(address, headers=BROWSERS_ACCEPT)
    assert (led.status_code, led.headers["Location"]) == (303, page)


def test_chromium_is_a_browser(app: Flask) -> None:
    led = app.test_client().get("/account/password", headers={"Accept": CHROMIUM_ACCEPTS})
    assert (led.status_code, led.headers["Location"]) == (303, "/account")


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": "application/json"}, BROWSERS_ACCEPT | {"HX-Request": "true"}])
def test_machines_are_told_what_an_address_takes(app: Flask, headers: dict[str, str]) -> None:
    answer = app.test_client().get("/tickets/HT-7Q4F2X/replies", headers=headers)
    assert answer.status_code == 405 and "POST" in answer.headers["Allow"]


def test_a_form_without_a_page_above_it_says_where_to_go(app: Flask) -> None:
    answer = app.test_client().get("/logout", headers=BROWSERS_ACCEPT)
    assert answer.status_code == 405 and "only takes a form" in answer.text and 'href="/"' in answer.text


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Request-Type": "partial"}, True),
        ({"HX-Request": "true", "HX-Request-Type": "full"}, False),
        ({"HX-Request": "true", "HX-Boosted": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_only_a_request_for_a_part_gets_one(app: Flask, headers: dict[str, str], part: bool) -> None:
    with app.test_request_context(headers=headers):
        assert is_htmx() is part


def test_every_page_carries_the_policy(browse: Any) -> None:
    headers = browse().get("/nothing-here", status=404).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_visitors_chosen_theme_comes_from_the_cookie_and_nothing_else(app: Flask) -> None:
    for cookie, theme in (("dark", "dark"), ("light", "light"), ('"><script>', ""), ("", "")):
        with app.test_request_context(headers={"Cookie": f"theme={cookie}"}):
            assert pages.theme(None) == theme
