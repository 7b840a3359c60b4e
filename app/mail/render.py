"""Mail templates to words. They have an environment of their own: no request, no session, and a missing fact is an error."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.config import ROOT
from app.lib import times
from app.lib.compiled import Kept
from app.lib.text import BIDI, many_lines, one_line

FOLDER = ROOT / "templates" / "emails"
BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Rendered:
    """A mail's three pieces."""

    subject: str
    text: str
    html: str


def render(template: str, context: dict[str, Any]) -> Rendered:
    """Fill the three files of `templates/emails/<template>/`. Raises UndefinedError for a fact that is missing."""
    load = environment().get_template
    subject, text, html = (load(f"{template}/{name}").render(context) for name in ("subject.txt", "body.txt", "body.html"))
    return Rendered(one_line(subject), BLANK_LINES.sub("\n\n", many_lines(text).strip()) + "\n", BIDI.sub("", html))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """One environment a process. Text stays as it is; HTML is escaped."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        bytecode_cache=Kept(__file__),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["when"] = times.in_words
    made.filters["quoted"] = quoted
    return made


def quoted(text: str) -> str:
    """Each line behind `> `, as plain mail quotes."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def templates() -> list[str]:
    """The names of all messages."""
    return sorted(folder.parent.name for folder in FOLDER.glob("*/subject.txt"))
