"""Two matters in one ticket become two tickets: nothing that was said is lost, nobody gains time, and no stranger sees either."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, NotFound, Stale, WrongState
from app.mail.models import OutboundMail
from app.sla.models import Clock
from app.surveys.actions import is_opened_by_staff
from app.tickets import actions, filing, merging, queries, splitting
from app.tickets.models import Attachment, Follower, Message, Ticket, TicketLink
from app.triage.correcting import decided
from tests import factories
from tests.tickets.shared import key, upload

pytestmark = pytest.mark.engines("sqlite", "postgresql")
LATER = timedelta(minutes=30)
NOW = factories.NOW + 6 * LATER


@pytest.fixture
def ticket(people, now):
    """A ticket of the owner, half an hour apart: asked, answered, asked about something else, a note on that."""
    one = factories.ticket(people.owner, body="The build is red since noon.", subject="Red build", priority="high")
    actions.reply(one, "Which build?", actor=people.agent, now=now + LATER, status="pending_customer")
    actions.reply(one, "And our zebrafish licence ends in May.", actor=people.owner, now=now + 2 * LATER)
    actions.note(one, "A case for billing.", actor=people.agent2, now=now + 3 * LATER)
    db.session.commit()
    return one


@pytest.fixture
def agent(browse, people):
    """The agent's browser."""
    return browse(people.agent)


def said(ticket):
    """What was said on a ticket, in order, without automatic answers: text → id."""
    query = select(Message.body, Message.id).where(Message.ticket_id == ticket.id, Message.is_automatic.is_(False)).order_by(Message.id)
    return dict(db.session.execute(query).all())


def split(ticket, people, *texts, now=NOW, **over):
    """Split the messages with these texts off, and commit."""
    given = {"subject": "The licence", "priority": "medium", "category": "billing", **over}
    part = splitting.Part([said(ticket)[text] for text in texts], **given)
    made = splitting.split(ticket, part, address="/desk/tickets/{}".format, actor=people.agent, now=now)
    db.session.commit()
    return made


LICENCE, BILLING = "And our zebrafish licence ends in May.", "A case for billing."


def clocks(ticket):
    """metric → (state, when it began) of the ticket's clocks."""
    query = select(Clock.metric, Clock.state, Clock.started_at).where(Clock.ticket_id == ticket.id).order_by(Clock.id)
    return {metric: (state, at) for metric, state, at in db.session.execute(query)}


def events(ticket):
    """The kinds of a ticket's events, in order."""
    return list(db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))


def search(browser, word):
    """The numbers of the tickets that the desk finds by a word."""
    links = [one["href"] for one in browser.get(f"/desk/search?q={word}").markup.all("a") if "/desk/tickets/" in one.get("href")]
    return {re.search(r"HT-\w+", link)[0] for link in links}


def test_what_was_chosen_goes_to_a_new_ticket_of_the_same_customer(ticket, people):
    made = split(ticket, people, LICENCE, BILLING)
    assert list(said(ticket)) == ["The build is red since noon.", "Which build?"]
    assert list(said(made)) == [LICENCE, BILLING]
    assert (made.requester_id, made.organization_id) == (people.owner.id, people.owner.organization_id)
    assert (made.subject, made.status, made.priority, made.promised_priority, made.category) == (
        *("The licence", "new", "medium", "medium"),
        "billing",
    )
    assert events(made) == ["ticket.opened", "ticket.split_off", "ticket.triaged"]
    assert events(ticket)[-1] == "ticket.split"
    assert made.told_at == NOW == ticket.told_at


def test_nobody_gains_time_by_splitting(ticket, people, now):
    asked_at = now + 2 * LATER
    assert clocks(ticket)["next_response"] == ("running", asked_at)
    made = split(ticket, people, LICENCE)
    assert clocks(made) == {"first_response": ("running", asked_at), "resolution": ("running", asked_at)}
    assert (made.created_at, made.last_public_by) == (asked_at, "customer")
    # What we said last on the old one stands unanswered: nothing is owed there.
    assert clocks(ticket)["next_response"][0] == "cancelled"
    assert (ticket.last_public_by, ticket.next_metric) == ("staff", "resolution")


