"""Taking and giving back an engineer's time. The schema refuses double booking: a cell of five minutes has one owner."""

from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from app.calls import rules, slots
from app.calls.models import Call, CallCell, CallKind, CallSession
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import WrongState


class SlotTaken(WrongState):
    """Somebody else has just taken this time."""

    def __init__(self) -> None:
        super().__init__("This time has just been taken. Choose another one.")


def in_turn(*people: int | None) -> None:
    """Make those who change the calls of the same people follow one another, in one order, so that none waits for another's wait."""
    for user_id in sorted({person for person in people if person is not None}):
        serialize_on(db.session, f"calls-of-{user_id}")


def take(call: Call, kind: CallKind, start: datetime, engineer_id: int) -> None:
    """Give a call a person's time: a session of its own, or a seat in one of the same kind and start. Flushes.

    Raises SlotTaken where any of it is somebody else's; then nothing has changed. Call `in_turn` before. Five statements.
    """
    terms = slots.terms_of(kind)
    held_from, held_to = rules.reach(terms, start)
    ends = start + terms.length
    try:
        with db.session.begin_nested():
            session = shared(kind, start, engineer_id)
            if session is None:
                span = {"starts_at": start, "ends_at": ends, "held_from": held_from, "held_to": held_to}
                session = CallSession(kind_id=kind.id, engineer_id=engineer_id, seats=kind.capacity, **span)
                db.session.add(session)
                db.session.flush()
                own = [{"engineer_id": engineer_id, "at": at, "session_id": session.id} for at in rules.cells(held_from, held_to)]
                db.session.execute(insert(CallCell), own)
            seat = free_seat(session)
            call.session_id, call.seat, call.seats = session.id, seat, session.seats
            call.engineer_id, call.starts_at, call.ends_at = engineer_id, session.starts_at, session.ends_at
            db.session.add(call)
            db.session.flush()
    except IntegrityError as taken:
        raise SlotTaken() from taken


def shared(kind: CallKind, start: datetime, engineer_id: int) -> CallSession | None:
    """The session of the same kind that a person has at this very time already."""
    same = (CallSession.engineer_id == engineer_id, CallSession.starts_at == start, CallSession.kind_id == kind.id)
    return db.session.scalar(select(CallSession).where(*same))


def free_seat(session: CallSession) -> int:
    """The lowest free seat. Raises SlotTaken where all are taken."""
    taken = set(db.session.scalars(select(Call.seat).where(Call.session_id == session.id)))
    free = next((seat for seat in range(session.seats) if seat not in taken), None)
    if free is None:
        raise SlotTaken()
    return free


def leave(call: Call) -> None:
    """Give the time of a call back; with the last one the session ends. Flushes. The call must get a new time or another state."""
    session_id, call.session_id, call.seat = call.session_id, None, None
    db.session.flush()
    if session_id is None or db.session.scalar(select(func.count()).where(Call.session_id == session_id)):
        return
    db.session.execute(delete(CallCell).where(CallCell.session_id == session_id))
    db.session.execute(delete(CallSession).where(CallSession.id == session_id), execution_options={"synchronize_session": "fetch"})


def forget(before: datetime) -> int:
    """Drop the cells of times that have passed: nobody can book them any more. Returns how many. One statement."""
    gone = delete(CallCell).where(CallCell.at < before).returning(CallCell.at)
    return len(db.session.execute(gone, execution_options={"synchronize_session": False}).all())
