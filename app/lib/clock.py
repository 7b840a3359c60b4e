"""The one place that reads the clock. Actions and rules take `now` as an argument instead."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
