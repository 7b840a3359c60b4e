"""Statements that go to the driver past SQLAlchemy: whoever asks sees no difference."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Boolean, bindparam, create_engine, event, func, insert, literal, literal_column, select, text, update
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from app.accounts.models import Plan, User
from app.events.models import Event
from app.extensions import db
from app.lib import database, kept, wire
from tests.factories import NOW

pytestmark = pytest.mark.engines("sqlite", "postgresql")
EVENTS: Any = Event.__table__
PLANS: Any = Plan.__table__
ADD = insert(EVENTS).returning(EVENTS.c.id)
RENAME = update(PLANS).where(PLANS.c.key == bindparam("which")).values(name=bindparam("called"))
# Of each kind of column, with a condition of each kind, a name twice, and a value of the statement's own.
SINCE = (
    select(Event.id, Event.kind, Event.at, Event.facts, Event.is_public, Event.dispatched_at, User.name, User.id, literal(7).label("seven"))
    .outerjoin(User, User.id == Event.actor_id)
    .where(Event.at >= bindparam("since", type_=database.UTCDateTime()), Event.is_public == bindparam("public"))
    .order_by(Event.id)
)
BY_KEY = select(Plan.name).where(Plan.key == bindparam("key"))
PID = select(func.pg_backend_pid())


def happened(person: Any, **other: Any) -> int:
    """The number of a new event."""
    values = {"kind": "ticket.opened", "at": NOW, "actor_id": person.id, "is_public": True, "facts": {"ö": [1, "%"]}, **other}
    return int(kept.done(db.session.connection(), ADD, values).scalar())


def test_rows_are_those_that_sqlalchemy_gives(people: Any) -> None:
    first, second = happened(people.user), happened(people.agent, at=NOW + timedelta(seconds=1), dispatched_at=NOW)
    assert second == first + 1
    for since in (NOW, NOW + timedelta(seconds=1), NOW + timedelta(days=1), NOW):
        values = {"since": since, "public": True}
        plain, long = database.plain_rows(db.session, SINCE, values), db.session.connection().execute(SINCE, values).all()
        assert plain == long and [row._mapping for row in plain] == [row._mapping for row in long]
        assert plain.first() == (long[0] if long else None)
    assert [(type(a), type(b)) for a, b in zip(plain[0], long[0], strict=True)] == [(type(b), type(b)) for b in long[0]]
    assert (plain[0].at, plain[0].facts, plain[0].is_public, plain[0].seven, plain[0].name) == (
        NOW, {"ö": [1, "%"]}, True, 7, people.user.name,
    )  # fmt: skip


def test_a_change_tells_how_many_rows_it_met(people: Any) -> None:
    connection = db.session.connection()
    changed = [kept.done(connection, RENAME, {"which": key, "called": "Another"}) for key in ("community", "none")]
    assert [one.rowcount for one in changed] == [1, 0] and changed[0] == []
    assert database.plain_rows(db.session, BY_KEY, {"key": "community"}).scalar() == "Another"
    assert database.plain_rows(db.session, BY_KEY, {"key": "none"}).scalar() is None


def test_an_error_of_the_driver_is_sqlalchemys_and_can_be_rolled_back(people: Any) -> None:
    number = happened(people.user)
    with pytest.raises(IntegrityError):
        happened(people.user, id=number)
    db.session.rollback()
    assert database.plain_rows(db.session, BY_KEY, {"key": "community"}).scalar()


def test_what_interrupts_a_statement_is_told_as_it_is(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class TooLong(Exception):
        """What a worker raises in a job that has had its time."""

    def interrupted(*given: Any) -> None:
        raise TooLong

    connection = db.session.connection()
    monkeypatch.setattr(connection.dialect, "do_execute", interrupted)
    monkeypatch.setattr(wire.Wire, "ask", interrupted)
    with pytest.raises(TooLong):
        kept.done(connection, BY_KEY, {"key": "community"})


def test_a_value_that_is_missing_is_an_error(app: Flask) -> None:
    for _ in range(2):
        with pytest.raises((KeyError, ProgrammingError)):
            database.plain_rows(db.session, BY_KEY, {"another": 1})


def test_statements_are_counted_and_heard_by_who_listens(app: Flask) -> None:
    heard: list[str] = []

    def listen(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        heard.append(statement)

    for is_heard in (False, True, False):
        kept.statements.set([])
        if is_heard:
            event.listen(db.engine, "before_cursor_execute", listen)
        database.plain_rows(db.session, BY_KEY, {"key": "community"})
        if is_heard:
            event.remove(db.engine, "before_cursor_execute", listen)
        [counted] = kept.statements.get() or ()
    assert heard == [counted]


def test_percent_signs_and_truths_come_back_as_they_went(app: Flask) -> None:
    query = select(
        literal_column("'100 % (x)s %%'"),
        bindparam("yes", type_=Boolean),
        bindparam("yes", type_=Boolean),
        bindparam("none", type_=Boolean),
    )
    for yes in (True, False):
        [row] = database.plain_rows(db.session, query, {"yes": yes, "none": None})
        assert tuple(row) == ("100 % (x)s %%", yes, yes, None) and type(row[1]) is bool


def test_a_connection_that_is_asked_more_than_it_keeps_answers_on(app: Flask) -> None:
    many = [select(literal_column(str(n)), Plan.name).where(Plan.key == bindparam("key")) for n in range(120)]
    for _ in range(2):
        found = [tuple(database.plain_rows(db.session, query, {"key": "community"})[0]) for query in many]
        assert found == [(n, found[0][1]) for n in range(120)]
        if db.engine.dialect.name == "postgresql":
            assert (db.session.scalar(text("SELECT count(*) FROM pg_prepared_statements")) or 0) <= 101
        db.session.rollback()


def test_what_begins_a_transaction_can_be_taken_back(people: Any) -> None:
    values = {"kind": "ticket.opened", "at": NOW, "actor_id": people.user.id, "is_public": True, "facts": {}}
    with db.engine.connect() as connection:
        number = kept.done(connection, ADD, values).scalar()
        connection.rollback()
    assert db.session.get(Event, number) is None


@pytest.mark.engines("postgresql")
def test_what_cannot_be_read_is_an_error_of_the_database(app: Flask) -> None:
    with pytest.raises(DataError):
        database.plain_rows(db.session, select(literal_column("'infinity'::timestamptz")), {})
    db.session.rollback()
    assert database.plain_rows(db.session, BY_KEY, {"key": "community"}).scalar()


@pytest.mark.engines("postgresql")
def test_a_connection_that_dies_is_replaced_for_the_next_who_asks(app: Flask) -> None:
    with db.engine.connect() as connection:
        connection.begin()
        pid = kept.done(connection, PID, {}).scalar()
        engine = create_engine(db.engine.url, poolclass=NullPool)
        with engine.begin() as other:
            assert other.scalar(select(func.pg_terminate_backend(pid)))
        engine.dispose()
        with pytest.raises(OperationalError) as died:
            kept.done(connection, PID, {})
        assert died.value.connection_invalidated and connection.invalidated
    with db.engine.begin() as connection:
        assert kept.done(connection, PID, {}).scalar() != pid
