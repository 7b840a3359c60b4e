"""The real worker for tests: `python worker.py` as a process of its own, on the database and the Redis of a test."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from rq import Worker

from app.extensions import QUEUES, queue
from tests import forked, services

PATIENCE_SECONDS = 60.0


def environment(app: Flask, **over: str) -> dict[str, str]:
    """The variables that give another process the settings of `app`, and those of `over`."""
    settings = app.config["SETTINGS"]
    mine = {
        "ENV": settings.env,
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "BASE_URL": settings.base_url,
        "LOG_LEVEL": "WARNING",
    }
    return {**os.environ, **mine, **over}


class RealWorker:
    """Every part of worker.py, or `only` one, from start until `stop`."""

    def __init__(self, app: Flask, *, only: str | None = None, **over: str) -> None:
        self.log = Path(app.config["SETTINGS"].data_dir) / f"worker-{only or 'all'}.log"
        self.parts = [only] if only else list(QUEUES)
        command = ["worker.py", *(["--only", only] if only else [])]
        self.process = forked.Python(*command, environ=environment(app, **over), stdout=self.log)
        services.at_exit(self.stop)
        until(lambda: all(self.pid_of(part) for part in self.parts if part in QUEUES), "the workers to register")

    def pid_of(self, part: str) -> int | None:
        """The process that works on a queue now."""
        pids = [worker.pid for worker in Worker.all(queue=queue(part)) if worker.pid and runs(worker.pid)]
        return pids[0] if pids else None

    def kill(self, part: str) -> int:
        """End the process of one part without any warning; returns its number."""
        pid = self.pid_of(part)
        assert pid is not None, f"nobody works on {part}"
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop(self) -> None:
        """Ask it to end, as an operator would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_SECONDS)


def runs(pid: int) -> bool:
    """Whether a process lives, and is no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def until(happened: Callable[[], Any], what: str, *, seconds: float = PATIENCE_SECONDS) -> Any:
    """Wait until `happened()` is true and return what it says; AssertionError after `seconds`."""
    limit = time.monotonic() + seconds
    while True:
        answer = happened()
        if answer:
            return answer
        assert time.monotonic() < limit, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(0.05)
