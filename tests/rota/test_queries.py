"""What others ask the rota."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.rota import queries
from app.rota.models import RotaAbsence, RotaOverride, RotaPerson
from tests.rota.conftest import shift
from tests.rota.walk import utc

BOTH = pytest.mark.engines("sqlite", "postgresql")
NEXT_WEEK = timedelta(days=7)


def away(person, start, end, deputy=None, now=None):
    """Somebody is away, committed."""
    row = RotaAbsence(user_id=person.id, deputy_id=deputy and deputy.id, starts_at=start, ends_at=end, created_at=now or start)
    db.session.add(row)
    db.session.commit()
    return row


@BOTH
def test_who_is_on_call_and_until_when(week, people, now):
    found = queries.on_call(week.team.id, now)
    assert (found.user_id, found.until, found.via) == (people.agent.id, utc(2026, 11, 23, 15), "shift “Days”")
    assert (found.name, found.email, found.time_zone) == (people.agent.name, people.agent.email, people.agent.time_zone)
    assert queries.on_call(week.team.id, now + NEXT_WEEK).user_id == people.agent2.id


def test_nobody_is_on_call_in_a_hole(week, people):
    saturday = utc(2026, 11, 28, 12)
    assert queries.on_call(week.team.id, saturday) is None
    assert queries.duty_spans([week.team.id], saturday, saturday + timedelta(hours=6)) == []


def test_a_deputy_is_on_call_for_who_is_away(week, people, now):
    away(people.agent, now - timedelta(hours=1), now + timedelta(hours=2), people.agent2)
    found = queries.on_call(week.team.id, now)
    assert (found.user_id, found.until, found.via) == (people.agent2.id, now + timedelta(hours=2), f"deputy for {people.agent.name}")


def test_who_was_shut_out_is_not_on_call(week, people, now):
    people.agent.is_enabled = False
    db.session.commit()
    assert queries.on_call(week.team.id, now).user_id == people.agent2.id


def test_the_ladder_climbs_from_who_is_on_call_to_the_leads(week, people, now):
    found = queries.ladder(week.team.id, now)
    assert [one.user_id for one in found] == [people.agent.id, people.lead.id, people.agent2.id]
    assert [one.via for one in found] == ["shift “Days”", "next on the rota", "next on the rota"]
    assert len(queries.ladder(week.team.id, now, limit=2)) == 2


def test_the_ladder_of_no_team_is_everybodys_leads(week, people, now):
    assert {one.user_id for one in queries.ladder(None, now)} == {people.lead.id, people.admin.id}
    away(people.admin, now - timedelta(hours=1), now + timedelta(hours=2))
    assert [one.user_id for one in queries.ladder(None, now)] == [people.lead.id, people.admin.id]


def test_the_backup_stands_second_on_the_ladder(week, people, now):
    shift(week.team, "Backup", [people.admin], level=2)
    assert [one.user_id for one in queries.ladder(week.team.id, now)][:2] == [people.agent.id, people.admin.id]


def test_people_work_in_their_turns_and_in_office_hours_of_other_weeks(week, people, now):
    assert queries.works_at(people.agent.id, now)
    assert not queries.works_at(people.agent.id, utc(2026, 11, 24, 1)), "her office hours, but she has a turn this week"
    assert queries.works_at(people.agent.id, utc(2026, 12, 1, 1)), "no turn of hers in this week: ten in Tokyo"
    assert not queries.works_at(people.agent.id, utc(2026, 12, 1, 10))
    assert queries.works_at(people.agent2.id, utc(2026, 11, 23, 17, 59))
    assert not queries.works_at(people.agent2.id, utc(2026, 11, 28, 12))
    assert not queries.works_at(people.user.id, now)


def test_nobody_works_while_away_or_on_a_holiday(week, people, now):
    away(people.agent, now - timedelta(hours=1), now + timedelta(hours=2))
    db.session.add(RotaPerson(user_id=people.agent2.id, holidays={"2026-11-23": "Day of rest"}))
    db.session.commit()
    assert not queries.works_at(people.agent.id, now)
    assert not queries.works_at(people.agent2.id, utc(2026, 11, 23, 15, 30))
    assert queries.works_at(people.agent.id, now + timedelta(hours=2))


def test_the_next_working_time_is_found_or_is_none(week, people, now):
    assert queries.next_working_time(people.agent.id, now) == now
    assert queries.next_working_time(people.agent.id, utc(2026, 11, 23, 20)) == utc(2026, 11, 24, 7)
    assert queries.next_working_time(people.agent.id, utc(2026, 11, 27, 16)) == utc(2026, 11, 30, 0)
    away(people.agent, now, now + timedelta(days=60))
    assert queries.next_working_time(people.agent.id, now) == now + timedelta(days=60)
    away(people.agent, now + timedelta(days=60), now + timedelta(days=900))
    assert queries.next_working_time(people.agent.id, now) is None
    assert queries.next_working_time(people.user.id, now) is None


def test_spans_of_one_person_are_joined_and_sorted(week, people, now):
    db.session.add(RotaOverride(team_id=week.team.id, user_id=people.lead.id, starts_at=now, ends_at=utc(2026, 11, 23, 15), created_at=now))
    db.session.commit()
    found = queries.duty_spans([week.team.id], utc(2026, 11, 23), utc(2026, 11, 24))
    assert [(one.start, one.end, one.user_id) for one in found] == [
        (utc(2026, 11, 23, 7), now, people.agent.id),
        (now, utc(2026, 11, 24), people.lead.id),
    ]


def test_asking_costs_the_same_however_many_shifts_there_are(week, people, now, statements):
    number = week.team.id

    def cost():
        db.session.expire_all()
        with statements() as seen:
            queries.duty_spans([number], now, now + timedelta(days=56))
        return len(seen)

    before = cost()
    for n in range(6):
        shift(week.team, f"Backup {n}", [people.agent2], level=2, weekdays=[n])
    assert cost() == before <= 6
