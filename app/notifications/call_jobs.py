"""Mails about calls: both sides are invited, told of each change, taken back, and reminded. Each has a calendar entry.

The link that a customer needs no sign-in for is in their mails alone, and its words are removed once they are sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select

from app.accounts.models import User
from app.calls import invitations
from app.calls.links import token_of
from app.calls.models import Call
from app.calls.queries import call_of_event
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.mail.actions import Recipient, queue_mail
from app.mail.jobs import hand_over
from app.mail.models import OutboundMail
from app.notifications import links


@dataclass(frozen=True)
class Letter:
    """One mail: which words, to whom, and what their calendar should make of it (REQUEST, CANCEL, or nothing)."""

    template: str
    reader: User
    method: str = "REQUEST"
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CallCard:
    """What every mail about a call says of it. Addresses are absolute; `place` is a number, an address, or empty."""

    ref: str
    kind: str
    topic: str
    start: datetime
    minutes: int
    engineer: str
    customer: str
    organization: str
    how: str
    place: str
    ticket: str
    url: str
    change_url: str


def tell_of_call(event_id: int) -> None:
    """After a call was booked, moved, given to somebody else, changed or cancelled: both sides. A second run writes no second mail."""
    send(event_id, letters_of)


def remind_of_call(event_id: int) -> None:
    """A day and an hour before: both sides, unless the call has gone or has another time meanwhile."""
    send(event_id, reminders_of)


def send(event_id: int, letters: Any) -> None:
    """Write the mails of an event, commit, hand over."""
    event, call = db.session.get(Event, event_id), call_of_event(event_id)
    if event is None or call is None:
        return
    mails = [written(event, call, letter) for letter in letters(event, call) if is_reached(call, letter)]
    db.session.commit()
    hand_over([mail.id for mail in mails if mail is not None])


def is_reached(call: Call, letter: Letter) -> bool:
    """Whether somebody is still where they had the call. Its customer's calendar is told that it is off all the same."""
    if letter.reader.id != call.customer_id:
        return letter.reader.is_enabled
    return letter.method == "CANCEL" or not has_left(call, letter.reader)


def has_left(call: Call, reader: User) -> bool:
    """Whether this is the customer, who is no longer where they booked it: nothing but that it is off is theirs to hear."""
    return reader.id == call.customer_id and not reader.is_still_of(call.organization_id)


def letters_of(event: Event, call: Call) -> list[Letter]:
    """Who hears of what. Whoever no longer has the call is told that it is off for them. An invitation to what is cancelled is none."""
    customer, engineer, old = call.customer, person(event.facts["engineer_id"]), person(event.facts.get("old_engineer_id"))
    if event.kind == "call.cancelled":
        facts = {"reason": event.facts["reason"], "by_staff": event.facts["by_staff"], "instead": ""}
        both = [Letter("call_cancelled", reader, "CANCEL", facts) for reader in (customer, engineer) if reader is not None]
        # Where nobody cancelled it, its customer has left.
        return both if event.actor_id is not None else [*both, *(Letter("call_left", admin, "") for admin in admins_of(call))]
    if call.state == "cancelled" or engineer is None:
        return []
    if event.kind == "call.booked":
        return [Letter("call_booked", customer), Letter("call_booked", engineer)]
    changed: dict[str, Any] = {"what": event.kind.removeprefix("call."), "old_start": old_start(event)}
    if event.kind == "call.reassigned" and old is not None and old.id == engineer.id:
        return [Letter("call_changed", engineer, facts=changed)]
    found = [Letter("call_changed", customer, facts=changed)]
    if old is not None and old.id != engineer.id:
        gone = {"reason": "", "by_staff": True, "instead": engineer.name}
        return [*found, Letter("call_booked", engineer), Letter("call_cancelled", old, "CANCEL", gone)]
    return [*found, Letter("call_changed", engineer, facts=changed)]


