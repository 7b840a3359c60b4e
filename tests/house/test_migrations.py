"""The migrations make exactly the tables of the models, on both databases, and can be undone."""

from types import SimpleNamespace

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from app import create_app
from app.accounts.models import User
from app.alerts.models import AlertChannel, AlertRoute
from app.extensions import db
from app.lib import schema
from app.lib.database import UTCDateTime
from app.tickets import search_queries, text_index
from app.tickets.models import Message, Ticket
from tests import services
from tests.conftest import test_config as settings_for
from tests.factories import NOW

BOTH = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture
def empty(engine, tmp_path):
    """An application on a database without any table."""
    if engine == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        services.postgres().create("hive_empty")
        url = services.postgres().url("hive_empty")
    app = create_app(settings_for(url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def same_type(context, inspected, metadata, of_database, of_model):
    """UTCDateTime is a plain time stamp in the database."""
    return False if isinstance(of_model, UTCDateTime) else None


def is_modelled(name, kind, parents):
    """Full text over tickets has no model: app/tickets/{subject,text}_index.py make it beside their tables."""
    return not (name or "").startswith(("ticket_subjects", "ticket_texts", "ix_tickets_subject", "ix_ticket_texts"))


def differences():
    """What Alembic would change."""
    with db.engine.connect() as connection:
        wanted = {"compare_type": same_type, "compare_server_default": True, "include_name": is_modelled}
        context = MigrationContext.configure(connection, opts=wanted)
        return compare_metadata(context, db.metadata)


def tables():
    """The tables there are."""
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_there_is_one_head_and_it_is_found_without_alembic():
    assert ScriptDirectory.from_config(schema.alembic_config()).get_heads() == [schema.newest()]


@BOTH
def test_migrating_makes_what_the_models_say(empty):
    assert schema.current() is None
    schema.upgrade()
    assert differences() == []
    assert schema.current() == schema.newest()


@BOTH
def test_migrating_twice_changes_nothing(empty):
    schema.upgrade()
    before = tables()
    schema.upgrade()
    assert tables() == before


@BOTH
def test_migrations_can_be_undone_and_done_again(empty):
    schema.upgrade()
    command.downgrade(schema.alembic_config(), "base")
    assert tables() == set()
    schema.upgrade()
    assert differences() == []


@BOTH
def test_tickets_that_were_there_before_full_text_are_found_and_followed(empty):
    schema.upgrade()
    asker = User(name="Frieda Brandt", email="f@acme.example", role="customer", created_at=NOW)
    db.session.add(asker)
    db.session.flush()
    times = {"created_at": NOW, "active_at": NOW, "queue_at": NOW}
    ticket = Ticket(ref="HT-0000001", kind="question", subject="Orbits", fields={}, requester_id=asker.id, **times)
    db.session.add(ticket)
    db.session.flush()
    said = {"ticket_id": ticket.id, "visibility": "public", "html": "", "by_staff": False, "created_at": NOW}
    db.session.add(Message(body="The perihelion.", **said))
    db.session.commit()
    command.downgrade(schema.alembic_config(), "20261128_upload_beat")
    schema.upgrade()
    agent = SimpleNamespace(id=0, is_staff=True, organization_id=None)
    assert [one.ref for one in search_queries.find("frieda perihelion", agent).items] == ["HT-0000001"]
    db.session.add(Message(body="The aphelion.", **said))
    db.session.flush()
    assert len(search_queries.find("orbits perihelion aphelion", agent).items) == 1


def test_the_migrations_make_the_full_text_that_a_new_database_gets():
    versions = ScriptDirectory.from_config(schema.alembic_config())
    names = ("20261128_ticket_texts", "20261128_words_added", "20261128_words_put_in", "20261128_ticket_merges", "20261128_words_moved")
    made, added, put_in, merged, moved = (versions.get_revision(name).module for name in names)
    anew = {f"CREATE {added.BEFORE}": [f"CREATE {added.FOLLOW}"], merged.BEFORE: [f"CREATE {merged.REWRITTEN}", merged.EDITED]}
    changed = [one for before in made.POSTGRESQL for one in anew.get(before, [before])]
    assert {*put_in.SQLITE, moved.SQLITE_MOVED} == set(text_index.SQLITE)
    assert changed == list(text_index.POSTGRESQL)
    assert (put_in.BEFORE, moved.BEFORE) == (made.SQLITE, merged.SQLITE_MOVED)


def test_the_tables_that_give_no_number_twice_are_those_of_the_models(empty):
    schema.upgrade()
    once = {table.name for table in db.metadata.tables.values() if table.dialect_options["sqlite"]["autoincrement"]}
    made = db.session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"))
    assert set(made) == once and "alert_routes" in once


@BOTH
def test_a_table_that_is_made_anew_keeps_its_rows_and_what_hangs_on_them(empty):
    schema.upgrade()
    route = AlertRoute(name="Nights", position=1, severities=[], ladder=[], changed_at=NOW)
    route.channels = [AlertChannel(kind="slack", target="#nights", position=1)]
    db.session.add(route)
    db.session.commit()
    db.session.remove()
    command.downgrade(schema.alembic_config(), "20261128_translation_beside")
    schema.upgrade()
    kept = db.session.scalars(select(AlertRoute)).one()
    assert (kept.name, [channel.target for channel in kept.channels]) == ("Nights", ["#nights"])
    db.session.delete(kept)
    db.session.flush()
    assert db.session.scalars(select(AlertChannel)).all() == []


@BOTH
def test_every_foreign_key_has_an_index_where_rows_are_looked_up_by_ticket(empty):
    """Timelines, messages and clocks are read by ticket; a table that names one has an index that begins with it."""
    schema.upgrade()
    inspector = inspect(db.engine)
    missing = [
        table
        for table in tables()
        if any(key["constrained_columns"] == ["ticket_id"] for key in inspector.get_foreign_keys(table))
        and not any(columns[:1] == ["ticket_id"] for columns in indexed(inspector, table))
    ]
    assert missing == []


def indexed(inspector, table):
    """The columns of each index, unique constraint and primary key of a table."""
    indexes = [index["column_names"] for index in inspector.get_indexes(table)]
    uniques = [unique["column_names"] for unique in inspector.get_unique_constraints(table)]
    return [*indexes, *uniques, inspector.get_pk_constraint(table)["constrained_columns"]]
