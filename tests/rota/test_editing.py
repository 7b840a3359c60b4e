"""Shifts, cover and settings: what leads change, what is refused, and what is kept of it."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, Stale
from app.rota import clashes, editing, queries, views
from app.rota.editing import PersonContent, ShiftContent
from tests.rota.conftest import MONDAY
from tests.rota.walk import utc

BOTH = pytest.mark.engines("sqlite", "postgresql")
EVENINGS = ShiftContent("Evenings", 1, "Europe/Berlin", (0, 1), 960, 1200, (), MONDAY)


def changes():
    """What the last event of a shift says."""
    newest = select(Event.facts).where(Event.kind == "rota.shift_changed").order_by(Event.id.desc()).limit(1)
    return db.session.scalar(newest)["changes"]


@BOTH
def test_a_shift_is_added_changed_and_removed(week, people, now):
    saturdays = replace(EVENINGS, name="Saturdays", weekdays=(5,), people=(people.admin.id, people.agent.id))
    row = editing.add_shift(week.team, saturdays, actor=people.lead, now=now)
    db.session.commit()
    assert queries.on_call(week.team.id, utc(2026, 11, 28, 15)).user_id == people.admin.id
    turned = replace(saturdays, people=(people.agent.id, people.admin.id))
    before = row.version
    editing.change_shift(row, turned, actor=people.lead, now=now, seen=before)
    db.session.commit()
    assert changes() == {"people": [[people.admin.id, people.agent.id], [people.agent.id, people.admin.id]]}
    assert row.version == before + 1
    editing.change_shift(row, turned, actor=people.lead, now=now)
    assert queries.on_call(week.team.id, utc(2026, 11, 28, 15)).user_id == people.agent.id
    editing.remove_shift(row, actor=people.lead, now=now)
    db.session.commit()
    assert queries.on_call(week.team.id, utc(2026, 11, 28, 15)) is None
    assert len(db.session.scalars(select(Event).where(Event.kind == "rota.shift_changed")).all()) == 3


def test_a_stale_change_of_a_shift_is_refused(week, people, now):
    days = views.shift_for(week.days.id)
    with pytest.raises(Stale):
        editing.change_shift(days, EVENINGS, actor=people.lead, now=now, seen=days.version + 1)


def test_agents_do_not_edit_the_week(week, people, now):
    for write in (
        lambda: editing.add_shift(week.team, EVENINGS, actor=people.agent, now=now),
        lambda: editing.remove_shift(week.days, actor=people.agent, now=now),
        lambda: editing.set_cover(week.team, "always", "UTC", {}, actor=people.agent, now=now),
        lambda: editing.set_person(people.lead, PersonContent(), actor=people.agent, now=now),
    ):
        with pytest.raises(NotAllowed):
            write()


def test_shifts_that_meet_in_every_week_are_refused_with_the_reason(week, people, now):
    with pytest.raises(Invalid, match=r"meets the shift “Nights”.*Mon 23 Nov, 16:00 CET to Mon 23 Nov, 20:00 CET"):
        editing.add_shift(week.team, EVENINGS, actor=people.lead, now=now)
    backup = editing.add_shift(week.team, replace(EVENINGS, level=2), actor=people.lead, now=now)
    with pytest.raises(Invalid, match="Nights"):
        editing.change_shift(views.shift_for(backup.id), EVENINGS, actor=people.lead, now=now)


def test_shifts_that_meet_between_two_clock_changes_only_are_let_in_and_shown(week, people, now):
    new_york = ShiftContent("America", 1, "America/New_York", (0, 1, 2, 3, 4), 600, 1080, (people.admin.id,), MONDAY)
    nights = views.shift_for(week.nights.id)
    editing.remove_shift(nights, actor=people.lead, now=now)
    editing.add_shift(week.team, new_york, actor=people.lead, now=now)
    db.session.commit()
    met = views.team_view(week.team, now).clashes
    assert [(one.name, other.name, found.weeks, found.is_always) for one, other, found in met] == [("Days", "America", 3, False)]
    assert met[0][2].start == utc(2027, 3, 15, 14)


def test_a_shift_that_ends_before_another_begins_does_not_meet_it(week, people, now):
    one = EVENINGS.as_rule(1, week.team.id)
    other = replace(EVENINGS, begins_on=date(2027, 1, 4)).as_rule(2, week.team.id)
    assert clashes.clash(replace(one, ends_on=date(2026, 12, 31)), other, now) is None
    assert clashes.clash(one, other, now).start == utc(2027, 1, 4, 15)


def test_customers_and_strangers_cannot_stand_in_a_rotation(week, people, now):
    for user_id in (people.user.id, 99_999):
        with pytest.raises(Invalid, match="no longer works"):
            editing.add_shift(week.team, replace(EVENINGS, weekdays=(5,), people=(user_id,)), actor=people.lead, now=now)


@BOTH
def test_holes_are_found_where_cover_is_needed(week, people, now):
    assert views.team_view(week.team, now).holes == []
    for _ in range(2):
        editing.set_cover(week.team, "always", "UTC", {}, actor=people.lead, now=now)
    found = [hole for _, hole in views.team_view(week.team, now).holes]
    assert (found[0].start, found[0].end, found[0].why) == (utc(2026, 11, 28, 7), utc(2026, 11, 30, 7), "no shift")
    assert len(found) == 8
    editing.set_cover(week.team, "hours", "Europe/Berlin", {"5": [[600, 720]]}, actor=people.lead, now=now)
    found = [hole for _, hole in views.team_view(week.team, now).holes]
    assert (found[0].start, found[0].end) == (utc(2026, 11, 28, 9), utc(2026, 11, 28, 11))
    assert len(db.session.scalars(select(Event).where(Event.kind == "rota.cover_changed")).all()) == 2


def test_settings_are_kept_and_the_same_again_changes_nothing(week, people, now):
    content = PersonContent(people.agent2.id, "JP", "", {"2026-11-23": "Labour Thanksgiving Day"}, 2028, 12, "busy")
    for _ in range(2):
        editing.set_person(people.agent, content, actor=people.agent, now=now)
    assert queries.on_call(week.team.id, now).user_id == people.agent2.id
    assert len(db.session.scalars(select(Event).where(Event.kind == "rota.person_changed")).all()) == 1
    with pytest.raises(Invalid, match="somebody else"):
        editing.set_person(people.agent, PersonContent(people.agent.id), actor=people.agent, now=now)
