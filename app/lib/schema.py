"""Migrating the database from within the application.

Alembic is loaded by who migrates. Whether that is needed at all is asked at each start and by each /readyz, and is found out
without it.
"""

import re
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import column, inspect, select, table

from app.config import ROOT
from app.extensions import db

FOLDER = ROOT / "migrations"
NAMED = re.compile(r"^(revision|down_revision)\b.*= ['\"]([^'\"]+)['\"]$", re.MULTILINE)


class Unknown(Exception):
    """The database has a schema of which this code knows nothing."""


def alembic_config() -> Any:
    """Alembic's settings; the connection comes from the application."""
    config = import_module("alembic.config").Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s")
    return config


def upgrade() -> None:
    """Bring the database to the newest schema; needs an application context. Repeating it does nothing. Raises Unknown."""
    command, refused = import_module("alembic.command"), import_module("alembic.util").CommandError
    try:
        command.upgrade(alembic_config(), "head")
    except refused as unknown:
        raise Unknown(str(unknown)) from unknown


@cache
def newest() -> str:
    """The schema that this code needs: the one migration that no other follows. Read from their files once a process."""
    names = [dict(NAMED.findall(path.read_text(encoding="utf-8"))) for path in (FOLDER / "versions").glob("*.py")]
    (last,) = {name["revision"] for name in names} - {name.get("down_revision") for name in names}
    return last


def current() -> str | None:
    """The schema that the database has, if any."""
    versions = table("alembic_version", column("version_num"))
    with db.engine.connect() as connection:
        return connection.scalar(select(versions.c.version_num)) if inspect(connection).has_table(versions.name) else None
