"""Two texts of an entry side by side, as pages show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.knowledge.sections import AUDIENCES, shelf
from app.knowledge.writing.diffing import Diff, diff
from app.knowledge.writing.snapshots import HEADING, MAIN, differing

LABELS = {
    "question": "Question",
    "answer": "Answer",
    "category": "Category",
    "tags": "Tags",
    "audience": "Who may read it",
    "external_id": "Address",
    "section": "Section",
    "slug": "Address",
    "title": "Title",
    "summary": "Summary",
    "body": "Text",
    "position": "Place in the section",
    "product_version": "Holds for version",
    "front_matter": "Other front matter",
}


@dataclass(frozen=True)
class Comparison:
    """What differs: the main text line by line, and (label, before, after) of the smaller fields."""

    text: Diff
    fields: tuple[tuple[str, str, str], ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return self.text.is_same and not self.fields


def compared(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """The difference between two snapshots of a kind."""
    main = MAIN[kind]
    text = diff(str(before.get(main) or ""), str(after.get(main) or ""))
    others = [name for name in differing(before, after) if name != main]
    return Comparison(text, tuple((label(name), shown(name, before.get(name)), shown(name, after.get(name))) for name in others))


def label(name: str) -> str:
    """What a column is called."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def labels(names: list[str]) -> str:
    """Columns as a list in words."""
    return ", ".join(label(name).lower() for name in names)


def shown(name: str, value: Any) -> str:
    """A value in words."""
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    if name == "audience":
        return AUDIENCES.get(str(value), str(value or ""))
    if name in {"section", "category"} and value:
        return shelf(str(value)).label
    return "" if value is None else str(value)


def heading(kind: str, fields: Mapping[str, Any]) -> str:
    """What a text is called."""
    return str(fields.get(HEADING[kind]) or "").replace("`", "")
