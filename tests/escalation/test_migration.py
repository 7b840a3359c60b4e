"""What is critical and open when the matrix comes is watched from then on."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import MetaData, Table, insert, select

from app import create_app
from app.escalation.models import EscalationWatch
from app.extensions import db
from app.lib import schema
from tests import services
from tests.conftest import test_config as settings_for

NOW = datetime.now(UTC)


@pytest.fixture
def before(engine, tmp_path):
    """An application on a database as it was before the matrix."""
    url = f"sqlite:///{tmp_path / 'before.sqlite3'}"
    if engine == "postgresql":
        services.postgres().create("hive_before")
        url = services.postgres().url("hive_before")
    app = create_app(settings_for(url))
    with app.app_context():
        command.upgrade(schema.alembic_config(), "20261127_alerts")
        yield app
        db.session.remove()
        db.engine.dispose()


def row(table, **values):
    """A row in which whatever must be set is set to something."""
    given = {
        "int": 0,
        "str": "",
        "bool": False,
        "datetime": NOW.replace(tzinfo=None) if db.engine.dialect.name == "sqlite" else NOW,
        "dict": {},
    }
    must = {c.name: given.get(c.type.python_type.__name__) for c in table.columns if not c.nullable and c.name != "id"}
    return insert(table).values({**must, **values})


@pytest.mark.engines("sqlite", "postgresql")
def test_open_critical_tickets_are_watched_for_a_day_from_the_migration_on(before):
    with db.engine.begin() as connection:
        users, tickets = (Table(name, MetaData(), autoload_with=connection) for name in ("users", "tickets"))
        connection.execute(row(users, id=1, email="a@b.example"))
        states = [("emergency", True), ("critical", True), ("high", True), ("critical", False)]
        for number, (priority, is_open) in enumerate(states, 1):
            mine = {"id": number, "ref": f"HT-{number}", "requester_id": 1, "promised_priority": priority, "is_open": is_open, "version": 1}
            connection.execute(row(tickets, **mine))
    command.upgrade(schema.alembic_config(), "20261127_escalation")
    found = db.session.execute(select(EscalationWatch.ticket_id, EscalationWatch.due_at).order_by(EscalationWatch.ticket_id)).all()
    assert [one.ticket_id for one in found] == [1, 2]
    assert all(timedelta(hours=23) < one.due_at - NOW < timedelta(hours=25) for one in found)
