"""The demo's calls: two to come, one of them about a ticket, and one that was held. Made by the actions that pages call."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.accounts.models import User
from app.calls import actions, outcomes, rules, slots
from app.calls.models import Call, CallKind
from app.dev.telling import Cast
from app.extensions import db
from app.tickets.models import Ticket

ROOM = "https://rooms.hivetechs.example/{}"
NOTE = "Walked through the air-gapped install. They want the mirror documented; the draft is with the docs team."
# (kind, who books, hours from now to the call at least, hours before it that it was booked, topic, how, contact)
BOOKINGS = (
    ("support", "owner@acme.example", -140, 60, "Air-gapped install on the second site", "video", ""),
    ("support", "owner@acme.example", 20, 30, "Consensus settings for our firmware repositories", "phone", "+39 06 555 0100"),
    ("office-hours", "amara@globex.example", 26, 40, "A hook that gates every merge", "video", ""),
)


def calls(cast: Cast, now: datetime) -> None:
    """Book them where the rota has time; a kind without any is left out. Flushes."""
    kinds = {kind.key: kind for kind in db.session.scalars(select(CallKind))}
    for key, email, hours, before, *words in BOOKINGS:
        if key in kinds:
            starts = now + timedelta(hours=hours)
            call = booked(kinds[key], cast.people[email], starts, min(now, starts - timedelta(hours=before)), *words)
            if call is not None and call.ends_at < now:
                outcomes.finish(call, outcomes.Outcome("held", NOTE), actor=call.engineer, now=call.ends_at)


def booked(kind: CallKind, person: User, starts: datetime, at: datetime, topic: str, how: str, contact: str) -> Call | None:
    """The first free time from one on, as it was offered when it was booked; None where there is none.

    A call about a ticket is booked when that is there, at the earliest.
    """
    about = newest_ticket(person) if how == "phone" else None
    at = max(at, about.created_at) if about is not None else at
    free = slots.offered_to(slots.offer(kind, now=at), [person.organization.engineer_id if person.organization else None], at)
    slot: rules.Slot | None = next((one for one in free if one.start >= starts), None)
    if slot is None:
        return None
    wanted = actions.Booking(kind, slot.start, slot.user_id, topic, how, contact, time_zone=person.time_zone, ticket=about)
    call = actions.book(wanted, actor=person, now=at)
    if how == "video":
        actions.set_room(call, ROOM.format(kind.key), actor=call.engineer, now=at)
    return call


def newest_ticket(person: User) -> Ticket | None:
    """What a person asked last and is still open."""
    mine = select(Ticket).where(Ticket.requester_id == person.id, Ticket.is_open)
    return db.session.scalar(mine.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(1))
