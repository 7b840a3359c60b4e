"""What is done with a call: booked, moved, cancelled, given to another engineer, and noted when it is over.

Each action checks, changes rows, records one event and flushes; none commits. What a call leaves on its ticket goes through
the ticket's own actions.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts.models import User
from app.accounts.permissions import may
from app.calls import claims, queries, rules, slots
from app.calls.models import Call, CallKind
from app.calls.rooms import checked_contact, checked_room
from app.events.actions import record
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.lib.text import many_lines, one_line
from app.lib.tokens import public_ref
from app.rota.queries import plan_for
from app.tickets.models import Ticket
from app.tickets.once import own_key

TOPIC_LENGTH, REASON_LENGTH = 200, 1_000
NOT_YOURS = "Only who booked this call, or an admin of the organization, can change it."
WITHOUT_PLAN = "Your plan has no such calls. Open a ticket, and we answer in writing."


class NotOffered(Invalid):
    """A time that nobody was offered: past, too soon, too far, or without anybody on duty."""


@dataclass(frozen=True)
class Booking:
    """What a customer asks for. `how` is phone or video; `contact` a number, or a link of theirs or nothing."""

    kind: CallKind
    start: datetime
    engineer_id: int
    topic: str
    how: str
    contact: str = ""
    time_zone: str = "UTC"
    ticket: Ticket | None = None
    form_key: str | None = None


def book(wanted: Booking, *, actor: User, now: datetime) -> Call:
    """Book a call for the actor. The same `form_key` again gives the call that it has booked.

    Raises NotAllowed where their plan has no such calls, NotOffered for a time that is none, Invalid for a topic or a contact
    that is none, and SlotTaken where somebody was faster. About twenty statements.
    """
    if not may(actor.role, "calls.book") or wanted.kind.id not in {kind.id for kind in queries.kinds_for(actor)}:
        raise NotAllowed(WITHOUT_PLAN)
    key = own_key(wanted.form_key, actor)
    if key is not None and (earlier := booked_by_form(key)) is not None:
        return earlier
    topic, contact = one_line(wanted.topic), checked_contact(wanted.how, wanted.contact)
    if not 1 <= len(topic) <= TOPIC_LENGTH:
        raise Invalid(f"Say in up to {TOPIC_LENGTH} characters what the call is about.")
    check_time(wanted.kind, wanted.start, wanted.engineer_id, actor.id, now=now)
    call = new_call(wanted, actor, now)
    call.topic, call.contact, call.form_key = topic, contact, key
    claims.take(call, wanted.kind, wanted.start, wanted.engineer_id)
    noted("call.booked", call, now=now, actor=actor, public=True, topic=topic, how=call.how)
    return call


def booked_by_form(key: str) -> Call | None:
    """The call that this very form has booked already; later submissions of it wait for the first to commit."""
    serialize_on(db.session, key)
    return db.session.scalar(queries.with_people(select(Call)).where(Call.form_key == key))


def new_call(wanted: Booking, customer: User, now: datetime) -> Call:
    """The row of a call, without its time."""
    engineer = db.session.get_one(User, wanted.engineer_id)
    people = {"customer": customer, "engineer": engineer, "organization": customer.organization, "ticket": wanted.ticket}
    ids = {"organization_id": customer.organization_id, "ticket_id": wanted.ticket.id if wanted.ticket else None}
    times = {"booked_at": now, "placed_at": now, "changed_at": now}
    secret = secrets.token_urlsafe(16)
    call = Call(ref=public_ref("CL"), kind=wanted.kind, kind_id=wanted.kind.id, how=wanted.how, nonce=secret, **people, **ids, **times)
    call.time_zone, call.is_demo, call.state, call.sequence = wanted.time_zone, customer.is_demo, "booked", 0
    call.video_url = call.note = ""
    call.is_off_rota = call.is_note_public = False
    return call


def check_time(kind: CallKind, start: datetime, engineer_id: int, customer_id: int, *, now: datetime, moved: Call | None = None) -> None:
    """Raise NotOffered or SlotTaken unless a person has this time free now. Whoever changes their calls waits for this one."""
    serialize_on(db.session, f"caller-{customer_id}")
    claims.in_turn(engineer_id, moved.engineer_id if moved else None)
    found = slots.offer(kind, now=now, without=moved, until=start)
    refused = rules.refusal(slots.terms_of(kind), found.duties, start, engineer_id, now=now)
    if refused is not None:
        raise NotOffered(refused)
    if (start, engineer_id) not in {(slot.start, slot.user_id) for slot in found.slots}:
        raise claims.SlotTaken()
    if queries.overlapping(customer_id, start, start + slots.terms_of(kind).length, without=moved.id if moved else None):
        raise NotOffered("You have another call at this time. Choose another time, or cancel the other call first.")


def move(call: Call, start: datetime, engineer_id: int, *, actor: User, now: datetime) -> None:
    """Give a call another time, perhaps with somebody else. The time that it has already changes nothing.

    Raises NotAllowed, WrongState once it has begun, NotOffered and SlotTaken as in `book`; then its old time is still its own.
    """
    check_changer(call, actor)
    if (call.starts_at, call.engineer_id) == (start, engineer_id):
        return
    check_to_come(call, now)
    check_time(call.kind, start, engineer_id, call.customer_id, now=now, moved=call)
    before = {"old_starts_at": call.starts_at.isoformat(), "old_engineer_id": call.engineer_id}
    with db.session.begin_nested():
        relocate(call, start, engineer_id)
    call.placed_at, call.day_reminded_at, call.hour_reminded_at = now, None, None
    call.lost_at, call.is_off_rota = None, False
    change(call, now)
    noted("call.moved", call, now=now, actor=actor, public=True, **before)


def relocate(call: Call, start: datetime, engineer_id: int) -> None:
    """From one time to another within one savepoint, so that a time which is taken leaves the old one as it was."""
    # A booked call always has its time, so says the schema: between two times it is in no state of those.
    call.state = "moving"
    claims.leave(call)
    claims.take(call, call.kind, start, engineer_id)
    call.state = "booked"
    call.engineer = db.session.get_one(User, engineer_id)


def cancel(call: Call, reason: str, *, actor: User, now: datetime) -> None:
    """Call it off and give its time back. A cancelled call stays as it is. Raises NotAllowed, or WrongState once it has begun."""
    check_changer(call, actor)
    if call.state == "cancelled":
        return
    check_to_come(call, now)
    reason = many_lines(reason)
    if len(reason) > REASON_LENGTH:
        raise Invalid(f"Use {REASON_LENGTH:,} characters at most.")
    call_off(call, reason, actor=actor, now=now)


def call_off(call: Call, reason: str, *, actor: User | None, now: datetime) -> None:
    """Give back the time of a call that is booked, whoever is behind it: nobody (None) where it follows from something else."""
    claims.in_turn(call.engineer_id)
    call.state, call.closed_at, call.closed_by_id, call.lost_at = "cancelled", now, actor.id if actor else None, None
    call.note, call.is_note_public = reason, True
    claims.leave(call)
    change(call, now)
    noted("call.cancelled", call, now=now, actor=actor, public=True, reason=reason, by_staff=actor is None or actor.is_staff)


def reassign(call: Call, engineer: User, *, actor: User, now: datetime) -> None:
    """Give a call to another engineer at the same time; the customer has nothing to do. To whom it belongs already: they keep it.

    Raises NotAllowed for others than staff, Invalid for who cannot take it, SlotTaken for who has something else then.
    """
    if not may(actor.role, "calls.work"):
        raise NotAllowed("Calls are given to engineers by staff.")
    check_to_come(call, now)
    if not engineer.is_at_desk:
        raise Invalid("Choose somebody who works at the desk.")
    if is_away(engineer.id, call.starts_at, call.ends_at):
        raise Invalid(f"{engineer.name} is away at that time. Choose somebody else.")
    old = call.engineer
    if engineer.id == old.id and call.lost_at is None:
        return
    if engineer.id != old.id:
        claims.in_turn(old.id, engineer.id)
        with db.session.begin_nested():
            relocate(call, call.starts_at, engineer.id)
    call.lost_at, call.is_off_rota = None, not slots.is_on_duty(call.kind, engineer.id, call.starts_at, call.ends_at)
    change(call, now)
    noted("call.reassigned", call, now=now, actor=actor, public=True, old_engineer_id=old.id, old_engineer=old.name)


def is_away(user_id: int, start: datetime, end: datetime) -> bool:
    """Whether somebody is away in any part of a span, or no longer at the desk. Five statements."""
    plan, people = plan_for([], start, end)
    return user_id not in people or any(one.start < end and one.end > start for one in plan.absences.get(user_id, ()))


def set_room(call: Call, url: str, *, actor: User, now: datetime) -> None:
    """Set the address of the room of a video call; the invitation is sent again. The same again changes nothing."""
    if not may(actor.role, "calls.work"):
        raise NotAllowed("The room of a call is set by staff.")
    check_to_come(call, now, begun=True)
    url = checked_room(url)
    if call.how != "video":
        raise WrongState("This call is by phone: we ring the customer.")
    if call.video_url == url:
        return
    call.video_url = url
    change(call, now)
    noted("call.changed", call, now=now, actor=actor)


def check_changer(call: Call, actor: User) -> None:
    """Raise NotAllowed for who may see a call but not change it."""
    if not (may(actor.role, "calls.book") or may(actor.role, "calls.work")) or not queries.may_change(actor, call):
        raise NotAllowed(NOT_YOURS)


def check_to_come(call: Call, now: datetime, *, begun: bool = False) -> None:
    """Raise WrongState for a call that has begun (or, with `begun`, ended), was cancelled, or is noted already."""
    if call.state == "cancelled":
        raise WrongState("This call was cancelled. Book another one.")
    if call.state != "booked":
        raise WrongState("This call is over.")
    if now >= (call.ends_at if begun else call.starts_at):
        raise WrongState("This call has begun. Book another one, or write to us on the ticket.")


def change(call: Call, now: datetime) -> None:
    """Something that the invitation says is another thing now."""
    call.sequence += 1
    call.changed_at = now
    db.session.flush()


def noted(kind: str, call: Call, *, now: datetime, actor: User | None = None, public: bool = False, **more: Any) -> None:
    """Record the event of a call, with the facts that every one of them has."""
    facts = {
        "call_id": call.id,
        "ref": call.ref,
        "call_kind": call.kind.name,
        "starts_at": call.starts_at.isoformat(),
        "ends_at": call.ends_at.isoformat(),
        "sequence": call.sequence,
        "engineer_id": call.engineer_id,
        "engineer": call.engineer.name,
        **more,
    }
    organization = call.organization_id
    record(kind, now=now, actor=actor, ticket=call.ticket, organization_id=organization, public=public, facts=facts)
