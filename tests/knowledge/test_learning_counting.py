"""From notes to counts: each note once, whoever dies or runs beside; nothing that leads back to a reader."""

import json
import os
import signal
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.extensions import db, redis
from app.knowledge import jobs, readers
from app.knowledge.learning import counting
from app.knowledge.learning.models import EntryDay, ReaderDay
from app.knowledge.learning.rules import REST, VIEWS_A_NETWORK
from app.knowledge.models import Faq, SearchCount, SearchMiss
from app.knowledge.readers import Asking
from tests import factories
from tests.processes import in_processes

BOTH = pytest.mark.engines("sqlite", "postgresql")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SHOWN = ["faq:1", "faq:2"]


def somebody(who="ada", **more):
    return Asking(**{"key": "secret", "who": who, "address": "192.0.2.7", "user_agent": FIREFOX, **more})


def later(clock, seconds=60.0):
    clock.shift(seconds)
    jobs.note_reading()
    db.session.expire_all()


def day():
    return db.session.scalars(select(ReaderDay)).one()


def question(query):
    return db.session.scalars(select(SearchCount).where(SearchCount.query == query)).one()


def test_searches_are_counted_once_they_have_settled(app, clock, now):
    for second, query in enumerate(["jira", "jira in", "jira integration"]):
        readers.searched(somebody(), query, [], 0, now + timedelta(seconds=second), poor=True)
    readers.searched(somebody("bo"), "mail ada@example.com now", SHOWN, 2, now)
    readers.searched(somebody("bo"), "ab", [], 0, now)
    jobs.note_reading()
    assert db.session.scalar(select(func.count()).select_from(SearchCount)) == 0
    later(clock)
    later(clock)
    assert {row.query: row.times for row in db.session.scalars(select(SearchMiss))} == {"jira integration": 1}
    assert {row.query: (row.times, row.empty) for row in db.session.scalars(select(SearchCount))} == {
        "jira integration": (1, 1),
        "mail [address] now": (1, 0),
    }


def test_a_step_of_typing_is_none_though_the_next_letter_has_not_settled(app, clock, now):
    readers.searched(somebody(), "jira", SHOWN, 2, now)
    readers.searched(somebody(), "jira integration", SHOWN, 2, now + timedelta(seconds=15))
    later(clock, 40)
    later(clock, 40)
    assert [row.query for row in db.session.scalars(select(SearchCount))] == ["jira integration"]


@BOTH
def test_what_came_of_a_search_is_counted_by_day_and_question(app, clock, faq, now, engine):
    entry = faq("Zebras?")
    db.session.commit()
    key = f"faq:{entry.id}"
    for who in ("ada", "bo"):
        readers.searched(somebody(who), "zebra", [key, "faq:2"], 2, now)
    readers.viewed(somebody("ada"), "faq", entry.id, now + timedelta(seconds=5))
    later(clock)
    assert (day().visits, day().found, day().searches, day().opened, day().abandoned) == (2, 1, 2, 1, 0)
    later(clock, 700)
    assert (question("zebra").times, question("zebra").opened, question("zebra").places, question("zebra").abandoned) == (2, 1, 1, 1)
    readers.ticketed(somebody("ada"), now + timedelta(seconds=900))
    later(clock, 300)
    assert (day().found, day().ticketed, day().abandoned) == (0, 1, 1)
    row = db.session.scalars(select(EntryDay).where(EntryDay.entry_id == entry.id)).one()
    assert (row.views, row.opened, row.tickets) == (1, 1, 1)


def test_a_ticket_of_the_next_day_belongs_to_the_visit_of_the_evening_before(app, clock, faq, now):
    entry = faq("Zebras?")
    db.session.commit()
    evening = now.replace(hour=23)
    clock.move_to(evening)
    readers.searched(somebody(), "zebra", [f"faq:{entry.id}"], 1, evening)
    readers.viewed(somebody(), "faq", entry.id, evening)
    later(clock)
    assert day().found == 1
    clock.move_to(evening + timedelta(hours=9))
    readers.ticketed(somebody(), evening + timedelta(hours=9))
    later(clock)
    assert (day().found, day().ticketed, day().day) == (0, 1, evening.date())


