"""Decisions about knowledge that need no database: slugs, masks, popularity, what somebody searched for in the end. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from app.knowledge.translations.rules import ORIGINAL

MAX_QUESTION, MAX_ANSWER = 250, 20_000
MAX_TITLE, MAX_SUMMARY, MAX_BODY = 200, 1_000, 200_000
MAX_TAGS, MAX_TAG, MAX_KEY = 20, 60, 200
# The last place in a section; as many are before 0.
MAX_PLACE = 1_000_000
# A reader counts one for popularity, a vote five; an answer that solved a question ten.
VIEW, VOTE, SOLVED = 1, 5, 10
MOST_POPULAR = 1_000_000
# What readers read of an entry; whoever changes any of it makes another text version.
TEXTS = frozenset({"question", "answer", "title", "summary", "body"})
MIN_QUERY = 3

KEY = re.compile(r"[^\x00-\x20\x7f<>\"'`\\^{}|/?#%\u2028\u2029]+")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")
LINK = re.compile(r"\bhttps?://\S+", re.IGNORECASE)
NUMBER = re.compile(r"\+?\d[\d ()/.-]{5,}\d|\d{5,}")
SECRET = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[\w-]{16,}\b")


def slug_of(text: str) -> str:
    """An address word for a title: `What's new?` → `what-s-new`. Never empty."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-") or "entry"


def is_slug(text: str) -> bool:
    """Whether a word can stand in the address of an article."""
    return len(text) <= MAX_KEY and SLUG.fullmatch(text) is not None


def is_key(text: str) -> bool:
    """Whether a word can name a question in imports and in its address."""
    return 0 < len(text) <= MAX_KEY and KEY.fullmatch(text) is not None and text not in {".", ".."}


@lru_cache(maxsize=4096)
def path_of(section: str, name: str, locale: str = ORIGINAL) -> str:
    """The address of an entry on our pages: of an article by section and slug, of a question by `faq` and its name.

    Lists have ten and more of them, mostly the same; putting one together costs more than the rest of its line.
    """
    return f"/help/{quote(section)}/{quote(name)}" + ("" if locale == ORIGINAL else f"?lang={locale}")


def masked(query: str) -> str:
    """A question without what may point at a person. In lower case, so that equal ones meet."""
    return hidden(query).lower()[:200].strip()


def hidden(text: str) -> str:
    """A text without what may point at a person: addresses, links, long numbers, secrets."""
    for pattern, word in ((LINK, "[link]"), (ADDRESS, "[address]"), (SECRET, "[secret]"), (NUMBER, "[number]")):
        text = pattern.sub(word, text)
    return text


def popularity_step(popularity: int) -> int:
    """How popular, in steps that double: the index is told when the step changes, not at each reader."""
    return max(0, popularity).bit_length()


def is_step(query: str, later: str) -> bool:
    """Whether somebody who typed the one went on, or back, to the other."""
    return later.startswith(query) or query.startswith(later)


def tags_of(text: str | Iterable[str]) -> list[str]:
    """Tags as typed (`a, b`) or given, each once, trimmed, in order."""
    words = text.split(",") if isinstance(text, str) else list(text)
    cleaned = (" ".join(word.split())[:MAX_TAG] for word in words)
    return list(dict.fromkeys(word for word in cleaned if word))[:MAX_TAGS]
