"""What Prometheus reads, and what Kubernetes asks."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from app.analytics import jobs
from app.events.models import Event
from app.extensions import db
from app.knowledge import indexing
from app.surveys.models import Survey
from tests import factories


def scraped(browser):
    """All samples by name and labels."""
    text = browser.get("/metrics").text
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in text_string_to_metric_families(text) for s in family.samples}


def series(samples, name, **labels):
    """The value of one series."""
    return samples.get((name, tuple(sorted(labels.items()))))


@pytest.mark.engines("sqlite", "postgresql")
def test_the_four_support_metrics_move_with_a_ticket_and_only_once(people, browse, drain):
    ticket = factories.ticket(people.user, category="cli", priority="high")
    factories.reply(ticket, people.agent)
    factories.resolve(ticket, people.agent)
    drain()
    for event_id in db.session.scalars(select(Event.id)):
        jobs.count_event(event_id)
    samples = scraped(browse(None))
    assert series(samples, "support_ticket_volume_total", priority="high", category="cli", customer_tier="enterprise_priority") == 1
    who = {"priority": "high", "staff_member": people.agent.name}
    assert series(samples, "support_response_time_seconds_count", **who) == 1
    assert series(samples, "support_response_time_seconds_sum", **who) == 300
    assert series(samples, "support_response_time_seconds_bucket", le="300.0", **who) == 1
    assert series(samples, "support_resolution_time_seconds_bucket", le="1800.0", priority="high", category="cli") == 0
    assert series(samples, "support_resolution_time_seconds_count", priority="high", category="cli") == 1
    assert series(samples, "support_sla_target_seconds", priority="emergency") == 900


def test_a_second_answer_and_an_automatic_one_are_no_first_response(people, browse, drain):
    ticket = factories.ticket(people.user)
    factories.reply(ticket, people.agent)
    factories.reply(ticket, people.agent, "And one more thing.", now=ticket.created_at.replace(hour=12))
    drain()
    counts = [value for (name, _), value in scraped(browse(None)).items() if name == "support_response_time_seconds_count"]
    assert counts == [1]


def test_scores_are_averaged_by_person_and_category(people, browse, now):
    ticket = factories.ticket(people.user, category="tui")
    survey = {
        "round": 1,
        "recipient_id": people.user.id,
        "agent_id": people.agent.id,
        "category": "tui",
        "sent_at": now,
        "expires_at": now,
        "answered_at": now,
    }
    for n, score in enumerate((5, 4, 3)):
        values = {
            **survey,
            "ticket_id": ticket.id,
            "round": n,
            "nonce": str(n),
            "overall_satisfaction": score,
            "response_time": 5,
            "resolution_quality": 5,
        }
        db.session.add(Survey(**values))
    assert series(scraped(browse(None)), "customer_satisfaction_score", staff_member=people.agent.name, category="tui") == 4


def test_requests_are_timed_without_keeping_addresses(people, browse):
    visitor = browse(None)
    visitor.get("/no/such/page", status=404)
    text = visitor.get("/metrics").text
    assert re.search(r'hive_http_request_seconds_count\{endpoint="none",method="any",status="404"\} [1-9]', text)
    assert "/no/such/page" not in text


def test_a_token_shuts_the_metrics_where_one_is_set(app, browse, monkeypatch):
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", type(settings)(**{**vars(settings), "metrics_token": "s3cret"}))
    visitor = browse(None)
    visitor.get("/metrics", status=401)
    visitor.get("/metrics", status=401, headers={"Authorization": "Bearer wrong"})
    assert "support_ticket_volume" in visitor.get("/metrics", headers={"Authorization": "Bearer s3cret"}).text


def test_alive_needs_nothing_and_ready_names_what_is_missing(app, browse, monkeypatch, statements):
    visitor = browse(None)
    with statements() as seen:
        assert visitor.get("/healthz").text == "ok\n"
    assert seen == []
    monkeypatch.setattr("app.ops.public.schema.newest", lambda: "a later one")
    indexing.catch_up()
    answer = visitor.get("/readyz", status=503)
    assert answer.json == {"status": "failing", "failing": ["schema"]}
