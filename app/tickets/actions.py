"""What is said and done on a ticket: opening, answering, noting, its status. What files it is in filing.py.

Each action checks, changes rows, records one event and flushes; none commits. Nothing else writes tickets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from app.accounts.models import Organization, Plan, User
from app.accounts.permissions import may
from app.events.actions import happened, record, record_all
from app.events.models import Event
from app.extensions import db
from app.lib.database import at_most, give, plain_rows
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.lib.markdown import to_html
from app.lib.rows import unwritten, write_changes, write_rows
from app.lib.tokens import public_ref
from app.sla import actions as sla
from app.sla.first_answer import within
from app.sla.terms import Terms
from app.tickets import rules
from app.tickets.drafts import drop_draft
from app.tickets.kinds import compose
from app.tickets.merge_queries import closed_words
from app.tickets.models import Attachment, Message, StagedFile, Ticket, TicketTag
from app.tickets.once import own_key, written, written_once
from app.tickets.thanking import is_thanks
from app.triage import actions as triage


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
    if new.kind not in rules.KINDS or new.priority not in rules.PRIORITIES or new.category not in {"", *rules.CATEGORIES}:
        raise Invalid("Choose a kind, a priority and a category from the lists.")
    home = requester.organization
    ticket, plan = new_row(new, requester, home, own_key(new.form_key, actor), now), home.plan if home else None
    tags, body = clean_tags(new.tags), compose(new.kind, new.fields)
    facts = {name: getattr(ticket, name) for name in ("ref", "subject", "kind", "status", "priority", "source")}
    # All that is decided is decided before the row is written, which then is written once. Nothing is written before it.
    triaged = triage.triage(ticket, title=new.subject, body=body, labels=list(new.labels), plan=plan)
    terms, clocks = sla.first_clocks(ticket)
    earlier = written_once(ticket)
    if earlier is not None:
        return earlier
    template = triage.take_template(ticket, triaged, now)
    record_all(
        happened("ticket.opened", now=now, actor=actor, ticket=ticket, public=True, facts=facts),
        happened("ticket.triaged", now=now, ticket=ticket, facts=triaged),
    )
    sla.start(ticket, clocks)
    said = [new_message(ticket, body, author=actor, visibility="public", by_staff=actor.is_staff, now=now, source=new.source)]
    if template:
        # Only the clocks know by which policy the ticket runs, so the answer that names their target comes after them.
        body, html = automatic_answer(template, ticket, terms, requester, plan, now)
        said.append(new_message(ticket, body, html=html, author=None, visibility="public", by_staff=True, is_automatic=True, now=now))
    write_rows(db.session, said)
    attach(new.files, said[0], now)
    db.session.add_all(TicketTag(ticket_id=ticket.id, tag=tag) for tag in tags)
    db.session.flush()
    return ticket


def automatic_answer(
    template: str, ticket: Ticket, terms: Terms | None, requester: User, plan: Plan | None, now: datetime
) -> tuple[str, str]:
    """The first response of a new ticket, with the target that its clocks run by, as (Markdown, HTML)."""
    target = within(terms, ticket.promised_priority, plan.key if plan else None)
    return triage.first_response(template, ticket, plan=plan, requester=requester, within=target, now=now)


def clean_tags(wanted: Sequence[str]) -> list[str]:
    """The tags in their stored form, each once. Raises Invalid for what cannot be a tag, or too many."""
    try:
        tags = list(dict.fromkeys(rules.clean_tag(tag) for tag in wanted if tag.strip()))
    except ValueError as wrong:
        raise Invalid(str(wrong)) from wrong
    if len(tags) > rules.MAX_TAGS:
        raise Invalid(f"A ticket takes {rules.MAX_TAGS} tags at most.")
    return tags


def new_row(new: NewTicket, requester: User, home: Organization | None, form_key: str | None, now: datetime) -> Ticket:
    """The ticket's row before triage has looked at it; not written yet."""
    ticket = unwritten(
        Ticket,
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
        requester_id=requester.id,
        organization_id=home.id if home else None,
        is_demo=requester.is_demo,
        created_at=now,
        active_at=now,
        queue_at=rules.NO_DEADLINE,
        last_public_by="customer",
        form_key=form_key,
        tier=home.plan.tier if home else 1,
    )
    give(ticket, requester=requester)
    return ticket


