"""Random histories of tickets in October 2026, by the same actions as pages call: what statements are tried on."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace

from sqlalchemy import select

from app.extensions import db
from app.lib.errors import DomainError
from app.sla.jobs import sweep
from app.tickets import actions, filing, splitting
from app.tickets.models import Message
from tests import factories

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
PRIORITIES = ("critical", "high", "medium", "low")


def live(people: SimpleNamespace, seed: int, *, tickets: int = 12, until: datetime, splits: bool = False) -> None:
    """Open tickets of both organizations through October and let things happen to them, in the order of time; commits."""
    chance = Random(seed)
    steps = []
    for _ in range(tickets):
        at = OCTOBER + timedelta(seconds=chance.randrange(-2 * 86_400, 31 * 86_400))
        requester = chance.choice([people.owner, people.user, people.stranger, people.stranger])
        ticket = factories.ticket(requester, now=at, priority=chance.choice(PRIORITIES))
        for _ in range(chance.randrange(1, 9)):
            at += timedelta(seconds=chance.choice([0, 60, 3600, 40_000, 200_000]) + chance.randrange(7200))
            steps.append((at, ticket, requester, chance.choice(WITH_SPLITS if splits else STEPS)))
    for at, ticket, requester, step in sorted(steps, key=lambda one: one[0]):
        if at < until:
            with suppress(DomainError):
                step(ticket, requester, people.agent, at, chance)
            db.session.commit()
    sweep()


def answer(ticket, requester, agent, at, chance):
    actions.reply(ticket, "We look into it.", actor=agent, now=at)


def answer_and_wait(ticket, requester, agent, at, chance):
    actions.reply(ticket, "Which version?", actor=agent, now=at, status="pending_customer")


def ask(ticket, requester, agent, at, chance):
    actions.reply(ticket, "And now?", actor=requester, now=at)


def hold(ticket, requester, agent, at, chance):
    actions.change_status(ticket, "on_hold", actor=agent, now=at)


def go_on(ticket, requester, agent, at, chance):
    actions.change_status(ticket, "open", actor=agent, now=at)


def prioritise(ticket, requester, agent, at, chance):
    filing.set_priority(ticket, chance.choice(PRIORITIES), actor=agent, now=at)


def resolve(ticket, requester, agent, at, chance):
    actions.resolve(ticket, "answered", actor=agent, now=at)


def reopen(ticket, requester, agent, at, chance):
    actions.reopen(ticket, "It is back.", actor=requester, now=at)


def write_a_note(ticket, requester, agent, at, chance):
    actions.note(ticket, "Nothing that leaves the desk.", actor=agent, now=at)


def split_off(ticket, requester, agent, at, chance):
    newest = select(Message.id).where(Message.ticket_id == ticket.id).order_by(Message.id.desc()).limit(chance.randrange(1, 4))
    part = splitting.Part(db.session.scalars(newest).all(), "The other matter", chance.choice(PRIORITIES), "other")
    splitting.split(ticket, part, address=str, actor=agent, now=at)


STEPS = (answer, answer, answer_and_wait, ask, ask, hold, go_on, prioritise, resolve, reopen, write_a_note)
WITH_SPLITS = (*STEPS, split_off, split_off)
