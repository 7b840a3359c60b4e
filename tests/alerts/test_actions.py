"""Raising, grouping, acknowledging and resolving."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.alerts import actions
from app.alerts.models import Alert
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, WrongState
from tests import factories
from tests.alerts.shared import kinds, raised

BOTH = pytest.mark.engines("sqlite", "postgresql")
MINUTE = timedelta(minutes=1)


@BOTH
def test_a_repeat_is_counted_and_recorded_once(app, now):
    first = raised(now)
    again = raised(now + MINUTE, body="70 in an hour")
    assert (again.id, again.count, again.last_at, again.body) == (first.id, 2, now + MINUTE, "70 in an hour")
    assert kinds(first) == ["alert.raised"]


@BOTH
def test_a_graver_severity_is_told_again_and_a_milder_one_is_not(app, people, now):
    alert = raised(now)
    actions.acknowledge(alert, actor=people.agent, now=now)
    raised(now + MINUTE, "critical")
    raised(now + MINUTE, "info")
    assert (alert.severity, alert.state, alert.acknowledged_by_id, alert.count) == ("critical", "open", None, 3)
    assert kinds(alert) == ["alert.raised", "alert.acknowledged", "alert.raised"]


def test_other_keys_are_other_alerts(app, now):
    raised(now)
    raised(now, key="other")
    assert db.session.scalar(select(func.count()).select_from(Alert)) == 2


def test_acknowledging_twice_records_one_event(app, people, now):
    alert = raised(now)
    for person in (people.agent, people.lead):
        actions.acknowledge(alert, actor=person, now=now)
    assert (alert.state, alert.acknowledged_by_id) == ("acknowledged", people.agent.id)
    assert kinds(alert) == ["alert.raised", "alert.acknowledged"]


def test_resolving_ends_it_and_the_next_one_is_new(app, people, now):
    first = raised(now)
    actions.resolve_alert("volume", now=now + MINUTE, actor=people.lead)
    assert actions.resolve_alert("volume", now=now + MINUTE) is None
    assert (first.state, first.resolved_by_id) == ("resolved", people.lead.id)
    assert raised(now + 2 * MINUTE).id != first.id
    assert kinds(first) == ["alert.raised", "alert.resolved"]
    with pytest.raises(WrongState):
        actions.acknowledge(first, actor=people.agent, now=now)


def test_an_alert_about_a_ticket_is_on_its_timeline(app, people, now):
    ticket = factories.ticket(people.user)
    alert = raised(now, ticket=ticket, key="sla")
    event = db.session.scalars(select(Event).where(Event.kind == "alert.raised")).one()
    assert (alert.ticket_id, event.ticket_id, event.organization_id) == (ticket.id, ticket.id, people.acme.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"severity": "loud"},
        {"key": ""},
        {"key": "k" * 256},
        {"path": "https://elsewhere.example"},
        {"path": "//elsewhere.example"},
        {"ladder": []},
        {"ladder": [{"who": "nobody", "after_minutes": 0}]},
        {"ladder": [{"who": "on_call", "after_minutes": -1}]},
        {"ladder": [{"who": "user:0", "after_minutes": 1}]},
    ],
)
def test_what_cannot_be_an_alert_is_refused(app, now, wrong):
    with pytest.raises(Invalid):
        raised(now, **wrong)


def test_only_a_page_climbs_and_its_ladder_ends_at_an_executive(app, now):
    assert raised(now, "critical").climb_at is None
    page = raised(now, "page", key="down", ladder=[{"who": "on_call", "after_minutes": 2}])
    assert page.climb_at == now + 2 * MINUTE
    assert [step["who"] for step in page.ladder] == ["on_call", "executive"]