def test_what_was_answered_already_is_not_owed_a_first_response_again(ticket, people, now):
    actions.reply(ticket, "We look into the licence.", actor=people.agent, now=now + 4 * LATER)
    actions.reply(ticket, "Please do.", actor=people.owner, now=now + 5 * LATER)
    db.session.commit()
    made = split(ticket, people, LICENCE, "We look into the licence.", "Please do.")
    assert clocks(made) == {"next_response": ("running", now + 5 * LATER), "resolution": ("running", now + 2 * LATER)}
    assert (made.status, made.first_responded_at, made.first_response_seconds) == ("open", now + 4 * LATER, 3600)
    assert made.last_public_by == "customer"


def test_where_our_answer_goes_the_customer_waits_here_from_then_on(ticket, people, now):
    actions.reply(ticket, "We look into the licence.", actor=people.agent, now=now + 4 * LATER, status="pending_customer")
    db.session.commit()
    made = split(ticket, people, "Which build?", LICENCE, "We look into the licence.")
    assert clocks(made) == {"resolution": ("running", now + 2 * LATER)}
    assert (ticket.status, ticket.last_public_by) == ("open", "customer")
    assert clocks(ticket)["next_response"] == ("running", NOW)
    # What we wrote before they asked answers nothing.
    assert made.first_responded_at == now + 4 * LATER


def test_what_is_left_open_by_an_earlier_message_goes_on_to_be_owed(ticket, people, now):
    actions.reply(ticket, "The nightly build.", actor=people.owner, now=now + 4 * LATER)
    db.session.commit()
    split(ticket, people, "The nightly build.")
    assert clocks(ticket)["next_response"] == ("running", now + 2 * LATER)
    assert ticket.last_public_by == "customer"


def test_triage_finds_the_team_and_leaves_what_was_chosen(ticket, people, now):
    actions.reply(ticket, "Production down! Data loss! This is critical.", actor=people.owner, now=now + 4 * LATER)
    db.session.commit()
    made = split(ticket, people, "Production down! Data loss! This is critical.", priority="low", category="cli")
    assert (made.priority, made.promised_priority, made.category, made.needs_confirmation) == ("low", "low", "cli", False)
    assert "production_down" in {one.was for one in decided(made.id)}


def test_merged_back_all_is_as_it_was(ticket, people):
    before = list(said(ticket))
    made = split(ticket, people, LICENCE, BILLING)
    into = merging.merge(ticket, made, link=f"/desk/tickets/{made.ref}", actor=people.agent, now=NOW + LATER)
    db.session.commit()
    assert into is ticket
    assert list(said(ticket)) == before
    assert (ticket.last_public_by, clocks(ticket)["next_response"]) == ("customer", ("running", NOW + LATER))
    assert {state for state, _ in clocks(made).values()} == {"cancelled"}


def test_a_merge_is_not_undone_while_some_of_it_is_split_off(ticket, people, now):
    newer = factories.ticket(people.colleague, body="A wholly other thing.", now=now + LATER)
    merging.merge(ticket, newer, link="/", actor=people.agent, now=NOW - LATER)
    db.session.commit()
    split(ticket, people, "A wholly other thing.")
    with pytest.raises(WrongState, match="lost some of them by a split"):
        merging.unmerge(newer, ticket, actor=people.agent, now=NOW + LATER)


def test_followers_are_copied_and_each_ticket_links_to_the_other(ticket, people, now):
    filing.follow(ticket, people.colleague.email, actor=people.owner, person=people.colleague, now=now)
    filing.follow(ticket, "boss@example.com", actor=people.owner, now=now)
    db.session.commit()
    made = split(ticket, people, LICENCE)
    query = select(Follower.email, Follower.user_id).where(Follower.ticket_id == made.id).order_by(Follower.email)
    assert db.session.execute(query).all() == [("boss@example.com", None), (people.colleague.email, people.colleague.id)]
    links = db.session.scalars(select(TicketLink).order_by(TicketLink.id)).all()
    assert [(one.ticket_id, one.other_id, one.url) for one in links] == [
        (ticket.id, made.id, f"/desk/tickets/{made.ref}"),
        (made.id, ticket.id, f"/desk/tickets/{ticket.ref}"),
    ]


