"""Connections that the pool hands out."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import NullPool, bindparam, create_engine, func, select, text

from app.accounts.models import Plan, User
from app.extensions import db
from app.lib import cursors, database, kept


@pytest.mark.engines("postgresql")
def test_a_connection_that_died_while_it_rested_is_replaced(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "RESTED_SECONDS", 0.0)
    first = backend()
    assert backend() == first
    end(first)
    assert backend() not in {first, None}


def backend() -> Any:
    """The server process of the pool's next connection."""
    with db.engine.connect() as connection:
        return connection.scalar(select(func.pg_backend_pid()))


def end(pid: int) -> None:
    """End a server process, as a restart or a firewall would."""
    engine = create_engine(db.engine.url, poolclass=NullPool)
    with engine.begin() as connection:
        assert connection.scalar(select(func.pg_terminate_backend(pid)))
    engine.dispose()


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize(("intent", "moments"), [(False, 2), (True, 1), (None, 1)])
def test_only_what_reads_and_says_so_has_no_transaction(app: Flask, intent: bool | None, moments: int) -> None:
    database.write_intent.set(intent)
    found = {db.session.scalar(text("SELECT transaction_timestamp() FROM pg_sleep(0.002)")) for _ in range(2)}
    assert len(found) == moments


@pytest.mark.engines("sqlite", "postgresql")
def test_rows_are_read_without_a_session_unless_one_has_begun(app: Flask, people: Any) -> None:
    person = User.__table__.c
    names, values = select(person.name).where(person.id == bindparam("id")), {"id": people.user.id}
    before, people.user.name = people.user.name, "Not yet written"
    assert [row.name for row in database.rows_at_once(db, names, values)] == ["Not yet written"]
    db.session.remove()
    assert [row.name for row in database.rows_at_once(db, names, values)] == [before]
    assert not db.session.registry.has()


@pytest.mark.engines("sqlite", "postgresql")
def test_every_statement_is_counted_however_it_is_handed_to_the_driver(app: Flask) -> None:
    rename = text("UPDATE plans SET name = name WHERE id = :id")
    kept.statements.set([])
    with database.writing():
        db.session.execute(rename, {"id": 1})
        db.session.execute(rename, [{"id": 1}, {"id": 2}])
        db.session.connection().exec_driver_sql("SELECT 1")
        db.session.rollback()
    assert [one.split()[0] for one in kept.statements.get() or ()] == ["UPDATE", "UPDATE", "SELECT"]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(("intent", "is_locked"), [(True, True), (False, False)])
def test_who_means_to_write_has_the_lock_from_the_beginning(app: Flask, intent: bool, is_locked: bool) -> None:
    db.session.rollback()
    with closing(sqlite3.connect(str(db.engine.url.database), timeout=0)) as other, database.meaning_to(intent):
        db.session.execute(text("SELECT 1"))
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            assert is_locked
        else:
            assert not is_locked
        db.session.rollback()


@pytest.mark.engines("postgresql")
def test_a_connection_that_was_lent_to_a_reader_is_a_writers_afterwards(app: Flask) -> None:
    database.write_intent.set(False)
    assert db.session.scalar(select(1)) == 1
    db.session.remove()
    database.write_intent.set(True)
    db.session.execute(text("CREATE TABLE gone (id int)"))
    db.session.rollback()
    assert db.session.scalar(text("SELECT to_regclass('gone')")) is None


@pytest.mark.engines("postgresql")
def test_readers_keep_the_statements_that_the_driver_has_prepared(app: Flask) -> None:
    database.write_intent.set(False)
    for _ in range(8):
        db.session.scalar(text("SELECT 'prepared ' || CAST(:word AS text)"), {"word": "a"})
        db.session.remove()
    assert db.session.scalar(text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%prepared %'"))


def test_a_request_leaves_no_intent_behind(app: Flask) -> None:
    for method, intent in (("get", False), ("post", True)):
        with app.test_request_context("/healthz", method=method.upper()):
            app.preprocess_request()
            assert database.write_intent.get() is intent
        assert database.write_intent.get() is None


def test_what_said_that_it_only_reads_cannot_write(app: Flask) -> None:
    plan = db.session.scalars(select(Plan)).first()
    assert plan is not None
    database.write_intent.set(False)
    plan.name = plan.name
    db.session.flush()
    plan.name = "Another name"
    with pytest.raises(RuntimeError, match="only reads"):
        db.session.flush()
    db.session.rollback()
    database.write_intent.set(True)
    plan.name = "Another name"
    db.session.flush()


@pytest.mark.engines("postgresql")
def test_the_columns_of_a_result_are_described_to_who_asks(app: Flask) -> None:
    with db.engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute("SELECT 1 AS number, 'x'::text AS word")
        described = type(cursor).__mro__[1].description.fget(cursor)
        assert [one[:2] for one in cursor.description] == [(one.name, one.type_code) for one in described]
        assert [one[0] for one in cursor.description[-1:]] == ["word"]
        cursor.execute("CREATE TEMPORARY TABLE nothing (id int)")
        assert cursor.description is None


@pytest.mark.engines("postgresql")
def test_a_statement_that_is_known_has_its_columns_described_no_more(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    query = select(Plan.key, Plan.name).order_by(Plan.rank)
    found = db.session.execute(query).all()
    monkeypatch.setattr(cursors.Columns, "found", None)
    assert found and db.session.execute(query).all() == found
