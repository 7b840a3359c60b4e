"""Migrating the database from within the application."""

from functools import cache

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.config import ROOT
from app.extensions import db


def alembic_config() -> AlembicConfig:
    """Alembic's settings; the connection comes from the application."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s")
    return config


def upgrade() -> None:
    """Bring the database to the newest schema; needs an application context. Repeating it does nothing."""
    command.upgrade(alembic_config(), "head")


@cache
def newest() -> str | None:
    """The schema that this code needs, read from the folder of migrations once a process."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def current() -> str | None:
    """The schema that the database has."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
