"""Two matters in one ticket: some of what was said goes on in a new ticket of the same customer.

As in actions.py, the action checks, changes rows, records its events and flushes; it does not commit. The new ticket is waited for
since its customer wrote what it begins with; docs/decisions/splitting.md says why.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from app.accounts.models import User
from app.events.actions import happened, record, record_all
from app.extensions import db
from app.lib.errors import Invalid, WrongState
from app.sla import actions as sla
from app.tickets import rules
from app.tickets.actions import NewTicket, new_row, refuse_stale, set_status, tell, work
from app.tickets.merge_queries import merged_into
from app.tickets.merging import carry
from app.tickets.models import Follower, Message, Ticket, TicketLink
from app.tickets.once import opened, own_key, written_once
from app.triage import actions as triage

# What whoever splits decides; triage decides the rest, as on every new ticket.
CHOSEN = frozenset({"priority", "category"})
COLUMNS = (Message.id, Message.visibility, Message.by_staff, Message.is_automatic, Message.created_at)


@dataclass(frozen=True)
class Part:
    """What becomes a ticket of its own: messages by their ids, and how it is filed. `seen` is the last event on the page."""

    messages: Sequence[int]
    subject: str
    priority: str
    category: str
    form_key: str | None = None
    seen: int | None = None


class Waiting(NamedTuple):
    """Since when the customer has waited, when we first answered, and since when they wait for the next answer, if they do."""

    asked_id: int
    since: datetime
    answered_at: datetime | None
    waits_since: datetime | None


def split(ticket: Ticket, part: Part, *, address: Callable[[str], str], actor: User, now: datetime) -> Ticket:
    """Open a ticket with some of what was said on this one, which is held by the caller. A repeated `form_key` returns the first.

    Files go with their messages, followers are copied, and each links to the other by its `address`. The automatic first response is
    not sent again. Raises NotAllowed, WrongState on a closed ticket or where a message has gone meanwhile, Stale as an answer does, and
    Invalid where nothing of the customer's was chosen, or the first message.
    """
    work(actor)
    earlier = opened(part.form_key, part.subject, actor)
    if earlier is not None:
        return earlier
    check_open(ticket)
    refuse_stale(ticket, part.seen, actor)
    said = db.session.execute(select(*COLUMNS).where(Message.ticket_id == ticket.id).order_by(Message.id)).all()
    goes = chosen(said, part.messages)
    waiting = waiting_of(goes)
    made = begin(ticket, part, waiting, len(goes), actor=actor, now=now)
    carry([one.id for one in goes], made)
    copy_followers(ticket, made, now)
    for one, other, words in ((ticket, made, "split off from this one"), (made, ticket, "which this one was split off from")):
        db.session.add(
            TicketLink(ticket_id=one.id, other_id=other.id, label=f"{other.ref}, {words}", url=address(other.ref), created_at=now)
        )
    go_on(ticket, made, said, goes, actor=actor, now=now)
    db.session.flush()
    return made


def check_open(ticket: Ticket) -> None:
    """Raise WrongState for a ticket on which nothing is said any more. One statement for a closed one, none for others."""
    there = merged_into(ticket)
    if there is not None:
        raise WrongState(f"{ticket.ref} was merged. All that was said stands in {there.ref}: split it there.")
    if ticket.status == "closed":
        raise WrongState(f"{ticket.ref} is closed, and stays as it is.")


def chosen(said: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
    """The messages that go, in their order. Raises as `split` does."""
    goes = [one for one in said if one.id in wanted]
    if len(goes) < len(set(wanted)):
        raise WrongState("Some of these messages are not on this ticket any more. Look at what is here now, and choose again.")
    if said[0] in goes:
        raise Invalid("The first message stays: this ticket is about it.")
    if not any(is_asked(one) for one in goes):
        raise Invalid("Choose at least one public message of the customer: the new ticket answers it.")
    return goes


def is_asked(message: Any) -> bool:
    """Whether it is a customer's message that we answer."""
    return message.visibility == "public" and not message.by_staff


def is_word(message: Any) -> bool:
    """Whether it is a public message that a person wrote."""
    return message.visibility == "public" and not message.is_automatic


