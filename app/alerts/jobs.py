"""What follows from an alert: its messages, their tries, and the climbing. Each job bears running twice."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError
from sqlalchemy import or_, select

from app.alerts import actions, deliveries, planning, sending
from app.alerts.models import Alert, AlertChannel, AlertDelivery, AlertRoute
from app.alerts.planning import Step
from app.events.models import Event
from app.extensions import db, queue, retry
from app.lib.clock import utcnow
from app.lib.database import reading, writing
from app.lib.metrics import counters
from app.mail.jobs import hand_over

log = structlog.get_logger()
DELIVER = "app.alerts.jobs.deliver"
# A fresh message is already on its way to a worker; the sweep leaves it alone for so long.
GRACE = timedelta(seconds=30)
BATCH = 200


def notify(event_id: int) -> None:
    """`alert.raised`, `alert.climbed`, `alert.resolved`, `alert.route_tested`: write the messages of this step and have them sent.

    A page takes the first step of its ladder here, so that nobody waits a minute for the next sweep.
    """
    with writing():
        event = db.session.get(Event, event_id)
        if event is None:
            return
        now = utcnow()
        alert = db.session.get(Alert, event.facts["alert_id"], populate_existing=True) if "alert_id" in event.facts else None
        number = alert.route_id if alert is not None else event.facts.get("route_id")
        route = db.session.get(AlertRoute, number) if number is not None else None
        fresh = planning.plan(Step(event, alert, route, now))
        if alert is not None:
            climb_all(alert, now)
        waiting = planning.waiting(event.id, now)
        db.session.commit()
    if fresh and alert is not None and event.kind == "alert.raised":
        counters().alerts.labels(alert.severity, event.facts["why"]).inc()
    later(waiting)


def deliver(delivery_id: int) -> None:
    """Try to send one message, if it is due and nobody else has it. Again is harmless.

    The claim is committed before anything leaves, and no transaction is held while it does. A worker that is killed
    after the other side took the message and before the last commit leaves it to the sweep: it is then sent a second
    time, a webhook with the same webhook-id.
    """
    with writing():
        if not deliveries.claim(delivery_id, now=utcnow()):
            db.session.rollback()
            return
        delivery = db.session.get_one(AlertDelivery, delivery_id, populate_existing=True)
        step = deliveries.step_of(delivery, now=utcnow())
        reason = deliveries.superfluous(delivery, step)
        left = deliveries.reader_left(delivery)
        if reason:
            deliveries.drop(delivery, reason, now=step.now)
        elif delivery.address and not left:
            (mail_together if delivery.in_digest else mail_it)(delivery, step)
            return
        message = sending.message_of(delivery, step)
        channel = db.session.get(AlertChannel, delivery.channel_id) if delivery.channel_id is not None else None
        db.session.commit()
    if not reason:
        outcome = deliveries.Outcome("failed", left) if left else sending.sent_outside(delivery, message, channel, now=utcnow())
        settled(delivery_id, outcome)


def mail_it(delivery: AlertDelivery, step: Step) -> None:
    """Give a message to our mail, within the hours of whom it is for; commits."""
    severity = step.alert.severity if step.alert is not None else "info"
    at = planning.later(delivery.user_id, severity, step.now)
    fresh: list[int] = []
    if at is None:
        delivery.error = planning.NO_HOURS
        fresh = deliveries.fail(delivery, step)
    elif at > step.now:
        deliveries.defer(delivery, at)
    else:
        mail = sending.mailed(delivery, sending.message_of(delivery, step), step, now=step.now)
        deliveries.handed_over(delivery, mail.id if mail is not None else None, now=step.now)
    mail_id = delivery.mail_id
    db.session.commit()
    tell(delivery)
    hand_over([mail_id] if mail_id is not None else [])
    later(fresh)


def mail_together(delivery: AlertDelivery, step: Step) -> None:
    """Mail what waits for the same reader in one; commits. What is no longer needed is left out."""
    needed = []
    for one in deliveries.collected(delivery, now=step.now):
        its = step if one.id == delivery.id else deliveries.step_of(one, now=step.now)
        reason = deliveries.superfluous(one, its)
        if reason:
            deliveries.drop(one, reason, now=step.now)
        else:
            needed.append((one, its))
    at = planning.later(delivery.user_id, "info", step.now)
    if len(needed) == 1:
        mail_it(*needed[0])
        return
    if not needed or (at is not None and at > step.now):
        for one, _ in needed:
            deliveries.defer(one, at or step.now)
        db.session.commit()
        return
    mail = sending.mailed_together(delivery, needed, now=step.now)
    for one, _ in needed:
        deliveries.handed_over(one, mail.id if mail is not None else None, now=step.now)
    db.session.commit()
    for one, _ in needed:
        tell(one)
    hand_over([mail.id] if mail is not None else [])


def settled(delivery_id: int, outcome: deliveries.Outcome) -> None:
    """Write down what became of a try over the wire; commits."""
    with writing():
        delivery = db.session.get_one(AlertDelivery, delivery_id, populate_existing=True)
        fresh = deliveries.settle(delivery, outcome, deliveries.step_of(delivery, now=utcnow()))
        db.session.commit()
    tell(delivery)
    later(fresh)


def tell(delivery: AlertDelivery) -> None:
    """Count and log a try; of whom it was for only the number."""
    counters().deliveries.labels(delivery.kind, delivery.state).inc()
    log.info("alert.tried", delivery=delivery.id, alert=delivery.alert_id, kind=delivery.kind, state=delivery.state)


def follow_mail(event_id: int) -> None:
    """`mail.failed`: if it carried an alert, the next channel has its turn."""
    with writing():
        event = db.session.get(Event, event_id)
        found = select(AlertDelivery).where(AlertDelivery.mail_id == (event.facts["mail_id"] if event else None))
        carried = db.session.scalars(found.where(AlertDelivery.state == "mailed").order_by(AlertDelivery.id)).all()
        fresh: list[int] = []
        for delivery in carried:
            delivery.error = str(event.facts["reason"] if event else "")[:500] or "The mail was refused."
            fresh += deliveries.fail(delivery, deliveries.step_of(delivery, now=utcnow()))
        db.session.commit()
    for delivery in carried:
        tell(delivery)
    later(fresh)


def climb() -> int:
    """Each minute: pages that nobody acknowledged go one step up, and alerts whose silence has ended speak again. Returns how many did.

    However many sweepers run, each step is taken once (see `actions.climb`). Reads only what is due.
    """
    done = 0
    with writing():
        now = utcnow()
        for alert in due(now):
            woke = alert.silenced_until is not None and actions.wake(alert, now=now)
            climbed = climb_all(alert, now) > 0
            done += woke or climbed
            db.session.commit()
    return done


def climb_all(alert: Alert, now: datetime) -> int:
    """Take the steps that are due now: one, or more where a step finds nobody. Returns how many."""
    taken = 0
    while alert.climb_at is not None and alert.climb_at <= now and actions.climb(alert, now=now) is not None:
        taken += 1
    return taken


def due(now: datetime) -> Sequence[Alert]:
    """Open pages whose next step is due, and alerts whose silence has ended. Two partial indexes."""
    climbing = select(Alert.id).where(Alert.state == "open", Alert.climb_at <= now, Alert.silenced_until.is_(None))
    waking = select(Alert.id).where(Alert.resolved_at.is_(None), Alert.silenced_until <= now)
    mine = or_(Alert.id.in_(climbing.limit(BATCH)), Alert.id.in_(waking.limit(BATCH)))
    return db.session.scalars(select(Alert).where(mine).order_by(Alert.id).execution_options(populate_existing=True)).all()


def sweep_deliveries() -> int:
    """Each minute: queue what is due for another try, whose hours have begun, or what was never picked up. Returns how many."""
    waiting = (AlertDelivery.state.in_(deliveries.WAITING), AlertDelivery.next_try_at <= utcnow() - GRACE)
    with reading():
        due_now = db.session.scalars(select(AlertDelivery.id).where(*waiting).order_by(AlertDelivery.next_try_at).limit(BATCH)).all()
        db.session.rollback()
    later(due_now)
    return len(due_now)


def later(ids: Iterable[int]) -> None:
    """Queue messages for sending; call it after the commit. With Redis away the sweep finds them a minute later."""
    try:
        for delivery_id in ids:
            queue("mail").enqueue(DELIVER, args=(delivery_id,), retry=retry(), result_ttl=0, failure_ttl=7 * 86400)
    except (RedisError, OSError) as away:
        log.warning("alert.not_queued", error=type(away).__name__)
