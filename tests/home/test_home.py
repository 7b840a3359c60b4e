"""The front door, and what a customer sees behind it."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.status.models import Announcement
from tests import factories


def test_everybody_is_led_to_their_own_place(people, browse):
    browse(None).get("/", to="/help")
    browse(people.moderator).get("/", to="/help")
    browse(people.agent).get("/", to="/desk")
    assert "HiveTechs Enterprise Support" in browse(people.user).get("/").words


def test_the_header_says_account_plan_contract_and_engineer(people, browse):
    words = browse(people.owner).get("/").words
    assert "Acme Robotics" in words
    assert "Enterprise Priority" in words
    assert "First response: emergency in 15 min, critical in 1 h, high in 4 h" in words
    assert "critical in 2 business hours, high in 1 business day" in browse(people.stranger).get("/").words
    assert "Your engineer" in words and people.agent.name in words


@pytest.mark.parametrize("left", [{"is_enabled": False}, {"role": "customer"}])
def test_an_engineer_who_left_is_nobodys_engineer(people, browse, left):
    for name, value in left.items():
        setattr(people.agent, name, value)
    db.session.commit()
    assert "Your engineer" not in browse(people.owner).get("/").words


def test_the_cards_count_what_is_open_answered_and_resolved(people, browse, now):
    first = factories.ticket(people.user, now=now - timedelta(days=3))
    factories.reply(first, people.agent, now=now - timedelta(days=3) + timedelta(minutes=30), status="pending_customer")
    second = factories.ticket(people.colleague, now=now - timedelta(days=2))
    factories.reply(second, people.agent, now=now - timedelta(days=2) + timedelta(minutes=10))
    factories.resolve(second, people.agent, now=now - timedelta(days=1))
    factories.ticket(people.stranger)
    words = browse(people.owner).get("/").words
    assert "Open tickets 1 1 needs your reply" in words
    assert "Average response time 20 min" in words
    assert "Resolution rate 50.0 %" in words


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("sharing", ["all", "own"])
def test_a_response_over_the_weekend_is_counted_as_it_was_promised(app, people, browse, now, sharing):
    people.stranger.organization.sharing = sharing
    friday = now - timedelta(days=3) + timedelta(hours=5)
    ticket = factories.ticket(people.stranger, now=friday, priority="high")
    factories.reply(ticket, people.agent, now=now)
    factories.ticket(people.stranger, now=now, priority="low")
    words = browse(people.stranger).get("/").words
    assert "Average response time 3 h Target: under 8 h, in business hours On target" in words
    assert words.count("Average response time") == 1 and "2 d" not in words


def test_recent_tickets_are_the_organizations_and_nobody_elses(people, browse):
    mine, other = factories.ticket(people.colleague), factories.ticket(people.stranger)
    text = browse(people.user).get("/").text
    assert mine.ref in text and other.ref not in text


def test_the_next_step_is_in_the_words_of_the_list(people, browse, now):
    _, waiting, solved = (factories.ticket(people.user, priority="high", now=now - timedelta(hours=6)) for _ in range(3))
    factories.reply(waiting, people.agent, now=now - timedelta(hours=5), status="pending_customer")
    factories.resolve(solved, people.agent, now=now - timedelta(hours=4))
    user = browse(people.user)
    for page in (user.get("/"), user.get("/tickets?state=all")):
        assert all(step in page.words for step in ("Late, we are on it", "Paused, waiting for Your reply", "Solved")), page.words


def test_where_nothing_is_shared_a_member_sees_only_their_own(people, browse):
    people.acme.sharing = "own"
    mine, theirs = factories.ticket(people.user), factories.ticket(people.colleague)
    text = browse(people.user).get("/").text
    assert mine.ref in text and theirs.ref not in text
    assert theirs.ref in browse(people.owner).get("/").text


def test_a_new_customer_is_told_what_to_do_first(people, browse):
    words = browse(people.guest).get("/").words
    assert "No tickets yet" in words and "Best effort, no contract" in words
    factories.ticket(people.guest)
    words = browse(people.guest).get("/").words
    assert "No answer yet" in words and "No tickets yet" not in words


def test_cards_and_list_refresh_as_parts(people, browse):
    user = browse(people.user)
    user.get("/")
    assert 'id="home-metrics"' in user.get("/home/metrics", htmx=True).text
    assert 'id="home-tickets"' in user.get("/home/tickets", htmx=True).text


@pytest.mark.parametrize("who", ["agent", "moderator"])
def test_the_parts_are_for_customers(people, browse, who):
    browse(getattr(people, who)).get("/home/metrics", to="/")
    browse(None).get("/home/tickets", to="/", htmx=True)


def test_announcements_of_now_are_shown_and_no_others(people, browse, now):
    hour = timedelta(hours=1)
    for title, start, end in (("Running", -hour, hour), ("Over", -2 * hour, -hour), ("Later", hour, None)):
        db.session.add(Announcement(title=title, body="", starts_at=now + start, ends_at=now + end if end else None))
    db.session.add(Announcement(title="Only for the demo", body="", starts_at=now - hour, is_demo=True))
    words = browse(people.user).get("/").words
    assert "Running" in words
    assert not any(title in words for title in ("Over", "Later", "Only for the demo"))


def test_the_home_page_costs_the_same_for_one_ticket_and_for_many(people, browse, statements):
    user = browse(people.user)
    factories.ticket(people.user)
    with statements() as few:
        user.get("/")
    for _ in range(12):
        factories.ticket(people.user)
    with statements() as many:
        user.get("/")
    assert len(few) == len(many) <= 9
