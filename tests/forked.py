"""Processes that tests start: each is forked from one that has loaded the application, which else takes every one of them
three seconds of processor.

All that is left out is loading: a process has its own environment, session and output, and no thread or connection of ours.
"""

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from app.config import ROOT
from app.ops.processes import die_with_parent

HIVE = ("-c", "from app.cli import main; main()")
FORKING = get_context("forkserver")
FORKING.set_forkserver_preload(["tests.loaded"])


class Python:
    """`python ARGUMENTS`, where these are `-c CODE …` or `FILE …`; as subprocess.Popen has it, with files for its output."""

    def __init__(self, *arguments: str, environ: Mapping[str, str] | None = None, stdout: Path, stderr: Path | None = None) -> None:
        self.arguments = arguments
        for file in (stdout, stderr or stdout):
            file.touch()
        given = (arguments, dict(os.environ if environ is None else environ), str(stdout), str(stderr or stdout))
        self.process = FORKING.Process(target=become, args=given, daemon=True)
        self.process.start()

    @property
    def pid(self) -> int:
        """Its number."""
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        """Its exit code (negative for a signal), or None while it runs."""
        return self.process.exitcode

    def wait(self, seconds: float = 60) -> int:
        """Its exit code, once it has ended."""
        self.process.join(seconds)
        code = self.poll()
        assert code is not None, f"{self.arguments} still runs after {seconds:.0f} s"
        return code

    def send_signal(self, number: int) -> None:
        """Signal it, if it is there."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it without any warning."""
        self.send_signal(signal.SIGKILL)


def run(*arguments: str, folder: Path, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python ARGUMENTS` to its end; what it printed, and its exit code. Its output is kept in `folder`."""
    printed, told = folder / "stdout", folder / "stderr"
    code = Python(*arguments, environ=environ, stdout=printed, stderr=told).wait()
    return subprocess.CompletedProcess(arguments, code, printed.read_text(), told.read_text())


def become(arguments: tuple[str, ...], environ: dict[str, str], stdout: str, stderr: str) -> None:
    """What the new process does: it becomes what `python ARGUMENTS` is after loading."""
    die_with_parent(os.getppid())
    os.setsid()
    os.chdir(ROOT)
    for number, path in ((1, stdout), (2, stderr)):
        file = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environ)
    what, *rest = arguments
    names: dict[str, Any] = {"__name__": "__main__"}
    if what == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(rest[0], names)
    else:
        sys.argv = [what, *rest]
        runpy.run_path(str(ROOT / what), run_name="__main__")
