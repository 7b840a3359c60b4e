"""What a line of a ticket's timeline is made of. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.lib.times import in_words

Facts = Mapping[str, Any]
# (words or a moment, whether they are the point of the sentence)
Part = tuple[str | datetime, bool]


@dataclass(frozen=True)
class Line:
    """One line between the messages. `tone` is "", ok, info, warn, bad or brand; `details` stand below it."""

    icon: str
    tone: str
    parts: tuple[Part, ...]
    details: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The sentence without its emphasis."""
        return "".join(in_words(words, "UTC") if isinstance(words, datetime) else words for words, _ in self.parts)


def said(words: Any) -> Part:
    """Plain words."""
    return (str(words), False)


def point(words: Any) -> Part:
    """Words that the sentence is about."""
    return (str(words), True)


def by(actor: str | None) -> tuple[Part, ...]:
    """Who did it, at the end of the sentence."""
    return (said(" by "), point(actor)) if actor else (said(" automatically"),)
