"""What stands beside an entry in its editor: where it comes from, its other languages, whom it asks to read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.knowledge.models import Article, Faq
from app.knowledge.sources.queries import sources_of
from app.knowledge.training.queries import duty_of
from app.knowledge.training.rules import Duty
from app.knowledge.translations.queries import Cell, cells
from app.knowledge.translations.rules import language


@dataclass(frozen=True)
class Beside:
    """For one entry: the replies that it was made from, and (language, its name, how far it is) of each that we translate into,
    and what it asks of staff."""

    sources: Sequence[Any]
    languages: Sequence[tuple[str, str, Cell]]
    duty: Duty | None


def beside(entry: Faq | Article, locales: Sequence[str]) -> Beside:
    """What stands beside an entry. Four statements."""
    there = cells([entry], locales)[entry.kind, entry.id]
    languages = [(locale, language(locale), cell) for locale, cell in there.items()]
    return Beside(sources_of(entry), languages, duty_of(entry.id) if isinstance(entry, Article) else None)
