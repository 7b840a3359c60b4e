"""Periodic jobs: each moment belongs to one ticker, however many there are."""

import sqlite3
import threading
from contextlib import closing

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import select

from app.extensions import QUEUES, db, queue, retry
from app.extensions import redis as app_redis
from app.knowledge import readers
from app.knowledge.learning.models import EntryDay
from app.knowledge.links import asking
from app.knowledge.models import Faq
from app.knowledge.readers import Asking
from app.lib import database
from app.lib.clock import utcnow
from app.lib.http import Away
from app.ops import ticker
from app.ops.ticker import Every, Retries, tick
from app.schedule import SCHEDULE
from tests import services

PLAN = {"minutely": Every(60, "tests.ops.test_ticker.nothing"), "hourly": Every(3600, "tests.ops.test_ticker.nothing", "mail")}
AT = 1_764_000_000.0


def nothing():
    """What the jobs of this test do."""


def waiting():
    """How many jobs wait on each queue."""
    return queue("default").count, queue("mail").count


def test_a_job_is_queued_once_in_its_slot_and_again_in_the_next(app):
    assert tick(PLAN, AT) == ["minutely", "hourly"]
    assert tick(PLAN, AT + 30) == []
    assert tick(PLAN, AT + 60) == ["minutely"]
    assert tick(PLAN, AT + 3600) == ["minutely", "hourly"]
    assert waiting() == (3, 2)


def test_many_tickers_at_once_queue_one_job_for_each_slot(app):
    gate, fired = threading.Barrier(8), []

    def one_ticker():
        with app.app_context():
            gate.wait()
            for second in range(120):
                fired.extend(tick(PLAN, AT + second))

    threads = [threading.Thread(target=one_ticker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fired) == ["hourly", "minutely", "minutely"]
    assert waiting() == (2, 1)


def test_a_claim_outlives_its_slot_and_does_not_stay_for_ever(app, redis):
    tick(PLAN, AT)
    lives = {key.decode(): redis.ttl(key) for key in redis.scan_iter("hive:tick:*")}
    assert lives == {f"hive:tick:minutely:{int(AT // 60)}": 120, f"hive:tick:hourly:{int(AT // 3600)}": 7200}


def nobody_answers(url):
    """The wire of a machine without the Internet."""
    raise Away("No connection.")


def test_the_real_clock_page_is_queued_and_every_job_on_it_runs(app, people, drain, monkeypatch):
    monkeypatch.setattr(asking, "looked", nobody_answers)
    assert len(tick(SCHEDULE, utcnow().timestamp())) == len(SCHEDULE)
    assert drain() >= len(SCHEDULE)


def test_a_job_that_failed_comes_back_when_its_wait_is_over(app, clock, drain):
    queue("default").enqueue("tests.ops.test_ticker.fail_once", retry=retry())
    drain(failing=True)
    retries = Retries(app_redis())
    retries.move(utcnow().timestamp())
    assert queue("default").count == 0
    clock.shift(11)
    retries.move(utcnow().timestamp())
    assert queue("default").count == 1
    retries.close()
    drain()


def test_jobs_that_find_the_database_locked_come_back_and_lose_nothing(app, clock, now, drain, monkeypatch):
    """SQLite lets one write at a time; who waits in vain fails, and has its turn later."""
    monkeypatch.setattr(asking, "looked", nobody_answers)
    monkeypatch.setattr(database, "SQLITE_PRAGMAS", (*database.SQLITE_PRAGMAS, "PRAGMA busy_timeout=10"))
    number = db.session.scalars(select(Faq.id).where(Faq.status == "published")).first()
    db.session.remove()
    db.engine.dispose()
    readers.viewed(Asking("secret", "ada", address="192.0.2.7", user_agent="Firefox/140.0"), "faq", number, now)
    clock.shift(7200)
    tick(SCHEDULE, utcnow().timestamp())
    with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        drain(failing=True)
        other.execute("ROLLBACK")
    waiting = {name: queue(name).scheduled_job_registry.count for name in QUEUES}
    assert waiting["default"] > 20 and waiting["index"] == 1, "each of them, whatever it wanted to do"
    assert waiting["mail"] == 0, "what only looks for work waits for nobody"
    clock.shift(11)
    retries = Retries(app_redis())
    retries.move(utcnow().timestamp())
    retries.close()
    drain()
    assert db.session.scalar(select(EntryDay.views).where(EntryDay.entry_id == number)) == 1


def fail_once(done=[]):  # noqa: B006 - remembered on purpose
    """Fails the first time."""
    done.append(1)
    if len(done) == 1:
        raise RuntimeError("not yet")


def test_a_second_ticker_takes_over_when_the_first_lets_go(app):
    first, second = Retries(app_redis()), Retries(app_redis())
    first.move(AT)
    second.move(AT)
    assert second.scheduler.acquired_locks == set()
    first.close()
    second.move(AT + 60)
    assert len(second.scheduler.acquired_locks) > 0
    second.close()


def test_it_says_that_it_lives_and_goes_on_when_redis_comes_back(app, redis):
    server, rests = services.redis(), []

    def rest(seconds):
        rests.append(seconds)
        if len(rests) == 1:
            assert ticker.is_ticking()
            server.kill()
        if len(rests) == 3:
            server.start()
        return len(rests) == 5

    ticker.run(PLAN, rest)
    assert all(0 < seconds <= 1.02 for seconds in rests)
    assert ticker.is_ticking()
    assert waiting()[0] >= 1


def test_it_leaves_quietly_where_redis_went_away_at_the_end(app, redis):
    def rest(seconds):
        services.redis().kill()
        return True

    ticker.run(PLAN, rest)
    with pytest.raises(RedisAway):
        ticker.is_ticking()


def test_nothing_ticks_where_no_ticker_runs(app, redis):
    assert not ticker.is_ticking()


@pytest.fixture(autouse=True)
def alive(redis):
    """Whatever a test does to it, the next one has its Redis."""
    yield
    try:
        Redis.from_url(services.redis().url).ping()
    except RedisAway:
        services.redis().start()
