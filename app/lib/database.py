"""What our two databases need to behave alike: UTC times, SQLite's pragmas and its write locks, a count of statements."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Integer,
    String,
    bindparam,
    event,
    func,
    literal_column,
    select,
)
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session, scoped_session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator

from app.lib.cursors import describe_late, late_cursor
from app.lib.kept import Rows, done, note, the_long_way

# A SQLite transaction that begins as a reader and then writes fails at once if somebody wrote in between. So what
# is going to write says so before it begins (True), and waits for its turn instead. What will only read says so, too
# (False), and PostgreSQL spares it the transaction. Where nobody says anything (None), anything may come.
write_intent: ContextVar[bool | None] = ContextVar("write_intent", default=None)

READER_WRITES = "what only reads has changed rows; write in a POST, within writing(), or on a connection of its own"

# After so long without use a connection may have been closed by whatever stands between us and the server.
RESTED_SECONDS = 1.0

# For a table whose rows are deleted and whose addresses carry their numbers: SQLite, too, gives no number a second time, so an
# old page never reaches another row.
NUMBERS_ONCE = {"sqlite_autoincrement": True}

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    # Kilobytes of the file that each connection keeps for itself, beside the system's own cache, which all processes share. With
    # 16,000 two web processes come to hold 170 MB of it, and no page of ours is answered sooner.
    "PRAGMA cache_size=-2000",
    "PRAGMA temp_store=MEMORY",
)


def writing() -> AbstractContextManager[None]:
    """What begins a transaction inside means to write: jobs and commands say so here, requests in `app.lib.security`."""
    return meaning_to(True)


def reading() -> AbstractContextManager[None]:
    """What begins a transaction inside only reads. For jobs that compute long or only look for work, since workers do jobs within
    `writing`: end the transaction before it and after it, and SQLite's one write lock is neither waited for nor held."""
    return meaning_to(False)


@contextmanager
def meaning_to(write: bool) -> Iterator[None]:
    """Declare it for what begins inside."""
    token = write_intent.set(write)
    try:
        yield
    finally:
        write_intent.reset(token)


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime in Python on every database; refuses naive values."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What its values are in Python; a decorator does not tell by itself."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Check and convert on the way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored; use aware UTC")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert on the way out."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """The same in one step, since a list converts hundreds of them: SQLite hands out text, other drivers a datetime."""
        return from_text if dialect.name == "sqlite" else to_utc


def from_text(text: str | None) -> datetime | None:
    """What SQLite stores, as an aware UTC datetime."""
    return None if text is None else datetime.fromisoformat(text + "+00:00")


def to_utc(value: datetime | None) -> datetime | None:
    """A driver's aware datetime in UTC."""
    return None if value is None else value.astimezone(UTC)


def prepare(engine: Engine) -> None:
    """Attach our listeners to an engine; called once by create_app."""
    count_statements(engine.dialect)
    if not event.contains(Session, "before_flush", refuse_to_write):
        event.listen(Session, "before_flush", refuse_to_write)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", set_pragmas)
        engine.dialect.do_begin = begin_sqlite  # type: ignore[method-assign, assignment]
    else:
        event.listen(engine, "connect", partial(describe_late, late_cursor(engine.dialect.loaded_dbapi)))
        event.listen(engine, "checkin", note_rest)
        event.listen(engine, "checkout", partial(ping_rested, engine.dialect))
        event.listen(engine, "checkout", begin_lightly)


def note_rest(connection: Any, record: Any) -> None:
    """A connection goes back to the pool."""
    record.info["rests_since"] = time.monotonic()


def begin_lightly(connection: Any, record: Any, proxy: Any) -> None:
    """What only reads has no transaction on PostgreSQL: each of its statements sees what is committed, as in one.

    It saves two round trips, and the driver keeps its prepared statements, which it forgets with each ROLLBACK.
    """
    is_light = write_intent.get() is False
    if connection.autocommit is not is_light:
        connection.autocommit = is_light


def ping_rested(dialect: Dialect, connection: Any, record: Any, proxy: Any) -> None:
    """Ask a connection that has rested whether it still lives; the pool replaces one that does not.

    One that was in use a moment ago is not asked, which would cost every request a round trip.
    """
    rested = time.monotonic() - record.info.get("rests_since", math.inf)
    try:
        if rested > RESTED_SECONDS:
            dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as dead:
        raise DisconnectionError from dead


def refuse_to_write(session: Session, context: Any, instances: Any) -> None:
    """What said that it only reads must not write: on PostgreSQL there is no transaction that could take it back."""
    if write_intent.get() is False and (session.new or session.deleted or any(session.is_modified(row) for row in session.dirty)):
        raise RuntimeError(READER_WRITES)


def count_statements(dialect: Dialect) -> None:
    """Note each statement for whoever is counting, where the dialect hands it to the driver.

    A listener would have SQLAlchemy look for others at five places of each statement, a third of all its steps.
    """
    for name in ("do_execute", "do_executemany", "do_execute_no_params"):
        setattr(dialect, name, counting(getattr(dialect, name)))


