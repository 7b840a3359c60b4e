"""Workers: one queue each, the database session given back, abandoned jobs taken up."""

import os
import signal
import time
from contextlib import suppress

import pytest
from redis.connection import AbstractConnection
from rq import Queue, Retry
from rq.exceptions import DequeueTimeout
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from app.extensions import QUEUES, db, queue, retry
from app.extensions import redis as app_redis
from app.lib.database import write_intent
from app.ops import workers
from app.ops.processes import exit_code, fork
from tests.worker import until

SEEN: list[object] = []


def note_intent():
    """Remember whether this job began as a writer."""
    SEEN.append(write_intent.get())


def leave_open():
    """Leave a transaction open, as a job that forgot would."""
    db.session.connection()
    SEEN.append(db.session())


def take_a_while():
    """A job in whose middle somebody may end the worker."""
    time.sleep(1.5)
    return "done"


def fail():
    """A job that cannot be done."""
    raise RuntimeError("cannot be done")


def fail_once():
    """Fails the first time."""
    SEEN.append("tried")
    if len(SEEN) == 1:
        raise RuntimeError("not yet")


def code_of(run):
    """The exit code of a process that does this, and that ends within a few seconds."""
    child = fork(run)
    codes = []
    try:
        until(lambda: codes.append(exit_code(child)) or codes[-1] is not None, "the process to leave", seconds=15)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return codes[-1]


@pytest.fixture(autouse=True)
def forget():
    SEEN.clear()


@pytest.mark.parametrize(("name", "writes"), [("default", True), ("mail", True), ("index", None)])
def test_jobs_begin_as_writers_except_where_they_mostly_read(app, drain, name, writes):
    queue(name).enqueue("tests.ops.test_workers.note_intent")
    assert drain() == 1
    assert [writes] == SEEN
    assert not write_intent.get()


def test_a_session_that_a_job_left_open_is_not_the_next_ones(app, drain):
    for _ in range(2):
        queue("default").enqueue("tests.ops.test_workers.leave_open")
    drain()
    assert SEEN[0] is not SEEN[1]
    assert not SEEN[0].in_transaction()


def test_jobs_travel_as_json_so_that_a_queue_carries_no_code(app, redis):
    job = queue("default").enqueue("tests.ops.test_workers.fail", args=(7,))
    assert b"pickle" not in redis.hget(job.key, "data")
    assert Job.fetch(job.id, connection=app_redis(), serializer=JSONSerializer).args == [7]


def test_a_job_is_tried_again_and_kept_when_it_fails_for_good(app, drain, clock):
    queue("default").enqueue("tests.ops.test_workers.fail", retry=retry())
    for wait in (0, 11, 61, 301):
        clock.shift(wait)
        for job_id in queue("default").scheduled_job_registry.get_job_ids():
            queue("default").scheduled_job_registry.remove(job_id)
            queue("default").enqueue_job(Job.fetch(job_id, connection=app_redis(), serializer=JSONSerializer))
        drain(failing=True)
    failed = FailedJobRegistry(queue=queue("default"))
    assert failed.count == 1
    job = Job.fetch(failed.get_job_ids()[0], connection=app_redis(), serializer=JSONSerializer)
    assert "cannot be done" in job.latest_result().exc_string


def test_a_job_that_is_done_leaves_nothing_in_redis_and_is_counted(app, redis, drain):
    done = [queue("default").enqueue("tests.ops.test_workers.note_intent", retry=retry(), result_ttl=0) for _ in range(3)]
    assert drain() == 3
    assert len(SEEN) == 3
    left = [key.decode() for key in redis.scan_iter("rq:*")]
    assert not [key for key in left if any(job.id in key for job in done)]
    assert queue("default").started_job_registry.count == 0
    assert [redis.hget(key, "successful_job_count") for key in left if key.startswith("rq:worker:")] == [b"3"]