def test_a_reader_counts_once_a_day(app, clock, faq, now):
    entry = faq("Zebras?")
    db.session.commit()
    for who in ("ada", "ada", "bo"):
        readers.viewed(somebody(who), "faq", entry.id, now)
    later(clock)
    readers.viewed(somebody("ada"), "faq", entry.id, now)
    later(clock)
    assert (db.session.get(Faq, entry.id).views, db.session.get(Faq, entry.id).popularity) == (2, 2)
    tomorrow = now + timedelta(days=1)
    clock.move_to(tomorrow)
    readers.viewed(somebody("ada"), "faq", entry.id, tomorrow)
    later(clock)
    assert db.session.get(Faq, entry.id).views == 3


def test_one_network_cannot_make_an_entry_popular(app, clock, faq, now):
    entry = faq("Zebras?")
    db.session.commit()
    for number in range(VIEWS_A_NETWORK + 25):
        readers.viewed(somebody(f"browser {number}"), "faq", entry.id, now)
        if number % 10 == 0:
            later(clock)
    later(clock)
    assert db.session.get(Faq, entry.id).views == VIEWS_A_NETWORK
    readers.viewed(somebody("person 7", address="192.0.2.7"), "faq", entry.id, now)
    later(clock)
    assert db.session.get(Faq, entry.id).views == VIEWS_A_NETWORK + 1


