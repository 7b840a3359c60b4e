"""A rota to ask about: the support team's days in Berlin and nights in New York."""

from datetime import date
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app.accounts.models import Team
from app.extensions import db
from app.rota.models import RotaShift, RotaTurn

MONDAY = date(2026, 11, 23)
WEEKDAYS = [0, 1, 2, 3, 4]


def shift(team, name, crew, **more):
    """A shift of a team, committed: office hours in Berlin unless told otherwise."""
    given = {"time_zone": "Europe/Berlin", "weekdays": WEEKDAYS, "starts_minute": 480, "ends_minute": 960, "anchor_on": MONDAY, **more}
    turns = [RotaTurn(user_id=person.id, position=n) for n, person in enumerate(crew)]
    row = RotaShift(team_id=team.id, name=name, turns=turns, **given)
    db.session.add(row)
    db.session.commit()
    return row


@pytest.fixture
def support(people):
    """The team."""
    return db.session.scalars(select(Team).where(Team.key == "support")).one()


@pytest.fixture
def week(people, support):
    """Days (agent and agent2 take turns, agent first), and nights that are the lead's."""
    days = shift(support, "Days", [people.agent, people.agent2])
    nights = shift(support, "Nights", [people.lead], starts_minute=960, ends_minute=480)
    return SimpleNamespace(team=support, days=days, nights=nights)
