"""What an alert says, whichever way it goes. Pure: values in, words out; each channel escapes them for its own markup."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.lib.text import many_lines, one_line

SEVERITY_WORDS = {"info": "Info", "warning": "Warning", "critical": "Critical", "page": "Page"}
WHO_WORDS = {
    "on_call": "whoever is on call",
    "next_on_call": "the next on call",
    "team_leads": "the team’s leads",
    "assignee": "the assignee",
    "executive": "the executives",
}
KIND_WORDS = {
    "on_call": "Person on call",
    "leads": "Team leads",
    "email": "E-mail",
    "slack": "Slack",
    "discord": "Discord",
    "webhook": "Webhook",
}
BODY_LENGTH = 1_500


@dataclass(frozen=True)
class Mention:
    """The person on call; the two ids are those of the chat programs, empty where we do not know them."""

    name: str
    slack_id: str = ""
    discord_id: str = ""


@dataclass(frozen=True)
class Message:
    """One message. kind: raised, climbed, resolved or test. `at` is aware UTC; `url` is absolute."""

    id: str
    kind: str
    severity: str
    title: str
    body: str
    url: str
    at: datetime
    key: str = ""
    source: str = ""
    team: str = ""
    count: int = 1
    # Why it comes now, as a sentence: "Nobody acknowledged it in time: …".
    why: str = ""
    mention: Mention | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """`Critical: …` in one line."""
        word = "Resolved" if self.kind == "resolved" else "Test" if self.kind == "test" else SEVERITY_WORDS[self.severity]
        return f"{word}: {one_line(self.title)}"

    @property
    def text(self) -> str:
        """The body, cut to what a chat message bears."""
        whole = many_lines(self.body).strip()
        return whole if len(whole) <= BODY_LENGTH else whole[:BODY_LENGTH].rstrip() + " …"


def who_words(who: str, names: Mapping[int, str] | None = None) -> str:
    """A step of a ladder in words."""
    if who.startswith("user:"):
        return (names or {}).get(int(who[5:]), "a person who has left")
    return WHO_WORDS[who]


def why_words(kind: str, facts: Mapping[str, Any]) -> str:
    """Why a message comes now, out of the facts of its event."""
    if kind == "alert.climbed":
        told = who_words(facts["who"])
        return f"It goes to {told}." if facts["rung"] == 0 else f"Nobody acknowledged it in time, so it goes to {told}."
    if kind == "alert.raised":
        return {"severity": "It became graver.", "news": "There is news.", "silence_ended": "Its silence has ended and it goes on."}.get(
            facts["why"], ""
        )
    return ""
