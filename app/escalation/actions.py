"""Escalating a ticket, taking it back, and what waits for confirmation. Nothing else writes escalations; none commits.

Each action checks, changes rows, records one event of its own and flushes. Whoever calls them holds the ticket's row
(`ticket_for(…, for_change=True)`), so that of two at once the second finds what the first has done.
"""

from dataclasses import dataclass
from datetime import datetime

from app.accounts.models import Team, User
from app.accounts.permissions import may
from app.escalation import alarm, queries, rules
from app.escalation.models import Escalation
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.lib.text import many_lines
from app.sla import actions as sla
from app.tickets import filing
from app.tickets.actions import reply, tell
from app.tickets.models import Ticket


@dataclass(frozen=True)
class Wish:
    """What is asked for: to which tier, why, whether somebody is paged, and what makes it happen only once."""

    to_tier: int
    trigger: str
    reason: str
    pages: bool
    team: Team | None
    cause: str | None = None


def escalate(
    ticket: Ticket, *, to_tier: int, trigger: str, reason: str, actor: User | None, now: datetime, page: bool | None = None, cause: str = ""
) -> Escalation | None:
    """Escalate a ticket to a tier: by a person at the desk, or by the system where `actor` is None.

    Sets the tier, caps the next response by the plan, moves the ticket to the tier's team and alerts its person on call.
    `page` None: as the matrix says of the trigger, and for a person's decision whenever the priority is critical. A
    repeat, or what `cause` has done before, changes nothing and returns what is open. Raises NotAllowed, WrongState for
    a ticket that is done, Invalid for a tier below its own, an unknown trigger or a reason that says nothing.
    """
    if actor is not None and not may(actor.role, "ticket.escalate"):
        raise NotAllowed("Only staff escalate tickets. Ask for it in a reply.")
    wish = wished(ticket, to_tier, trigger, reason, page, cause or None)
    check_open(ticket)
    if to_tier < ticket.tier:
        raise Invalid(f"The ticket is in tier {ticket.tier} already. An escalation goes up.")
    return step_up(ticket, wish, actor=actor, now=now)


def ask(ticket: Ticket, reason: str, *, actor: User, now: datetime) -> Escalation | None:
    """A customer escalates a ticket of their organization: their reason becomes a reply in the thread, and it goes up.

    Where it is escalated as far already nothing changes.

    Raises NotAllowed where their plan has no promise for it, WrongState for a ticket that is done, Invalid without a reason.
    """
    check_asker(ticket, actor)
    trigger = queries.trigger_for("enterprise_escalation")
    wish = wished(ticket, max(trigger.tier, ticket.tier), trigger.key, reason, None, None)
    check_open(ticket)
    before = queries.open_escalation(ticket.id)
    if before is not None and not rules.is_news(before.tier, before.pages, wish.to_tier, wish.pages):
        return before
    reply(ticket, wish.reason, actor=actor, now=now)
    return step_up(ticket, wish, actor=actor, now=now)


def check_asker(ticket: Ticket, actor: User) -> None:
    """Raise NotAllowed for who cannot escalate this ticket as its customer."""
    if not may(actor.role, "ticket.ask_escalation") or actor.organization_id is None or actor.organization_id != ticket.organization_id:
        raise NotAllowed("Only people of the customer's own organization can do this.")
    plan = queries.plan_of(ticket)
    if plan is None or not rules.can_ask(actor.role, plan.escalated_response_minutes):
        raise NotAllowed("Your plan has no escalation of your own. Write a reply and say what changed; we read it.")
    if not queries.trigger_for("enterprise_escalation").is_enabled:
        raise NotAllowed("Escalations are not taken here at present. Write a reply, or tell your Slack channel.")


