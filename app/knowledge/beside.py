"""What stands beside an entry in its editor: where it comes from, its other languages, whom it asks to read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.knowledge.links.queries import nowhere
from app.knowledge.models import Article, Faq
from app.knowledge.sources.queries import sources_of
from app.knowledge.training.queries import duty_of
from app.knowledge.training.rules import Duty
from app.knowledge.translations.queries import Cell, cells
from app.knowledge.translations.rules import language


@dataclass(frozen=True)
class Beside:
    """For one entry: the replies that it was made from, and (language, its name, how far it is) of each that we translate into,
    what it asks of staff, and (address, why) of its links within our pages that lead nowhere."""

    sources: Sequence[Any]
    languages: Sequence[tuple[str, str, Cell]]
    duty: Duty | None
    nowhere: Sequence[tuple[str, str]]


def beside(entry: Faq | Article, locales: Sequence[str], text: str | None = None) -> Beside:
    """What stands beside an entry, or beside another `text` of it. Eight statements at most."""
    there = cells([entry], locales)[entry.kind, entry.id]
    languages = [(locale, language(locale), cell) for locale, cell in there.items()]
    return Beside(sources_of(entry), languages, duty_of(entry.id) if isinstance(entry, Article) else None, nowhere(entry, text))
