"""Children that are really started, killed and stopped."""

import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import pytest

from app.ops.processes import Child, Supervisor, exit_code, reason
from tests import forked
from tests.worker import runs, until

# A process that is no child of the test's, and so looks like one that has ended.
NOT_OURS = os.getpid()
# What tests run in a process of its own: forking the test process itself would copy its threads.
PREAMBLE = """
import os, signal, sys, time
from app.ops.processes import Child, Supervisor, exit_code, fork
"""


@pytest.fixture
def run(tmp_path):
    """Runs code in a process of its own; its output and exit code."""

    def runs_to_its_end(code):
        done = forked.run("-c", PREAMBLE + code, folder=tmp_path)
        return done.stdout.split(), done.returncode

    return runs_to_its_end


@pytest.mark.parametrize(
    ("body", "code"), [("pass", 0), ("sys.exit(3)", 3), ("sys.exit('no')", 1), ("raise RuntimeError", 1), ("os.kill(os.getpid(), 9)", -9)]
)
def test_the_exit_code_of_a_child_is_what_it_did(run, body, code):
    said, _ = run(f"""
def child():
    {body}
print(exit_code(fork(child), wait=True))
""")
    assert said[-1] == str(code)


def test_a_child_dies_with_its_parent_however_that_ends(tmp_path):
    output = tmp_path / "output"
    code = """
child = fork(lambda: time.sleep(600))
print(child, flush=True)
time.sleep(600)
"""
    parent = forked.Python("-c", PREAMBLE + code, stdout=output)
    child = int(until(lambda: output.read_text().endswith("\n") and output.read_text(), "the child"))
    assert runs(child)
    parent.kill()
    parent.wait()
    until(lambda: not runs(child), "the child to end")


def test_control_c_reaches_the_supervisor_alone(run):
    said, code = run("""
supervisor = Supervisor(print)
supervisor.listen()
child = supervisor.add(Child("sleeper", lambda: fork(lambda: time.sleep(600))))
os.killpg(os.getpgid(0), signal.SIGINT)
supervisor.keep_running()
print(exit_code(child.pid) is None)
supervisor.stop()
print(child.pid)
""")
    assert (said, code) == (["True", "0"], 0)


def test_a_child_that_ends_is_started_again_and_told_of(run):
    said, _ = run("""
supervisor = Supervisor(lambda line: print("told", flush=True))
supervisor.listen()
starts = []
def life():
    time.sleep(0.05) if len(starts) < 3 else time.sleep(600)
def begin():
    starts.append(1)
    return fork(life)
supervisor.add(Child("short", begin))
while len(starts) < 3:
    supervisor.look_after(supervisor.children[0])
    time.sleep(0.01)
supervisor.stop()
print(len(starts))
""")
    assert said == ["told", "told", "3"]


def test_what_ignores_the_wish_to_stop_is_killed_when_its_time_is_over(run):
    said, _ = run("""
def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    time.sleep(600)
child = Child("stubborn", lambda: fork(stubborn), stop_seconds=0.3)
child.run()
pid = child.pid
time.sleep(0.3)
child.stop()
try:
    os.kill(pid, 0)
except ProcessLookupError:
    print("gone")
""")
    assert said == ["ready", "gone"]


ADOPTING = """
def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(os.getpid(), flush=True)
    time.sleep(600)
supervisor = Supervisor(lambda line: print("told", flush=True), adopts=True)
supervisor.listen()
lives = []
def life():
    if len(lives) == 1:
        fork(stubborn)
    time.sleep(600)
def begin():
    lives.append(1)
    return fork(life)
child = supervisor.add(Child("family", begin))
time.sleep(0.5)
"""


@pytest.mark.parametrize("patience", ["0.3", "600; supervisor.told_to_stop(0, None); supervisor.told_to_stop(0, None)"])
def test_what_a_killed_child_left_running_is_ended_with_all_else(run, patience):
    said, code = run(f"""
{ADOPTING}
os.kill(child.pid, signal.SIGKILL)
time.sleep(0.2)
supervisor.look_after(child)
supervisor.look_after(child)
supervisor.orphan_seconds = {patience}
supervisor.stop()
print(len(lives))
""")
    assert (said[1:], code) == (["told", "2"], 0)
    assert not Path(f"/proc/{said[0]}").exists()


def test_what_a_killed_child_left_and_what_ends_later_is_not_taken_for_running(run):
    said, _ = run(f"""
{ADOPTING.replace("SIG_IGN", "SIG_DFL")}
import threading
threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
os.kill(child.pid, signal.SIGKILL)
supervisor.keep_running()
print(os.system("ps -o stat= --ppid %d | grep -c Z" % os.getpid()) and "buried")
print(exit_code(child.pid) is None)
supervisor.stop()
""")
    assert said[1:] == ["told", "0", "buried", "True"]


def test_what_a_child_has_started_goes_with_it(run):
    said, _ = run("""
def parent():
    grandchild = os.fork()
    if not grandchild:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    print(grandchild, flush=True)
    time.sleep(600)
child = Child("family", lambda: fork(parent), stop_seconds=1)
child.run()
time.sleep(0.3)
child.stop()
""")
    until(lambda: not runs(int(said[0])), "the grandchild to end")


def test_restarts_wait_ever_longer_for_what_fails_at_once():
    child = Child("broken", lambda: 0)
    waits = []
    for _ in range(8):
        child.pid, child.started_at = NOT_OURS, time.monotonic()
        assert child.ended() == 0
        waits.append(child.restart_at - time.monotonic())
    assert waits[0] <= 0
    assert all(earlier < later + 0.1 for earlier, later in pairwise(waits))
    assert waits[-1] <= 20


def test_what_lived_long_is_started_again_at_once():
    child = Child("healthy", lambda: 0, failures=5)
    child.pid, child.started_at = NOT_OURS, time.monotonic() - 60
    assert child.ended() == 0
    assert child.failures == 1
    assert child.restart_at <= time.monotonic()


def test_an_exit_code_is_told_in_words():
    assert reason(1) == "exit code 1"
    assert reason(-signal.SIGKILL) == "signal SIGKILL"


def test_a_process_that_somebody_else_reaped_counts_as_ended():
    assert exit_code(os.getpid()) == 0


def test_rest_ends_when_told_to_stop():
    supervisor = Supervisor(print)
    assert not supervisor.rest(0.01)
    supervisor.told_to_stop(signal.SIGTERM, None)
    begun = time.monotonic()
    assert supervisor.rest(60)
    assert time.monotonic() - begun < 10


def test_the_second_wish_to_stop_waits_for_nobody():
    supervisor = Supervisor(print)
    supervisor.children.append(Child("slow", lambda: 0, stop_seconds=25))
    supervisor.told_to_stop(signal.SIGINT, None)
    assert supervisor.children[0].stop_seconds == 25
    supervisor.told_to_stop(signal.SIGINT, None)
    assert supervisor.children[0].stop_seconds == 0
