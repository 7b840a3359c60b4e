"""What leaves for a spreadsheet."""

from typing import Any

# What it would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: Any) -> Any:
    """A value for a spreadsheet: text that looks like a formula is quoted with an apostrophe, nothing is an empty cell."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
