"""The end of a shift: what is carried over, who gets it, and what an absence leaves behind."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.rota import actions, batons, queries
from app.rota.models import RotaBaton
from app.tickets import baton, filing
from app.tickets.promises import promises
from tests import factories
from tests.rota.conftest import support, week  # noqa: F401 - fixtures
from tests.rota.walk import utc

BOTH = pytest.mark.engines("sqlite", "postgresql")
HOUR = timedelta(hours=1)


@pytest.fixture
def offered(week, people, now):  # noqa: F811
    """The agent offers her duty to the admin."""
    lists = baton.carried(week.team.id, people.agent, now)
    return batons.offer(week.team, people.admin, "Acme is nervous.", lists, actor=people.agent, now=now)


def kinds():
    """The events of batons."""
    return list(db.session.scalars(select(Event.kind).where(Event.kind.like("rota.baton%")).order_by(Event.id)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Thanks. I'll send the patch tomorrow. Please wait.", ["I'll send the patch tomorrow."]),
        ("We will get back to you by Friday.", ["We will get back to you by Friday."]),
        ("You will hear from us at noon!", ["You will hear from us at noon!"]),
        ("> I will call you\n\nDid anybody call?", []),
        ("Run `we will rock you` and tell us.", []),
        ("Will you try again? The file will appear.", []),
        ("I shall\nlook at it.", ["I shall look at it."]),
        ("We will do it. " * 9, ["We will do it."] * 3),
    ],
)
def test_promises_are_found_in_the_writers_own_words(text, found):
    assert promises(text) == found


@BOTH
def test_a_baton_carries_what_is_due_who_waits_and_what_was_promised(week, people, now):  # noqa: F811
    waiting = factories.ticket(people.user, priority="critical")
    answered = factories.ticket(people.user, subject="Answered", assignee=people.agent)
    factories.reply(answered, people.agent, body="I will send you a build tomorrow.")
    others = factories.ticket(people.stranger, subject="Of another team")
    for ticket in (waiting, answered):
        ticket.team_id = week.team.id
    others.team_id = None
    db.session.commit()
    lists = baton.read(baton.carried(week.team.id, people.agent, now + HOUR))
    assert [row["ref"] for row in lists["waiting"]] == [waiting.ref]
    assert waiting.ref in [row["ref"] for row in lists["due"]]
    assert [(row["ref"], row["text"]) for row in lists["promises"]] == [(answered.ref, "I will send you a build tomorrow.")]
    assert others.ref not in {row["ref"] for rows in lists.values() for row in rows}


@BOTH
def test_accepting_the_baton_moves_the_duty_once(week, people, now, offered):  # noqa: F811
    assert queries.on_call(week.team.id, now).user_id == people.agent.id
    for n in (1, 2):
        batons.accept(offered, "Got it", actor=people.admin, now=now + n * HOUR)
    found = queries.on_call(week.team.id, now + HOUR)
    assert (found.user_id, found.until) == (people.admin.id, utc(2026, 11, 23, 15))
    assert queries.on_call(week.team.id, utc(2026, 11, 24, 8)).user_id == people.agent.id
    assert (offered.state, offered.answer, kinds()) == ("accepted", "Got it", ["rota.baton_offered", "rota.baton_answered"])


@pytest.mark.parametrize(("answer", "who", "state"), [(batons.decline, "admin", "declined"), (batons.withdraw, "agent", "withdrawn")])
def test_a_baton_that_is_not_taken_leaves_the_duty(week, people, now, offered, answer, who, state):  # noqa: F811
    args = ("Busy",) if answer is batons.decline else ()
    for _ in range(2):
        answer(offered, *args, actor=getattr(people, who), now=now)
    with pytest.raises(WrongState):
        batons.accept(offered, "", actor=people.admin, now=now)
    assert (offered.state, queries.on_call(week.team.id, now).user_id) == (state, people.agent.id)


def test_only_the_next_person_answers_and_only_who_has_the_duty_offers(week, people, now, offered):  # noqa: F811
    for answer in (batons.accept, batons.decline):
        with pytest.raises(NotAllowed):
            answer(offered, "", actor=people.lead, now=now)
    with pytest.raises(NotAllowed):
        batons.withdraw(offered, actor=people.lead, now=now)
    with pytest.raises(Invalid, match="not on call"):
        batons.offer(week.team, people.agent, "", {}, actor=people.lead, now=now)


def test_a_second_offer_finds_the_first_and_another_is_refused(week, people, now, offered):  # noqa: F811
    assert batons.offer(week.team, people.admin, "", {}, actor=people.agent, now=now).id == offered.id
    with pytest.raises(WrongState, match="already"):
        batons.offer(week.team, people.lead, "", {}, actor=people.agent, now=now)
    with pytest.raises(Invalid, match="somebody else"):
        batons.offer(week.team, people.user, "", {}, actor=people.agent, now=now)


def test_a_baton_whose_duty_has_changed_hands_cannot_be_accepted(week, people, now, offered):  # noqa: F811
    actions.add_override(week.team, 1, people.lead, now, now + HOUR, "", actor=people.lead, now=now)
    with pytest.raises(WrongState, match="changed hands"):
        batons.accept(offered, "", actor=people.admin, now=now)


def test_a_baton_accepted_after_the_end_of_the_duty_moves_nothing(week, people, now, offered):  # noqa: F811
    batons.accept(offered, "", actor=people.admin, now=utc(2026, 11, 23, 16))
    assert queries.on_call(week.team.id, utc(2026, 11, 23, 16)).user_id == people.lead.id


def test_the_page_offers_and_the_next_person_accepts(week, people, browse):  # noqa: F811
    ticket = factories.ticket(people.user, priority="critical", assignee=people.agent)
    agent, admin = browse(people.agent), browse(people.admin)
    page = agent.get("/desk/rota/baton")
    assert ticket.ref in page.words and "Offer the baton" in page.words
    sent = {"team_id": week.team.id, "to_id": people.admin.id, "note": "Mind <b>Acme</b>"}
    agent.post("/desk/rota/batons", sent, status=303)
    number = db.session.scalars(select(RotaBaton.id)).one()
    assert "offers you the baton of Support" in admin.get("/desk/rota").words
    shown = admin.get(f"/desk/rota/batons/{number}")
    assert "Mind <b>Acme</b>" in shown.words and ticket.ref in shown.words
    admin.post(f"/desk/rota/batons/{number}/acceptance", {"answer": "Fine"}, to=f"/desk/rota/batons/{number}")
    assert "Accepted" in agent.get(f"/desk/rota/batons/{number}").words
    browse(people.lead).post(f"/desk/rota/batons/{number}/acceptance", {}, status=403)


def test_what_is_overdue_is_not_told_as_due_soon(week, people, browse, clock):  # noqa: F811
    factories.ticket(people.user, priority="critical", assignee=people.agent)
    assert "First response due Mon 23 Nov" in browse(people.agent).get("/desk/rota/baton").words
    clock.shift(timedelta(hours=2))
    assert "First response was due Mon 23 Nov" in browse(people.agent).get("/desk/rota/baton").words


def test_a_wrong_offer_keeps_what_was_written(week, people, browse):  # noqa: F811
    agent = browse(people.agent)
    page = agent.post("/desk/rota/batons", {"team_id": week.team.id, "to_id": people.user.id, "note": "Keep me"}, status=422)
    assert "Keep me" in page.text
    assert "You are not on call now" in browse(people.agent2).get("/desk/rota/baton").words


@BOTH
def test_what_an_absence_leaves_behind_is_listed_for_its_owner(week, people, now, browse, clock):  # noqa: F811
    ticket = factories.ticket(people.user, assignee=people.agent, subject="Left alone")
    moved = factories.ticket(people.user, assignee=people.agent, subject="Moved on")
    row = actions.add_absence(people.agent, now, now + 8 * HOUR, people.agent2, "", actor=people.agent, now=now)
    db.session.commit()
    clock.shift(3600)
    factories.reply(ticket, people.agent2, body="Here is the answer.")
    filing.assign(moved, people.agent2, actor=people.lead, now=now + HOUR)
    factories.reply(ticket, people.user, body="Not quite.")
    clock.shift(8 * 3600)
    agent = browse(people.agent)
    assert "See what others did" in agent.get("/desk/rota").words
    words = agent.get(f"/desk/rota/absences/{row.id}/handback").words
    for told in ("Left alone Since", "Left alone Answered", f"by {people.agent2.name}", "Moved on Moved", f"to {people.agent2.name}"):
        assert told in words, told
    assert "Support, Mon 23 Nov, 19:00 JST to Tue 24 Nov, 00:00 JST" in words
    browse(people.agent2).get(f"/desk/rota/absences/{row.id}/handback", status=404)
    agent.post(f"/desk/rota/absences/{row.id}/handback", to="/desk/rota/mine")
    assert "See what others did" not in agent.get("/desk/rota").words
