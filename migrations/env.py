"""How Alembic runs our migrations: on the application's own engine, or on the connection that it is given."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from app.lib.database import UTCDateTime

db = current_app.extensions["sqlalchemy"]


def render(kind: str, thing: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Migrations import nothing of ours: a UTCDateTime is a plain column there."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UTCDateTime) else False


def is_modelled(name: str | None, kind: str, parents: Any) -> bool:
    """Whether something in the database has a model: full text over tickets has none (app/tickets/{subject,text}_index.py)."""
    return not (name or "").startswith(("ticket_subjects", "ticket_texts", "ix_tickets_subject", "ix_ticket_texts"))


def run() -> None:
    """Migrate online. A migration that cannot have its lock soon gives up, rather than stop the site behind it."""
    engine = db.engine
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET lock_timeout = '5s'")
            connection.commit()
        else:
            # SQLite drops a table to make it anew, and with foreign keys in force what hangs on its rows would go with them
            # (https://www.sqlite.org/lang_altertable.html#otheralter). No other transaction gets this connection.
            connection.detach()
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=engine.dialect.name == "sqlite",
            compare_type=True,
            render_item=render,
            include_name=is_modelled,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
