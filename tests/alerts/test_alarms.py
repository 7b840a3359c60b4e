"""The three alarms of the seed: from the same figures as the dashboard, told once, ended when they are fine again."""

from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import delete, select

from app.alerts.models import Alert
from app.analytics import alarm_jobs, alarms
from app.analytics import jobs as rollups
from app.analytics.models import Alarm, HourFigures, RollupMark
from app.events.models import Event
from app.extensions import db
from tests import factories
from tests.alerts.shared import kinds

BOTH = pytest.mark.engines("sqlite", "postgresql")
MINUTE = timedelta(minutes=1)
MARKS = count(1_000_000)


def rolled_up():
    """The roll-ups have changed, so nothing that was added up before holds."""
    db.session.merge(RollupMark(name="tests", event_id=next(MARKS)))
    db.session.commit()


def figures(now, *, is_demo=False, **values):
    """What the roll-ups say of this hour."""
    db.session.execute(delete(HourFigures))
    hour = now.replace(minute=0, second=0)
    db.session.add(HourFigures(hour=hour, day=hour.date(), is_demo=is_demo, **values))
    rolled_up()


def unresolved():
    """The keys and severities of the unresolved alerts."""
    rows = db.session.execute(select(Alert.key, Alert.severity).where(Alert.resolved_at.is_(None)).order_by(Alert.key))
    return [tuple(row) for row in rows]


def by_name(now):
    """The alarms by name."""
    return {one.key: one for one in alarms.standings(now)}


@BOTH
def test_more_than_fifty_tickets_in_an_hour_are_a_warning(app, people, now, clock):
    alarms.save("high_ticket_volume", 3, 1, True, actor=people.lead, now=now)
    for _ in range(3):
        factories.ticket(people.user)
    assert alarm_jobs.watch() == 0, "three are not more than three"
    factories.ticket(people.user)
    assert (alarm_jobs.watch(), alarm_jobs.watch()) == (1, 0)
    assert unresolved() == [("alarm:high_ticket_volume", "warning")]
    assert by_name(now)["high_ticket_volume"].figure.value == 4
    clock.shift(3600)
    assert alarm_jobs.watch() == 0, "it has to be fine for a while"
    clock.shift(9 * 60)
    assert alarm_jobs.watch() == 0
    clock.shift(60)
    assert alarm_jobs.watch() == 1
    [alert] = db.session.scalars(select(Alert))
    assert (unresolved(), kinds(alert), alert.count) == ([], ["alert.raised", "alert.resolved"], 1)


def test_the_bounds_are_those_of_the_seed():
    found = {name: (one.threshold, one.above, one.severity) for name, one in alarms.ALARMS.items()}
    assert found == {
        "high_ticket_volume": (50, True, "warning"),
        "sla_breach_risk": (80, True, "warning"),
        "low_satisfaction": (4.0, False, "critical"),
    }


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"responses": 5, "response_seconds": 5 * 810, "targets": 5, "target_seconds": 5 * 1000}, ["alarm:sla_breach_risk"]),
        ({"responses": 5, "response_seconds": 5 * 800, "targets": 5, "target_seconds": 5 * 1000}, []),
        ({"responses": 4, "response_seconds": 4 * 900, "targets": 4, "target_seconds": 4 * 1000}, []),
        ({"responses": 9, "response_seconds": 9 * 900}, []),
        ({"surveys": 5, "satisfaction": 19}, ["alarm:low_satisfaction"]),
        ({"surveys": 5, "satisfaction": 20}, []),
        ({"surveys": 4, "satisfaction": 4}, []),
        ({}, []),
    ],
)
def test_a_figure_beyond_its_bound_that_is_made_of_enough_raises(app, now, values, key):
    figures(now, **values)
    alarm_jobs.watch()
    assert [name for name, _ in unresolved()] == key


def test_demo_work_never_raises(app, people, now):
    figures(now, is_demo=True, surveys=50, satisfaction=50, responses=50, response_seconds=50_000, targets=50, target_seconds=50)
    alarms.save("high_ticket_volume", 1, 1, True, actor=people.lead, now=now)
    for ticket in [factories.ticket(people.user) for _ in range(3)]:
        ticket.is_demo = True
    db.session.commit()
    assert alarm_jobs.watch() == 0 and unresolved() == []


def test_a_figure_that_wavers_is_one_alert(app, people, now, clock):
    figures(now, surveys=10, satisfaction=30)
    alarm_jobs.watch()
    for satisfaction in (45, 30, 45, 30):
        clock.shift(120)
        figures(now, surveys=10, satisfaction=satisfaction)
        alarm_jobs.watch()
    [alert] = db.session.scalars(select(Alert))
    assert (alert.state, alert.count, kinds(alert)) == ("open", 3, ["alert.raised"])


def test_an_alarm_that_is_switched_off_is_over(app, people, now):
    figures(now, surveys=10, satisfaction=30)
    alarm_jobs.watch()
    alarms.save("low_satisfaction", 4.0, 5, False, actor=people.lead, now=now)
    assert (alarm_jobs.watch(), unresolved()) == (1, [])


def test_the_figures_are_those_of_the_dashboard(app, people, now, clock):
    ticket = factories.ticket(people.owner, priority="critical")
    factories.reply(ticket, people.agent, now=now + 30 * MINUTE)
    clock.shift(1800)
    rollups.rebuild()
    rolled_up()
    one = by_name(now + 30 * MINUTE)["sla_breach_risk"]
    assert one.figure == alarms.Figure(50.0, 1) and not one.says_something


def test_no_ticket_in_the_hour_is_a_figure_and_not_a_lack_of_data(app, people, now, browse):
    db.session.add(Alarm(key="high_ticket_volume", threshold=20, least=1, is_enabled=True, changed_at=now))
    db.session.commit()
    one = by_name(now)["high_ticket_volume"]
    assert (one.figure.value, one.says_something, one.is_beyond, one.threshold) == (0, True, False, 20)
    window = browse(people.lead)
    assert "Fine" in window.get("/admin/alarms").text
    assert not window.get("/admin/alarms/high_ticket_volume").markup.all("input", name="least"), "nothing that has to be set"
    window.post("/admin/alarms/high_ticket_volume", data={"threshold": "60", "is_enabled": "y"}, to="/admin/alarms")
    assert by_name(now)["high_ticket_volume"].threshold == 60


def test_leads_see_and_set_the_bounds(app, people, now, browse):
    window = browse(people.lead)
    assert "Too little data" in window.get("/admin/alarms").text
    for threshold in ("", "nan", "inf", "0", "6", "much"):
        answer = window.post("/admin/alarms/low_satisfaction", data={"threshold": threshold, "least": "5", "is_enabled": "y"}, status=422)
        assert 'href="#threshold"' in answer.text
    for _ in range(2):
        window.post("/admin/alarms/low_satisfaction", data={"threshold": "4.5", "least": "3", "is_enabled": "y"}, to="/admin/alarms")
    assert "under 4.5" in window.get("/admin/alarms").text
    row = db.session.get(Alarm, "low_satisfaction")
    assert (row.threshold, row.least, row.changed_by_id) == (4.5, 3, people.lead.id)
    assert len(db.session.scalars(select(Event).where(Event.kind == "alarm.changed")).all()) == 1
    window.get("/admin/alarms/none", status=404)
    browse(people.agent).get("/admin/alarms", status=403)
