"""What starts, stops, pauses and re-targets the clocks of a ticket. Called by the ticket's own actions, after their event.

Each keeps the stored deadlines exact, and the ticket's `next_due_at`, `next_warn_at`, `next_metric` and `queue_at` in
step. None commits. A repeat changes nothing. The rules are argued in docs/decisions/sla-clocks.md.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value

from app.events.actions import record
from app.extensions import db
from app.lib.rows import unwritten, write_changes, write_values
from app.sla import clock as pure
from app.sla.held import OPEN, Held, held_by, status_changes
from app.sla.hours import SECOND, from_us, to_us
from app.sla.models import Clock
from app.sla.promises import aims, move, moved, seen, stand_still
from app.sla.terms import FIRST, NEXT, NO_DEADLINE, RESOLUTION, RESPONSES, Subject, Terms, promised_seconds, terms_for

CLOCKS: Any = Clock.__table__


def first_clocks(ticket: Subject, waits_since: datetime | None = None) -> tuple[Terms | None, list[Held]]:
    """(the terms of a new ticket, its first clocks: response and resolution, as its policy has targets). One statement.

    Where the first answer is behind a new ticket, since it was split off another one, no first response is owed. The next one
    is, if its customer `waits_since` then.

    Asked before the ticket's row is written, so that it goes in with the deadline that it shows; `start` writes the clocks.
    Without a policy (guests, community) there are none, and the ticket sorts behind all deadlines. A ticket that shows a
    deadline has been started: nothing is done, and nothing returned.
    """
    if ticket.next_metric is not None:
        return None, []
    terms = terms_for(ticket.organization_id, ticket.promised_priority)
    begun = {FIRST: ticket.created_at} if ticket.first_responded_at is None else {NEXT: waits_since} if waits_since else {}
    begun[RESOLUTION] = ticket.created_at
    found = [made(ticket, terms, metric, 1, since) for metric, since in begun.items() if terms is not None and metric in terms.minutes]
    seen(found)
    show(ticket, found)
    return terms, found


def start(ticket: Subject, found: Iterable[Held]) -> None:
    """Write the first clocks of a ticket that has its row now. One statement for all; nobody needs the objects afterwards."""
    write_values(db.session, Clock, [values_of(one.clock) | {"ticket_id": ticket.id} for one in found])


def values_of(clock: Clock) -> dict[str, Any]:
    """Every column of a new clock, so that rows of different ones go in together."""
    given = vars(clock)
    return {column.key: given.get(column.key) for column in CLOCKS.columns if column.key != "id"}


def public_reply(ticket: Subject, *, by_staff: bool, now: datetime) -> None:
    """Somebody wrote in public, and the ticket's status is what it became by that.

    Staff's word ends the response clock; a customer's begins the next one, if the first answer is behind them and no
    response clock runs. The resolution clock follows the status. Never called for automatic messages and notes.
    Two statements, up to four where a clock is begun or resumed.
    """
    found = settled(ticket, now)
    if by_staff:
        for one in found:
            if one.clock.metric in RESPONSES:
                stop(one, ticket, now)
    found = settle(ticket, found, now)
    if not by_staff and ticket.status not in ("resolved", "closed"):
        found = expect_answer(ticket, found, now)
    seen(found)
    write_changes(db.session)
    show(ticket, found)


def status_changed(ticket: Subject, old: str, new: str, *, now: datetime) -> None:
    """The status went from `old` to `new`: clocks pause, resume, end on resolve, and begin anew on reopening."""
    found = settle(ticket, settled(ticket, now), now)
    if old in ("resolved", "closed") and new not in ("resolved", "closed") and ticket.last_public_by == "customer":
        found = expect_answer(ticket, found, now)
    seen(found)
    db.session.flush()
    show(ticket, found)


def called_off(ticket: Subject, since: datetime, *, now: datetime) -> None:
    """Nothing that began at or after `since` is owed: its clocks are cancelled, as if they had not been. Two statements.

    So it is where a mere thank-you had reopened the ticket, and, since it was opened, where it goes on in another one. A clock
    that ran before stays as it was judged.
    """
    found = held_by(ticket.id)
    cancel([one for one in found if one.clock.state in OPEN and one.clock.started_at >= since], now)
    db.session.flush()
    show(ticket, found)


def retarget(ticket: Subject, *, now: datetime, since: datetime | None = None) -> None:
    """Priority, team, plan, policy or calendar changed: every open clock is computed anew from its beginning, keeping pauses.

    What has stopped stays as it was judged. A clock without a target any more is cancelled, and one that has a target
    again is brought back. A level that was told is armed again only where the new deadline lies ahead. `since` is when the
    change was made, if it is only now worked off. Four statements.
    """
    found = aimed_anew(ticket, held_by(ticket.id), since or now, now)
    seen(found)
    db.session.flush()
    show(ticket, found)


def settled(ticket: Subject, now: datetime) -> list[Held]:
    """The last clock of each metric. While an edit is still being worked off they are computed anew first: two statements more."""
    found = held_by(ticket.id)
    since = next((one.unsettled for one in found if one.unsettled is not None), None)
    return found if since is None else aimed_anew(ticket, found, since, now)


def aimed_anew(ticket: Subject, found: list[Held], since: datetime, now: datetime) -> list[Held]:
    """Clocks under the terms that hold since `since`, with those that are missing under them."""
    terms = terms_for(ticket.organization_id, ticket.promised_priority, ticket.id)
    found = found + begin_missing(ticket, terms, found, since)
    changes = status_changes(ticket.id) if found else []
    return [aim(one, ticket, terms, changes, now) for one in found]


def escalated(ticket: Subject, *, now: datetime) -> None:
    """The ticket is escalated: its responses are capped, and where no response clock runs a next response begins now.

    `escalated_at` and `escalated_minutes` stand on the ticket already. Six statements.
    """
    retarget(ticket, now=now)
    found = held_by(ticket.id)
    if ticket.escalated_minutes is not None and ticket.status not in ("resolved", "closed"):
        found = expect_answer(ticket, found, now)
    db.session.flush()
    show(ticket, found)


def deescalated(ticket: Subject, *, now: datetime) -> None:
    """The escalation was taken back: no cap any more, and a response that only the escalation asked for is not owed any more."""
    if ticket.last_public_by == "staff":
        cancel([one for one in held_by(ticket.id) if one.clock.metric == NEXT and one.clock.state == "running"], now)
    db.session.flush()
    retarget(ticket, now=now)


def last_word_gone(ticket: Subject, *, now: datetime) -> None:
    """The customer's message that waited for us goes on in another ticket, and the one before it is ours: no response is owed here.

    One that an escalation asks for still is. Two statements.
    """
    found = held_by(ticket.id)
    if ticket.escalated_minutes is None:
        cancel([one for one in found if one.clock.metric == NEXT and one.clock.state == "running"], now)
    db.session.flush()
    show(ticket, found)


def cancel(found: Iterable[Held], now: datetime) -> None:
    """These clocks are cancelled, as if they had not been; the caller flushes."""
    for one in found:
        clock = one.clock
        clock.state, clock.stopped_at, clock.due_at, clock.warn_at, clock.next_level_at = "cancelled", now, None, None, None


def begin_missing(ticket: Subject, terms: Terms | None, found: list[Held], now: datetime) -> list[Held]:
    """Clocks that the ticket should have and never had: its priority had no target before, or its plan no policy.

    Where nothing at all was promised until now, nobody can have been late: the clocks begin now.
    """
    if terms is None or ticket.status in ("resolved", "closed"):
        return []
    have = {one.clock.metric for one in found}
    wanted = [RESOLUTION] if is_answered(ticket, found) else [FIRST, RESOLUTION]
    since = ticket.created_at if found else now
    fresh = [begin(ticket, terms, metric, 1, since) for metric in wanted if metric in terms.minutes and metric not in have]
    db.session.flush()
    return fresh


def begin(ticket: Subject, terms: Terms, metric: str, sequence: int, started_at: datetime) -> Held:
    """Begin a clock; the caller flushes."""
    one = made(ticket, terms, metric, sequence, started_at)
    db.session.add(one.clock)
    return one


def made(ticket: Subject, terms: Terms, metric: str, sequence: int, started_at: datetime) -> Held:
    """A new running clock with its deadlines."""
    seconds, capped_at = promised_seconds(ticket, terms, metric, started_at)
    clock = unwritten(
        Clock,
        ticket_id=ticket.id,
        ticket_ref=ticket.ref,
        organization_id=ticket.organization_id,
        team_id=ticket.team_id,
        priority=ticket.promised_priority,
        is_demo=ticket.is_demo,
        metric=metric,
        sequence=sequence,
        **terms.stamp,
        target_seconds=seconds,
        capped_at=capped_at,
        state="running",
        started_at=started_at,
        next_level_at=started_at,
        aimed_at=started_at,
    )
    one = Held(clock, terms.hours, terms.paused, terms.words)
    set_deadlines(clock, one.case(()))
    return one


def set_deadlines(clock: Clock, case: pure.Case) -> None:
    """Store when a running clock is due and when it warns."""
    due, warn = pure.due(case), pure.warns_at(case)
    clock.due_at = None if due is None else from_us(due)
    clock.warn_at = None if warn is None else from_us(warn)


def settle(ticket: Subject, found: list[Held], now: datetime) -> list[Held]:
    """Bring clocks in step with the ticket's status; returns the last clock of each metric."""
    if ticket.status in ("resolved", "closed"):
        for one in found:
            stop(one, ticket, now)
        return found
    return [follow(one, ticket, now) if one.clock.metric == RESOLUTION else one for one in found]


