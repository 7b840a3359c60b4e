"""Rows that are written by themselves, new or changed: one INSERT or UPDATE, without the unit of work."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Update, bindparam, inspect, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import DeclarativeBase, InstanceState, Session, scoped_session
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql.dml import ReturningInsert

from app.lib.database import READER_WRITES, connection_of, write_intent
from app.lib.kept import done

Row = TypeVar("Row", bound=DeclarativeBase)


def unwritten(model: type[Row], **values: Any) -> Row:
    """A new row with these values of its columns, for `write_row`. Raises TypeError for what is no column.

    The model itself would note of each value that it was changed from nothing, for a flush that never comes.
    """
    into = inserting(model)
    if not values.keys() <= into.constant.keys():
        raise TypeError(f"{model.__name__} has no {', '.join(sorted(values.keys() - into.constant.keys()))}")
    row: Row = into.manager.new_instance()
    vars(row).update(values)
    return row


def write_row(session: scoped_session[Any], row: DeclarativeBase) -> None:
    """Insert one new row; see `write_rows`."""
    write_rows(session, [row])


def write_unless(session: scoped_session[Any], row: DeclarativeBase, *, taken: str) -> bool:
    """Insert one new row, unless another one has its value in the unique column `taken`: False then. One that is just being written is
    waited for."""
    if write_intent.get() is False:
        raise RuntimeError(READER_WRITES)
    into, known = inserting(type(row)), session()
    values = into.values_of(vars(row))
    numbers = done(connection_of(known), into.statement(1, (), taken), values)
    if numbers:
        adopt(known, row, values, into.key.key, numbers[0][0])
    return bool(numbers)


def write_rows(session: scoped_session[Any], rows: Sequence[DeclarativeBase]) -> None:
    """Insert new rows of one table, and have the session know them as if it had read them. Nothing else that waits is written.

    One statement, which does what add and flush do for rows on which no others wait, for a fifth of their price. What they refer
    to they name by ids: a relationship that was set is not looked at.
    """
    if write_intent.get() is False:
        raise RuntimeError(READER_WRITES)
    into, known = inserting(type(rows[0])), session()
    values = [into.values_of(vars(row)) for row in rows]
    for row, given, number in zip(rows, values, into.numbers(connection_of(known), values), strict=True):
        adopt(known, row, given, into.key.key, number)


def adopt(session: Session, row: DeclarativeBase, values: Mapping[str, Any], key: str, number: int) -> None:
    """Have a session know a row as if it had read it."""
    vars(row).update(values, **{key: number})
    state: Any = instance_state(row)
    state.key, state.session_id = state.mapper.identity_key_from_primary_key((number,)), session.hash_key
    # SQLAlchemy's own (2.1, as requirements pin it): nothing public says of a row that its changes are written.
    state._commit_all(state.dict, session.identity_map)
    session.identity_map.add(state)


def write_values(session: scoped_session[Any], model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert new rows of which nobody needs objects afterwards, by one statement. Each has a value for every column but its number."""
    if rows:
        inserting(model).numbers(connection_of(session()), rows)


def write_changes(session: scoped_session[Any]) -> None:
    """What flush does; where nothing waits but changed columns of rows of one table, by one plain UPDATE a row, for half the price.

    As there, a row whose version is not the one that was read raises StaleDataError. Within a savepoint the session has to know
    what was changed, to take it back, so the unit of work does it.
    """
    known = session()
    states: list[Any] = [instance_state(row) for row in known.dirty]
    models = {state.class_ for state in states}
    how = updating(models.pop()) if len(models) == 1 else None
    if how is None or known.new or known.deleted or known.in_nested_transaction() or not all(map(how.takes, states)):
        known.flush()
        return
    for state in sorted(states, key=lambda state: state.identity):
        how.write(known, state)


