"""Everything that `make run` starts: how long until the first page, and how much memory."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator

from bench.measure import Row, figure
from bench.servers import COMMAND, ROOT, family, free_port, pss_bytes, wait


def rows() -> Iterator[Row]:
    """A first start with the demo company, a second start, and the memory of all processes."""
    with tempfile.TemporaryDirectory(prefix="hive-up-") as folder:
        settings = {**os.environ, "DATA_DIR": folder, "PORT": str(free_port()), "LOG_LEVEL": "WARNING"}
        first, _ = started(settings)
        yield figure("start with the demo company, first time", first, 60, "s")
        second, memory = started(settings)
        yield figure("start to the first page, second time", second, 5, "s")
        yield figure("memory of web, workers, scheduler and Redis", memory / 1e6, 400, "MB")


def started(settings: dict[str, str]) -> tuple[float, int]:
    """(seconds to the first page, bytes of memory of all processes) of one start, which is then stopped."""
    begun = time.monotonic()
    process = subprocess.Popen([COMMAND, "up"], cwd=ROOT, env=settings, stdout=subprocess.DEVNULL)
    try:
        wait(f"http://127.0.0.1:{settings['PORT']}/help", process)
        seconds = time.monotonic() - begun
        time.sleep(5)
        return seconds, pss_bytes(family(process.pid))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
