"""What stands beside an entry in its editor: where it comes from, its other languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.knowledge.models import Article, Faq
from app.knowledge.sources.queries import sources_of
from app.knowledge.translations.queries import Cell, cells
from app.knowledge.translations.rules import language


@dataclass(frozen=True)
class Beside:
    """For one entry: the replies that it was made from, and (language, its name, how far it is) of each that we translate into."""

    sources: Sequence[Any]
    languages: Sequence[tuple[str, str, Cell]]


def beside(entry: Faq | Article, locales: Sequence[str]) -> Beside:
    """What stands beside an entry. Three statements."""
    there = cells([entry], locales)[entry.kind, entry.id]
    return Beside(sources_of(entry), [(locale, language(locale), cell) for locale, cell in there.items()])
