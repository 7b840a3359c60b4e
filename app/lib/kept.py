"""Statements that are built once, handed to the driver as it takes them.

SQLAlchemy compiles them, and knows how values go in and come out. What it prepares at each call besides, for statements of every
kind, costs twice what the driver does; a page asks for eight of them and a change for ten.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any, Self

from sqlalchemy import Connection, Dialect, Executable, Row
from sqlalchemy.engine.result import SimpleResultMetaData

from app.lib.wire import Prepared, Wire

# What is asked of the database, for whoever is counting.
statements: ContextVar[list[str] | None] = ContextVar("statements", default=None)


def note(statement: str) -> None:
    """Count a statement."""
    seen = statements.get()
    if seen is not None:
        seen.append(statement)


class OwnCache(dict[Any, Any]):
    """What one statement was compiled to, by all that this depends on besides: the dialect, the names of its values, and so on.

    SQLAlchemy's own cache has the whole statement in its key, and hashes thousands of pieces that lie all over the memory at
    each call. Some twentieth of a page is spared where a statement has a cache to itself.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """What was kept under a key of SQLAlchemy's, the second part of which is the statement."""
        return super().get((key[0], *key[2:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((key[0], *key[2:]), compiled)


@lru_cache(maxsize=256)
def own_cache(statement: Executable) -> dict[str, Any]:
    """The options that have a statement looked up in a cache of its own."""
    return {"compiled_cache": OwnCache()}


class Rows(list[Row[*tuple[Any, ...]]]):
    """All rows that a statement gave, with what one asks of a result. `rowcount` is how many rows it has changed."""

    rowcount = -1

    def all(self) -> Self:
        """Every row."""
        return self

    def first(self) -> Row[*tuple[Any, ...]] | None:
        """The first one, or None."""
        return self[0] if self else None

    def one(self) -> Row[*tuple[Any, ...]]:
        """The only one. Raises ValueError where there are none or several."""
        [row] = self
        return row

    def scalar(self) -> Any:
        """What stands first in the first row, or None."""
        return self[0][0] if self else None


def done(connection: Connection, statement: Executable, values: Mapping[str, Any]) -> Rows:
    """Execute a kept statement on a connection that is within a transaction, and give all that comes of it.

    Where somebody listens to what is executed, or values have to be written into its text, it goes the long way.
    """
    # Of SQLAlchemy's own (2.1, as requirements pin it), here and below: `dispatch`, which public functions do not tell of, what a
    # statement was compiled to, and how a driver's errors become its own.
    if not connection.engine.dispatch.before_cursor_execute:
        # An INSERT has the columns that it is given values for.
        known = recipe(statement, connection.dialect, tuple(values) if statement.is_dml else ())
        if known.is_plain:
            return known.run(connection, values)
    return the_long_way(connection, statement, values, own_cache(statement))


def the_long_way(connection: Connection, statement: Executable, values: Mapping[str, Any], options: dict[str, Any] | None) -> Rows:
    """The same through SQLAlchemy alone."""
    result: Any = connection.execute(statement, values, execution_options=options)
    rows = Rows(result.all() if result.returns_rows else ())
    rows.rowcount = result.rowcount
    return rows


class Recipe:
    """How one statement is executed by one dialect. It is plain where its text is the same for whatever values."""

    row: Callable[[Any], Any] | None = None

    def __init__(self, statement: Any, dialect: Dialect, names: Iterable[str]) -> None:
        self.dialect = dialect
        # What may leave the connection unusable, which SQLAlchemy then sees to.
        self.errors = (dialect.loaded_dbapi.Error, KeyboardInterrupt, SystemExit)
        self.compiled = compiled = statement.compile(dialect=dialect, column_keys=sorted(names))
        self.text, self.order, self.returned = compiled.string, compiled.positiontup, compiled._result_columns
        self.given = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
        self.going_in = tuple(compiled._bind_processors.items())
        self.is_plain = not (
            compiled.post_compile_params
            or compiled.literal_execute_params
            or compiled.escaped_bind_names
            or compiled.insert_prefetch
            or compiled.update_prefetch
            or any(bind.callable for bind in compiled.binds.values())
        )

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """Execute it. Raises what SQLAlchemy would for an error of the driver's."""
        bound = {**self.given, **values}
        for name, process in self.going_in:
            bound[name] = process(bound[name])
        return self.asked(connection, bound)

    def asked(self, connection: Connection, bound: Mapping[str, Any]) -> Rows:
        """What the driver's cursor gives for these values."""
        cursor = connection.connection.cursor()
        wanted: Any = bound if self.order is None else tuple([bound[name] for name in self.order])
        try:
            self.dialect.do_execute(cursor, self.text, wanted)
            rows = (
                Rows(map(self.row or self.reading([kind for _, kind, *_ in cursor.description]), cursor.fetchall()))
                if self.returned
                else Rows()
            )
        except self.errors as wrong:
            connection._handle_dbapi_exception(wrong, self.text, wanted, cursor, None)
        rows.rowcount = cursor.rowcount
        cursor.close()
        return rows

    def reading(self, kinds: Sequence[Any]) -> Callable[[Any], Any]:
        """What makes rows of the driver's, worked out at the first of them: the types of some columns are only known then."""
        coming_out: Any = [
            column.type._cached_result_processor(self.dialect, kind) for column, kind in zip(self.returned, kinds, strict=True)
        ]
        columns = SimpleResultMetaData([column.keyname for column in self.returned])
        self.row = partial(Row, columns, coming_out if any(coming_out) else None, columns._key_to_index)
        return self.row


class WireRecipe(Recipe):
    """The same for PostgreSQL, asked without a cursor."""

    def __init__(self, statement: Any, dialect: Dialect, names: Iterable[str]) -> None:
        super().__init__(statement, dialect, names)
        self.prepared = Prepared(self.compiled, dialect)

    def asked(self, connection: Connection, bound: Mapping[str, Any]) -> Rows:
        """What PostgreSQL answers to these values."""
        wire, values = wire_of(connection), [bound[name] for name in self.prepared.order]
        note(self.text)
        try:
            result = wire.ask(self.prepared, values)
            rows = Rows(wire.rows(result, self.row or self.reading(list(map(result.ftype, range(result.nfields))))))
        except self.errors as wrong:
            connection._handle_dbapi_exception(wrong, self.text, bound, None, None)
        rows.rowcount = result.ntuples if self.returned else result.command_tuples
        return rows


def wire_of(connection: Connection) -> Wire:
    """What a connection is asked by, kept as long as the driver's connection."""
    wire: Wire | None = connection.info.get("wire")
    if wire is None:
        wire = connection.info["wire"] = Wire(connection.connection.dbapi_connection, connection.dialect.loaded_dbapi)
    return wire


@lru_cache(maxsize=512)
def recipe(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> Recipe:
    """Worked out once for each statement, dialect and names of values that change its text."""
    return (WireRecipe if dialect.driver == "psycopg" else Recipe)(statement, dialect, names)
