"""The servers that a benchmark measures: our site, and the floor, a bare Flask page, both under the same gunicorn."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
COMMAND = str(Path(PYTHON).parent / "hive-support")
GUNICORN = [
    "-m",
    "gunicorn",
    "--worker-class",
    "app.ops.web.FairWorker",
    "--workers",
    "2",
    "--threads",
    "4",
    "--preload",
    "--keep-alive",
    "600",
    "--no-control-socket",
    "--log-level",
    "warning",
]
# What each process of ours does as it begins, as `hive-support up` has it, too.
OURS = ["--config", "python:app.ops.web", "wsgi:app"]
READY_SECONDS = 60.0


@dataclass
class Site:
    """A server that runs: its address, and the processes whose work counts as its own."""

    url: str
    process: subprocess.Popen[bytes]
    others: list[int] = field(default_factory=list)

    def pids(self) -> list[int]:
        """The server's process, its children, and the others with theirs."""
        return [pid for leader in (self.process.pid, *self.others) for pid in family(leader)]

    def cpu_seconds(self) -> float:
        """Processor time that all of them have used, to the nanosecond as the kernel's scheduler counts it."""
        return sum(thread_nanoseconds(pid) for pid in self.pids()) / 1e9

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def start_site(environment: dict[str, str], *, others: list[int] | None = None) -> Site:
    """Start our site."""
    return start(OURS, environment, "/healthz", others or [])


def start_floor() -> Site:
    """Start the floor."""
    return start(["bench.floor:app"], {}, "/", [])


def start(application: list[str], environment: dict[str, str], path: str, others: list[int]) -> Site:
    """Start `application` under gunicorn on a free port, and wait until it answers at `path`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {**os.environ, **environment, "PORT": str(port), "BASE_URL": url}
    process = subprocess.Popen([PYTHON, *GUNICORN, "--bind", f"127.0.0.1:{port}", *application], cwd=ROOT, env=settings)
    wait(url + path, process)
    return Site(url, process, others)


def wait(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for an answer below 500; RuntimeError when the process ends or the time is over."""
    limit = time.monotonic() + READY_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.HTTPError as answer:
            if answer.code < 500:
                return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"{url} does not answer")
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(leader: int) -> list[int]:
    """A process and all that came from it."""
    found, waiting = [], [leader]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            waiting += [int(child) for child in read(task).split()]
    return found


def thread_nanoseconds(pid: int) -> int:
    """Time on a processor of all threads of a process; nought when it has gone."""
    return sum(int(read(path).split()[0] or 0) for path in Path(f"/proc/{pid}/task").glob("*/schedstat") if read(path))


def pss_bytes(pids: list[int]) -> int:
    """Memory of processes with shared pages divided among who shares them."""
    total = 0
    for pid in pids:
        lines = read(Path(f"/proc/{pid}/smaps_rollup")).splitlines()
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def read(path: Path) -> str:
    """A file of /proc; nothing when its process has gone meanwhile."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
