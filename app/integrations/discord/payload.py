"""What we answer Discord, as its JSON. Pure. Nobody is mentioned and nothing is formatted by what a text says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.alerts.channels.discord import CONTENT_LENGTH, SUPPRESS_EMBEDS, escaped

PONG, MESSAGE, CHOICES = 1, 4, 8
EPHEMERAL = 64
ANSWERS, MOST_CHOICES, CHOICE_LENGTH = 3, 10, 100
NO_MENTIONS: dict[str, list[str]] = {"parse": []}


@dataclass(frozen=True)
class Line:
    """An answer as a message shows it; all plain text, `url` absolute."""

    title: str
    snippet: str
    url: str


def pong() -> dict[str, Any]:
    """That we are there."""
    return {"type": PONG}


def answers(question: str, lines: Sequence[Line], more: str, *, fits: bool) -> dict[str, Any]:
    """The answers that fit into a message, at most ANSWERS; `more` is the address of all of them.

    Where none fits well only whoever asked sees it, so that a channel is not filled with guesses.
    """
    head = f"**{escaped(question)}**" if fits else f"Nothing fits “{escaped(question)}” well. These come nearest:"
    foot = f"[All answers](<{more}>)"
    pieces, room = [head], CONTENT_LENGTH - len(head) - len(foot) - 2
    for line in lines[:ANSWERS]:
        title = f"**[{escaped(line.title)}](<{line.url}>)**"
        piece = next((one for one in (f"{title}\n{escaped(line.snippet)}", title) if len(one) + 2 <= room), "")
        if piece:
            pieces.append(piece)
            room -= len(piece) + 2
    return message("\n\n".join([*pieces, foot]), only_them=not fits)


def nothing(question: str, more: str) -> dict[str, Any]:
    """That nothing was found, for whoever asked alone, and where to look on."""
    if not question:
        return message(f"Ask a question, such as `/faq how do I update`. Everything is in the [help centre](<{more}>).", only_them=True)
    return message(
        f"No answer for “{escaped(question)}”. Try other words, or [search the help centre](<{more}>); you can ask a person from there.",
        only_them=True,
    )


def unknown() -> dict[str, Any]:
    """A command that is not ours any more: Discord keeps the old ones for a while."""
    return message("This command is no longer there. Use `/faq`.", only_them=True)


def message(content: str, *, only_them: bool) -> dict[str, Any]:
    """A message, without previews of its links."""
    flags = SUPPRESS_EMBEDS | (EPHEMERAL if only_them else 0)
    return {"type": MESSAGE, "data": {"content": content[:CONTENT_LENGTH], "flags": flags, "allowed_mentions": NO_MENTIONS}}


def choices(titles: Iterable[str]) -> dict[str, Any]:
    """Questions to choose from while one types."""
    shown = dict.fromkeys(title if len(title) <= CHOICE_LENGTH else title[: CHOICE_LENGTH - 1] + "…" for title in titles)
    return {"type": CHOICES, "data": {"choices": [{"name": title, "value": title} for title in list(shown)[:MOST_CHOICES]]}}


def search(base_url: str, question: str) -> str:
    """The absolute address of a search; of the help centre where nothing was asked."""
    return f"{base_url}/help/search?{urlencode({'q': question})}" if question else f"{base_url}/help"
