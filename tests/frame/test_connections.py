"""Connections that the pool hands out."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, func, select

from app.extensions import db
from app.lib import database


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
