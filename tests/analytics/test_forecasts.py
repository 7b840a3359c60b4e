"""Forecasts in the database: made once an hour, from queue, past and rota; judged by what happened; shown with their score."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.analytics import forecast_jobs, forecasts
from app.analytics.forecast_models import Forecast, ForecastRow
from app.extensions import db
from app.sla.jobs import sweep
from app.sla.models import Clock
from app.tickets import filing
from tests import factories

BOTH = pytest.mark.engines("sqlite", "postgresql")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def past(people, now, once):
    """Thirty tickets of the last month that were answered after five hours (a miss at high) or after one (kept)."""
    once("past", lambda: make_past(people, now))


def make_past(people, now):
    for n in range(30):
        at = now - timedelta(days=2 + n % 25, hours=n % 5)
        ticket = factories.ticket(people.owner, priority="high", now=at)
        factories.reply(ticket, people.agent, now=at + (5 * HOUR if n % 3 else HOUR))
        factories.resolve(ticket, people.agent, now=at + 6 * HOUR)
    sweep()


def made(now, **over):
    found = forecasts.make(now, is_demo=False, **over)
    db.session.commit()
    return found


def rows(found):
    return {row.clock_id: row for row in db.session.scalars(select(ForecastRow).where(ForecastRow.forecast_id == found.id))}


def first_clock(ticket):
    return db.session.scalars(select(Clock).where(Clock.ticket_id == ticket.id, Clock.metric == "first_response")).one()


@BOTH
def test_what_is_due_within_eight_hours_is_forecast_once_an_hour(past, people, now, clock):
    soon, late = factories.ticket(people.owner, priority="high"), factories.ticket(people.owner, priority="low")
    found = made(now)
    told = rows(found)
    assert first_clock(soon).id in told and first_clock(late).id not in told
    assert all(now < row.due_at <= now + forecasts.HORIZON for row in told.values())
    row = told[first_clock(soon).id]
    assert 0.4 < row.probability < 0.95 and row.rests_on >= 20
    assert made(now + timedelta(minutes=20)) is None
    clock.shift(3600)
    assert forecast_jobs.make_forecasts() == 1
    assert forecast_jobs.make_forecasts() == 0


@BOTH
def test_of_two_workers_that_make_the_same_forecast_the_first_stores_it(past, people, now):
    factories.ticket(people.owner, priority="high")
    both = [forecasts.worked_out(now, is_demo=False) for _ in range(2)]
    db.session.rollback()
    assert [forecast_jobs.kept(one) for one in both] == [True, False]
    assert db.session.scalar(select(func.count()).select_from(Forecast)) == 1


@BOTH
def test_a_forecast_is_judged_by_what_happened_and_once(past, people, now, clock):
    kept, missed = (factories.ticket(people.owner, priority="high") for _ in range(2))
    found = made(now)
    expected = {number: row.probability for number, row in rows(found).items()}
    factories.reply(kept, people.agent, now=now + HOUR)
    surprise = factories.ticket(people.owner, priority="critical", now=now + HOUR)
    clock.shift(5 * 3600)
    sweep()
    assert forecast_jobs.judge_forecasts() == 0
    clock.shift(4 * 3600)
    assert (forecast_jobs.judge_forecasts(), forecast_jobs.judge_forecasts()) == (1, 0)
    db.session.expire_all()
    outcome = {number: row.missed for number, row in rows(found).items()}
    assert outcome[first_clock(missed).id] is True and outcome[first_clock(kept).id] is False
    assert first_clock(surprise).id not in outcome and found.unforeseen >= 1
    assert found.hits + found.misses == sum(outcome.values()) and found.judged == len(outcome)
    assert found.brier_sum == pytest.approx(sum((expected[n] - value) ** 2 for n, value in outcome.items()))
    assert forecasts.score(now + 9 * HOUR, is_demo=False).judged == len(outcome)


def test_what_is_missed_after_the_end_of_a_forecast_is_no_miss_of_it(past, people, now, clock):
    ticket = factories.ticket(people.owner, priority="high")
    found = made(now)
    filing.set_priority(ticket, "low", actor=people.agent, now=now + HOUR)
    db.session.commit()
    clock.shift(5 * 86_400)
    sweep()
    forecast_jobs.judge_forecasts()
    db.session.expire_all()
    assert rows(found)[first_clock(ticket).id].missed is False and first_clock(ticket).breached_at is not None


def test_the_number_of_statements_does_not_grow_with_the_queue(past, people, now, statements):
    factories.ticket(people.owner, priority="high")
    with statements() as few:
        made(now)
    for _ in range(8):
        factories.ticket(people.owner, priority="high")
    with statements() as many:
        made(now + HOUR)
    inserts = [sql for sql in many if sql.startswith("INSERT INTO forecast_rows")]
    assert len(many) - len(inserts) <= len(few) and len(few) <= 22


def test_the_page_shows_each_promise_as_it_stands_and_who_could_keep_it(past, people, browse, now):
    waits, answered = (factories.ticket(people.owner, priority="high", team="support") for _ in range(2))
    db.session.query(Clock).filter(Clock.state == "stopped", Clock.metric == "first_response").update({"elapsed_seconds": 20_000})
    made(now)
    factories.reply(answered, people.agent, now=now + timedelta(minutes=10))
    agent = browse(people.agent)
    page = agent.get("/desk/sla/forecast")
    assert waits.ref in page.text and answered.ref in page.text and "Kept" in page.words
    assert "Not enough data yet" in page.words and "Give to" in page.words
    part = agent.get("/desk/sla/forecast", htmx=True)
    assert 'id="forecast"' in part.text and "<html" not in part.text
    button = next(e for e in page.markup.elements if e.tag == "form" and e["action"].endswith(f"{waits.ref}/assignment"))
    helper = next(e["value"] for e in page.markup.elements if e.get("name") == "assignee" and e.within("form") is button)
    agent.post(button["action"], {"assignee": helper}, status=303)
    db.session.refresh(waits)
    assert waits.assignee_id == int(helper)


def test_the_page_says_so_where_there_is_no_forecast_or_no_past(people, browse, now):
    agent = browse(people.agent)
    assert "No forecast yet" in agent.get("/desk/sla/forecast").words
    factories.ticket(people.owner, priority="high")
    made(now)
    assert "Fewer than 20 promises" in agent.get("/desk/sla/forecast").words


def test_an_old_forecast_is_marked_as_old_and_dropped_after_three_months(past, people, browse, now, clock):
    factories.ticket(people.owner, priority="high")
    made(now)
    clock.shift(3 * 3600)
    assert "This forecast is old" in browse(people.agent).get("/desk/sla/forecast").words
    clock.shift(91 * 86_400)
    forecast_jobs.judge_forecasts()
    assert db.session.query(Forecast).count() == db.session.query(ForecastRow).count() == 0


def test_with_enough_judged_the_page_tells_how_often_it_was_right(past, people, browse, now):
    for n in range(3):
        at = now - timedelta(hours=20 + n)
        sums = {"judged": 10, "hits": 3, "false_alarms": 1, "misses": 1, "unforeseen": 2, "brier_sum": 1.5, "judged_at": at + 9 * HOUR}
        db.session.add(Forecast(is_demo=False, slot=at, made_at=at, until=at + 8 * HOUR, rests_on=99, **sums))
    made(now)
    words = browse(people.agent).get("/desk/sla/forecast").words
    assert "9 of 12 misses" in words and "0.150" in words and "75 %" in words and "3 false alarms" in words
