"""The only writers of tickets. Each checks, changes rows, records one event and flushes; none commits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from app.accounts.models import Team, User
from app.accounts.permissions import may
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.lib.markdown import to_html
from app.lib.tokens import public_ref
from app.sla import actions as sla
from app.tickets import rules
from app.tickets.kinds import compose
from app.tickets.models import Attachment, Draft, Follower, Message, StagedFile, Ticket, TicketLink, TicketTag
from app.triage import actions as triage

MAX_FOLLOWERS = 20
# Changes by others that a person should know of before their answer leaves.
MATERIAL = ("ticket.replied", "ticket.noted", "ticket.status_changed", "ticket.priority_changed", "ticket.assigned", "ticket.moved", "ticket.resolved", "ticket.reopened", "ticket.closed")


@dataclass(frozen=True)
class NewTicket:
    """What somebody asks. `fields` are the answers to the form of its kind; `labels` come from GitHub."""

    kind: str
    subject: str
    fields: dict[str, Any]
    priority: str = "medium"
    category: str = ""
    tags: Sequence[str] = ()
    labels: Sequence[str] = ()
    source: str = "portal"
    form_key: str | None = None
    files: Sequence[StagedFile] = field(default_factory=tuple)


def open_ticket(new: NewTicket, *, requester: User, actor: User, now: datetime) -> Ticket:
    """Open a ticket: its rows, triage, clocks and the automatic first response. A repeated `form_key` returns the first.

    Raises NotAllowed, and Invalid for a word that is not in the vocabulary. Costs about ten statements.
    """
    if not may(actor.role, "ticket.open"):
        raise NotAllowed("Your account cannot open tickets. Ask an administrator.")
    if new.kind not in rules.KINDS or new.priority not in rules.PRIORITIES:
        raise Invalid("Choose a kind and a priority from the lists.")
    if new.form_key is not None and (earlier := opened_by_form(new.form_key)) is not None:
        return earlier
    ticket = new_row(new, requester, now)
    db.session.add(ticket)
    db.session.flush()
    body = compose(new.kind, new.fields)
    message = add_message(ticket, body, author=actor, visibility="public", by_staff=actor.is_staff, now=now, files=new.files)
    message.source = new.source
    for tag in dict.fromkeys(rules.clean_tag(tag) for tag in new.tags):
        db.session.add(TicketTag(ticket_id=ticket.id, tag=tag))
    facts = {"ref": ticket.ref, "subject": ticket.subject, "kind": ticket.kind, "status": "new", "priority": ticket.priority, "source": ticket.source}
    record("ticket.opened", now=now, actor=actor, ticket=ticket, public=True, facts=facts)
    answer = triage.triage(ticket, title=new.subject, body=body, labels=list(new.labels), plan=requester.plan, requester=requester, now=now)
    sla.start(ticket, now=now)
    if answer:
        add_message(ticket, answer, author=None, visibility="public", by_staff=True, is_automatic=True, now=now)
    db.session.flush()
    return ticket


def opened_by_form(form_key: str) -> Ticket | None:
    """The ticket that this very form has opened already; later submissions of it wait for the first to commit."""
    serialize_on(db.session, form_key)
    return db.session.scalar(select(Ticket).where(Ticket.form_key == form_key))


def new_row(new: NewTicket, requester: User, now: datetime) -> Ticket:
    """The ticket's row before triage has looked at it."""
    return Ticket(
        ref=public_ref("HT"),
        kind=new.kind,
        subject=new.subject,
        status="new",
        is_open=True,
        priority=new.priority,
        promised_priority=new.priority,
        category=new.category or "other",
        fields=new.fields,
        source=new.source,
        requester=requester,
        organization_id=requester.organization_id,
        is_demo=requester.is_demo,
        created_at=now,
        active_at=now,
        queue_at=rules.NO_DEADLINE,
        last_public_by="customer",
        form_key=new.form_key,
        tier=requester.plan.tier if requester.plan else 1,
    )


def add_message(
    ticket: Ticket,
    body: str,
    *,
    author: User | None,
    visibility: str,
    by_staff: bool,
    now: datetime,
    is_automatic: bool = False,
    form_key: str | None = None,
    files: Sequence[StagedFile] = (),
) -> Message:
    """Add a message and move the staged files to it. Flushes."""
    message = Message(
        ticket_id=ticket.id,
        author=author,
        visibility=visibility,
        body=body,
        html=to_html(body),
        by_staff=by_staff,
        is_automatic=is_automatic,
        created_at=now,
        form_key=form_key,
    )
    db.session.add(message)
    db.session.flush()
    for staged in files:
        db.session.add(attached(staged, ticket, message, now))
        db.session.delete(staged)
    return message