def follow(one: Held, ticket: Subject, now: datetime) -> Held:
    """A resolution clock of an open ticket: paused, resumed, or begun anew because the ticket was reopened."""
    clock = one.clock
    if clock.state in ("stopped", "cancelled"):
        terms = terms_for(ticket.organization_id, ticket.promised_priority, ticket.id)
        if terms is None or RESOLUTION not in terms.minutes:
            return one
        again = begin(ticket, terms, RESOLUTION, clock.sequence + 1, now)
        return follow(again, ticket, now)
    if clock.state == "running" and ticket.status in one.paused:
        rest(one, ticket, now, "paused")
    elif clock.state == "paused" and ticket.status not in one.paused:
        set_deadlines(clock, one.case(status_changes(ticket.id)))
        clock.state, clock.elapsed_seconds, clock.next_level_at, clock.aimed_at = "running", None, now, now
        move(clock, ticket, clock.due_at, "resume", now=now)
    return one


def stop(one: Held, ticket: Subject, now: datetime) -> None:
    """End a clock: kept or missed from here on. One that has ended stays as it is."""
    if one.clock.state == "running":
        rest(one, ticket, now, "stopped")
    elif one.clock.state == "paused":
        one.clock.state = "stopped"
    else:
        return
    one.clock.stopped_at = now


