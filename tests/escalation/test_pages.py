"""Escalation on the pages of a ticket: at the desk, for its customer, and what customers never read."""

import pytest
from sqlalchemy import select

from app.extensions import db
from app.mail.models import OutboundMail
from app.tickets import filing
from app.tickets.models import Ticket
from tests import factories
from tests.escalation.shared import WHY, alerts, clock_of, escalate, events

SENT = {"tier": "3", "trigger": "by_hand", "reason": WHY, "page": "y"}


def url(ticket, rest="escalation", door="/desk"):
    """Where a ticket's escalation is."""
    return f"{door}/tickets/{ticket.ref}/{rest}"


def now_is(ticket):
    """The ticket as the database has it."""
    db.session.rollback()
    return db.session.scalars(select(Ticket).where(Ticket.id == ticket.id).execution_options(populate_existing=True)).one()


def test_an_agent_escalates_by_the_page(people, browse):
    ticket, agent = factories.ticket(people.stranger, priority="critical"), browse(people.agent)
    assert url(ticket) in agent.get(f"/desk/tickets/{ticket.ref}").text
    fields = agent.get(url(ticket)).markup.fields()
    assert (fields["tier"], fields["trigger"], fields["page"]) == ("3", "by_hand", "y")
    agent.post(url(ticket), SENT, to=f"/desk/tickets/{ticket.ref}")
    page = agent.get(f"/desk/tickets/{ticket.ref}")
    assert "Escalated to tier 3 Since" in page.words
    assert "Escalated, tier 3" in page.words
    assert WHY in page.words
    assert now_is(ticket).tier == 3


def test_the_dialog_gets_the_form_alone_and_leaves_when_it_is_done(people, browse):
    ticket, agent = factories.ticket(people.user), browse(people.agent)
    part = agent.get(url(ticket), htmx=True)
    assert "<html" not in part.text
    answer = agent.post(url(ticket), SENT, htmx=True)
    assert answer.headers["HX-Redirect"] == f"/desk/tickets/{ticket.ref}"


@pytest.mark.parametrize("over", [{"reason": "  "}, {"reason": "x" * 1001}, {"tier": "1"}, {"tier": "nine"}, {"trigger": "boredom"}])
@pytest.mark.parametrize("htmx", [False, True])
def test_bad_input_keeps_what_was_typed(people, browse, over, htmx):
    ticket = factories.ticket(people.user)
    page = browse(people.agent).post(url(ticket), {**SENT, **over}, status=422, htmx=htmx)
    assert page.markup.fields(page.markup.all("form")[-1 if htmx else 0]) is not None
    assert over.get("reason", WHY).strip()[:40] in page.text
    assert events("ticket.escalated", ticket) == []


def test_an_agent_takes_it_back_with_a_reason(people, browse, now):
    ticket, agent = factories.ticket(people.stranger), browse(people.agent)
    escalate(ticket, people, now)
    agent.post(url(ticket, "deescalation"), {"back-tier": "2", "back-reason": " "}, status=422)
    agent.post(url(ticket, "deescalation"), {"back-tier": "2", "back-reason": "It was theirs."}, to=f"/desk/tickets/{ticket.ref}")
    page = agent.get(f"/desk/tickets/{ticket.ref}")
    assert "De-escalated to tier 2" in page.words
    assert "It was theirs." in page.words
    assert now_is(ticket).escalated_at is None


def test_a_proposal_is_decided_in_the_panel(people, browse, drain):
    ticket = factories.ticket(people.stranger, subject="Production is down", body="Production is down for all our users since 09:00.")
    drain()
    agent = browse(people.agent)
    assert "Confirm the escalation" in agent.get(f"/desk/tickets/{ticket.ref}").words
    agent.post(url(ticket, "escalation/decision"), {"decision": "perhaps"}, status=422)
    agent.post(url(ticket, "escalation/decision"), {"decision": "accept"}, to=f"/desk/tickets/{ticket.ref}")
    page = agent.get(f"/desk/tickets/{ticket.ref}")
    assert "Confirm the escalation" not in page.words
    assert now_is(ticket).escalated_at is not None


def test_a_ticket_that_is_done_offers_no_escalation(people, browse):
    ticket = factories.resolve(factories.ticket(people.user), people.agent)
    agent = browse(people.agent)
    assert "Reopen it before you escalate it" in agent.get(url(ticket)).words
    agent.post(url(ticket), SENT, status=409)


