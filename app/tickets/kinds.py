"""The three kinds of ticket and the questions that each form asks, the same as in its GitHub form. Pure data."""

from dataclasses import dataclass
from typing import Any

from app.tickets.rules import CATEGORIES, PLATFORMS, PRIORITIES

PRIORITY_CHOICES = {
    "low": "Low (nice to have)",
    "medium": "Medium (would improve workflow)",
    "high": "High (significantly impacts productivity)",
    "critical": "Critical (blocking current work)",
}
CHECKS = {
    "searched": "I have searched existing tickets and the help centre for duplicates",
    "complete": "I have given all the information that was asked for",
    "reproducible": "I can reproduce this consistently",
}
# The form of a feature request offers the ten categories of its GitHub form.
FEATURE_CATEGORIES = {k: v for k, v in CATEGORIES.items() if k not in {"installation", "billing"}}


@dataclass(frozen=True)
class Question:
    """One field of a kind's form. type: text, line, choice or checks; `code` is shown verbatim."""

    name: str
    label: str
    required: bool = False
    type: str = "text"
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    code: bool = False


QUESTIONS: dict[str, tuple[Question, ...]] = {
    "bug": (
        Question("description", "What is the bug?", True, help="What goes wrong, in a sentence or two."),
        Question("steps", "Steps to reproduce", True, help="One step a line, with the command as you typed it."),
        Question("expected", "What you expected", True),
        Question("actual", "What happened instead", True),
        Question("version", "Hive version", True, "line", "The first line of hive --version, for example 2.0.0."),
        Question("platform", "Platform", True, "choice", choices=tuple((p, p) for p in PLATFORMS)),
        Question("environment", "Environment details", help="Operating system version, shell, terminal, editor."),
        Question("logs", "Logs", help="Paste what hive logs prints. Leave out tokens and keys.", code=True),
        Question("checks", "Before you send", True, "checks", choices=tuple(CHECKS.items())),
    ),
    "feature": (
        Question("summary", "What should Hive do?", True),
        Question("motivation", "Why do you need it?", True, help="The problem that it solves for you."),
        Question("solution", "How should it work?", True),
        Question("alternatives", "Alternatives that you considered"),
    ),
    "question": (Question("body", "How can we help?", True, help="What you are trying to do, what you tried, what you saw."),),
}
MAIN_QUESTION = {"bug": "description", "feature": "summary", "question": "body"}


def compose(kind: str, answers: dict[str, Any]) -> str:
    """The first message of a ticket, in Markdown: the main answer, then each other answer under its question.

    Unknown kinds and plain texts (mail, API) pass through `body`.
    """
    main = MAIN_QUESTION.get(kind, "body")
    parts = [str(answers.get(main) or answers.get("body") or "")]
    for question in QUESTIONS.get(kind, ()):
        value = answers.get(question.name)
        if question.name != main and question.type != "checks" and value:
            parts.append(f"### {question.label}\n\n{fenced(str(value)) if question.code else value}")
    return "\n\n".join(part for part in parts if part)


def fenced(text: str) -> str:
    """A code block that the text itself cannot end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text}\n{fence}"


def priorities(kind: str, top: str) -> list[str]:
    """The priorities that a form offers: features up to critical, others up to what the plan allows at the top."""
    limit = PRIORITIES.index("critical" if kind == "feature" else max(top, "critical", key=PRIORITIES.index))
    return list(PRIORITIES[: limit + 1])
