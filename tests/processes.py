"""Work in processes of its own, forked from a test: what runs at once, and what is killed in the middle."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import text

from app.extensions import db
from app.lib.database import writing

PATIENCE_SECONDS = 60


def in_processes(app: Flask, count: int, work: Callable[[], Any]) -> list[int | None]:
    """Run `work` at the same moment in `count` processes; how each ended. Nothing of a killed one holds a row any more."""
    db.session.remove()
    db.engine.dispose()
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(count)

    def child() -> None:
        db.engine.dispose(close=False)
        with app.app_context():
            barrier.wait(10)
            work()
        os._exit(0)

    processes = [context.Process(target=child) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_SECONDS)
    await_disconnection()
    return [process.exitcode for process in processes]


def after(change: Callable[[], Any], work: Callable[[], Any]) -> Any:
    """What `work()` returns in a thread of its own that begins before `change()` is committed here, and has to wait for it."""
    returned: list[Any] = []
    waiting = threading.Thread(target=lambda: returned.append(work()))
    db.session.commit()
    with writing():
        change()
        db.session.flush()
        waiting.start()
        # Long enough to come as far as what is being changed.
        waiting.join(0.7)
        assert waiting.is_alive(), "it did not wait"
        db.session.commit()
    waiting.join(PATIENCE_SECONDS)
    return returned[0]


def await_disconnection() -> None:
    """PostgreSQL keeps the locks of a dead client until it notices the death, a moment later."""
    if db.engine.dialect.name != "postgresql":
        return
    others = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    for _ in range(PATIENCE_SECONDS * 20):
        left = db.session.execute(others).scalar_one()
        db.session.rollback()
        if not left:
            return
        time.sleep(0.05)
    raise AssertionError(f"{left} connections are still there")
