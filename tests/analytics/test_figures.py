"""The stored figures equal those counted from the rows, and every way to see them tells the same."""

import csv
import io
import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.analytics import jobs, queries
from app.analytics.models import HourFigures
from app.extensions import db
from app.lib import ranges
from app.surveys import actions as surveys
from app.surveys.models import Survey
from app.tickets import filing
from app.tickets.models import Ticket
from tests import factories


@pytest.fixture
def busy(people, now, once):
    """Forty tickets of the last twenty days: some answered, some resolved, some scored; one of them is demo work."""
    once("busy", lambda: make_busy(people, now))
    return people


def make_busy(people, now):
    dice = random.Random(7)
    for n in range(40):
        at = now - timedelta(minutes=dice.randrange(20 * 24 * 60))
        ticket = factories.ticket(
            dice.choice([people.user, people.owner, people.stranger]), now=at, category=dice.choice(["cli", "tui", "billing"])
        )
        if dice.random() < 0.8:
            factories.reply(ticket, people.agent, now=at + timedelta(minutes=dice.choice([1, 5, 20, 50, 100, 300, 700])))
        if dice.random() < 0.6:
            factories.resolve(ticket, people.agent, now=at + timedelta(hours=dice.randrange(1, 40)))
        if n % 5 == 0:
            scored(ticket, people, at + timedelta(hours=1), dice.randrange(1, 6))


def scored(ticket, people, at, score):
    """An answered survey."""
    asked = {"ticket_id": ticket.id, "round": 9, "nonce": f"n{ticket.id}", "recipient_id": ticket.requester_id, "agent_id": people.agent.id}
    survey = Survey(**asked, category=ticket.category, sent_at=at, expires_at=at + timedelta(days=30))
    db.session.add(survey)
    surveys.answer(survey, surveys.Answer(score, 4, 4), ticket=ticket, person=people.user, now=at)
    db.session.commit()


def counted(start, end):
    """The figures of a period straight from the tickets."""
    inside = db.session.scalars(select(Ticket).where(Ticket.created_at >= start, Ticket.created_at < end)).all()
    return {
        "opened": len(inside),
        "opened_resolved": sum(not t.is_open for t in inside),
        "responses": sum(t.first_response_seconds is not None for t in inside),
        "response_seconds": sum(t.first_response_seconds or 0 for t in inside),
        "resolved": db.session.scalar(select(func.count()).where(Ticket.resolved_at >= start, Ticket.resolved_at < end)),
        "surveys": db.session.scalar(select(func.count()).where(Survey.answered_at >= start, Survey.answered_at < end)),
    }


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("key", list(ranges.RANGES))
def test_the_report_equals_a_count_of_the_tickets(busy, now, key):
    jobs.rebuild()
    span = ranges.span(key, now)
    report = queries.report(span, is_demo=False)
    for totals, (start, end) in ((report.now, (span.start, span.end)), (report.before, (span.before, span.start))):
        assert {name: getattr(totals, name) for name in counted(start, end)} == counted(start, end)
    assert sum(report.now.buckets) == report.now.responses
    assert sum(number for _, number in report.categories) == report.now.opened


@pytest.mark.engines("sqlite", "postgresql")
def test_what_is_rebuilt_is_seen_at_once_even_if_nothing_happened(busy, now):
    def opened():
        return queries.report(ranges.span("30d", now), is_demo=False).now.opened

    jobs.rebuild()
    true = opened()
    db.session.execute(update(HourFigures).values(opened=HourFigures.opened + 7))
    db.session.commit()
    queries.stored.cache_clear()
    assert opened() > true
    jobs.rebuild()
    assert opened() == true


def test_following_the_events_gives_what_rebuilding_gives(busy):
    jobs.follow()
    followed = stored()
    assert len(followed) > 10
    jobs.follow()
    assert stored() == followed
    jobs.rebuild()
    assert stored() == followed


def stored():
    """All stored hours."""
    db.session.expire_all()
    columns = list(HourFigures.__table__.columns)
    return sorted(map(tuple, db.session.execute(select(*columns))))


def test_a_category_that_is_corrected_moves_in_the_figures(busy, people, now):
    jobs.follow()
    ticket = factories.ticket(people.user, now=now - timedelta(hours=1), category="cli")
    jobs.follow()
    before = dict(queries.report(ranges.span("7d", now), is_demo=False).categories)
    filing.categorise(ticket, "security", actor=people.agent, now=now)
    db.session.commit()
    jobs.follow()
    after = dict(queries.report(ranges.span("7d", now), is_demo=False).categories)
    assert after.get("security", 0) == before.get("security", 0) + 1
    assert after.get("cli", 0) == before["cli"] - 1


