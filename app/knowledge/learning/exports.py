"""The lists of the insights as files."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from app.knowledge.learning import queries
from app.knowledge.learning.rules import Span
from app.lib.spreadsheet import cell

QUESTION = ("query", "times", "empty", "weak", "opened", "places", "refined", "abandoned", "asked", "tickets")
ENTRY = ("kind", "entry_id", "heading", *queries.ENTRY_SUMS)
MOST = 1000


def of_questions(which: str) -> Callable[..., Iterable[Sequence[Any]]]:
    """The rows of a list of questions."""
    return lambda span, is_demo: (
        [getattr(row, name) for name in QUESTION] for row in queries.questions(which, span, is_demo=is_demo, limit=MOST)
    )


def of_entries(which: Callable[..., list[Any]]) -> Callable[..., Iterable[Sequence[Any]]]:
    """The rows of a list of entries."""
    return lambda span, is_demo: (
        [line.kind, line.entry_id, line.heading, *line.sums.values()] for line in which(span, is_demo=is_demo, limit=MOST)
    )


def of_days(span: Span, is_demo: bool) -> Iterable[Sequence[Any]]:
    """A row for each day."""
    return ([row.day.isoformat(), *(getattr(row, name) for name in queries.COLUMNS)] for row in queries.days(span, is_demo=is_demo))


# Name → (columns, rows).
LISTS: dict[str, tuple[Sequence[str], Callable[..., Iterable[Sequence[Any]]]]] = {
    "days": (("day", *queries.COLUMNS), of_days),
    **{which: (QUESTION, of_questions(which)) for which in queries.LISTS},
    "to-tickets": (ENTRY, of_entries(queries.to_tickets)),
    "worst": (ENTRY, of_entries(queries.worst)),
}


def csv_of(which: str, span: Span, *, is_demo: bool) -> str:
    """A list as CSV. Its last column says of demo people's file that it is demo. KeyError for a list that there is not."""
    columns, rows = LISTS[which]
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow([*columns, *(["demo"] if is_demo else [])])
    for row in rows(span, is_demo):
        lines.writerow([*(cell(value) for value in row), *([1] if is_demo else [])])
    return out.getvalue()
