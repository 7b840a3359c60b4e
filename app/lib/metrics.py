"""What each process counts of its own work. Files in DATA_DIR let the processes of one machine be summed up."""

import mmap
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from app.config import Config

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Of the library's files: how large they begin, where their first figure stands, what a figure takes beside its name.
FIRST_BYTES, HEAD_BYTES, MOST_BESIDE_KEY = 1 << 16, 8, 40

# Figures that a feature reads from the database when /metrics is asked, by the feature's name. /metrics knows no feature,
# so each hands over its own where its blueprint is made.
SOURCES: dict[str, Callable[[datetime], Iterator[Metric]]] = {}


@dataclass(frozen=True)
class Counters:
    """The instruments of one process."""

    requests: Histogram
    jobs: Counter
    searches: Counter
    alerts: Counter
    deliveries: Counter


class Figures(MmapedDict):
    """The figures of a process in a file, whose room is taken before anything is written to it.

    The library makes files with holes, and on a full disk the kernel ends a process that writes into one. Where there is
    no room the figures stay in memory: they are missing from /metrics, and every page is answered.
    """

    _f: Any

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        try:
            make(Path(filename))
            super().__init__(filename, read_mode)
        except OSError:
            self._f, self._m, self._capacity = None, mmap.mmap(-1, FIRST_BYTES), FIRST_BYTES
            self._positions, self._used = {}, HEAD_BYTES

    def _init_value(self, key: str) -> None:
        if self._used + len(key.encode()) + MOST_BESIDE_KEY > self._capacity:
            self.grow()
        super()._init_value(key)

    def grow(self) -> None:
        """Twice the room, in the file if it has it."""
        held, wider = self._m[:], 2 * self._capacity
        try:
            if self._f is not None:
                reserve(self._f.fileno(), wider)
                self._m = mmap.mmap(self._f.fileno(), wider)
        except OSError:
            self._f.close()
            self._f = None
        if self._f is None:
            self._m = mmap.mmap(-1, wider)
            self._m[: len(held)] = held
        self._capacity = wider


def install(app: Flask) -> None:
    """Give this process its instruments, and time every request."""
    folder = app.config["SETTINGS"].data_dir / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    # The library reads this variable itself, when it opens its files.
    os.environ[FOLDER] = str(folder)
    values.MmapedDict = Figures  # type: ignore[misc]
    values.ValueClass = values.MultiProcessValue()
    registry = CollectorRegistry()
    app.extensions["counters"] = Counters(
        Histogram(
            "hive_http_request_seconds", "Time to answer a request.", ["endpoint", "method", "status"], buckets=SECONDS, registry=registry
        ),
        Counter("hive_jobs", "Jobs that workers did.", ["queue", "job", "outcome"], registry=registry),
        Counter("hive_searches", "Searches of the help centre.", ["outcome"], registry=registry),
        Counter("hive_alerts_raised", "Alerts that were sent, by what brought them about.", ["severity", "why"], registry=registry),
        Counter("hive_alert_deliveries", "Messages of alerts, each time one is tried.", ["channel", "state"], registry=registry),
    )
    app.after_request(timed)


def make(path: Path) -> None:
    """Make a file of figures, or leave it as it is. Raises OSError, and leaves none behind, when there is no room."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        reserve(handle, FIRST_BYTES)
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(handle)


def reserve(handle: int, size: int) -> None:
    """Write noughts at the end of a file until it has a size. Raises OSError when there is no room."""
    missing = size - os.fstat(handle).st_size
    while missing > 0:
        missing -= os.write(handle, bytes(missing))


def clear(settings: Config) -> None:
    """Forget what processes of an earlier start counted; called once, before the processes of this one are started."""
    for path in (settings.data_dir / "metrics").glob("*.db"):
        path.unlink()


def timed(response: Response) -> Response:
    """Observe one request. Unknown addresses share one series, so that nobody can make us keep many."""
    seconds = time.perf_counter() - g.get("started_at", time.perf_counter())
    counters().requests.labels(request.endpoint or "none", request.method if request.endpoint else "any", response.status_code).observe(
        seconds
    )
    return response


def counters() -> Counters:
    """This process's instruments."""
    found: Counters = current_app.extensions["counters"]
    return found


def registry() -> CollectorRegistry:
    """The instruments of all processes of this machine, summed up."""
    found = CollectorRegistry()
    MultiProcessCollector(found)
    return found