def counting(execute: Callable[..., None]) -> Callable[..., None]:
    """The same, which notes the statement before."""

    def noted(cursor: Any, statement: str, *rest: Any) -> None:
        note(statement)
        execute(cursor, statement, *rest)

    return noted


def set_pragmas(connection: Any, record: Any) -> None:
    """Open SQLite as we use it. The driver must not begin transactions of its own."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def begin_sqlite(connection: Any) -> None:
    """Begin as a writer or as a reader, as was declared: in place of the dialect's own, which leaves it to the driver."""
    connection.dbapi_connection.execute("BEGIN IMMEDIATE" if write_intent.get() else "BEGIN")


def plain_rows(session: scoped_session[Any], statement: Executable, values: Mapping[str, Any], *, kept: bool = True) -> Rows:
    """What a statement of columns gives, asked on the session's connection after what was changed is written.

    The session would prepare itself for rows that it knows and keeps, at every call, which costs as much again as to ask and
    to read. The statement is `kept` with what it was compiled to, unless it was built for this call only.
    """
    asking = session()
    asking.flush()
    connection = connection_of(asking)
    return done(connection, statement, values) if kept else the_long_way(connection, statement, values, None)


def connection_of(session: Session) -> Connection:
    """The session's connection. Looked up once a transaction: the session goes through ten functions to find it, at every call.

    Where there is a savepoint it is the session that sees to it, before the first statement.
    """
    known: Connection | None = session.info.get("connection")
    if known is None or known.closed or session.in_nested_transaction():
        known = session.info["connection"] = session.connection()
    return known


def rows_at_once(database: SQLAlchemy, statement: Executable, values: Mapping[str, Any]) -> Rows:
    """All rows of a kept statement of columns, for whoever may need nothing else of the database.

    Where no session has begun it is asked on a connection that goes back at once: to begin a session and end it would cost a
    third of it all.
    """
    if database.session.registry.has():
        return plain_rows(database.session, statement, values)
    with database.engine.begin() as connection:
        return done(connection, statement, values)


def give(row: object, **related: object) -> None:
    """Tell a row which rows stand in its relationships, where one statement has read them side by side.

    A tenth of a page of several is spared so: a mapper that finds its way along joined relationships takes twice as long.
    """
    for name, other in related.items():
        set_committed_value(row, name, other)


class Unsought(ColumnElement[Any]):
    """A column by whose values rows are not to be sought, only to be checked once they are found by other columns.

    Without statistics SQLite takes two columns of an index for more telling than ten row numbers, and reads all rows that have
    these two values. A plus before its name keeps a column from that (https://www.sqlite.org/optoverview.html#uplus).
    """

    inherit_cache = True
    __visit_name__ = "unsought"
    _traverse_internals = [("column", InternalTraversal.dp_clauseelement)]

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column, self.type = column, column.type


@compiles(Unsought)
def plain_column(element: Unsought, compiler: Any, **options: Any) -> str:
    """The column."""
    return str(compiler.process(element.column, **options))


@compiles(Unsought, "sqlite")
def plus_column(element: Unsought, compiler: Any, **options: Any) -> str:
    """The column with a plus, which changes no text."""
    return f"+{compiler.process(element.column, **options)}"


def at_most(count: int) -> ColumnElement[int]:
    """How many rows a statement that is built once may give, for `limit()`: written out.

    As a parameter PostgreSQL would not know it when it plans the statement for good, expect a tenth of the table, and
    therefore plan anew at each call.
    """
    return literal_column(str(int(count)), Integer)


def written_out(word: str) -> ColumnElement[str]:
    """A word of ours, or words with dots between, that a database should know when it plans a statement.

    Where the condition of a partial index has the column that is compared, a parameter makes SQLite prepare the statement anew
    at each call, since whether the index serves depends on it (sqlite3VdbeSetVarmask); PostgreSQL plans anew where the word is a
    rare one. Either costs more than most of our statements, and every parameter costs a little. Raises ValueError for anything
    but a word.
    """
    if not all(part.isidentifier() for part in word.split(".")):
        raise ValueError("only our own words are written out")
    return literal_column(f"'{word}'", String)


# Built once: every form that is sent asks it.
LOCK = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("key", type_=String), 0)))


def serialize_on(session: scoped_session[Any], key: str) -> None:
    """Make transactions that share `key` follow one another. SQLite's writers do so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        done(connection_of(session()), LOCK, {"key": key})


def hold(session: scoped_session[Any], row_id: InstrumentedAttribute[int], *conditions: ColumnElement[bool]) -> None:
    """Keep others from changing rows until this transaction ends. SQLite's writers wait for one another anyway.

    Read them after this and anew (`populate_existing`): a statement that waits for a row and reads others beside it sees those as they
    were before. What only refers to the rows may come meanwhile.
    """
    if session.get_bind().dialect.name == "postgresql":
        query = select(row_id).where(*conditions).order_by(row_id)
        plain_rows(session, query.with_for_update(key_share=True), {}, kept=False)
