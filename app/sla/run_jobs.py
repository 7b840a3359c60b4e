"""The RQ entry points of long work: recomputing after an edit, dry runs, and picking up what was left."""

import time
from collections.abc import Callable
from functools import partial

from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import reading, writing
from app.sla import dry_run, runs
from app.sla.actions import retarget
from app.sla.jobs import later
from app.sla.models import Run
from app.sla.subjects import load, save

CHUNK = 100
# A job ends after this time, and queues itself again: other jobs get their turn.
SLICE_SECONDS = 15.0
WORK = "app.sla.run_jobs.work"


def work(run_id: int) -> int:
    """Do chunks of a run for SLICE_SECONDS; the rest is queued again. Returns how many chunks were done.

    Workers who have the same run take turns, since each chunk locks it; what has ended is left alone.
    """
    db.session.rollback()
    run = db.session.get(Run, run_id, populate_existing=True)
    if run is None or run.state != "running":
        return 0
    chunk = CHUNKS[run.kind](run)
    began, done = time.monotonic(), 1
    while chunk():
        done += 1
        if time.monotonic() - began > SLICE_SECONDS:
            later(WORK, run_id)
            break
    return done


def recompute(run: Run) -> Callable[[], bool]:
    """The chunks of a recomputation."""
    return partial(recompute_chunk, run.id)


def recompute_chunk(run_id: int) -> bool:
    """Re-target the next open tickets and commit; whether there may be more. A repeat gives the same result."""
    db.session.rollback()
    with writing():
        now, run = utcnow(), runs.taken(run_id)
        if run is None:
            db.session.rollback()
            return False
        ids = runs.next_ids(runs.under(run.asked), run.place, CHUNK)
        for row in load(ids):
            before = row.shown
            retarget(row, now=now, since=run.created_at)
            if row.shown != before:
                save(row)
        more = runs.moved_on(run, ids, chunk=CHUNK, now=now)
        db.session.commit()
    return more


def try_out(run: Run) -> Callable[[], bool]:
    """The chunks of a dry run; what they share is read once."""
    return partial(dry_run_chunk, dry_run.trial_of(run))


def dry_run_chunk(trial: dry_run.Trial) -> bool:
    """Try the next tickets under a proposal: read without a lock, then write in one short commit. Whether there may be more."""
    db.session.rollback()
    with reading():
        run = db.session.get_one(Run, trial.run_id, populate_existing=True)
        found = dry_run.examine(trial, run.place, run.total)
        db.session.rollback()
    with writing():
        more = dry_run.keep(found, trial.run_id, now=utcnow())
        db.session.commit()
    return more


CHUNKS: dict[str, Callable[[Run], Callable[[], bool]]] = {runs.RECOMPUTE: recompute, runs.DRY_RUN: try_out}


def pick_up() -> int:
    """Each minute: queue the runs that should go on and show no sign of life, after a restart or a killed worker."""
    with reading():
        found = runs.silent(utcnow())
        db.session.rollback()
    for run_id in found:
        later(WORK, run_id)
    return len(found)


def forget() -> int:
    """Each day: delete what ended long ago."""
    with writing():
        gone = runs.forget(utcnow())
        db.session.commit()
    return gone
