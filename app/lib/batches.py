"""Long lists in pieces, so that no statement or transaction grows with them."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

Row = TypeVar("Row")


def batched(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    """The rows in order, `size` at a time; none for none. Unlike Python 3.12's, the pieces are slices."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
