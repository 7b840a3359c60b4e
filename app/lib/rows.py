"""Rows that are written by themselves, new or changed: one INSERT or UPDATE, without the unit of work."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Update, bindparam, insert, inspect, update
from sqlalchemy.orm import DeclarativeBase, InstanceState, Session, make_transient_to_detached, scoped_session
from sqlalchemy.orm.exc import StaleDataError

from app.lib.database import READER_WRITES, write_intent
from app.lib.kept import done, own_cache

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


def write_changes(session: scoped_session[Any]) -> None:
    """What flush does; where nothing waits but changed columns of rows of one table, by one plain UPDATE a row, for half the price.

    As there, a row whose version is not the one that was read raises StaleDataError. Within a savepoint the session has to know
    what was changed, to take it back, so the unit of work does it.
    """
    known = session()
    states: list[Any] = [inspect(row) for row in known.dirty]
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
            if done(session.connection(), statement, values | where).rowcount != 1:
                raise StaleDataError(f"{self.table.name} {where['row_number']} was changed by somebody else")
            given.update(values)
        # SQLAlchemy's own (2.1, as requirements pin it): nothing public says of a row that its changes are written.
        state._commit_all(given, session.identity_map)


@lru_cache(maxsize=32)
def updating(model: type[DeclarativeBase]) -> Updating:
    """Worked out once for each model."""
    return Updating(model)


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
            return [done(connection, self.one, values[0]).number]
        return connection.scalars(self.several, values, execution_options=own_cache(self.several)).all()


@lru_cache(maxsize=32)
def inserting(model: type[DeclarativeBase]) -> Inserting:
    """Worked out once for each model."""
    return Inserting(inspect(model).local_table)
