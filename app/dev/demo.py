"""The demo company: believable people and some hundred tickets over ninety days, made by the same actions that pages call.

The steps of all tickets are told in the order of time, so that clocks, events and numbers are what they would have been.
Nothing is mailed: what the past would have caused is marked as done. The same seed and moment give the same company.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select, update

from app.accounts.models import Organization, OrganizationDomain, Plan, Team, TeamMember, User
from app.accounts.passwords import kept
from app.analytics import jobs as figures
from app.analytics import metrics
from app.analytics.models import CountedEvent
from app.dev.company import ANNOUNCEMENTS, CUSTOMERS, ENGINEERS, ORGANIZATIONS, PASSWORD, STAFF
from app.dev.stories import EDITORS, PLATFORMS, REPOS, STORIES, VERSIONS, Story
from app.events.models import Event
from app.extensions import db
from app.lib.database import writing
from app.status.models import Announcement
from app.surveys import actions as surveys
from app.tickets import actions, filing
from app.tickets.kinds import CHECKS
from app.tickets.models import Ticket

TICKETS = 120
DAYS = 90
SEED = 7
SURVEY_VALID = timedelta(days=30)
Step = tuple[datetime, int, Callable[[], None]]


@dataclass
class Cast:
    """Everybody by address, teams by key."""

    people: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    def customers(self) -> list[User]:
        """Who asks, in a fixed order."""
        return [self.people[email] for email in CUSTOMERS]


@dataclass
class Telling:
    """One ticket of the demo as it is told: the story with its blanks filled, who asks, who answers."""

    number: int
    story: Story
    words: dict[str, str]
    asker: User
    helper: User
    ticket: Ticket | None = None

    def text(self, template: str) -> str:
        """A text of the story with its blanks filled."""
        return template.format(**self.words)


def is_loaded() -> bool:
    """Whether the demo's people are there already."""
    return db.session.scalar(select(User.id).where(User.email == "owner@acme.example")) is not None


def load(now: datetime, *, seed: int = SEED, tickets: int = TICKETS, step: Callable[[int, int], None] | None = None) -> int:
    """Make the company and its tickets, in one transaction; `step(done, all)` tells progress. Returns how many tickets.

    Where the company is there already nothing is added.
    """
    with writing():
        if is_loaded():
            db.session.rollback()
            return 0
        dice = random.Random(seed)  # noqa: S311 - a believable past, not a secret
        cast = people(now)
        announce(now)
        perform(plan(dice, cast, tickets, now), now, step)
        settle()
        db.session.commit()
    figures.rebuild()
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
    common: dict[str, Any] = {"is_demo": True, "created_at": founded, "password_hash": secret}
    for email, (name, role, home, zone) in CUSTOMERS.items():
        where = homes[home] if home else None
        cast.people[email] = User(email=email, name=name, role=role, organization=where, time_zone=zone, **common)
    for email, (name, role, zone, _) in STAFF.items():
        cast.people[email] = User(email=email, name=name, role=role, time_zone=zone, **common)
    db.session.add_all(cast.people.values())
    db.session.flush()
    for email, (_, _, _, teams) in STAFF.items():
        db.session.add_all(TeamMember(team_id=cast.teams[key].id, user_id=cast.people[email].id) for key in teams)
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


def plan(dice: random.Random, cast: Cast, tickets: int, now: datetime) -> list[Step]:
    """The steps of all tickets, in the order of time. The last twenty tickets are of today and in every state."""
    steps: list[Step] = []
    for number in range(tickets):
        telling = tell(number, dice, cast)
        recent = number >= tickets - 20
        age = timedelta(hours=(tickets - number) * 2.1) if recent else timedelta(hours=48 + dice.random() * (DAYS * 24 - 48))
        begun = now - age + timedelta(minutes=dice.randrange(50))
        steps += [(at, number, step) for at, step in course(telling, begun, dice, cast, recent=recent) if at < now]
    return sorted(steps, key=lambda step: (step[0], step[1]))


def tell(number: int, dice: random.Random, cast: Cast) -> Telling:
    """Choose a story, who lives through it, and what stands in its blanks."""
    story = STORIES[number % len(STORIES)]
    words = {
        "version": dice.choice(VERSIONS),
        "repo": dice.choice(REPOS),
        "platform": dice.choice(PLATFORMS),
        "editor": dice.choice(EDITORS),
    }
    askers = [person for person in cast.customers() if story.category != "enterprise" or (person.plan and person.plan.tier == 3)]
    helpers = [cast.people[email] for email, (_, role, _, teams) in STAFF.items() if role == "agent" and story.team in teams]
    return Telling(number, story, words, dice.choice(askers), dice.choice(helpers or [cast.people["agent@hivetechs.example"]]))


def course(
    telling: Telling, begun: datetime, dice: random.Random, cast: Cast, *, recent: bool
) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """What happens on one ticket: opened, taken, answered, answered back, resolved, scored. Recent ones stop somewhere on the way."""
    yield begun, partial(opened, telling, begun)
    stop = telling.number % 5 if recent else 9
    if stop == 0:
        return
    taken = begun + timedelta(minutes=dice.randrange(2, 25))
    yield taken, partial(assigned, telling, taken)
    quick = {"critical": 35, "high": 170}.get(telling.story.priority, 900)
    answered = taken + timedelta(minutes=dice.randrange(1, quick) if dice.random() < 0.95 else quick * 3)
    if stop == 1:
        return
    if telling.story.note:
        yield answered - timedelta(seconds=30), partial(noted, telling, answered - timedelta(seconds=30))
    yield answered, partial(replied, telling, answered, telling.story.answer, "pending_customer")
    back = answered + timedelta(minutes=dice.randrange(20, 1500))
    if stop == 2:
        return
    yield back, partial(answered_back, telling, back)
    if stop == 3:
        held = back + timedelta(minutes=10)
        yield held, partial(on_hold, telling, held)
        return
    last = back + timedelta(minutes=dice.randrange(10, 400))
    if stop == 4 and dice.random() < 0.5:
        return
    yield last, partial(resolved, telling, last)
    yield from aftermath(telling, last, dice)


