"""A cursor for PostgreSQL that does no work which nobody asked for."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any


class Columns(Sequence[tuple[str, int, None, None, None, None, None]]):
    """What a result of psycopg has for columns, found out when it is asked for: name, type and what nobody wants to know."""

    def __init__(self, result: Any) -> None:
        self.result = result

    def __len__(self) -> int:
        return int(self.result.nfields)

    def __getitem__(self, index: Any) -> Any:
        return self.found[index]

    @cached_property
    def found(self) -> list[tuple[str, int, None, None, None, None, None]]:
        """All of them."""
        names = range(len(self))
        return [(self.result.fname(n).decode(), self.result.ftype(n), None, None, None, None, None) for n in names]


def late_cursor(driver: Any) -> type[Any]:
    """A cursor of psycopg that does not describe the columns of each result before anybody asks.

    SQLAlchemy asks once for each statement, but has them described each time: an eighth of what a busy page takes.
    """

    class LateCursor(driver.Cursor):
        @property
        def description(self) -> Columns | None:
            """The columns, or None for what gave no rows."""
            result = self.pgresult
            return Columns(result) if result is not None and result.nfields else None

    return LateCursor


def describe_late(cursor: type[Any], connection: Any, record: Any) -> None:
    """Let a new connection have such cursors."""
    connection.cursor_factory = cursor
