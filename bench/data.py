"""Databases to measure on: made once for each engine and size, and kept in bench/data until the schema changes."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench import faqs
from bench.servers import COMMAND, ROOT

DATA = ROOT / "bench" / "data"


@dataclass(frozen=True)
class Place:
    """Where one database and all that belongs to it lies, and the settings that lead there."""

    name: str
    folder: Path
    environment: dict[str, str]


def place(engine: str, tickets: int, redis_url: str, postgres_url: str | None) -> Place:
    """The settings for one engine and size."""
    folder = DATA / f"{engine}-{tickets}-{fingerprint()}"
    settings = {
        "ENV": "development",
        "DATA_DIR": str(folder),
        "REDIS_URL": redis_url,
        "SECRET_KEY": "for benchmarks only",
        "RATE_LIMITS": "no",
        "LOG_LEVEL": "WARNING",
    }
    if postgres_url:
        settings["DATABASE_URL"] = postgres_url
    return Place(f"{engine}, {tickets:,} tickets", folder, settings)


def fingerprint() -> str:
    """Changes with the schema and with what the demo loader writes."""
    files = sorted(
        [*(ROOT / "migrations" / "versions").glob("*.py"), *(ROOT / "app" / "dev").glob("*.py"), *(ROOT / "app" / "dev").glob("*/*.py")]
    )
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8]


def fill(where: Place, tickets: int) -> None:
    """Migrate and load, unless that was done before; a PostgreSQL is always a new one. The loader shows its own progress."""
    done = where.folder / "filled"
    if done.exists() and "DATABASE_URL" not in where.environment:
        return
    shutil.rmtree(where.folder, ignore_errors=True)
    where.folder.mkdir(parents=True)
    run(where, "migrate")
    run(where, "demo", "load", "--tickets", str(tickets), "--users", "2000", "--organizations", "400", "--days", "365")
    faqs.write(where.folder / "faqs.json")
    run(where, "faq", "import", str(where.folder / "faqs.json"))
    run(where, "search", "rebuild")
    done.touch()


def run(where: Place, *arguments: str) -> None:
    """One command of hive-support; RuntimeError when it fails."""
    subprocess.run([COMMAND, *arguments], cwd=ROOT, env={**os.environ, **where.environment}, check=True)
