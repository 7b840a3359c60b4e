"""The demo company: believable people and 120 tickets over ninety days, made by the same actions that pages call.

The steps of all tickets are told in the order of time, so that clocks, events and numbers are what they would have been.
Nothing is mailed: what the past would have caused is marked as done. The same seed and moment give the same company.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.accounts.models import Organization, OrganizationDomain, Plan, Team, TeamMember, User
from app.accounts.passwords import kept
from app.analytics import jobs as figures
from app.analytics import metrics
from app.analytics.models import CountedEvent
from app.dev import watch
from app.dev.bookings import calls
from app.dev.company import ANNOUNCEMENTS, CUSTOMERS, ENGINEERS, EXECUTIVES, ORGANIZATIONS, PASSWORD, STAFF
from app.dev.duties import rota
from app.dev.levels import levels, thanks
from app.dev.papers import papers
from app.dev.readers import read
from app.dev.stories import Story, scenes, stories
from app.dev.telling import Act, Cast, past, present
from app.escalation.models import Executive
from app.events import outbox
from app.events.actions import record
from app.events.models import Event
from app.extensions import db
from app.lib.database import writing
from app.sla import jobs as sla
from app.sla.actions import facts_of
from app.sla.models import Clock
from app.sla.subjects import OnTicket
from app.status.models import Announcement
from app.tickets.models import Ticket

TICKETS = 120
DAYS = 90
# Stories of the past began so many days ago at the latest; what is younger is in content/today.toml.
NEWEST = 3
SWEEP_EVERY = timedelta(minutes=10)
SEED = 7


def is_loaded() -> bool:
    """Whether the demo's people are there already."""
    return db.session.scalar(select(User.id).where(User.email == "owner@acme.example")) is not None


def load(now: datetime, *, seed: int = SEED, tickets: int | None = None, step: Callable[[int, int], None] | None = None) -> int:
    """Make the company and its tickets, TICKETS unless it is said otherwise, in one transaction; returns how many.

    `step(done, all)` tells progress. Where the company is there already nothing is added.
    """
    tickets = TICKETS if tickets is None else tickets
    with writing():
        if is_loaded():
            db.session.rollback()
            return 0
        dice = random.Random(seed)  # noqa: S311 - a believable past, not a secret
        cast = people(now)
        announce(now)
        rota(cast, now)
        watch.routes(cast, now)
        perform(plan(dice, cast, tickets, now), now, step)
        watch.told(cast, now)
        levels(cast, now)
        thanks(now)
        calls(cast, now)
        read(dice, now)
        settle()
        db.session.commit()
    figures.rebuild()
    papers(now)
    return tickets


def people(now: datetime) -> Cast:
    """Organizations, customers and staff, all marked as demo. Flushes."""
    founded = now - timedelta(days=400)
    plans = {plan.key: plan for plan in db.session.scalars(select(Plan))}
    cast = Cast(teams={team.key: team for team in db.session.scalars(select(Team))})
    homes = {}
    for name, (plan, domain, sharing) in ORGANIZATIONS.items():
        homes[name] = Organization(name=name, plan_id=plans[plan].id, sharing=sharing, is_demo=True, created_at=founded)
        homes[name].domains = [OrganizationDomain(domain=domain)]
    db.session.add_all(homes.values())
    db.session.flush()
    secret = kept(PASSWORD)
    common: dict[str, Any] = {"is_demo": True, "created_at": founded}
    for email, (name, role, home, zone) in CUSTOMERS.items():
        # A guest has no organization, and no password.
        person = User(email=email, name=name, role=role, organization=homes[home] if home else None, time_zone=zone, **common)
        person.password_hash = secret if home else None
        cast.people[email] = person
    for email, (name, role, zone, _) in STAFF.items():
        cast.people[email] = User(email=email, name=name, role=role, time_zone=zone, password_hash=secret, **common)
    db.session.add_all(cast.people.values())
    db.session.flush()
    for email, (_, _, _, teams) in STAFF.items():
        db.session.add_all(TeamMember(team_id=cast.teams[key].id, user_id=cast.people[email].id) for key in teams)
    for position, (email, (title, phone)) in enumerate(EXECUTIVES.items(), 1):
        db.session.add(Executive(user_id=cast.people[email].id, title=title, phone=phone, position=position))
    for home, email in ENGINEERS.items():
        homes[home].engineer_id = cast.people[email].id
    db.session.flush()
    return cast


