"""How a call went: held or nobody came, with what it leaves on its ticket."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.calls import actions, outcomes
from app.calls.models import Call
from app.calls.outcomes import Outcome
from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, WrongState
from app.tickets.models import Message, Ticket
from tests import factories


def kinds(ticket):
    """The kinds of a ticket's events that are about its calls."""
    found = db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id))
    return [kind for kind in found if kind.startswith("call.")]


def last(ticket):
    """The newest message of a ticket."""
    return db.session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id.desc())).first()


@pytest.mark.parametrize(("share", "visibility"), [("internal", "internal"), ("public", "public")])
def test_a_held_call_is_noted_on_its_ticket_for_whom_staff_choose(share, visibility, book, people):
    ticket = factories.ticket(people.user)
    call = book(ticket=ticket)
    outcomes.finish(call, Outcome("held", "We upgraded node three.", share), actor=people.agent, now=call.ends_at)
    db.session.commit()
    assert kinds(ticket) == ["call.booked", "call.held"]
    assert ("We upgraded node three." in last(ticket).body, last(ticket).visibility) == (True, visibility)
    assert (call.state, call.closed_by_id) == ("held", people.agent.id)


def test_saying_the_same_again_changes_nothing_and_another_word_corrects_it(book, people):
    ticket = factories.ticket(people.user)
    call = book(ticket=ticket)
    for state in ("missed", "missed", "held", "held"):
        outcomes.finish(call, Outcome(state), actor=people.agent, now=call.ends_at)
    db.session.commit()
    assert kinds(ticket) == ["call.booked", "call.missed", "call.held"]


def test_a_call_without_a_ticket_can_open_one_once(book, people):
    call = book(topic="Licences for the new site")
    for note in ("They need forty seats.", "And a quote."):
        outcomes.finish(call, Outcome("held", note, opens_ticket=True), actor=people.agent, now=call.ends_at)
        db.session.commit()
    ticket = db.session.scalars(select(Ticket)).one()
    assert (ticket.subject, ticket.requester_id, call.ticket_id) == ("Licences for the new site", people.user.id, ticket.id)
    assert call.ref in db.session.scalars(select(Message.body).where(Message.ticket_id == ticket.id)).first()
    assert "And a quote." in last(ticket).body


def test_without_a_ticket_the_note_stays_with_the_call(book, people):
    call = book()
    outcomes.finish(call, Outcome("missed", "Rang twice."), actor=people.agent, now=call.ends_at)
    db.session.commit()
    assert (call.note, db.session.scalars(select(Ticket)).first()) == ("Rang twice.", None)


@pytest.mark.parametrize(("share", "is_read"), [("internal", False), ("public", True)])
def test_a_note_without_a_ticket_is_read_by_whom_staff_choose(share, is_read, book, people, browse, clock):
    call = book()
    clock.move_to(call.ends_at)
    outcomes.finish(call, Outcome("held", "They plan to leave us.", share), actor=people.agent, now=call.ends_at)
    db.session.commit()
    assert ("They plan to leave us." in browse(people.user).get(f"/calls/{call.ref}").words) == is_read
    assert "They plan to leave us." in browse(people.agent2).get(f"/desk/calls/{call.ref}").words


def test_what_cannot_be_noted_is_refused(book, people, now):
    call = book()
    for outcome, actor, at, error in (
        (Outcome("held"), people.agent, now, WrongState),
        (Outcome("held"), people.owner, call.ends_at, NotAllowed),
        (Outcome("booked"), people.agent, call.ends_at, Invalid),
        (Outcome("held", share="everybody"), people.agent, call.ends_at, Invalid),
        (Outcome("held", share="public"), people.agent, call.ends_at, Invalid),
        (Outcome("held", "x" * 10_001), people.agent, call.ends_at, Invalid),
    ):
        with pytest.raises(error):
            outcomes.finish(call, outcome, actor=actor, now=at)
    actions.cancel(call, "", actor=people.user, now=now)
    with pytest.raises(WrongState):
        outcomes.finish(call, Outcome("held"), actor=people.agent, now=call.ends_at)


def test_on_a_closed_ticket_a_summary_stays_inside(book, people):
    ticket = factories.ticket(people.user, status="closed", assignee=people.agent)
    call = book(ticket=ticket)
    outcomes.finish(call, Outcome("held", "All well.", "public"), actor=people.agent, now=call.ends_at)
    assert last(ticket).visibility == "internal"


def test_the_customer_reads_a_public_summary_and_never_an_internal_one(book, people, browse, clock):
    ticket = factories.ticket(people.user)
    call, window = book(ticket=ticket), browse(people.agent)
    clock.move_to(call.ends_at)
    path = f"/desk/calls/{call.ref}"
    window.post(f"{path}/outcome", {"outcome": "held", "note": "Their admin is new.", "share": "internal"}, to=path)
    window.post(f"{path}/outcome", {"outcome": "held", "note": "Node three runs 2.0.1.", "share": "public"}, to=path)
    page = browse(people.user).get(f"/tickets/{ticket.ref}").words
    assert "Node three runs 2.0.1." in page and "held with" in page
    assert "Their admin is new." not in page
    assert db.session.get_one(Call, call.id).state == "held"


def test_a_note_that_is_missing_is_told_at_its_field(book, people, browse, clock):
    call = book()
    clock.move_to(call.ends_at + timedelta(minutes=1))
    page = browse(people.agent).post(f"/desk/calls/{call.ref}/outcome", {"outcome": "held", "share": "public"}, status=422)
    assert "Write the summary" in page.words
    browse(people.agent).post(f"/desk/calls/{call.ref}/outcome", {}, status=422)
