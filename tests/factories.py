"""Things to test with, made by the same actions that the pages call, and committed."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select

from app.accounts.models import Team, User
from app.extensions import db
from app.tickets import actions, filing
from app.tickets.models import Message, Ticket
from tests.people import PEOPLE

# The moment at which every test takes place: a Monday, 10:00 in UTC.
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)

FIELDS: dict[str, dict[str, Any]] = {
    "question": {"body": "How do I run the consensus over only one folder of the repository?"},
    "feature": {
        "summary": "Remember the chosen profile for each repository",
        "motivation": "We switch between two repositories all day and forget to switch the profile.",
        "solution": "A line in .hive/config.toml that names the profile.",
    },
    "bug": {
        "description": "The terminal UI freezes while the second stage runs.",
        "steps": "hive tui\nPress Enter on a question",
        "expected": "The progress of each stage",
        "actual": "A blank pane for two minutes",
        "version": "hive 2.0.0",
        "platform": "Linux (x86_64)",
        "checks": ["searched", "complete", "reproducible"],
    },
}
SUBJECTS = {
    "question": "Consensus over one folder",
    "feature": "A profile for each repository",
    "bug": "The terminal UI freezes in stage two",
}

numbers = count(1)


def new_ticket(**over: Any) -> actions.NewTicket:
    """What somebody asks; `over` replaces any of its parts. Without `fields` the kind's own are filled in."""
    kind = over.pop("kind", "question")
    given = {"subject": f"{SUBJECTS[kind]} ({next(numbers)})", "fields": dict(FIELDS[kind]), **over}
    return actions.NewTicket(kind=kind, **given)


def ticket(requester: User, *, now: datetime = NOW, actor: User | None = None, **over: Any) -> Ticket:
    """Open a ticket, by default a question by `requester` at NOW.

    `over` takes the parts of `actions.NewTicket`, `body` for the text of a question, and `status`, `assignee`, `team`
    (its key) for what the agent makes of it in the same minute.
    """
    later = {name: over.pop(name) for name in ("team", "assignee", "status") if name in over}
    if "body" in over:
        over["fields"] = {"body": over.pop("body")}
    opened = actions.open_ticket(new_ticket(**over), requester=requester, actor=actor or requester, now=now)
    if later:
        work_on(opened, now=now, **later)
    db.session.commit()
    return opened


def work_on(ticket: Ticket, *, now: datetime, team: str | None = None, assignee: User | None = None, status: str | None = None) -> None:
    """What the agent does to bring a ticket into a state."""
    agent = db.session.scalars(select(User).where(User.email == PEOPLE["agent"][1])).one()
    if team is not None:
        filing.move(ticket, db.session.scalars(select(Team).where(Team.key == team)).one(), actor=agent, now=now)
    if assignee is not None:
        filing.assign(ticket, assignee, actor=agent, now=now)
    if status in {"resolved", "closed"}:
        actions.resolve(ticket, "answered", actor=agent, now=now)
    elif status is not None:
        actions.change_status(ticket, status, actor=agent, now=now)
    if status == "closed":
        actions.close(ticket, actor=agent, now=now)


def reply(
    ticket: Ticket, actor: User, body: str = "Thank you for the details. Please try 2.0.1.", *, now: datetime | None = None, **over: Any
) -> Message:
    """Answer in public, five minutes after the ticket was opened unless `now` says otherwise."""
    message = actions.reply(ticket, body, actor=actor, now=now or ticket.created_at + timedelta(minutes=5), **over)
    db.session.commit()
    return message


def note(ticket: Ticket, actor: User, body: str = "Same cause as last week.", *, now: datetime | None = None, **over: Any) -> Message:
    """Write an internal note."""
    message = actions.note(ticket, body, actor=actor, now=now or ticket.created_at + timedelta(minutes=6), **over)
    db.session.commit()
    return message


def resolve(ticket: Ticket, actor: User, outcome: str = "answered", *, now: datetime | None = None) -> Ticket:
    """Resolve it, an hour after it was opened unless `now` says otherwise."""
    actions.resolve(ticket, outcome, actor=actor, now=now or ticket.created_at + timedelta(hours=1))
    db.session.commit()
    return ticket
