"""Whoever leaves an organization leaves no call behind that nobody would come to."""

import pytest
from sqlalchemy import select

from app.accounts import administration
from app.calls import jobs
from app.calls.models import CallCell
from app.events.models import Event
from app.extensions import db
from app.mail.models import OutboundMail

BOTH = pytest.mark.engines("sqlite", "postgresql")


def moves(people, now, person, organization):
    """Somebody goes to another organization, or to none."""
    administration.change_person(person, name=person.name, role="customer", organization=organization, actor=people.admin, now=now)
    db.session.commit()


def cancelled():
    """What was recorded of calls that are off."""
    return db.session.scalars(select(Event).where(Event.kind == "call.cancelled").order_by(Event.id)).all()


@BOTH
def test_a_call_of_who_leaves_is_off_and_its_engineer_and_organization_hear_of_it(book, people, now, drain, browse):
    call, other = book(), book(people.colleague, hours=30)
    drain()
    before = {mail.id for mail in db.session.scalars(select(OutboundMail))}
    moves(people, now, people.user, people.globex)
    drain()
    jobs.watch()
    db.session.refresh(call)
    assert (call.state, call.closed_by_id, other.state) == ("cancelled", None, "booked")
    assert db.session.scalars(select(CallCell).where(CallCell.session_id == call.session_id)).all() == []
    [event] = cancelled()
    assert event.facts["reason"] == f"{people.user.name} has left Acme Robotics."
    drain()
    mails = [mail for mail in db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)) if mail.id not in before]
    assert sorted(mail.recipient for mail in mails) == sorted([people.agent.email, people.owner.email, people.user.email])
    assert people.user.name in next(mail.subject for mail in mails if mail.recipient == people.owner.email)
    assert f"{people.user.name} has left" in browse(people.owner).get(f"/calls/{call.ref}").words
    assert jobs.watch() == 0


def test_a_call_of_who_is_shut_out_is_off(book, people, now, drain):
    call = book()
    administration.set_enabled(people.user, False, actor=people.admin, now=now)
    db.session.commit()
    drain()
    db.session.refresh(call)
    assert call.state == "cancelled"


def test_a_call_that_has_begun_stays(book, people, now, clock, drain):
    call = book()
    clock.shift((call.starts_at - now).total_seconds() + 60)
    moves(people, now, people.user, people.globex)
    drain()
    jobs.watch()
    db.session.refresh(call)
    assert call.state == "booked"
