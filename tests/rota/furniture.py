"""Rows of the rota for tests/rows.py: a team with a shift, an override, a swap, an absence, a baton and a feed, all the agent's."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from app.accounts.models import Team
from app.extensions import db
from app.lib.tokens import fingerprint
from app.rota import actions, batons
from app.rota.models import RotaFeed, RotaShift, RotaTurn
from app.rota.queries import DutySpan

FEED_SECRET = "rota-feed-secret".ljust(43, "x")


def furniture(people: SimpleNamespace, now: datetime) -> dict[str, Any]:
    """Add the rows; the agent is on call around the clock for Support from 09:00 in UTC."""
    team = db.session.scalars(select(Team).where(Team.key == "support")).one()
    turns = [RotaTurn(user_id=people.agent.id, position=0)]
    times = {"weekdays": list(range(7)), "starts_minute": 540, "ends_minute": 540, "anchor_on": date(2026, 11, 23)}
    shift = RotaShift(team_id=team.id, name="All day", time_zone="UTC", turns=turns, **times)
    db.session.add_all([shift, RotaFeed(user_id=people.agent.id, secret_hash=fingerprint(FEED_SECRET), created_at=now)])
    db.session.flush()
    tomorrow = now.replace(hour=9) + timedelta(days=1)
    duty = DutySpan(tomorrow, tomorrow + timedelta(days=1), people.agent.id, team.id)
    later = now + timedelta(days=20)
    return {
        "rota_team": team,
        "shift": shift,
        "override": actions.add_override(team, 1, people.lead, later, later + timedelta(hours=4), "", actor=people.lead, now=now),
        "swap": actions.ask_swap(duty, people.admin, None, "Please", actor=people.agent, now=now),
        "absence": actions.add_absence(people.agent, later, later + timedelta(days=2), people.agent2, "", actor=people.agent, now=now),
        "baton": batons.offer(team, people.admin, "All quiet.", {}, actor=people.agent, now=now),
    }
