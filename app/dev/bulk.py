"""Many tickets at once, for benchmarks: plain rows in large inserts, consistent with what the actions would have written.

Half of the organizations have an enterprise plan, whose clocks run around the clock; the others are on the community
plan, which promises nothing. All of it is marked as demo. The random numbers come from the seed alone.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text

from app.accounts.models import Organization, Plan, Team, User
from app.analytics import jobs as figures
from app.dev.company import STAFF
from app.dev.rows import put
from app.dev.stories import EDITORS, PLATFORMS, REPOS, VERSIONS, Story, stories
from app.events.models import Event
from app.extensions import db
from app.lib.batches import batched
from app.lib.database import writing
from app.lib.markdown import to_html
from app.lib.tokens import CROCKFORD
from app.sla.defaults import LEVELS
from app.sla.models import Clock, Policy
from app.surveys.models import Survey
from app.tickets.models import Message, Ticket, TicketTag
from app.tickets.rules import NO_DEADLINE

CHUNK = 2000
PRIORITIES = (("low", 20), ("medium", 45), ("high", 25), ("critical", 8), ("emergency", 2))
TOPICS = ("nightly", "release", "staging", "pipeline", "merge", "review", "onboarding", "upgrade", "rollback", "audit", "mirror", "sandbox")
FIRST = (
    "Ada",
    "Bruno",
    "Chiara",
    "Dev",
    "Edda",
    "Farid",
    "Greta",
    "Hugo",
    "Isla",
    "Jonas",
    "Kaja",
    "Liam",
    "Mina",
    "Nils",
    "Oona",
    "Pavel",
)
LAST = (
    "Adler",
    "Berg",
    "Castro",
    "Dahl",
    "Eriksen",
    "Fuchs",
    "Garcia",
    "Haas",
    "Ivanov",
    "Jansen",
    "Kaur",
    "Lopez",
    "Meyer",
    "Novak",
    "Okoro",
)
# So many of the tickets of the last weeks are still open: 8 % of a year's.
OPEN_SHARE, OPEN_DAYS = 0.65, 45
PREFIX, DOMAIN = "customer", "bulk.example"
KINDS = ("enterprise_standard", "community", "enterprise_priority", "community")


@dataclass(frozen=True)
class Size:
    """How much to make."""

    tickets: int
    users: int
    organizations: int
    days: int
    seed: int


@dataclass
class Ground:
    """What the rows refer to. Ids are given by us, so that no row waits for another's insert."""

    customers: list[tuple[int, int, str]]
    staff: list[int]
    teams: dict[str, int]
    policies: dict[str, int]
    calendars: dict[int, int]
    targets: dict[tuple[str, str, str], int]
    next_id: dict[type, int]

    def take(self, model: type) -> int:
        """The next free id of a table."""
        self.next_id[model] += 1
        return self.next_id[model]


def load(now: datetime, size: Size, step: Callable[[int, int], None] | None = None) -> int:
    """Bring the tickets in bulk up to `size.tickets`, with their threads, events, clocks and surveys; returns how many were made.

    Chunks are each committed, so a run that was cut off is continued by the next, and one more adds nothing. Afterwards the
    roll-ups are computed anew and the database gathers its statistics.
    """
    with writing():
        have = there()
        wanted = size.tickets - have
        if wanted <= 0:
            db.session.rollback()
            return 0
        dice = random.Random(f"{size.seed}-{have}")  # noqa: S311 - load, not a secret
        ground = prepare(dice, size, now)
        db.session.commit()
        for done in range(0, wanted, CHUNK):
            rows: dict[type, list[dict[str, Any]]] = {model: [] for model in ground.next_id}
            for n in range(done, min(done + CHUNK, wanted)):
                one(rows, ground, dice, now, age(n, wanted, size.days, dice))
            for model, found in rows.items():
                put(model.__table__, found)  # type: ignore[attr-defined]
            db.session.commit()
            if step is not None:
                step(min(done + CHUNK, wanted), wanted)
        move_sequences(ground)
        db.session.commit()
    # First the statistics: without them PostgreSQL reads whole tables for each day of the figures.
    analyze()
    figures.rebuild()
    return wanted


