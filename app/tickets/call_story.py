"""What the events of calls say on a ticket's timeline. Pure: facts in, words out."""

from collections.abc import Callable
from datetime import datetime

from app.tickets.lines import Facts, Line, Part, by, point, said


def when(facts: Facts, key: str = "starts_at") -> Part:
    """The moment of a call."""
    return (datetime.fromisoformat(facts[key]), True)


def call_booked(facts: Facts, actor: str | None, staff: bool) -> Line:
    """A time was taken."""
    parts = (said(f"{facts['call_kind']} booked for "), when(facts), said(f" with {facts['engineer']}"), *by(actor))
    return Line("phone", "info", parts, (str(facts["topic"]),))


def call_moved(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It has another time."""
    old = when(facts, "old_starts_at")[0]
    parts = (said(f"{facts['call_kind']} moved to "), when(facts), said(", it was "), (old, False), *by(actor))
    return Line("phone", "", parts)


def call_reassigned(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Another engineer takes it at the same time."""
    return Line("phone", "", (point(facts["engineer"]), said(f" takes the {facts['call_kind'].lower()} of "), when(facts), *by(actor)))


def call_cancelled(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It is off."""
    reason = (str(facts["reason"]),) if facts["reason"] else ()
    return Line("phone", "warn", (said(f"{facts['call_kind']} of "), when(facts), said(" cancelled"), *by(actor)), reason)


def call_held(facts: Facts, actor: str | None, staff: bool) -> Line:
    """It took place."""
    return Line("phone", "ok", (said(f"{facts['call_kind']} of "), when(facts), said(f" held with {facts['engineer']}")))


def call_missed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Nobody came."""
    return Line("phone", "warn", (said(f"{facts['call_kind']} of "), when(facts), said(": nobody came")))


def call_changed(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Its room is another one."""
    return Line("phone", "", (said(f"The room of the {facts['call_kind'].lower()} of "), when(facts), said(" was set"), *by(actor)))


def call_reminded(facts: Facts, actor: str | None, staff: bool) -> Line:
    """Both sides were reminded."""
    return Line("phone", "", (said(f"Reminder of the {facts['call_kind'].lower()} of "), when(facts), said(" sent")))


def engineer_lost(facts: Facts, actor: str | None, staff: bool) -> Line:
    """The rota has its engineer no longer there."""
    parts = (said(f"The {facts['call_kind'].lower()} of "), when(facts), said(" needs a new engineer"))
    return Line("phone", "bad", parts, (f"{facts['engineer']} {facts['why']}.",))


def engineer_returned(facts: Facts, actor: str | None, staff: bool) -> Line:
    """The rota has its engineer there again."""
    return Line("phone", "", (said(f"The {facts['call_kind'].lower()} of "), when(facts), said(f" has {facts['engineer']} again")))


CALLS: dict[str, Callable[[Facts, str | None, bool], Line]] = {
    "call.booked": call_booked,
    "call.moved": call_moved,
    "call.reassigned": call_reassigned,
    "call.changed": call_changed,
    "call.cancelled": call_cancelled,
    "call.reminded": call_reminded,
    "call.held": call_held,
    "call.missed": call_missed,
    "call.engineer_lost": engineer_lost,
    "call.engineer_returned": engineer_returned,
}
