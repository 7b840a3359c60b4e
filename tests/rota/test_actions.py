"""Overrides, absences and swaps: what they do, what they record, and what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.rota import actions, queries
from app.rota.queries import DutySpan
from tests.rota.walk import utc

BOTH = pytest.mark.engines("sqlite", "postgresql")
HOUR = timedelta(hours=1)
# The agent's Tuesday, and agent2's of the week after.
TUESDAY = (utc(2026, 11, 24, 7), utc(2026, 11, 24, 15))
NEXT_TUESDAY = (utc(2026, 12, 1, 7), utc(2026, 12, 1, 15))


def kinds():
    """The rota's events, in order."""
    return list(db.session.scalars(select(Event.kind).where(Event.kind.like("rota.%")).order_by(Event.id)))


def holder(team, at):
    """Who is on call."""
    found = queries.on_call(team.id, at)
    return found and found.user_id


@pytest.fixture
def override(week, people, now):
    """The lead takes Tuesday from nine to ten."""
    return actions.add_override(
        week.team, 1, people.lead, utc(2026, 11, 24, 9), utc(2026, 11, 24, 10), "dentist", actor=people.lead, now=now
    )


@BOTH
def test_an_override_takes_a_span_and_records_one_event(week, people, now, override):
    assert holder(week.team, utc(2026, 11, 24, 9)) == people.lead.id
    assert holder(week.team, utc(2026, 11, 24, 10)) == people.agent.id
    again = actions.add_override(
        week.team, 1, people.lead, utc(2026, 11, 24, 9), utc(2026, 11, 24, 10), "dentist", actor=people.lead, now=now
    )
    assert (again.id, kinds()) == (override.id, ["rota.override_added"])


def test_withdrawing_an_override_gives_the_span_back_once(week, people, now, override):
    for _ in range(2):
        actions.withdraw_override(override, actor=people.lead, now=now)
    assert holder(week.team, utc(2026, 11, 24, 9)) == people.agent.id
    assert kinds() == ["rota.override_added", "rota.override_withdrawn"]


def test_an_override_that_runs_ends_now(week, people, now, override):
    actions.withdraw_override(override, actor=people.lead, now=utc(2026, 11, 24, 9, 30))
    assert [holder(week.team, utc(2026, 11, 24, 9, minute)) for minute in (15, 30)] == [people.lead.id, people.agent.id]


@pytest.mark.parametrize(
    ("start", "end", "who", "told"),
    [
        (utc(2026, 11, 24, 9, 30), utc(2026, 11, 24, 12), "agent2", "has taken a part of this span already"),
        (utc(2026, 11, 24, 12), utc(2026, 11, 24, 12), "agent2", "after the beginning"),
        (utc(2026, 11, 23, 8), utc(2026, 11, 23, 9), "agent2", "is over"),
        (utc(2026, 11, 24, 12), utc(2027, 11, 24, 12), "agent2", "longer than"),
        (utc(2026, 11, 25, 12), utc(2026, 11, 25, 13), "user", "works at the desk"),
        (utc(2026, 11, 26, 12), utc(2026, 11, 26, 13), "agent2", "is away"),
    ],
)
def test_an_override_that_cannot_be_is_refused_with_the_reason(week, people, now, override, start, end, who, told):
    actions.add_absence(people.agent2, utc(2026, 11, 26), utc(2026, 11, 27), None, "", actor=people.agent2, now=now)
    with pytest.raises(Invalid, match=told):
        actions.add_override(week.team, 1, getattr(people, who), start, end, "", actor=people.lead, now=now)