def attached(staged: StagedFile, ticket: Ticket, message: Message, now: datetime) -> Attachment:
    """The attachment that a staged file becomes."""
    return Attachment(
        ref=staged.ref,
        ticket_id=ticket.id,
        message_id=message.id,
        name=staged.name,
        media_type=staged.media_type,
        size_bytes=staged.size_bytes,
        sha256=staged.sha256,
        storage_key=staged.storage_key,
        created_at=now,
    )


def reply(
    ticket: Ticket,
    body: str,
    *,
    actor: User,
    now: datetime,
    status: str | None = None,
    form_key: str | None = None,
    seen: int | None = None,
    files: Sequence[StagedFile] = (),
    source: str = "portal",
) -> Message:
    """Answer in public. Staff may set the status along with it (`status`, one of SETTABLE or resolved).

    A repeated `form_key` returns the first reply. Raises Invalid for an empty answer, WrongState on a closed ticket,
    and Stale if colleagues changed the ticket after event `seen`. A customer's answer reopens what was resolved.
    """
    if form_key is not None and (earlier := written_by_form(form_key)) is not None:
        return earlier
    if not may(actor.role, "ticket.reply"):
        raise NotAllowed("Your account cannot answer tickets.")
    if not body.strip() and not files:
        raise Invalid("Write an answer before you send it.")
    if ticket.status == "closed":
        raise WrongState("This ticket is closed. Open a new one and mention this number.")
    if actor.is_staff:
        refuse_stale(ticket, seen, actor)
    message = add_message(ticket, body, author=actor, visibility="public", by_staff=actor.is_staff, now=now, form_key=form_key, files=files)
    message.source = source
    resolving = actor.is_staff and status == "resolved"
    wanted = status if status in rules.SETTABLE else None
    old, new = ticket.status, rules.status_after_reply(ticket.status, by_staff=actor.is_staff, wanted=wanted)
    set_status(ticket, new, now)
    ticket.last_public_by = "staff" if actor.is_staff else "customer"
    note_first_response(ticket, actor, now)
    facts = {"message_id": message.id, "by_staff": actor.is_staff, "is_automatic": False, "status": new if new != old else None}
    record("ticket.replied", now=now, actor=actor, ticket=ticket, public=True, facts=facts)
    sla.public_reply(ticket, by_staff=actor.is_staff, now=now)
    drop_draft(ticket, actor)
    if resolving:
        resolve(ticket, "answered", actor=actor, now=now)
    db.session.flush()
    return message


def note_first_response(ticket: Ticket, actor: User, now: datetime) -> None:
    """The first public answer by staff is remembered on the ticket, however late it is."""
    if actor.is_staff and ticket.first_responded_at is None and ticket.requester_id != actor.id:
        ticket.first_responded_at = now
        ticket.first_response_seconds = int((now - ticket.created_at).total_seconds())


def written_by_form(form_key: str) -> Message | None:
    """The message that this very form has written already."""
    serialize_on(db.session, form_key)
    return db.session.scalar(select(Message).where(Message.form_key == form_key))


def changes_since(ticket: Ticket, seen: int, actor: User) -> Sequence[Event]:
    """What others did to the ticket after the event that the page was made with."""
    query = select(Event).where(Event.ticket_id == ticket.id, Event.id > seen, Event.kind.in_(MATERIAL), Event.actor_id != actor.id)
    return db.session.scalars(query.order_by(Event.id)).all()


def refuse_stale(ticket: Ticket, seen: int | None, actor: User) -> None:
    """Raise Stale if others changed the ticket since the page was made."""
    if seen is not None and changes_since(ticket, seen, actor):
        raise Stale("The ticket changed while you were writing. Your text is kept: read what is new, then send again.")


