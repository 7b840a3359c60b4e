"""Sending mail: one try for one mail, and the sweep that finds what waits."""

import time
from collections.abc import Iterable
from datetime import timedelta

import structlog
from flask import current_app
from redis.exceptions import RedisError
from rq.timeouts import JobTimeoutException

from app.config import Config
from app.extensions import db, queue, redis, retry
from app.lib.clock import utcnow
from app.lib.database import reading
from app.lib.mail import Outgoing, build, clean_address, mailbox
from app.mail import actions, queries, transport
from app.mail.models import OutboundMail
from app.mail.transport import Outcome, parse_smtp_url, send

log = structlog.get_logger()
DELIVER = "app.mail.jobs.deliver"
# A fresh mail is already on its way to a worker; the sweep leaves it alone for so long.
GRACE = timedelta(seconds=30)
BATCH = 500
# A server that hangs is left alone for a while, so that what shares the queue, such as a page over chat, does not wait
# behind hundreds of such tries. Address → end of the rest, by a clock that nobody sets.
REST_SECONDS = 60.0
resting: dict[str, float] = {}


def hand_over(mail_ids: Iterable[int]) -> None:
    """Queue mails for sending, in one trip; call it after the commit. With Redis away the sweep finds them a minute later."""
    try:
        with redis().pipeline() as pipe:
            for mail_id in mail_ids:
                queue("mail").enqueue(DELIVER, args=(mail_id,), retry=retry(), result_ttl=0, failure_ttl=7 * 86400, pipeline=pipe)
            pipe.execute()
    except (RedisError, OSError) as away:
        log.warning("mail.not_queued", error=type(away).__name__)


def deliver(mail_id: int) -> None:
    """Try to send one mail, if it is due and nobody else has it. Again is harmless.

    The claim is committed before the mail leaves, so two workers never send the same one. A worker that is killed
    after the server took the mail and before the second commit leaves the claim to run out; that one mail is then
    sent a second time, with the same Message-ID, which mail programs fold into one. While a server that hangs rests,
    its mail stays due, for the sweep.
    """
    settings: Config = current_app.config["SETTINGS"]
    if time.monotonic() < resting.get(settings.smtp_url, 0.0):
        return
    if not actions.claim(mail_id, now=utcnow()):
        db.session.rollback()
        return
    mail = db.session.get(OutboundMail, mail_id, populate_existing=True)
    db.session.commit()
    if mail is None:
        return
    outcome = timed(mail, settings)
    actions.settle(mail, outcome, now=utcnow())
    db.session.commit()
    log.info("mail.tried", mail=mail_id, template=mail.template, state=mail.state, attempts=mail.attempts)


def timed(mail: OutboundMail, settings: Config) -> Outcome:
    """One try, which ends with the time that the job has, and after which a server that hangs rests."""
    began = time.monotonic()
    try:
        outcome = tried(mail, settings)
    except JobTimeoutException:
        outcome = Outcome("retry", "The mail server answered too slowly.")
    ended = time.monotonic()
    if outcome.state == "retry" and ended - began >= transport.TIMEOUT_SECONDS:
        resting[settings.smtp_url] = ended + REST_SECONDS
    return outcome


def tried(mail: OutboundMail, settings: Config) -> Outcome:
    """One try over the wire. Without a server the mail is kept, for /dev/mail to show."""
    if not settings.smtp_url:
        return Outcome("kept")
    try:
        message = build(outgoing(mail, settings))
        envelope = (mailbox(settings.mail_from).addr_spec, clean_address(mail.recipient))
    except ValueError as wrong:
        return Outcome("failed", str(wrong)[:500])
    sender, recipient = envelope
    return send(parse_smtp_url(settings.smtp_url), message, sender=sender, recipient=recipient)


def outgoing(mail: OutboundMail, settings: Config) -> Outgoing:
    """The row as a message; its date is that of its writing, whenever it leaves."""
    return Outgoing(
        sender=settings.mail_from,
        recipient=mail.recipient,
        recipient_name=mail.recipient_name,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        message_id=mail.message_id,
        at=mail.created_at,
        headers=mail.headers,
        calendar=mail.calendar or "",
    )


def sweep_mail() -> int:
    """Queue what is due for another try or was never picked up. Returns how many; a repeat does no harm.

    While the queue is long the workers are behind, and what waits is most likely in it.
    """
    if queue("mail").count > BATCH:
        return 0
    with reading():
        waiting = queries.due(utcnow() - GRACE, BATCH)
        db.session.rollback()
    hand_over(waiting)
    return len(waiting)
