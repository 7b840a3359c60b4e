"""The job workers: the application is loaded once, then one process for each queue is forked, and one for the ticker,
which dispatches events, too.

RQ moves a job safely only when its worker listens to exactly one queue; with two, a killed worker loses jobs.
"""

import math
import os
import signal
import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress

import structlog
from flask import Flask
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from rq.worker_registration import clean_worker_registry

from app.events import outbox
from app.extensions import QUEUES, db, queue, redis
from app.knowledge import keeper
from app.lib import memory
from app.lib.clock import utcnow
from app.lib.database import writing
from app.ops import dispatching, ticker
from app.ops.processes import Child, Supervisor, fork

log = structlog.get_logger()

TICKER = "ticker"
PARTS = (*QUEUES, TICKER)
# A fresh process after so many jobs keeps memory bounded, whatever a library forgets to free.
JOBS_A_LIFE = 2000
STOP_SECONDS = 25.0
# How long a worker waits for a job before it looks whether it should go on, where the signal that said so was lost.
LOOK_SECONDS = 10
# How often a worker says that it lives. Its name stays in Redis for two minutes without.
BEAT_SECONDS = 20
# Jobs of this queue read much and write little, so they take SQLite's one write lock only where they say so.
READING = frozenset({"index"})


def run(app: Flask, schedule: Mapping[str, ticker.Every], only: str | None = None) -> None:
    """Run every part, or `only` one of PARTS, until SIGTERM; what dies is started again."""
    supervisor = Supervisor(lambda line: log.warning("workers", note=line))
    supervisor.listen()
    memory.settle()
    for part in [only] if only else PARTS:
        supervisor.add(Child(part, lambda part=part: fork(lambda: run_part(app, schedule, part)), STOP_SECONDS))  # type: ignore[misc]
    supervisor.keep_running()
    supervisor.stop()


def run_part(app: Flask, schedule: Mapping[str, ticker.Every], part: str) -> None:
    """One part in this process, until SIGTERM."""
    with app.app_context():
        if part == TICKER:
            stop = Supervisor(log.info)
            stop.listen()
            ticker.run(schedule, dispatching.until(stop.rest))
        else:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            if part == "index":
                keeper.start(app, stays=True)
            worker = make_worker(queue(part))
            hand_back_abandoned(worker, queue(part))
            worker.work(max_jobs=JOBS_A_LIFE, logging_level="WARNING")


def drain(app: Flask) -> int:
    """Do every job that waits on any queue or follows from an event, and the jobs these enqueue, in this process; returns how many.

    Jobs that wait for a retry stay. For tests and one-off containers.
    """
    done = 0
    with app.app_context():
        while (events := outbox.taken()) or any(queue(name).count for name in QUEUES):
            dispatching.dispatch(events)
            for name in QUEUES:
                waiting = queue(name).count
                if waiting:
                    make_worker(queue(name)).work(burst=True, logging_level="WARNING")
                    done += waiting
    return done


class AppWorker(SimpleWorker):
    """A worker that does its jobs in its own process, and gives the database session back after each.

    It takes its orders from signals alone: RQ's channel for commands costs a thread and a connection, and its thread
    can take two seconds to end. RQ answers a signal with an Exception, in whatever code it came upon; where that code
    swallows exceptions, as redis-py does while it closes what a dead server left, the worker would stay for ever. Ours
    is one that passes, and the loop looks as well.

    Our jobs leave no result, no job waits for another, and nobody suspends a worker. RQ looks after all of that, and says that
    it lives at each step, in thirty trips to Redis a job: more than most jobs cost themselves. Ours makes seven.
    """

    beaten_at = -math.inf

    def _shutdown(self) -> None:
        """Leave after the job, where there is one, else now. Asks nothing of Redis, in whose client the signal may have come."""
        self._stop_requested = True
        self.leave_if_told()

    def leave_if_told(self) -> None:
        """Raises SystemExit where a signal said so and no job is being done."""
        if self._stop_requested and self.get_state() != WorkerStatus.BUSY:
            raise SystemExit(0)

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> tuple[Job, Queue] | None:
        """The next job and its queue; None where none waits and `timeout` is None, which means not to wait for one."""
        found = None
        while found is None:
            self.leave_if_told()
            found = super().dequeue_job_and_maintain_ttl(timeout, None if timeout is None else LOOK_SECONDS)
            if timeout is None:
                break
        return found

    def teardown(self) -> None:
        """Take our name off, unless Redis is away: then it goes with its time."""
        with suppress(RedisError):
            super().teardown()

    def subscribe(self) -> None:
        """Listen to no commands."""

    def unsubscribe(self) -> None:
        """There is nothing to end."""

    def check_for_suspension(self, burst: bool) -> None:
        """Nobody suspends a worker of ours."""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that this worker lives: with what is written anyway, and by itself every BEAT_SECONDS."""
        moment = time.monotonic()
        if pipeline is not None or moment - self.beaten_at >= BEAT_SECONDS:
            super().heartbeat(timeout, pipeline)
            self.beaten_at = moment

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Say what this worker does, where that is news."""
        if state != self.get_state():
            super().set_state(state, pipeline)

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:
        """Note when the job ended. What becomes of it is written next."""
        job.ended_at = utcnow()

    def handle_job_success(self, job, queue, started_job_registry, execution):  # type: ignore[no-untyped-def]
        """Forget a job that is done, at once. RQ's own way is for one that leaves a result."""
        if job.result_ttl != 0:
            super().handle_job_success(job, queue, started_job_registry, execution)
            return
        with self.connection.pipeline() as pipeline:
            self.increment_successful_job_count(pipeline)
            self.increment_total_working_time(job.ended_at - job.started_at, pipeline)
            self.cleanup_execution(job, pipeline, execution)
            pipeline.delete(job.key, job.execution_registry.key, Result.get_key(job.id))
            pipeline.execute()

    def perform_job(self, job, queue, execution):  # type: ignore[no-untyped-def]
        """Do one job. A session that an unfinished job left open must not colour the next."""
        try:
            with nullcontext() if queue.name in READING else writing():
                return super().perform_job(job, queue, execution)
        finally:
            db.session.remove()


def make_worker(wanted: Queue) -> AppWorker:
    """A worker of one queue."""
    return AppWorker(
        [wanted],
        connection=redis(),
        serializer=JSONSerializer,
        worker_ttl=60,
        maintenance_interval=30,
        job_monitoring_interval=10,
        log_job_description=False,
    )


def hand_back_abandoned(worker: AppWorker, wanted: Queue) -> None:
    """Give the jobs of workers that were killed on this machine back to the queue, now rather than after their timeout.

    Each counts as one try. A worker on this machine is dead when its process is; of other machines nothing is known.
    """
    started = StartedJobRegistry(queue=wanted)
    try:
        for other in AppWorker.all(queue=wanted):
            if other.hostname == worker.hostname and other.pid and not is_running(other.pid):
                for execution in other.get_current_executions():
                    redis().zadd(started.key, {execution.composite_key: 0}, xx=True)
                other.register_death()
        started.cleanup()
        clean_worker_registry(wanted)
    except RedisError as away:
        log.warning("workers.hand_back_failed", queue=wanted.name, error=type(away).__name__)


def is_running(pid: int) -> bool:
    """Whether a process of this machine lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
