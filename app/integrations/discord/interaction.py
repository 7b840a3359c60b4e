"""What Discord asks us, out of its JSON: which kind, what was typed, by whom. Pure, and bears any shape."""

import json
from dataclasses import dataclass
from typing import Any

PING, COMMAND, AUTOCOMPLETE = 1, 2, 4
# The one command we have, and its one option; `hive-support discord register` tells Discord so.
FAQ, QUESTION = "faq", "question"


class NotJson(ValueError):
    """The body is no JSON object."""


@dataclass(frozen=True)
class Interaction:
    """`kind` is Discord's number, `command` the name that was used, `text` what stands in the option, `user` a Discord id or empty."""

    kind: int
    command: str = ""
    text: str = ""
    user: str = ""


def read(body: bytes) -> Interaction:
    """The interaction in a body; what is missing or of an odd shape is empty. Raises NotJson."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise NotJson("The body is not JSON.") from wrong
    if not isinstance(told, dict):
        raise NotJson("The body is not a JSON object.")
    kind, data = told.get("type"), inner(told, "data")
    number = kind if isinstance(kind, int) and not isinstance(kind, bool) else 0
    # In a server the person stands in `member`, in a conversation with the bot at the top.
    user = inner(inner(told, "member"), "user") or inner(told, "user")
    return Interaction(number, word(data, "name"), option(data), word(user, "id"))


def option(data: dict[str, Any]) -> str:
    """What was typed into the option of ours."""
    options = data.get("options")
    given = [one for one in options if isinstance(one, dict)] if isinstance(options, list) else []
    return next((word(one, "value") for one in given if one.get("name") == QUESTION), "")


def inner(told: dict[str, Any], name: str) -> dict[str, Any]:
    """An object inside; an empty one where there is none."""
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def word(told: dict[str, Any], name: str) -> str:
    """A text inside; empty where there is none. Halves of characters, which JSON can carry, are replaced."""
    found = told.get(name)
    return found.encode("utf-8", "replace").decode() if isinstance(found, str) else ""
