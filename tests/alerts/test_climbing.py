"""A page goes up its ladder: each step once, whatever runs beside it or dies."""

import os
import re
import signal
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from app.alerts import actions, jobs
from app.escalation import queries as matrix
from app.escalation.models import Executive
from app.events.models import Event
from app.extensions import db
from app.mail.models import OutboundMail
from tests.alerts.shared import kinds, on_call, raised, route, team, told
from tests.processes import in_processes

BOTH = pytest.mark.engines("sqlite", "postgresql")
LADDER = [{"who": "on_call", "after_minutes": 0}, {"who": "next_on_call", "after_minutes": 5}, {"who": "team_leads", "after_minutes": 10}]


def paged(now, **over):
    """A page for the support team."""
    return raised(now, "page", key="down", team_id=team("support"), **over)


def mailed():
    """Who was mailed, in order."""
    query = select(OutboundMail.recipient).where(OutboundMail.template == "alert").order_by(OutboundMail.id)
    return [address.partition("@")[0] for address in db.session.scalars(query)]


def pass_time(clock, drain, minutes):
    """Minutes go by, and the sweep runs in each."""
    for _ in range(minutes):
        clock.shift(60)
        jobs.climb()
        drain()


@BOTH
def test_a_page_climbs_from_who_is_on_call_to_an_executive(app, people, now, clock, drain, wire, settings):
    route(("slack", "#ops"), ("on_call", ""))
    on_call(people.agent, "support")
    on_call(people.agent2, "support", level=2)
    db.session.execute(delete(Executive))
    db.session.add(Executive(user_id=people.admin.id, title="Head of Engineering", position=1))
    db.session.commit()
    alert = paged(now, ladder=LADDER)
    drain()
    assert mailed() == ["agent"], "in the same minute, and only once although the route names them, too"
    pass_time(clock, drain, 4)
    assert mailed() == ["agent"]
    pass_time(clock, drain, 1)
    assert mailed() == ["agent", "samuel"]
    pass_time(clock, drain, 10)
    assert mailed() == ["agent", "samuel", "lead"]
    pass_time(clock, drain, 60)
    assert mailed() == ["agent", "samuel", "lead", "admin"]
    assert kinds(alert) == ["alert.raised"] + 4 * ["alert.climbed"]
    assert [one.json["text"].split(" Page")[0] for one in wire.received] == [f"On call: {name}" for name in NAMES]


NAMES = ("Aiko Tanaka", "Samuel Osei", "Helena Lindqvist", "Dana Whitfield")


@pytest.mark.parametrize("left", [{"is_enabled": False}, {"role": "customer"}])
def test_nobody_who_left_the_desk_is_paged_or_answers_a_page(app, people, now, clock, drain, browse, left):
    db.session.add(Executive(user_id=people.agent.id, title="Head of Engineering", position=0))
    ladder = [{"who": f"user:{people.agent.id}", "after_minutes": 5}, {"who": "executive", "after_minutes": 10}]
    on_call(people.agent, "support")
    paged(now, ladder=LADDER)
    drain()
    mail = db.session.scalars(select(OutboundMail).where(OutboundMail.recipient == people.agent.email)).one()
    link = re.search(r"http://localhost(/alerts/acknowledge/\S+)", mail.text)[1]
    for name, value in left.items():
        setattr(people.agent, name, value)
    db.session.commit()
    assert people.agent not in [one.user for one in matrix.executives()]
    assert "no longer works at the desk" in browse(None).get(link, status=410).words
    before = mailed().count("agent")
    raised(now, "page", key="again", team_id=team("support"), ladder=ladder)
    drain()
    pass_time(clock, drain, 12)
    assert mailed().count("agent") == before == 1


def test_an_acknowledged_page_climbs_no_further(app, people, now, clock, drain):
    on_call(people.agent, "support")
    alert = paged(now, ladder=LADDER)
    drain()
    actions.acknowledge(alert, actor=people.agent, now=now)
    db.session.commit()
    pass_time(clock, drain, 30)
    assert mailed() == ["agent"] and alert.climb_at is None


def test_a_step_that_finds_nobody_is_followed_by_the_next_at_once(app, people, now, clock, drain):
    alert = paged(now, ladder=[{"who": "on_call", "after_minutes": 0}, {"who": "assignee", "after_minutes": 5}, *LADDER[2:]])
    drain()
    assert mailed() == ["lead"]
    steps = db.session.scalars(select(Event.facts).where(Event.kind == "alert.climbed").order_by(Event.id)).all()
    assert [(s["who"], bool(s["people"])) for s in steps] == [("on_call", False), ("assignee", False), ("team_leads", True)]
    assert alert.climb_at == now + timedelta(minutes=15)


def test_an_alert_that_becomes_a_page_begins_to_climb(app, people, now, drain):
    on_call(people.agent2, "support")
    raised(now, "warning", key="down", team_id=team("support"))
    drain()
    paged(now)
    drain()
    assert mailed() == ["samuel", "samuel"]


def test_a_ladder_may_name_a_person(app, people, now, drain):
    paged(now, ladder=[{"who": f"user:{people.agent2.id}", "after_minutes": 0}])
    drain()
    assert "samuel" in mailed()


def many_pages(now, clock, drain, count=25):
    """Pages whose second step is due."""
    for number in range(count):
        raised(now, "page", key=f"down-{number}", team_id=team("support"), ladder=LADDER)
    drain()
    clock.shift(5 * 60)
    return count


def steps():
    """How often each step of each page was taken: (alert, step) → times."""
    db.session.rollback()
    found: dict[tuple[int, int], int] = {}
    for facts in db.session.scalars(select(Event.facts).where(Event.kind == "alert.climbed")):
        key = (facts["alert_id"], facts["rung"])
        found[key] = found.get(key, 0) + 1
    return found


@BOTH
def test_two_schedulers_take_each_step_once(app, people, now, clock, drain):
    on_call(people.agent, "support")
    count = many_pages(now, clock, drain)
    assert in_processes(app, 2, jobs.climb) == [0, 0]
    found = steps()
    assert len(found) == 2 * count and set(found.values()) == {1}
    drain()
    assert sorted(mailed()) == count * ["agent"] + count * ["lead"]


@BOTH
def test_a_scheduler_that_is_killed_leaves_its_step_to_the_next(app, people, now, clock, drain, monkeypatch):
    on_call(people.agent, "support")
    many_pages(now, clock, drain, count=3)
    before = steps()

    def die(*args, **over):
        os.kill(os.getpid(), signal.SIGKILL)

    with monkeypatch.context() as patch:
        patch.setattr(actions, "written", die)
        assert in_processes(app, 1, jobs.climb) == [-signal.SIGKILL]
    assert steps() == before
    assert (jobs.climb(), jobs.climb()) == (3, 0)
    assert set(steps().values()) == {1}


@BOTH
def test_two_workers_raise_one_alert_and_send_it_once(app, people, now, drain):
    def work():
        for _ in range(10):
            with jobs.writing():
                actions.raise_alert(key="k", severity="warning", source="s", title="T", body="B", path="/desk", now=now)
                db.session.commit()

    assert in_processes(app, 3, work) == [0, 0, 0]
    drain()
    [alert] = db.session.scalars(select(jobs.Alert)).all()
    assert (alert.count, kinds(alert)[:1], len(mailed())) == (30, ["alert.raised"], 1)
    assert told(alert)[-1][0] == "leads"
