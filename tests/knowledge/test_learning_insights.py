"""What writers read of readers: the figures with their definitions, the files, the weekly list; flat, and demo apart."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.knowledge import actions
from app.knowledge.learning import actions as learning
from app.knowledge.learning import jobs, queries, weekly
from app.knowledge.learning.models import EntryDay, ListReader, ReaderDay
from app.knowledge.learning.rules import GOAL, span
from app.knowledge.learning.tally import add
from app.knowledge.models import SearchCount
from app.mail.models import OutboundMail

BOTH = pytest.mark.engines("sqlite", "postgresql")
DAY = ("day", "is_demo")
# Eight in the morning of the Monday in Stockholm, where the lead works who has written.
MONDAY = datetime(2026, 11, 30, 7, tzinfo=UTC)


def readers(day, *, is_demo=False, **numbers):
    add(ReaderDay, [{"day": day, "is_demo": is_demo, **numbers}], DAY)
    db.session.commit()


def asked(day, query, *, is_demo=False, **numbers):
    add(SearchCount, [{"day": day, "is_demo": is_demo, "query": query, "times": 9, **numbers}], (*DAY, "query"))
    db.session.commit()


def read(day, entry, *, is_demo=False, **numbers):
    row = {"day": day, "is_demo": is_demo, "kind": entry.kind, "entry_id": entry.id, "views": 20, **numbers}
    add(EntryDay, [row], (*DAY, "kind", "entry_id"))
    db.session.commit()


@BOTH
def test_adding_to_a_count_adds_whoever_was_there_before(app, now, engine):
    for _ in range(3):
        readers(now.date(), visits=10, found=8)
    assert queries.totals(span("7d", now), is_demo=False).visits == 30


def test_the_rates_are_of_the_range_and_real_people_only(app, now):
    readers(now.date(), visits=10, found=9, deflected=3, undeflected=1)
    readers(now.date() - timedelta(days=8), visits=90, found=1)
    readers(now.date(), is_demo=True, visits=100, found=0)
    week = queries.totals(span("7d", now), is_demo=False)
    assert (week.found_rate, week.deflection_rate) == (90.0, 75.0)
    assert queries.totals(span("30d", now), is_demo=False).found_rate == 10.0
    assert queries.totals(span("7d", now), is_demo=True).visits == 110
    nothing = queries.totals(span("7d", now + timedelta(days=300)), is_demo=False)
    assert (nothing.found_rate, nothing.deflection_rate) == (None, None)
    assert GOAL == 80.0


def test_without_data_the_page_says_so(browse, people):
    page = browse(people.lead).get("/desk/knowledge/insights?range=7d")
    assert page.words.count("No data") >= 8
    assert "What these figures mean" in page.words
    browse(people.user).get("/desk/knowledge/insights", status=403)


def test_the_page_shows_each_list_with_a_way_down_to_what_is_behind(browse, people, faq, now):
    entry = faq("Zebras?")
    readers(now.date(), searches=40, visits=30, found=27, empty=4, abandoned=5)
    asked(now.date(), "zebra food", empty=4)
    asked(now.date(), "zebra stable", abandoned=5, opened=2, places=3)
    asked(now.date(), "=cmd|' /c calc'!A1", weak=2)
    read(now.date(), entry, tickets=3, unhelpful=2)
    writer = browse(people.lead)
    page = writer.get("/desk/knowledge/insights?range=7d")
    assert "90.0 %" in page.words
    for text, link in (("zebra stable", "question?q=zebra+stable"), ("Zebras?", f"faq/{entry.id}?range=7d")):
        (found, *_) = [one for one in page.markup.all("a", class_="subject") if one.text == text]
        assert link.replace("+", "%20") in found["href"].replace("+", "%20")
        writer.get(found["href"])
    part = writer.get("/desk/knowledge/insights?range=90d", htmx=True)
    assert part.markup.by_id("insights")
    assert "1.5" in writer.get("/desk/knowledge/insights/question?q=zebra+stable").words


@pytest.mark.parametrize("which", ["days", "unanswered", "abandoned", "weak", "tickets", "to-tickets", "worst"])
def test_each_list_is_a_file_without_formulas(browse, people, faq, now, which):
    entry = faq("=Zebras?")
    readers(now.date(), visits=30, found=27)
    asked(now.date(), "=cmd", empty=4, abandoned=1, weak=1, tickets=1)
    read(now.date(), entry, tickets=3, unhelpful=2)
    answer = browse(people.lead).get(f"/desk/knowledge/insights.csv?list={which}&range=7d")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 1
    assert not [value for value in rows[0].values() if value.startswith("=")]
    assert f"knowledge-{which}-7d.csv" in answer.headers["Content-Disposition"]
    browse(people.lead).get("/desk/knowledge/insights.csv?list=nothing", status=404)


def test_the_page_costs_the_same_for_few_and_for_many(browse, people, faq, now, statements):
    browser = browse(people.lead)
    browser.get("/desk/knowledge/insights")
    costs = []
    for many in (1, 30):
        for number in range(many):
            asked(now.date(), f"zebra {many} {number}", empty=number + 1)
            read(now.date() - timedelta(days=number), faq(f"Zebra {many} {number}?"), unhelpful=1, tickets=1)
        with statements() as seen:
            browser.get("/desk/knowledge/insights")
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 14


def test_what_is_old_is_forgotten_and_the_days_stay(app, faq, now):
    old, entry = now.date() - timedelta(days=100), faq("Zebras?")
    for day in (old, now.date()):
        readers(day, visits=1)
        asked(day, "zebra")
        read(day, entry)
    jobs.forget()
    assert db.session.scalars(select(SearchCount.day)).all() == [now.date()]
    assert db.session.scalars(select(EntryDay.day)).all() == [now.date()]
    assert len(db.session.scalars(select(ReaderDay.day)).all()) == 2


def mails():
    return db.session.scalars(select(OutboundMail).where(OutboundMail.template == "knowledge_weekly")).all()


def something_to_tell(people, faq, now, clock):
    """The lead has written, readers found nothing in the week before, and it is Monday morning where she works."""
    entry = faq("Zebras?")
    asked(now.date(), "zebra food", empty=4)
    readers(now.date(), visits=10, found=7)
    read(now.date(), entry, unhelpful=2)
    clock.move_to(MONDAY)


def test_who_writes_gets_the_list_on_monday_morning_once_with_two_schedulers(people, faq, now, clock, drain):
    something_to_tell(people, faq, now, clock)
    assert [jobs.mail_lists() for _ in range(2)] == [1, 0]
    drain()
    (mail,) = mails()
    assert mail.recipient == people.lead.email
    assert "zebra food (4 times)" in mail.text
    assert "70.0 % of 10 visits" in mail.text
    assert "/desk/knowledge/insights/faq/" in mail.text
    clock.shift(86_400)
    assert jobs.mail_lists() == 0


@BOTH
def test_two_who_claim_the_same_week_get_it_once(people, now, engine):
    monday = weekly.monday_of(now, "UTC")
    assert [weekly.claim(people.agent.id, monday) for _ in range(3)] == [True, False, False]
    assert weekly.claim(people.agent.id, monday + timedelta(days=7))


def test_before_monday_morning_nobody_is_mailed(people, faq, now, clock):
    something_to_tell(people, faq, now, clock)
    clock.shift(-3 * 3600)
    assert jobs.mail_lists() == 0


def test_who_stopped_it_is_left_alone_and_who_asks_for_it_gets_it(people, faq, now, clock, browse):
    something_to_tell(people, faq, now, clock)
    writer, other = browse(people.lead), browse(people.agent)
    assert "Stop the mail" in writer.get("/desk/knowledge/weekly").words
    writer.post("/desk/knowledge/weekly/unsubscription", {}, to="/desk/knowledge/weekly")
    assert "Mail it to me" in writer.get("/desk/knowledge/weekly").words
    other.post("/desk/knowledge/weekly/subscription", {}, to="/desk/knowledge/weekly")
    assert jobs.mail_lists() == 1
    event = db.session.scalars(select(Event).where(Event.kind == "knowledge.list_scheduled")).one()
    assert event.facts == {"user_id": people.agent.id, "week": "2026-11-30"}
    assert db.session.get(ListReader, people.lead.id).is_off


def test_a_week_with_nothing_to_tell_is_not_mailed(people, faq, now, clock, drain):
    faq("Zebras?")
    db.session.commit()
    clock.move_to(MONDAY)
    assert jobs.mail_lists() == 1
    drain()
    assert mails() == []


def test_the_page_shows_what_the_mail_says(people, faq, now, clock, browse):
    something_to_tell(people, faq, now, clock)
    page = browse(people.lead).get("/desk/knowledge/weekly")
    assert "zebra food" in page.words
    assert "70.0 % of 10 visits" in page.words
    assert "voted down 2 times" in page.words


def test_asking_for_the_list_twice_is_one_event(people, now):
    for _ in range(2):
        learning.want_list(False, actor=people.agent, now=now)
    for _ in range(2):
        learning.want_list(True, actor=people.agent, now=now)
    kinds = db.session.scalars(select(Event.kind).where(Event.kind.in_(("knowledge.list_stopped", "knowledge.list_wanted")))).all()
    assert sorted(kinds) == ["knowledge.list_stopped", "knowledge.list_wanted"]


def test_demo_people_see_that_demo_is_among_it(people, browse, now):
    people.lead.is_demo = True
    readers(now.date(), is_demo=True, visits=10, found=9)
    db.session.commit()
    page = browse(people.lead).get("/desk/knowledge/insights")
    assert "Demo data is among it" in page.words
    assert "90.0 %" in page.words
    assert "No data" in browse(people.admin).get("/desk/knowledge/insights").words
    assert "demo" in browse(people.lead).get("/desk/knowledge/insights.csv").text.splitlines()[0]


def test_votes_of_demo_people_are_counted_as_demo(faq, people, now):
    people.user.is_demo = True
    actions.vote(faq("Zebras?"), "a", is_helpful=False, now=now, actor=people.user)
    assert queries.worst(span("7d", now), is_demo=False) == []
    assert len(queries.worst(span("7d", now), is_demo=True)) == 1
