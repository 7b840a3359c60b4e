"""Trying a question: how the search understands it for a reader of some audience, and why it answers as it does."""

from dataclasses import dataclass
from typing import Any

from app.accounts.models import User
from app.knowledge import finding, indexing
from app.knowledge.finding import Result
from app.knowledge.sections import AUDIENCES
from app.lib.text import one_line
from app.search.documents import Query
from app.search.explain import Explanation, Reason
from app.search.store import Unusable


@dataclass(frozen=True)
class Asked:
    """A question, and for whom it is tried: one of AUDIENCES."""

    text: str = ""
    audience: str = "public"

    @classmethod
    def of(cls, given: Any) -> "Asked":
        """From the words of an address."""
        audience = given.get("audience", "")
        text = given.get("q", "")[:2000]
        cleaned = one_line(text)[: finding.MAX_QUERY]
        # The space at the end says that the last word is finished.
        return cls(cleaned + " " if cleaned and text.endswith(" ") else cleaned, audience if audience in AUDIENCES else "public")

    @property
    def audiences(self) -> frozenset[str]:
        """What such a reader may read: what is written for those before them, too."""
        names = list(AUDIENCES)
        return frozenset(names[: names.index(self.audience) + 1])


@dataclass(frozen=True)
class Told:
    """What the search says to a question; `answers` with the reasons of each. None while there is no index."""

    understood: Explanation | None
    answers: list[tuple[Reason, Result]]


def told(asked: Asked, viewer: User) -> Told | None:
    """The question explained; None for an empty one. Two statements."""
    if not asked.text.strip():
        return None
    try:
        found = indexing.the_index().explained(Query(asked.text, asked.audiences))
    except Unusable:
        return Told(None, [])
    rows = finding.rows_of(((reason.hit.kind, reason.hit.id) for reason in found.reasons), viewer)
    answers = [(reason, rows[reason.hit.kind, reason.hit.id]) for reason in found.reasons if (reason.hit.kind, reason.hit.id) in rows]
    return Told(found, [(reason, finding.bare_result(reason.hit.kind, row)) for reason, row in answers])
