"""What makes reports leave by themselves: the weekly mail to leads, and the statements of a month that is over."""

from sqlalchemy import update

from app.events.actions import record
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.sla import subscribing
from app.sla.papers import ReportSubscription


def mail_reports() -> int:
    """Each half-hour: whose week is over gets its report, once: the row itself is claimed. Returns how many events were recorded."""
    told = 0
    with writing():
        now = utcnow()
        for row in db.session.execute(subscribing.waiting(now)).all():
            monday = subscribing.monday_of(now, row.zone)
            if not subscribing.is_due(now, row.zone, row.sent_on):
                continue
            mine = (ReportSubscription.id == row.id, ReportSubscription.sent_on < monday)
            claim = update(ReportSubscription).where(*mine).values(sent_on=monday).returning(ReportSubscription.id)
            if db.session.execute(claim, execution_options={"synchronize_session": False}).first() is not None:
                record("sla.report_due", now=now, facts={"user_id": row.user_id, "week": monday.isoformat()})
                told += 1
        db.session.commit()
    return told
