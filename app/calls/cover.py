"""Calls whose engineer the rota no longer has there: found, told of once, and taken back when the rota has them again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from app.calls import queries, rules, slots
from app.calls.actions import noted
from app.calls.models import Call
from app.extensions import db
from app.rota.queries import duty_spans, plan_for

WHY = {"left": "no longer works at the desk", "away": "is away then", "off": "is not on duty then"}


def check(now: datetime) -> list[tuple[Call, str | None]]:
    """Bring `lost_at` of every call to come in step with the rota; those that changed, with why (None: it is well again).

    Each change is claimed by an UPDATE, so that of two that find the same one tells. Thirteen statements, and two for each change.
    """
    query = queries.with_people(select(Call)).where(Call.state == "booked", Call.starts_at > now)
    calls = db.session.scalars(query.order_by(Call.starts_at, Call.id)).all()
    found = reasons(calls)
    return [(call, found[call.id]) for call in calls if turn(call, found[call.id], now)]


def reasons(calls: Sequence[Call]) -> dict[int, str | None]:
    """Why each call has lost its engineer; None for one that has not. Eleven statements.

    A duty of any team will do: which teams take a kind of call may change, and what is booked stays as it was booked.
    """
    if not calls:
        return {}
    start, end = min(call.starts_at for call in calls), max(call.ends_at for call in calls)
    plan, people = plan_for([], start, end)
    spans = duty_spans([team.id for team in queries.teams()], start - slots.MARGIN, end + slots.MARGIN)
    duties = rules.joined(rules.Duty(span.start, span.end, span.user_id) for span in spans)
    found: dict[int, str | None] = {}
    for call in calls:
        away = any(one.start < call.ends_at and one.end > call.starts_at for one in plan.absences.get(call.engineer_id, ()))
        on_duty = call.is_off_rota or any(
            one.user_id == call.engineer_id and one.start <= call.starts_at and call.ends_at <= one.end for one in duties
        )
        found[call.id] = "left" if call.engineer_id not in people else "away" if away else None if on_duty else "off"
    return found


def turn(call: Call, why: str | None, now: datetime) -> bool:
    """Note that a call has lost or found its engineer; False where that is known. Two statements."""
    if (why is None) == (call.lost_at is None):
        return False
    known = Call.lost_at.is_(None) if why is not None else Call.lost_at.is_not(None)
    mine = (Call.id == call.id, Call.engineer_id == call.engineer_id, Call.state == "booked", known)
    claim = update(Call).where(*mine).values(lost_at=now if why else None).returning(Call.id)
    if db.session.execute(claim, execution_options={"synchronize_session": "evaluate"}).first() is None:
        return False
    if why is not None:
        noted("call.engineer_lost", call, now=now, why=WHY[why])
    else:
        noted("call.engineer_returned", call, now=now)
    return True