def note(ticket: Ticket, body: str, *, actor: User, now: datetime, form_key: str | None = None, files: Sequence[StagedFile] = ()) -> Message:
    """Write an internal note. It changes no status and stops no clock."""
    if form_key is not None and (earlier := written_by_form(form_key)) is not None:
        return earlier
    if not may(actor.role, "ticket.note"):
        raise NotAllowed("Internal notes are for staff.")
    if not body.strip() and not files:
        raise Invalid("Write the note before you save it.")
    message = add_message(ticket, body, author=actor, visibility="internal", by_staff=True, now=now, form_key=form_key, files=files)
    ticket.active_at = now
    record("ticket.noted", now=now, actor=actor, ticket=ticket, facts={"message_id": message.id})
    drop_draft(ticket, actor)
    return message


def change_status(ticket: Ticket, status: str, *, actor: User, now: datetime, seen: int | None = None) -> None:
    """Set one of the statuses that staff set by hand. The same status again changes nothing."""
    work(actor)
    if status not in rules.SETTABLE:
        raise Invalid("Choose a status from the list.")
    if ticket.status == status:
        return
    if ticket.status == "closed":
        raise WrongState("A closed ticket stays closed. Ask the customer to open a new one.")
    refuse_stale(ticket, seen, actor)
    old = ticket.status
    set_status(ticket, status, now)
    record("ticket.status_changed", now=now, actor=actor, ticket=ticket, public=True, facts={"old": old, "status": status})
    sla.status_changed(ticket, old, status, now=now)


def set_status(ticket: Ticket, status: str, now: datetime) -> None:
    """Keep the columns that follow from the status in step with it."""
    ticket.status = status
    ticket.is_open = rules.is_open(status)
    ticket.active_at = now
    if ticket.is_open:
        ticket.resolved_at = None


def resolve(ticket: Ticket, outcome: str, *, actor: User, now: datetime, seen: int | None = None) -> None:
    """Resolve: every clock ends, and a new round of survey begins. A resolved or closed ticket is left as it is."""
    if not may(actor.role, "ticket.resolve"):
        raise NotAllowed("Your account cannot resolve tickets.")
    if not ticket.is_open:
        return
    if actor.is_staff:
        refuse_stale(ticket, seen, actor)
    old = ticket.status
    set_status(ticket, "resolved", now)
    ticket.resolved_at = now
    ticket.round += 1
    facts = {"outcome": outcome, "status": "resolved", "round": ticket.round, "by_staff": actor.is_staff}
    record("ticket.resolved", now=now, actor=actor, ticket=ticket, public=True, facts=facts)
    sla.status_changed(ticket, old, "resolved", now=now)


def reopen(ticket: Ticket, reason: str, *, actor: User, now: datetime) -> None:
    """Bring a resolved ticket back. An open one is left as it is; a closed one raises WrongState."""
    if not may(actor.role, "ticket.reopen"):
        raise NotAllowed("Your account cannot reopen tickets.")
    if ticket.is_open:
        return
    if ticket.status == "closed":
        raise WrongState("This ticket is closed. Open a new one and mention this number.")
    set_status(ticket, "open", now)
    record("ticket.reopened", now=now, actor=actor, ticket=ticket, public=True, facts={"status": "open", "reason": reason})
    sla.status_changed(ticket, "resolved", "open", now=now)


def close(ticket: Ticket, *, actor: User | None, now: datetime) -> None:
    """Close a resolved ticket for good; the system does it after some days. A closed one is left as it is."""
    if actor is not None:
        work(actor)
    if ticket.status == "closed":
        return
    if ticket.status != "resolved":
        raise WrongState("Resolve the ticket before you close it.")
    ticket.status, ticket.closed_at = "closed", now
    record("ticket.closed", now=now, actor=actor, ticket=ticket, public=True, facts={"status": "closed"})


def assign(ticket: Ticket, assignee: User | None, *, actor: User, now: datetime, seen: int | None = None) -> None:
    """Give the ticket to a member of staff, or to nobody. The same person again changes nothing."""
    work(actor)
    if assignee is not None and not (assignee.is_staff and assignee.is_enabled):
        raise Invalid("Only people who work at the desk can be given tickets.")
    if ticket.assignee_id == (assignee.id if assignee else None):
        return
    refuse_stale(ticket, seen, actor)
    old = ticket.assignee
    ticket.assignee, ticket.active_at = assignee, now
    facts = {
        "old_id": old.id if old else None,
        "old_name": old.name if old else None,
        "assignee_id": assignee.id if assignee else None,
        "assignee_name": assignee.name if assignee else None,
    }
    record("ticket.assigned", now=now, actor=actor, ticket=ticket, facts=facts)


