"""What was read beside a ticket that somebody waited for is what stands beside it now, on both databases."""

import pytest

from app.accounts.models import User
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.database import writing
from app.tickets import filing
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
