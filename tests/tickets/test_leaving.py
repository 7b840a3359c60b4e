"""Whoever leaves the desk leaves no ticket behind that others take for theirs."""

import pytest
from sqlalchemy import select

from app.accounts import administration
from app.analytics.queries import portal_figures
from app.events.models import Event
from app.extensions import db, queue
from app.lib.errors import NotFound
from app.mail.models import OutboundMail
from app.schedule import SCHEDULE
from app.tickets import actions, filing, leaving
from app.tickets.queries import ticket_for
from tests import factories


def assigned(ticket):
    """What the ticket's timeline says of its assignees, after the first."""
    query = select(Event).where(Event.ticket_id == ticket.id, Event.kind == "ticket.assigned").order_by(Event.id)
    return [(one.actor_id, one.facts["old_name"], one.facts["assignee_name"]) for one in db.session.scalars(query)][1:]


def shut_out(people, now):
    """Agent2 leaves the company; returns the event."""
    administration.set_enabled(people.agent2, False, actor=people.admin, now=now)
    db.session.commit()
    return db.session.scalars(select(Event).where(Event.kind == "account.changed")).one()


@pytest.mark.engines("sqlite", "postgresql")
def test_open_tickets_of_who_is_shut_out_go_back_to_their_team(app, people, now):
    mine = [factories.ticket(people.user, assignee=people.agent2, team="product") for _ in range(2)]
    waiting = factories.ticket(people.user, assignee=people.agent2, status="pending_customer")
    others, done = factories.ticket(people.user, assignee=people.agent), factories.ticket(people.user, assignee=people.agent2)
    factories.resolve(done, people.agent2)
    event = shut_out(people, now)
    for _ in range(2):
        leaving.follow_account(event.id)
    db.session.expire_all()
    assert [one.assignee_id for one in (*mine, waiting)] == [None] * 3
    assert {ticket_for(people.agent, one.ref).team.key for one in mine} == {"product"}
    assert [assigned(one) for one in (*mine, waiting)] == [[(None, "Samuel Osei", None)]] * 3
    assert (others.assignee_id, done.assignee_id) == (people.agent.id, people.agent2.id)


def test_another_role_gives_them_back_and_another_name_does_not(app, people, now):
    ticket = factories.ticket(people.user, assignee=people.agent2)
    for name, role in [("Sam Osei", "agent"), ("Sam Osei", "moderator")]:
        administration.change_person(people.agent2, name=name, role=role, organization=None, actor=people.admin, now=now)
        db.session.commit()
        leaving.follow_account(
            db.session.scalars(select(Event.id).where(Event.kind == "account.changed").order_by(Event.id.desc())).first()
        )
        db.session.expire_all()
        assert ticket.assignee_id == (people.agent2.id if role == "agent" else None)


def test_what_was_resolved_then_is_nobodys_when_it_comes_back(app, people, now):
    ticket = factories.resolve(factories.ticket(people.user, assignee=people.agent2), people.agent2)
    shut_out(people, now)
    assert leaving.sweep() == 0
    actions.reopen(ticket, "It happens again", actor=people.user, now=now)
    db.session.commit()
    assert leaving.sweep() == 1
    db.session.expire_all()
    assert ticket.assignee_id is None


@pytest.mark.engines("sqlite", "postgresql")
def test_whoever_leaves_an_organization_no_longer_reads_what_they_followed_there(app, people, now):
    left, kept = factories.ticket(people.user), factories.ticket(people.stranger)
    for ticket in (left, kept):
        filing.follow(ticket, people.colleague.email, actor=people.agent, now=now, person=people.colleague)
    assert ticket_for(people.colleague, left.ref)
    change(people, now, people.colleague, role="customer", organization=people.globex)
    assert ticket_for(people.colleague, kept.ref)
    with pytest.raises(NotFound):
        ticket_for(people.colleague, left.ref)
    assert [one.actor_id for one in removed()] == [None]