def aftermath(telling: Telling, last: datetime, dice: random.Random) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """After the resolution: about half score it, all are closed a week later."""
    yield last + timedelta(seconds=5), partial(asked, telling, last + timedelta(seconds=5))
    if dice.random() < 0.55:
        scored = last + timedelta(hours=dice.randrange(1, 60))
        yield scored, partial(answered_survey, telling, scored, dice.choices((5, 4, 3, 2, 1), (60, 25, 8, 4, 3))[0])
    closed = last + timedelta(days=7, minutes=telling.number)
    yield closed, partial(shut, telling, closed)


def opened(telling: Telling, at: datetime) -> None:
    """The customer asks."""
    story = telling.story
    new = actions.NewTicket(
        kind=story.kind,
        subject=telling.text(story.subject),
        fields=answers(telling),
        priority=story.priority if story.priority != "critical" else "high",
        category=story.category,
        tags=story.tags,
    )
    telling.ticket = actions.open_ticket(new, requester=telling.asker, actor=telling.asker, now=at)


def answers(telling: Telling) -> dict[str, Any]:
    """The form of the story's kind, filled in."""
    asked = telling.text(telling.story.asked)
    if telling.story.kind == "bug":
        return {
            "description": asked,
            "steps": "1. Start from a clean checkout\n2. Run the command above\n3. See what it prints",
            "expected": "It does what the documentation says.",
            "actual": asked.split(". ")[0] + ".",
            "version": f"hive {telling.words['version']}",
            "platform": telling.words["platform"],
            "checks": list(CHECKS),
        }
    if telling.story.kind == "feature":
        return {"summary": telling.text(telling.story.subject), "motivation": asked, "solution": "As a flag of the command that is there."}
    return {"body": asked}


def assigned(telling: Telling, at: datetime) -> None:
    """Somebody takes it."""
    if telling.ticket is not None:
        filing.assign(telling.ticket, telling.helper, actor=telling.helper, now=at)


def noted(telling: Telling, at: datetime) -> None:
    """A note among colleagues."""
    if telling.ticket is not None:
        actions.note(telling.ticket, telling.text(telling.story.note), actor=telling.helper, now=at)


def replied(telling: Telling, at: datetime, words: str, status: str) -> None:
    """We answer."""
    if telling.ticket is not None:
        actions.reply(telling.ticket, telling.text(words), actor=telling.helper, now=at, status=status)


def answered_back(telling: Telling, at: datetime) -> None:
    """The customer answers."""
    if telling.ticket is not None:
        actions.reply(telling.ticket, telling.text(telling.story.back), actor=telling.asker, now=at)


def on_hold(telling: Telling, at: datetime) -> None:
    """We wait for a release."""
    if telling.ticket is not None:
        actions.change_status(telling.ticket, "on_hold", actor=telling.helper, now=at)


def resolved(telling: Telling, at: datetime) -> None:
    """The last word."""
    replied(telling, at, telling.story.closing, "resolved")


def asked(telling: Telling, at: datetime) -> None:
    """The survey goes out."""
    ticket = telling.ticket
    if ticket is not None and not ticket.is_open:
        valid, quiet = SURVEY_VALID, timedelta(days=1)
        surveys.invite(ticket, round_number=ticket.round, agent_id=telling.helper.id, now=at, valid=valid, quiet=quiet)


def answered_survey(telling: Telling, at: datetime, score: int) -> None:
    """The customer scores it."""
    ticket = telling.ticket
    survey = db.session.scalar(select(surveys.Survey).where(surveys.Survey.ticket_id == ticket.id)) if ticket is not None else None
    if ticket is None or survey is None:
        return
    feedback = {
        5: "Quick, and to the point.",
        4: "Good answer, the fix could be sooner.",
        3: "",
        2: "I had to send the log twice.",
        1: "Far too slow for us.",
    }
    given = surveys.Answer(score, min(5, score + telling.number % 2), max(1, score - (telling.number % 3 == 0)), feedback[score])
    surveys.answer(survey, given, ticket=ticket, person=telling.asker, now=at)


def shut(telling: Telling, at: datetime) -> None:
    """A week without an answer."""
    if telling.ticket is not None and telling.ticket.status == "resolved":
        actions.close(telling.ticket, actor=None, now=at)


def perform(steps: list[Step], now: datetime, step: Callable[[int, int], None] | None) -> None:
    """Do all steps in the order of time."""
    for done, (_, _, act) in enumerate(steps, 1):
        act()
        if step is not None and (done % 20 == 0 or done == len(steps)):
            step(done, len(steps))
    db.session.flush()


def settle() -> None:
    """Mark the past as done: nothing is mailed for it, and /metrics counts it as demo work."""
    rows = db.session.execute(select(Event, Ticket).join(Ticket, Ticket.id == Event.ticket_id).where(Event.dispatched_at.is_(None))).all()
    for event, ticket in rows:
        metrics.add(metrics.count(event, ticket))
        db.session.add(CountedEvent(event_id=event.id, at=event.at))
    db.session.execute(update(Event).where(Event.dispatched_at.is_(None)).values(dispatched_at=Event.at))
    db.session().info.pop("events", None)
