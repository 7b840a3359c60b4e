"""What the customer has been told of a due time, and a logged reason each time that it moves. Called by actions.py."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.events.actions import record
from app.sla.held import Held
from app.sla.models import Clock
from app.sla.terms import RESOLUTION, Subject

# A move by less is no news.
LEAST_MOVE = timedelta(minutes=1)
# Why a promise moves; story.py and words.py have the words.
REASONS = ("priority", "plan", "policy", "calendar", "escalation", "override", "pause", "hold", "resume")


@dataclass(frozen=True)
class Aims:
    """A due time and all that it hangs on, but for the calendar's hours; `is_own`: the ticket has a policy or calendar of its own."""

    state: str
    priority: str
    policy_id: int
    target_seconds: int
    due_at: datetime | None
    is_capped: bool
    is_own: bool


def foremost(found: Iterable[Held]) -> Clock | None:
    """The clock whose due time the customer is shown: a running response, otherwise a running resolution."""
    running = [one.clock for one in found if one.clock.state == "running" and one.clock.due_at is not None]
    responses = [clock for clock in running if clock.metric != RESOLUTION]
    return next(iter(responses or running), None)


def seen(found: Iterable[Held]) -> None:
    """The customer is shown the foremost due time from now on; one that they knew before stays the one to compare with."""
    clock = foremost(found)
    if clock is not None and clock.promised_at is None:
        clock.promised_at = clock.due_at


def move(clock: Clock, ticket: Subject, due_at: datetime | None, reason: str, *, now: datetime) -> None:
    """A due time becomes another one, or none while its clock stands still: recorded, for the customer to see.

    Nothing is recorded where they have seen no time of this clock, or where it moves by less than LEAST_MOVE. The
    moves add up: a time that creeps is told once it is a minute away from the one that was told last.
    """
    old = clock.promised_at
    if old is None or (due_at is not None and abs(due_at - old) < LEAST_MOVE):
        return
    facts = {
        "clock_id": clock.id,
        "metric": clock.metric,
        "old": old.isoformat(),
        "new": due_at.isoformat() if due_at is not None else None,
        "reason": reason,
    }
    record("sla.promise_moved", now=now, ticket=ticket, facts=facts, public=True)
    if due_at is not None:
        clock.promised_at = due_at


def stand_still(clock: Clock, ticket: Subject, *, now: datetime) -> None:
    """A due time goes, since the ticket waits for its customer or is on hold."""
    move(clock, ticket, None, "pause" if ticket.status == "pending_customer" else "hold", now=now)


def aims(clock: Clock) -> Aims:
    """How a clock is aimed now."""
    own = "ticket" in (getattr(clock, "policy_from", ""), getattr(clock, "calendar_from", ""))
    return Aims(clock.state, clock.priority, clock.policy_id, clock.target_seconds, clock.due_at, clock.capped_at is not None, own)


def moved(clock: Clock, ticket: Subject, before: Aims, *, now: datetime) -> None:
    """A clock was aimed anew: where its due time went elsewhere, that is kept, and told with the reason."""
    if before != aims(clock):
        clock.aimed_at = now
    if clock.state == "running":
        move(clock, ticket, clock.due_at, reason_of(before, aims(clock)), now=now)
    elif before.state == "running":
        stand_still(clock, ticket, now=now)


def reason_of(before: Aims, after: Aims) -> str:
    """Why a clock is aimed elsewhere, from what differs; a changed calendar is what remains.

    Another policy goes first: it can cap an escalated ticket where the one before did not, or the other way round.
    """
    if before.is_own != after.is_own:
        return "override"
    if before.policy_id != after.policy_id:
        return "plan"
    if before.is_capped != after.is_capped:
        return "escalation"
    if before.priority != after.priority:
        return "priority"
    return "policy" if before.target_seconds != after.target_seconds else "calendar"
