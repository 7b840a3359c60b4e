"""Very many rows into one table, as fast as each database takes them: COPY on PostgreSQL, prepared inserts on SQLite."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table

from app.extensions import db
from app.lib.database import UTCDateTime

Convert = Callable[[Any], Any]


def put(table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows into the session's transaction. All have the columns of the first; the others get the model's default."""
    if not rows:
        return
    connection = db.session.connection()
    others = {column.name: default(column) for column in table.columns if column.name not in rows[0] and column.default is not None}
    rows = [{**others, **row} for row in rows] if others else rows
    names = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        copy(connection, table, names, rows)
        return
    converts = converters(table, names, stored)
    values = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table.name} ({listed(names)}) VALUES ({values})"  # noqa: S608 - names of our own tables
    connection.exec_driver_sql(statement, [converted(row, names, converts) for row in rows])


def default(column: Column[Any]) -> Any:
    """What the model gives a column by itself."""
    given: Any = column.default
    return given.arg(None) if given.is_callable else given.arg


def copy(connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[dict[str, Any]]) -> None:
    """The same by PostgreSQL's COPY."""
    converts = converters(table, names, None)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({listed(names)}) FROM STDIN") as sink:
        for row in rows:
            sink.write_row(converted(row, names, converts))


def listed(names: tuple[str, ...]) -> str:
    """Column names for a statement."""
    return ", ".join(f'"{name}"' for name in names)


@lru_cache(maxsize=32)
def converters(table: Table, names: tuple[str, ...], moment: Convert | None) -> tuple[Convert | None, ...]:
    """How each column's values become the driver's: JSON as text, moments by `moment`, the rest as it is."""
    types = [table.c[name].type for name in names]
    return tuple(json.dumps if isinstance(kind, JSON) else moment if isinstance(kind, UTCDateTime) else None for kind in types)


def converted(row: dict[str, Any], names: tuple[str, ...], converts: tuple[Convert | None, ...]) -> tuple[Any, ...]:
    """A row as the driver takes it."""
    return tuple(
        row[name] if convert is None or row[name] is None else convert(row[name]) for name, convert in zip(names, converts, strict=True)
    )


def stored(at: datetime) -> str:
    """A moment as SQLAlchemy stores it in SQLite."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