def there() -> int:
    """How many tickets were made in bulk before."""
    ours = select(User.id).where(User.email.like(f"{PREFIX}%@{DOMAIN}"))
    return db.session.scalar(select(func.count()).select_from(Ticket).where(Ticket.requester_id.in_(ours))) or 0


def age(n: int, all_of_them: int, days: int, dice: random.Random) -> float:
    """How many days ago the n-th of them was opened: they come in the order of time, as in life."""
    return days * (1 - (n + dice.random()) / all_of_them)


def prepare(dice: random.Random, size: Size, now: datetime) -> Ground:
    """Organizations and customers of the bulk, and the ids of everything else."""
    models = (Ticket, Message, Event, Clock, Survey)
    next_id: dict[type, int] = {model: db.session.scalar(select(func.max(model.id))) or 0 for model in models}
    next_id[TicketTag] = 0
    plans = {plan.key: plan for plan in db.session.scalars(select(Plan))}
    policies = list(db.session.scalars(select(Policy).where(Policy.plan_id.is_not(None))))
    keys = {plan.id: plan.key for plan in plans.values()}
    by_plan = {keys[policy.plan_id]: policy for policy in policies if policy.plan_id is not None}
    targets = {(key, t.priority, t.metric): t.target_minutes * 60 for key, policy in by_plan.items() for t in policy.targets}
    return Ground(
        customers=customers(dice, size, plans, now),
        staff=list(db.session.scalars(select(User.id).where(User.email.in_(STAFF), User.role == "agent").order_by(User.id))),
        teams={team.key: team.id for team in db.session.scalars(select(Team))},
        policies={key: policy.id for key, policy in by_plan.items()},
        calendars={policy.id: policy.calendar_id for policy in policies},
        targets=targets,
        next_id=next_id,
    )


def customers(dice: random.Random, size: Size, plans: dict[str, Plan], now: datetime) -> list[tuple[int, int, str]]:
    """(id, organization, key of its plan) of the bulk's customers; those of an earlier run are taken again."""
    query = select(User.id, User.organization_id, Plan.key).join(Organization, Organization.id == User.organization_id)
    query = query.join(Plan, Plan.id == Organization.plan_id).where(User.email.like(f"{PREFIX}%@{DOMAIN}")).order_by(User.id)
    found = [(row[0], row[1] or 0, row[2]) for row in db.session.execute(query)]
    if found:
        return found
    founded = now - timedelta(days=size.days + 30)
    first_home = (db.session.scalar(select(func.max(Organization.id))) or 0) + 1
    first_user = (db.session.scalar(select(func.max(User.id))) or 0) + 1
    homes = [
        {"id": first_home + n, "name": f"{dice.choice(TOPICS).title()} {dice.choice(LAST)} {n + 1}", "plan_id": plans[KINDS[n % 4]].id, "sharing": "all",
         "is_demo": True, "created_at": founded}
        for n in range(size.organizations)
    ]  # fmt: skip
    users = [
        {"id": first_user + n, "email": f"{PREFIX}{n + 1}@{DOMAIN}", "name": f"{dice.choice(FIRST)} {dice.choice(LAST)}",
         "role": "customer_admin" if n < size.organizations else "customer", "organization_id": first_home + n % size.organizations,
         "time_zone": "UTC", "theme": "system", "keys_off": False, "is_enabled": True, "is_demo": True, "created_at": founded}
        for n in range(size.users)
    ]  # fmt: skip
    for model, rows in ((Organization, homes), (User, users)):
        for some in batched(rows, CHUNK):
            put(model.__table__, some)  # type: ignore[arg-type]
    return [(first_user + n, first_home + n % size.organizations, KINDS[n % size.organizations % 4]) for n in range(size.users)]


