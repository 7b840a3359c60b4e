"""`hive-support up`: everything on one machine from one command, each part a child that ends when this process does."""

import errno
import fcntl
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from flask import Flask
from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError

from app.accounts.models import User
from app.config import Config
from app.extensions import db
from app.lib import logs, memory, metrics, schema
from app.lib.clock import utcnow
from app.lib.database import writing
from app.ops import baseline, redis_server, workers
from app.ops.processes import Child, Supervisor, exit_code, fork
from app.ops.ticker import Every
from app.ops.web import GRACE_SECONDS, Server

READY_SECONDS = 60.0
PASSWORD = "hive-demo"  # noqa: S105 - printed for everybody; the loader refuses to make these people in production
SIGN_INS = (
    ("owner@acme.example", "customer admin, Acme, Enterprise Priority"),
    ("user@acme.example", "customer, Acme"),
    ("user@globex.example", "customer, Globex, Technical"),
    ("agent@hivetechs.example", "support engineer"),
    ("lead@hivetechs.example", "lead"),
    ("admin@hivetechs.example", "administrator"),
    ("moderator@hivetechs.example", "community moderator"),
)


class CannotStart(RuntimeError):
    """Something stands in the way; the message says what, and what to do."""


class Stopped(Exception):
    """Told to stop while starting."""


class Steps:
    """Progress: one line for each step, with the time it took."""

    def __init__(self) -> None:
        self.started = self.last = time.monotonic()

    def done(self, what: str) -> None:
        """Print a finished step."""
        now = time.monotonic()
        print(f"  ✓ {what}  {now - self.last:.1f} s", flush=True)  # noqa: T201
        self.last = now


def say(line: str = "") -> None:
    """Print for the person at the terminal."""
    print(line, flush=True)  # noqa: T201


def up(app: Flask, schedule: Mapping[str, Every], load_demo: Callable[[], None], *, reload: bool = False) -> None:
    """Start Redis, migrate, load the demo company the first time, start web, workers and scheduler; run until told to stop.

    Raises CannotStart (nothing is left running) when a part cannot start. Every part that dies later is started again.
    """
    settings: Config = app.config["SETTINGS"]
    logs.configure(settings)
    supervisor = Supervisor(lambda line: say(f"  ! {line}"), adopts=True)
    with only_one(settings.data_dir):
        refuse_taken_port(settings)
        supervisor.listen()
        try:
            start(app, schedule, load_demo, supervisor, reload=reload)
            supervisor.keep_running()
        except Stopped:
            pass
        finally:
            if supervisor.stopping:
                say("\nStopping …")
            supervisor.stop()
    say("Stopped.")


def start(app: Flask, schedule: Mapping[str, Every], load_demo: Callable[[], None], supervisor: Supervisor, *, reload: bool) -> None:
    """Start every part in order; returns when the site answers, or when told to stop meanwhile."""
    settings: Config = app.config["SETTINGS"]
    steps = Steps()
    if is_embedded(settings):
        start_redis(settings, supervisor)
        steps.done("Redis")
    elif not redis_server.is_ready(settings.redis_url):
        raise CannotStart("Redis does not answer at REDIS_URL. Start it, correct the address, or unset REDIS_URL to use the embedded one.")
    in_child(lambda: migrate(app), supervisor, "The database could not be prepared; the reason stands above.")
    steps.done("Database")
    if settings.dev and in_child(lambda: leave_with(has_people(app)), supervisor, None) == 0:
        say("  · Loading the demo company, this once")
        failure = "The demo company could not be loaded; the reason stands above. `hive-support demo load` tries again."
        in_child(load_demo, supervisor, failure)
        steps.done("Demo company")
    metrics.clear(settings)
    memory.settle()
    supervisor.add(Child("The web server", lambda: fork(Server(app, reload=reload).run), GRACE_SECONDS + 5.0))
    supervisor.add(Child("The job workers", lambda: fork(lambda: workers.run(app, schedule)), workers.STOP_SECONDS + 5.0))
    wait_until_ready(settings, supervisor)
    if not supervisor.stopping:
        steps.done("Web, workers and scheduler")
        welcome(settings, steps)


