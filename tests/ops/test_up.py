"""`make run` as people meet it: the real command, its real processes, on a directory and a port of its own."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from app.config import ROOT
from app.ops.redis_server import is_ready
from tests import forked
from tests.mail.smtp import free_port
from tests.worker import runs, until

READY = "is ready after"


class Site:
    """`hive-support up` in a session of its own, as a terminal would start it; `anew`, in an interpreter of its own, too."""

    def __init__(self, place: Path, port: int, output: Path, *, anew: bool = False, **over: str) -> None:
        self.place = place
        self.url = f"http://127.0.0.1:{port}"
        self.output = output
        environ = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENV"}}
        environ |= {"DATA_DIR": str(place), "PORT": str(port), "HOST": "127.0.0.1", "BASE_URL": self.url, **over}
        if anew:
            command = [sys.executable, *forked.HIVE, "up"]
            with output.open("wb") as file:
                self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=file, stderr=file, start_new_session=True)
        else:
            self.process = forked.Python(*forked.HIVE, "up", environ=environ, stdout=output)

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(errors="replace")

    def wait_until_ready(self) -> "Site":
        """Wait for the line that says so."""
        until(lambda: READY in self.said or self.process.poll() is not None, "the site to be ready", seconds=120)
        assert READY in self.said, self.said
        return self

    def answer(self, path: str) -> int:
        """The status of a page, or 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as response:
                return response.status
        except OSError:
            return 0

    def interrupt(self) -> int:
        """Ctrl-C: the signal that a terminal sends to its foreground processes. Returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)

    def end(self) -> None:
        """Whatever the test did, nothing stays."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


