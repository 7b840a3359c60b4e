"""What the rota does by itself, and whom its events reach by mail."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.mail.models import OutboundMail
from app.rota import actions, batons, jobs
from app.rota.models import RotaPerson
from app.rota.queries import DutySpan
from tests.rota.walk import utc

BOTH = pytest.mark.engines("sqlite", "postgresql")
TUESDAY = (utc(2026, 11, 24, 7), utc(2026, 11, 24, 15))


def mails():
    """(recipient, subject) of what was mailed, in order."""
    return [(mail.recipient, mail.subject) for mail in db.session.scalars(select(OutboundMail).order_by(OutboundMail.id))]


@BOTH
def test_holidays_are_filled_in_for_the_years_that_come_near(people, now, clock):
    db.session.add(RotaPerson(user_id=people.agent.id, country="JP", holidays={"2026-01-01": "New Year"}, filled_to=2026))
    db.session.add(RotaPerson(user_id=people.lead.id, country="ZZ", holidays={}, filled_to=2026))
    db.session.commit()
    assert jobs.extend_holidays() == 1
    row = db.session.scalars(select(RotaPerson).where(RotaPerson.country == "JP")).one()
    assert (row.filled_to, row.holidays["2026-01-01"], "2028-01-01" in row.holidays) == (2028, "New Year", True)
    assert jobs.extend_holidays() == 0


def test_a_swap_mails_the_one_who_is_asked_and_its_answer_the_asker(week, people, now, drain):
    mine = DutySpan(*TUESDAY, people.agent.id, week.team.id)
    back = DutySpan(*(at + timedelta(days=7) for at in TUESDAY), people.agent2.id, week.team.id)
    swap = actions.ask_swap(mine, people.agent2, back, "My daughter's birthday", actor=people.agent, now=now)
    drain()
    actions.accept_swap(swap, actor=people.agent2, now=now)
    drain()
    assert mails() == [
        (people.agent2.email, "Aiko Tanaka asks you to take a duty"),
        (people.agent.email, "Samuel Osei accepted your swap"),
    ]
    asked, accepted = (" ".join(body.split()) for body in db.session.scalars(select(OutboundMail.text).order_by(OutboundMail.id)))
    for told in (
        "Support, Tue 24 Nov, 07:00 GMT to Tue 24 Nov, 15:00 GMT",
        "In return: Support, Tue 1 Dec, 07:00 GMT",
        "“My daughter's birthday”",
    ):
        assert told in asked
    assert "The duty: Support, Tue 24 Nov" in accepted and "In return: Support, Tue 1 Dec" in accepted


def test_a_withdrawn_question_tells_the_one_who_was_asked(week, people, now, drain):
    mine = DutySpan(*TUESDAY, people.agent.id, week.team.id)
    swap = actions.ask_swap(mine, people.agent2, None, "", actor=people.agent, now=now)
    actions.withdraw_swap(swap, actor=people.agent, now=now)
    drain()
    assert mails()[-1] == (people.agent2.email, "Aiko Tanaka took back the question")


def test_a_baton_mails_the_next_person_and_nobody_else(week, people, now, drain):
    row = batons.offer(week.team, people.admin, "", {}, actor=people.agent, now=now)
    drain()
    batons.accept(row, "", actor=people.admin, now=now)
    drain()
    assert mails() == [(people.admin.email, "Aiko Tanaka offers you the baton of Support")]


def test_deputies_and_takers_are_told_unless_they_did_it_themselves(week, people, now, drain):
    day = timedelta(days=1)
    actions.add_absence(people.agent, *TUESDAY, people.agent2, "", actor=people.agent, now=now)
    actions.add_override(week.team, 1, people.admin, now + 3 * day, now + 4 * day, "", actor=people.lead, now=now)
    actions.add_override(week.team, 1, people.lead, now + 5 * day, now + 6 * day, "", actor=people.lead, now=now)
    drain()
    assert mails() == [
        (people.agent2.email, "You stand in for Aiko Tanaka"),
        (people.admin.email, "You take a duty of Support"),
    ]
