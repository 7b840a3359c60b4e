"""What `hive-support doctor` looks at. Each part is examined by itself, so that one that is broken hides no other."""

import os
import shutil
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from redis.exceptions import RedisError, ResponseError
from rq import Worker
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.models import Plan
from app.config import Config
from app.events.models import Event
from app.extensions import QUEUES, db, queue, redis
from app.lib import schema
from app.lib.clock import utcnow
from app.mail import transport
from app.mail.models import OutboundMail
from app.ops import ticker
from app.search.semantic import loading

FREE_BYTES = 500_000_000
OVERDUE = timedelta(minutes=5)
MANY_JOBS = 1000


@dataclass(frozen=True)
class Finding:
    """One part: how it is, and what to do if it is not well."""

    part: str
    is_well: bool
    told: str
    mend: str = ""


def examine(settings: Config) -> list[Finding]:
    """Look at every part; needs an application context. Changes nothing."""
    parts = (of_data_dir(settings), of_time_zones(), of_database(settings), of_redis(settings), of_mail(settings), of_search(settings))
    return [finding for part in parts for finding in part]


def of_data_dir(settings: Config) -> Iterator[Finding]:
    """Where this machine keeps its state."""
    place = settings.data_dir
    if not place.is_dir():
        yield Finding("data directory", False, f"{place} does not exist.", "It is made by `make run`; or set DATA_DIR to one that exists.")
        return
    writable = os.access(place, os.W_OK | os.X_OK)
    yield Finding(
        "data directory", writable, f"{place} is {'writable' if writable else 'not writable'}.", f"chown it to this user: {place}"
    )
    free = shutil.disk_usage(place).free
    told = f"{free / 1e9:.1f} GB are free."
    yield Finding("disk", free > FREE_BYTES, told, "Free some space, or move DATA_DIR to a larger disk.")


def of_time_zones() -> Iterator[Finding]:
    """Clocks and calendars are of no use without the world's time zones."""
    try:
        ZoneInfo("Europe/Berlin")
    except ZoneInfoNotFoundError:
        yield Finding("time zones", False, "The time zone database is missing.", "Install it: apt-get install tzdata.")
    else:
        yield Finding("time zones", True, "The time zone database is there.")


def of_database(settings: Config) -> Iterator[Finding]:
    """The database, its schema, its reference rows, and events that nobody has dispatched."""
    try:
        kind = db.engine.dialect.name
        db.session.execute(select(1))
        yield Finding("database", True, f"{kind} answers.")
        has, needs = schema.current(), schema.newest()
        if has != needs:
            yield Finding("schema", False, f"It is {has or 'empty'}, this code needs {needs}.", "hive-support migrate")
            return
        yield Finding("schema", True, f"It is {has}, as this code needs.")
        plans = db.session.scalar(select(func.count()).select_from(Plan)) or 0
        yield Finding("reference rows", plans > 0, f"{plans} plans.", "hive-support migrate")
        yield events()
    except SQLAlchemyError as broken:
        db.session.rollback()
        reason = str(getattr(broken, "orig", broken)).strip().splitlines()[0]
        yield Finding("database", False, reason, "Start the database, or correct DATABASE_URL.")


def events() -> Finding:
    """Whether what happened is followed by what should follow."""
    late = select(Event.id).where(Event.dispatched_at.is_(None), Event.at < utcnow() - OVERDUE).limit(1000)
    number = db.session.scalar(select(func.count()).select_from(late.subquery())) or 0
    mend = "Start the workers and the scheduler (`make run`, or worker.py); they catch up by themselves."
    return Finding("events", number == 0, f"{number} wait longer than {OVERDUE.seconds // 60} minutes." if number else "None waits.", mend)


def of_redis(settings: Config) -> Iterator[Finding]:
    """Redis, the queues, the workers and the scheduler."""
    embedded = settings.redis_url.startswith("unix:")
    try:
        redis().ping()
        yield Finding("redis", True, "It answers.")
        for name in QUEUES:
            yield of_queue(name)
        ticking = ticker.is_ticking()
        mend = "Start it: `make run`, or worker.py --only ticker."
        yield Finding("scheduler", ticking, "It ticks." if ticking else "It has not ticked for two minutes.", mend)
    except ResponseError as refused:
        # It answers, so that starting it is no remedy: most often its disk is full.
        yield Finding(
            "redis", False, f"It refuses to work: {refused}.", "See that its disk has room and its memory a limit that holds the queues."
        )
    except (RedisError, OSError) as away:
        mend = "It runs while `make run` does." if embedded else "Start Redis, or correct REDIS_URL."
        yield Finding("redis", False, f"It does not answer ({type(away).__name__}).", mend)


def of_queue(name: str) -> Finding:
    """Whether a queue has a worker, and keeps up."""
    waiting, failed = queue(name).count, queue(name).failed_job_registry.get_job_count(cleanup=False)
    workers = len(Worker.all(queue=queue(name)))
    told = f"{workers} worker{'' if workers == 1 else 's'}, {waiting} waiting, {failed} failed for good."
    if not workers:
        return Finding(f"queue {name}", False, told, f"Start its worker: `make run`, or worker.py --only {name}.")
    mend = "Look at the workers' log for why; `rq requeue --all` tries failed ones again. More worker processes work off a long queue."
    return Finding(f"queue {name}", waiting < MANY_JOBS and not failed, told, mend)


def of_search(settings: Config) -> Iterator[Finding]:
    """Whether what finds by meaning is there, where it is wished."""
    if settings.search_semantic:
        try:
            loading.load()
            yield Finding("search by meaning", True, "The model is there.")
        except loading.Missing as missing:
            mend = "make semantic; or unset SEARCH_SEMANTIC. Meanwhile the search finds by words."
            yield Finding("search by meaning", False, f"{missing}.", mend)


def of_mail(settings: Config) -> Iterator[Finding]:
    """Whether mail leaves, and whether any has failed of late."""
    if not settings.smtp_url:
        told, mend = "It is kept and shown at /dev/mail.", "Set SMTP_URL: without it nobody receives any mail."
        yield Finding("mail server", settings.env != "production", told, mend)
    else:
        yield of_smtp(settings.smtp_url)
    try:
        since = utcnow() - timedelta(days=1)
        troubled = select(func.count()).select_from(OutboundMail).where(OutboundMail.state == "failed", OutboundMail.created_at > since)
        number = db.session.scalar(troubled) or 0
        yield Finding(
            "mail", number == 0, f"{number} failed within a day." if number else "None failed within a day.", "See why at /desk/mail."
        )
    except SQLAlchemyError:
        db.session.rollback()


def of_smtp(url: str) -> Finding:
    """Whether the mail server greets us, and lets us in."""
    mend = "Start the mail server, or correct SMTP_URL."
    try:
        server = transport.parse_smtp_url(url)
        connection = transport.connect(server)
        try:
            transport.authenticate(connection, server)
        finally:
            transport.hang_up(connection)
    except (OSError, ValueError, smtplib.SMTPException) as away:
        return Finding("mail server", False, f"It cannot be used: {away}.", mend)
    return Finding("mail server", True, f"{server.host} answers.", mend)
