"""The mail of the weekly SLA report: figures are computed when it is written, by the same report as every page."""

from datetime import date
from urllib.parse import urlencode

from app.accounts.models import User
from app.accounts.permissions import may
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.mail.jobs import hand_over
from app.notifications import links, queries
from app.notifications.jobs import written
from app.notifications.queries import Reader
from app.sla import reports, subscribing
from app.sla.terms import METRICS


def mail_report(event_id: int) -> None:
    """`sla.report_scheduled`: the week's report to whoever subscribed, if they still do and may. A second run writes no second mail."""
    event = db.session.get(Event, event_id)
    person = db.session.get(User, event.facts["user_id"]) if event is not None else None
    if event is None or person is None or not person.is_enabled or not may(person.role, "sla.subscribe"):
        return
    subscription = subscribing.of(person.id)
    if subscription is None:
        return
    week = subscribing.week_of(subscription, date.fromisoformat(event.facts["week"]), is_demo=person.is_demo)
    found = reports.report(week.scope, now=utcnow())
    narrowed = {"organization": week.scope.organization_id, "team": week.scope.team_id, "priority": week.scope.priority}
    asked = {"from": week.first, "to": week.last, "zone": week.zone, **{key: value for key, value in narrowed.items() if value}}
    facts = {
        "week": week,
        "goals": found.goals,
        "lines": [line for metric in METRICS for line in found.of(metric)],
        "names": reports.names_of(week.scope),
        "is_demo": week.scope.is_demo,
        "url": links.absolute(links.SLA_REPORT) + "?" + urlencode(asked),
    }
    mails = written(
        event, "sla_report_weekly", [Reader(queries.recipient(person), "you asked for it on the page of the SLA report")], facts
    )
    db.session.commit()
    hand_over(mails)
