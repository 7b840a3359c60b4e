"""The clock of the machine is set forward or back, by hours or days: nothing is lost, and nothing is done twice."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from app.alerts.links import SECONDS, delivery_of, token_of
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.mail import jobs as mail_jobs
from app.mail.models import OutboundMail
from app.ops import ticker
from app.schedule import SCHEDULE
from app.sla import jobs as sla
from tests import factories
from tests.people import PASSWORD

JUMPS = [timedelta(hours=1), timedelta(hours=30), timedelta(days=6)]


@pytest.mark.parametrize("jump", JUMPS)
def test_who_signed_in_while_the_clock_was_ahead_stays_signed_in(people, browse, clock, jump):
    clock.shift(jump)
    visitor = browse()
    visitor.get("/login")
    visitor.post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")
    clock.shift(-jump)
    assert "Marcus Webb" in visitor.get("/account").text
    page = visitor.get("/tickets/new?kind=question")
    assert page.status_code == 200
    clock.shift(jump)
    assert "Marcus Webb" in visitor.get("/account").text


def test_a_cookie_still_ends(people, browse, clock, app):
    visitor = browse(people.user)
    visitor.get("/account")
    clock.shift(timedelta(days=app.config["SETTINGS"].session_days, hours=1))
    visitor.get("/account", to="/login?next=/account")


def test_a_link_of_an_alert_opens_whatever_clock_made_it_and_ends_all_the_same(clock):
    token = token_of("key", 7)
    clock.shift(timedelta(days=-1))
    assert delivery_of("key", token) == 7
    clock.shift(timedelta(days=1, seconds=SECONDS))
    assert delivery_of("key", token) == 7
    clock.shift(timedelta(seconds=1))
    assert delivery_of("key", token) is None


@pytest.mark.parametrize("jump", JUMPS)
def test_each_clock_is_warned_and_breached_once(people, clock, drain, jump):
    factories.ticket(people.user, priority="high")
    for step in (jump, -jump, jump, -jump / 2, jump):
        clock.shift(step)
        sla.sweep()
        db.session.commit()
        drain()
    kinds = ("sla.warned", "sla.breached")
    told = db.session.execute(
        select(Event.kind, Event.facts["clock_id"].as_string(), func.count())
        .where(Event.kind.in_(kinds))
        .group_by(Event.kind, Event.facts["clock_id"].as_string())
    ).all()
    assert all(count == 1 for *_, count in told)
    # An hour is less than the first promise takes.
    assert bool(told) is (jump > timedelta(hours=1))
    # What waited for somebody's hours is found by the sweep.
    mail_jobs.sweep_mail()
    drain()
    assert db.session.scalar(select(func.count()).select_from(OutboundMail).where(OutboundMail.state == "queued")) == 0


@pytest.mark.parametrize("jump", JUMPS)
def test_what_is_periodic_goes_on_within_two_of_its_turns(app, jump):
    plan = {name: every for name, every in SCHEDULE.items() if every.seconds <= 60}
    now = utcnow().timestamp()
    ticker.tick(plan, now)
    assert set(ticker.tick(plan, now + jump.total_seconds())) == set(plan)
    assert set(ticker.tick(plan, now + 120)) == set(plan)
    assert ticker.tick(plan, now + 121) == []


def test_retries_are_moved_although_the_clock_was_set_back(app, clock, monkeypatch):
    taken = []
    monkeypatch.setattr(ticker.RQScheduler, "acquire_locks", lambda self: taken.append(utcnow()))
    turns = iter([False, False, True])
    monotonic = iter([1000.0, 1021.0, 1042.0])
    monkeypatch.setattr(ticker, "time", SimpleNamespace(time=lambda: utcnow().timestamp(), monotonic=lambda: next(monotonic)))

    def rest(seconds):
        clock.shift(timedelta(hours=-1))
        return next(turns)

    ticker.run({}, rest)
    assert len(taken) == 3


def test_nobody_seems_to_look_at_a_ticket_from_the_future(people, browse, clock, redis):
    ticket = factories.ticket(people.user)
    path = f"/desk/tickets/{ticket.ref}"
    clock.shift(timedelta(hours=1))
    browse(people.agent2).get(path)
    assert "Samuel Osei" in browse(people.lead).get(path).words
    clock.shift(timedelta(hours=-1))
    assert redis.zcard(f"desk:here:{ticket.id}") == 2
    browse(people.agent).get(path)
    assert redis.zcard(f"desk:here:{ticket.id}") == 1


@pytest.mark.parametrize("jump", JUMPS)
def test_a_draft_outlives_every_jump(people, browse, clock, jump):
    ticket = factories.ticket(people.user)
    window, path = browse(people.agent), f"/desk/tickets/{ticket.ref}"
    clock.shift(jump)
    window.post(f"{path}/draft", {"body": "Half a thought", "visibility": "public"}, htmx=True, status=None)
    clock.shift(-2 * jump)
    assert "Half a thought" in browse(people.agent).get(path).text