def test_one_mail_tells_each_of_them_and_none_is_automatic_a_second_time(ticket, people, now, drain):
    filing.follow(ticket, people.colleague.email, actor=people.owner, person=people.colleague, now=now)
    db.session.commit()
    drain()
    count = len(db.session.scalars(select(OutboundMail.id)).all())
    made = split(ticket, people, LICENCE)
    drain()
    mails = db.session.scalars(select(OutboundMail).order_by(OutboundMail.id)).all()[count:]
    assert sorted((mail.template, mail.recipient) for mail in mails) == [
        ("ticket_split", people.colleague.email),
        ("ticket_split", people.owner.email),
    ]
    assert all(made.ref in mail.text and ticket.ref in mail.text and LICENCE in mail.text for mail in mails)
    assert not db.session.scalar(select(Message.id).where(Message.ticket_id == made.id, Message.is_automatic))
    assert not is_opened_by_staff(made.id)


def test_files_go_with_their_messages_and_a_stranger_sees_neither(ticket, people, browse):
    form = {"body": "The contract.", "form_key": key(), "files": upload(b"May\n", "licence.log")}
    browse(people.owner).post(f"/tickets/{ticket.ref}/replies", form, to=None, status=None)
    ref = db.session.scalar(select(Attachment.ref).where(Attachment.ticket_id == ticket.id))
    made = split(ticket, people, "The contract.")
    assert queries.attachment_for(people.owner, ref).ticket_id == made.id
    with pytest.raises(NotFound):
        queries.attachment_for(people.stranger, ref)
    browse(people.stranger).get(f"/tickets/{made.ref}", status=404)


def test_words_lead_to_where_they_stand_now(ticket, people, agent):
    assert search(agent, "zebrafish") == {ticket.ref}
    made = split(ticket, people, LICENCE, subject="Quagga renewal")
    assert search(agent, "zebrafish") == {made.ref}
    assert search(agent, "quagga") == {made.ref}
    assert search(agent, "noon") == {ticket.ref}


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["The build is red since noon.", LICENCE], "The first message stays"),
        (["Which build?", BILLING], "at least one public message of the customer"),
    ],
)
def test_what_cannot_be_chosen_is_refused(ticket, people, texts, told):
    with pytest.raises(Invalid, match=told):
        split(ticket, people, *texts)


def test_who_may_not_and_what_has_ended(ticket, people, now):
    part = splitting.Part([said(ticket)[LICENCE]], "The licence", "medium", "billing")
    with pytest.raises(NotAllowed):
        splitting.split(ticket, part, address=str, actor=people.owner, now=NOW)
    older = factories.ticket(people.owner, now=now - LATER)
    merging.merge(older, ticket, link="/", actor=people.agent, now=NOW)
    db.session.commit()
    with pytest.raises(WrongState, match=f"stands in {older.ref}"):
        splitting.split(ticket, part, address=str, actor=people.agent, now=NOW)


def test_what_is_resolved_stays_resolved(ticket, people, now):
    actions.resolve(ticket, "answered", actor=people.agent, now=now + 4 * LATER)
    db.session.commit()
    made = split(ticket, people, LICENCE)
    assert (ticket.status, made.status, ticket.last_public_by) == ("resolved", "new", "staff")


def test_a_thank_you_that_went_elsewhere_is_not_dismissed_here(ticket, people, now):
    actions.resolve(ticket, "answered", actor=people.agent, now=now + 4 * LATER)
    actions.reply(ticket, "Thank you!", actor=people.owner, now=now + 5 * LATER)
    db.session.commit()
    assert ticket.thanked_at
    split(ticket, people, LICENCE, "Thank you!")
    assert ticket.thanked_at is None


def test_others_were_faster(ticket, people):
    seen = queries.newest_event(ticket.id, people.agent)
    actions.reply(ticket, "I take both.", actor=people.agent2, now=NOW - LATER)
    db.session.commit()
    with pytest.raises(Stale):
        split(ticket, people, LICENCE, seen=seen)


def value_of(page, name):
    """What a field of the page holds."""
    return next(one["value"] for one in page.markup.all("input") if one.get("name") == name)


def form_of(agent, ticket, *texts, **over):
    """The form of the page, filled in."""
    page = agent.get(f"/desk/tickets/{ticket.ref}/splitting")
    sent = {name: value_of(page, name) for name in ("form_key", "seen", "subject")}
    return sent | {"messages": [said(ticket)[text] for text in texts], "priority": "medium", "category": "billing", **over}


