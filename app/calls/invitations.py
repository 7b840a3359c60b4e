"""The calendar entry of a call: what invites, changes and takes back, for either side. RFC 5545 and 5546."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.accounts.models import User
from app.calls.models import Call
from app.lib import icalendar
from app.lib.mail import domain_of, mailbox

ALARM = timedelta(minutes=15)


@dataclass(frozen=True)
class State:
    """A call as one of its invitations says it; what has happened since does not change it."""

    start: datetime
    end: datetime
    sequence: int
    engineer: User
    stamp: datetime
    is_cancelled: bool = False


def state_of(call: Call) -> State:
    """A call as it is now."""
    return State(call.starts_at, call.ends_at, call.sequence, call.engineer, call.changed_at, call.state == "cancelled")


def text(call: Call, state: State, *, method: str, sender: str, url: str, notes: str) -> str:
    """The whole calendar. method: REQUEST, CANCEL or PUBLISH. `sender` is our mailbox, `url` where its reader finds the call.

    The UID is the call's for life; both sides attend, but where it is only told (PUBLISH: RFC 5546, 3.2.1). What is cancelled has no alarm.
    """
    organizer = mailbox(sender)
    attendees = (icalendar.Address(call.customer.email, call.customer.name), icalendar.Address(state.engineer.email, state.engineer.name))
    entry = icalendar.Entry(
        uid=f"{call.ref.lower()}@{domain_of(sender)}",
        start=state.start,
        end=state.end,
        summary=f"{call.kind.name}: {call.topic}",
        stamp=state.stamp,
        description=notes,
        location=call.place,
        url=url,
        sequence=state.sequence,
        status="CANCELLED" if state.is_cancelled or method == "CANCEL" else "CONFIRMED",
        organizer=icalendar.Address(organizer.addr_spec, organizer.display_name),
        attendees=attendees if method != "PUBLISH" else (),
        alarms=() if state.is_cancelled or method == "CANCEL" else (icalendar.Alarm(ALARM, f"{call.kind.name} in 15 minutes"),),
        categories=("HiveTechs Support",),
    )
    return icalendar.calendar([entry], method=method)
