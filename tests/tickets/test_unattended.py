"""Tickets that nobody has while nobody is there: somebody is told, once, and in time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.alerts.models import Alert
from app.extensions import db
from app.rota.models import RotaAbsence, RotaPerson
from app.rota.takers import takers
from app.tickets import unattended
from tests import factories
from tests.rota.conftest import support, week  # noqa: F401 - fixtures

BOTH = pytest.mark.engines("sqlite", "postgresql")
HOUR = timedelta(hours=1)


def alerts():
    """(title, count, whether it is over) of the rota's alerts."""
    rows = db.session.scalars(select(Alert).where(Alert.source == "rota").order_by(Alert.id))
    return [(row.title, row.count, row.resolved_at is not None) for row in rows]


@pytest.fixture
def unassigned(week, people, now):  # noqa: F811
    """A ticket of the team that is due in three hours and has no assignee."""
    ticket = factories.ticket(people.user, priority="critical")
    ticket.team_id, ticket.assignee_id, ticket.queue_at = week.team.id, None, now + 3 * HOUR
    db.session.commit()
    return ticket


def everybody_is_away(people, now):
    """Until tomorrow."""
    for person in (people.agent, people.agent2, people.lead):
        db.session.add(RotaAbsence(user_id=person.id, starts_at=now - HOUR, ends_at=now + 24 * HOUR, created_at=now))
    db.session.commit()


@BOTH
def test_nobody_is_told_while_somebody_is_there(week, people, now, unassigned):  # noqa: F811
    assert unattended.watch() == 0
    unassigned.queue_at = now - HOUR
    db.session.commit()
    assert unattended.watch() == 0
    assert alerts() == []


@BOTH
def test_the_lead_is_told_once_when_nobody_is_there_before_the_deadline(week, people, now, unassigned):  # noqa: F811
    everybody_is_away(people, now)
    assert [unattended.watch() for _ in range(2)] == [1, 1]
    told = "A ticket of Support waits, and nobody is there to take it"
    assert alerts() == [(told, 2, False)]
    for row in db.session.scalars(select(RotaAbsence)):
        row.ends_at = now
    db.session.commit()
    assert unattended.watch() == 0
    assert alerts() == [(told, 2, True)]


def test_a_deadline_after_somebodys_return_is_no_alarm(week, people, now, unassigned):  # noqa: F811
    everybody_is_away(people, now)
    unassigned.queue_at = now + 72 * HOUR
    db.session.commit()
    assert unattended.watch() == 0


def test_busy_and_full_people_take_nothing(week, people, now, unassigned):  # noqa: F811
    settings = {people.agent: ("busy", None), people.agent2: ("available", 1), people.lead: ("busy", None)}
    for person, (state, capacity) in settings.items():
        db.session.add(RotaPerson(user_id=person.id, holidays={}, state=state, capacity=capacity))
    db.session.commit()
    assert [(one.person.id, one.capacity) for one in takers(week.team.id, now)] == [(people.agent2.id, 1)]
    assert unattended.watch() == 0
    factories.ticket(people.user, assignee=people.agent2)
    assert unattended.watch() == 1


def test_who_works_first_comes_first(week, people, now):  # noqa: F811
    found = takers(week.team.id, now)
    assert [one.person.id for one in found[:2]] == [people.agent.id, people.agent2.id]
    assert found[0].works_from == found[1].works_from == now
    assert found[2].works_from > now


@BOTH
def test_the_page_of_a_ticket_says_who_is_away_or_busy(people, now, browse):
    ticket = factories.ticket(people.user)
    db.session.add(RotaAbsence(user_id=people.agent2.id, starts_at=now - HOUR, ends_at=now + HOUR, created_at=now))
    db.session.add(RotaAbsence(user_id=people.lead.id, starts_at=now - 2 * HOUR, ends_at=now, created_at=now))
    db.session.add(RotaPerson(user_id=people.admin.id, holidays={}, state="busy"))
    page = browse(people.agent).get(f"/desk/tickets/{ticket.ref}")
    names = {option.text for option in page.markup.all("option")}
    assert {"Samuel Osei, away", "Dana Whitfield, busy", "Helena Lindqvist", "Aiko Tanaka"} <= names