def admins_of(call: Call) -> Sequence[User]:
    """Who looks after the people of the organization that a call was booked for. One statement."""
    if call.organization_id is None:
        return ()
    mine = (User.organization_id == call.organization_id, User.role == "customer_admin", User.is_enabled)
    return db.session.scalars(select(User).where(*mine, User.id != call.customer_id).order_by(User.id)).all()


def reminders_of(event: Event, call: Call) -> list[Letter]:
    """The reminder for both sides."""
    if not call.is_booked or call.starts_at != datetime.fromisoformat(event.facts["starts_at"]):
        return []
    facts = {"which": event.facts["which"]}
    return [Letter("call_reminder", reader, "", facts) for reader in (call.customer, call.engineer)]


def person(user_id: int | None) -> User | None:
    """Somebody by their id, if there is one."""
    return db.session.get(User, user_id) if user_id is not None else None


def old_start(event: Event) -> datetime | None:
    """When a call that was moved would have been."""
    return datetime.fromisoformat(event.facts["old_starts_at"]) if "old_starts_at" in event.facts else None


def written(event: Event, call: Call, letter: Letter) -> OutboundMail | None:
    """The mail of a letter; None if this event has written it before."""
    is_customer = letter.reader.id == call.customer_id
    state = state_of(event, call, letter)
    card = card_of(call, state, letter.reader)
    zone = call.time_zone if is_customer else letter.reader.time_zone
    to = Recipient(letter.reader.email, letter.reader.name, zone)
    facts = {"call": card, "is_staff": letter.reader.is_staff, "has_left": has_left(call, letter.reader), **letter.facts}
    calendar = calendar_of(call, state, card, letter.method) if letter.method else None
    return queue_mail(event, letter.template, to, facts, now=utcnow(), is_secret=is_customer, calendar=calendar)


def state_of(event: Event, call: Call, letter: Letter) -> invitations.State:
    """The call as the event tells it. For who had it before, it is the time that they had."""
    facts = event.facts
    start, end = datetime.fromisoformat(facts["starts_at"]), datetime.fromisoformat(facts["ends_at"])
    engineer = person(facts["engineer_id"]) or call.engineer
    before = old_start(event)
    if before is not None and letter.reader.id == facts["old_engineer_id"] != facts["engineer_id"]:
        start, end, engineer = before, before + (end - start), letter.reader
    elif letter.method == "CANCEL" and letter.reader.id == facts.get("old_engineer_id"):
        engineer = letter.reader
    return invitations.State(start, end, facts["sequence"], engineer, event.at, letter.method == "CANCEL")


def card_of(call: Call, state: invitations.State, reader: User) -> CallCard:
    """What a mail says of a call to somebody."""
    url = address_of(call, reader)
    return CallCard(
        ref=call.ref,
        kind=call.kind.name,
        topic=call.topic,
        start=state.start,
        minutes=int((state.end - state.start).total_seconds()) // 60,
        engineer=state.engineer.name,
        customer=call.customer.name,
        organization=call.organization.name if call.organization else "",
        how=call.how,
        place=call.place,
        ticket=call.ticket.ref if call.ticket else "",
        url=url,
        change_url=url,
    )


def address_of(call: Call, reader: User) -> str:
    """Where somebody looks at a call: by the link that needs no sign-in, at the desk, or in the portal."""
    if reader.id == call.customer_id:
        return links.absolute(links.CALL_LINK, token_of(current_app.config["SECRET_KEY"], call.nonce))
    return links.absolute(links.DESK_CALL if reader.is_staff else links.CALL, call.ref)


def calendar_of(call: Call, state: invitations.State, card: CallCard, method: str) -> str:
    """The calendar entry for one side."""
    sender = current_app.config["SETTINGS"].mail_from
    lines = [
        f"{card.engineer} with {card.customer}{', ' + card.organization if card.organization else ''}",
        f"{card.how.capitalize()}: {card.place}" if card.place else "The address of the room follows.",
        *([f"Ticket {card.ticket}"] if card.ticket else []),
        f"Change or cancel: {card.change_url}",
    ]
    return invitations.text(call, state, method=method, sender=sender, url=card.url, notes="\n".join(lines))