class Updating:
    """How changed rows of a model are updated: a statement for each set of columns that is changed together."""

    def __init__(self, model: type[DeclarativeBase]) -> None:
        mapper: Any = inspect(model)
        self.table: Any = mapper.local_table
        self.key: Any = self.table.primary_key.columns[0]
        self.version: Any = mapper.version_id_col
        self.columns = {column.key for column in self.table.columns} - {self.key.key}
        self.statement = lru_cache(maxsize=64)(self.built)

    def takes(self, state: InstanceState[Any]) -> bool:
        """Whether nothing but columns is changed; relationships are the unit of work's."""
        return state.committed_state.keys() <= self.columns

    def built(self, *names: str) -> Update:
        """The statement that sets these columns. Its other values are the row's `row_number` and `row_version`."""
        wanted = update(self.table).where(self.key == bindparam("row_number")).values({name: bindparam(name) for name in names})
        return wanted if self.version is None else wanted.where(self.version == bindparam("row_version"))

    def write(self, session: Session, state: InstanceState[Any]) -> None:
        """Update one row, and have the session know that it stands so in the database."""
        given = state.dict
        values = {name: given[name] for name, before in state.committed_state.items() if given[name] != before}
        if values:
            if write_intent.get() is False:
                raise RuntimeError(READER_WRITES)
            where = {"row_number": given[self.key.key]}
            if self.version is not None:
                where["row_version"] = given[self.version.key]
                values[self.version.key] = where["row_version"] + 1
            statement = self.statement(*values)
            if done(connection_of(session), statement, values | where).rowcount != 1:
                raise StaleDataError(f"{self.table.name} {where['row_number']} was changed by somebody else")
            given.update(values)
        # As in `adopt`.
        state._commit_all(given, session.identity_map)


@lru_cache(maxsize=32)
def updating(model: type[DeclarativeBase]) -> Updating:
    """Worked out once for each model."""
    return Updating(model)


class Inserting:
    """How rows of a table are inserted: a statement for each number of rows and each set of columns in which these differ, and what stands in each column."""

    def __init__(self, mapper: Any) -> None:
        table, self.manager = mapper.local_table, mapper.class_manager
        self.key = table.primary_key.columns[0]
        self.columns = [column for column in table.columns if column is not self.key]
        self.constant = {column.key: None if column.default is None else column.default.arg for column in self.columns}
        self.made = [
            (column.key, column.default.arg) for column in self.columns if column.default is not None and column.default.is_callable
        ]
        self.table, self.statement = table, lru_cache(maxsize=64)(self.built)

    def values_of(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every column's value: what is given, or else the model's default."""
        found = {name: given.get(name, default) for name, default in self.constant.items()}
        found.update((name, default(None)) for name, default in self.made if name not in given)
        return found

    def built(self, count: int, apart: tuple[str, ...], taken: str | None = None) -> ReturningInsert[Any]:
        """The statement for so many rows. A value is called by its column's name, and by the row's place where they are told `apart`.

        What has the value of another row in the column `taken` is left out; SQLite says that as PostgreSQL does.
        """
        alike = {column.key: bindparam(column.key, type_=column.type) for column in self.columns if column.key not in apart}
        of_row = [{name: bindparam(f"{name}_{n}", type_=self.table.c[name].type) for name in apart} for n in range(count)]
        into = insert(self.table).values([alike | own for own in of_row])
        return (into if taken is None else into.on_conflict_do_nothing(index_elements=[taken])).returning(self.key)

    def numbers(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> Sequence[int]:
        """Insert rows; their numbers, in the rows' order, in which they are counted.

        What is the same in all rows is handed over once: psycopg reads the text of a statement with more than 50 values at each call.
        """
        first = values[0]
        apart = tuple(dict.fromkeys([name for row in values[1:] for name, value in row.items() if value != first[name]]))
        given = {name: value for name, value in first.items() if name not in apart}
        given.update((f"{name}_{n}", row[name]) for n, row in enumerate(values) for name in apart)
        return sorted(row[0] for row in done(connection, self.statement(len(values), apart), given))


@lru_cache(maxsize=32)
def inserting(model: type[DeclarativeBase]) -> Inserting:
    """Worked out once for each model."""
    return Inserting(inspect(model))
