"""The whole text of an entry as one value: every column that a writer fills, whichever those are."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from app.knowledge.models import TABLES, Entry
from app.knowledge.rules import TEXTS

# What readers do, what the desk keeps, and what follows from the rest. Every other column is text.
COUNTED = frozenset({"popularity", "views", "votes", "helpful"})
CARE = frozenset({"owner_id", "review_on", "reviewed_on"})
LEFT_OUT = COUNTED | CARE | {"id", "status", "version", "text_version", "created_at", "changed_at"}
# Where an entry stands. Restoring an old text does not move the page back.
ADDRESS = {"faq": ("external_id",), "article": ("section", "slug")}
MAIN = {"faq": "answer", "article": "body"}
HEADING = {"faq": "question", "article": "title"}


def names_of(kind: str) -> list[str]:
    """The columns that make the text of a kind, in the order of its table."""
    return [column.name for column in TABLES[kind].columns if column.name not in LEFT_OUT]


def snapshot(entry: Entry) -> dict[str, Any]:
    """Column → value, as JSON can hold it."""
    return {name: plain(getattr(entry, name)) for name in names_of(entry.kind)}


def plain(value: Any) -> Any:
    """A value as JSON has it: dates as `2026-11-27`, tuples as lists."""
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def merged(entry: Entry, text: object, before: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry would be with the parts of a text (FaqText, ArticleText) over another snapshot of it."""
    given = {name: plain(value) for name, value in vars(text).items() if value is not None}
    known = set(names_of(entry.kind))
    return {**before, **{name: value for name, value in given.items() if name in known}}


def apply(entry: Entry, fields: Mapping[str, Any], *, without: Iterable[str] = ()) -> set[str]:
    """Give an entry the values of a snapshot; the names of what differed. Columns that it does not know stay as they are."""
    left = set(without)
    changed = set()
    for name in names_of(entry.kind):
        if name in fields and name not in left and plain(getattr(entry, name)) != fields[name]:
            setattr(entry, name, as_column(entry, name, fields[name]))
            changed.add(name)
    if changed & TEXTS:
        entry.text_version = (entry.text_version or 0) + 1
    return changed


def as_column(entry: Entry, name: str, value: Any) -> Any:
    """A value as its column takes it."""
    python_type = type(entry).__table__.columns[name].type.python_type
    return date.fromisoformat(value) if python_type is date and value is not None else value


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names whose values differ, in the order of the later one."""
    return [name for name, value in after.items() if name not in before or before[name] != value]


def word_count(kind: str, fields: Mapping[str, Any]) -> int:
    """The words of the main text."""
    return len(str(fields.get(MAIN[kind]) or "").split())