def waiting_of(goes: Sequence[Any]) -> Waiting:
    """How the customer has waited by what goes; what staff wrote before they asked is no answer."""
    words = [one for one in goes if is_word(one)]
    asked = next(one for one in words if is_asked(one))
    answered_at, waits_since = None, asked.created_at
    for one in words[words.index(asked) :]:
        answered_at = answered_at or (one.created_at if one.by_staff else None)
        waits_since = None if one.by_staff else waits_since or one.created_at
    return Waiting(asked.id, asked.created_at, answered_at, waits_since)


def begin(ticket: Ticket, part: Part, waiting: Waiting, messages: int, *, actor: User, now: datetime) -> Ticket:
    """The row of the new ticket, with its clocks and its events."""
    asked = db.session.get_one(Message, waiting.asked_id)
    new = NewTicket(ticket.kind, part.subject, {"body": asked.body}, part.priority, part.category, source=asked.source)
    made = new_row(new, ticket.requester, ticket.organization, own_key(part.form_key, actor), waiting.since)
    made.active_at = now
    if waiting.answered_at is not None:
        made.status, made.first_responded_at = "open", waiting.answered_at
        made.first_response_seconds = int((waiting.answered_at - waiting.since).total_seconds())
    made.last_public_by = "staff" if waiting.waits_since is None else "customer"
    tell(made, actor, now)
    plan = ticket.organization.plan if ticket.organization is not None else None
    triaged = triage.triage(made, title=part.subject, body=asked.body, labels=[], plan=plan, kept=CHOSEN)
    _, clocks = sla.first_clocks(made, waiting.waits_since)
    written_once(made)
    facts = {name: getattr(made, name) for name in ("ref", "subject", "kind", "status", "priority", "source")}
    began = {
        "ref": ticket.ref,
        "messages": messages,
        "since": waiting.since.isoformat(),
        "is_answered": waiting.answered_at is not None,
        "waits_since": waiting.waits_since.isoformat() if waiting.waits_since is not None else None,
    }
    record_all(
        happened("ticket.opened", now=now, actor=actor, ticket=made, public=True, facts=facts),
        happened("ticket.split_off", now=now, actor=actor, ticket=made, public=True, facts=began),
        happened("ticket.triaged", now=now, ticket=made, facts=triaged),
    )
    sla.start(made, clocks)
    return made


def copy_followers(ticket: Ticket, made: Ticket, now: datetime) -> None:
    """Whoever follows the one follows the other."""
    query = select(Follower.user_id, Follower.email, Follower.name).where(Follower.ticket_id == ticket.id).order_by(Follower.id)
    for person, email, name in db.session.execute(query):
        db.session.add(Follower(ticket_id=made.id, user_id=person, email=email, name=name, created_at=now))


def go_on(ticket: Ticket, made: Ticket, said: Sequence[Any], goes: Sequence[Any], *, actor: User, now: datetime) -> None:
    """The ticket goes on without what went: whether its customer waits is told by the last word that is left.

    Where that is the customer's and was answered by what went, they wait from now on; where ours, nothing is owed.
    """
    before, old = ticket.last_public_by, ticket.status
    left = last_word([one for one in said if one not in goes])
    if left != last_word(said):
        ticket.last_public_by = "staff" if left.by_staff and left != said[0] else "customer"
    is_turned = ticket.last_public_by != before and ticket.is_open
    is_unanswered = is_turned and ticket.last_public_by == "customer"
    if is_unanswered:
        set_status(ticket, rules.status_after_reply(old, by_staff=False, wanted=None), now)
    if any(one.created_at == ticket.thanked_at for one in goes):
        ticket.thanked_at = None
    ticket.active_at = now
    tell(ticket, actor, now)
    changed = ticket.status if ticket.status != old else None
    facts = {"ref": made.ref, "messages": len(goes), "last_public_by": ticket.last_public_by, "status": changed}
    record("ticket.split", now=now, actor=actor, ticket=ticket, public=True, facts=facts)
    db.session.flush()
    if is_unanswered:
        sla.public_reply(ticket, by_staff=False, now=now)
    elif is_turned:
        sla.last_word_gone(ticket, now=now)


def last_word(said: Sequence[Any]) -> Any:
    """The newest public message that a person wrote; the first of all where there is none."""
    return next((one for one in reversed(said) if is_word(one)), said[0])
