"""Many at once, on both databases: one has the time, the others are told which are free, and the schema stands behind it."""

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import User
from app.calls import actions, claims, jobs, rules
from app.calls.models import Call, CallCell, CallKind, CallSession
from app.calls.queries import call_for
from app.events.models import Event
from app.extensions import db
from app.lib.database import writing
from app.lib.errors import DomainError
from tests.people import password_hash
from tests.processes import after

BOTH = pytest.mark.engines("sqlite", "postgresql")
DAY, CROWD = timedelta(days=1), 12


@pytest.fixture
def crowd(people, now):
    """A dozen customers of Acme."""
    fresh = [
        User(name=f"Guest {n}", email=f"guest{n}@acme.example", role="customer", organization_id=people.acme.id, created_at=now)
        for n in range(CROWD)
    ]
    for one in fresh:
        one.password_hash = password_hash()
    db.session.add_all(fresh)
    db.session.commit()
    return fresh


def at_once(work):
    """Run every function in a thread of its own, from the same moment on; what each returned."""
    db.session.commit()
    gate, answers, failed = threading.Barrier(len(work)), [None] * len(work), []

    def run(number, function):
        try:
            gate.wait(30)
            answers[number] = function()
        except BaseException as wrong:
            failed.append(wrong)
            raise

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not failed, failed
    return answers


def posted(window, token, data):
    """A request as `Browser.send` makes it, without touching the session of the test."""
    return lambda: window.client.post("/calls", data={**data, "csrf_token": token}).status_code


@BOTH
def test_of_many_requests_for_one_time_one_has_it(crowd, support, browse, now):
    slot = rules.Slot(now + DAY, now + DAY, support.shift.turns[0].user_id).value
    data = {"kind": "support", "zone": "Europe/Berlin", "topic": "Upgrade", "how": "video", "slot": slot}
    windows = [browse(person) for person in crowd]
    work = [posted(window, window.token(), data | {"form_key": f"form-{n:020}"}) for n, window in enumerate(windows)]
    db.session.commit()
    answers = at_once(work)
    assert sorted(answers) == [303] + [409] * (CROWD - 1)
    assert db.session.scalar(select(func.count()).select_from(Call)) == 1
    assert db.session.scalar(select(func.count()).select_from(CallSession)) == 1
    assert db.session.scalar(select(func.count()).select_from(Event).where(Event.kind == "call.booked")) == 1


def booking(app, person_id, kind_id, start, engineer_id, now):
    """Book in an application context of its own; whether it was done."""

    def work():
        with app.app_context(), writing():
            try:
                kind = db.session.get_one(CallKind, kind_id)
                wanted = actions.Booking(kind, start, engineer_id, "Upgrade", "video")
                actions.book(wanted, actor=db.session.get_one(User, person_id), now=now)
                db.session.commit()
            except DomainError:
                db.session.rollback()
                return False
            return True

    return work


@BOTH
def test_calls_that_would_overlap_never_both_stand(app, crowd, support, people, now):
    support.kind.step_minutes, support.kind.before_minutes = 5, 10
    db.session.commit()
    times = [now + DAY + timedelta(minutes=5 * (n * 7 % 11)) for n in range(CROWD)]
    work = [booking(app, one.id, support.kind.id, start, people.agent.id, now) for one, start in zip(crowd, times, strict=True)]
    assert any(at_once(work))
    held = sorted(db.session.execute(select(CallSession.held_from, CallSession.held_to)).all())
    assert all(one.held_to <= other.held_from for one, other in pairwise(held))
    assert db.session.scalar(select(func.count()).select_from(Call)) == len(held)


@BOTH
def test_office_hours_take_as_many_as_have_seats(app, crowd, office, people, now):
    start = now + DAY
    done = at_once([booking(app, one.id, office.id, start, people.agent2.id, now) for one in crowd])
    assert sum(done) == office.capacity == 3
    assert sorted(db.session.scalars(select(Call.seat))) == [0, 1, 2]


@BOTH
def test_the_schema_itself_refuses_a_cell_and_a_seat_twice(book, people, now):
    call = book()
    cell = db.session.execute(select(CallCell.engineer_id, CallCell.at, CallCell.session_id)).first()
    for rows in (
        insert(CallCell).values(engineer_id=cell.engineer_id, at=cell.at, session_id=cell.session_id),
        insert(CallSession).values(
            engineer_id=call.engineer_id,
            kind_id=call.kind_id,
            seats=1,
            **dict.fromkeys(("starts_at", "held_from"), call.starts_at),
            **dict.fromkeys(("ends_at", "held_to"), call.ends_at),
        ),
        Call.__table__.update().where(Call.id == call.id).values(seat=1),
        Call.__table__.update().where(Call.id == call.id).values(session_id=None),
    ):
        with pytest.raises(IntegrityError):
            db.session.execute(rows)
        db.session.rollback()


@BOTH
def test_a_race_that_slips_through_every_check_ends_at_the_schema(book, support, people, now, monkeypatch):
    """With the look at what is held taken away, the second booking still fails."""
    first = book()
    monkeypatch.setattr("app.calls.slots.held_by", lambda *args, **more: [])
    start = first.starts_at + timedelta(minutes=30)
    with pytest.raises(claims.SlotTaken):
        actions.book(actions.Booking(support.kind, start, people.agent.id, "Upgrade", "video"), actor=people.owner, now=now)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Call)) == 1


@BOTH
def test_two_schedulers_remind_once_each(app, book, clock, now):
    book(hours=47)
    for hours, which in ((24, "day"), (22.5, "hour")):
        clock.shift(timedelta(hours=hours))

        def tick():
            with app.app_context():
                return jobs.remind()

        assert sum(at_once([tick] * 4)) == 1
        assert jobs.remind() == 0
        kinds = db.session.scalars(select(Event.facts).where(Event.kind == "call.reminded").order_by(Event.id)).all()
        assert kinds[-1]["which"] == which
    assert len(kinds) == 2


@BOTH
def test_who_waits_for_a_call_sees_whose_it_is_now(app, book, people, now):
    call, lead = book(), people.lead.id
    ref, agent, other = call.ref, call.engineer_id, people.agent2.id if call.engineer_id == people.agent.id else people.agent.id

    def reassign():
        actor = db.session.get_one(User, lead)
        actions.reassign(call_for(actor, ref, for_change=True), db.session.get_one(User, other), actor=actor, now=now)

    def look():
        with app.app_context(), writing():
            found = call_for(db.session.get_one(User, lead), ref, for_change=True)
            return found.engineer_id, found.engineer and found.engineer.id

    assert agent != other and after(reassign, look) == (other, other)
