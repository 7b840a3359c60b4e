"""What becomes an alert: levels of SLA clocks that tell somebody, and low scores. The alert's own jobs send it, by its route.

The mails of jobs.py stay as they are; whoever gets one of them about the same thing is not mailed by the alert as well.
"""

from collections.abc import Iterable

from sqlalchemy import select

from app.accounts.models import User
from app.alerts import actions as alerts
from app.alerts.actions import Audience
from app.alerts.models import Alert
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.notifications import links, queries
from app.notifications.jobs import METRICS
from app.notifications.queries import Reader
from app.sla import level_rules
from app.sla.level_models import Level
from app.sla.models import Clock
from app.tickets.models import Ticket

SLA, SURVEYS = "sla", "surveys"
# What a level tells, in the words of alerts.
ALSO = {"assignee": "assignee", "on_call": "on_call", "next_on_call": "next_on_call"}


def alert_of_level(event_id: int) -> None:
    """`sla.level_reached` whose actions tell somebody: one alert for each clock, told anew at each of its levels.

    "The next on the rota" is told only while nobody has the ticket. A level of a ticket that is done meanwhile tells nobody.
    """
    with writing():
        found = queries.event_and_ticket(event_id)
        if found is None or not found[0].facts["actions"]["notify"] or not found[1].is_open:
            return
        event, ticket = found
        raise_for_level(event, ticket)
        db.session.commit()


def raise_for_level(event: Event, ticket: Ticket) -> None:
    """The alert of one level of a clock."""
    facts, notify = event.facts, event.facts["actions"]["notify"]
    also = [ALSO[who] for who in notify if who in ALSO and (who != "next_on_call" or ticket.assignee_id is None)]
    if not also and "route" not in notify:
        return
    metric = METRICS[facts["metric"]]
    lines = [ticket.subject, f"Assignee: {ticket.assignee.name}." if ticket.assignee else "Nobody has taken this ticket."]
    alerts.raise_alert(
        key=f"sla:{facts['clock_id']}",
        severity=facts["severity"],
        source=SLA,
        title=f"{ticket.ref}: {metric[0].lower() + metric[1:]} reached “{facts['level']}”",
        body="\n".join(lines),
        path=links.DESK_TICKET.format(ticket.ref),
        team_id=ticket.team_id,
        ticket=ticket,
        audience=Audience(tuple(also), "route" in notify, told_by_mail(event, ticket)),
        cause=event,
        is_news=True,
        now=utcnow(),
    )


def told_by_mail(event: Event, ticket: Ticket) -> tuple[str, ...]:
    """Whom `sla.warned` and `sla.breached` mail at the same moment as this level (see jobs.warn_of_deadline, jobs.tell_of_breach)."""
    key = db.session.scalar(select(Level.key).where(Level.id == event.facts["level_id"]))
    if key == level_rules.WARNING:
        return addresses(queries.assignee(ticket) or queries.leads(ticket))
    if key == level_rules.BREACHED:
        return addresses([*queries.assignee(ticket), *queries.leads(ticket)])
    return ()


def addresses(readers: Iterable[Reader]) -> tuple[str, ...]:
    """Their addresses."""
    return tuple(reader.to.email for reader in readers)


def alert_of_score(event_id: int) -> None:
    """`survey.answered` with a 1 or 2: an alert for the ticket's team, once for each survey. The leads have the mail of jobs.alert_low_score."""
    with writing():
        found = queries.event_and_ticket(event_id)
        if found is None or not found[0].facts["low"] or queries.was_low_before(found[0]):
            return
        event, ticket = found
        alerts.raise_alert(
            key=f"survey:{event.facts['survey_id']}",
            severity="warning",
            source=SURVEYS,
            title=f"{ticket.ref}: {queries.name_of(event.actor_id or ticket.requester_id)} gave a low score",
            body=f"{ticket.subject}\nOverall satisfaction: {event.facts['overall_satisfaction']} of 5.",
            path=links.DESK_TICKET.format(ticket.ref),
            team_id=ticket.team_id,
            ticket=ticket,
            audience=Audience(told=addresses(queries.leads(ticket))),
            cause=event,
            now=utcnow(),
        )
        db.session.commit()


def settle_alerts(event_id: int) -> None:
    """An answer, a change of status, the end of a ticket, a merge: alerts of clocks that run no more are over."""
    with writing():
        event = db.session.get(Event, event_id)
        for alert in open_alerts(event.ticket_id if event is not None else None):
            state = db.session.scalar(select(Clock.state).where(Clock.id == int(alert.key.partition(":")[2])))
            if state in (None, "stopped", "cancelled"):
                alerts.resolve_alert(alert.key, now=utcnow())
        db.session.commit()


def take_alerts(event_id: int) -> None:
    """`ticket.assigned` to somebody: the alerts of its clocks are acknowledged, by whoever assigned it."""
    with writing():
        event = db.session.get(Event, event_id)
        if event is None or event.facts["assignee_id"] is None:
            return
        actor = db.session.get(User, event.actor_id) if event.actor_id is not None else None
        for alert in open_alerts(event.ticket_id):
            if alert.state == "open":
                alerts.acknowledge(alert, actor=actor, now=utcnow(), how="assignment")
        db.session.commit()


def open_alerts(ticket_id: int | None) -> list[Alert]:
    """The unresolved alerts of a ticket's clocks. One statement."""
    mine = (Alert.ticket_id == ticket_id, Alert.resolved_at.is_(None), Alert.source == SLA)
    return list(db.session.scalars(select(Alert).where(*mine).order_by(Alert.id))) if ticket_id is not None else []
