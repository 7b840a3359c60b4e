"""New rows that are written by themselves: one INSERT, without the unit of work."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, inspect
from sqlalchemy.orm import DeclarativeBase, make_transient_to_detached, scoped_session

from app.lib.database import READER_WRITES, own_cache, write_intent

Row = TypeVar("Row", bound=DeclarativeBase)


def unwritten(model: type[Row], **values: Any) -> Row:
    """A new row with these values of its columns, for `write_row`. Raises TypeError for what is no column.

    The model itself would note of each value that it was changed from nothing, for a flush that never comes.
    """
    if not values.keys() <= inserting(model).constant.keys():
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(values.keys() - inserting(model).constant.keys()))}")
    manager: Any = inspect(model).class_manager
    row: Row = manager.new_instance()
    vars(row).update(values)
    return row


def write_row(session: scoped_session[Any], row: DeclarativeBase) -> None:
    """Insert one new row; see `write_rows`."""
    write_rows(session, [row])


def write_rows(session: scoped_session[Any], rows: Sequence[DeclarativeBase]) -> None:
    """Insert new rows of one table, and have the session know them as if it had read them. Nothing else that waits is written.

    One statement on PostgreSQL, where each costs a trip; one a row on SQLite. It does what add and flush do for rows on which
    no others wait, for a fifth of their price. What they refer to they name by ids: a relationship that was set is not looked at.
    """
    if write_intent.get() is False:
        raise RuntimeError(READER_WRITES)
    into, known = inserting(type(rows[0])), session()
    values = [into.values_of(vars(row)) for row in rows]
    for row, given, number in zip(rows, values, into.numbers(known.connection(), values), strict=True):
        vars(row).update(given, **{into.number: number})
        make_transient_to_detached(row)
        state = inspect(row)
        state.session_id = known.hash_key
        known.identity_map.add(state)


class Inserting:
    """How rows of a table are inserted: the statements for one and for several, and what stands in each column."""

    def __init__(self, table: Any) -> None:
        key = table.primary_key.columns[0]
        self.one, self.number = insert(table), key.key
        self.several = self.one.returning(key, sort_by_parameter_order=True)
        columns = [column for column in table.columns if column is not key]
        self.constant = {column.key: None if column.default is None else column.default.arg for column in columns}
        self.made = [(column.key, column.default.arg) for column in columns if column.default is not None and column.default.is_callable]

    def values_of(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every column's value: what is given, or else the model's default."""
        found = {name: given.get(name, default) for name, default in self.constant.items()}
        found.update((name, default(None)) for name, default in self.made if name not in given)
        return found

    def numbers(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> Sequence[int]:
        """Insert rows; their numbers, in the rows' order. For one alone no statement is made for as many as there are."""
        if len(values) == 1:
            made: Any = connection.execute(self.one, values[0], execution_options=own_cache(self.one))
            return [made.inserted_primary_key[0]]
        return connection.scalars(self.several, values, execution_options=own_cache(self.several)).all()


@lru_cache(maxsize=32)
def inserting(model: type[DeclarativeBase]) -> Inserting:
    """Worked out once for each model."""
    return Inserting(inspect(model).local_table)
