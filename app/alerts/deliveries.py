"""What becomes of a message: claimed for one try, settled by its outcome, and replaced by the next channel when it failed for good."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from app.alerts import planning, rules
from app.alerts.actions import written
from app.alerts.channels.outcome import Outcome
from app.alerts.models import Alert, AlertChannel, AlertDelivery, AlertRoute
from app.alerts.planning import Step
from app.events.models import Event
from app.extensions import db

# How long a try may take. A worker that dies while it sends leaves the message to the sweep after this time.
LEASE = timedelta(minutes=2)
WAITING = ("queued", "deferred", "retrying")
# States in which a message has reached somebody, or is on its way.
ARRIVING = ("queued", "retrying", "mailed", "sent", "kept")


def claim(delivery_id: int, *, now: datetime) -> bool:
    """Take a message that is due for one try; False if it is not due, done, or another worker has it. One statement."""
    mine = (AlertDelivery.id == delivery_id, AlertDelivery.state.in_(WAITING), AlertDelivery.next_try_at <= now)
    values = {"attempts": AlertDelivery.attempts + 1, "next_try_at": now + LEASE}
    taken = update(AlertDelivery).where(*mine).values(values).returning(AlertDelivery.id)
    return db.session.scalar(taken.execution_options(synchronize_session=False)) is not None


def step_of(delivery: AlertDelivery, *, now: datetime) -> Step:
    """The step that a message belongs to, read anew. Three statements at most."""
    event = db.session.get_one(Event, delivery.event_id)
    alert = db.session.get(Alert, delivery.alert_id, populate_existing=True) if delivery.alert_id is not None else None
    return Step(event, alert, db.session.get(AlertRoute, delivery.route_id) if delivery.route_id is not None else None, now)


def superfluous(delivery: AlertDelivery, step: Step) -> str:
    """Why a message that waited is no longer needed; empty where it is."""
    alert = step.alert
    if alert is None or step.event.kind == "alert.resolved":
        return ""
    if step.event.kind == "alert.raised" and step.event.facts["severity"] in rules.milder(alert.severity):
        return "It became graver, and was told again."
    if alert.state == "acknowledged":
        return "The alert was acknowledged first."
    if alert.state == "resolved":
        return "The alert was resolved first."
    return "The alert was silenced first." if alert.silenced_until is not None else ""


def reader_left(delivery: AlertDelivery) -> str:
    """That whom a mail is for has left, in words; empty where they have not, and where nobody of ours has the address. One statement."""
    name = planning.has_left(delivery.user_id) if delivery.address else ""
    return f"{name} no longer works at the desk." if name else ""


def collected(delivery: AlertDelivery, *, now: datetime) -> list[AlertDelivery]:
    """Claim all that waits to be mailed to the same address together with this one, this one included; the eldest first. Two statements."""
    mine = (AlertDelivery.address == delivery.address, AlertDelivery.in_digest, AlertDelivery.state == "deferred")
    others = update(AlertDelivery).where(*mine, AlertDelivery.next_try_at <= now, AlertDelivery.id != delivery.id)
    taken = others.values(attempts=AlertDelivery.attempts + 1, next_try_at=now + LEASE).returning(AlertDelivery.id)
    ids = db.session.scalars(taken.execution_options(synchronize_session=False)).all()
    found = select(AlertDelivery).where(AlertDelivery.id.in_([delivery.id, *ids])).order_by(AlertDelivery.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def drop(delivery: AlertDelivery, reason: str, *, now: datetime) -> None:
    """It is not needed any more."""
    delivery.state, delivery.error, delivery.next_try_at, delivery.settled_at = "dropped", reason, None, now


def defer(delivery: AlertDelivery, until: datetime) -> None:
    """It waits for their hours; this try does not count."""
    delivery.state, delivery.next_try_at, delivery.attempts = "deferred", until, 0


def handed_over(delivery: AlertDelivery, mail_id: int | None, *, now: datetime) -> None:
    """Our mail has it; what becomes of it stands in that row."""
    delivery.state, delivery.mail_id, delivery.next_try_at, delivery.settled_at = "mailed", mail_id, None, now


def settle(delivery: AlertDelivery, outcome: Outcome, step: Step) -> list[int]:
    """Write down what became of a try; the ids of the messages that are sent instead, if it failed for good.

    A test is tried once, so that whoever waits for it sees what happened. An address that said it is gone for ever
    switches its channel off. Records alert.delivery_failed.
    """
    now = step.now
    delivery.error = outcome.detail[:500]
    if outcome.state == "sent":
        delivery.state, delivery.next_try_at, delivery.settled_at = "sent", None, now
        return []
    again = rules.next_try(step.alert.severity, delivery.attempts, now, outcome.wait) if step.alert is not None else None
    if outcome.state == "retry" and again is not None:
        delivery.state, delivery.next_try_at = "retrying", again
        return []
    if outcome.state == "gone" and delivery.channel_id is not None:
        switch_off(delivery.channel_id, outcome.detail)
    return fail(delivery, step)


def switch_off(channel_id: int, reason: str) -> None:
    """Call an address that has ended no more, until a lead has looked at it."""
    db.session.execute(update(AlertChannel).where(AlertChannel.id == channel_id).values(off_because=reason[:255]))


def fail(delivery: AlertDelivery, step: Step) -> list[int]:
    """It failed for good: the next channel of the route has its turn, at last the leads by mail. The ids of the new messages."""
    delivery.state, delivery.next_try_at, delivery.settled_at = "failed", None, step.now
    db.session.flush()
    if step.alert is None or superfluous(delivery, step):
        return []
    fresh, instead = stand_in(delivery, step)
    facts = {"alert_id": step.alert.id, "delivery_id": delivery.id, "channel": f"{delivery.kind}: {delivery.shown}"}
    written(step.alert, "alert.delivery_failed", facts | {"reason": delivery.error, "instead": instead}, now=step.now)
    return fresh


def stand_in(delivery: AlertDelivery, step: Step) -> tuple[list[int], str]:
    """(ids of the messages sent instead, which way they go). The leads only where nothing else of this step has arrived or will soon."""
    siblings = db.session.scalars(select(AlertDelivery).where(AlertDelivery.event_id == step.event.id)).all()
    used = {row.channel_id for row in siblings if row.channel_id is not None}
    channels = list(step.route.channels) if step.route is not None else []
    position = next((c.position for c in channels if c.id == delivery.channel_id), 0 if delivery.channel_id is None else -1)
    while step.event.kind != "alert.resolved" and (channel := rules.channel_after(channels, position, used)) is not None:
        fresh = planning.added(step, planning.rows(step, channel), instead_of=delivery.id)
        if fresh:
            return fresh, channel.kind
        used.add(channel.id)
    if step.event.kind == "alert.resolved" or any(row.state in ARRIVING and row.id != delivery.id for row in siblings):
        return [], ""
    ids = planning.people.leads(step.team_id, is_demo=step.is_demo)
    fresh = planning.added(step, [planning.mail_row(person, "leads") for person in planning.persons(ids)], instead_of=delivery.id)
    return fresh, "leads" if fresh else ""
