"""`python -m bench.knowledge [SIZE]`: what the index of the knowledge costs, with entries made of what the installed packages say.

The search page against the floor at 3,000 and 10,000 entries; building the index, publishing one entry, when another
machine without our disk finds it, and the memory of a process. What is loaded once is kept in bench/data.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app import create_app
from app.accounts.models import User
from app.extensions import db
from app.knowledge import finding, indexing
from app.knowledge.actions import FaqText, save_faq
from app.lib import database
from app.lib.clock import utcnow
from bench import data, faqs, packages
from bench.client import Browser
from bench.data import Place
from bench.measure import Row, figure, ratio
from bench.pages import SEARCHES, search
from bench.run import RESULTS, redis, shown
from bench.servers import PYTHON, ROOT, Site, pss_bytes, start_floor, start_site

# Entries → how many times the floor a search may cost.
GOALS = {3_000: 10, 10_000: 16}
LARGEST = max(GOALS)
DIFFERENT = 300
TIMES = 5
Entries = list[dict[str, Any]]


def main(sizes: Iterable[int]) -> None:
    """Print every row, and add them to the results."""
    with redis() as redis_url:
        for size in sizes:
            found = measured(size, GOALS[size], redis_url)
            results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
            results[f"knowledge, {size:,} entries"] = [row.plain() for row in found]
            RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measured(size: int, goal: float, redis_url: str) -> list[Row]:
    """The rows of one size."""
    where = place(size, redis_url)
    entries = filled(where, size)
    return list(shown(where.name, rows(where, entries, goal)))


def place(size: int, redis_url: str) -> Place:
    """Where the entries lie."""
    folder = data.DATA / f"knowledge-{size}-{data.fingerprint()}"
    settings = {
        "ENV": "development",
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/support.sqlite3",
        "REDIS_URL": redis_url,
    }
    settings |= {"SECRET_KEY": "for benchmarks only", "RATE_LIMITS": "no", "LOG_LEVEL": "ERROR"}
    return Place(f"Knowledge, {size:,} entries", folder, settings)


def filled(where: Place, size: int) -> Entries:
    """Migrate and import, unless that was done before."""
    file, done = where.folder / "entries.json", where.folder / "filled"
    if not done.exists():
        where.folder.mkdir(parents=True, exist_ok=True)
        data.run(where, "migrate")
        data.run(where, "demo", "load", "--tickets", "10", "--users", "10", "--organizations", "4", "--days", "30")
        file.write_text(json.dumps(packages.entries(size), ensure_ascii=False), encoding="utf-8")
        data.run(where, "faq", "import", str(file))
        done.touch()
    found: Entries = json.loads(file.read_text(encoding="utf-8"))
    return found


def rows(where: Place, entries: Entries, goal: float) -> Iterator[Row]:
    """Everything about one size."""
    begun, used = time.monotonic(), cpu_of_children()
    data.run(where, "search", "rebuild")
    taken, note = time.monotonic() - begun, f"{cpu_of_children() - used:.0f} s of processor"
    yield figure("build the index", taken, 60 if len(entries) == LARGEST else None, "s", note)
    yield figure("publish one entry, until it is found here", float(asked(where, "publish")), 1, "s")
    yield figure("memory of the index in a process", float(asked(where, "memory", str(where.folder / "entries.json"))) / 1e6, 60, "MB")
    yield figure("… until another machine finds it, at most", elsewhere(where), 5, "s")
    site, floor = start_site(where.environment), start_floor()
    try:
        visitor = Browser(site.url)
        for kind in SEARCHES:
            words = cycle(faqs.queries(kind, DIFFERENT, entries))
            yield ratio(f"search page, {kind}", site, floor, lambda words=words: search(visitor, next(words)), goal=goal, warm=40)
    finally:
        site.stop()
        floor.stop()


def cpu_of_children() -> float:
    """Processor seconds of the commands that we ran and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def asked(where: Place, *arguments: str) -> str:
    """What a process of its own says to one of WORK."""
    command = [PYTHON, "-m", "bench.knowledge", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **where.environment}, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


def elsewhere(where: Place) -> float:
    """Seconds until a web server on an empty disk of its own, once it is ready, finds what was published here; the longest of TIMES."""
    folder = where.folder / "elsewhere"
    site = start_site({**where.environment, "DATA_DIR": str(folder)})
    try:
        await_true(lambda: "search" not in told(site, "/readyz"))
        return max(seconds_until_seen(where, site) for _ in range(TIMES))
    finally:
        site.stop()


def seconds_until_seen(where: Place, site: Site) -> float:
    """Publish an entry in a process of its own, and ask the server for it."""
    word, committed_at = asked(where, "write").split()
    await_true(lambda: f'"external_id":"{word}"' in told(site, f"/api/v1/faqs?q={quote(word)}"))
    return time.time() - float(committed_at)


def told(site: Site, path: str) -> str:
    """What a page says, whatever its status."""
    try:
        with urllib.request.urlopen(site.url + path, timeout=30) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as refused:
        return str(refused.read().decode())


def await_true(happened: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait; RuntimeError when the time is over."""
    limit = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > limit:
            raise RuntimeError("waited in vain")
        time.sleep(0.05)


def publish() -> str:
    """Seconds from the commit of an entry until it is found; the median."""
    taken = []
    for _ in range(TIMES):
        key, number = written()
        begun = time.monotonic()
        indexing.refresh("faq", number)
        answer = finding.ask(None, key)
        if answer is None or not any(hit.id == number for hit in answer.hits):
            raise RuntimeError("what was published is not found")
        taken.append(time.monotonic() - begun)
    return str(statistics.median(taken))


def written() -> tuple[str, int]:
    """(name, number) of a new published question that has a word of its own."""
    word = "q" + os.urandom(6).hex()
    author = db.session.scalars(db.select(User).where(User.role == "admin")).first()
    if author is None:
        raise RuntimeError("nobody may write")
    with database.writing():
        entry = save_faq(None, FaqText(word, "An answer.", "cli"), actor=author, now=utcnow(), publish=True)
        db.session.commit()
    return entry.external_id, entry.id


def memory() -> str:
    """Bytes that a process grows by when it opens the index and is asked questions of each kind."""
    entries = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    questions = [question for kind in SEARCHES for question in faqs.queries(kind, 100, entries)]
    before = pss_bytes([os.getpid()])
    for question in questions:
        finding.ask(None, question)
    return str(pss_bytes([os.getpid()]) - before)


WORK: dict[str, Callable[[], str]] = {"publish": publish, "write": lambda: f"{written()[0]} {time.time()}", "memory": memory}

if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in WORK:
        with create_app().app_context():
            print(WORK[sys.argv[1]]())
    else:
        main([int(size) for size in sys.argv[1:]] or GOALS)
