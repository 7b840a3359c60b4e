"""What makes reports leave by themselves: the weekly mail to leads, and the statements of a month that is over."""

from contextlib import suppress
from datetime import timedelta

from flask import current_app
from sqlalchemy import update

from app.accounts.models import Organization
from app.events.actions import record
from app.extensions import db, queue, retry
from app.lib.clock import utcnow
from app.lib.database import writing
from app.lib.errors import WrongState
from app.lib.times import monday_of
from app.sla import issuing, subscribing
from app.sla.papers import ReportSubscription

# A statement is made so long after its month, so that what was committed late is in it.
GRACE = timedelta(hours=6)
BATCH = 200


def mail_reports() -> int:
    """Each half-hour: whose week is over gets its report, once: the row itself is claimed. Returns how many events were recorded."""
    told = 0
    with writing():
        now = utcnow()
        for row in db.session.execute(subscribing.waiting(now)).all():
            monday = monday_of(now, row.zone)
            if not subscribing.is_due(now, row.zone, row.sent_on):
                continue
            mine = (ReportSubscription.id == row.id, ReportSubscription.sent_on < monday)
            claim = update(ReportSubscription).where(*mine).values(sent_on=monday).returning(ReportSubscription.id)
            if db.session.execute(claim, execution_options={"synchronize_session": False}).first() is not None:
                record("sla.report_scheduled", now=now, facts={"user_id": row.user_id, "week": monday.isoformat()})
                told += 1
        db.session.commit()
    return told


def make_statements() -> int:
    """Each hour: queue the statement of each organization whose month is over and has none. Returns how many were queued.

    The month is over in REPORT_ZONE, and GRACE has passed. BATCH a run; a repeat queues what is still missing.
    """
    zone = current_app.config["SETTINGS"].report_zone
    month = issuing.month_before(utcnow() - GRACE, zone)
    wanted = issuing.waiting(month, zone, 0, BATCH)
    for organization_id in wanted:
        queue("default").enqueue(
            "app.sla.report_jobs.make_statement", args=(organization_id, month), retry=retry(), result_ttl=0, failure_ttl=7 * 86400
        )
    return len(wanted)


def make_statement(organization_id: int, month: str) -> None:
    """One organization's statement of a month (`2026-10`), once: where there is one already, or nothing to state, nothing is made."""
    with writing():
        organization = db.session.get(Organization, organization_id)
        if organization is not None:
            with suppress(WrongState):
                issuing.make(organization, month, current_app.config["SETTINGS"].report_zone, actor=None, now=utcnow())
        db.session.commit()
