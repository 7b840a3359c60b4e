"""An emergency at three in the morning of a holiday: who is paged, who is paged when nobody answers, and what the report says."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from app.accounts.models import Plan, Team, User
from app.alerts import jobs as alerts
from app.alerts.models import Alert
from app.escalation import jobs as escalation
from app.escalation.models import Executive
from app.events.models import Event
from app.extensions import db
from app.mail.models import OutboundMail
from app.rota.models import RotaPerson, RotaShift, RotaTurn
from app.sla import jobs as sla
from app.tickets.models import Ticket
from tests.factories import FIELDS
from tests.flows.test_life_of_a_ticket import fill

# Thanksgiving, 03:00 in New York: 17:00 in Tokyo, 09:00 in Berlin.
AT = datetime(2026, 11, 26, 8, tzinfo=UTC)
DAYS = list(range(7))
DOWN = {**FIELDS["question"], "body": "Production is down since 02:50, nothing works for all our users.", "subject": "Production is down"}


def on_shift(team, name, crew, **over):
    """A shift of the whole week."""
    given = {
        "time_zone": "America/New_York",
        "weekdays": DAYS,
        "starts_minute": 1200,
        "ends_minute": 480,
        "anchor_on": date(2026, 11, 23),
        **over,
    }
    turns = [RotaTurn(user_id=person.id, position=position) for position, person in enumerate(crew)]
    db.session.add(RotaShift(team_id=team.id, name=name, turns=turns, **given))


@pytest.fixture
def night(people, now):
    """Samuel has the nights of New York and keeps its holidays; Aiko in Tokyo stands in. Noor is the backup, Dana the executive."""
    team = db.session.scalars(select(Team).where(Team.key == "enterprise")).one()
    noor = User(name="Noor Haddad", email="noor@hivetechs.example", role="agent", time_zone="Asia/Dubai", created_at=now)
    db.session.add(noor)
    people.agent2.time_zone = "America/New_York"
    people.acme.plan_id = db.session.scalar(select(Plan.id).where(Plan.key == "enterprise_emergency"))
    db.session.flush()
    on_shift(team, "Nights", [people.agent2])
    on_shift(team, "Nights, backup", [noor], level=2)
    holidays = {"2026-11-26": "Thanksgiving Day"}
    db.session.add(RotaPerson(user_id=people.agent2.id, deputy_id=people.agent.id, country="US", holidays=holidays, filled_to=2028))
    db.session.add(Executive(user_id=people.admin.id, title="Head of Engineering", position=1))
    db.session.commit()
    return SimpleNamespace(team=team, noor=noor)


def minutes(clock, drain, count):
    """So many minutes go by, and in each the clock page runs."""
    for _ in range(count):
        clock.shift(60)
        sla.sweep()
        alerts.climb()
        escalation.sweep()
        drain()


def paged():
    """Who was paged, in order, by the part of their address before the @."""
    db.session.rollback()
    query = select(OutboundMail.recipient).where(OutboundMail.template == "alert", OutboundMail.subject.contains("escalated to tier 3"))
    return [address.partition("@")[0] for address in db.session.scalars(query.order_by(OutboundMail.id))]


@pytest.mark.engines("sqlite", "postgresql")
def test_an_emergency_at_night_wakes_whoever_is_awake_and_the_report_agrees_to_the_second(people, browse, clock, drain, night):
    clock.move_to(AT)
    customer, desk, lead = browse(people.user), browse(people.agent), browse(people.lead)
    form = customer.get("/tickets/new?kind=question")
    customer.post("/tickets/new", fill(form, **DOWN, priority="emergency", category="consensus"), to=None, status=303)
    drain()
    ticket = db.session.scalars(select(Ticket)).one()
    assert (ticket.escalated_at, ticket.escalated_minutes, ticket.team_id) == (AT, 30, night.team.id)
    assert paged() == ["agent"], "Samuel keeps Thanksgiving, and it is 17:00 where Aiko is"
    nobody_answers(clock, drain)
    clock.shift(85)
    taken(desk, people, ticket.ref, drain)
    clock.shift(135)
    answered(desk, people, ticket.ref)
    minutes(clock, drain, 11)
    assert paged() == ["agent", "noor", "lead", "admin"], "what was acknowledged climbs no further"
    reported(lead, 36 * 60 + 85 + 135)
    stands_in_one_thread(customer, desk, ticket.ref)


def nobody_answers(clock, drain):
    """The page climbs at the minutes of the path of tier 3 until an executive has it; the clock breaches on its second."""
    for until, whom in ((10, ["agent", "noor"]), (20, ["agent", "noor", "lead"]), (30, ["agent", "noor", "lead", "admin"])):
        minutes(clock, drain, 9)
        assert paged() == whom[:-1]
        minutes(clock, drain, 1)
        assert paged() == whom, f"after {until} minutes"
    minutes(clock, drain, 6)
    breached = db.session.scalars(select(Event).where(Event.kind == "sla.breached")).one()
    assert datetime.fromisoformat(breached.facts["due_at"]) == AT + timedelta(minutes=15)


def taken(desk, people, ref, drain):
    """Aiko takes it: that acknowledges the page."""
    page = desk.get(f"/desk/tickets/{ref}")
    mine = {"assignee": people.agent.id, "seen": fill(page, visibility="reply", body="")["seen"]}
    desk.post(f"/desk/tickets/{ref}/assignment", mine, to=f"/desk/tickets/{ref}")
    drain()
    alert = db.session.scalars(select(Alert).where(Alert.source == "escalation")).one()
    assert (alert.state, alert.acknowledged_by_id) == ("acknowledged", people.agent.id)


def answered(desk, people, ref):
    """She answers."""
    page = desk.get(f"/desk/tickets/{ref}")
    said = fill(page, visibility="reply", body="We are on it: the gateway restarts now.")
    desk.post(f"/desk/tickets/{ref}/messages", said, to=None, status=303)


def reported(lead, seconds):
    """The report of the day has exactly this first response, late."""
    found = lead.get("/desk/sla.json?from=2026-11-26&to=2026-11-26&zone=UTC").json
    line = next(one for one in found["lines"] if (one["metric"], one["priority"]) == ("first_response", "emergency"))
    assert (line["total"], line["met"], line["breached"]) == (1, 0, 1)
    assert (line["average_seconds"], line["median_seconds"], line["p90_seconds"]) == (seconds, seconds, seconds)


def stands_in_one_thread(customer, desk, ref):
    """Staff read why and who, the customer that it is escalated; both on the one ticket."""
    staff = desk.get(f"/desk/tickets/{ref}").words
    assert "Escalated within tier 3 automatically: production is down" in staff
    theirs = customer.get(f"/tickets/{ref}").words
    assert "Escalated automatically: senior engineers look at it first now" in theirs
    assert "on call" not in theirs
