"""A job for tests that can be caught in the middle."""

import os
import time
from pathlib import Path


def write_slowly(path: str) -> None:
    """The first run stays in the middle until it is killed; the next one ends. Each adds a line with its process."""
    place = Path(path)
    with place.open("a", encoding="ascii") as file:
        file.write(f"began {os.getpid()}\n")
    if place.read_text(encoding="ascii").count("began") == 1:
        time.sleep(120)
    with place.open("a", encoding="ascii") as file:
        file.write(f"ended {os.getpid()}\n")
