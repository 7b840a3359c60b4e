"""Booking, moving, cancelling and giving to somebody else: rows, events, and what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.calls import actions, claims, queries, slots
from app.calls.models import Call, CallCell, CallSession
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from tests import factories

BOTH = pytest.mark.engines("sqlite", "postgresql")
DAY = timedelta(days=1)


def events(kind):
    return db.session.scalars(select(Event).where(Event.kind == kind).order_by(Event.id)).all()


def wanted(support, start, engineer, **over):
    return actions.Booking(support.kind, start, engineer.id, **{"topic": "Upgrade", "how": "video", **over})


@BOTH
def test_booking_takes_the_engineers_time_with_its_buffers_and_records_one_event(book, people, now):
    ticket = factories.ticket(people.user)
    call = book(ticket=ticket)
    session = db.session.get_one(CallSession, call.session_id)
    assert (call.starts_at, call.ends_at) == (now + DAY, now + DAY + timedelta(minutes=30))
    assert (session.held_from, session.held_to) == (call.starts_at - timedelta(minutes=5), call.ends_at + timedelta(minutes=10))
    assert db.session.scalar(select(func.count()).select_from(CallCell)) == 9
    (event,) = events("call.booked")
    assert (event.ticket_id, event.actor_id, event.is_public, event.facts["engineer"]) == (
        ticket.id,
        people.user.id,
        True,
        people.agent.name,
    )


@BOTH
def test_the_same_form_again_gives_the_same_call(support, people, now):
    first = actions.book(wanted(support, now + DAY, people.agent, form_key="k" * 20), actor=people.user, now=now)
    db.session.commit()
    assert actions.book(wanted(support, now + DAY, people.agent, form_key="k" * 20), actor=people.user, now=now).id == first.id
    assert len(events("call.booked")) == 1


@BOTH
def test_a_taken_time_is_refused_and_so_is_one_within_its_buffers(book, support, people, now):
    call = book()
    for minutes in (0, 30, -30):
        with pytest.raises(claims.SlotTaken):
            actions.book(wanted(support, call.starts_at + timedelta(minutes=minutes), people.agent), actor=people.owner, now=now)
        db.session.rollback()
    later = actions.book(wanted(support, call.starts_at + timedelta(minutes=60), people.agent), actor=people.owner, now=now)
    assert later.engineer_id == people.agent.id


def test_times_that_nobody_was_offered_are_refused_with_the_reason(support, people, now):
    for start, engineer, words in (
        (now - DAY, people.agent, "passed"),
        (now + timedelta(hours=1), people.agent, "too soon"),
        (now + timedelta(days=29), people.agent, "further ahead"),
        (now + DAY + timedelta(minutes=7), people.agent, "No call begins"),
        (now + DAY, people.agent2, "Nobody takes calls"),
        (now + timedelta(days=5), people.agent, "Nobody takes calls"),
    ):
        with pytest.raises(actions.NotOffered, match=words):
            actions.book(wanted(support, start, engineer), actor=people.user, now=now)
        db.session.rollback()


@pytest.mark.parametrize("who", ["stranger", "guest", "agent", "moderator"])
def test_who_has_no_such_plan_cannot_book(who, support, people, now):
    with pytest.raises(NotAllowed):
        actions.book(wanted(support, now + DAY, people.agent), actor=getattr(people, who), now=now)


@pytest.mark.parametrize(
    "over", [{"topic": " "}, {"topic": "x" * 201}, {"how": "fax"}, {"contact": "javascript:alert(1)"}, {"how": "phone"}]
)
def test_what_cannot_be_a_topic_or_a_contact_is_refused(over, support, people, now):
    with pytest.raises(Invalid):
        actions.book(wanted(support, now + DAY, people.agent, **over), actor=people.user, now=now)


def test_nobody_has_two_calls_at_once(book, office, people, now):
    call = book()
    with pytest.raises(actions.NotOffered, match="another call"):
        actions.book(actions.Booking(office, call.starts_at, people.agent2.id, "Two", "video"), actor=people.user, now=now)


@BOTH
def test_moving_frees_the_old_time_and_keeps_the_invitation_in_step(book, support, people, now):
    call = book()
    old = call.starts_at
    actions.move(call, old + timedelta(minutes=30), people.agent.id, actor=people.user, now=now)
    db.session.commit()
    assert (call.sequence, call.starts_at) == (1, old + timedelta(minutes=30))
    assert db.session.scalar(select(func.count()).select_from(CallSession)) == 1
    assert events("call.moved")[0].facts["old_starts_at"] == old.isoformat()
    actions.move(call, call.starts_at, people.agent.id, actor=people.user, now=now)
    assert len(events("call.moved")) == 1


@BOTH
def test_a_move_to_a_taken_time_leaves_the_call_where_it_was(book, people, now):
    mine, other = book(), book(people.owner, hours=26)
    with pytest.raises(claims.SlotTaken):
        actions.move(mine, other.starts_at, people.agent.id, actor=people.user, now=now)
    db.session.rollback()
    again = queries.call_by_id(mine.id)
    assert (again.starts_at, again.sequence, again.session_id is not None) == (now + DAY, 0, True)


@BOTH
def test_cancelling_frees_the_time_once(book, people, now):
    call = book()
    for _ in range(2):
        actions.cancel(call, "No need any more", actor=people.user, now=now)
        db.session.commit()
    assert (call.state, call.sequence, call.session_id) == ("cancelled", 1, None)
    assert db.session.scalar(select(func.count()).select_from(CallCell)) == 0
    assert len(events("call.cancelled")) == 1
    assert book(people.owner).starts_at == call.starts_at


def test_what_has_begun_is_neither_moved_nor_cancelled(book, people, now):
    call = book()
    for act in (
        lambda: actions.cancel(call, "", actor=people.user, now=call.starts_at),
        lambda: actions.move(call, call.starts_at + DAY, people.agent.id, actor=people.user, now=call.starts_at),
        lambda: actions.reassign(call, people.agent2, actor=people.lead, now=call.starts_at),
    ):
        with pytest.raises(WrongState):
            act()


def test_colleagues_see_a_call_but_only_admins_change_it(book, people, now):
    call = book()
    assert queries.call_for(people.colleague, call.ref).id == call.id
    with pytest.raises(NotAllowed):
        actions.cancel(call, "", actor=people.colleague, now=now)
    actions.cancel(call, "", actor=people.owner, now=now)
    assert call.state == "cancelled"


@BOTH
def test_another_engineer_takes_it_at_the_same_time(book, people, now):
    call = book()
    actions.reassign(call, people.agent2, actor=people.lead, now=now)
    db.session.commit()
    assert (call.engineer_id, call.starts_at, call.sequence, call.is_off_rota) == (people.agent2.id, now + DAY, 1, True)
    assert db.session.scalars(select(CallSession.engineer_id)).all() == [people.agent2.id]
    assert events("call.reassigned")[0].facts["old_engineer"] == people.agent.name
    assert book(people.owner).engineer_id == people.agent.id


def test_who_has_something_else_then_cannot_take_it(book, office, people, now):
    call, other = book(), book(people.owner, kind=office)
    assert call.starts_at == other.starts_at
    with pytest.raises(claims.SlotTaken):
        actions.reassign(call, people.agent2, actor=people.lead, now=now)


@BOTH
def test_office_hours_are_shared_until_they_are_full(book, office, people, now):
    office.capacity = 2
    first, second = book(people.user, kind=office), book(people.owner, kind=office)
    assert (first.session_id, {first.seat, second.seat}) == (second.session_id, {0, 1})
    assert all(slot.start != first.starts_at for slot in slots.offer(office, now=now).slots)
    with pytest.raises(claims.SlotTaken):
        actions.book(actions.Booking(office, first.starts_at, people.agent2.id, "Third", "video"), actor=people.stranger, now=now)
    db.session.rollback()
    actions.cancel(first, "", actor=people.user, now=now)
    db.session.commit()
    third = book(people.stranger, kind=office)
    assert (third.session_id, third.seat) == (second.session_id, 0)
    assert db.session.scalar(select(func.count()).select_from(Call)) == 3
