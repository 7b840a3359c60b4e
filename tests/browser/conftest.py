"""A real Chromium on a real site: one of each for a test process, begun by the first browser test.

`visit(who)` opens a page in which they are signed in; what the page complains of (script errors, the content security
policy) fails the test at its end. Everything else of the suite stands still in time, these tests do not.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from app.config import ROOT
from app.ops.processes import die_with_parent
from tests import services
from tests.people import PASSWORD, PEOPLE

HERE = Path(__file__).parent
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No page stays long enough for optimized code to earn what making it took.
    "--js-flags=--no-opt",
)
DESKTOP = {"width": 1440, "height": 900}
PATIENCE_MS = 10_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever is in this folder needs a browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def site() -> Iterator[SimpleNamespace]:
    """The site, with the facts that live.py tells of it: `site.url`, `site.open` (a ticket's number), …"""
    parent = os.getpid()
    log = services.directory() / "live.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.live"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            preexec_fn=lambda: die_with_parent(parent),
        )
    with process:
        first = process.stdout.readline() if process.stdout else b""
        if first:
            yield SimpleNamespace(**json.loads(first))
        process.terminate()
    assert first, f"the site did not start: {log.read_text(errors='replace')[-3000:]}"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one browser of this process."""
    path = services.chromium()
    assert path, "There is no Chromium. Say `python -m tests.services chromium`."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@dataclass
class Visits:
    """Opens pages for people, and keeps what goes wrong in them."""

    chromium: Browser
    url: str
    states: dict[str, Any]
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    pages: dict[str | None, Page] = field(default_factory=dict)

    def __call__(self, who: str | None = None, path: str = "", **options: Any) -> Page:
        """A page at `path` as `who` sees it (None: a visitor); options are those of a browser context."""
        if who and who not in self.states:
            self.states[who] = self.sign_in(who)
        context = self.context(storage_state=self.states[who] if who else None, **options)
        page = context.new_page()
        if path:
            page.goto(path)
        return page

    def again(self, who: str | None) -> Page:
        """The one page of theirs that goes from address to address, with all that it has loaded."""
        if who not in self.pages:
            self.pages[who] = self(who)
        return self.pages[who]

    def context(self, **options: Any) -> BrowserContext:
        """A browser of its own, that forgets all at the end of the test."""
        given = {"viewport": DESKTOP, "base_url": self.url, "reduced_motion": "reduce", **options}
        context = self.chromium.new_context(**given)
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", self.listen)
        context.on("weberror", lambda error: self.complaints.append(f"{error.page.url if error.page else ''}: {error.error}"))
        self.contexts.append(context)
        return context

    def listen(self, message: ConsoleMessage) -> None:
        """Keep warnings and errors; that an answer was 4xx is the test's business."""
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{message.location.get('url', '')}: {message.text}")

    def sign_in(self, who: str) -> Any:
        """Go through the form once, and keep the cookies."""
        context = self.context()
        page = context.new_page()
        page.goto("/login")
        page.get_by_label("E-mail").fill(PEOPLE[who][1])
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/login" not in url)
        return context.storage_state()

    def leave(self) -> None:
        """Close every window."""
        for context in self.contexts:
            context.close()


@pytest.fixture(scope="session")
def states() -> dict[str, Any]:
    """The cookies of those who have signed in."""
    return {}


@pytest.fixture
def visit(site: SimpleNamespace, chromium: Browser, states: dict[str, Any]) -> Iterator[Callable[..., Page]]:
    """See Visits."""
    visits = Visits(chromium, site.url, states)
    yield visits
    visits.leave()
    assert not visits.complaints, "\n".join(visits.complaints)


@pytest.fixture(scope="session")
def visits(site: SimpleNamespace, chromium: Browser, states: dict[str, Any]) -> Iterator[Visits]:
    """Visits that many tests share; each looks after the complaints itself."""
    visits = Visits(chromium, site.url, states)
    yield visits
    visits.leave()
