"""`make bench`: every figure of the performance page, as ratios against the floor of the same run; bench/results.json keeps them.

Shorter: `make bench SIZES=10000 ENGINES=sqlite`. What is loaded once is kept in bench/data for the next run.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.ops import redis_server
from bench import data, load, pages, whole
from bench.measure import Row
from bench.servers import ROOT, Site, start_floor, start_site
from tests import services

RESULTS = ROOT / "bench" / "results.json"


def main() -> None:
    """Measure what SIZES and ENGINES ask for."""
    sizes = [int(size) for size in (os.environ.get("SIZES") or "10000 100000").replace(",", " ").split()]
    engines = (os.environ.get("ENGINES") or "sqlite postgresql").replace(",", " ").split()
    results: dict[str, list[dict[str, object]]] = {}
    with redis() as redis_url:
        for engine in engines:
            for size in sizes:
                name, found = measure(engine, size, redis_url)
                results[name] = [row.plain() for row in found]
                RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    found = list(shown("The whole on one machine", whole.rows()))
    results["whole"] = [row.plain() for row in found]
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measure(engine: str, size: int, redis_url: str) -> tuple[str, list[Row]]:
    """All rows of one engine and size."""
    with database(engine, size) as (url, others):
        where = data.place(engine, size, redis_url, url)
        data.fill(where, size)
        site = start_site({**where.environment, "COUNT_QUERIES": "yes"}, others=others)
        floor = start_floor()
        try:
            return where.name, list(shown(where.name, both(site, floor)))
        finally:
            site.stop()
            floor.stop()


def both(site: Site, floor: Site) -> Iterator[Row]:
    """The pages one after another, then many at once."""
    yield from pages.rows(site, floor)
    yield from load.rows(site, floor)


def shown(title: str, rows: Iterator[Row]) -> Iterator[Row]:
    """Print each row as it is found."""
    print(f"\n{title}", flush=True)
    for row in rows:
        print(row.line(), flush=True)
        yield row


@contextmanager
def redis() -> Iterator[str]:
    """A Redis of our own, which keeps nothing."""

    with tempfile.TemporaryDirectory(prefix="hive-bench-") as folder:
        socket = Path(folder) / "redis.sock"
        server = redis_server.start(Path(folder), socket, durable=False)
        redis_server.wait(f"unix://{socket}", server, Path(folder))
        try:
            yield f"unix://{socket}"
        finally:
            server.terminate()
            server.wait()


@contextmanager
def database(engine: str, size: int) -> Iterator[tuple[str | None, list[int]]]:
    """(address, processes that belong to it). A PostgreSQL is started anew and keeps nothing."""
    if engine == "sqlite":
        yield None, []
        return

    server = services.postgres()
    server.create("bench")
    yield server.url("bench"), [server.server.pid]


if __name__ == "__main__":
    main()
