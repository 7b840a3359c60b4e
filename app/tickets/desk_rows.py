"""A row of the queue as its template shows it: words and states worked out once, so that fifty rows cost little. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from app.lib.marks import HUES, glyph, icon, initials, portrait, sprite
from app.lib.times import duration
from app.sla.clock import tone
from app.tickets import rules

PRIORITY_GLYPHS = {"low": "p1", "medium": "p2", "high": "p3", "critical": "p4", "emergency": "p5"}
STATUS_GLYPHS = {"new": "new", "open": "open", "pending_customer": "pending", "on_hold": "hold", "resolved": "resolved", "closed": "closed"}
# The short words of a narrow column.
STATUS_WORDS = {**rules.STATUSES, "pending_customer": "Waiting"}
METRICS = {"first_response": "First reply", "next_response": "Next reply", "resolution": "Resolution"}
# Where no clock runs: what the chip says.
STANDING = {"pending_customer": "Paused", "on_hold": "Paused"}


@dataclass(frozen=True, slots=True)
class Row:
    """One ticket of a list. `chip`, `priority`, `status` and `assignee` are markup, the rest is text.

    `stands` is what a phone shows, which has no room for the columns of status and assignee.
    """

    ref: str
    subject: str
    customer: str
    plan: str
    category: str
    since: str
    stands: str
    unanswered: bool
    priority: Markup
    status: Markup
    assignee: Markup | None
    chip: Markup


def rows(found: Iterable[Any], now: datetime) -> list[Row]:
    """Rows of the query as the template shows them."""
    sheet = sprite("")
    return [row(sheet, one, now) for one in found]


def row(sheet: str, one: Any, now: datetime) -> Row:
    """A row of the query as the template shows it; `sheet` is the address of the icons."""
    return drawn(sheet, one, one.organization_name or one.requester_name, one.plan_name or "", one.assignee_name, now)


def row_of(ticket: Any, now: datetime) -> Row:
    """A ticket, its people loaded, as a list shows it."""
    home, assignee = ticket.organization, ticket.assignee
    customer, plan = (home.name, home.plan.name) if home else (ticket.requester.name, "")
    return drawn(sprite(""), ticket, customer, plan, assignee.name if assignee else None, now)


def drawn(sheet: str, one: Any, customer: str, plan: str, assignee: str | None, now: datetime) -> Row:
    """A ticket, or as much of one as the query reads, with the names around it."""
    return Row(
        ref=one.ref,
        subject=one.subject,
        customer=customer,
        plan=plan,
        category=rules.CATEGORIES.get(one.category, one.category),
        since=short(now - one.active_at),
        stands=f"{STATUS_WORDS.get(one.status, one.status)}, {assignee or 'nobody'}",
        unanswered=one.last_public_by == "customer" and one.status in ("new", "open"),
        priority=priority_mark(sheet, one.priority, one.needs_confirmation),
        status=status_mark(sheet, one.status),
        assignee=person(one.assignee_id, assignee) if one.assignee_id and assignee else None,
        chip=chip(sheet, one.next_due_at, one.next_warn_at, one.next_metric, one.status, now),
    )


def short(length: Any) -> str:
    """How long ago, in one unit: `now`, `12 min`, `3 h`, `2 d`."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 86400 else f"{seconds // 86400} d"


@lru_cache(maxsize=64)
def priority_mark(sheet: str, priority: str, unconfirmed: bool) -> Markup:
    """The glyph of a priority with its word for screen readers. `sheet` is the address of the icons, which changes with them."""
    word = f"{priority.capitalize()} priority" + (", to be confirmed" if unconfirmed else "")
    mark = glyph(PRIORITY_GLYPHS.get(priority, "p2"))
    return Markup('<span class="prio" data-p="{}">{}<span class="vh">{}</span></span>').format(priority, mark, word)


@lru_cache(maxsize=64)
def status_mark(sheet: str, status: str) -> Markup:
    """The hexagon of a status with its word."""
    mark = STATUS_GLYPHS.get(status, "new")
    return Markup('<span class="status" data-s="{}">{}{}</span>').format(mark, glyph(mark), STATUS_WORDS.get(status, status))


@lru_cache(maxsize=1024)
def person(user_id: int, name: str) -> Markup:
    """Avatar and name of a member of staff."""
    return Markup('<span class="who">{}{}</span>').format(portrait(initials(name), user_id % HUES + 1, True, "sm"), name)


def chip(sheet: str, due_at: datetime | None, warn_at: datetime | None, metric: str | None, status: str, now: datetime) -> Markup:
    """The chip of the next deadline: its state, the share of time that is left as a ring, and how long that is.

    The ring is drawn from the last quarter, which begins at `warn_at`.
    """
    if due_at is None:
        return paused(sheet, STANDING[status]) if status in STANDING else NO_CHIP
    left = (due_at - now).total_seconds()
    state = tone("running", due_at=due_at, warn_at=warn_at, breached_at=None, now=now)
    quarter = (due_at - warn_at).total_seconds() if warn_at is not None else 0
    share = max(0, min(100, round(25 * left / quarter))) if quarter > 0 else 100 if left > 0 else 0
    text, leads = (f"{duration(-left)} over", "is") if left < 0 else (duration(left), "due in")
    return ring(sheet + "g-ring", state, f"{METRICS.get(metric or '', 'Next step')} {leads}", share, f"{due_at:%Y-%m-%dT%H:%MZ}", text)


NO_CHIP = Markup('<span class="faint">–</span>')
RING = Markup(
    '<span class="sla" data-sla="{0}"><svg class="ring" viewBox="0 0 16 16" aria-hidden="true"><use href="{1}"/>'
    '<use href="{1}" stroke-dasharray="{3} 100"/></svg><span class="vh">{2} </span>'
    '<time datetime="{4}" data-countdown>{5}</time></span>'
)


@lru_cache(maxsize=8)
def paused(sheet: str, word: str) -> Markup:
    """A chip without a running clock."""
    return Markup('<span class="sla" data-sla="paused">{}{}</span>').format(icon("pause"), word)


@lru_cache(maxsize=4096)
def ring(sheet: str, state: str, says: str, share: int, at: str, text: str) -> Markup:
    """A chip with a running clock."""
    return RING.format(state, sheet, says, share, at, text)
