"""The demo's alert routes, and alerts in every state. Nothing of it is sent: the messages are only written down."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.alerts import actions, rules
from app.alerts.models import Alert, AlertChannel, AlertContact, AlertDelivery, AlertEntry, AlertRoute
from app.alerts.planning import DEMO, Step, plan
from app.dev.telling import Cast
from app.events.models import Event
from app.extensions import db
from app.sla.models import Calendar
from app.tickets.models import Ticket

HELENA, AIKO, SAMUEL = (f"{name}@hivetechs.example" for name in ("lead", "agent", "samuel"))
# name: (severities, team, hours, channels: kind, target, whether only instead)
ROUTES: dict[str, tuple[tuple[str, ...], str | None, str, tuple[tuple[str, str, bool], ...]]] = {
    "Security, at any hour": (
        ("critical", "page"),
        "security",
        "always",
        (("on_call", "", False), ("slack", "#security-alerts", False), ("leads", "", True)),
    ),
    "Enterprise, outside business hours": (
        ("critical", "page"),
        "enterprise",
        "outside",
        (("on_call", "", False), ("email", "duty-manager@hivetechs.example", False)),
    ),
    "Warnings to the chat": (("info", "warning"), None, "always", (("slack", "#support-alerts", False), ("leads", "", True))),
}
SLACK = {AIKO: "U04AIKO7T", SAMUEL: "U04SAMUEL", HELENA: "U04HELENA"}


def routes(cast: Cast, now: datetime) -> None:
    """Routes, and how chats know people. Flushes."""
    calendar = db.session.scalar(select(Calendar.id).where(Calendar.key == "business"))
    for position, (name, (severities, team, hours, channels)) in enumerate(ROUTES.items(), 1):
        rows = [AlertChannel(kind=kind, target=to, position=at, only_instead=late) for at, (kind, to, late) in enumerate(channels, 1)]
        route = AlertRoute(
            name=name, position=position, severities=list(severities), hours=hours, channels=rows, is_demo=True, changed_at=now
        )
        route.team_id = cast.teams[team].id if team is not None else None
        route.calendar_id = calendar if hours != "always" else None
        route.ladder = [dict(step) for step in rules.LADDER]
        db.session.add(route)
    db.session.add_all(AlertContact(user_id=cast.people[email].id, slack_id=name) for email, name in SLACK.items() if email in cast.people)
    db.session.flush()


def told(cast: Cast, now: datetime) -> None:
    """An alert that is open, one acknowledged, one silenced and one resolved. Flushes."""
    lead, agent = cast.people[HELENA], cast.people[AIKO]
    there = (Ticket.is_demo, Ticket.is_open, Ticket.created_at < now - timedelta(hours=2))
    tickets = db.session.scalars(select(Ticket).where(*there).order_by(Ticket.id.desc()).limit(3)).all()
    for number, ticket in enumerate(tickets):
        at = now - timedelta(minutes=25 + 40 * number)
        alert = raised(
            f"demo:mail:{number}",
            "warning",
            f"{ticket.ref}: mail to the customer was refused",
            "Their server said: 550 no such mailbox.",
            at,
            ticket,
        )
        if number == 1:
            actions.acknowledge(alert, actor=agent, now=at + timedelta(minutes=6))
        if number == 2:
            reason = "The customer moves their mail today."
            actions.silence(key=alert.key, until=now + timedelta(hours=5), reason=reason, actor=lead, now=at + timedelta(minutes=9))
    raised(
        "demo:search",
        "critical",
        "Search answers slowly",
        "The slowest twentieth of searches took 2.4 s.",
        now - timedelta(days=1, hours=3),
        None,
    )
    actions.resolve_alert("demo:search", now=now - timedelta(days=1, hours=2), actor=lead)


def raised(key: str, severity: str, title: str, body: str, at: datetime, ticket: Ticket | None) -> Alert:
    """One alert of the past with its messages, none of which is sent."""
    path = f"/desk/tickets/{ticket.ref}" if ticket is not None else "/desk/analytics"
    alert = actions.raise_alert(
        key=key,
        severity=severity,
        source="demo",
        title=title,
        body=body,
        path=path,
        ticket=ticket,
        team_id=ticket.team_id if ticket else None,
        now=at,
    )
    alert.is_demo = True
    event = db.session.scalars(select(Event).join(AlertEntry, AlertEntry.event_id == Event.id).where(AlertEntry.alert_id == alert.id)).one()
    route = db.session.get(AlertRoute, alert.route_id) if alert.route_id is not None else None
    for number in plan(Step(event, alert, route, at)):
        row = db.session.get_one(AlertDelivery, number)
        row.state, row.error, row.next_try_at, row.settled_at = "kept", DEMO, None, at
    db.session.flush()
    return alert
