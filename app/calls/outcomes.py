"""How a call went: held, or nobody came. It is noted on its ticket, inside or in public, and a call without one can open one."""

from dataclasses import dataclass
from datetime import datetime

from app.accounts.models import User
from app.accounts.permissions import may
from app.calls import rules
from app.calls.actions import change, noted
from app.calls.models import Call
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.lib.text import many_lines
from app.lib.times import in_words
from app.tickets import actions as tickets

NOTE_LENGTH = 10_000
KINDS = {"held": "call.held", "missed": "call.missed"}
SHARES = {"internal": "Internal note", "public": "Public summary"}


@dataclass(frozen=True)
class Outcome:
    """held or missed, what to note, for whom (internal or public), and whether a ticket is opened where there is none."""

    state: str
    note: str = ""
    share: str = "internal"
    opens_ticket: bool = False


def finish(call: Call, outcome: Outcome, *, actor: User, now: datetime) -> None:
    """Say how a call went. The same again changes nothing; another outcome corrects it and needs a note again only if there is more.

    The ticket gets the event, and the note as a message. Raises NotAllowed for others than staff, WrongState before it has
    begun or once it was cancelled, Invalid for a note that is too long, or a summary in public that is empty.
    """
    note = checked(call, outcome, actor, now)
    if call.state == outcome.state and not note:
        return
    if call.ticket is None and outcome.opens_ticket and outcome.state == "held":
        open_ticket(call, actor=actor, now=now)
    if call.state != outcome.state:
        call.state, call.closed_at, call.closed_by_id, call.lost_at = outcome.state, now, actor.id, None
        change(call, now)
        noted(KINDS[outcome.state], call, now=now, actor=actor, public=True)
    if call.ticket is not None and note:
        say(call, note, outcome.share, actor=actor, now=now)
    elif note:
        call.note, call.is_note_public = note, outcome.share == "public"
    db.session.flush()


def checked(call: Call, outcome: Outcome, actor: User, now: datetime) -> str:
    """The note, cleaned, if all of it can be done; raises otherwise."""
    if not may(actor.role, "calls.work"):
        raise NotAllowed("How a call went is noted by staff.")
    if outcome.state not in rules.OUTCOMES or outcome.share not in SHARES:
        raise Invalid("Choose how the call went, and who reads the note.")
    if call.state == "cancelled":
        raise WrongState("This call was cancelled, so there is nothing to note.")
    if now < call.starts_at:
        raise WrongState("This call has not begun. Come back when it has.")
    note = many_lines(outcome.note).strip()
    if len(note) > NOTE_LENGTH:
        raise Invalid(f"Use {NOTE_LENGTH:,} characters at most.")
    if outcome.share == "public" and not note:
        raise Invalid("Write the summary that the customer should read.")
    return note


def open_ticket(call: Call, *, actor: User, now: datetime) -> None:
    """A ticket for a call that had none. Once: its key is the call's."""
    body = f"Opened after the {call.kind.name.lower()} {call.ref}, {in_words(call.starts_at, call.time_zone)}.\n\n{call.topic}"
    asked = tickets.NewTicket("question", call.topic, {"body": body}, form_key=f"call-{call.id}")
    call.ticket = tickets.open_ticket(asked, requester=call.customer, actor=actor, now=now)
    call.ticket_id = call.ticket.id


def say(call: Call, note: str, share: str, *, actor: User, now: datetime) -> None:
    """The note as a message of the ticket. On a closed one it stays inside, since nobody can answer there."""
    ticket = call.ticket
    if ticket is None:
        return
    body = f"Call {call.ref}, {in_words(call.starts_at, 'UTC')}:\n\n{note}" if share == "internal" else note
    if share == "public" and ticket.status != "closed":
        tickets.reply(ticket, body, actor=actor, now=now)
    else:
        tickets.note(ticket, body, actor=actor, now=now)
