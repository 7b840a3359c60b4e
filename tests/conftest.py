"""The fixtures that most tests stand on.

`app` has a fresh database each time, with the reference rows and the company of people.py, at the moment `now` (the
clock stands still there; `clock` moves it). Tests marked `engines("sqlite", "postgresql")` run once on each.
"""

import gc
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
import structlog
import time_machine
from alembic import command
from flask import Flask
from redis import Redis
from rq.job import Job
from sqlalchemy import event

# Looking for cycles as often as Python does takes a seventh of the time, among so many objects that stay.
gc.set_threshold(50_000)
pytest.register_assert_rewrite("tests.client", "tests.markup", "tests.people")

from app import create_app
from app.accounts.models import User
from app.analytics import queries as figures
from app.config import Config
from app.extensions import QUEUES, db, limiter, queue
from app.extensions import redis as app_redis
from app.knowledge import indexing
from app.lib import schema
from app.lib.clock import utcnow
from app.lib.database import write_intent
from app.ops import baseline, workers
from app.tickets import desk_queries, search_queries
from tests import services
from tests.client import Browser
from tests.factories import NOW
from tests.mail.smtp import MailServer
from tests.people import company, move_in
from tests.rows import found_again, furnish
from tests.worker import RealWorker

hypothesis.settings.register_profile("suite", deadline=None, database=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Shut the door to other machines, and write no log, before any test runs."""
    services.shut_the_door()
    structlog.configure(processors=[quiet])


def quiet(logger: Any, method: str, event: Any) -> Any:
    """Drop a line of the log; `structlog.testing.capture_logs` still sees it."""
    raise structlog.DropEvent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked with `engines` once on each of them."""
    marker = metafunc.definition.get_closest_marker("engines")
    if marker and "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", marker.args)


@pytest.fixture
def engine() -> str:
    """The database of this test: sqlite unless its mark says otherwise."""
    return "sqlite"


@pytest.fixture
def now(request: pytest.FixtureRequest) -> datetime:
    """The moment of every test: Monday 23 November 2026, 10:00 in UTC; the present in those marked `real_clock`."""
    return utcnow() if request.node.get_closest_marker("real_clock") else NOW


@pytest.fixture
def clock(request: pytest.FixtureRequest, now: datetime) -> Iterator[time_machine.Traveller | None]:
    """The clock of this process stands still at `now`; `clock.shift(seconds)` and `clock.move_to(moment)` move it."""
    if request.node.get_closest_marker("real_clock"):
        yield None
        return
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def redis() -> Redis:
    """The embedded Redis of this process, empty."""
    redis_client().flushall()
    return redis_client()


@cache
def redis_client() -> Redis:
    """The one client of this process; it connects anew where a test has ended its server."""
    return Redis.from_url(services.redis().url)


@pytest.fixture
def app(request: pytest.FixtureRequest, engine: str, clock: time_machine.Traveller | None, redis: Redis) -> Iterator[Flask]:
    """The application with its context pushed, on a database as new; with all of tests/rows.py in those marked `furnished`."""
    # What an earlier test meant to do is not what this one means.
    write_intent.set(None)
    application = application_on(engine)
    is_furnished = request.node.get_closest_marker("furnished") is not None
    if is_furnished:
        furnished_on(engine)
        restore(engine, "furnished")
    else:
        restore(engine)
    # The limiter is one object for all applications: whoever makes another one switches it on again.
    limiter.enabled = False
    desk_queries.counted_at.cache_clear()
    search_queries.known_words.cache_clear()
    figures.stored.cache_clear()
    with application.app_context():
        if is_furnished and not indexing.generation():
            # Whichever tests ran before, pages have an index to ask.
            indexing.rebuild()
        yield application
        db.session.rollback()
        db.session.remove()
        db.engine.dispose()


@cache
def application_on(engine: str) -> Flask:
    """The one application of this process on an engine, and the database that each test gets a copy of."""
    application = built_app(engine)
    with building(application):
        db.create_all()
        command.stamp(schema.alembic_config(), "head")
        baseline.ensure(NOW)
        move_in(NOW)
        db.session.commit()
    keep(engine)
    return application


@cache
def furnished_on(engine: str) -> SimpleNamespace:
    """The rows of tests/rows.py, and the database that `furnished` tests get a copy of."""
    restore(engine)
    with building(application_on(engine)):
        rows = furnish(company(), NOW)
    keep(engine, "furnished")
    return rows


@contextmanager
def building(application: Flask) -> Iterator[None]:
    """A context at NOW that leaves no connection behind, and nothing queued."""
    with time_machine.travel(NOW, tick=False), application.app_context():
        yield
        db.session.remove()
        db.engine.dispose()
        app_redis().flushall()


@cache
def built_app(engine: str) -> Flask:
    """The application on an empty database."""
    if engine == "sqlite":
        url = f"sqlite:///{database_file()}"
    else:
        services.postgres().create("hive_test")
        url = services.postgres().url("hive_test")
    application = create_app(test_config(url))
    application.testing = True
    limiter.enabled = False
    return application


