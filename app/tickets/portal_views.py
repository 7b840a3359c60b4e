"""The customer's list in words: what each row shows, ready for the template. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.lib.times import ago, duration
from app.tickets.portal_queries import is_unread
from app.tickets.rules import CUSTOMER_STATUSES

GLYPHS = {"new": "new", "open": "open", "pending_customer": "pending", "on_hold": "hold", "resolved": "resolved", "closed": "closed"}
BARS = {"low": "p1", "medium": "p2", "high": "p3", "critical": "p4", "emergency": "p5"}


@dataclass(frozen=True)
class Step:
    """What comes next, and by when: `sla` is the chip's look, `before` is read out only."""

    sla: str
    text: str
    before: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True)
class Row:
    """One ticket of the list."""

    ref: str
    subject: str
    glyph: str
    status: str
    priority: str
    bars: str
    about: str
    step: Step
    is_unread: bool
    needs_you: bool


def row(one: Any, viewer_id: int, now: datetime) -> Row:
    """One row: columns of portal_queries.columns in."""
    return Row(
        ref=one.ref,
        subject=one.subject,
        glyph=GLYPHS.get(one.status, "new"),
        status=CUSTOMER_STATUSES.get(one.status, one.status),
        priority=one.priority,
        bars=BARS.get(one.priority, "p2"),
        about=about(one, viewer_id, now),
        step=step(one, now),
        is_unread=is_unread(viewer_id, one, one.seen_at),
        needs_you=one.status == "pending_customer",
    )


def about(one: Any, viewer_id: int, now: datetime) -> str:
    """Who asked, if not the viewer; who helps; when something last happened."""
    parts = [] if one.requester_id == viewer_id else [f"from {one.requester}"]
    if one.assignee:
        parts.append(f"with {one.assignee}")
    return " · ".join([*parts, f"updated {ago(one.active_at, now)}"])


def step(one: Any, now: datetime) -> Step:
    """What the customer waits for, or we for them."""
    if one.status == "pending_customer":
        return Step("paused", "Your reply", "Paused, waiting for ")
    if one.status in {"resolved", "closed"}:
        return Step("met", "Solved")
    if one.next_due_at is None:
        return Step("paused" if one.status == "on_hold" else "", "On hold" if one.status == "on_hold" else "We are on it")
    if one.next_due_at > now:
        return Step("ok", duration(one.next_due_at - now), "Our next step is due in ", one.next_due_at)
    return Step("breach", "Late, we are on it")