def test_a_job_that_was_done_at_its_second_try_leaves_nothing_either(app, redis, drain):
    job = queue("default").enqueue("tests.ops.test_workers.fail_once", retry=Retry(max=1), result_ttl=0)
    drain(failing=True)
    assert len(SEEN) == 2
    assert [key for key in redis.scan_iter("rq:*") if job.id.encode() in key] == []


def test_a_job_takes_few_trips_to_redis(app, drain, monkeypatch):
    trips = []
    sent = AbstractConnection.send_packed_command
    monkeypatch.setattr(AbstractConnection, "send_packed_command", lambda *given, **more: trips.append(1) or sent(*given, **more))
    for _ in range(2):
        begun = len(trips)
        queue("default").enqueue("tests.ops.test_workers.note_intent", result_ttl=0)
        drain()
        one = len(trips) - begun
    for _ in range(10):
        queue("default").enqueue("tests.ops.test_workers.note_intent", result_ttl=0)
    begun = len(trips)
    drain()
    assert 9 * 3 < len(trips) - begun - one <= 9 * 7


def test_every_worker_listens_to_one_queue(app):
    """With two, RQ loses the jobs of a worker that is killed."""
    assert [workers.make_worker(queue(name)).queue_names() for name in QUEUES] == [[name] for name in QUEUES]


def test_a_worker_is_dead_when_its_process_is(app):
    assert workers.is_running(os.getpid())
    assert workers.is_running(1)
    assert not workers.is_running(2**22 + 1)


@pytest.mark.real_clock
def test_asked_to_end_the_worker_ends_all_its_parts_and_exits_well(app, worker):
    running = worker()
    pids = [running.pid_of(part) for part in QUEUES]
    assert len(set(pids)) == len(QUEUES)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 0
    assert [pid for pid in pids if workers.is_running(pid)] == []


@pytest.mark.real_clock
def test_a_wish_to_end_is_not_lost_in_code_that_swallows_exceptions(app, monkeypatch):
    """As in redis-py, which swallows whatever comes up while it closes what a dead server left."""
    told = []

    def wait_in_vain(*_, **__):
        if not told:
            told.append("once")
            with suppress(Exception):
                os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.1)
        raise DequeueTimeout

    monkeypatch.setattr(Queue, "dequeue_any", wait_in_vain)
    assert code_of(lambda: workers.make_worker(queue("default")).work(logging_level="WARNING")) == 0


@pytest.mark.real_clock
def test_a_worker_that_was_told_within_a_finaliser_looks_before_it_waits_again(app, monkeypatch):
    """Nothing passes out of a finaliser, whatever is raised there."""

    told = []

    class Dying:
        def __del__(self):
            if not told:
                told.append("once")
                os.kill(os.getpid(), signal.SIGTERM)

    def wait_in_vain(*_, **__):
        Dying()
        time.sleep(0.1)
        raise DequeueTimeout

    monkeypatch.setattr(Queue, "dequeue_any", wait_in_vain)
    monkeypatch.setattr(workers, "LOOK_SECONDS", 1)
    assert code_of(lambda: workers.make_worker(queue("default")).work(logging_level="WARNING")) == 0


@pytest.mark.real_clock
def test_a_worker_that_is_told_in_the_middle_of_a_job_finishes_it(app, worker):
    job = queue("default").enqueue("tests.ops.test_workers.take_a_while", result_ttl=60)
    running = worker(only="default")
    pid = running.pid_of("default")
    until(lambda: job.get_status() == "started", "the job to begin")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 0
    assert not workers.is_running(pid)
    assert job.return_value() == "done"


@pytest.mark.real_clock
def test_one_part_can_run_alone(app, worker):
    running = worker(only="mail")
    assert running.pid_of("mail") is not None
    assert running.pid_of("default") is None


@pytest.mark.real_clock
def test_what_dies_is_started_again_while_the_others_work_on(app, worker):
    running = worker()
    before = {part: running.pid_of(part) for part in QUEUES}
    running.kill("index")
    until(lambda: running.pid_of("index") not in (None, before["index"]), "the index worker to be started again")
    assert running.pid_of("default") == before["default"]
