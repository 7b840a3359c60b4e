"""`python -m bench.sla`, part of `make bench`: the sweep of many clocks, the replay of one long ticket, a dry run of many tickets.

It makes a SQLite database of its own in a scratch folder, with rows as the actions would have written them: tickets of 200
organizations over ninety days, six events and three clocks each, on business hours. Figures are processor seconds of this one
process, the database included; the sweep is a ratio of two sizes in the same run.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import delete, insert, select, text, update

from app import create_app
from app.accounts.models import Organization, Plan, User
from app.config import Config
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.ops import baseline
from app.sla import dry_run, jobs, run_jobs
from app.sla.history import book_of_today, standings
from app.sla.hours import to_us
from app.sla.lives import Happening
from app.sla.models import Clock, Policy, Run
from app.tickets.models import Ticket
from bench.measure import Row, figure
from bench.run import redis

SWEPT, SIZE, SMALL, DUE, ORGANIZATIONS, DAYS = 1_000_000, 100_000, 1_000, 100, 200, 88
CHUNK = 5_000
SWEEP_GOAL, REPLAY_GOAL_MS, DRY_RUN_GOAL_SECONDS = 3.0, 1.0, 60.0
PRIORITIES = ("low", "medium", "high", "critical", "emergency")
MINUTE = timedelta(minutes=1)


def main() -> int:
    """Print each figure as it is found; 1 if one misses its goal."""
    asked = argparse.ArgumentParser(prog="python -m bench.sla")
    asked.add_argument("--clocks", type=int, default=SWEPT, help="clocks of the large sweep")
    asked.add_argument("--tickets", type=int, default=SIZE, help="tickets of the dry run")
    given = asked.parse_args()
    missed = 0
    with redis() as redis_url, tempfile.TemporaryDirectory(prefix="hive-bench-") as folder:
        prepare(redis_url, Path(folder))
        empty = Path(folder)
        for row in chain(sweeps(given.clocks, redis_url, empty), replays(redis_url, empty), dry_runs(given.tickets, redis_url, empty)):
            print(row.line(), flush=True)
            missed += row.verdict == "MISSED"
    return 1 if missed else 0


def sweeps(rows: int, redis_url: str, empty: Path) -> Iterator[Row]:
    """A sweep that finds DUE clocks among many, against the same among few."""
    few, many = (on_database(redis_url, empty, lambda size=size: sweep_of(size)) for size in (SMALL, rows))
    yield figure(f"sweep, {DUE} due of {rows:,} clocks", many / few, SWEEP_GOAL, f"× of {SMALL:,}", f"{many * 1000:.1f} ms")


def sweep_of(size: int) -> float:
    """Processor seconds of a sweep: the median of five, each of which finds the same."""
    fill(size // 3 + 1)
    found = []
    for _ in range(5):
        now = utcnow()
        with writing():
            some = db.session.scalars(select(Clock.id).order_by(Clock.id).limit(DUE)).all()
            calm = {"state": "running", "due_at": now + timedelta(days=9), "warn_at": now + timedelta(days=8), "stopped_at": None}
            db.session.execute(update(Clock).values(**calm, breached_at=None, breach_told_at=None, next_level_at=None))
            due = {"due_at": now - MINUTE, "warn_at": now - 2 * MINUTE}
            db.session.execute(update(Clock).where(Clock.id.in_(some)).values(**due))
            db.session.execute(delete(Event).where(Event.kind.like("sla.%")))
            db.session.commit()
        db.session.remove()
        found.append(cpu(jobs.sweep))
    return statistics.median(found)


def replays(redis_url: str, empty: Path) -> Iterator[Row]:
    """One ticket with two hundred events over a year."""
    yield figure("replay of 200 events over a year", on_database(redis_url, empty, replay_of_one), REPLAY_GOAL_MS, "ms")


def replay_of_one() -> float:
    """Milliseconds of one replay on business hours: the median of two hundred."""
    book, start = book_of_today(), datetime(2026, 1, 1, 8, tzinfo=UTC)
    plan = db.session.scalars(select(Plan.id).where(Plan.key == "technical")).one()
    book.plans = {1: [(-(2**62), plan)]}
    happened, until = year_of_events(start), to_us(start + timedelta(days=365))
    standings(1, 1, happened, book, until)
    return statistics.median(1000 * cpu(lambda: standings(1, 1, happened, book, until)) for _ in range(200))


def year_of_events(start: datetime) -> list[Happening]:
    """Two hundred events: questions, answers, pauses and new priorities."""
    found = [Happening(to_us(start), "ticket.opened", {"status": "new", "priority": "medium"})]
    for n in range(1, 200):
        at, step = to_us(start + timedelta(hours=43 * n)), n % 4
        if step == 3:
            found.append(Happening(at, "ticket.priority_changed", {"priority": PRIORITIES[n % 3]}))
        elif step == 2:
            found.append(Happening(at, "ticket.status_changed", {"status": "pending_customer"}))
        else:
            found.append(Happening(at, "ticket.replied", {"by_staff": step == 1, "is_automatic": False, "status": "open"}))
    return found


def dry_runs(rows: int, redis_url: str, empty: Path) -> Iterator[Row]:
    """A dry run of a policy that all of the tickets stand under."""
    seconds = on_database(redis_url, empty, lambda: dry_run_of(rows))
    goal = DRY_RUN_GOAL_SECONDS * rows / SIZE
    yield figure(f"dry run of {rows:,} tickets", seconds, goal, "s", f"{1e6 * seconds / rows:.0f} µs a ticket")


def dry_run_of(rows: int) -> float:
    """Processor seconds from the first chunk to the last."""
    fill(rows)
    policy = db.session.scalars(select(Policy).where(Policy.key == "technical")).one()
    targets: dict[str, dict[str, int]] = {}
    for target in policy.targets:
        targets.setdefault(target.metric, {})[target.priority] = max(1, target.target_minutes // 2)
    asked = {"what": "policy", "id": policy.id, "organization_id": None, "calendar_id": policy.calendar_id, "seen": ""}
    with writing():
        lead = db.session.scalars(select(User)).first()
        assert lead is not None
        run = dry_run.propose("bench", asked | {"pause_on_hold": True, "targets": targets}, actor=lead, now=utcnow())
        db.session.commit()
    seconds = cpu(lambda: all_chunks(run.id))
    db.session.expire_all()
    assert db.session.get_one(Run, run.id).done == rows
    return seconds


def all_chunks(run_id: int) -> None:
    """What the job does, without its breaks."""
    chunk = run_jobs.CHUNKS["dry_run"](db.session.get_one(Run, run_id))
    while chunk():
        pass


def cpu(call: Callable[[], object]) -> float:
    """Processor seconds of a call."""
    before = time.process_time()
    call()
    return time.process_time() - before


def prepare(redis_url: str, folder: Path) -> None:
    """A database with the reference rows, made once and copied for each figure."""
    app = application(redis_url, folder)
    with app.app_context():
        db.create_all()
        with writing():
            baseline.ensure(utcnow())
            db.session.commit()
        db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        db.session.remove()
        db.engine.dispose()


def on_database(redis_url: str, empty: Path, work: Callable[[], float]) -> float:
    """Do something on a copy of the prepared database."""
    with tempfile.TemporaryDirectory(prefix="hive-bench-") as folder:
        shutil.copy(empty / "bench.sqlite3", folder)
        app = application(redis_url, Path(folder))
        with app.app_context():
            try:
                return work()
            finally:
                db.session.remove()
                db.engine.dispose()


def application(redis_url: str, folder: Path) -> Flask:
    """The application on the database of a folder."""
    url = f"sqlite:///{folder / 'bench.sqlite3'}"
    given: dict[str, Any] = {"env": "test", "secret_key": "for benchmarks only", "base_url": "http://localhost", "log_level": "ERROR"}
    return create_app(Config(**given, data_dir=folder, database_url=url, redis_url=redis_url).completed())


def fill(tickets: int) -> None:
    """Organizations on the technical plan, and their tickets with events and clocks."""
    now = utcnow()
    with writing():
        plan = db.session.scalars(select(Plan.id).where(Plan.key == "technical")).one()
        policy = db.session.scalars(select(Policy).where(Policy.key == "technical")).one()
        homes = [{"id": n, "name": f"Home {n}", "plan_id": plan, "created_at": now} for n in range(1, ORGANIZATIONS + 1)]
        db.session.execute(insert(Organization), homes)
        db.session.add(User(id=1, email="lead@bench.example", name="Lead", role="lead", created_at=now))
        db.session.flush()
        for begin in range(1, tickets + 1, CHUNK):
            rows: dict[Any, list[dict[str, Any]]] = {Ticket: [], Event: [], Clock: []}
            for number in range(begin, min(begin + CHUNK, tickets + 1)):
                one(rows, number, now - timedelta(days=DAYS) * (1 - number / (tickets + 1)), policy)
            for model, found in rows.items():
                db.session.execute(insert(model), found)
        db.session.commit()
    db.session.remove()


def one(rows: dict[Any, list[dict[str, Any]]], number: int, opened: datetime, policy: Policy) -> None:
    """A ticket: answered, waiting, asked again, answered, resolved."""
    home, priority, ref = 1 + number % ORGANIZATIONS, PRIORITIES[number % 5], f"HT-{number:07}"
    end = opened + timedelta(hours=30)
    rows[Ticket].append({
        "id": number, "ref": ref, "kind": "question", "subject": f"Question {number}", "status": "resolved", "is_open": False,
        "priority": priority, "promised_priority": priority, "fields": {}, "requester_id": 1, "organization_id": home,
        "created_at": opened, "active_at": end, "resolved_at": end, "queue_at": end, "is_demo": False,
    })  # fmt: skip
    said: dict[str, Any] = {"message_id": 0, "is_automatic": False}
    for hours, kind, facts in (
        (0, "ticket.opened", {"ref": ref, "subject": "", "kind": "question", "status": "new", "priority": priority, "source": "portal"}),
        (0, "ticket.triaged", {"decisions": [], "priority": None}),
        (3, "ticket.replied", said | {"by_staff": True, "status": "pending_customer"}),
        (22, "ticket.replied", said | {"by_staff": False, "status": "open"}),
        (25, "ticket.replied", said | {"by_staff": True, "status": None}),
        (30, "ticket.resolved", {"outcome": "answered", "status": "resolved", "round": 1, "by_staff": True}),
    ):
        at = opened + timedelta(hours=hours)
        rows[Event].append({"kind": kind, "at": at, "ticket_id": number, "organization_id": home, "facts": facts, "dispatched_at": at})
    for metric, begun, ended in (("first_response", 0, 3), ("next_response", 22, 25), ("resolution", 0, 30)):
        rows[Clock].append({
            "ticket_id": number, "ticket_ref": ref, "organization_id": home, "priority": priority, "metric": metric, "policy_id": policy.id,
            "calendar_id": policy.calendar_id, "target_seconds": 28_800, "state": "stopped", "started_at": opened + timedelta(hours=begun),
            "due_at": opened + timedelta(hours=40), "stopped_at": opened + timedelta(hours=ended), "elapsed_seconds": 3_600,
        })  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
