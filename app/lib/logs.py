"""Logs: JSON lines on standard output in production, readable ones elsewhere. Event names and ids; never bodies or addresses of people."""

import logging
import sys
import time
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars
from structlog.typing import Processor

from app.config import Config

log = structlog.get_logger("app.request")

# Asked for by machines every few seconds: told only when something is wrong.
QUIET = frozenset({"static", "ops.healthz", "ops.readyz", "ops.metrics"})


def configure(settings: Config, stream: TextIO | None = None) -> None:
    """Send everything, the standard library's loggers too, through one format to `stream` (standard output, if not given).

    Called once by each process that is started.
    """
    output = stream or sys.stdout
    shared: list[Processor] = [
        merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    machine = settings.env == "production"
    last: list[Processor] = (
        [structlog.processors.JSONRenderer()]
        if machine
        else [structlog.dev.ConsoleRenderer(colors=output.isatty(), exception_formatter=structlog.dev.plain_traceback)]
    )
    if machine:
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(output)
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[strip, *last]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for name in ("rq", "alembic", "urllib3"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def install(app: Flask) -> None:
    """Put the request's id on each line that is written during it, and write one line when it is answered."""
    app.before_request(begin)
    app.after_request(answered)
    app.teardown_request(end)


def begin() -> None:
    """The id was given by `app.lib.security`, which runs before."""
    clear_contextvars()
    bind_contextvars(request_id=g.get("request_id", ""))
    g.started_at = time.perf_counter()


def answered(response: Response) -> Response:
    """One line for each request. The endpoint, not the path: paths and queries can hold tokens and addresses."""
    seconds = time.perf_counter() - g.get("started_at", time.perf_counter())
    facts: dict[str, Any] = {
        "endpoint": request.endpoint,
        "method": request.method,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
    }
    if request.endpoint not in QUIET:
        log.info("request.done", **facts)
    elif response.status_code >= 500:
        log.warning("request.done", **facts)
    return response


def end(error: BaseException | None) -> None:
    """The thread's next request starts clean."""
    clear_contextvars()