def pull(ticket: Ticket, pulled: list[str], *, reason: str, now: datetime) -> Escalation | None:
    """Triggers were pulled by themselves: escalate by the strongest that is in force, or propose it where the plan allows less.

    Each trigger acts once in a round of the ticket. A ticket that is done, or escalated as far already, is left alone.
    """
    rows = {row.key: row for row in queries.triggers() if row.is_enabled and row.key in pulled}
    fresh = [
        rules.Trigger(key, row.tier, row.pages, row.any_plan)
        for key, row in rows.items()
        if not queries.happened(ticket.id, once(ticket, key))
    ]
    chosen = rules.strongest(fresh)
    if chosen is None or not ticket.is_open:
        return None
    plan = queries.plan_of(ticket)
    wishes = {one.key: wished(ticket, max(one.tier, ticket.tier), one.key, reason, None, once(ticket, one.key)) for one in fresh}
    wish = wishes.pop(chosen.key)
    row = propose(ticket, wish, now=now) if rules.waits(chosen, plan.tier if plan else 1) else step_up(ticket, wish, actor=None, now=now)
    if row is None or row.cause != wish.cause:
        wishes[chosen.key] = wish
    # What made no difference has had its effect all the same: taken back, it does not come again by itself.
    for other in wishes.values():
        added(ticket, other, "joined", actor=None, now=now).ended_at = now
    return row


def once(ticket: Ticket, trigger: str) -> str:
    """What makes a trigger act once in a round: after the ticket was resolved and reopened it may act again."""
    return f"{trigger}:{ticket.round}"


def wished(ticket: Ticket, to_tier: int, trigger: str, reason: str, page: bool | None, cause: str | None) -> Wish:
    """The wish, checked, with what the matrix says of its trigger. Raises Invalid."""
    reason = many_lines(reason).strip()
    if not reason or len(reason) > rules.REASON_LENGTH:
        raise Invalid(f"Give the reason in {rules.REASON_LENGTH:,} characters at most: what is the effect, and since when?")
    if to_tier not in rules.TIERS or trigger not in (*rules.REASONS, rules.BY_LEVEL):
        raise Invalid("Choose a tier and a trigger from the lists.")
    row = queries.trigger_for(trigger) if trigger in rules.TRIGGERS else None
    default = row.pages if row else ticket.promised_priority in rules.URGENT
    team = (row.team if row else None) or queries.tier_for(to_tier).team
    return Wish(to_tier, trigger, reason, default if page is None else page, team, cause)


def check_open(ticket: Ticket) -> None:
    """Raise WrongState for a ticket that is done."""
    if not ticket.is_open:
        raise WrongState("This ticket is done. Reopen it before you escalate it.")


def propose(ticket: Ticket, wish: Wish, *, now: datetime) -> Escalation | None:
    """Let somebody at the desk decide on a trigger that leads beyond the plan. Nothing is promised until then."""
    before = queries.open_escalation(ticket.id)
    open_tier, open_pages = (before.tier, before.pages) if before is not None else (None, False)
    if queries.proposal(ticket.id) is not None or not rules.is_news(open_tier, open_pages, wish.to_tier, wish.pages):
        return None
    row = added(ticket, wish, "proposed", actor=None, now=now)
    ticket.escalation_proposed = wish.trigger
    record(
        "ticket.escalation_proposed", now=now, ticket=ticket, facts={"tier": wish.to_tier, "trigger": wish.trigger, "reason": wish.reason}
    )
    return row


def decide(ticket: Ticket, accept: bool, *, actor: User, now: datetime) -> None:
    """Confirm what waits, or decline it; where it is declined the tier goes back to the plan's. Nothing to decide changes nothing."""
    if not may(actor.role, "ticket.escalate"):
        raise NotAllowed("Only staff decide on escalations.")
    row = queries.proposal(ticket.id)
    if row is None:
        return
    ticket.escalation_proposed = None
    if accept:
        check_open(ticket)
        row.state = "confirmed"
        db.session.flush()
        wish = wished(ticket, max(row.tier, ticket.tier), row.trigger, row.reason, row.pages, None)
        step_up(ticket, wish, actor=actor, now=now)
        return
    row.state, row.ended_at, row.actor_id = "declined", now, actor.id
    plan = queries.plan_of(ticket)
    if ticket.escalated_at is None:
        ticket.tier = plan.tier if plan else 1
    facts = {"tier": row.tier, "trigger": row.trigger, "reason": row.reason}
    record("ticket.escalation_declined", now=now, actor=actor, ticket=ticket, facts=facts)


