"""Clocks in every state, scattered over two months, two organizations and two teams: data for reports."""

from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace

from sqlalchemy import text

from app.extensions import db
from app.sla.models import Clock
from app.sla.reports import PRIORITIES
from tests import factories

METRICS = ("first_response", "next_response", "resolution")


def scatter(people: SimpleNamespace, now: datetime, seed: int, number: int = 250) -> None:
    """Add `number` clocks and commit; real ones, and a few of demo work that must never be counted."""
    chance = Random(seed)
    tickets = [factories.ticket(person) for person in (people.owner, people.stranger)]
    db.session.execute(text("DELETE FROM clocks"))
    policy = db.session.scalar(text("SELECT min(id) FROM policies"))
    for n in range(number):
        ticket, state = chance.choice(tickets), chance.choice(["running", "paused", "stopped", "stopped", "stopped", "cancelled"])
        started = now - timedelta(minutes=chance.randrange(0, 50 * 1440))
        due = started + timedelta(minutes=chance.randrange(1, 3000)) if state != "paused" else None
        late = state in ("stopped", "paused") and chance.random() < 0.3
        clock = Clock(
            ticket_id=ticket.id,
            ticket_ref=ticket.ref,
            organization_id=ticket.organization_id,
            team_id=chance.choice([1, 2]),
            priority=chance.choice(PRIORITIES),
            is_demo=chance.random() < 0.1,
            metric=chance.choice(METRICS),
            sequence=n + 1,
            policy_id=policy,
            target_seconds=3600,
            state=state,
            started_at=started,
            due_at=due,
            stopped_at=started + timedelta(hours=1) if state == "stopped" else None,
            elapsed_seconds=chance.randrange(0, 9000) if state in ("stopped", "paused") else None,
            breached_at=started if late else None,
        )
        db.session.add(clock)
    db.session.commit()
