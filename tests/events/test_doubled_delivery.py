"""Every job that follows an event may run twice: there is one mail, one survey, one note, one count."""

from collections import Counter
from importlib import import_module

import pytest
from sqlalchemy import func, select, update

from app import reactions
from app.analytics.models import CountedEvent
from app.events.models import Event
from app.extensions import db
from app.mail.models import OutboundMail
from app.surveys import actions as surveys
from app.surveys.models import Survey
from app.tickets.models import Message, Ticket
from tests import factories

pytestmark = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture
def story(people, clock, drain):
    """A ticket that was opened, answered, answered again, resolved and rated badly; every job has run."""
    ticket = factories.ticket(people.user, kind="bug", assignee=people.agent)
    factories.reply(ticket, people.agent)
    factories.reply(ticket, people.user, "It still freezes.")
    factories.resolve(ticket, people.agent)
    clock.shift(3700)
    drain()
    survey = db.session.scalars(select(Survey)).one()
    answer = surveys.Answer(1, 2, 1, "Slow")
    surveys.answer(survey, answer, ticket=ticket, person=people.user, now=survey.sent_at)
    db.session.commit()
    drain()
    return ticket


def effects():
    """All that the jobs have made: mails by template and recipient, surveys, messages, counted events, tags."""
    db.session.rollback()
    mails = Counter(db.session.execute(select(OutboundMail.template, OutboundMail.recipient)).all())
    tables = {
        model.__tablename__: db.session.scalar(select(func.count()).select_from(model))
        for model in (Survey, Message, CountedEvent, Event, Ticket)
    }
    return {"mails": {tuple(key): number for key, number in mails.items()}, **tables}


def test_a_story_delivered_twice_has_the_same_effects_as_once(story, drain):
    once = effects()
    assert {template for template, _ in once["mails"]} >= {
        "ticket_acknowledged",
        "ticket_replied",
        "customer_replied",
        "survey_invitation",
        "low_score_alert",
    }
    assert set(once["mails"].values()) <= {1, 2}
    db.session.execute(update(Event).values(dispatched_at=None))
    db.session.commit()
    reactions.dispatch_all(db.session.scalars(select(Event.id)).all())
    assert drain() > 10
    assert effects() == once


def test_each_reaction_bears_running_twice_in_a_row(story, app):
    once = effects()
    for event in db.session.scalars(select(Event).order_by(Event.id)).all():
        for _, path in reactions.REACTIONS.get(event.kind, []):
            run(path, event.id)
    assert effects() == once


def run(path, event_id):
    """Run a job as a worker would, in this transaction's place."""
    module, _, name = path.rpartition(".")
    getattr(import_module(module), name)(event_id)
    db.session.rollback()


def test_a_job_about_an_event_that_is_gone_does_nothing(app):
    for _, path in {job for wanted in reactions.REACTIONS.values() for job in wanted}:
        run(path, 4_000_000)
    assert db.session.scalar(select(func.count()).select_from(OutboundMail)) == 0
