"""What the tests of escalation share."""

from sqlalchemy import select

from app.alerts.models import Alert
from app.escalation import actions
from app.events.models import Event
from app.extensions import db
from app.sla.models import Clock

WHY = "All pipelines are blocked since 08:10 UTC."


def escalate(ticket, people, now, **over):
    """Escalate to tier 3 as the agent, and commit."""
    given = {"to_tier": 3, "trigger": "by_hand", "reason": WHY, "actor": people.agent, **over}
    row = actions.escalate(ticket, now=now, **given)
    db.session.commit()
    return row


def events(kind, ticket):
    """The events of a kind on a ticket, oldest first."""
    db.session.rollback()
    return db.session.scalars(select(Event).where(Event.kind == kind, Event.ticket_id == ticket.id).order_by(Event.id)).all()


def alerts():
    """Every alert there is."""
    return db.session.scalars(select(Alert).order_by(Alert.id)).all()


def clock_of(ticket, metric):
    """The last clock of a metric."""
    query = select(Clock).where(Clock.ticket_id == ticket.id, Clock.metric == metric).order_by(Clock.sequence.desc())
    return db.session.scalars(query.execution_options(populate_existing=True)).first()
