"""Rows of service levels that addresses can name."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from app.sla import issuing


def furniture(people: SimpleNamespace, now: datetime) -> dict[str, Any]:
    """Acme's statement of this month, made when it is over. Acme's tickets are there already; flushes."""
    return {"statement": issuing.make(people.acme, "2026-11", "UTC", actor=None, now=now + timedelta(days=10))}
