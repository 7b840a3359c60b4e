"""Keeping the index of this disk in step with the database, by a thread in each process that searches.

An index lies on one disk; the database is everybody's. Where several machines serve without a shared disk, nobody else
can bring a publication to ours. So each process looks every two seconds at a mark of the database, and where the index
of its disk is behind, one of them (a lock that the kernel frees) catches up while all go on with what is published.
"""

import fcntl
import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import structlog
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from app.knowledge import indexing
from app.search.store import Busy, Unusable

log = structlog.get_logger()

LOOK_SECONDS = 2.0
# How often everything is compared although the mark says that nothing changed: a restored database has no new events.
COMPARE_SECONDS = 300.0
# After a failure the pause doubles from the first to the second.
SHORTEST_PAUSE, LONGEST_PAUSE = 4.0, 30.0
LOCK, SEEN = "keeper.lock", "seen"
HINDRANCES = (SQLAlchemyError, OSError, Busy, Unusable)


@dataclass(frozen=True)
class Seen:
    """When everything was last compared (epoch seconds), what the mark was then, and which generation was found to be right."""

    mark: str = ""
    compared_at: float = 0.0
    generation: int = 0

    @classmethod
    def read(cls, home: Path) -> "Seen":
        """What the last keeper wrote; nothing where nobody did."""
        try:
            found = json.loads((home / SEEN).read_text(encoding="utf-8"))
            return cls(str(found["mark"]), float(found["compared_at"]), int(found["generation"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def write(self, home: Path) -> None:
        """For the next keeper, in one step."""
        fresh = home / f"{SEEN}.{os.getpid()}"
        fresh.write_text(json.dumps(vars(self)), encoding="utf-8")
        fresh.replace(home / SEEN)


class Keeper:
    """Looks after the index of this disk. One that `stays` (a worker) keeps the duty, so that processes which answer people are spared."""

    def __init__(self, *, stays: bool = False) -> None:
        self.stays = stays
        self.held: IO[str] | None = None
        self.is_new = True

    def look(self, now: float) -> int | None:
        """Catch up if the database has moved on; how many entries differed, None where there was nothing to do.

        One statement while nothing changes, none where another process has the duty. Needs an application context.
        Raises what hinders it: HINDRANCES.
        """
        home = indexing.home()
        home.mkdir(parents=True, exist_ok=True)
        if self.held is None:
            self.held = taken(home / LOCK)
        if self.held is None:
            return None
        try:
            return self.compare(home, now)
        finally:
            if not self.stays:
                self.held.close()
                self.held = None

    def compare(self, home: Path, now: float) -> int | None:
        """Look at the mark, and at the entries where it is another one, or the index is."""
        mark, generation, seen = indexing.mark(), indexing.generation(), Seen.read(home)
        due = self.is_new or not 0 <= now - seen.compared_at < COMPARE_SECONDS
        if generation and (mark, generation) == (seen.mark, seen.generation) and not due:
            return None
        # What is published after the mark was read, or built anew by another process meanwhile, shows at the next look.
        changed = indexing.catch_up()
        Seen(mark, now, 0 if changed else generation).write(home)
        self.is_new = False
        return changed or None


def taken(path: Path) -> IO[str] | None:
    """The lock of a file, or None where another process has it. It is free when the file is closed or its process dies."""
    file = path.open("a", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def warm() -> None:
    """Build what a misspelt question needs, half a second's work for ten thousand entries, before somebody waits for it."""
    with suppress(Unusable):
        indexing.the_index().warm()


# The process that has a thread already; a fork of it has none.
started: dict[int, threading.Thread] = {}


def ensure() -> None:
    """A process that is asked looks after its disk, too, whatever server it runs under."""
    if os.getpid() not in started and not current_app.testing:
        start(current_app._get_current_object())  # type: ignore[attr-defined]


def start(app: Flask, *, stays: bool = False) -> None:
    """Look after the index from now on, in a thread of this process. Again is harmless."""
    if os.getpid() in started:
        return
    thread = threading.Thread(target=run, args=(app, Keeper(stays=stays)), name="index keeper", daemon=True)
    if started.setdefault(os.getpid(), thread) is thread:
        thread.start()


def run(app: Flask, keeper: Keeper) -> None:
    """Look every two seconds for as long as the process lives; after a failure, after a longer and longer pause."""
    pause = 0.0
    while True:
        try:
            with app.app_context():
                changed = keeper.look(time.time())
                if not keeper.stays:
                    warm()
            if changed:
                log.info("search.caught_up", entries=changed)
            pause = 0.0
        except HINDRANCES as hindered:
            pause = min(max(SHORTEST_PAUSE, 2 * pause), LONGEST_PAUSE)
            log.warning("search.not_kept", error=type(hindered).__name__, again_seconds=pause)
        # The last frame of a thread: were it to end, the index would stay as it is for ever.
        except Exception:
            pause = LONGEST_PAUSE
            log.exception("search.keeper_failed")
        time.sleep(pause or LOOK_SECONDS)
