"""Routes that collect their mails or leave alerts to the desk, and grouping whatever happens in whatever order."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.alerts import actions, jobs, rules
from app.extensions import db
from app.lib.times import zone
from app.mail.models import OutboundMail
from tests.alerts.shared import deliveries, kinds, raised, route, told

NUMBERS = count()
FORM = {"name": "Quiet", "severities": ["info", "warning"], "team": "0", "hours": "always", "calendar": "0", "channel_1_kind": "leads"}


def mails():
    """The subjects of the mails of alerts, in order."""
    query = select(OutboundMail.subject).where(OutboundMail.template.like("alert%")).order_by(OutboundMail.id)
    return list(db.session.scalars(query))


@pytest.mark.engines("sqlite", "postgresql")
def test_an_hour_of_alerts_is_one_mail(app, people, now, clock, drain):
    route(("email", people.lead.email), mode="hourly")
    alerts = [raised(now, key=f"k{number}", title=f"Number {number}") for number in range(4)]
    drain()
    assert mails() == [] and {row.state for row in deliveries()} == {"deferred"}
    actions.resolve_alert("k3", now=now)
    db.session.commit()
    clock.shift(3631)
    assert jobs.sweep_deliveries() == 4
    drain()
    assert mails() == ["3 alerts: Warning: Number 0"]
    assert [told(alert)[0][2] for alert in alerts] == ["mailed", "mailed", "mailed", "dropped"]
    jobs.sweep_deliveries()
    drain()
    assert len(mails()) == 1


def test_a_single_alert_is_mailed_as_itself_and_a_grave_one_does_not_wait(app, people, now, clock, drain):
    route(("email", people.lead.email), mode="daily")
    raised(now, key="a")
    alert = raised(now, key="b")
    drain()
    raised(now, "critical", key="b")
    drain()
    assert mails() == ["Critical: Many tickets"]
    assert alert.route_id is not None
    clock.move_to(now.replace(day=24, hour=8, minute=1))
    jobs.sweep_deliveries()
    drain()
    assert mails() == ["Critical: Many tickets", "Warning: Many tickets"]


def test_a_route_may_leave_alerts_to_the_desk(app, people, now, browse, drain):
    window = browse(people.lead)
    for over in ({"severities": ["info", "critical"]}, {"severities": ["page"], "mode": "daily"}):
        answer = window.post("/admin/alert-routes", data={**FORM, "mode": "none", **over}, status=422)
        assert "cannot wait" in answer.text
    window.post("/admin/alert-routes", data={**FORM, "mode": "none", "channel_1_kind": ""}, to="/admin/alert-routes/2")
    alert = raised(now)
    drain()
    assert told(alert) == []
    assert "leaves it to the desk" in window.get(f"/desk/alerts/{alert.id}").text
    assert "Not at all" in window.get("/admin/alert-routes").text


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.sampled_from(["hourly", "daily"]),
)
def test_a_collected_mail_is_never_far_away(at, name, mode):
    now = at.replace(tzinfo=UTC)
    due = rules.digest_at(mode, now, zone(name))
    assert timedelta(0) < due - now <= (timedelta(hours=1) if mode == "hourly" else timedelta(hours=25))
    assert mode == "hourly" or due.astimezone(zone(name)).hour == rules.DIGEST_HOUR


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("raise"), st.sampled_from(rules.SEVERITIES), st.booleans()),
        st.sampled_from([("acknowledge",), ("resolve",)]),
    ),
    max_size=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_of_one_matter_only_what_is_new_graver_or_news_is_told(app, people, now, steps):
    key = f"matter-{next(NUMBERS)}"
    alert, expected, severity, state = None, 0, "", "resolved"
    for what, *rest in steps:
        if what == "raise":
            fresh = state == "resolved"
            alert = actions.raise_alert(key=key, severity=rest[0], source="s", title="T", body="B", path="/desk", is_news=rest[1], now=now)
            graver = not fresh and rules.rank(rest[0]) > rules.rank(severity)
            expected = (0 if fresh else expected) + (fresh or graver or (rest[1] and state == "open"))
            severity = rest[0] if fresh or graver else severity
            state = "open" if fresh or graver else state
        elif what == "acknowledge" and state == "open":
            actions.acknowledge(alert, actor=people.agent, now=now)
            state = "acknowledged"
        elif what == "resolve":
            actions.resolve_alert(key, now=now)
            state = "resolved"
        if alert is not None:
            assert (alert.state, alert.severity, kinds(alert).count("alert.raised")) == (state, severity, expected)
    db.session.rollback()
