"""How a clock comes out, from the events of its ticket and the terms that it ran under alone. Pure; what a statement rests on.

An event is a mapping with `at` (microseconds), `kind`, and what it says of `status`, `by_staff`, `is_automatic`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.sla import clock as pure
from app.sla.hours import SECOND, Calendar
from app.sla.terms import RESOLUTION

ENDED = ("resolved", "closed")


@dataclass(frozen=True)
class Outcome:
    """The state, when it stopped (microseconds), what was counted in whole seconds where it stands, and the figure it counts in."""

    state: str
    stopped_at: int | None
    elapsed_seconds: int | None
    outcome: str


def derived(
    metric: str, start: int, target_seconds: int, events: Sequence[Mapping[str, Any]], hours: Calendar, paused: frozenset[str], as_of: int
) -> Outcome:
    """The outcome of a clock that began at `start`, as it was known at `as_of`."""
    known = [event for event in events if event["at"] <= as_of]
    place = began(metric, start, known)
    if place is None:
        place = max((place for place, event in enumerate(known) if event["at"] <= start), default=-1)
    stop = next((event["at"] for event in known[place + 1 :] if ends(metric, event)), None)
    is_resolution = metric == RESOLUTION
    end = as_of if stop is None else stop
    changes = [pure.Change(event["at"], status=event["status"]) for event in known if event.get("status")] if is_resolution else []
    case = pure.Case(hours, start, target_seconds * SECOND, changes, paused=paused if is_resolution else frozenset()).until(end)
    stands = stop is not None or case.stands_still
    due = pure.due(case)
    is_late = due is not None and due < last_ran(case, end)
    state = "stopped" if stop is not None else "paused" if stands else "running"
    return Outcome(
        state,
        stop,
        pure.elapsed(case, end) // SECOND if stands else None,
        "breached" if is_late else {"stopped": "met"}.get(state, state),
    )


def began(metric: str, start: int, events: Sequence[Mapping[str, Any]]) -> int | None:
    """Where the event stands that began a clock: the opening, a customer's message, a reopening.

    None where no event did: a clock begins with the promise, when a plan or a policy gives one to a ticket that had none.
    """
    return next((place for place, event in enumerate(events) if event["at"] == start and begins(metric, event)), None)


def begins(metric: str, event: Mapping[str, Any]) -> bool:
    """Whether such a clock can begin with an event."""
    if event["kind"] == "ticket.opened":
        return True
    is_work = bool(event.get("status")) and event["status"] not in ENDED
    if metric == RESOLUTION:
        return is_work
    return metric == "next_response" and ((event["kind"] == "ticket.replied" and not event.get("by_staff")) or is_work)


def ends(metric: str, event: Mapping[str, Any]) -> bool:
    """Whether a clock ends with an event: resolving ends all, an answer by a person of ours the responses."""
    if event.get("status") in ENDED:
        return True
    is_answer = event["kind"] == "ticket.replied" and event.get("by_staff") and not event.get("is_automatic")
    return metric != RESOLUTION and bool(is_answer)


def last_ran(case: pure.Case, end: int) -> int:
    """The last instant, up to `end`, until which the clock ran."""
    last = case.start
    for stretch in pure.stretches(case):
        if stretch.runs and stretch.start < end:
            last = end if stretch.end is None else min(stretch.end, end)
    return last