def made_of(ticket):
    """The ticket that was split off."""
    return db.session.scalars(
        select(Ticket).where(Ticket.id == select(TicketLink.other_id).where(TicketLink.ticket_id == ticket.id).scalar_subquery())
    ).one()


def test_the_desk_shows_what_would_happen_then_does_it_once(ticket, people, agent):
    shown = agent.get(f"/desk/tickets/{ticket.ref}").markup
    assert f"/desk/tickets/{ticket.ref}/splitting" in {one.get("href") for one in shown.all("a")}
    page = agent.get(f"/desk/tickets/{ticket.ref}/splitting").words
    assert "nobody gains time" in page and LICENCE in page and "The build is red since noon." not in page
    form = form_of(agent, ticket, LICENCE, BILLING)
    assert form["subject"] == LICENCE
    for _ in range(2):
        answer = agent.post(f"/desk/tickets/{ticket.ref}/splitting", form, to=None, status=303)
        assert answer.headers["Location"] == f"/desk/tickets/{made_of(ticket).ref}"
    made = made_of(ticket)
    assert events(ticket).count("ticket.split") == 1
    assert f"Split off from {ticket.ref}" in agent.get(f"/desk/tickets/{made.ref}").words
    assert f"{made.ref} was split off from this ticket" in agent.get(f"/desk/tickets/{ticket.ref}").words


def test_the_customer_reads_of_it_on_both(ticket, people, browse):
    made = split(ticket, people, LICENCE, BILLING)
    owner = browse(people.owner)
    assert f"{made.ref} was split off from this ticket" in owner.get(f"/tickets/{ticket.ref}").words
    there = owner.get(f"/tickets/{made.ref}").words
    assert f"Split off from {ticket.ref}" in there and LICENCE in there and BILLING not in there


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"messages": []}, "Tick at least one message."),
        ({"messages": ["x"]}, "Choose among those that are offered."),
        ({"subject": " "}, "Give it a subject"),
        ({"subject": "x" * 141}, "140"),
        ({"priority": "urgent"}, "Choose one of those that are offered."),
    ],
)
def test_a_form_that_is_wrong_says_so_and_keeps_what_was_typed(ticket, people, agent, over, told):
    answer = agent.post(f"/desk/tickets/{ticket.ref}/splitting", form_of(agent, ticket, LICENCE, **{"subject": "Kept", **over}), status=422)
    assert told in answer.words
    assert events(ticket).count("ticket.split") == 0
    assert "subject" in over or 'value="Kept"' in answer.text


def test_a_stale_page_keeps_what_was_chosen_and_can_be_sent_again(ticket, people, agent):
    form = form_of(agent, ticket, LICENCE, subject="Kept")
    actions.reply(ticket, "I take both.", actor=people.agent2, now=NOW)
    db.session.commit()
    answer = agent.post(f"/desk/tickets/{ticket.ref}/splitting", form, status=409)
    assert "changed while you were choosing" in answer.words and "I take both." in answer.words
    boxes = [one["value"] for one in answer.markup.all("input") if one.get("name") == "messages" and "checked" in one.attributes]
    assert boxes == [str(said(ticket)[LICENCE])]
    agent.post(f"/desk/tickets/{ticket.ref}/splitting", form | {"seen": value_of(answer, "seen")}, to=None, status=303)


def test_what_went_elsewhere_meanwhile_is_told(ticket, people, agent):
    form = form_of(agent, ticket, LICENCE)
    split(ticket, people, LICENCE)
    answer = agent.post(f"/desk/tickets/{ticket.ref}/splitting", form | {"seen": ""}, status=409)
    assert "not on this ticket any more" in answer.words


def test_a_ticket_of_one_message_or_that_is_closed_says_that_there_is_nothing_to_split(people, agent):
    one = factories.ticket(people.owner)
    factories.note(one, people.agent)
    assert "has written nothing else yet" in agent.get(f"/desk/tickets/{one.ref}/splitting").words
    closed = factories.ticket(people.owner, status="closed")
    assert "closed, and stays as it is" in agent.get(f"/desk/tickets/{closed.ref}/splitting").words


def test_customers_have_no_such_page(ticket, people, browse):
    for person in (people.owner, people.stranger):
        browse(person).get(f"/desk/tickets/{ticket.ref}/splitting", status=403)
