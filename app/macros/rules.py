"""Placeholders in macros: which there are, and filling them. Pure; nothing in a text is ever evaluated."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

KINDS = {
    "general": "General",
    "bug": "First response to a bug report",
    "feature": "First response to a feature request",
    "question": "First response to a question or support request",
}
AUDIENCES = {"all": "Everybody", "team": "One team", "personal": "Only me"}
TITLE_LENGTH = 120
BODY_LENGTH = 10_000

# Each placeholder: what it becomes, what stands there when nothing is known, and what the preview shows.
PLACEHOLDERS: dict[str, tuple[str, str, str]] = {
    "requester.first_name": ("First name of the requester", "there", "Marcus"),
    "requester.name": ("Name of the requester", "there", "Marcus Webb"),
    "organization": ("The requester’s organization", "your organization", "Acme Robotics"),
    "plan": ("Name of their plan", "Community", "Enterprise Priority"),
    "ticket.ref": ("Number of the ticket", "your ticket", "HT-4F7K2M9"),
    "ticket.subject": ("Subject of the ticket", "your request", "The terminal UI freezes in stage two"),
    "ticket.url": ("Address of the ticket", "", "https://support.hivetechs.example/tickets/HT-4F7K2M9"),
    "priority": ("Priority that we promise", "medium", "high"),
    "timeframe": ("When the first answer comes, with its preposition", "as soon as we can", "within 4 hours"),
    "category": ("Category of the ticket", "Other", "TUI Interface"),
    "team": ("Team that has the ticket", "Support", "Engineering"),
    "agent.first_name": ("First name of whoever writes", "HiveTechs Support", "Aiko"),
    "agent.name": ("Name of whoever writes", "HiveTechs Support", "Aiko Tanaka"),
    "today": ("Today’s date", "today", "23 November 2026"),
}
# Written by us, so it stands as it is; everything else may hold what a customer typed.
VERBATIM = frozenset({"ticket.ref", "ticket.url", "today"})
PLACEHOLDER = re.compile(r"\{\{\s*([^{}\n]{0,80}?)\s*\}\}")
# What would become a link, a picture, code, emphasis or a heading; an underscore inside a word does nothing.
MARKUP = re.compile(r"[\\`*\[\]<>#|~]|:(?=//)|(?<![^\W_])_|_(?![^\W_])")
SPACE = re.compile(r"\s+")


def unknown(text: str) -> list[str]:
    """The names in double braces that are no placeholders, each once, in the order of the text."""
    return list(dict.fromkeys(name for name in PLACEHOLDER.findall(text) if name not in PLACEHOLDERS))


def refusal(text: str) -> str | None:
    """A sentence that names the unknown placeholders and lists the known ones, or None when all is well."""
    wrong = unknown(text)
    if not wrong:
        return None
    names = ", ".join(f"{{{{{name[:40]}}}}}" for name in wrong[:3])
    known = ", ".join(f"{{{{{name}}}}}" for name in PLACEHOLDERS)
    return f"There is no placeholder {names}. Use one of: {known}."


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Put `values` (placeholder → text) in place; what has no value gets its stand-in, an unknown name stays as it is.

    Values are made harmless in Markdown and are not looked through for placeholders again. Linear.
    """

    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name not in PLACEHOLDERS:
            return match[0]
        value = said(name, values)
        return value if name in VERBATIM else MARKUP.sub(r"\\\g<0>", value)

    return PLACEHOLDER.sub(put, text)


def said(name: str, values: Mapping[str, Any]) -> str:
    """What stands in place of a placeholder, on one line: its value, or its stand-in where there is none."""
    return SPACE.sub(" ", str(values.get(name) or "")).strip() or PLACEHOLDERS[name][1]


def values_of(
    ticket: Any,
    *,
    requester: Any = None,
    organization: str = "",
    plan: str = "",
    team: str = "",
    agent: Any = None,
    timeframe: str = "",
    category: str = "",
    url: str = "",
    today: date | None = None,
) -> dict[str, str]:
    """The placeholders' values for a ticket. `ticket` has ref, subject and promised_priority; people have a name."""
    return {
        "requester.first_name": first_name(requester.name) if requester else "",
        "requester.name": requester.name if requester else "",
        "organization": organization,
        "plan": plan,
        "ticket.ref": ticket.ref,
        "ticket.subject": ticket.subject,
        "ticket.url": url,
        "priority": ticket.promised_priority,
        "timeframe": timeframe,
        "category": category,
        "team": team,
        "agent.first_name": first_name(agent.name) if agent else "",
        "agent.name": agent.name if agent else "",
        "today": f"{today.day} {today:%B %Y}" if today else "",
    }


def example() -> dict[str, str]:
    """Values for a preview without a ticket."""
    return {name: shown for name, (_, _, shown) in PLACEHOLDERS.items()}


def first_name(name: str | None) -> str:
    """`Ada Lovelace` → `Ada`; an address or nothing gives nothing, so that the stand-in is used."""
    first = (name or "").split()[:1]
    return first[0] if first and "@" not in first[0] else ""