def new_message(
    ticket: Ticket,
    body: str,
    *,
    author: User | None,
    visibility: str,
    by_staff: bool,
    now: datetime,
    html: str | None = None,
    is_automatic: bool = False,
    form_key: str | None = None,
    source: str = "portal",
    left_out: Sequence[str] = (),
) -> Message:
    """The row of a message; not written yet. `html` is its rendering where that is known already."""
    return unwritten(
        Message,
        ticket_id=ticket.id,
        author_id=author.id if author else None,
        visibility=visibility,
        body=body,
        html=to_html(body) if html is None else html,
        by_staff=by_staff,
        is_automatic=is_automatic,
        source=source,
        created_at=now,
        left_out=list(left_out),
        form_key=form_key,
    )


def add_message(ticket: Ticket, body: str, *, files: Sequence[StagedFile] = (), now: datetime, **said: Any) -> tuple[Message, bool]:
    """(a message (`said` as in new_message) with the staged files, True), or with False what its form has written before.

    Whoever gives it a form's key holds the ticket. One statement without files.
    """
    message = new_message(ticket, body, now=now, **said)
    earlier = written_once(message)
    if earlier is not None:
        return earlier, False
    attach(files, message, now)
    return message, True


def attach(files: Sequence[StagedFile], message: Message, now: datetime) -> None:
    """Move staged files to a message. Flushes if there are any."""
    for staged in files:
        db.session.add(attached(staged, message, now))
        db.session.delete(staged)
    if files:
        db.session.flush()


def attached(staged: StagedFile, message: Message, now: datetime) -> Attachment:
    """The attachment that a staged file becomes."""
    return Attachment(
        ref=staged.ref,
        ticket_id=message.ticket_id,
        message_id=message.id,
        uploader_id=staged.owner_id,
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
    left_out: Sequence[str] = (),
) -> Message:
    """Answer in public. Along with it anybody may resolve (`status` resolved), and staff set one of SETTABLE.

    `left_out` are addresses of followers that get no copy of it. A repeated `form_key` returns the first reply. Raises
    Invalid for an empty answer, WrongState on a closed ticket, and Stale if colleagues changed the ticket after event
    `seen`. A customer's answer reopens what was resolved; if it is only a thank-you, that can be dismissed (thanking.py).
    """
    try:
        check_reply(ticket, body, files, actor=actor, seen=seen)
    except (WrongState, Stale):
        # Sent again, it may have become so meanwhile.
        earlier = written(form_key, body, "public", actor, ticket)
        if earlier is None:
            raise
        return earlier
    said: dict[str, Any] = {"author": actor, "by_staff": actor.is_staff, "form_key": own_key(form_key, actor, ticket), "source": source}
    message, is_new = add_message(ticket, body, visibility="public", now=now, files=files, left_out=left_out, **said)
    if not is_new:
        return message
    wanted = status if status in rules.SETTABLE else None
    old, new = ticket.status, rules.status_after_reply(ticket.status, by_staff=actor.is_staff, wanted=wanted)
    thanked_at = ticket.thanked_at if old != "resolved" else now
    set_status(ticket, new, now)
    if not actor.is_staff and thanked_at is not None and is_thanks(ticket, body, has_files=bool(files)):
        ticket.thanked_at = thanked_at
    ticket.last_public_by = "staff" if actor.is_staff else "customer"
    tell(ticket, actor, now)
    note_first_response(ticket, actor, now)
    facts = {"message_id": message.id, "by_staff": actor.is_staff, "is_automatic": False, "status": new if new != old else None}
    record("ticket.replied", now=now, actor=actor, ticket=ticket, public=True, facts=facts)
    sla.public_reply(ticket, by_staff=actor.is_staff, now=now)
    drop_draft(ticket, actor)
    if status == "resolved":
        resolve(ticket, "answered" if actor.is_staff else "solved", actor=actor, now=now)
    write_changes(db.session)
    return message


