"""What happens by itself: reminders, the watch over the rota, and cells of the past."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update

from app.alerts.actions import raise_alert, resolve_alert
from app.calls import claims, cover, leaving, queries, rules
from app.calls.actions import noted
from app.calls.models import Call
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.lib.times import in_words

BATCH = 500
REMINDED = {"day": Call.day_reminded_at, "hour": Call.hour_reminded_at}
# Cells are kept a little longer than their calls, for whoever looks into what happened.
KEPT = timedelta(days=7)


def remind() -> int:
    """Each minute: who has a call within a day or an hour is reminded, once each. Returns how many events were recorded.

    Each reminder is claimed by an UPDATE on the call itself, so that of several schedulers one tells.
    """
    with writing():
        now = utcnow()
        query = queries.with_people(select(Call)).where(*waiting(now)).order_by(Call.starts_at, Call.id).limit(BATCH)
        told = sum(remind_of(call, now) for call in db.session.scalars(query).all())
        db.session.commit()
    return told


def waiting(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The calls that may be due for a reminder; rules.py decides."""
    unsaid = or_(Call.day_reminded_at.is_(None), Call.hour_reminded_at.is_(None))
    return Call.state == "booked", Call.starts_at > now, Call.starts_at <= now + rules.DAY, unsaid


def remind_of(call: Call, now: datetime) -> bool:
    """Record the reminder of one call that is due; False where none is, or another process has just done so."""
    which = rules.reminder_due(call.starts_at, call.placed_at, call.day_reminded_at is not None, call.hour_reminded_at is not None, now)
    if which is None:
        return False
    column = REMINDED[which]
    mine = (Call.id == call.id, Call.state == "booked", Call.starts_at == call.starts_at, column.is_(None))
    claim = update(Call).where(*mine).values({column: now}).returning(Call.id)
    if db.session.execute(claim, execution_options={"synchronize_session": False}).first() is None:
        return False
    noted("call.reminded", call, now=now, which=which)
    return True


def watch() -> int:
    """Every five minutes, and after each change of the rota or of a person: calls whose customer has left are off, and others have
    lost their engineer, or have one again. Returns how many."""
    with writing():
        now = utcnow()
        gone = leaving.call_off_left(now)
        changed = cover.check(now)
        for call, why in changed:
            alarm(call, why, now)
        db.session.commit()
    return len(gone) + len(changed)


def follow_rota(event_id: int) -> None:
    """After any change of the rota, or of a person: look at once. The event only says that there is something to look for."""
    watch()


def follow_call(event_id: int) -> None:
    """After a call was moved, given to somebody else, cancelled or noted: its alert ends."""
    call = queries.call_of_event(event_id)
    if call is None or call.lost_at is not None:
        return
    with writing():
        resolve_alert(key_of(call), now=utcnow())
        db.session.commit()


def alarm(call: Call, why: str | None, now: datetime) -> None:
    """An alert for the team whose call it is, or the end of one. A call within the hour is critical."""
    if why is None:
        resolve_alert(key_of(call), now=now)
        return
    teams = call.kind.teams
    raise_alert(
        key=key_of(call),
        severity="critical" if call.starts_at - now <= rules.HOUR else "warning",
        source="calls",
        title=f"{call.kind.name} {call.ref} needs a new engineer",
        body=f"{call.engineer.name} {cover.WHY[why]}: {in_words(call.starts_at, 'UTC')}, {call.customer.name}.",
        path=f"/desk/calls/{call.ref}",
        team_id=teams[0].team_id if teams else None,
        now=now,
    )


def key_of(call: Call) -> str:
    """What groups the alerts of one call."""
    return f"call-{call.id}-engineer"


def forget_cells() -> int:
    """Each day: cells of times that have passed. Returns how many."""
    with writing():
        gone = claims.forget(utcnow() - KEPT)
        db.session.commit()
    return gone
