"""What was committed is queued, what was rolled back is not, and nothing is lost when Redis is away."""

import time

import pytest
from redis.client import Pipeline
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import select, update

from app import reactions
from app.events import outbox
from app.events.actions import record
from app.events.models import Event
from app.extensions import db, queue, redis
from app.mail.models import OutboundMail
from app.ops import dispatching
from tests import services

BOTH = pytest.mark.engines("sqlite", "postgresql")


def wish(person, now):
    """An event that sends one mail."""
    return record("account.reset_requested", now=now, actor=person, facts={"email": person.email})


def mails():
    """Whom mail was written to."""
    return db.session.scalars(select(OutboundMail.recipient).order_by(OutboundMail.id)).all()


def queued():
    """The events that wait to be dispatched."""
    return [int(number) for number in redis().lrange(outbox.QUEUED, 0, -1)]


@BOTH
def test_a_commit_queues_the_events_of_its_transaction_and_no_others(people, now):
    first, second = wish(people.user, now), wish(people.owner, now)
    assert queued() == []
    db.session.commit()
    assert queued() == [first.id, second.id]
    db.session.commit()
    assert len(queued()) == 2


def test_a_commit_goes_to_redis_once(people, now, monkeypatch):
    trips, sent = [], AbstractConnection.send_packed_command
    monkeypatch.setattr(AbstractConnection, "send_packed_command", lambda *given, **more: trips.append(1) or sent(*given, **more))
    redis().ping()
    begun = len(trips)
    wish(people.user, now)
    wish(people.owner, now)
    db.session.commit()
    assert len(trips) - begun == 1 and len(queued()) == 2


def test_more_events_than_are_taken_at_once_are_dispatched_in_their_order(people, now, monkeypatch):
    monkeypatch.setattr(outbox, "BATCH", 2)
    events = [wish(people.user, now) for _ in range(3)]
    db.session.commit()
    assert outbox.taken() == [event.id for event in events[:2]]
    assert outbox.taken(0.1) == [events[2].id]
    assert outbox.taken() == outbox.taken(0.01) == []


@BOTH
def test_while_it_waits_for_the_next_second_the_ticker_dispatches_what_is_committed(people, now):
    event = wish(people.user, now)
    db.session.commit()
    rest = dispatching.until(lambda seconds: db.session.get(Event, event.id, populate_existing=True).dispatched_at is not None)
    assert rest(20)
    assert queued() == [] and [job.args for job in queue("mail").jobs] == [[event.id]]


def test_what_cannot_be_dispatched_now_is_left_to_the_sweep(people, now, clock, monkeypatch):
    wish(people.user, now)
    db.session.commit()
    with monkeypatch.context() as away:
        away.setattr(Pipeline, "execute", lambda *_, **__: (_ for _ in ()).throw(RedisAway()))
        dispatching.dispatch(outbox.taken())
    assert queued() == [] and queue("mail").count == 0
    clock.shift(31)
    assert reactions.dispatch_overdue() == 1
    assert queue("mail").count == 1


@BOTH
def test_a_rollback_sends_nothing(people, now, drain):
    wish(people.user, now)
    db.session.rollback()
    db.session.commit()
    assert queued() == []
    assert drain() == 0
    assert mails() == []


def test_a_released_savepoint_is_not_a_commit_yet(people, now):
    with db.session.begin_nested():
        event = wish(people.user, now)
    assert queued() == []
    db.session.commit()
    assert queued() == [event.id]


def test_what_a_savepoint_took_back_has_no_effect(people, now, drain):
    kept = wish(people.owner, now)
    with pytest.raises(RuntimeError), db.session.begin_nested():
        wish(people.user, now)
        raise RuntimeError
    db.session.commit()
    drain()
    assert [event.id for event in db.session.scalars(select(Event))] == [kept.id]
    assert mails() == ["owner@acme.example"]


@BOTH
def test_an_event_becomes_its_effects_and_is_marked(people, now, drain):
    event = wish(people.user, now)
    drain()
    assert mails() == ["user@acme.example"]
    assert event.dispatched_at == now


@BOTH
def test_an_event_that_is_delivered_twice_has_one_effect(people, now, drain):
    event = wish(people.user, now)
    db.session.commit()
    reactions.dispatch_all([event.id])
    db.session.execute(update(Event).values(dispatched_at=None))
    db.session.commit()
    reactions.dispatch_all([event.id])
    assert reactions.dispatch_all([event.id]) == 0
    drain()
    assert mails() == ["user@acme.example"]


def test_the_sweep_leaves_fresh_events_to_their_listener(people, now, clock):
    wish(people.user, now)
    db.session.commit()
    assert reactions.dispatch_overdue() == 0
    clock.shift(31)
    assert reactions.dispatch_overdue() == 1
    assert reactions.dispatch_overdue() == 0


@pytest.fixture
def dead_redis(redis):
    """Redis is killed, with all that it held; `dead_redis()` starts another in its place."""
    server = services.redis()
    server.kill()

    def revive():
        if server.server.poll() is not None:
            server.start()

    yield revive
    revive()


@BOTH
def test_a_request_succeeds_while_redis_is_dead_and_its_mail_leaves_when_it_is_back(people, browse, dead_redis, clock, drain):
    started = time.monotonic()
    browse(None).post("/password-reset", {"email": people.user.email}, to="/password-reset?sent=1")
    assert time.monotonic() - started < 3
    with pytest.raises(RedisAway):
        queue("default").count
    dead_redis()
    assert drain() == 0
    clock.shift(60)
    assert reactions.dispatch_overdue() == 1
    drain()
    assert mails() == ["user@acme.example"]


def test_a_request_that_is_throttled_succeeds_too_while_redis_is_dead(people, browse, rate_limits, dead_redis):
    started = time.monotonic()
    browse(None).post("/password-reset", {"email": people.user.email}, to="/password-reset?sent=1")
    assert time.monotonic() - started < 3