def rest(one: Held, ticket: Subject, now: datetime, state: str) -> None:
    """Let a running clock stand still, with what it has counted; if it is late, that is kept and told."""
    clock = one.clock
    clock.elapsed_seconds = one.counted(now) // SECOND
    clock.state = state
    late_since = clock.due_at if clock.due_at is not None and clock.due_at < now else None
    if state == "paused":
        clock.due_at = clock.warn_at = None
        stand_still(clock, ticket, now=now)
    if late_since is not None:
        tell_breach(clock, ticket, late_since, now)
    elif clock.next_level_at is not None:
        # A late one is still looked at once: its levels behind the due time are told, whether it was answered or not.
        clock.next_level_at = None


def tell_breach(clock: Clock, ticket: Subject, since: datetime, now: datetime) -> None:
    """Mark a clock as breached `since`, and record it unless the sweeper has done so. The row itself decides who is first."""
    claim = update(Clock).where(Clock.id == clock.id, Clock.breach_told_at.is_(None)).values(breached_at=since, breach_told_at=now)
    is_first = db.session.execute(claim, execution_options={"synchronize_session": False}).rowcount == 1  # type: ignore[attr-defined]
    set_committed_value(clock, "breached_at", since)
    if is_first:
        set_committed_value(clock, "breach_told_at", now)
        record("sla.breached", now=now, ticket=ticket, facts=facts_of(clock, since, ticket.assignee_id))


def facts_of(clock: Any, due_at: datetime | None, assignee_id: int | None) -> dict[str, object]:
    """What an event about a clock (or a row with its id, metric and ticket_ref) carries."""
    return {
        "clock_id": clock.id,
        "metric": clock.metric,
        "due_at": due_at.isoformat() if due_at else None,
        "ref": clock.ticket_ref,
        "assignee_id": assignee_id,
    }


