"""Pure decisions about tickets: the vocabulary, who may move what where. Standard library only."""

import unicodedata
from datetime import UTC, datetime

KINDS = {"bug": "Bug report", "feature": "Feature request", "question": "Question or support request"}
STATUSES = {
    "new": "New",
    "open": "Open",
    "pending_customer": "Waiting on customer",
    "on_hold": "On hold",
    "resolved": "Resolved",
    "closed": "Closed",
}
# The same in the customer's words.
CUSTOMER_STATUSES = {
    "new": "Received",
    "open": "In progress",
    "pending_customer": "Needs you",
    "on_hold": "On hold",
    "resolved": "Resolved",
    "closed": "Closed",
}
PRIORITIES = ("low", "medium", "high", "critical", "emergency")
CATEGORIES = {
    "cli": "CLI Interface",
    "tui": "TUI Interface",
    "consensus": "Consensus Engine",
    "repository": "Repository Analysis",
    "planning": "Planning Mode",
    "enterprise": "Enterprise Features",
    "performance": "Performance",
    "security": "Security",
    "documentation": "Documentation",
    "installation": "Installation",
    "billing": "Account & Billing",
    "other": "Other",
}
PLATFORMS = ("macOS (Intel)", "macOS (Apple Silicon)", "Linux (x86_64)", "Linux (ARM64)", "Windows (x64)", "Other")
OPEN_STATUSES = frozenset({"new", "open", "pending_customer", "on_hold"})
# What staff may set by hand; resolving, reopening and closing are verbs of their own.
SETTABLE = frozenset({"open", "pending_customer", "on_hold"})
# The sort key of a ticket without a running deadline: after all others.
NO_DEADLINE = datetime(9999, 1, 1, tzinfo=UTC)
MAX_TAGS, MAX_TAG = 20, 40
# Changes by others that a person should know of before their answer leaves.
MATERIAL = (
    "ticket.replied",
    "ticket.noted",
    "ticket.status_changed",
    "ticket.priority_changed",
    "ticket.assigned",
    "ticket.moved",
    "ticket.resolved",
    "ticket.reopened",
    "ticket.closed",
    "ticket.thanks_dismissed",
    "ticket.joined",
    "ticket.parted",
    "ticket.split",
)


def is_open(status: str) -> bool:
    """Whether somebody still has to do something."""
    return status in OPEN_STATUSES


def rank(priority: str) -> int:
    """0 for low to 4 for emergency; raises ValueError for any other word."""
    return PRIORITIES.index(priority)


def lower_of(one: str, other: str) -> str:
    """The less urgent of two priorities."""
    return min(one, other, key=rank)


def status_after_reply(status: str, *, by_staff: bool, wanted: str | None) -> str:
    """The status after a public reply.

    Staff choose (`wanted`), and otherwise move a new ticket to open. A customer's answer brings a waiting, held or
    resolved ticket back to open; a closed one stays closed (the action refuses before).
    """
    if by_staff:
        return wanted or ("open" if status == "new" else status)
    return status if status == "new" else "open"


def clean_tag(text: str) -> str:
    """`Flaky Tests` → `flaky-tests`. Raises ValueError for what cannot be a tag."""
    tag = "-".join(spelled(text).split())
    if not tag or len(tag) > MAX_TAG or not tag[0].isalnum() or not all(map(may_stand_in_a_tag, tag)):
        raise ValueError(f"“{text[:MAX_TAG]}” cannot be a tag: use letters, digits, dots and hyphens, {MAX_TAG} at most.")
    return tag


def spelled(text: str) -> str:
    """A tag's letters in the one way that they are stored and looked for: lower case, composed (NFC)."""
    return unicodedata.normalize("NFC", text.strip().lower())


def may_stand_in_a_tag(character: str) -> bool:
    """Letters and digits of any script with their marks, dots, hyphens and underscores."""
    return character.isalnum() or character in "._-" or unicodedata.category(character).startswith("M")
