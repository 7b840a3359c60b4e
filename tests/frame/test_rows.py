"""A row that is written by itself is as good as one that was added and flushed."""

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.orm.exc import StaleDataError

from app.events.models import Event
from app.extensions import db
from app.lib import database
from app.lib.rows import unwritten, write_changes, write_row, write_rows, write_unless
from app.tickets.models import Message, Ticket
from tests import factories

BOTH = pytest.mark.engines("sqlite", "postgresql")


def message(ticket, now, **over):
    """A message that is not written yet."""
    given = {"ticket_id": ticket.id, "author_id": ticket.requester_id, "visibility": "public", "body": "Hello", "html": "<p>Hello</p>"}
    return unwritten(Message, **given, by_staff=False, created_at=now, **over)


@BOTH
def test_the_session_knows_the_row_as_the_database_has_it(people, now, statements):
    row = message(factories.ticket(people.user), now)
    write_row(db.session, row)
    with statements() as seen:
        known = {column.key: getattr(row, column.key) for column in inspect(Message).columns}
        assert row.author is people.user
        assert db.session.get(Message, row.id) is row
        db.session.flush()
    assert seen == []
    assert (row.is_automatic, row.source, row.left_out, row.form_key) == (False, "portal", [], None)
    table = Message.__table__
    assert dict(db.session.execute(select(table).where(table.c.id == row.id)).mappings().one()) == known


def test_a_row_that_was_written_is_changed_and_deleted_like_any_other(people, now):
    row = message(factories.ticket(people.user), now)
    write_row(db.session, row)
    row.body = "Goodbye"
    db.session.flush()
    assert db.session.scalar(select(Message.body).where(Message.id == row.id).execution_options(populate_existing=True)) == "Goodbye"
    db.session.delete(row)
    db.session.flush()
    assert db.session.scalar(select(Message.id).where(Message.id == row.id)) is None


def test_what_waits_beside_it_goes_on_waiting(people, now, statements):
    ticket = factories.ticket(people.user)
    ticket.subject = "Another subject"
    with statements() as seen:
        write_row(db.session, message(ticket, now))
    assert len(seen) == 1 and ticket in db.session.dirty


def test_a_rollback_takes_it_back(people, now):
    ticket = factories.ticket(people.user)
    db.session.commit()
    row = message(ticket, now)
    write_row(db.session, row)
    number = row.id
    db.session.rollback()
    assert db.session.scalar(select(Message.id).where(Message.id == number)) is None


def test_who_said_that_they_only_read_write_none(app, now):
    with database.reading(), pytest.raises(RuntimeError, match="only reads"):
        write_row(db.session, Event(kind="ticket.closed", at=now, facts={}))


@BOTH
def test_several_rows_are_written_at_once_in_their_order(people, now, statements):
    ticket = factories.ticket(people.user)
    rows = [message(ticket, now, form_key="one"), message(ticket, now, source="mail"), message(ticket, now, left_out=["a@b.example"])]
    with statements() as seen:
        write_rows(db.session, rows)
        assert [db.session.get(Message, row.id) for row in rows] == rows
    assert len(seen) == 1
    table = Message.__table__
    stored = db.session.execute(select(table).where(table.c.ticket_id == ticket.id).order_by(table.c.id)).mappings().all()[-3:]
    assert stored == [{column.key: getattr(row, column.key) for column in inspect(Message).columns} for row in rows]


@BOTH
def test_a_row_whose_value_is_taken_is_not_written(people, now, statements):
    ticket = factories.ticket(people.user)
    first, second = message(ticket, now, form_key="one"), message(ticket, now, form_key="one")
    with statements() as seen:
        assert write_unless(db.session, first, taken="form_key") and not write_unless(db.session, second, taken="form_key")
    assert len(seen) == 2 and db.session.get(Message, first.id) is first and not inspect(second).persistent
    with database.reading(), pytest.raises(RuntimeError, match="only reads"):
        write_unless(db.session, message(ticket, now), taken="form_key")