def test_config(database_url: str, **over: Any) -> Config:
    """The settings of the tests; limits on requests are counted, but off unless a test asks for them. Surveys as in production."""
    directory = services.directory()
    given = {"env": "test", "secret_key": "for tests only", "base_url": "http://localhost", "log_level": "ERROR", "rate_limits": True}
    given["survey_quiet_days"] = 7
    return Config(**{**given, "data_dir": directory, "database_url": database_url, "redis_url": services.redis().url, **over}).completed()


test_config.__test__ = False  # type: ignore[attr-defined]


def database_file() -> Path:
    """The SQLite file of this process."""
    return services.directory() / "test.sqlite3"


# Of which engine and under which names `once` has kept a database.
made_once: set[tuple[str, str]] = set()


def keep(engine: str, name: str = "template") -> None:
    """Keep the database as it is now under a name."""
    if engine == "postgresql":
        services.postgres().create(f"hive_{name}", "hive_test")
        return
    connection = sqlite3.connect(database_file())
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copyfile(database_file(), database_file().with_suffix(f".{name}"))


def restore(engine: str, name: str = "template") -> None:
    """Put a kept database in place. Nobody is connected."""
    if engine == "postgresql":
        services.postgres().create("hive_test", f"hive_{name}")
        return
    for suffix in ("-wal", "-shm"):
        Path(f"{database_file()}{suffix}").unlink(missing_ok=True)
    shutil.copyfile(database_file().with_suffix(f".{name}"), database_file())


@pytest.fixture
def once(app: Flask, engine: str) -> Callable[[str, Callable[[], Any]], None]:
    """`once("name", make)` leaves the database as `make()` does, which is called the first time only: others get a copy.

    Nothing but the database is kept. What is queued goes, the first time too, so that all begin alike.
    """

    def stand(name: str, make: Callable[[], Any]) -> None:
        is_new = (engine, name) not in made_once
        if is_new:
            make()
            made_once.add((engine, name))
        db.session.commit()
        db.engine.dispose()
        keep(engine, name) if is_new else restore(engine, name)
        app_redis().flushall()

    return stand


@pytest.fixture
def people(app: Flask) -> SimpleNamespace:
    """The company: owner, user, colleague, stranger, guest, agent, agent2, lead, admin, moderator; acme and globex."""
    return company()


@pytest.fixture
def rows(app: Flask, engine: str) -> SimpleNamespace:
    """The rows of tests/rows.py, in tests marked `furnished`."""
    return found_again(furnished_on(engine))


@pytest.fixture
def browse(app: Flask, now: datetime) -> Callable[[User | None], Browser]:
    """`browse(person)` is a browser in which they are signed in, `browse(None)` that of a visitor; see tests/client.py."""
    return lambda person=None: Browser(app, person, now)


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    """A real mail server on this machine; `smtp.received` is what arrived."""
    server = MailServer().start()
    yield server
    server.stop()


@pytest.fixture
def worker(app: Flask, smtp: MailServer) -> Iterator[Callable[..., RealWorker]]:
    """`worker(SMTP_URL=…)` starts the real worker.py on the database and Redis of this test; see tests/worker.py.

    It ends before the mail server does, so that no mail is left hanging in between.
    """
    started: list[RealWorker] = []

    def start(**settings: Any) -> RealWorker:
        started.append(RealWorker(app, **settings))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def rate_limits(app: Flask, redis: Redis) -> Iterator[None]:
    """Throttle requests in this test, as outside of tests."""
    limiter.enabled = True
    yield
    limiter.enabled = False


@pytest.fixture
def statements(app: Flask) -> Callable[[], Any]:
    """`with statements() as seen:` collects the SQL statements of any request or query within."""

    @contextmanager
    def collect() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if not statement.startswith("BEGIN"):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return collect


@pytest.fixture
def drain(app: Flask) -> Callable[..., int]:
    """`drain(app)` does every queued job, and those that they queue, in this process; returns how many.

    A job that fails fails the test, unless `failing=True` says that this is meant.
    """

    def run(application: Flask | None = None, *, failing: bool = False) -> int:
        db.session.commit()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        done = workers.drain(application or app)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        db.session.expire_all()
        if not failing:
            assert not failed_jobs(), "a job failed:\n" + "\n".join(failed_jobs())
        return done

    return run


def failed_jobs() -> list[str]:
    """The jobs that failed or wait for another try, with what they raised."""
    ids = [
        i
        for name in QUEUES
        for registry in (queue(name).failed_job_registry, queue(name).scheduled_job_registry)
        for i in registry.get_job_ids()
    ]
    jobs = Job.fetch_many(ids, connection=app_redis(), serializer=queue(QUEUES[0]).serializer)
    return [f"{job.description}: {job.latest_result().exc_string if job.latest_result() else ''}" for job in jobs if job is not None]