def test_demo_work_is_never_in_a_real_figure(busy, now):
    db.session.execute(update(Ticket).values(is_demo=True))
    db.session.commit()
    jobs.rebuild()
    assert queries.report(ranges.span("30d", now), is_demo=False).now.opened == 0
    assert queries.report(ranges.span("30d", now), is_demo=True).now.opened == 40


def test_card_table_csv_and_list_tell_the_same(busy, browse, now):
    jobs.rebuild()
    agent = browse(busy.agent)
    page = agent.get("/desk/analytics?range=30d")
    total = queries.report(ranges.span("30d", now), is_demo=False).now.opened
    assert f"Total tickets {total}" in page.words
    rows = list(csv.DictReader(io.StringIO(agent.get("/desk/analytics.csv?range=30d").text)))
    assert sum(int(row["opened"]) for row in rows) == total
    listed = agent.get("/desk/analytics/tickets?range=30d&figure=opened")
    assert listed.text.count("/desk/tickets/HT-") == total


@pytest.mark.parametrize("key", list(ranges.RANGES))
def test_the_dashboard_counts_the_answers_that_the_page_of_surveys_shows(people, browse, now, key):
    start = ranges.span(key, now).start
    for at in (start - timedelta(minutes=1), start):
        scored(factories.ticket(people.user, now=at - timedelta(hours=2)), people, at, 4)
    jobs.rebuild()
    agent = browse(people.agent)
    assert "Target 4.5, 1 answer" in agent.get(f"/desk/analytics?range={key}").words
    page = agent.get(f"/desk/surveys?range={key}")
    assert "Answers1given in this range" in page.words
    assert page.text.count("/desk/tickets/HT-") == 1
    late = db.session.scalars(select(Survey).order_by(Survey.id.desc())).first()
    late.sent_at = start - timedelta(hours=1)
    db.session.commit()
    assert "Answers1given in this range Response rate–nobody was asked" in agent.get(f"/desk/surveys?range={key}").words


def test_the_resolution_rate_is_not_set_against_tickets_that_had_longer(people, browse, now):
    for days in (10, 2):
        ticket = factories.ticket(people.user, now=now - timedelta(days=days))
        if days == 10:
            factories.resolve(ticket, people.agent, now=now - timedelta(days=1))
    jobs.rebuild()
    words = browse(people.agent).get("/desk/analytics?range=7d").words
    assert "Resolution rate 0.0 % 0 of 1 by now Target 95 %" in words and "points" not in words


def test_the_parts_of_a_figure_page_by_key_without_gaps(busy, now, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 7)
    span, seen, after = ranges.span("90d", now), [], None
    while True:
        page = queries.tickets_behind("opened", span, is_demo=False, after=after)
        seen += [row.ref for row in page.items]
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 40


@pytest.mark.parametrize("key", list(ranges.RANGES))
def test_the_dashboard_costs_the_same_for_any_range(busy, browse, statements, key):
    jobs.rebuild()
    agent = browse(busy.agent)
    with statements() as seen:
        agent.get(f"/desk/analytics?range={key}")
    assert len(seen) <= 5


def test_the_dashboard_without_any_ticket_says_so(people, browse):
    page = browse(people.agent).get("/desk/analytics")
    assert "No tickets were opened in this range" in page.words


def test_a_range_is_swapped_as_a_part(people, browse):
    agent = browse(people.agent)
    agent.get("/desk/analytics")
    assert agent.get("/desk/analytics?range=90d", htmx=True).text.lstrip().startswith("<div")


@pytest.mark.parametrize("query", ["figure=nonsense", "figure=opened&category=nonsense", "figure=opened&after=%00"])
def test_a_list_that_does_not_exist_is_refused(people, browse, query):
    status = 422 if "after" in query else 404
    assert browse(people.agent).get(f"/desk/analytics/tickets?{query}", status=status)


def test_customers_have_no_dashboard(people, browse):
    browse(people.user).get("/desk/analytics", status=403)
    browse(None).get("/desk/analytics", to="/login?next=/desk/analytics")


def test_a_customer_sees_figures_of_their_own_organization_only(busy, now):
    mine = queries.portal_figures(busy.owner, now)
    theirs = queries.portal_figures(busy.stranger, now)
    for person, figures in ((busy.owner, mine), (busy.stranger, theirs)):
        tickets = db.session.scalars(select(Ticket).where(Ticket.organization_id == person.organization_id)).all()
        assert figures.open == sum(t.is_open for t in tickets)
        assert figures.resolution_rate == sum(not t.is_open for t in tickets) / len(tickets)