@BOTH
def test_a_savepoint_takes_back_what_was_written_in_it_and_nothing_else(people, now):
    ticket = factories.ticket(people.user)
    write_row(db.session, message(ticket, now, form_key="before"))
    with pytest.raises(ZeroDivisionError), db.session.begin_nested():
        write_row(db.session, message(ticket, now, form_key="within"))
        1 / 0
    db.session.commit()
    assert db.session.scalars(select(Message.form_key).where(Message.form_key.in_(["before", "within"]))).all() == ["before"]


def test_rows_do_not_share_what_a_column_has_by_itself(people, now):
    ticket = factories.ticket(people.user)
    first, second = message(ticket, now), message(ticket, now)
    write_rows(db.session, [first, second])
    first.left_out.append("a@b.example")
    assert second.left_out == []


def test_a_new_row_is_as_the_model_makes_it(people, now):
    ticket = factories.ticket(people.user)
    given = {"ticket_id": ticket.id, "visibility": "public", "body": "Hi", "html": "", "by_staff": False, "created_at": now}
    rows = [unwritten(Message, **given), Message(**given)]
    assert rows[0].is_automatic is None
    rows[0].body = rows[1].body = "Hello"
    db.session.add_all(rows)
    db.session.commit()
    first, second = ({column.key: getattr(row, column.key) for column in inspect(Message).columns if column.key != "id"} for row in rows)
    assert first == second and first["body"] == "Hello" and first["source"] == "portal"


def test_a_new_row_has_nothing_but_its_columns(app):
    with pytest.raises(TypeError, match="Message has no boddy, ticket"):
        unwritten(Message, boddy="Hello", ticket=1, html="")


@BOTH
def test_what_was_changed_is_written_as_a_flush_would_write_it(people, now, statements):
    ticket = factories.ticket(people.user)
    version = ticket.version
    ticket.subject, ticket.status, ticket.active_at, ticket.fields = "Another", ticket.status, now, {"body": "Other words"}
    with statements() as seen:
        write_changes(db.session)
        db.session.flush()
        write_changes(db.session)
    assert len(seen) == 1 and "status" not in seen[0] and ticket not in db.session.dirty
    known = {column.key: getattr(ticket, column.key) for column in inspect(Ticket).columns}
    table = Ticket.__table__
    assert dict(db.session.execute(select(table).where(table.c.id == ticket.id)).mappings().one()) == known
    assert (known["subject"], known["version"], known["active_at"]) == ("Another", version + 1, now)
    ticket.subject = "A third"
    db.session.flush()
    assert ticket.version == version + 2


@BOTH
def test_a_row_that_somebody_else_has_changed_is_not_written_over(people):
    ticket = factories.ticket(people.user)
    db.session.execute(text("UPDATE tickets SET version = version + 1, subject = 'Theirs'"))
    ticket.subject = "Mine"
    with pytest.raises(StaleDataError):
        write_changes(db.session)
    assert db.session.connection().scalar(select(Ticket.__table__.c.subject)) == "Theirs"


def test_relationships_new_rows_and_rows_of_several_tables_are_written_too(people, now):
    ticket, said = factories.ticket(people.user), factories.ticket(people.user)
    people.user.organization = people.globex
    people.user.organization = people.globex
    write_changes(db.session)
    people.agent.name, said.subject = "Noor", "Another"
    write_changes(db.session)
    db.session.add(message(ticket, now, form_key="new"))
    write_changes(db.session)
    db.session.expire_all()
    assert (people.user.organization_id, people.agent.name, said.subject) == (people.globex.id, "Noor", "Another")
    assert db.session.scalar(select(Message.id).where(Message.form_key == "new")) is not None


def test_what_a_savepoint_takes_back_is_read_anew(people):
    ticket = factories.ticket(people.user)
    db.session.commit()
    savepoint = db.session.begin_nested()
    ticket.subject = "Another"
    write_changes(db.session)
    savepoint.rollback()
    assert ticket.subject != "Another" and ticket not in db.session.dirty


def test_who_only_reads_changes_nothing(people):
    ticket = factories.ticket(people.user)
    db.session.commit()
    with database.reading(), pytest.raises(RuntimeError, match="only reads"):
        ticket.subject = "Another"
        write_changes(db.session)
    db.session.rollback()