def one(rows: dict[type, list[dict[str, Any]]], ground: Ground, dice: random.Random, now: datetime, days_ago: float) -> None:
    """One ticket with all that hangs on it. Only young ones are still open."""
    story = dice.choice(stories())
    asker, home, plan = dice.choice(ground.customers)
    helper = dice.choice(ground.staff)
    is_open = days_ago < OPEN_DAYS and dice.random() < OPEN_SHARE
    created = now - timedelta(days=days_ago)
    priority = dice.choices([p for p, _ in PRIORITIES], [w for _, w in PRIORITIES])[0]
    course = list(messages(story, created, dice, now, is_open=is_open))
    ticket = row_of(ground.take(Ticket), story, asker, home, plan, priority, created, dice)
    ticket["team_id"] = ground.teams.get(story.team, ground.teams["support"])
    ticket["assignee_id"] = helper if len(course) > 1 or dice.random() < 0.5 else None
    finish(ticket, course, dice, now, is_open=is_open)
    rows[Message] += list(said(ground, ticket, course, asker, helper))
    rows[Event] += list(events(ground, ticket, course, asker, helper))
    rows[Clock] += clocks(ground, ticket, plan, now)
    rows[Survey] += survey(ground, ticket, asker, helper, dice, now)
    rows[TicketTag] += [{"ticket_id": ticket["id"], "tag": tag} for tag in story.tags[:1]]
    rows[Ticket].append(ticket)


def messages(story: Story, created: datetime, dice: random.Random, now: datetime, *, is_open: bool) -> Iterator[tuple[datetime, bool, str]]:
    """(when, whether by staff, text) of three or four messages; an open ticket may have fewer."""
    texts = story.public[: 3 + (len(story.public) > 3)]
    at, words = created, fill(dice)
    for n, (by_staff, template) in enumerate(texts):
        if n and is_open and dice.random() < 0.4:
            return
        if n == 3 and dice.random() < 0.3 and not is_open:
            return
        if at >= now:
            return
        yield at, by_staff, template.format(**words)
        at += timedelta(minutes=min(dice.lognormvariate(3.2, 1.3), 20_000))


def fill(dice: random.Random) -> dict[str, str]:
    """What stands in a story's blanks."""
    return {
        "version": dice.choice(VERSIONS),
        "repo": dice.choice(REPOS),
        "platform": dice.choice(PLATFORMS),
        "editor": dice.choice(EDITORS),
    }


def row_of(
    number: int, story: Story, asker: int, home: int, plan: str, priority: str, created: datetime, dice: random.Random
) -> dict[str, Any]:
    """A ticket's row as it is when it was just opened."""
    subject = f"{story.subject.format(**fill(dice))}, {dice.choice(TOPICS)} {number}"
    ref = "HT-" + "".join(CROCKFORD[(number * 2654435761 + 97 * n) >> (5 * n) & 31] for n in range(3)) + base32(number)
    return {
        "id": number, "ref": ref, "kind": story.kind, "subject": subject, "status": "new", "is_open": True, "priority": priority,
        "promised_priority": priority, "needs_confirmation": False, "category": story.category, "tier": 3 if plan.startswith("enterprise") else 1,
        "source": "portal", "fields": {"body": story.asked}, "requester_id": asker, "organization_id": home, "created_at": created,
        "active_at": created, "last_public_by": "customer", "told_at": None, "first_responded_at": None, "first_response_seconds": None,
        "resolved_at": None, "closed_at": None, "round": 0, "next_due_at": None, "next_warn_at": None, "next_metric": None,
        "queue_at": NO_DEADLINE, "is_demo": True, "form_key": None, "version": 1,
    }  # fmt: skip


def base32(number: int) -> str:
    """A number in Crockford's letters: five of them hold 33 million."""
    return "".join(CROCKFORD[number >> (5 * n) & 31] for n in range(4, -1, -1))


