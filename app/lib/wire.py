"""Statements of PostgreSQL, asked on a connection of psycopg without a cursor.

A cursor serves whatever comes: it reads each text anew for its parameters, guesses their types from the values, and finds out what
makes objects of each column. For a statement that is kept all that is known, and PostgreSQL itself knows the types of its parameters.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Boolean, Dialect
from sqlalchemy.sql.compiler import SQLCompiler

PLACE = re.compile(r"%\((\w+)\)s|%%")
BOOLEAN, INFERRED = 16, 0


class Prepared:
    """One statement, numbered as PostgreSQL has it. psycopg keeps which connection has it prepared, by its `query` and `types`."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        self.order: list[str] = []
        self.query = PLACE.sub(self.numbered, compiled.string).encode()
        # SQLAlchemy casts every value but truths, whose type nothing else may tell.
        kinds = [compiled.binds[name].type.dialect_impl(dialect) for name in self.order]
        self.types = tuple(BOOLEAN if isinstance(kind, Boolean) else INFERRED for kind in kinds)
        self.texts = [dialect.loaded_dbapi.adapt.PyFormat.TEXT] * len(self.order)

    def numbered(self, place: re.Match[str]) -> str:
        """A parameter by its number, or a plain percent sign."""
        name = place[1]
        if name is None:
            return "%"
        if name not in self.order:
            self.order.append(name)
        return f"${self.order.index(name) + 1}"


class Wire:
    """A connection of psycopg, with what is the same for whatever is asked on it."""

    def __init__(self, connection: Any, driver: Any) -> None:
        self.connection, self.pgconn = connection, connection.pgconn
        # Of psycopg's own (3.3, as requirements pin it): the list of what is prepared, which it drops as a whole when a transaction
        # is rolled back, and here and below how it begins one.
        self.known: Any = connection._prepared
        self.transformer = driver.adapt.Transformer(connection)
        self.executed: Callable[[Any], Any] = driver.generators.execute
        self.error_of: Callable[..., Exception] = driver.errors.error_from_result
        self.to_prepare = driver._preparing.Prepare.SHOULD
        status = driver.pq.ExecStatus
        self.fine, self.idle = (status.TUPLES_OK, status.COMMAND_OK), driver.pq.TransactionStatus.IDLE

    def ask(self, wanted: Prepared, values: Sequence[Any]) -> Any:
        """What PostgreSQL answers, as psycopg has it. Raises the driver's errors."""
        connection, known = self.connection, self.known
        if not connection.autocommit and self.pgconn.transaction_status == self.idle:
            connection.wait(connection._start_query())
        given = self.transformer.dump_sequence(values, wanted.texts)
        state, name = known.get(wanted, True)
        if state is self.to_prepare:
            self.pgconn.send_prepare(name, wanted.query, wanted.types)
            self.answered()
        self.pgconn.send_query_prepared(name, given, None, 1)
        new = known.maybe_add_to_cache(wanted, state, name)
        result = self.answered()
        if new is not None:
            known.validate(new, state, name, [result])
            connection.wait(known.maintain_gen(connection))
        return result

    def answered(self) -> Any:
        """The result of what was sent."""
        [result] = self.connection.wait(self.executed(self.pgconn))
        if result.status not in self.fine:
            raise self.error_of(result, encoding=self.transformer.encoding)
        return result

    def rows(self, result: Any, made: Callable[[Any], Any]) -> list[Any]:
        """The rows of a result, each made of its values."""
        self.transformer.set_pgresult(result)
        return self.transformer.load_rows(0, result.ntuples, made)
