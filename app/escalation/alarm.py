"""The alert of an escalated ticket: one for each ticket, which climbs the path of its tier until somebody acknowledges it."""

from datetime import datetime

from sqlalchemy import select

from app.accounts.models import User
from app.alerts import actions as alerts
from app.alerts.models import Alert
from app.escalation import queries, rules
from app.escalation.models import Escalation
from app.extensions import db
from app.tickets.models import Ticket

SOURCE = "escalation"
PAGE, QUIET = "page", "critical"


def key_of(ticket: Ticket) -> str:
    """What makes further escalations of a ticket one alert."""
    return f"escalation:{ticket.id}"


def sound(ticket: Ticket, row: Escalation, *, now: datetime) -> None:
    """Tell whoever is on call: at once where it pages, else within their hours. Climbing is the alert's own business.

    A further escalation counts on the alert that is there, and opens it again if it pages only now.
    """
    path = queries.tier_for(row.tier).path
    reason = rules.REASONS.get(row.trigger, "A level of its SLA")
    alerts.raise_alert(
        key=key_of(ticket),
        severity=PAGE if row.pages else QUIET,
        source=SOURCE,
        title=f"{ticket.ref} escalated to tier {row.tier}: {reason[0].lower()}{reason[1:]}",
        body=f"{ticket.subject}\n\n{row.reason}",
        path=f"/desk/tickets/{ticket.ref}",
        team_id=row.team_id or ticket.team_id,
        ticket=ticket,
        ladder=rules.ladder(path),
        now=now,
    )


def answer(ticket: Ticket, *, actor: User, now: datetime) -> None:
    """Somebody has taken the ticket, so the alert climbs no further. Without an open alert nothing changes."""
    alert = db.session.scalar(select(Alert).where(Alert.key == key_of(ticket), Alert.resolved_at.is_(None)))
    if alert is not None:
        alerts.acknowledge(alert, actor=actor, now=now, how="assignment")


def silence(ticket: Ticket, *, actor: User | None, now: datetime) -> None:
    """The escalation is over, and with it its alert."""
    alerts.resolve_alert(key_of(ticket), now=now, actor=actor)