def test_agents_change_only_what_is_theirs(week, people, now, override):
    with pytest.raises(NotAllowed):
        actions.add_override(week.team, 1, people.agent, *NEXT_TUESDAY, "", actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        actions.withdraw_override(override, actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        actions.add_absence(people.agent2, *TUESDAY, None, "", actor=people.agent, now=now)


@BOTH
def test_an_absence_lets_the_deputy_stand_in_and_ends_early(week, people, now):
    row = actions.add_absence(people.agent, *TUESDAY, people.admin, "school", actor=people.agent, now=now)
    again = actions.add_absence(people.agent, *TUESDAY, people.admin, "school", actor=people.agent, now=now)
    assert (again.id, holder(week.team, TUESDAY[0])) == (row.id, people.admin.id)
    for _ in range(2):
        actions.end_absence(row, actor=people.agent, now=TUESDAY[0] + HOUR)
    assert [holder(week.team, TUESDAY[0] + n * HOUR) for n in (0, 1)] == [people.admin.id, people.agent.id]
    assert kinds() == ["rota.absence_added", "rota.absence_ended"]


@pytest.mark.parametrize(
    ("start", "end", "deputy", "told"),
    [
        (TUESDAY[0] + HOUR, TUESDAY[1] + HOUR, None, "away for a part of this span already"),
        (*NEXT_TUESDAY, "agent", "somebody else"),
        (*NEXT_TUESDAY, "user", "somebody else"),
        (NEXT_TUESDAY[1], NEXT_TUESDAY[0], None, "after the beginning"),
        (utc(2026, 9, 1), utc(2026, 9, 2), None, "more than a month ago"),
        (NEXT_TUESDAY[0], utc(2028, 12, 1), None, "longer than"),
    ],
)
def test_an_absence_that_cannot_be_is_refused_with_the_reason(week, people, now, start, end, deputy, told):
    actions.add_absence(people.agent, *TUESDAY, None, "", actor=people.agent, now=now)
    with pytest.raises(Invalid, match=told):
        actions.add_absence(people.agent, start, end, deputy and getattr(people, deputy), "", actor=people.agent, now=now)


def test_work_is_handed_back_once_and_by_its_owner_after_the_absence(week, people, now):
    row = actions.add_absence(people.agent, now, now + HOUR, None, "", actor=people.agent, now=now)
    with pytest.raises(WrongState):
        actions.hand_back(row, actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        actions.hand_back(row, actor=people.lead, now=now + HOUR)
    for n in (1, 2):
        actions.hand_back(row, actor=people.agent, now=now + n * HOUR)
    assert (row.handed_back_at, kinds()[-1], len(kinds())) == (now + HOUR, "rota.handed_back", 2)


@pytest.fixture
def swap(week, people, now):
    """The agent asks agent2 to take her Tuesday for his."""
    mine = DutySpan(*TUESDAY, people.agent.id, week.team.id)
    theirs = DutySpan(*NEXT_TUESDAY, people.agent2.id, week.team.id)
    return actions.ask_swap(mine, people.agent2, theirs, "Concert", actor=people.agent, now=now)


@BOTH
def test_an_accepted_swap_exchanges_both_duties(week, people, now, swap):
    assert holder(week.team, TUESDAY[0]) == people.agent.id, "nothing changes before the answer"
    for _ in range(2):
        actions.accept_swap(swap, actor=people.agent2, now=now)
    assert [holder(week.team, at) for at in (TUESDAY[0], NEXT_TUESDAY[0])] == [people.agent2.id, people.agent.id]
    assert kinds() == ["rota.swap_asked", "rota.swap_answered"]


def test_a_declined_or_withdrawn_swap_changes_no_duty(week, people, now, swap):
    actions.decline_swap(swap, actor=people.agent2, now=now)
    with pytest.raises(WrongState):
        actions.accept_swap(swap, actor=people.agent2, now=now)
    with pytest.raises(WrongState):
        actions.withdraw_swap(swap, actor=people.agent, now=now)
    assert (swap.state, holder(week.team, TUESDAY[0])) == ("declined", people.agent.id)


def test_only_the_one_who_was_asked_answers_and_only_the_asker_withdraws(week, people, now, swap):
    for answer in (actions.accept_swap, actions.decline_swap):
        with pytest.raises(NotAllowed):
            answer(swap, actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        actions.withdraw_swap(swap, actor=people.agent2, now=now)
    actions.withdraw_swap(swap, actor=people.agent, now=now)
    assert swap.state == "withdrawn"


def test_a_swap_of_a_duty_that_has_gone_to_another_is_refused(week, people, now, swap):
    actions.add_override(week.team, 1, people.lead, *TUESDAY, "", actor=people.lead, now=now)
    with pytest.raises(WrongState, match="not Aiko"):
        actions.accept_swap(swap, actor=people.agent2, now=now)
    assert swap.state == "asked"


def test_a_question_that_cannot_be_is_refused_with_the_reason(week, people, now, swap):
    mine = DutySpan(*TUESDAY, people.agent.id, week.team.id)
    again = actions.ask_swap(mine, people.agent2, DutySpan(*NEXT_TUESDAY, people.agent2.id, week.team.id), "", actor=people.agent, now=now)
    assert again.id == swap.id
    for duty, other, told in (
        (mine, people.lead, "asked somebody about this duty already"),
        (mine, people.agent, "somebody else"),
        (DutySpan(*NEXT_TUESDAY, people.agent.id, week.team.id), people.lead, "not Aiko"),
        (DutySpan(utc(2026, 11, 20, 7), utc(2026, 11, 20, 15), people.agent.id, week.team.id), people.lead, "not Aiko"),
    ):
        with pytest.raises(Invalid, match=told):
            actions.ask_swap(duty, other, None, "", actor=people.agent, now=now)
