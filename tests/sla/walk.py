"""An independent clock: it asks the wall clock of the zone minute by minute, and shares no code with the real one."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def spans_on(calendar: dict[str, Any], day: Any) -> list[list[str]]:
    if day.isoformat() in calendar.get("overrides", {}):
        return calendar["overrides"][day.isoformat()]
    if day.isoformat() in calendar.get("holidays", []):
        return []
    hours = calendar["hours"]
    return [["00:00", "24:00"]] if hours == "24x7" else hours.get(DAYS[day.weekday()], [])


def is_open(calendar: dict[str, Any], at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(calendar["tz"]))
    for back in (0, 1):
        shown = local.hour * 60 + local.minute + 1440 * back
        for opens, closes in spans_on(calendar, local.date() - timedelta(days=back)):
            start, end = minutes(opens), minutes(closes)
            if start <= shown < (end if end > start else end + 1440):
                return True
    return False


def status_at(case: dict[str, Any], at: datetime) -> str:
    status = case.get("initial_status", "new")
    for event in case["events"]:
        if "status" in event and datetime.fromisoformat(event["at"]) <= at:
            status = event["status"]
    return status


def target_at(case: dict[str, Any], at: datetime) -> int:
    target = case["target_seconds"]
    for event in case["events"]:
        if "target_seconds" in event and datetime.fromisoformat(event["at"]) <= at:
            target = event["target_seconds"]
    return target


def counts(case: dict[str, Any], at: datetime) -> bool:
    paused = case.get("paused_statuses", ["pending_customer", "pending", "resolved", "closed"])
    return status_at(case, at) not in paused and is_open(case["calendar"], at)


def elapsed(case: dict[str, Any], end: datetime) -> int:
    """Counted seconds from start to end; all times lie on whole minutes."""
    at, total = datetime.fromisoformat(case["start"]), 0
    while at < end:
        total += 60 if counts(case, at) else 0
        at += MINUTE
    return total


def due(case: dict[str, Any], until: datetime) -> datetime | None:
    """The earliest minute at which the last target is reached, or None before `until`."""
    target = target_at(case, datetime.max.replace(tzinfo=UTC))
    at, total = datetime.fromisoformat(case["start"]), 0
    while at < until:
        total += 60 if counts(case, at) else 0
        at += MINUTE
        if total >= target:
            return at
    return None