def finish(ticket: dict[str, Any], course: list[tuple[datetime, bool, str]], dice: random.Random, now: datetime, *, is_open: bool) -> None:
    """Bring the row to the state that its messages led to."""
    last_at, by_staff, _ = course[-1]
    first = next((at for at, staff, _ in course if staff), None)
    ticket["active_at"], ticket["last_public_by"] = last_at, "staff" if by_staff else "customer"
    if first is not None:
        ticket["first_responded_at"] = ticket["told_at"] = first
        ticket["first_response_seconds"] = int((first - ticket["created_at"]).total_seconds())
        ticket["status"] = "pending_customer" if by_staff and dice.random() < 0.7 else "open"
    if not is_open:
        resolved = min(last_at + timedelta(seconds=1), now)
        ticket.update(status="resolved", is_open=False, resolved_at=resolved, round=1, active_at=resolved)
        if now - resolved > timedelta(days=7):
            ticket.update(status="closed", closed_at=resolved + timedelta(days=7))


def said(
    ground: Ground, ticket: dict[str, Any], course: list[tuple[datetime, bool, str]], asker: int, helper: int
) -> Iterator[dict[str, Any]]:
    """The rows of its messages."""
    for at, by_staff, body in course:
        author = helper if by_staff else asker
        yield {
            "id": ground.take(Message), "ticket_id": ticket["id"], "author_id": author, "visibility": "public", "body": body, "html": html_of(body),
            "by_staff": by_staff, "is_automatic": False, "source": "portal", "created_at": at, "form_key": None,
        }  # fmt: skip


RENDERED: dict[str, str] = {}


def html_of(body: str) -> str:
    """The rendering of a text; the same texts come often."""
    if body not in RENDERED:
        RENDERED[body] = to_html(body)
    return RENDERED[body]


def events(
    ground: Ground, ticket: dict[str, Any], course: list[tuple[datetime, bool, str]], asker: int, helper: int
) -> Iterator[dict[str, Any]]:
    """The rows of its events, in order, all of them done with."""
    first = ground.next_id[Message] - len(course) + 1
    facts = {name: ticket[name] for name in ("ref", "subject", "kind", "priority", "source")}
    yield event(ground, ticket, "ticket.opened", ticket["created_at"], asker, {**facts, "status": "new"})
    for n, (at, by_staff, _) in enumerate(course[1:], 1):
        told = {"message_id": first + n, "by_staff": by_staff, "is_automatic": False, "status": "open" if n == 1 else None}
        yield event(ground, ticket, "ticket.replied", at, helper if by_staff else asker, told)
    if ticket["status"] == "pending_customer":
        yield event(ground, ticket, "ticket.status_changed", course[-1][0], helper, {"old": "open", "status": "pending_customer"})
    if ticket["resolved_at"] is not None:
        done = {"outcome": "answered", "status": "resolved", "round": 1, "by_staff": True}
        yield event(ground, ticket, "ticket.resolved", ticket["resolved_at"], helper, done)
    if ticket["closed_at"] is not None:
        yield event(ground, ticket, "ticket.closed", ticket["closed_at"], None, {"status": "closed"})


def event(ground: Ground, ticket: dict[str, Any], kind: str, at: datetime, actor: int | None, facts: dict[str, Any]) -> dict[str, Any]:
    """One event's row."""
    return {
        "id": ground.take(Event), "kind": kind, "at": at, "ticket_id": ticket["id"], "organization_id": ticket["organization_id"], "actor_id": actor,
        "impersonator_id": None, "is_public": True, "facts": facts, "dispatched_at": at,
    }  # fmt: skip


