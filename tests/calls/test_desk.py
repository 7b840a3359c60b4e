"""Calls at the desk, and the engineer whom the rota takes away."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.alerts.models import Alert
from app.calls import actions, jobs, outcomes
from app.calls.models import Call
from app.events.models import Event
from app.extensions import db
from app.rota import actions as rota
from app.tickets import baton
from tests import factories
from tests.calls.conftest import team

DAY = timedelta(days=1)
BOTH = pytest.mark.engines("sqlite", "postgresql")


def absent(people, call, now, deputy=None):
    """The engineer of a call is away on its day."""
    start = call.starts_at - timedelta(hours=2)
    row = rota.add_absence(people.agent, start, start + timedelta(hours=8), deputy or people.agent2, "", actor=people.agent, now=now)
    db.session.commit()
    return row


def kinds():
    return [kind for kind in db.session.scalars(select(Event.kind).order_by(Event.id)) if kind.startswith("call.engineer")]


@BOTH
def test_the_day_lists_its_calls_and_mine_only_mine(book, people, browse):
    mine, theirs = book(topic="Upgrade of node three"), book(people.owner, topic="Licences")
    actions.reassign(theirs, people.agent2, actor=people.lead, now=theirs.booked_at)
    day = f"{mine.starts_at:%Y-%m-%d}"
    page = browse(people.agent).get(f"/desk/calls?day={day}").words
    assert "Upgrade of node three" in page and "Licences" in page and "Acme Robotics" in page
    page = browse(people.agent).get(f"/desk/calls?day={day}&whose=mine").words
    assert "Upgrade of node three" in page and "Licences" not in page
    assert "No calls on this day" in browse(people.agent).get("/desk/calls?day=2026-11-29").words
    assert browse(people.agent).get("/desk/calls?day=nonsense").status_code == 200


def test_the_list_costs_the_same_for_any_number_of_calls(book, people, browse, statements):
    day = f"{book().starts_at:%Y-%m-%d}"
    window = browse(people.agent)
    with statements() as few:
        window.get(f"/desk/calls?day={day}")
    for hours in (25, 26, 27, 28):
        book(people.owner, hours=hours)
    with statements() as many:
        window.get(f"/desk/calls?day={day}")
    assert len(many) == len(few)


@BOTH
def test_an_absence_shows_the_call_as_needing_somebody_and_alerts_once(book, people, browse, drain, now):
    call = book()
    drain()
    absent(people, call, now)
    drain()
    jobs.watch()
    assert kinds() == ["call.engineer_lost"]
    (alert,) = db.session.scalars(select(Alert).where(Alert.source == "calls")).all()
    assert (alert.state, alert.path) == ("open", f"/desk/calls/{call.ref}")
    page = browse(people.lead).get("/desk/calls").words
    assert "Needs a new engineer" in page and call.topic in page
    assert f"{people.agent.name} is away then" in db.session.scalars(select(Alert.body)).all()[-1]


def test_who_is_back_has_the_call_again(book, people, drain, now):
    call = book()
    row = absent(people, call, now)
    drain()
    rota.end_absence(row, actor=people.agent, now=now)
    drain()
    assert kinds() == ["call.engineer_lost", "call.engineer_returned"]
    assert db.session.get_one(Call, call.id).lost_at is None
    assert db.session.scalars(select(Alert.state).where(Alert.source == "calls")).all() == ["resolved"]


def test_an_override_takes_a_call_away_too_and_so_does_leaving(book, people, support, now):
    call, other = book(), book(people.owner, hours=72)
    start = call.starts_at - timedelta(hours=1)
    rota.add_override(team("support"), 1, people.agent2, start, start + timedelta(hours=4), "", actor=people.lead, now=now)
    db.session.commit()
    assert jobs.watch() == 1
    assert (db.session.get_one(Call, call.id).lost_at, db.session.get_one(Call, other.id).lost_at) == (now, None)
    people.agent.is_enabled = False
    db.session.commit()
    assert jobs.watch() == 1


@BOTH
def test_a_new_engineer_ends_the_need(book, people, browse, drain, now):
    ticket = factories.ticket(people.user)
    call = book(ticket=ticket)
    absent(people, call, now)
    drain()
    window, path = browse(people.lead), f"/desk/calls/{call.ref}"
    page = window.get(path)
    assert "This call needs a new engineer" in page.words
    assert page.text.index("On duty and free") < page.text.index(people.agent2.name) < page.text.index("Everybody else")
    away = window.post(f"{path}/engineer", {"engineer": people.agent.id}, status=422)
    assert f"{people.agent.name} is away at that time" in away.words
    window.post(f"{path}/engineer", {"engineer": 999999}, status=422)
    window.post(f"{path}/engineer", {"engineer": people.agent2.id}, to=path)
    drain()
    again = db.session.get_one(Call, call.id)
    assert (again.engineer_id, again.lost_at, again.starts_at) == (people.agent2.id, None, call.starts_at)
    assert db.session.scalars(select(Alert.state).where(Alert.source == "calls")).all() == ["resolved"]
    assert f"{people.agent2.name} takes the support call" in browse(people.user).get(f"/tickets/{ticket.ref}").words
    assert jobs.watch() == 0


def test_who_got_a_call_off_the_rota_keeps_it_until_they_are_away(book, people, now):
    call = book()
    actions.reassign(call, people.agent2, actor=people.lead, now=now)
    db.session.commit()
    assert jobs.watch() == 0
    start = call.starts_at
    rota.add_absence(people.agent2, start, start + timedelta(minutes=10), people.agent, "", actor=people.agent2, now=now)
    db.session.commit()
    assert jobs.watch() == 1


def test_a_room_is_set_and_an_address_that_is_none_is_refused(book, people, browse):
    call = book()
    path, window = f"/desk/calls/{call.ref}", browse(people.agent)
    assert "None yet" in window.get(path).words
    assert "https://" in window.post(f"{path}/room", {"video_url": "http://rooms.example"}, status=422).words
    window.post(f"{path}/room", {"video_url": "https://rooms.example/7"}, to=path)
    assert "https://rooms.example/7" in browse(people.user).get(f"/calls/{call.ref}").words
    phone = book(people.owner, how="phone", contact="+39 06 555 0100")
    window.post(f"/desk/calls/{phone.ref}/room", {"video_url": "https://rooms.example/7"}, status=409)


def test_the_desk_cancels_with_a_reason_that_the_customer_reads(book, people, browse):
    call = book()
    browse(people.agent).post(f"/desk/calls/{call.ref}/cancellation", {"reason": "Fire drill"}, to=f"/desk/calls/{call.ref}")
    assert "Fire drill" in browse(people.user).get(f"/calls/{call.ref}").words


def test_the_alert_of_a_call_that_nobody_took_ends_when_it_is_noted(book, people, drain, clock, now):
    call = book()
    absent(people, call, now)
    drain()
    clock.move_to(call.ends_at)
    outcomes.finish(call, outcomes.Outcome("missed"), actor=people.lead, now=call.ends_at)
    drain()
    assert db.session.scalars(select(Alert.state).where(Alert.source == "calls")).all() == ["resolved"]
    assert db.session.get_one(Call, call.id).lost_at is None


def test_what_is_over_waits_for_somebody_to_say_how_it_went(book, people, browse, clock):
    call = book()
    clock.move_to(call.ends_at)
    page = browse(people.agent).get("/desk/calls").words
    assert "Over, and nobody has said how it went" in page and "How did it go?" in page


def test_the_desk_is_for_staff(book, people, browse):
    call = book()
    for who in (people.owner, people.user, people.moderator):
        browse(who).get("/desk/calls", status=403)
        browse(who).post(f"/desk/calls/{call.ref}/engineer", {"engineer": people.agent2.id}, status=403)
    browse(people.agent).get("/calls", to="/desk/calls")
    browse(people.agent).get(f"/calls/{call.ref}", to=f"/desk/calls/{call.ref}")


def test_the_baton_carries_calls_and_those_that_need_somebody(book, people, browse, now):
    soon, later, lost = book(hours=3, topic="Soon"), book(people.owner, hours=50, topic="Much later"), book(hours=72, topic="Nobody has it")
    lost.lost_at = now
    db.session.commit()
    carried = baton.read(baton.carried(team("support").id, people.agent, now))["calls"]
    assert [(row["ref"], row["at"], row["is_lost"]) for row in carried] == [
        (soon.ref, soon.starts_at, False),
        (lost.ref, lost.starts_at, True),
    ]
    page = browse(people.agent).get("/desk/rota/baton").words
    assert "Nobody has it" in page and "Needs a new engineer" in page and later.topic not in page
