"""What each process counts of its own work. Files in DATA_DIR let the processes of one machine be summed up."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from app.config import Config

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"

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


def install(app: Flask) -> None:
    """Give this process its instruments, and time every request."""
    folder = app.config["SETTINGS"].data_dir / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    # The library reads this variable itself, when it opens its files.
    os.environ[FOLDER] = str(folder)
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
