"""The fixed words of the GitHub issue forms and of our own: their headings, options, hints and check boxes. Pure.

GitHub renders an answered form as `### Heading`, an empty line and the answer, so the form's own words stand in the body
as if the author had typed them. "Critical (blocking current work)" is an option of a list, not a cry for help.
"""

import re

PRIORITY_OPTIONS = {
    "low (nice to have)": "low",
    "medium (would improve workflow)": "medium",
    "high (significantly impacts productivity)": "high",
    "critical (blocking current work)": "critical",
}
CATEGORY_OPTIONS = {
    "cli interface": "cli",
    "tui interface": "tui",
    "consensus engine": "consensus",
    "repository analysis": "repository",
    "planning mode": "planning",
    "enterprise features": "enterprise",
    "performance": "performance",
    "security": "security",
    "documentation": "documentation",
    "installation": "installation",
    "account & billing": "billing",
    "other": "other",
}
PLATFORM_OPTIONS = {
    "macos (intel)",
    "macos (apple silicon)",
    "linux (x86_64)",
    "linux (arm64)",
    "windows (x64)",
    "other (please specify)",
}
HEADINGS = {
    "bug description", "steps to reproduce", "expected behavior", "actual behavior", "hive version", "platform",
    "environment details", "relevant logs", "pre-submission checks", "feature summary", "motivation",
    "proposed solution", "alternatives considered", "priority", "category", "description", "summary",
    # The questions of our own form, as tickets/kinds.py writes them.
    "what is the bug?", "what you expected", "what happened instead", "logs", "what should hive do?", "why do you need it?",
    "how should it work?", "alternatives that you considered", "how can we help?",
}  # fmt: skip
LOGS = {"relevant logs", "logs"}
FIXED_LINES = {
    "_no response_", "no response",
    "describe the bug...", "describe the feature...", "explain the motivation...",
    "describe your proposed solution...", "describe alternatives...",
    "run `hive ...`", "execute command '...'", "see error",
    "os version:", "shell:", "terminal:", "ide:",
    "a clear and concise description of what the bug is", "steps to reproduce the behavior",
    "what you expected to happen", "what actually happened",
    "what version of hivetechs consensus are you running?", "what platform are you running on?",
    "additional environment information", "include any relevant log output",
    "a clear and concise description of the feature",
    "why do you want this feature? what problem does it solve?", "how would you like this feature to work?",
    "how important is this feature to you?", "what category does this feature belong to?",
    "i have searched existing issues for duplicates", "i have provided all requested information",
    "i can reproduce this issue consistently",
}  # fmt: skip
CHOICE_LINES = set(PRIORITY_OPTIONS) | set(CATEGORY_OPTIONS) | PLATFORM_OPTIONS
PRIORITY_OPTION_ANYWHERE = re.compile("|".join(re.escape(option) for option in PRIORITY_OPTIONS), re.I)
MARKER = re.compile(r"^\s*(?:(?:[-*+]|\d{1,4}[.)])\s+)?(?:\[[ xX]?\]\s+)?")


def without_boilerplate(lines: list[str]) -> list[str]:
    """Return the lines with everything that a form put there blanked; an unfenced log section is dropped whole."""
    kept, section = [], ""
    for line in lines:
        heading = heading_of(line)
        if heading in HEADINGS:
            section = heading
            kept.append("")
        elif heading is None and section in LOGS:
            kept.append("")
        else:
            section = "" if heading else section
            kept.append(_free_text(line, section))
    return kept


def chosen_category(body: object) -> str | None:
    """Return the key of the category that the author chose in the feature form, or None."""
    if not isinstance(body, str):
        return None
    asked = False
    for line in body.splitlines():
        heading = heading_of(line)
        if heading is not None:
            asked = heading == "category"
        elif asked and line.strip():
            return CATEGORY_OPTIONS.get(line.strip().casefold())
    return None


def heading_of(line: str) -> str | None:
    """Return a Markdown heading's words in lower case, or None for any other line."""
    text = line.strip()
    words = text.lstrip("#")
    level = len(text) - len(words)
    if not 1 <= level <= 6 or not words[:1].isspace():
        return None
    return words.strip().rstrip("#").strip().rstrip(":").casefold()


def _free_text(line: str, section: str) -> str:
    """Blank a line that the form wrote; inside a choice, blank the chosen option too."""
    words = MARKER.sub("", line, count=1).strip().strip("*").casefold()
    if words in FIXED_LINES or (section in {"priority", "category", "platform"} and words in CHOICE_LINES):
        return ""
    return PRIORITY_OPTION_ANYWHERE.sub(" ", line)
