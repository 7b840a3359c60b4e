"""Who waits for somebody else at the same ticket finds it, and what was said on it, as it is now; on both databases."""

import pytest
from sqlalchemy import select

from app.accounts.models import Team, User
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.macros.models import Macro
from app.tickets import actions, drafts, filing
from app.tickets.models import Draft, Message, Ticket
from app.tickets.queries import ticket_for
from tests import factories
from tests.processes import after

BOTH = pytest.mark.engines("sqlite", "postgresql")


@BOTH
def test_who_waits_for_a_ticket_sees_whose_it_is_now(app, people):
    ref, lead, agent2 = factories.ticket(people.user, assignee=people.agent).ref, people.lead.id, people.agent2.id

    def assign():
        actor = db.session.get_one(User, lead)
        filing.assign(ticket_for(actor, ref, for_change=True), db.session.get_one(User, agent2), actor=actor, now=utcnow())

    def look():
        with app.app_context(), writing():
            ticket = ticket_for(db.session.get_one(User, lead), ref, for_change=True)
            return ticket.assignee_id, ticket.assignee and ticket.assignee.id

    assert after(assign, look) == (agent2, agent2)


@BOTH
def test_who_waits_for_a_ticket_finds_it_with_whom_it_is_from_and_where_it_is_now(app, people):
    ticket, lead, colleague = factories.ticket(people.user), people.lead.id, people.colleague.id
    ref, team = ticket.ref, db.session.scalars(select(Team.id).where(Team.id.is_distinct_from(ticket.team_id))).first()

    def hand_over():
        held = ticket_for(db.session.get_one(User, lead), ref, for_change=True)
        held.requester_id, held.team_id, held.organization_id = colleague, team, None

    def look():
        with app.app_context(), writing():
            ticket = ticket_for(db.session.get_one(User, lead), ref, for_change=True)
            return ticket.requester.id, ticket.team.id, ticket.organization

    assert after(hand_over, look) == (colleague, team, None)


@pytest.fixture
def send(people):
    """Sends a reply by the same form each time, in the words of the page; returns its number."""
    ref, agent = factories.ticket(people.user).ref, people.agent.id

    def send():
        actor = db.session.get_one(User, agent)
        ticket = ticket_for(actor, ref, for_change=True)
        return actions.reply(ticket, "Which version?", actor=actor, now=utcnow(), form_key="once").id

    send.ref, send.agent = ref, agent
    return send


@BOTH
def test_a_form_that_is_sent_twice_at_once_writes_one_reply(app, send):
    def again():
        with app.app_context(), writing():
            found = send()
            db.session.commit()
            return found

    sent = after(send, again)
    assert db.session.scalars(select(Message.id).where(Message.body == "Which version?")).all() == [sent]


@BOTH
def test_a_draft_of_what_is_being_sent_waits_and_is_not_kept(app, send):
    def type_on():
        with app.app_context(), writing():
            actor = db.session.get_one(User, send.agent)
            ticket = ticket_for(actor, send.ref)
            drafts.save_draft(ticket, "Which version?", "public", actor=actor, now=utcnow(), form_key="once")
            db.session.commit()

    after(send, type_on)
    assert db.session.scalars(select(Draft)).all() == []


@BOTH
def test_a_form_that_is_sent_twice_at_once_opens_one_ticket(app, people):
    user, used = people.user.id, db.session.scalar(select(Macro.uses).where(Macro.kind == "question"))
    asked = actions.NewTicket("question", "Which version?", {"body": "I have several."}, form_key="once")

    def send():
        requester = db.session.get_one(User, user)
        return actions.open_ticket(asked, requester=requester, actor=requester, now=utcnow()).id

    def again():
        with app.app_context(), writing():
            found = send()
            db.session.commit()
            return found

    sent = after(send, again)
    assert db.session.scalars(select(Ticket.id)).all() == [sent]
    assert len(db.session.scalars(select(Message).where(Message.ticket_id == sent)).all()) == 2
    assert db.session.scalar(select(Macro.uses).where(Macro.kind == "question")) == used + 1