def only_one(data_dir: Path) -> IO[str]:
    """Hold the lock of DATA_DIR, so that two of us never write one index or one Redis; the kernel frees it when we end."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "up.lock").open("a+", encoding="ascii")
    except OSError as refused:
        raise CannotStart(f"{data_dir} cannot be written to ({refused.strerror}). Set DATA_DIR to a directory of yours.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        pid = lock.read().strip()
        lock.close()
        raise CannotStart(
            f"It is running already on {data_dir} (process {pid}). Stop that one first, or set another DATA_DIR and PORT."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def refuse_taken_port(settings: Config) -> None:
    """Say now, not after a minute, that the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as taken:
            if taken.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"Port {settings.port} is taken by another program. Stop that, or choose another port: PORT={settings.port + 1} make run"
                ) from None
            raise CannotStart(
                f"{settings.host}:{settings.port} cannot be listened on ({taken.strerror}). Choose another HOST or PORT."
            ) from None


def is_embedded(settings: Config) -> bool:
    """Whether Redis is ours to start: its socket lies in DATA_DIR."""
    return settings.redis_url == f"unix://{settings.data_dir / 'redis.sock'}"


def start_redis(settings: Config, supervisor: Supervisor) -> None:
    """Start the embedded Redis and wait until it has read its data."""
    directory = settings.data_dir / "redis"
    servers: list[subprocess.Popen[bytes]] = []

    def run() -> int:
        servers[:] = [redis_server.start(directory, settings.data_dir / "redis.sock", session=True)]
        return servers[0].pid

    supervisor.add(Child("Redis", run))
    redis_server.wait(settings.redis_url, servers[0], directory)


def in_child(run: Callable[[], Any], supervisor: Supervisor, failure: str | None) -> int:
    """Do something in a process of its own, so that no connection and no thread of it is in us when we fork later.

    Returns its exit code; raises CannotStart(failure) when that is not 0, unless no failure is given, and Stopped when
    we are told to stop meanwhile: what it has not committed is undone.
    """
    child = Child("A step of the start", lambda: fork(run))
    child.run()
    code = exit_code(child.pid)
    while code is None and not supervisor.stopping:
        time.sleep(0.01)
        code = exit_code(child.pid)
    if supervisor.stopping:
        child.stop()
        raise Stopped
    if code and failure:
        raise CannotStart(failure)
    return code or 0


def leave_with(answer: bool) -> None:
    """End a child with an answer: exit code 1 for yes."""
    raise SystemExit(int(answer))


def migrate(app: Flask) -> None:
    """Bring the database to the schema of this code, and its reference rows to be there; nothing to do costs a few queries."""
    try:
        with app.app_context(), writing():
            if schema.current() != schema.newest():
                schema.upgrade()
            baseline.ensure(utcnow())
            db.session.commit()
    except OperationalError as away:
        say(f"  ✗ The database cannot be used: {str(away.orig).strip().splitlines()[0]}. Start it, or correct DATABASE_URL.")
        raise SystemExit(1) from None
    except schema.Unknown as unknown:
        say(f"  ✗ {unknown}: a newer version has used this database. Update the code, or start with another DATA_DIR.")
        raise SystemExit(1) from None


def has_people(app: Flask) -> bool:
    """Whether somebody is in the database already."""
    with app.app_context():
        return inspect(db.engine).has_table(User.__tablename__) and db.session.scalar(select(User.id).limit(1)) is not None


def wait_until_ready(settings: Config, supervisor: Supervisor) -> None:
    """Wait for /readyz; children that die are started again meanwhile. CannotStart names the part that is missing."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - compared, not bound
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/readyz"
    limit = time.monotonic() + READY_SECONDS
    while not supervisor.stopping:
        failing = not_ready(address)
        if not failing:
            return
        if time.monotonic() > limit:
            raise CannotStart(f"The site does not become ready: {failing}. Look at the lines above; `hive-support doctor` says more.")
        for child in supervisor.children:
            supervisor.look_after(child)
        time.sleep(0.05)


def not_ready(address: str) -> str:
    """What /readyz complains of, or nothing. Pages work without a search index, which is built meanwhile."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers={"Host": "localhost"}), timeout=5):  # noqa: S310 - our own address
            return ""
    except urllib.error.HTTPError as answer:
        try:
            told = json.load(answer)["failing"]
            return ", ".join(part for part in told if part != "search")
        except (ValueError, KeyError):
            return f"status {answer.code}"
    except (OSError, ValueError):
        return "the web server does not answer"


def welcome(settings: Config, steps: Steps) -> None:
    """Say where it is and how to get in."""
    say(f"\n  HiveTechs Support is ready after {time.monotonic() - steps.started:.1f} s: {settings.base_url}")
    if settings.dev:
        say(f"\n  Demo sign-ins, password {PASSWORD}:")
        for email, who in SIGN_INS:
            say(f"    {email:<30} {who}")
    say("\n  Ctrl-C stops everything.\n")
