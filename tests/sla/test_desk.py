"""The pages of the desk: the report, and why a clock is due when it is."""

from datetime import timedelta

import pytest
from flask import render_template

from app.sla import queries
from tests import factories

HOUR = timedelta(hours=1)


@pytest.fixture
def ticket(app, people):
    return factories.ticket(people.owner, priority="high")


def address(ticket, now):
    return f"/desk/tickets/{ticket.ref}/clocks/{queries.clocks_for(ticket, now)[0].id}"


PAGES = ["/desk/sla", "/desk/sla.csv", "/desk/sla.json", "/desk/tickets/{ref}/clocks", "/desk/tickets/{ref}/clocks/1"]


@pytest.mark.parametrize("page", PAGES)
def test_only_staff_enter(people, browse, ticket, page):
    page = page.format(ref=ticket.ref)
    browse(None).get(page, to="/login")
    for who in (people.owner, people.stranger, people.moderator):
        browse(who).get(page, status=403)
    for who in (people.agent, people.lead, people.admin):
        browse(who).get(page)


def test_why_is_a_page_and_a_part(people, browse, ticket, now):
    agent = browse(people.agent)
    page = agent.get(address(ticket, now))
    assert "First response is due Mon 23 Nov, 23:00 JST because" in page.words
    part = agent.get(address(ticket, now), htmx=True)
    assert "<html" not in part.text and "around the clock" in part.words
    assert "HX-Request" in part.headers["Vary"]


def test_a_clock_or_ticket_that_is_not_there_is_not_found(people, browse, ticket, now):
    agent = browse(people.agent)
    other = factories.ticket(people.stranger)
    for path in (f"/desk/tickets/{ticket.ref}/clocks/{2**70}", "/desk/tickets/HT-NOPE/clocks", f"/desk/tickets/{ticket.ref}/clocks/0"):
        agent.get(path, status=404)
    agent.get(f"/desk/tickets/{other.ref}/clocks/{queries.clocks_for(ticket, now)[0].id}", status=404)


def test_all_clocks_show_every_round(people, browse, ticket, now):
    factories.resolve(ticket, people.agent, now=now)
    factories.reply(ticket, people.owner, now=now)
    words = browse(people.agent).get(f"/desk/tickets/{ticket.ref}/clocks").words
    assert "Resolution" in words and "Resolution 2" in words and "Kept" in words
    assert "No clocks" in browse(people.agent).get(f"/desk/tickets/{factories.ticket(people.guest).ref}/clocks").words


def test_long_explanations_show_their_ends_and_all_when_asked(people, browse, now):
    ticket = factories.ticket(people.stranger, priority="low", now=now - timedelta(days=60))
    agent = browse(people.agent)
    short = agent.get(address(ticket, now))
    assert "stretches between them are left out" in short.words
    whole = agent.get(address(ticket, now) + "?all=1")
    assert whole.text.count("entry--event") > short.text.count("entry--event") == 24


def test_the_report_is_narrowed_by_its_address_and_swapped_as_a_part(people, browse, ticket, now):
    agent = browse(people.agent)
    assert "High" in agent.get("/desk/sla").words
    part = agent.get(f"/desk/sla?organization={people.globex.id}", htmx=True)
    assert "Nothing was promised in this range" in part.words and "<html" not in part.text
    assert "Nothing was promised" in agent.get("/desk/sla?priority=emergency").words
    assert "Nothing was promised" in agent.get("/desk/sla?from=2020-01-01&to=2020-02-01").words


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=2026-11-20&to=2026-11-01",
        "priority=%3Cscript%3E",
        "organization=999999",
        "organization=abc",
        "organization=99999999999999999999",
        "team=-1",
        "from=2026-11-31",
        "from=%00x",
    ],
)
def test_an_address_that_no_form_makes_is_refused_with_words(people, browse, ticket, query):
    agent = browse(people.agent)
    page = agent.get(f"/desk/sla?{query}", status=422)
    assert "The report cannot be made like that" in page.words and "<script>" not in page.text
    agent.get(f"/desk/sla?{query}", status=422, htmx=True)
    agent.get(f"/desk/sla.csv?{query}", status=422)


@pytest.mark.parametrize("days", ["from=0001-01-01&to=9999-12-31", "from=2026-11-22", "to=2026-11-23", "from=&to="])
def test_a_range_may_be_long_or_open(people, browse, ticket, days):
    assert "0 of 0 kept" in browse(people.agent).get(f"/desk/sla?{days}").words


@pytest.mark.parametrize("days", ["to=0001-01-01", "from=9999-12-31", "from=9999-12-31&to=9999-12-31"])
def test_a_range_at_the_end_of_time_is_empty(people, browse, ticket, days):
    assert "Nothing was promised" in browse(people.agent).get(f"/desk/sla?{days}").words


def test_a_report_of_years_ago_says_which_year_it_means(people, browse, ticket):
    page = browse(people.lead).get("/desk/sla?from=2021-03-01&to=2021-03-31&zone=UTC")
    assert "from Mon 1 Mar 2021, 00:00 UTC to Thu 1 Apr 2021, 00:00 UTC" in page.words


def test_the_report_costs_the_same_for_one_and_for_many(people, browse, ticket, now, statements):
    agent = browse(people.agent)
    agent.get("/desk/sla")
    with statements() as few:
        agent.get("/desk/sla")
    for _ in range(8):
        factories.ticket(people.stranger)
    with statements() as many:
        agent.get("/desk/sla")
    assert len(few) == len(many) <= 8


def test_the_panel_of_a_ticket_lists_its_clocks(app, people, now, ticket):
    with app.test_request_context():
        shown = {"ticket": ticket, "clocks": queries.clocks_for(ticket, now), "zone": "UTC"}
        html = render_template("sla/_clocks.html", **shown)
        assert html.count("data-sla=") == 2 and "Due Mon 23 Nov, 14:00 UTC" in html
        assert "Nothing is promised here" in render_template("sla/_clocks.html", ticket=ticket, clocks=[])
        assert "We answer by" in render_template("sla/_promise.html", ticket=ticket, promise="We answer by noon.")
