"""Decisions about translations that need no database: which language somebody reads, how far one is behind. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ORIGINAL = "en"
# Between a kind of entry and a language, in the name of what entries of that kind are in it: `article@de`.
MARK = "@"
# Languages in their own names; one without a name here is called by its tag.
NAMES = {
    ORIGINAL: "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "sv": "Svenska",
    "zh": "中文",
}
# What readers are told of a translation that is behind.
CHANGED = {
    ORIGINAL: "The English original has changed since this was translated.",
    "de": "Das englische Original wurde seit dieser Übersetzung geändert.",
    "es": "El original en inglés ha cambiado desde esta traducción.",
    "fr": "L’original anglais a changé depuis cette traduction.",
}


@dataclass(frozen=True)
class Words:
    """What readers read of an entry, in one language. A question has no summary."""

    title: str
    summary: str
    body: str

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any of it: files name the original of a translation by it."""
        told = "\x1f".join((self.title, self.summary, self.body))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def language(locale: str) -> str:
    """What a language is called, in itself."""
    return NAMES.get(locale, locale)


def kind_in(kind: str, locale: str) -> str:
    """What a kind of entry is called in a language: `article@de`; the original is called by the kind alone."""
    return kind if locale == ORIGINAL else f"{kind}{MARK}{locale}"


def parted(name: str) -> tuple[str, str]:
    """The kind of entry and the language of such a name."""
    kind, _, locale = name.partition(MARK)
    return kind, locale or ORIGINAL


def chosen(asked: str, preferred: Iterable[str], there: Sequence[str]) -> str:
    """The language to show: what the address asks for, else the first of the reader's that is there, else the original.

    `preferred` are tags of Accept-Language, best first (`de-AT` counts as `de`); `there` are the languages of an entry.
    """
    known = {ORIGINAL, *there}
    if asked in known:
        return asked
    for tag in preferred:
        primary = tag.lower().partition("-")[0]
        if primary in known:
            return primary
    return ORIGINAL


def behind(text_version: int, source_version: int) -> int:
    """How many versions of the original a translation has not seen."""
    return max(0, text_version - source_version)
