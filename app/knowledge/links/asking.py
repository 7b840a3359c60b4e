"""Asking other people's servers whether an address is there: politely, and never inside our own network."""

import time
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import structlog
from flask import current_app
from redis.exceptions import RedisError

from app.extensions import redis
from app.knowledge.links.rules import ASK_WHOLE, MOVED, Finding, judged
from app.lib import http
from app.lib.http import Answer, Away, Refused

log = structlog.get_logger()

MOST_MOVES = 5
# One request to a host in so many milliseconds, whichever worker sends it.
PAUSE_MILLISECONDS = 1_000
LOOK_SECONDS = 0.1
# A host that others keep busy for so long is asked another time.
MOST_LOOKS = 100
Wait = Callable[[str], bool]


def ask(url: str) -> Finding:
    """Whether an address is there: HEAD, then GET where HEAD is not understood; up to MOST_MOVES redirects are followed.

    Each request waits for its host's turn, and goes to public addresses only.
    """
    seen = url
    for _ in range(MOST_MOVES + 1):
        try:
            answer = looked(seen)
        except Refused as refused:
            return Finding("skipped", f"Not checked: {refused}")
        except Away as away:
            return Finding("failed", str(away))
        if answer is None:
            return Finding("later")
        moved = answer.headers.get("location") if answer.status in MOVED else None
        if not moved:
            return judged(answer.status)
        try:
            seen = urljoin(seen, moved)
        except ValueError:
            return Finding("failed", "It leads on to what is no address.")
    return Finding("failed", f"It leads on more than {MOST_MOVES} times.")


def looked(url: str) -> Answer | None:
    """One address asked for, by HEAD and if need be by GET; None where its host's turn does not come."""
    allow_local = current_app.config["SETTINGS"].allow_local_addresses
    host = http.checked(url, allow_local=allow_local).netloc.lower()
    if not wait_for(host):
        return None
    answer = http.look("HEAD", url, allow_local=allow_local)
    if answer.status not in ASK_WHOLE:
        return answer
    return http.look("GET", url, allow_local=allow_local) if wait_for(host) else None


def wait_for(host: str) -> bool:
    """Wait until it is our turn to ask a host: one request a second from all our processes. Whether the turn came."""
    for _ in range(MOST_LOOKS):
        try:
            if redis().set(f"hive:asked:{host}", 1, nx=True, px=PAUSE_MILLISECONDS):
                return True
        except (RedisError, OSError) as away:
            # Without Redis nobody keeps count, so nobody is asked.
            log.warning("links.not_asked", error=type(away).__name__)
            return False
        time.sleep(LOOK_SECONDS)
    return False


def host_of(url: str) -> str:
    """The host of an address, for sorting."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
