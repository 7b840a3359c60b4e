"""How a ticket is filed: whose it is, how urgent, where it belongs, who follows, what it is linked to.

As in actions.py, each action checks, changes rows, records one event and flushes; none commits.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from app.accounts.models import Team, User
from app.accounts.permissions import may
from app.events.actions import record
from app.extensions import db
from app.lib.database import give, serialize_on
from app.lib.errors import Invalid, NotAllowed
from app.sla import actions as sla
from app.tickets import actions, rules
from app.tickets.actions import clean_tags, refuse_stale, work
from app.tickets.models import Follower, Ticket, TicketLink, TicketTag
from app.triage import actions as triage

MAX_FOLLOWERS = 20


def assign(ticket: Ticket, assignee: User | None, *, actor: User | None, now: datetime, seen: int | None = None) -> None:
    """Give the ticket to a member of staff, or to nobody; by the system where `actor` is None. The same person again changes nothing."""
    if actor is not None:
        work(actor)
    if assignee is not None and not assignee.is_at_desk:
        raise Invalid("Only people who work at the desk can be given tickets.")
    if ticket.assignee_id == (assignee.id if assignee else None):
        return
    if actor is not None:
        refuse_stale(ticket, seen, actor)
    old = ticket.assignee
    ticket.assignee_id, ticket.active_at = assignee.id if assignee else None, now
    give(ticket, assignee=assignee)
    facts = {
        "old_id": old.id if old else None,
        "old_name": old.name if old else None,
        "assignee_id": assignee.id if assignee else None,
        "assignee_name": assignee.name if assignee else None,
    }
    record("ticket.assigned", now=now, actor=actor, ticket=ticket, facts=facts)


def move(ticket: Ticket, team: Team | None, *, actor: User | None, now: datetime, seen: int | None = None) -> None:
    """Move the ticket to another team; by the system where `actor` is None. The same team again changes nothing."""
    if actor is not None:
        work(actor)
    if ticket.team_id == (team.id if team else None):
        return
    if actor is not None:
        refuse_stale(ticket, seen, actor)
    old = ticket.team
    ticket.team_id, ticket.active_at = team.id if team else None, now
    give(ticket, team=team)
    facts = {"old_team": old.name if old else None, "team": team.name if team else None}
    record("ticket.moved", now=now, actor=actor, ticket=ticket, facts=facts)
    db.session.flush()
    sla.retarget(ticket, now=now)


def set_priority(ticket: Ticket, priority: str, *, actor: User, now: datetime, reason: str = "", seen: int | None = None) -> None:
    """Change the priority: a person's word needs no confirmation, and the clocks are set to the new targets."""
    work(actor)
    if priority not in rules.PRIORITIES:
        raise Invalid("Choose a priority from the list.")
    if ticket.priority == priority and ticket.promised_priority == priority:
        return
    refuse_stale(ticket, seen, actor)
    old = ticket.priority
    ticket.priority = ticket.promised_priority = priority
    ticket.needs_confirmation, ticket.active_at = False, now
    record(
        "ticket.priority_changed",
        now=now,
        actor=actor,
        ticket=ticket,
        public=True,
        facts={"old": old, "priority": priority, "reason": reason},
    )
    sla.retarget(ticket, now=now)


def raise_priority(ticket: Ticket, *, reason: str, now: datetime) -> None:
    """Raise the priority by one, by the system, up to what the plan of the organization promises; at its top nothing changes.

    A raise that waits for somebody's confirmation is theirs to decide, and is left alone.
    """
    plan = ticket.organization.plan if ticket.organization is not None else None
    higher = rules.PRIORITIES[min(rules.rank(ticket.priority) + 1, len(rules.PRIORITIES) - 1)]
    if ticket.needs_confirmation or plan is None or rules.rank(higher) > rules.rank(plan.top_priority) or higher == ticket.priority:
        return
    old, ticket.priority, ticket.promised_priority, ticket.active_at = ticket.priority, higher, higher, now
    facts = {"old": old, "priority": higher, "reason": reason}
    record("ticket.priority_changed", now=now, ticket=ticket, public=True, facts=facts)
    sla.retarget(ticket, now=now)


def confirm_priority(ticket: Ticket, accept: bool, *, actor: User, now: datetime) -> None:
    """Decide on a raise beyond the plan: promise it, or go back to what the plan allows. Nothing to decide changes nothing."""
    if not may(actor.role, "ticket.confirm"):
        raise NotAllowed("Only staff confirm priorities.")
    if not ticket.needs_confirmation:
        return
    proposed = ticket.priority
    ticket.priority = ticket.promised_priority = proposed if accept else ticket.promised_priority
    ticket.needs_confirmation, ticket.active_at = False, now
    facts = {"accepted": accept, "proposed": proposed, "priority": ticket.priority}
    record("ticket.priority_confirmed", now=now, actor=actor, ticket=ticket, facts=facts)
    sla.retarget(ticket, now=now)