@pytest.mark.parametrize(
    "more", [{"is_staff": True}, {"is_ahead": True}, {"user_agent": ""}, {"user_agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}]
)
def test_machines_staff_and_what_is_fetched_ahead_are_no_readers(app, now, more):
    readers.viewed(somebody(**more), "faq", 1, now)
    readers.searched(somebody(**more), "zebra", SHOWN, 2, now)
    assert redis().llen(readers.NOTES) == 0


def test_demo_people_are_counted_apart(app, clock, now):
    readers.searched(somebody(is_demo=True), "zebra", SHOWN, 2, now)
    readers.searched(somebody("bo"), "zebra", SHOWN, 2, now)
    later(clock)
    assert {row.is_demo: row.visits for row in db.session.scalars(select(ReaderDay))} == {True: 1, False: 1}
    assert {row.is_demo: row.times for row in db.session.scalars(select(SearchCount))} == {True: 1, False: 1}


def test_whoever_dies_before_redis_is_told_counts_nothing_twice(app, clock, now):
    readers.searched(somebody(), "zebra", SHOWN, 2, now)
    clock.shift(60)
    counting.count(now + timedelta(seconds=60))
    db.session.commit()
    later(clock)
    later(clock)
    assert (question("zebra").times, redis().llen(readers.NOTES), redis().exists(counting.BATCH)) == (1, 0, 0)


def test_whoever_dies_before_the_commit_loses_nothing(app, clock, now):
    readers.searched(somebody(), "zebra", SHOWN, 2, now)
    counting.count(now + timedelta(seconds=60))
    db.session.rollback()
    later(clock)
    assert question("zebra").times == 1


def test_finishing_a_batch_twice_drops_no_later_note(app, clock, now):
    readers.searched(somebody(), "zebra", SHOWN, 2, now)
    batch = counting.count(now + timedelta(seconds=60))
    db.session.commit()
    readers.searched(somebody("bo"), "quagga", SHOWN, 2, now)
    counting.finish(batch)
    counting.finish(batch)
    later(clock)
    assert (question("zebra").times, question("quagga").times) == (1, 1)


def test_what_redis_holds_of_a_reader_goes_after_a_day_and_names_nobody(app, clock, now):
    readers.searched(somebody("192.0.2.7 Firefox"), "zebra", SHOWN, 2, now)
    later(clock)
    (key,) = redis().keys("hive:visit:*")
    assert 0 < redis().ttl(key) <= 86_400 - 60
    kept = key.decode() + redis().get(key).decode()
    assert "192.0.2.7" not in kept
    assert "Firefox" not in kept
    assert somebody().visitor(now) != somebody().visitor(now + timedelta(days=1))


@BOTH
def test_four_processes_that_count_at_once_count_each_note_once(app, clock, faq, now, engine):
    entry = faq("Zebras?")
    db.session.commit()
    for number in range(40):
        readers.searched(somebody(f"v{number}"), "zebra", [f"faq:{entry.id}"], 1, now)
        readers.viewed(somebody(f"v{number}", address=f"192.0.2.{number}"), "faq", entry.id, now)
    clock.shift(60)

    def work():
        app.extensions.pop("redis", None)
        for _ in range(5):
            jobs.note_reading()

    assert in_processes(app, 4, work) == [0, 0, 0, 0]
    later(clock)
    assert (question("zebra").times, question("zebra").opened, day().found) == (40, 40, 40)
    assert (db.session.get(Faq, entry.id).views, db.session.get(Faq, entry.id).popularity) == (40, 40)
    assert redis().llen(readers.NOTES) == 0


@pytest.mark.parametrize("step", ["name_batch", "store", "finish"])
def test_a_process_killed_at_any_step_loses_and_doubles_nothing(app, clock, now, monkeypatch, step):
    readers.searched(somebody(), "zebra", SHOWN, 2, now)
    clock.shift(60)
    real = getattr(counting, step)

    def work():
        app.extensions.pop("redis", None)

        def die(*given):
            if step != "finish":
                real(*given)
            os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(counting, step, die)
        jobs.note_reading()

    assert in_processes(app, 1, work) == [-signal.SIGKILL]
    later(clock)
    later(clock)
    assert (question("zebra").times, day().searches, day().visits) == (1, 1, 1)


def test_too_many_questions_of_a_day_are_counted_together(app, clock, now, monkeypatch):
    monkeypatch.setattr(counting, "MOST_QUERIES", 3)
    for number in range(6):
        readers.searched(somebody(f"v{number}"), f"question {number}", [], 0, now, poor=True)
    readers.searched(somebody("again"), "question 0", [], 0, now, poor=True)
    later(clock)
    counts = {row.query: row.times for row in db.session.scalars(select(SearchCount))}
    assert len(counts) == 4
    assert sum(counts.values()) == 7
    assert counts[REST] == 3
    assert len(db.session.scalars(select(SearchMiss)).all()) == 3


def test_searches_in_a_chat_count_their_words_and_no_visit(app, clock, now):
    readers.searched_elsewhere("key", "chat 7", "zebra", 0, now, poor=True)
    later(clock)
    assert (question("zebra").times, question("zebra").empty) == (1, 1)
    assert db.session.scalars(select(ReaderDay)).all() == []
    assert db.session.scalars(select(SearchMiss.query)).all() == ["zebra"]


def test_without_redis_nothing_is_noted_and_nothing_fails(app, monkeypatch, now):
    monkeypatch.setattr(readers, "redis", lambda: (_ for _ in ()).throw(OSError("away")))
    readers.searched(somebody(), "zebra", [], 0, now)
    assert readers.pause.pop("until") > 0


def test_the_pages_note_what_was_shown_opened_and_asked(app, browse, people, clock, now):
    browser = browse(people.user)
    page = browser.get("/help/search?q=uninstall+hive")
    link = page.markup.all("a", class_="subject")[0]["href"]
    browser.get(link)
    browser.client.head(link)
    browser.get("/help/search?q=uninstall+hive&category=installation")
    browser.get("/tickets/new?subject=uninstall")
    notes = [json.loads(line) for line in redis().lrange(readers.NOTES, 0, -1)]
    assert [(note["k"], note.get("g")) for note in notes] == [("search", 1), ("open", None), ("search", 2), ("form", None)]
    later(clock)
    assert (day().searches, day().opened, day().found) == (1, 1, 1)
    browse(people.agent).get("/help/search?q=uninstall+hive")
    assert redis().llen(readers.NOTES) == 0


def test_a_guest_who_sends_a_ticket_found_no_answer(app, browse, clock, now):
    browser = browse(None)
    link = browser.get("/help/search?q=uninstall+hive").markup.all("a", class_="subject")[0]["href"]
    browser.get(link)
    browser.get("/guest/new")
    form = {
        "email": "new@mail.example",
        "name": "Priya",
        "kind": "question",
        "subject": "Uninstall",
        "priority": "medium",
        "category": "other",
    }
    later(clock)
    assert day().found == 1
    browser.post("/guest/new", {**form, "body": "How do I remove it?", "form_key": "k" * 16}, to="/guest/new")
    later(clock)
    assert (day().found, day().ticketed) == (0, 1)


def test_a_ticket_of_a_customer_takes_the_visit_back_and_one_that_staff_opened_for_them_does_not(app, browse, people, clock, now, drain):
    browser = browse(people.user)
    browser.get(browser.get("/help/search?q=uninstall+hive").markup.all("a", class_="subject")[0]["href"])
    factories.ticket(people.user, actor=people.agent)
    drain()
    later(clock)
    assert (day().found, day().ticketed) == (1, 0)
    for _ in range(2):
        factories.ticket(people.user)
    drain()
    later(clock)
    assert (day().found, day().ticketed) == (0, 1)
    assert db.session.scalars(select(EntryDay.tickets)).all() == [1]
