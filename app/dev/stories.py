"""What the demo's customers ask, and how it goes on: read from content/*.toml, where it is written by hand."""

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.tickets.kinds import CHECKS, MAIN_QUESTION

CONTENT = Path(__file__).parent / "content"
VERSIONS = ("2.0.0", "2.0.1", "2.0.0", "2.0.1", "1.9.4")
REPOS = ("payments-api", "fleet-control", "telemetry", "web-client", "firmware", "data-pipeline", "warehouse", "search-core")
PLATFORMS = ("macOS (Apple Silicon)", "Linux (x86_64)", "Linux (ARM64)", "Windows (x64)", "macOS (Intel)")
EDITORS = ("Neovim 0.11", "VS Code", "Helix", "Zed", "IntelliJ")
TEAMS = {"security": "security", "documentation": "docs", "performance": "performance", "enterprise": "enterprise"}
LABELS = {"security": "security", "documentation": "documentation", "performance": "performance", "enterprise": "enterprise"}
KINDS = {"bugs": "bug", "questions": "question", "features": "feature"}
# The answers to the form of each kind, beside the main one.
DETAILS = ("steps", "expected", "actual", "environment", "logs", "motivation", "solution", "alternatives")


@dataclass(frozen=True)
class Story:
    """One thing that people ask. `talk` is what was said then: (who, text), who being we, they or note; the last is ours."""

    kind: str
    category: str
    priority: str
    subject: str
    asked: str
    talk: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)

    @property
    def team(self) -> str:
        """The team that triage would send it to."""
        return TEAMS.get(self.category) or {"bug": "engineering", "feature": "product"}.get(self.kind, "support")

    @property
    def labels(self) -> list[str]:
        """The label that routes it, where its kind alone would send it elsewhere."""
        return [LABELS[self.category]] if self.category in LABELS else []

    @property
    def public(self) -> list[tuple[bool, str]]:
        """(whether by staff, text) of every public message, the first one too."""
        return [(False, self.asked), *((who == "we", text) for who, text in self.talk if who != "note")]

    def fields(self, words: dict[str, str]) -> dict[str, Any]:
        """The form of its kind, filled in."""
        answers: dict[str, Any] = {name: text.format(**words) for name, text in self.details.items()}
        answers[MAIN_QUESTION[self.kind]] = self.asked.format(**words)
        if self.kind == "bug":
            answers |= {"version": f"hive {words['version']}", "platform": words["platform"], "checks": list(CHECKS)}
        return answers


@dataclass(frozen=True)
class Scene:
    """A ticket that is going on now. `course` is (minutes after its opening, what is done, words), in the order of time."""

    who: str
    ago: int
    story: Story
    helper: str
    course: tuple[tuple[int, str, str], ...]
    follow: tuple[str, ...] = ()


def story_of(row: dict[str, Any], kind: str) -> Story:
    """A story as a file tells it."""
    talk = tuple((line.partition(":")[0], line.partition(":")[2].strip()) for line in row.get("talk", ()))
    details = {name: row[name] for name in DETAILS if name in row}
    return Story(kind, row["category"], row["priority"], row["subject"], row["asked"], talk, tuple(row.get("tags", ())), details)


def scene_of(row: dict[str, Any]) -> Scene:
    """A scene as the file tells it."""
    course = []
    for line in row.get("course", ()):
        minutes, _, rest = line.partition(" ")
        done, _, words = rest.partition(":") if ":" in rest else (rest, "", "")
        course.append((int(minutes), done, words.strip()))
    story = story_of(row, row["kind"])
    return Scene(row["who"], row["ago"], story, row.get("helper", ""), tuple(course), tuple(row.get("follow", ())))


@lru_cache(maxsize=1)
def stories() -> tuple[Story, ...]:
    """Every story of the past, in the order of the files."""
    return tuple(story_of(row, kind) for name, kind in KINDS.items() for row in read(name)["story"])


@lru_cache(maxsize=1)
def scenes() -> tuple[Scene, ...]:
    """What is going on now."""
    return tuple(scene_of(row) for row in read("today")["ticket"])


def read(name: str) -> dict[str, Any]:
    """One file."""
    return tomllib.loads((CONTENT / f"{name}.toml").read_text(encoding="utf-8"))