def expect_answer(ticket: Subject, found: list[Held], now: datetime) -> list[Held]:
    """Begin the next response clock, unless a response clock runs already or the first answer is still to come."""
    if any(one.clock.metric in RESPONSES and one.clock.state == "running" for one in found) or not is_answered(ticket, found):
        return found
    terms = terms_for(ticket.organization_id, ticket.promised_priority, ticket.id)
    if terms is None or NEXT not in terms.minutes:
        return found
    last = next((one.clock.sequence for one in found if one.clock.metric == NEXT), 0)
    return [one for one in found if one.clock.metric != NEXT] + [begin(ticket, terms, NEXT, last + 1, now)]


def is_answered(ticket: Subject, found: Iterable[Held]) -> bool:
    """Whether the first response is behind us: somebody answered, or the ticket was resolved before."""
    return ticket.first_responded_at is not None or any(one.clock.metric == FIRST and one.clock.state == "stopped" for one in found)


def aim(one: Held, ticket: Subject, terms: Terms | None, changes: list[pure.Change], now: datetime) -> Held:
    """One clock under the terms that hold now."""
    clock = one.clock
    if clock.state == "stopped" or (clock.state == "cancelled" and not is_wanted(clock, ticket)):
        return one
    before = aims(clock)
    clock.organization_id, clock.team_id, clock.priority = ticket.organization_id, ticket.team_id, ticket.promised_priority
    minutes = terms.minutes.get(clock.metric) if terms is not None else None
    if terms is None or minutes is None:
        if clock.state != "cancelled":
            clock.state, clock.stopped_at, clock.due_at, clock.warn_at = "cancelled", now, None, None
        return one
    for name, value in terms.stamp.items():
        setattr(clock, name, value)
    clock.stopped_at = None
    clock.target_seconds, clock.capped_at = promised_seconds(ticket, terms, clock.metric, clock.started_at)
    aimed = Held(clock, terms.hours, terms.paused, terms.words)
    place(aimed, ticket, aimed.case(changes), now)
    moved(clock, ticket, before, now=now)
    return aimed


def is_wanted(clock: Clock, ticket: Subject) -> bool:
    """Whether a cancelled clock would still run if it had a target."""
    if ticket.status in ("resolved", "closed"):
        return False
    if clock.metric == RESOLUTION:
        return True
    return ticket.first_responded_at is None if clock.metric == FIRST else ticket.last_public_by == "customer"


def place(one: Held, ticket: Subject, case: pure.Case, now: datetime) -> None:
    """Put a clock where its case says: running with new deadlines, or paused with what was counted; levels follow."""
    clock, stands = one.clock, pure.position(case, to_us(now))
    late_since = None if stands.late_since is None else from_us(stands.late_since)
    clock.state, clock.elapsed_seconds = stands.state, None if stands.counted is None else stands.counted // SECOND
    set_deadlines(clock, case)
    if late_since is None:
        clock.breached_at = clock.breach_told_at = None
    elif clock.breached_at is not None:
        clock.breached_at = late_since
    if not pure.is_at_risk(case.last_target, pure.elapsed(case, to_us(now))):
        clock.warned_at = None
    clock.next_level_at = now if late_since is not None or not case.stands_still else None
    if case.stands_still:
        clock.due_at = clock.warn_at = None
        if late_since is not None:
            tell_breach(clock, ticket, late_since, now)


def show(ticket: Subject, found: Iterable[Held]) -> None:
    """Put the next deadline of the running clocks on the ticket, which lists sort and colour by."""
    running = [one.clock for one in found if one.clock.state == "running" and one.clock.due_at is not None]
    first = min(running, key=lambda clock: (clock.due_at, clock.metric), default=None)
    due_at, warn_at, metric = (first.due_at, first.warn_at, first.metric) if first else (None, None, None)
    shown = {"next_due_at": due_at, "next_warn_at": warn_at, "next_metric": metric, "queue_at": due_at or NO_DEADLINE}
    for name, value in shown.items():
        # What is set again to what it is would be looked through at the next flush for nothing.
        if getattr(ticket, name) != value:
            setattr(ticket, name, value)


def open_clocks(found: Iterable[Held]) -> list[Clock]:
    """Those that still run or wait."""
    return [one.clock for one in found if one.clock.state in OPEN]