def step_up(ticket: Ticket, wish: Wish, *, actor: User | None, now: datetime) -> Escalation | None:
    """Do it, unless what is open goes as far; returns what is open then."""
    before = queries.open_escalation(ticket.id)
    if before is not None and not rules.is_news(before.tier, before.pages, wish.to_tier, wish.pages):
        return before
    for old in filter(None, (before, queries.proposal(ticket.id))):
        old.state, old.ended_at = "raised", now
    db.session.flush()
    row = added(ticket, wish, "open", actor=actor, now=now)
    if before is not None:
        row.old_team_id = before.old_team_id
    plan = queries.plan_of(ticket)
    old_tier, ticket.tier, ticket.escalation_proposed = ticket.tier, wish.to_tier, None
    ticket.escalated_at = ticket.escalated_at or now
    ticket.escalated_minutes = plan.escalated_response_minutes if plan else None
    ticket.active_at = now
    tell(ticket, actor, now)
    facts = {
        "old_tier": old_tier,
        "tier": wish.to_tier,
        "trigger": wish.trigger,
        "reason": wish.reason,
        "team": wish.team.name if wish.team else None,
        "response_minutes": ticket.escalated_minutes,
    }
    record("ticket.escalated", now=now, actor=actor, ticket=ticket, public=True, facts=facts)
    if wish.team is not None:
        filing.move(ticket, wish.team, actor=actor if actor is not None and actor.is_staff else None, now=now)
    sla.escalated(ticket, now=now)
    alarm.sound(ticket, row, now=now)
    return row


def added(ticket: Ticket, wish: Wish, state: str, *, actor: User | None, now: datetime) -> Escalation:
    """The row of a wish. Flushes: the database refuses a second one that is open, and a cause that has been."""
    row = Escalation(
        ticket_id=ticket.id,
        trigger=wish.trigger,
        cause=wish.cause,
        old_tier=ticket.tier,
        tier=wish.to_tier,
        pages=wish.pages,
        old_team_id=ticket.team_id,
        team_id=wish.team.id if wish.team else None,
        reason=wish.reason,
        state=state,
        actor_id=actor.id if actor else None,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    return row


def deescalate(ticket: Ticket, *, to_tier: int, reason: str, actor: User, now: datetime) -> None:
    """Take an escalation back: another tier, no cap any more, the team that had it before, and the alert is resolved.

    What is not escalated is left as it is. Raises NotAllowed, and Invalid for a tier above its own or without a reason.
    """
    if not may(actor.role, "ticket.escalate"):
        raise NotAllowed("Only staff take escalations back.")
    row = queries.open_escalation(ticket.id)
    if row is None:
        return
    reason = many_lines(reason).strip()
    if not reason or len(reason) > rules.REASON_LENGTH:
        raise Invalid(f"Give the reason in {rules.REASON_LENGTH:,} characters at most; it stands on the timeline.")
    if to_tier not in rules.TIERS or to_tier > ticket.tier:
        raise Invalid("A de-escalation does not go up. Choose the tier that the ticket belongs to.")
    old_tier, ticket.tier = ticket.tier, to_tier
    ticket.active_at = now
    tell(ticket, actor, now)
    end(ticket, row, now)
    record(
        "ticket.deescalated",
        now=now,
        actor=actor,
        ticket=ticket,
        public=True,
        facts={"old_tier": old_tier, "tier": to_tier, "reason": reason},
    )
    if row.team_id is not None and ticket.team_id == row.team_id:
        filing.move(ticket, db.session.get(Team, row.old_team_id) if row.old_team_id else None, actor=actor, now=now)
    sla.deescalated(ticket, now=now)
    alarm.silence(ticket, actor=actor, now=now)


def finish(ticket: Ticket, *, now: datetime) -> None:
    """The ticket was resolved: its escalation is over, and what waited for confirmation has gone. An open ticket is left alone."""
    if ticket.is_open:
        return
    waiting = queries.proposal(ticket.id)
    if waiting is not None:
        waiting.state, waiting.ended_at, ticket.escalation_proposed = "ended", now, None
    row = queries.open_escalation(ticket.id)
    if row is None:
        return
    end(ticket, row, now)
    record("ticket.deescalated", now=now, ticket=ticket, facts={"old_tier": ticket.tier, "tier": ticket.tier, "reason": ""})
    alarm.silence(ticket, actor=None, now=now)


def end(ticket: Ticket, row: Escalation, now: datetime) -> None:
    """The escalation is over, and with it the cap."""
    row.state, row.ended_at = "ended", now
    ticket.escalated_at = ticket.escalated_minutes = None
    db.session.flush()
