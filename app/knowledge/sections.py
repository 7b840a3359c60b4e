"""What the help centre is divided into, and who may read what. Pure."""

from dataclasses import dataclass
from typing import Protocol

STAFF = "staff"
# Whom a text is written for. Each may read what those before it may.
AUDIENCES = {"public": "Everybody", "customers": "Customers", "enterprise": "Enterprise customers", STAFF: "Staff only"}
STATES = {"published": "Published", "draft": "Draft", "withdrawn": "Withdrawn", "archived": "Archived"}
ENTERPRISE_TIER = 3


@dataclass(frozen=True)
class Shelf:
    """A section of articles or a category of questions: what it is called, its picture, a line about it."""

    key: str
    label: str
    mark: str
    about: str = ""


SECTIONS = {
    shelf.key: shelf
    for shelf in (
        Shelf("getting-started", "Getting started", "zap", "Install Hive, take the first steps, set it up, come from 1.x."),
        Shelf("user-guide", "User guide", "book-open", "Commands, the terminal UI, Planning Mode, repository analysis."),
        Shelf("api-reference", "API reference", "code", "MCP, LSP, the REST API and hooks, for those who build on Hive."),
        Shelf("troubleshooting", "Troubleshooting", "life-buoy", "Common issues, every error message, slowness, debug mode."),
        Shelf("enterprise", "Enterprise", "building-2", "Roll-out, security, teams and roles, compliance."),
        Shelf("community", "Community", "users", "Contribute, behave, get support, find more."),
        Shelf(STAFF, "Procedures", "lock", "For staff: first response, escalation, on-call, moderation."),
    )
}
# Questions share two shelves with the articles.
CATEGORIES = {
    shelf.key: shelf
    for shelf in (
        Shelf("installation", "Installation", "download"),
        Shelf("configuration", "Configuration", "settings"),
        Shelf("cli", "Command line", "terminal"),
        Shelf("tui", "Terminal UI", "keyboard"),
        Shelf("consensus", "Consensus engine", "git-merge"),
        Shelf("repository", "Repository analysis", "layers"),
        Shelf("planning", "Planning Mode", "list"),
        Shelf("performance", "Performance", "activity"),
        Shelf("security", "Security", "shield"),
        SECTIONS["enterprise"],
        Shelf("billing", "Plans and billing", "key-round"),
        Shelf("integrations", "Integrations", "plug"),
        SECTIONS["troubleshooting"],
        Shelf("support", "Support", "message-square"),
    )
}


class Reader(Protocol):
    """Somebody who is signed in, as far as reading goes."""

    @property
    def is_staff(self) -> bool:
        """Whether they work at the desk."""

    @property
    def plan(self) -> "object | None":
        """Their organization's plan."""


def audiences_of(reader: Reader | None) -> frozenset[str]:
    """The audiences whose texts somebody may read; None is a visitor."""
    if reader is None:
        return frozenset({"public"})
    if reader.is_staff:
        return frozenset(AUDIENCES)
    tier = getattr(reader.plan, "tier", 0)
    return frozenset({"public", "customers", "enterprise"} if tier >= ENTERPRISE_TIER else {"public", "customers"})


def shelf(key: str) -> Shelf:
    """A section or category by its key; an imported one that we have no words for is called by its key."""
    known = SECTIONS.get(key) or CATEGORIES.get(key)
    return known or Shelf(key, key.replace("-", " ").replace("_", " ").strip().capitalize() or "Other", "tag")
