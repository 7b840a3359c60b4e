"""Decisions about links that need no database: which stand in a text, where each leads, when one counts as broken. Pure."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import unquote, urljoin, urlsplit

# Addresses longer than this are broken: no browser promises more.
LONGEST = 2_000
# How often an external address is looked at: each week, each day while it fails.
WEEK, DAY = timedelta(days=7), timedelta(hours=20)
SIGN_IN = {401, 402, 403}
# These say nothing about the address, which has been asked nevertheless.
BUSY = {408, 425, 429}
# These mean that HEAD is not understood, not that nothing is there.
ASK_WHOLE = {400, 403, 404, 405, 406, 410, 501}
MOVED = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Place:
    """Where a link leads within our pages: a path, and an anchor on it or nothing."""

    path: str
    anchor: str = ""


@dataclass(frozen=True)
class Health:
    """How an address is: `unchecked`, `ok`, `skipped` (we do not call it), `failing` or `broken`, why, and since which day (UTC)."""

    state: str = "unchecked"
    reason: str = ""
    failed_on: date | None = None


@dataclass(frozen=True)
class Finding:
    """What one look at an address told: `ok`, `failed`, `skipped`, `busy` (nothing of it) or `later` (it was not asked), and a sentence."""

    verdict: str
    reason: str = ""


def place_of(url: str, here: str, own_host: str) -> Place | None:
    """Where an address leads within our pages, read on the page at the path `here`; None for one that leads elsewhere or nowhere.

    Raises ValueError for what is no address.
    """
    if len(url) > LONGEST:
        raise ValueError("This address is longer than any browser takes.")
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"} and (parts.hostname or "") == own_host.lower():
        return Place(unquote(parts.path) or "/", unquote(parts.fragment))
    if parts.scheme or parts.netloc:
        return None
    joined = urlsplit(urljoin(f"//x{here}", url))
    return Place(unquote(joined.path) or "/", unquote(joined.fragment))


def is_external(url: str) -> bool:
    """Whether an address is one of the web, which can be asked for."""
    return urlsplit(url).scheme.lower() in {"http", "https"}


def judged(status: int) -> Finding:
    """What the status of an answer says of an address."""
    if status < 400:
        return Finding("ok")
    if status in SIGN_IN:
        return Finding("ok", "It asks for a sign-in.")
    if status in BUSY:
        return Finding("busy")
    return Finding("failed", {404: "Nothing is there (404).", 410: "It is gone for good (410)."}.get(status, f"It answers {status}."))


def after(health: Health, found: Finding, today: date) -> Health:
    """How an address is after another look: what fails once may be a bad day, what fails on a second day is broken."""
    if found.verdict == "busy":
        return health
    if found.verdict != "failed":
        return Health("ok" if found.verdict == "ok" else "skipped", found.reason)
    if health.failed_on is None:
        return Health("failing", found.reason, today)
    broken = health.state == "broken" or today > health.failed_on
    return replace(health, state="broken" if broken else "failing", reason=found.reason)
