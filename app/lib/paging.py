"""Paging by key: a cursor names the last row shown, so page 200 costs what page 1 costs."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from app.lib.errors import Invalid
from app.lib.requests import CONTROL, LARGEST


@dataclass(frozen=True)
class Page:
    """Rows of one page and the cursors beside it; a cursor is None where there is no such page."""

    items: list[Any]
    next: str | None = None
    previous: str | None = None


def encode_cursor(values: list[Any], *, back: bool = False) -> str:
    """Pack the sort key of a row into an opaque word for the address."""
    packed = [{"t": v.astimezone(UTC).isoformat()} if isinstance(v, datetime) else v for v in values]
    raw = json.dumps([1 if back else 0, *packed], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type) -> tuple[list[Any], bool]:
    """(sort key, whether to page backwards). Raises Invalid for a cursor that is not ours.

    A key has a value of each of the `kinds` (str, int, date, datetime), which the database can hold, too.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        back, *values = json.loads(raw)
        return [unpacked(value, kind) for value, kind in zip(values, kinds, strict=True)], bool(back)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as wrong:
        raise Invalid("That page address is not one of ours. Start again from the first page.") from wrong


def unpacked(value: Any, kind: type) -> Any:
    """A value of a cursor as it was packed. Raises ValueError, KeyError, TypeError or OverflowError for what never was."""
    if kind is datetime:
        moment = datetime.fromisoformat(value["t"])
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        return moment.astimezone(UTC)
    if kind is date:
        return date.fromisoformat(value)
    # A truth value is an int, too, but no key of ours.
    if type(value) is not kind or (isinstance(value, int) and abs(value) > LARGEST):
        raise ValueError(f"not of kind {kind.__name__}")
    if isinstance(value, str):
        value.encode()
        return CONTROL.sub("", value)
    return value
