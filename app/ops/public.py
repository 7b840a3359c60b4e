"""What machines ask of us: are you alive, are you ready, how are you."""

import hmac
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response, current_app, jsonify, request
from prometheus_client import generate_latest
from prometheus_client.core import Metric
from redis.exceptions import RedisError
from rq.registry import FailedJobRegistry
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.audiences import public
from app.extensions import QUEUES, db, queue, redis
from app.knowledge import indexing, keeper
from app.lib import metrics, schema
from app.lib.clock import utcnow
from app.lib.errors import NotAllowed
from app.mail.models import OutboundMail

bp = public("ops", __name__)
TEXT = "text/plain; version=0.0.4; charset=utf-8"
NO_STORE = {"Cache-Control": "no-store"}
UNDELIVERED = ("queued", "deferred", "failed", "bounced")


@bp.get("/healthz")
def healthz() -> Response:
    """Alive: this process answers. No I/O."""
    return Response("ok\n", mimetype="text/plain", headers=NO_STORE)


@bp.get("/readyz")
def readyz() -> Response:
    """Ready: database, schema, Redis and search answer. 503 names what does not."""
    failing = [name for name, check in CHECKS.items() if not check()]
    answer = jsonify(status="failing" if failing else "ready", failing=failing)
    answer.status_code = 503 if failing else 200
    answer.headers.update(NO_STORE)
    return answer


@bp.get("/metrics")
def prometheus() -> Response:
    """Everything that Prometheus reads. In production it needs METRICS_TOKEN, since names of staff are in it."""
    settings = current_app.config["SETTINGS"]
    if settings.metrics_token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), settings.metrics_token.encode()):
            return Response("A bearer token is needed.\n", 401, {"WWW-Authenticate": "Bearer", **NO_STORE}, mimetype="text/plain")
    elif settings.env == "production":
        raise NotAllowed("Set METRICS_TOKEN, and give it to Prometheus as its bearer token.")
    collectors = [Families(lambda read=read: read(utcnow())) for read in metrics.SOURCES.values()]  # type: ignore[misc]
    body = b"".join(map(generate_latest, [*collectors, Families(own)])) + generate_latest(metrics.registry())
    return Response(body, content_type=TEXT, headers=NO_STORE)


class Families:
    """Families as the library's exposition reads them."""

    def __init__(self, make: Callable[[], Iterator[Metric]]) -> None:
        self.make = make

    def collect(self) -> Iterator[Metric]:
        """All of them, once."""
        return self.make()


def own() -> Iterator[Metric]:
    """Queues and mail as they are now."""
    waiting = Metric("hive_queue_jobs", "Jobs that wait in a queue.", "gauge")
    failed = Metric("hive_queue_failed_jobs", "Jobs that failed for good and are kept.", "gauge")
    up = Metric("hive_redis_up", "Whether Redis answers.", "gauge")
    try:
        for name in QUEUES:
            waiting.add_sample("hive_queue_jobs", {"queue": name}, queue(name).count)
            failed.add_sample("hive_queue_failed_jobs", {"queue": name}, FailedJobRegistry(queue=queue(name)).get_job_count(cleanup=False))
        up.add_sample("hive_redis_up", {}, 1)
    except (RedisError, OSError):
        up.add_sample("hive_redis_up", {}, 0)
    mail = Metric("hive_mail_messages", "Mail that has not arrived, by state.", "gauge")
    troubled = select(OutboundMail.state, func.count()).where(OutboundMail.state.in_(UNDELIVERED)).group_by(OutboundMail.state)
    found = {row[0]: row[1] for row in db.session.execute(troubled)}
    # None is 0, too: an alert on a series that is missing never ends.
    for state in UNDELIVERED:
        mail.add_sample("hive_mail_messages", {"state": state}, found.get(state, 0))
    return iter((waiting, failed, up, mail))


def database_answers() -> bool:
    """Whether the database does what it is asked."""
    try:
        return bool(db.session.execute(select(1)).scalar())
    except SQLAlchemyError:
        db.session.rollback()
        return False


def schema_is_new() -> bool:
    """Whether the database has the schema of this code."""
    try:
        return schema.current() == schema.newest()
    except SQLAlchemyError:
        return False


def redis_answers() -> bool:
    """Whether Redis does."""
    try:
        return bool(redis().ping())
    except (RedisError, OSError):
        return False


def search_answers() -> bool:
    """Whether this machine has its search index; a new one builds it while the database answers roughly."""
    keeper.ensure()
    return bool(indexing.generation())


CHECKS: dict[str, Callable[[], Any]] = {
    "database": database_answers,
    "schema": schema_is_new,
    "redis": redis_answers,
    "search": search_answers,
}