def test_a_customer_of_an_enterprise_plan_escalates_and_is_told(people, browse, drain, smtp, now):
    ticket, customer = factories.ticket(people.user), browse(people.user)
    assert url(ticket, door="") in customer.get(f"/tickets/{ticket.ref}").text
    assert "within 1 h" in customer.get(url(ticket, door="")).words
    customer.post(url(ticket, door=""), {"reason": " "}, status=422)
    customer.post(url(ticket, door=""), {"reason": "Our launch is today."}, to=f"/tickets/{ticket.ref}")
    page = customer.get(f"/tickets/{ticket.ref}")
    assert "Your ticket is escalated." in page.words
    assert "Escalated by Marcus Webb" in page.words
    assert "Our launch is today." in page.words
    assert url(ticket, door="") not in page.text
    assert [alert.severity for alert in alerts()] == ["page"]
    assert clock_of(ticket, "first_response").target_seconds == 3600


def test_asking_again_changes_nothing(people, browse):
    ticket, customer = factories.ticket(people.user), browse(people.owner)
    for _ in range(2):
        customer.post(url(ticket, door=""), {"reason": "Our launch is today."}, to=f"/tickets/{ticket.ref}")
    assert len(events("ticket.escalated", ticket)) == len(events("ticket.replied", ticket)) == 1
    assert "This ticket is escalated" in customer.get(url(ticket, door="")).words


@pytest.mark.parametrize(
    ("who", "whose", "status"),
    [("stranger", "user", 404), ("stranger", "stranger", 403), ("guest", "guest", 403), ("agent", "user", 403), ("moderator", "user", 404)],
)
def test_others_neither_see_nor_use_it(people, browse, who, whose, status):
    ticket, window = factories.ticket(getattr(people, whose)), browse(getattr(people, who))
    window.get(url(ticket, door=""), status=status)
    window.post(url(ticket, door=""), {"reason": WHY}, status=status)
    if who == whose:
        assert "escalation" not in window.get(f"/tickets/{ticket.ref}").text
    assert events("ticket.escalated", ticket) == []


@pytest.mark.usefixtures("rate_limits")
def test_a_customer_who_asks_without_end_is_slowed_down(people, browse):
    ticket, customer = factories.ticket(people.user), browse(people.user)
    for _ in range(10):
        customer.post(url(ticket, door=""), {"reason": ""}, status=422)
    customer.post(url(ticket, door=""), {"reason": WHY}, status=429)


def test_the_customer_reads_a_plain_sentence_and_no_internal_word(people, browse, now, drain):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now, reason="Their admin is difficult; call Helena.", trigger="public_relations")
    page = browse(people.user).get(f"/tickets/{ticket.ref}")
    assert "Escalated by Aiko Tanaka: senior engineers look at it first now" in page.words
    for secret in ("difficult", "Helena", "public", "Enterprise team", "tier 3"):
        assert secret not in page.words


def test_the_requester_and_the_followers_are_mailed_once(people, now, drain):
    ticket = factories.ticket(people.user)
    escalate(ticket, people, now)
    drain()
    mails = [mail for mail in sent() if mail.template == "ticket_escalated"]
    assert [mail.recipient for mail in mails] == [people.user.email]
    assert "A person answers by Mon 23 Nov, 06:00 EST" in mails[0].text
    assert WHY not in mails[0].text


def test_only_whoever_asked_reads_that_they_did(people, browse, drain):
    ticket = factories.ticket(people.user)
    filing.follow(ticket, people.owner.email, actor=people.user, now=factories.NOW, person=people.owner)
    browse(people.owner).post(url(ticket, door=""), {"reason": WHY}, to=f"/tickets/{ticket.ref}")
    drain()
    read = {mail.recipient: mail.text for mail in sent() if mail.template == "ticket_escalated"}
    assert "As you asked, this ticket is escalated." in read[people.owner.email]
    assert f"{people.owner.name} asked for it, and this ticket is escalated." in read[people.user.email]


def sent():
    """Every mail that was written."""
    return db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)).all()


def test_the_page_of_a_ticket_asks_no_more_than_before(people, browse, statements, now):
    calm, loud, agent = factories.ticket(people.user), factories.ticket(people.user), browse(people.agent)
    escalate(loud, people, now)
    counts = []
    for ticket in (calm, calm, loud):
        with statements() as seen:
            agent.get(f"/desk/tickets/{ticket.ref}")
        counts.append(len(seen))
    assert counts[1] == counts[2]
