"""The demo company: believable, the same each time, and without any effect on the world."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from app.accounts import passwords, queries
from app.accounts.models import Organization, User
from app.dev import bulk, demo, stories
from app.dev.commands import demo as command
from app.events.models import Event
from app.extensions import QUEUES, db, queue
from app.knowledge.learning.queries import Totals, totals
from app.knowledge.learning.rules import Span
from app.knowledge.models import SearchCount
from app.mail.models import OutboundMail
from app.ops.runner import PASSWORD, SIGN_INS
from app.reactions import dispatch_overdue
from app.sla.models import Clock
from app.status.models import Announcement
from app.surveys import queries as surveys
from app.surveys.models import Survey
from app.tickets.models import Message, Ticket
from app.tickets.rules import CATEGORIES, OPEN_STATUSES, PRIORITIES
from tests.dev.empty import emptied

ROLES = {
    "owner@acme.example": ("customer_admin", "enterprise_priority"),
    "user@acme.example": ("customer", "enterprise_priority"),
    "user@globex.example": ("customer", "technical"),
    "agent@hivetechs.example": ("agent", None),
    "lead@hivetechs.example": ("lead", None),
    "admin@hivetechs.example": ("admin", None),
    "moderator@hivetechs.example": ("moderator", None),
}
SMALL = len(stories.scenes()) + 4


def count(model, *conditions):
    """How many rows."""
    return db.session.scalar(select(func.count()).select_from(model).where(*conditions))


@pytest.fixture
def nobody(app):
    """A database with the reference rows and no people."""
    emptied()


@pytest.fixture
def loaded(nobody, now, once):
    """The demo company with few tickets."""
    once("demo", lambda: demo.load(now, tickets=SMALL))


def test_the_sign_ins_are_those_that_are_promised(nobody, now):
    demo.load(now, tickets=0)
    assert {email for email, _ in SIGN_INS} == set(ROLES)
    for email, (role, plan) in ROLES.items():
        person = queries.person_by_email(email)
        assert (person.role, person.plan.key if person.plan else None) == (role, plan)
        assert person.is_demo and person.is_enabled
    assert passwords.matches(person.password_hash, PASSWORD)
    teams = queries.team_keys_of(queries.person_by_email("lead@hivetechs.example"))
    assert len(teams) >= 3


def test_the_company_is_whole(nobody, now):
    assert demo.load(now) == demo.TICKETS == count(Ticket)
    statuses = set(db.session.scalars(select(Ticket.status)))
    assert statuses == {*OPEN_STATUSES, "resolved", "closed"}
    assert set(db.session.scalars(select(Ticket.priority))) == set(PRIORITIES)
    assert len(set(db.session.scalars(select(Ticket.team_id)))) >= 5
    assert count(Clock, Clock.state == "running", Clock.breached_at.is_not(None)) >= 1
    assert count(Clock, Clock.state == "running", Clock.due_at > now, Clock.due_at < now + timedelta(hours=1)) >= 3
    assert count(Clock, Clock.breached_at.is_not(None)) < 0.1 * count(Clock)
    assert count(Ticket, Ticket.needs_confirmation) >= 1
    assert count(Ticket, Ticket.is_open, Ticket.assignee_id.is_(None)) >= 5
    assert 0.3 < count(Survey, Survey.answered_at.is_not(None)) / count(Survey) < 0.9
    assert count(Message, Message.visibility == "internal") >= 15
    assert min(db.session.scalars(select(Ticket.created_at))) > now - timedelta(days=demo.DAYS + 4)
    assert max(db.session.scalars(select(Event.at))) <= now
    told = db.session.execute(select(Event.kind, Event.at, Ticket.created_at).join(Ticket, Ticket.id == Event.ticket_id))
    assert not [(k, at, opened) for k, at, opened in told if at < opened], "nothing is told of a ticket before it was opened"


def test_everything_is_marked_as_demo_and_nothing_is_sent(nobody, now, redis):
    demo.load(now, tickets=SMALL)
    for model in (User, Organization, Ticket, Clock, Survey, Announcement):
        assert count(model) > 0 and count(model, model.is_demo.is_(False)) == 0
    assert count(OutboundMail) == 0
    assert count(Event, Event.dispatched_at.is_(None)) == 0
    assert [queue(name).count for name in QUEUES] == [0, 0, 0]
    assert dispatch_overdue() == 0
    assert surveys.waiting(now, timedelta(minutes=1)) == [], "every resolution has its survey, whatever the delay"


def test_the_same_seed_tells_the_same_and_another_one_not(app, now):
    told = []
    for seed in (1, 1, 2):
        emptied()
        demo.load(now, tickets=SMALL, seed=seed)
        rows = db.session.execute(
            select(
                Ticket.subject,
                Ticket.created_at,
                Ticket.status,
                Ticket.priority,
                Ticket.requester_id - func.min(User.id).over(),
                Ticket.first_response_seconds,
            )
            .join(User, User.id == Ticket.requester_id)
            .order_by(Ticket.id)
        ).all()
        told.append([tuple(row) for row in rows])
    assert told[0] == told[1] != told[2]


def test_a_second_load_adds_nothing(loaded, now):
    assert count(Ticket) == SMALL
    before = [count(model) for model in (User, Ticket, Message, Event, Announcement)]
    assert demo.load(now + timedelta(days=1), tickets=SMALL) == 0
    assert [count(model) for model in (User, Ticket, Message, Event, Announcement)] == before


def test_the_stories_are_written_out(app):
    assert len(stories.stories()) >= 60
    subjects = [story.subject for story in stories.stories()] + [scene.story.subject for scene in stories.scenes()]
    assert len(subjects) == len(set(subjects))
    for story in stories.stories():
        assert story.talk[-1][0] == "we" and {who for who, _ in story.talk} <= {"we", "they", "note"}
        assert story.category in CATEGORIES and story.priority in PRIORITIES
        words = dict.fromkeys(("version", "repo", "platform", "editor"), "x")
        for text in (story.subject, story.asked, *(text for _, text in story.talk), *story.details.values()):
            assert "{" not in text.format(**words)


@pytest.mark.engines("sqlite", "postgresql")
def test_many_tickets_are_consistent_and_loaded_once(nobody, now):
    demo.load(now, tickets=3)
    small = count(Ticket)
    size = bulk.Size(300, 40, 8, 60, 7)
    assert bulk.load(now, size) == 300
    assert bulk.load(now, size) == 0
    assert bulk.load(now, bulk.Size(340, 40, 8, 60, 7)) == 40
    many = Ticket.id > small
    assert count(Ticket, many) == 340
    assert count(User, User.email.like("customer%@bulk.example")) == 40
    assert count(Ticket, many, Ticket.is_demo.is_(False)) == 0
    assert count(Event, Event.dispatched_at.is_(None)) == 0
    answered = dict(
        db.session.execute(select(Message.ticket_id, func.min(Message.created_at)).where(Message.by_staff).group_by("ticket_id")).all()
    )
    began = select(func.min(Event.id)).where(Event.ticket_id.is_not(None)).group_by(Event.ticket_id)
    beginnings = dict(db.session.execute(select(Event.ticket_id, Event.kind).where(Event.id.in_(began))).all())
    for ticket in db.session.scalars(select(Ticket).where(many)):
        assert ticket.is_open == (ticket.status in OPEN_STATUSES)
        assert (ticket.resolved_at is None) == ticket.is_open
        assert ticket.created_at <= ticket.active_at <= now
        assert answered.get(ticket.id) == ticket.first_responded_at
        assert beginnings[ticket.id] == "ticket.opened"
    for clock in db.session.scalars(select(Clock).join(Ticket, Ticket.id == Clock.ticket_id).where(many)):
        assert (clock.due_at is None) == (clock.state == "paused")
        assert (clock.stopped_at is None) == (clock.state != "stopped")
    assert 2.5 <= count(Message, Message.ticket_id > small) / 340 <= 4


@pytest.mark.engines("sqlite", "postgresql")
def test_life_goes_on_after_a_load_in_bulk(nobody, now):
    demo.load(now, tickets=1)
    bulk.load(now, bulk.Size(20, 10, 5, 30, 7))
    person = User(email="later@acme.example", name="Later", role="customer", created_at=now)
    db.session.add(person)
    db.session.commit()
    assert person.id > 10


def test_the_command_says_what_it_did_and_never_runs_in_production(nobody, app, monkeypatch):
    monkeypatch.setattr("app.dev.commands.prepare", lambda: None)
    monkeypatch.setattr(demo, "TICKETS", 2)
    done = CliRunner().invoke(command, ["load", "--tickets", "30", "--users", "10", "--organizations", "4", "--days", "9"])
    assert done.exit_code == 0, done.output
    assert "2 tickets made." in done.output and "30 tickets made in bulk." in done.output
    done = CliRunner().invoke(command, ["load", "--tickets", "30"])
    assert "there already" in done.output and "were there already" in done.output
    production = type(app.config["SETTINGS"])(env="production", secret_key="x")
    monkeypatch.setitem(app.config, "SETTINGS", production)
    refused = CliRunner().invoke(command, ["load"])
    assert refused.exit_code == 1 and "never made in production" in refused.output


def test_the_demos_readers_are_in_no_real_figure_and_agree_with_themselves(loaded, now):
    month = Span("30d", now.date() - timedelta(days=29), now.date())
    real, shown = totals(month, is_demo=False), totals(month, is_demo=True)
    assert real == Totals() and real.found_rate is None
    assert 80 < shown.found_rate < 90 and shown.found + shown.ticketed <= shown.visits <= shown.searches
    for row in db.session.scalars(select(SearchCount)):
        assert row.is_demo and max(row.empty, row.weak, row.opened, row.abandoned, row.tickets) <= row.times
