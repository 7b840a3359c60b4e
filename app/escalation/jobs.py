"""What escalates by itself: triggers that triage pulled, levels of clocks, critical tickets that nobody resolves.

Each job takes the id of an event, looks at the ticket as it stands now, does what is due and commits; again is harmless.
"""

from datetime import datetime

from sqlalchemy import delete, select

from app.accounts.models import User
from app.escalation import actions, alarm, queries, rules
from app.escalation.models import EscalationWatch
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.tickets.models import Ticket

BATCH = 100
# The action of an SLA level that escalates by a tier.
ESCALATE = "escalate"


def follow_triage(event_id: int) -> None:
    """`ticket.triaged`: escalate by the triggers that the rules pulled, each once in a round of the ticket."""
    with writing():
        found = queries.event_and_ticket(event_id)
        if found is not None:
            event, ticket = found
            told = [one for one in event.facts["decisions"] if isinstance(one, dict) and one.get("what") == "escalate"]
            reason = " ".join(str(one.get("why") or one["to"]) for one in told)
            actions.pull(ticket, [str(one["to"]) for one in told], reason=reason or "A rule of triage.", now=utcnow())
            db.session.commit()


def follow_confirmation(event_id: int) -> None:
    """`ticket.priority_confirmed`: who promises the raised priority has confirmed the trigger, too; who declines it, declined it."""
    with writing():
        found = queries.event_and_ticket(event_id)
        if found is not None:
            event, ticket = found
            actor = person(event.actor_id)
            if actor is not None and ticket.escalation_proposed is not None and (ticket.is_open or not event.facts["accepted"]):
                actions.decide(ticket, event.facts["accepted"], actor=actor, now=utcnow())
            db.session.commit()


def acknowledge(event_id: int) -> None:
    """`ticket.assigned` on an escalated ticket: somebody has it now, so its alert is acknowledged by who decided that."""
    with writing():
        found = queries.event_and_ticket(event_id)
        if found is not None:
            event, ticket = found
            actor = person(event.actor_id)
            if actor is not None and event.facts["assignee_id"] is not None and is_after(ticket.escalated_at, event.at):
                alarm.answer(ticket, actor=actor, now=utcnow())
            db.session.commit()


def is_after(escalated_at: datetime | None, at: datetime) -> bool:
    """Whether something happened while the ticket was escalated: what is told late may have been before."""
    return escalated_at is not None and at >= escalated_at


def follow_resolution(event_id: int) -> None:
    """`ticket.resolved` or `ticket.merged`: its escalation is over, and it is watched no longer."""
    with writing():
        found = queries.event_and_ticket(event_id)
        if found is not None:
            actions.finish(found[1], now=utcnow())
            watch_or_not(found[1], found[0].at)
            db.session.commit()


def watch(event_id: int) -> None:
    """The priority or the status changed: a ticket that is critical and open is watched from that moment on, any other is not."""
    with writing():
        found = queries.event_and_ticket(event_id)
        if found is not None:
            watch_or_not(found[1], found[0].at)
            db.session.commit()


def watch_or_not(ticket: Ticket, since: datetime) -> None:
    """Bring the watch in step with the ticket. One that is critical for longer keeps its time. Two statements."""
    row = db.session.get(EscalationWatch, ticket.id)
    is_wanted = ticket.is_open and ticket.promised_priority in rules.URGENT
    if is_wanted and row is None and not queries.happened(ticket.id, actions.once(ticket, "critical_unresolved_24h")):
        db.session.add(EscalationWatch(ticket_id=ticket.id, due_at=since + rules.UNRESOLVED))
    elif row is not None and not is_wanted:
        db.session.delete(row)
    db.session.flush()


def sweep() -> int:
    """Escalate what has been critical and unresolved for a day: each once, however many sweepers run. Returns how many.

    Reads only the watches that are due, by their index. Who deletes one has it, in the transaction that escalates.
    """
    done = 0
    with writing():
        due = db.session.scalars(
            select(EscalationWatch.ticket_id).where(EscalationWatch.due_at <= utcnow()).order_by(EscalationWatch.due_at).limit(BATCH)
        ).all()
        db.session.commit()
        for ticket_id in due:
            done += sweep_one(ticket_id, utcnow())
            db.session.commit()
            db.session.expunge_all()
    return done


def sweep_one(ticket_id: int, now: datetime) -> int:
    """Take one watch and escalate its ticket; 1, or 0 where another sweeper was faster or the ticket is no longer critical."""
    mine = delete(EscalationWatch).where(EscalationWatch.ticket_id == ticket_id, EscalationWatch.due_at <= now)
    if db.session.scalar(mine.returning(EscalationWatch.ticket_id).execution_options(synchronize_session=False)) is None:
        return 0
    ticket = queries.ticket_by_id(ticket_id)
    if ticket is None or not ticket.is_open or ticket.promised_priority not in rules.URGENT:
        return 0
    hours = int(rules.UNRESOLVED.total_seconds() // 3600)
    reason = f"It has been {ticket.promised_priority} for more than {hours} hours and is not resolved."
    return int(actions.pull(ticket, ["critical_unresolved_24h"], reason=reason, now=now) is not None)


def follow_level(event_id: int) -> None:
    """`sla.level_reached` whose actions say so: one tier up, once for each level of a clock."""
    with writing():
        found = queries.event_and_ticket(event_id)
        if found is not None and asks_for(found[0]) and found[1].is_open:
            event, ticket = found
            cause = f"level:{event.facts['clock_id']}:{event.facts['level_id']}"
            reason = f"Its {event.facts['metric'].replace('_', ' ')} clock reached the level “{event.facts['level']}”."
            to_tier = min(ticket.tier + 1, rules.TIERS[-1])
            if not queries.happened(ticket.id, cause):
                actions.escalate(ticket, to_tier=to_tier, trigger=rules.BY_LEVEL, reason=reason, actor=None, now=utcnow(), cause=cause)
            db.session.commit()


def asks_for(event: Event) -> bool:
    """Whether the level's actions escalate: a list of words, or a mapping of which `escalate` is set."""
    wanted = event.facts["actions"]
    return bool(wanted.get(ESCALATE)) if isinstance(wanted, dict) else ESCALATE in (wanted or ())


def person(number: int | None) -> User | None:
    """Who acted, if somebody did."""
    return db.session.get(User, number) if number is not None else None
