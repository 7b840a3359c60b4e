"""Many at once: eight connections on the queue, against the same on the floor."""

import threading
import time
from collections.abc import Iterator

from bench.client import Browser
from bench.measure import Row, figure
from bench.pages import PASSWORD, STAFF
from bench.servers import Site, pss_bytes

CONNECTIONS = 8
WARM_SECONDS, SECONDS = 5.0, 60.0
GROWTH_REQUESTS = 20_000


def rows(site: Site, floor: Site) -> Iterator[Row]:
    """Throughput beside the floor's, errors, and how memory grows over many requests once the caches are warm."""
    base, _ = throughput([Browser(floor.url) for _ in range(CONNECTIONS)], "/", WARM_SECONDS)
    browsers = [Browser(site.url).sign_in(STAFF, PASSWORD) for _ in range(CONNECTIONS)]
    throughput(browsers, "/desk/queue/all", WARM_SECONDS)
    before = pss_bytes(site.pids())
    ours, errors = throughput(browsers, "/desk/queue/all", SECONDS)
    yield figure("8 connections, hello's throughput over ours", base / ours, 10, "×", f"{ours:.0f} requests/s")
    yield figure("8 connections, errors in a minute", errors, 0, "")
    visitor = Browser(site.url)
    for _ in range(GROWTH_REQUESTS - int(ours * SECONDS)):
        visitor.get("/help/search?q=cache")
    grown = pss_bytes(site.pids()) / before - 1
    yield figure("memory of the web processes, growth over 20,000 requests", grown * 100, 5, "%")


def throughput(browsers: list[Browser], path: str, seconds: float) -> tuple[float, int]:
    """(requests a second, errors) of one thread for each browser."""
    counts, errors = [0] * len(browsers), [0] * len(browsers)
    until = time.monotonic() + seconds

    def work(n: int) -> None:
        while time.monotonic() < until:
            try:
                browsers[n].get(path)
                counts[n] += 1
            except (RuntimeError, OSError):
                errors[n] += 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(browsers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds, sum(errors)