def announce(now: datetime) -> None:
    """What the portal tells, marked as demo."""
    for days, hours, tone, title, body in ANNOUNCEMENTS:
        starts = now - timedelta(days=days)
        ends = starts + timedelta(hours=hours) if hours is not None else None
        db.session.add(Announcement(title=title, body=body, tone=tone, is_demo=True, starts_at=starts, ends_at=ends))


def plan(dice: random.Random, cast: Cast, tickets: int, now: datetime) -> list[tuple[datetime, int, Act]]:
    """The steps of all tickets in the order of time: what is going on today, and before it stories of the past.

    A story of the past is told again, with other people and blanks, once all have been told.
    """
    today = scenes()
    chosen: list[Story] = []
    while len(chosen) < tickets - len(today):
        chosen += dice.sample(stories(), len(stories()))
    before = now - timedelta(days=NEWEST)
    tellings = [
        past(story, cast, own(dice), before - timedelta(days=(DAYS - NEWEST) * dice.random())) for story in chosen[: tickets - len(today)]
    ]
    tellings += [present(scene, cast, own(dice), now) for scene in today[:tickets]]
    steps = [(at, number, act) for number, telling in enumerate(tellings) for at, act in telling if at < now]
    return sorted(steps, key=lambda step: (step[0], step[1]))


def own(dice: random.Random) -> random.Random:
    """Dice of one ticket alone, so that what others throw does not change its course."""
    return random.Random(dice.random())  # noqa: S311 - a believable past, not a secret


def perform(steps: list[tuple[datetime, int, Act]], now: datetime, step: Callable[[int, int], None] | None) -> None:
    """Do all steps in the order of time. Between them deadlines pass, as the sweeper would have noticed."""
    swept = now - timedelta(days=DAYS * 2)
    for done, (at, _, act) in enumerate(steps, 1):
        if at - swept > SWEEP_EVERY:
            sweep(at)
            swept = at
        act(at)
        if step is not None and (done % 20 == 0 or done == len(steps)):
            step(done, len(steps))
    sweep(now)
    db.session.flush()


def sweep(now: datetime) -> None:
    """Warn and tell breaches as of a moment of the past, with the sweeper's own statements."""
    db.session.flush()
    for due, claim, kind in ((sla.late, sla.claim_breach, "sla.breached"), (sla.at_risk, sla.claim_warning, "sla.warned")):
        for row in db.session.execute(due(now)).all():
            taken = db.session.execute(claim(row.id, now).returning(Clock.due_at)).first()
            if taken is not None:
                about = OnTicket(row.ticket_id, row.organization_id)
                record(kind, now=now, ticket=about, facts=facts_of(row, taken.due_at, row.assignee_id))
                db.session.expire(db.session.get_one(Clock, row.id))


def settle() -> None:
    """Mark the past as done: nothing is mailed for it, and /metrics counts it as demo work."""
    rows = db.session.execute(select(Event, Ticket).join(Ticket, Ticket.id == Event.ticket_id).where(Event.dispatched_at.is_(None))).all()
    for event, ticket in rows:
        metrics.add(metrics.count(event, ticket))
        db.session.add(CountedEvent(event_id=event.id, at=event.at))
    db.session.execute(update(Event).where(Event.dispatched_at.is_(None)).values(dispatched_at=Event.at))
    outbox.forget(db.session())
