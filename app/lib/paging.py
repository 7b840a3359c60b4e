"""Paging by key: a cursor names the last row shown, so page 200 costs what page 1 costs."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.lib.errors import Invalid


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


def decode_cursor(cursor: str, length: int) -> tuple[list[Any], bool]:
    """(sort key, whether to page backwards). Raises Invalid for a cursor that is not ours."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        back, *values = json.loads(raw)
        unpacked = [datetime.fromisoformat(v["t"]) if isinstance(v, dict) else v for v in values]
    except (ValueError, KeyError, TypeError, binascii.Error, UnicodeDecodeError, RecursionError) as wrong:
        raise Invalid("That page address is not one of ours. Start again from the first page.") from wrong
    if len(unpacked) != length or any(isinstance(v, list) for v in unpacked):
        raise Invalid("That page address is not one of ours. Start again from the first page.")
    return unpacked, bool(back)
