"""The search box on another site, whose content policy allows our origin and nothing else."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Another site</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{url}/embed/search.js" data-target="#help" {more} async></script></head>
<body><main><h1>Another site</h1><div id="help"><a href="{url}/help">Help centre</a></div><p>Text</p></main></body></html>"""
POLICY = "default-src 'none'; script-src {url}; connect-src {url}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
NAME = "Search the help centre"


@pytest.fixture
def elsewhere(site) -> Iterator[SimpleNamespace]:
    """A server of another origin; `more` is put into its script tag."""
    told = SimpleNamespace(more="")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.format(url=site.url, more=told.more).encode() if self.path == "/" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY.format(url=site.url))
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield told
    server.shutdown()
    server.server_close()


def test_it_is_found_searched_and_followed_by_keyboard(elsewhere, visits, site):
    page = visits(None, elsewhere.url)
    field = page.get_by_role("combobox", name=NAME)
    page.keyboard.press("Tab")
    assert field.evaluate("el => el.getRootNode().activeElement === el")
    page.keyboard.type("how to uninstal", delay=5)
    answers = page.get_by_role("option")
    answers.first.wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    assert "arrow keys" in page.get_by_role("status").inner_text()
    page.keyboard.press("ArrowDown")
    assert answers.first.get_attribute("aria-selected") == "true"
    assert field.get_attribute("aria-activedescendant") == answers.first.get_attribute("id")
    title = answers.first.locator("b").inner_text()
    page.keyboard.press("ArrowUp")
    assert field.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/help/**")
    assert page.get_by_role("heading", level=1).inner_text() == title


def test_enter_without_a_choice_leads_to_all_answers(elsewhere, visits, site):
    page = visits(None, elsewhere.url)
    page.get_by_role("combobox", name=NAME).fill("proxy")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/help/search?q=proxy")


def test_escape_closes_the_list_and_then_empties_the_field(elsewhere, visits):
    page = visits(None, elsewhere.url)
    field = page.get_by_role("combobox", name=NAME)
    field.fill("proxy")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Escape")
    assert page.get_by_role("option").count() == 0
    assert field.input_value() == "proxy"
    page.keyboard.press("Escape")
    assert field.input_value() == ""


def test_it_takes_and_leaves_nothing_but_public_answers(elsewhere, visits, site):
    page = visits("user", elsewhere.url)
    asked = []
    page.context.on("request", lambda request: asked.append(request))
    page.get_by_role("combobox", name=NAME).fill("proxy")
    page.get_by_role("option").first.wait_for()
    ours = [request for request in asked if request.url.startswith(site.url)]
    assert ours
    assert not [request.url for request in ours if "cookie" in request.all_headers()]
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_a_help_centre_that_does_not_answer_is_said_in_place(elsewhere, visits):
    page = visits(None, elsewhere.url)
    page.context.route("**/help/suggestions*", lambda route: route.abort())
    page.get_by_role("combobox", name=NAME).fill("proxy")
    page.get_by_role("option", name="Open the help centre").wait_for()
    assert "does not answer" in page.get_by_role("status").inner_text()


@pytest.mark.parametrize("more", ["", 'data-theme="dark"', 'data-theme="light"'])
@pytest.mark.parametrize("width", [1440, 320])
def test_it_is_accessible_and_fits(elsewhere, visits, more, width):
    elsewhere.more = more
    page = visits(None, elsewhere.url, bypass_csp=True, viewport={"width": width, "height": 700})
    page.get_by_role("combobox", name=NAME).fill("proxy")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