def clocks(ground: Ground, ticket: dict[str, Any], plan: str, now: datetime) -> list[dict[str, Any]]:
    """The clocks of an enterprise ticket, and with them its next deadline."""
    if plan not in ground.policies or not plan.startswith("enterprise"):
        return []
    found = []
    for metric, stopped in (("first_response", ticket["first_responded_at"]), ("resolution", ticket["resolved_at"])):
        target = ground.targets[plan, ticket["priority"], metric]
        end = stopped or (ticket["resolved_at"] if metric == "first_response" else None)
        found.append(clock(ground, ticket, ground.policies[plan], metric, target, end, now))
    running = [row for row in found if row["state"] == "running"]
    if running:
        soonest = min(running, key=lambda row: row["due_at"])
        ticket.update(
            next_due_at=soonest["due_at"], next_warn_at=soonest["warn_at"], next_metric=soonest["metric"], queue_at=soonest["due_at"]
        )
    return found


def clock(
    ground: Ground, ticket: dict[str, Any], policy: int, metric: str, target: int, end: datetime | None, now: datetime
) -> dict[str, Any]:
    """One clock's row. What was warned of or missed has been told already."""
    begun = ticket["created_at"]
    paused = metric == "resolution" and ticket["status"] == "pending_customer"
    until = end or (ticket["active_at"] if paused else now)
    elapsed = int((until - begun).total_seconds())
    due, warn = begun + timedelta(seconds=target), begun + timedelta(seconds=target * 0.75)
    missed = elapsed > target
    state = "stopped" if end else "paused" if paused else "running"
    return {
        "id": ground.take(Clock), "ticket_id": ticket["id"], "ticket_ref": ticket["ref"], "organization_id": ticket["organization_id"],
        "team_id": ticket["team_id"], "priority": ticket["priority"], "is_demo": True, "metric": metric, "sequence": 1, "policy_id": policy, "calendar_id": ground.calendars[policy],
        "target_seconds": target, "state": state, "started_at": begun, "due_at": None if paused else due, "warn_at": None if paused else warn,
        "stopped_at": end, "elapsed_seconds": elapsed if state != "running" else None, "warned_at": warn if until >= warn else None,
        "breached_at": due if missed else None, "breach_told_at": due if missed else None, "aimed_at": begun, "promised_at": due,
        "next_level_at": next_level(begun, target, now) if state == "running" else None,
    }  # fmt: skip


def next_level(begun: datetime, target: int, now: datetime) -> datetime | None:
    """When the sweep of levels looks at a running clock: at the first of the three levels of every clock that is ahead."""
    levels = (begun + timedelta(seconds=target * percent / 100) for _, percent, *_ in LEVELS.values())
    return min((at for at in levels if at > now), default=None)


def survey(ground: Ground, ticket: dict[str, Any], asker: int, helper: int, dice: random.Random, now: datetime) -> list[dict[str, Any]]:
    """The survey of a resolved ticket; about half are answered."""
    sent = ticket["resolved_at"]
    if sent is None:
        return []
    number = ground.take(Survey)
    score = dice.choices((5, 4, 3, 2, 1), (60, 25, 8, 4, 3))[0] if dice.random() < 0.5 and sent + timedelta(hours=3) < now else None
    return [{
        "id": number, "ticket_id": ticket["id"], "round": 1, "nonce": f"bulk-{number}", "recipient_id": asker, "agent_id": helper,
        "organization_id": ticket["organization_id"], "category": ticket["category"], "is_demo": True, "sent_at": sent,
        "expires_at": sent + timedelta(days=30), "answered_at": sent + timedelta(hours=3) if score else None, "overall_satisfaction": score,
        "response_time": score, "resolution_quality": score, "additional_feedback": "",
    }]  # fmt: skip


def move_sequences(ground: Ground) -> None:
    """PostgreSQL counts ids by itself: tell it where we stopped."""
    if db.engine.dialect.name == "postgresql":
        tables = [model.__tablename__ for model in ground.next_id if model is not TicketTag]  # type: ignore[attr-defined]
        for table in (*tables, Organization.__tablename__, User.__tablename__):
            db.session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))  # noqa: S608 - our own names


def analyze() -> None:
    """Let PostgreSQL look at what it holds now, so that it plans well and reads indexes alone. SQLite plans by the indexes themselves."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