def processes_of(place: Path) -> dict[int, str]:
    """Every process that belongs to this DATA_DIR: it has a file of it open, or names it (Redis) in its command line."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and int(folder.name) != os.getpid():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if str(place) in command or any(os.readlink(file).startswith(f"{place}/") for file in (folder / "fd").iterdir()):
                    found[int(folder.name)] = command
        except OSError:
            continue
    return {pid: command for pid, command in found.items() if runs(pid)}


@pytest.fixture
def start(tmp_path):
    sites = []

    def begin(place=tmp_path / "data", port=None, **over):
        sites.append(Site(place, port or free_port(), tmp_path / f"up-{len(sites)}.log", **over))
        return sites[-1]

    yield begin
    for site in sites:
        site.end()


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory):
    """A DATA_DIR that has been started once and stopped, with its demo company."""
    folder = tmp_path_factory.mktemp("up")
    place = folder / "data"
    site = Site(place, free_port(), folder / "up.log", anew=True)
    try:
        site.wait_until_ready()
        assert "Loading the demo company" in site.said
        assert "owner@acme.example" in site.said
        assert site.interrupt() == 0
    finally:
        site.end()
    return place


@pytest.fixture(scope="module")
def running(lived_in, tmp_path_factory):
    """A site that is up, for those who only ask it something."""
    place = shutil.copytree(lived_in, tmp_path_factory.mktemp("running") / "data")
    site = Site(place, free_port(), place.with_name("up.log"))
    try:
        yield site.wait_until_ready()
        assert site.interrupt() == 0
    finally:
        site.end()


def test_control_c_leaves_no_process_and_no_socket_behind(lived_in):
    assert processes_of(lived_in) == {}
    assert not is_ready(f"unix://{lived_in / 'redis.sock'}")


def test_a_second_start_serves_pages_soon_and_loads_nothing_again(lived_in, start):
    site = start(lived_in).wait_until_ready()
    assert "Loading the demo company" not in site.said
    seconds = float(re.search(r"is ready after ([\d.]+) s", site.said).group(1))
    assert seconds < 15, "it takes two on an idle machine"
    assert site.answer("/login") == 200
    # The pages do not wait for the index of the search, which the first start may not have finished.
    until(lambda: site.answer("/readyz") == 200, "the index of the search")
    assert site.interrupt() == 0
    assert "Stopped." in site.said
    assert processes_of(lived_in) == {}


def test_what_is_killed_is_started_again(lived_in, start):
    site = start(lived_in).wait_until_ready()
    for pid in processes_of(lived_in):
        if pid != site.process.pid and parent_of(pid) == site.process.pid:
            os.kill(pid, signal.SIGKILL)
    until(lambda: site.said.count("starting it again") >= 3, "all three to be missed")
    until(lambda: site.answer("/readyz") == 200, "the site to be whole again")
    for part in ("Redis", "The web server", "The job workers"):
        assert f"{part} ended (signal SIGKILL); starting it again" in site.said
    assert site.interrupt() == 0
    # Children of the killed were told to end, and may have been finishing a job.
    until(lambda: processes_of(lived_in) == {}, "the last process to end")


def test_killing_the_command_itself_leaves_nothing_running(lived_in, start):
    site = start(lived_in).wait_until_ready()
    site.process.kill()
    site.process.wait()
    until(lambda: processes_of(lived_in) == {}, "every part to end with it")
    again = start(lived_in).wait_until_ready()
    assert again.interrupt() == 0


def test_a_taken_port_is_told_at_once_with_a_way_out(lived_in, start):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        site = start(lived_in, port)
        assert site.process.wait(60) == 1
    assert f"Port {port} is taken by another program" in site.said
    assert f"PORT={port + 1} make run" in site.said
    assert "Traceback" not in site.said


def test_two_of_us_on_one_directory_are_refused(running, start):
    second = start(running.place)
    assert second.process.wait(60) == 1
    assert f"It is running already on {running.place} (process {running.process.pid})" in second.said
    until(lambda: running.answer("/readyz") == 200, "the first to be whole still")


def test_a_lock_that_a_dead_process_left_is_no_obstacle(lived_in, start):
    (lived_in / "up.lock").write_text("1")
    (lived_in / "redis.sock").touch()
    site = start(lived_in).wait_until_ready()
    assert site.interrupt() == 0


def test_a_directory_that_cannot_be_written_is_told_in_a_sentence(start, tmp_path):
    (tmp_path / "file").touch()
    site = start(tmp_path / "file" / "data")
    assert site.process.wait(60) == 1
    assert "Traceback" not in site.said
    assert "DATA_DIR" in site.said


def test_a_database_that_does_not_answer_is_told_in_a_sentence(start, tmp_path):
    site = start(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none")
    assert site.process.wait(60) == 1
    assert "DATABASE_URL" in site.said
    assert "Traceback" not in site.said
    assert processes_of(tmp_path / "data") == {}


def test_settings_that_cannot_be_are_told_in_a_sentence(start):
    site = start(PORT="eighty")
    assert site.process.wait(60) == 1
    assert site.said.startswith("Error: PORT is 'eighty'")


def test_control_c_while_it_starts_stops_it_cleanly(start, tmp_path):
    site = start()
    until(lambda: "✓ Redis" in site.said, "the first step")
    assert site.interrupt() == 0
    assert "Traceback" not in site.said
    until(lambda: processes_of(tmp_path / "data") == {}, "every part to end")


def parent_of(pid: int) -> int:
    """The process that started another; 0 if that has gone."""
    try:
        return int(re.search(r"PPid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))
    except OSError:
        return 0


def test_a_whole_log_as_a_question_is_answered_and_a_book_is_not(running):
    answers = {}
    for length in (10_000, 200_000):
        connection = http.client.HTTPConnection("127.0.0.1", int(running.url.rpartition(":")[2]), timeout=30)
        connection.request("GET", "/help/search?q=" + "x" * length)
        answers[length] = connection.getresponse().status
        connection.close()
    assert answers == {10_000: 200, 200_000: 414}


def test_kept_connections_are_spread_over_the_processes(running):
    port = int(running.url.rpartition(":")[2])
    kept = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(16)]
    for connection in kept:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
    counts = [connections_of(pid, port) for pid in processes_of(running.place)]
    for connection in kept:
        connection.close()
    assert sum(counts) == 16
    assert sorted(counts)[-2] >= 4, "the second process has some of them, too"


def connections_of(pid: int, port: int) -> int:
    """How many connections to a port of ours a process has."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    there = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01"}
    try:
        return sum(os.readlink(file) in there for file in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0
