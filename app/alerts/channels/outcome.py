"""What became of one message. Errors of chat programs and webhooks are sorted here and nowhere else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.lib import http

# The other side is busy or broken; any other answer from 400 on is about what we sent, and will be the same next time.
PASSING = frozenset({408, 425, 429})
GONE = 410


@dataclass(frozen=True)
class Outcome:
    """`sent`, `retry` (it may pass; `wait` is what they asked for), `failed` (never will go) or `gone` (their address has ended)."""

    state: str
    detail: str = ""
    wait: timedelta | None = None


def posted(url: str, body: bytes, headers: Mapping[str, str], *, allow_local: bool) -> tuple[Outcome, http.Answer | None]:
    """Call an address and sort what comes back; the answer is there for callers who read it."""
    try:
        answer = http.post(url, body, headers, allow_local=allow_local)
    except http.Refused as refused:
        return Outcome("failed", str(refused)), None
    except http.Away as away:
        return Outcome("retry", str(away)), None
    return sorted_answer(answer), answer


def sorted_answer(answer: http.Answer) -> Outcome:
    """2xx is sent; 5xx and a few others may pass; redirects are not followed, so they and the rest are for good."""
    if 200 <= answer.status < 300:
        return Outcome("sent")
    if answer.status == GONE:
        return Outcome("gone", "410: this address has ended for good.")
    if answer.status >= 500 or answer.status in PASSING:
        return Outcome("retry", f"Answered {answer.status}.", asked_wait(answer))
    return Outcome("failed", f"Answered {answer.status}.")


def asked_wait(answer: http.Answer) -> timedelta | None:
    """How long Retry-After asks us to wait, in seconds; None where it says nothing that we read."""
    try:
        seconds = float(answer.headers.get("retry-after", ""))
    except ValueError:
        return None
    return timedelta(seconds=min(seconds, 86_400)) if 0 <= seconds < float("inf") else None


def spoken(answer: http.Answer | None) -> dict[str, Any]:
    """The JSON object that came back; empty where it is none."""
    try:
        found = json.loads(answer.body) if answer is not None else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def packed(payload: Mapping[str, Any]) -> bytes:
    """The JSON that is sent."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
