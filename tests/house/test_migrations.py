"""The migrations make exactly the tables of the models, on both databases, and can be undone."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from app import create_app
from app.extensions import db
from app.lib import schema
from app.lib.database import UTCDateTime
from tests import services
from tests.conftest import test_config as settings_for

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
    """Full text over subjects has no model: app/tickets/subject_index.py makes it beside the tickets' table."""
    return not (name or "").startswith(("ticket_subjects", "ix_tickets_subject"))


def differences():
    """What Alembic would change."""
    with db.engine.connect() as connection:
        wanted = {"compare_type": same_type, "compare_server_default": True, "include_name": is_modelled}
        context = MigrationContext.configure(connection, opts=wanted)
        return compare_metadata(context, db.metadata)


def tables():
    """The tables there are."""
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_there_is_one_head():
    assert len(ScriptDirectory.from_config(schema.alembic_config()).get_heads()) == 1


@BOTH
def test_migrating_makes_what_the_models_say(empty):
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