def check_reply(ticket: Ticket, body: str, files: Sequence[StagedFile], *, actor: User, seen: int | None) -> None:
    """Raise NotAllowed, Invalid, WrongState or Stale where nobody may answer, with nothing, or not now."""
    if not may(actor.role, "ticket.reply"):
        raise NotAllowed("Your account cannot answer tickets.")
    if ticket.status == "closed":
        raise WrongState(closed_words(ticket))
    if not body.strip() and not files:
        raise Invalid("There is nothing to send yet. Write an answer, or attach a file.")
    if actor.is_staff:
        refuse_stale(ticket, seen, actor)


def solve(ticket: Ticket, body: str, *, actor: User, now: datetime, form_key: str | None = None, files: Sequence[StagedFile] = ()) -> None:
    """“This is solved”, said by a customer: with their last words if there are any. Solved again, nothing changes."""
    if body.strip() or files:
        reply(ticket, body, actor=actor, now=now, status="resolved", form_key=form_key, files=files)
    else:
        resolve(ticket, "solved", actor=actor, now=now)


def tell(ticket: Ticket, actor: User | None, now: datetime) -> None:
    """Somebody else than the requester has changed what the requester sees: the lists mark the ticket as unread."""
    if actor is None or actor.id != ticket.requester_id:
        ticket.told_at = now


def note_first_response(ticket: Ticket, actor: User, now: datetime) -> None:
    """The first public answer by staff is remembered on the ticket, however late it is."""
    if actor.is_staff and ticket.first_responded_at is None and ticket.requester_id != actor.id:
        ticket.first_responded_at = now
        ticket.first_response_seconds = int((now - ticket.created_at).total_seconds())


# Built once: every answer at the desk asks the first, and hardly any the second.
EVENTS: Any = Event.__table__
NEWEST = select(EVENTS.c.id).where(EVENTS.c.ticket_id == bindparam("ticket")).order_by(EVENTS.c.id.desc()).limit(at_most(1))
SINCE = select(EVENTS.c.id).where(
    EVENTS.c.ticket_id == bindparam("ticket"),
    EVENTS.c.id > bindparam("seen"),
    EVENTS.c.kind.in_(rules.MATERIAL),
    EVENTS.c.actor_id.is_distinct_from(bindparam("actor")),
)


def refuse_stale(ticket: Ticket, seen: int | None, actor: User) -> None:
    """Raise Stale if others changed the ticket after the event `seen`, that its page was made with. One or two statements."""
    asked = {"ticket": ticket.id, "seen": seen, "actor": actor.id}
    if seen is None or (plain_rows(db.session, NEWEST, asked).scalar() or 0) <= seen:
        return
    if plain_rows(db.session, SINCE, asked).scalar() is not None:
        raise Stale("The ticket changed while you were writing. Your text is kept: read what is new, then send again.")


def note(
    ticket: Ticket, body: str, *, actor: User, now: datetime, form_key: str | None = None, files: Sequence[StagedFile] = ()
) -> Message:
    """Write an internal note. It changes no status and stops no clock."""
    if not may(actor.role, "ticket.note"):
        raise NotAllowed("Internal notes are for staff.")
    if not body.strip() and not files:
        raise Invalid("There is nothing to save yet. Write the note, or attach a file.")
    key = own_key(form_key, actor, ticket)
    message, is_new = add_message(ticket, body, author=actor, visibility="internal", by_staff=True, now=now, form_key=key, files=files)
    if not is_new:
        return message
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
    tell(ticket, actor, now)
    record("ticket.status_changed", now=now, actor=actor, ticket=ticket, public=True, facts={"old": old, "status": status})
    sla.status_changed(ticket, old, status, now=now)


def set_status(ticket: Ticket, status: str, now: datetime) -> None:
    """Keep the columns that follow from the status in step with it."""
    ticket.status = status
    ticket.thanked_at = None
    ticket.is_open, ticket.active_at = rules.is_open(status), now
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
    tell(ticket, actor, now)
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
        raise WrongState(closed_words(ticket))
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


def work(actor: User) -> None:
    """Raise NotAllowed for whoever does not work on tickets."""
    if not may(actor.role, "ticket.work"):
        raise NotAllowed("Only staff can change this.")
