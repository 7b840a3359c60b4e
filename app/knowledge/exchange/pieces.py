"""A package in pieces, each as much as one transaction takes in, so that nobody waits long for theirs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.models import User
from app.knowledge.exchange import importing
from app.knowledge.exchange.importing import Imported
from app.knowledge.exchange.packages import Package
from app.lib.batches import batched

CHUNK = 500
# In this order, since a translation needs its article. The names are those of a package.
WORK: Mapping[str, Callable[..., Imported]] = {
    "articles": importing.import_articles,
    "translations": importing.import_translations,
    "questions": importing.import_faqs,
}


@dataclass(frozen=True)
class Piece:
    """CHUNK entries of one kind at most. `end` entries of the package are done once these are."""

    what: str
    items: Sequence[Any]
    end: int

    def take_in(self, *, source: str, now: datetime, actor: User | None = None) -> Imported:
        """Import them. Again changes nothing. Flushes."""
        return WORK[self.what](self.items, source=source, now=now, actor=actor)


def pieces(package: Package) -> Iterator[Piece]:
    """All of a package, in the order in which it is taken in."""
    end = 0
    for what in WORK:
        for items in batched(getattr(package, what), CHUNK):
            end += len(items)
            yield Piece(what, items, end)