def set_by_hand(ticket: Ticket, status: str, *, actor: User, now: datetime, seen: int | None = None) -> None:
    """Bring the ticket to a status by the verb that leads there: resolve, close, reopen, or a plain change."""
    work(actor)
    if status == "resolved":
        actions.resolve(ticket, "answered", actor=actor, now=now, seen=seen)
    elif status == "closed":
        actions.close(ticket, actor=actor, now=now)
    elif ticket.status == "resolved" and status in rules.SETTABLE:
        actions.reopen(ticket, "", actor=actor, now=now)
        actions.change_status(ticket, status, actor=actor, now=now, seen=seen)
    else:
        actions.change_status(ticket, status, actor=actor, now=now, seen=seen)


def categorise(ticket: Ticket, category: str, *, actor: User, now: datetime, seen: int | None = None) -> None:
    """File the ticket under another category."""
    work(actor)
    if category not in rules.CATEGORIES:
        raise Invalid("Choose a category from the list.")
    if ticket.category == category:
        return
    refuse_stale(ticket, seen, actor)
    old, ticket.category, ticket.active_at = ticket.category, category, now
    record("ticket.categorised", now=now, actor=actor, ticket=ticket, facts={"old": old, "category": category})


def triage_again(ticket: Ticket, *, actor: User, now: datetime) -> bool:
    """Ask the rules once more and set the clocks to what they say; True if anything changed. What people decided stays."""
    work(actor)
    if not triage.retriage(ticket, actor=actor, now=now):
        return False
    db.session.flush()
    sla.retarget(ticket, now=now)
    return True


def set_tags(ticket: Ticket, wanted: Sequence[str], *, actor: User, now: datetime) -> bool:
    """Make the ticket's tags exactly `wanted`; True if that changed any. Raises Invalid for what cannot be a tag, or too many."""
    work(actor)
    tags = clean_tags(wanted)
    have = set(db.session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id)))
    added, removed = [t for t in tags if t not in have], sorted(have - set(tags))
    if not added and not removed:
        return False
    db.session.execute(delete(TicketTag).where(TicketTag.ticket_id == ticket.id, TicketTag.tag.in_(removed)))
    db.session.add_all(TicketTag(ticket_id=ticket.id, tag=tag) for tag in added)
    record("ticket.tagged", now=now, actor=actor, ticket=ticket, facts={"added": added, "removed": removed})
    return True


def retag(ticket: Ticket, *, add: Sequence[str] = (), remove: Sequence[str] = (), actor: User, now: datetime) -> bool:
    """Put tags to those that the ticket has, or take some off. As set_tags."""
    have = db.session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id).order_by(TicketTag.tag)).all()
    return set_tags(ticket, [*(tag for tag in have if tag not in remove), *add], actor=actor, now=now)


def follow(ticket: Ticket, email: str, *, actor: User, now: datetime, person: User | None = None) -> None:
    """Add a follower: a person, or an outside address. Guests cannot bring in others. Repeating changes nothing."""
    if not may(actor.role, "ticket.follow") or not (actor.is_staff or actor.organization_id):
        raise NotAllowed("Only people of a customer's organization can add followers.")
    if person is not None and not actor.is_staff and person.organization_id != actor.organization_id:
        person = None
    serialize_on(db.session, f"followers:{ticket.id}")
    have = db.session.scalars(select(Follower.email).where(Follower.ticket_id == ticket.id)).all()
    if email in have or email == ticket.requester.email:
        return
    if len(have) >= MAX_FOLLOWERS:
        raise Invalid(f"A ticket takes {MAX_FOLLOWERS} followers at most.")
    name = person.name if person else ""
    db.session.add(Follower(ticket_id=ticket.id, user_id=person.id if person else None, email=email, name=name, created_at=now))
    record("ticket.follower_added", now=now, actor=actor, ticket=ticket, public=True, facts={"email": email, "name": name})


def unfollow(ticket: Ticket, follower: Follower, *, actor: User | None, now: datetime) -> None:
    """Take a follower off; by the system where `actor` is None."""
    if actor is not None and not may(actor.role, "ticket.follow"):
        raise NotAllowed("Your account cannot change who follows.")
    record(
        "ticket.follower_removed", now=now, actor=actor, ticket=ticket, public=True, facts={"email": follower.email, "name": follower.name}
    )
    db.session.delete(follower)


def link(ticket: Ticket, label: str, url: str, *, actor: User, now: datetime, other: Ticket | None = None) -> None:
    """Link to another ticket or to an issue elsewhere. The same address again changes nothing."""
    work(actor)
    if db.session.scalar(select(TicketLink.id).where(TicketLink.ticket_id == ticket.id, TicketLink.url == url)):
        return
    db.session.add(TicketLink(ticket_id=ticket.id, other_id=other.id if other else None, label=label, url=url, created_at=now))
    record("ticket.linked", now=now, actor=actor, ticket=ticket, facts={"label": label, "url": url})


def unlink(ticket: Ticket, found: TicketLink, *, actor: User, now: datetime) -> None:
    """Remove a link."""
    work(actor)
    record("ticket.unlinked", now=now, actor=actor, ticket=ticket, facts={"label": found.label, "url": found.url})
    db.session.delete(found)
