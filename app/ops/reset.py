"""Forgetting what a machine keeps in DATA_DIR. Only what we put there: DATA_DIR may be somebody's home."""

import shutil
from pathlib import Path

from app.config import Config

KEPT = ("support.sqlite3", "support.sqlite3-wal", "support.sqlite3-shm", "redis", "redis.sock", "index", "attachments")


def remembered(settings: Config) -> list[Path]:
    """What there is to forget."""
    return [path for path in (settings.data_dir / name for name in KEPT) if path.exists()]


def forget(paths: list[Path]) -> None:
    """Delete these files and folders."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