def move(ticket: Ticket, team: Team | None, *, actor: User, now: datetime) -> None:
    """Move the ticket to another team. The same team again changes nothing."""
    work(actor)
    if ticket.team_id == (team.id if team else None):
        return
    old = ticket.team
    ticket.team, ticket.active_at = team, now
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
    record("ticket.priority_changed", now=now, actor=actor, ticket=ticket, public=True, facts={"old": old, "priority": priority, "reason": reason})
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


def categorise(ticket: Ticket, category: str, *, actor: User, now: datetime) -> None:
    """File the ticket under another category."""
    work(actor)
    if category not in rules.CATEGORIES:
        raise Invalid("Choose a category from the list.")
    if ticket.category == category:
        return
    old, ticket.category, ticket.active_at = ticket.category, category, now
    record("ticket.categorised", now=now, actor=actor, ticket=ticket, facts={"old": old, "category": category})


def set_tags(ticket: Ticket, wanted: Sequence[str], *, actor: User, now: datetime) -> None:
    """Make the ticket's tags exactly `wanted`. Raises Invalid for what cannot be a tag, or too many."""
    work(actor)
    try:
        tags = list(dict.fromkeys(rules.clean_tag(tag) for tag in wanted if tag.strip()))
    except ValueError as wrong:
        raise Invalid(str(wrong)) from wrong
    if len(tags) > rules.MAX_TAGS:
        raise Invalid(f"A ticket takes {rules.MAX_TAGS} tags at most.")
    have = set(db.session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id)))
    added, removed = [t for t in tags if t not in have], sorted(have - set(tags))
    if not added and not removed:
        return
    db.session.execute(delete(TicketTag).where(TicketTag.ticket_id == ticket.id, TicketTag.tag.in_(removed)))
    db.session.add_all(TicketTag(ticket_id=ticket.id, tag=tag) for tag in added)
    record("ticket.tagged", now=now, actor=actor, ticket=ticket, facts={"added": added, "removed": removed})


def follow(ticket: Ticket, email: str, *, actor: User, now: datetime, person: User | None = None) -> None:
    """Add a follower: a person, or an outside address. Guests cannot bring in others. Repeating changes nothing."""
    if not may(actor.role, "ticket.follow") or not (actor.is_staff or actor.organization_id):
        raise NotAllowed("Only people of a customer's organization can add followers.")
    if person is not None and not actor.is_staff and person.organization_id != actor.organization_id:
        person = None
    have = db.session.scalars(select(Follower.email).where(Follower.ticket_id == ticket.id)).all()
    if email in have or email == ticket.requester.email:
        return
    if len(have) >= MAX_FOLLOWERS:
        raise Invalid(f"A ticket takes {MAX_FOLLOWERS} followers at most.")
    name = person.name if person else ""
    db.session.add(Follower(ticket_id=ticket.id, user_id=person.id if person else None, email=email, name=name, created_at=now))
    record("ticket.follower_added", now=now, actor=actor, ticket=ticket, public=True, facts={"email": email, "name": name})


def unfollow(ticket: Ticket, follower: Follower, *, actor: User, now: datetime) -> None:
    """Take a follower off."""
    if not may(actor.role, "ticket.follow"):
        raise NotAllowed("Your account cannot change who follows.")
    record("ticket.follower_removed", now=now, actor=actor, ticket=ticket, public=True, facts={"email": follower.email, "name": follower.name})
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


def save_draft(ticket: Ticket, body: str, visibility: str, *, actor: User, now: datetime) -> None:
    """Keep what somebody is typing; an empty text removes the draft. No event: nothing has happened yet."""
    if not body.strip():
        drop_draft(ticket, actor)
        return
    db.session.merge(Draft(ticket_id=ticket.id, user_id=actor.id, body=body, visibility=visibility, saved_at=now))
    db.session.flush()


def drop_draft(ticket: Ticket, actor: User) -> None:
    """The text was sent or thrown away."""
    db.session.execute(delete(Draft).where(Draft.ticket_id == ticket.id, Draft.user_id == actor.id))


def work(actor: User) -> None:
    """Raise NotAllowed for whoever does not work on tickets."""
    if not may(actor.role, "ticket.work"):
        raise NotAllowed("Only staff can change this.")
