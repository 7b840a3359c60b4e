"""Several processes on one index: they never collide, and one that is killed leaves nothing broken."""

import multiprocessing
import os
import signal
import time

import pytest

from app.search import store
from app.search.documents import Query
from app.search.index import Index
from tests.search.conftest import EVERYBODY, document

FORK = multiprocessing.get_context("fork")
# A minute: SOAK_SECONDS=60 make test T=tests/search/test_processes.py
SECONDS = float(os.environ.get("SOAK_SECONDS", "2"))
STABLE = [document(n, f"Stable text {n}", "It is always there.") for n in range(1, 30)]


def write(home, first, until):
    """Publish and withdraw texts; now and then build everything anew."""
    index = Index(home)
    turn = 0
    while time.monotonic() < until:
        turn += 1
        if turn % 9 == 8:
            index.rebuild(STABLE)
        else:
            index.put([document(first + turn % 5, f"Moving text {turn}")], [f"faq:{first + (turn + 2) % 5}"])


def read(home, until, counts):
    """Ask; what is stable must always be found."""
    index = Index(home)
    generations = set()
    asked = 0
    while time.monotonic() < until:
        wanted = asked % 29 + 1
        answer = index.find(Query(f"stable text {wanted}", EVERYBODY))
        assert any(hit.id == wanted for hit in answer.hits), f"a stable text is missing in generation {answer.generation}"
        index.texts([hit.number for hit in answer.hits[:3]], answer)
        generations.add(answer.generation)
        asked += 1
    counts.put((asked, len(generations)))


def test_two_write_and_four_read_without_an_error(tmp_path):
    Index(tmp_path).rebuild(STABLE)
    counts = FORK.Queue()
    until = time.monotonic() + SECONDS
    processes = [FORK.Process(target=write, args=(tmp_path, first, until)) for first in (100, 200)]
    processes += [FORK.Process(target=read, args=(tmp_path, until, counts)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(SECONDS + 60)
    assert [process.exitcode for process in processes] == [0] * 6
    told = [counts.get(timeout=10) for _ in range(4)]
    assert all(asked > 20 for asked, _ in told)
    assert max(generations for _, generations in told) > 2


def commit_slowly(home, ready):
    """Change the index until somebody kills us."""
    index = Index(home)
    for number in range(1000, 9000):
        ready.set()
        if number % 3 == 0:
            index.rebuild([*STABLE, document(number, "Half written")])
        else:
            index.put([document(number, "Half written")])


@pytest.mark.parametrize("after", [0.0, 0.004, 0.011, 0.02, 0.033, 0.05, 0.09, 0.14])
def test_a_writer_killed_at_any_moment_leaves_a_whole_index_and_no_lock(tmp_path, after):
    Index(tmp_path).rebuild(STABLE)
    ready = FORK.Event()
    writer = FORK.Process(target=commit_slowly, args=(tmp_path, ready))
    writer.start()
    ready.wait(30)
    time.sleep(after)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    index = Index(tmp_path)
    assert index.find(Query("stable text 7", EVERYBODY)).hits[0].id == 7
    index.put([document(50, "After the crash")])
    assert [hit.id for hit in index.find(Query("crash", EVERYBODY)).hits] == [50]
    number = store.read_current(tmp_path).number
    assert all(int(path.name.partition("-")[2]) <= number for path in tmp_path.glob("generation-*"))