def test_whoever_leaves_the_desk_for_a_customer_follows_only_that_customers_tickets(app, people, now):
    left, kept = factories.ticket(people.stranger), factories.ticket(people.user)
    for ticket in (left, kept):
        filing.follow(ticket, people.agent2.email, actor=people.agent, now=now, person=people.agent2)
    change(people, now, people.agent2, role="lead", organization=None)
    assert removed() == []
    change(people, now, people.agent2, role="customer", organization=people.acme)
    assert [one.ticket_id for one in removed()] == [left.id]


def test_whoever_leaves_the_desk_for_nowhere_follows_nothing_more(app, people, now):
    guests, customers = factories.ticket(people.guest), factories.ticket(people.user)
    for ticket in (guests, customers):
        filing.follow(ticket, people.agent2.email, actor=people.agent, now=now, person=people.agent2)
    change(people, now, people.agent2, role="customer", organization=None)
    assert {one.ticket_id for one in removed()} == {guests.id, customers.id}
    with pytest.raises(NotFound):
        ticket_for(people.agent2, guests.ref)


def test_what_follows_from_leaving_is_wired(app, people, now, drain):
    """From the event by the wiring page and the clock page, in the queue."""
    mine, foreign = factories.ticket(people.user, assignee=people.agent2), factories.ticket(people.user)
    done = factories.resolve(factories.ticket(people.user, assignee=people.agent2), people.agent2)
    filing.follow(foreign, people.colleague.email, actor=people.agent, now=now, person=people.colleague)
    shut_out(people, now)
    administration.change_person(people.colleague, name="Ines", role="customer", organization=people.globex, actor=people.admin, now=now)
    drain()
    assert mine.assignee_id is None
    assert [one.ticket_id for one in removed()] == [foreign.id]
    actions.reopen(done, "It happens again", actor=people.user, now=now)
    db.session.commit()
    queue("default").enqueue(SCHEDULE["hand-back-tickets"].job)
    drain()
    assert done.assignee_id is None


def test_who_leaves_an_organization_reads_no_more_of_what_they_asked_there(app, people, now, browse, drain):
    asked, guests = factories.ticket(people.user, subject="Curator stops"), factories.ticket(people.guest)
    drain()
    people.globex.sharing = "own"
    change(people, now, people.user, role="customer", organization=people.globex)
    change(people, now, people.guest, role="customer", organization=people.globex)
    window = browse(people.user)
    window.get(f"/tickets/{asked.ref}", status=404)
    for page in ("/", "/tickets?state=all", "/tickets?state=all&q=curator", "/tickets?state=all&who=mine"):
        assert asked.ref not in window.get(page).text
    assert portal_figures(people.user, now).open == 0
    assert browse(people.guest).get(f"/tickets/{guests.ref}").markup
    assert asked.ref in browse(people.owner).get("/tickets").text
    change(people, now, people.user, role="customer", organization=people.acme)
    assert ticket_for(people.user, asked.ref)


def test_who_left_an_organization_is_not_written_to_and_the_desk_knows(app, people, now, browse, drain):
    ticket = factories.ticket(people.user)
    change(people, now, people.user, role="customer", organization=people.globex)
    drain()
    before = letters()
    page = browse(people.agent).get(f"/desk/tickets/{ticket.ref}")
    assert f"Not to {people.user.name}, who has left Acme Robotics. Add a colleague" in page.words
    factories.resolve(ticket, people.agent)
    drain()
    assert letters() == before
    filing.follow(ticket, people.colleague.email, actor=people.agent, now=now, person=people.colleague)
    factories.reply(ticket, people.agent)
    drain()
    assert [mail.recipient for mail in letters()[len(before) :]] == [people.colleague.email]


def letters():
    """Every mail, oldest first."""
    return db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)).all()


def change(people, now, person, **values):
    """Another role or organization, and what follows."""
    administration.change_person(person, name=person.name, actor=people.admin, now=now, **values)
    db.session.commit()
    number = db.session.scalars(select(Event.id).where(Event.kind == "account.changed").order_by(Event.id.desc())).first()
    for _ in range(2):
        leaving.follow_account(number)
    db.session.expire_all()


def removed():
    """The followers that were taken off."""
    return db.session.scalars(select(Event).where(Event.kind == "ticket.follower_removed").order_by(Event.id)).all()
