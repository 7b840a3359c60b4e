"""Child processes that die with their parent, and a supervisor that keeps them running."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger()

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
POLL_SECONDS = 0.1
# A child that lived this long was healthy: its next restart waits only the shortest time again.
HEALTHY_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 20.0
# How long what a killed child left may take to end after everything else has: a job, an answer.
ORPHAN_SECONDS = 15.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def die_with_parent(parent: int) -> None:
    """Ask to be told (SIGTERM) when process `parent`, which has just forked us, ends in whatever way."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    else:
        threading.Thread(target=watch_parent, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def watch_parent(parent: int) -> None:
    """Where the kernel cannot tell us, look twice a second."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def fork(run: Callable[[], Any]) -> int:
    """Run `run` in a child in a session of its own, so that Ctrl-C reaches only us. Returns its process id.

    The child's exit code is 0 unless `run` raises or exits otherwise.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    # A wish to stop that comes while the child still has our handlers waits until it has its own.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    child = os.fork()
    if child:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return child
    code = 1
    try:
        os.setsid()
        for number in (*STOP_SIGNALS, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        die_with_parent(parent)
        run()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # The last frame of a process: it must be told, and never unwind into the parent's stack.
        log.exception("process.failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def exit_code(pid: int, *, wait: bool = False) -> int | None:
    """The exit code of a child (negative for a signal), or None while it runs. Somebody else's reaping counts as 0."""
    try:
        done, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if done else None


def adopt_orphans() -> None:
    """From now on the kernel gives us, not process 1, what a killed child of ours leaves running."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def bury_orphans(own: set[int]) -> None:
    """Take those that have ended off the kernel's list, where they would seem to run. Our `own` children are asked elsewhere."""
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in own:
            os.waitpid(ended.si_pid, 0)


@dataclass
class Child:
    """One process to keep running: how to start it, and how long it may take to stop."""

    name: str
    start: Callable[[], int]
    stop_seconds: float = 10.0
    pid: int = 0
    started_at: float = 0.0
    restart_at: float = 0.0
    failures: int = 0

    def run(self) -> None:
        """Start it now."""
        self.pid = self.start()
        self.started_at = time.monotonic()

    def ended(self) -> int | None:
        """Reap it if it ended, and say when it may start again: at once the first time, then ever later."""
        code = exit_code(self.pid)
        if code is None:
            return None
        self.pid = 0
        now = time.monotonic()
        self.failures = 1 if now - self.started_at > HEALTHY_SECONDS else self.failures + 1
        self.restart_at = now + (0.0 if self.failures == 1 else min(0.5 * 2**self.failures, LONGEST_WAIT_SECONDS))
        return code

    def stop(self) -> None:
        """Ask it to end; when its time is over, end it and all that it started."""
        if not self.pid:
            return
        signal_to(self.pid, signal.SIGTERM)
        limit = time.monotonic() + self.stop_seconds
        while exit_code(self.pid) is None:
            if time.monotonic() > limit:
                signal_group(self.pid, signal.SIGKILL)
                exit_code(self.pid, wait=True)
                break
            time.sleep(0.02)
        signal_group(self.pid, signal.SIGKILL)
        self.pid = 0


class Supervisor:
    """Keeps its children running until it is told to stop; stops them in the reverse order of their start.

    One that `adopts` (on Linux, in a process that has no other children) also ends what a child that was killed left running.
    """

    def __init__(self, say: Callable[[str], None], *, adopts: bool = False) -> None:
        self.say = say
        self.adopts = adopts and sys.platform == "linux"
        self.children: list[Child] = []
        self.orphan_seconds = ORPHAN_SECONDS
        self.stopping = False

    def rest(self, seconds: float) -> bool:
        """Wait, but hardly beyond being told to stop; returns whether it was.

        In short sleeps: an Event must not be set by a signal handler, whose thread may be holding its lock.
        """
        limit = time.monotonic() + seconds
        while not self.stopping and (left := limit - time.monotonic()) > 0:
            time.sleep(min(left, POLL_SECONDS))
        return self.stopping

    def listen(self) -> None:
        """From now on SIGINT, SIGTERM and SIGHUP mean stop; a second one means at once."""
        for number in STOP_SIGNALS:
            signal.signal(number, self.told_to_stop)
        if self.adopts:
            adopt_orphans()

    def told_to_stop(self, number: int, frame: object) -> None:
        """Note the wish; the loop sees it. The second time nobody waits any more."""
        if self.stopping:
            for child in self.children:
                child.stop_seconds = 0.0
            self.orphan_seconds = 0.0
        self.stopping = True

    def add(self, child: Child) -> Child:
        """Start a child and keep it."""
        child.run()
        self.children.append(child)
        return child

    def keep_running(self) -> None:
        """Restart whatever ends, until told to stop."""
        while not self.stopping:
            for child in self.children:
                self.look_after(child)
            if self.adopts:
                bury_orphans({child.pid for child in self.children})
            self.rest(POLL_SECONDS)

    def look_after(self, child: Child) -> None:
        """Notice an end, and start again when its wait is over."""
        if child.pid:
            code = child.ended()
            if code is not None and not self.stopping:
                wait = max(0.0, child.restart_at - time.monotonic())
                self.say(f"{child.name} ended ({reason(code)}); starting it again" + (f" in {wait:.0f} s" if wait >= 1 else ""))
        elif time.monotonic() >= child.restart_at and not self.stopping:
            child.run()

    def stop(self) -> None:
        """Stop every child, last first."""
        self.stopping = True
        for child in reversed(self.children):
            child.stop()
        if self.adopts:
            self.end_orphans()

    def end_orphans(self) -> None:
        """Wait until those that we adopted have ended, who know that they should; when their time is over, end them."""
        began = time.monotonic()
        adopted = Path(f"/proc/self/task/{os.getpid()}/children")
        with suppress(ChildProcessError):
            while True:
                ended, _ = os.waitpid(-1, os.WNOHANG)
                if not ended and time.monotonic() - began > self.orphan_seconds:
                    for pid in adopted.read_text(encoding="ascii").split():
                        signal_to(int(pid), signal.SIGKILL)
                time.sleep(0.0 if ended else 0.02)


def reason(code: int) -> str:
    """An exit code in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def signal_to(pid: int, number: signal.Signals) -> None:
    """Signal a process that may have gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def signal_group(leader: int, number: signal.Signals) -> None:
    """Signal what a child left behind in its session. Whoever leads no group has left nothing."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return
