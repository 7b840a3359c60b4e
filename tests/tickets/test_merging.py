"""Two tickets about one thing become one, and can be parted again: nothing that was said is lost or seen by a stranger."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, NotFound, WrongState
from app.mail.models import OutboundMail
from app.sla.models import Clock
from app.surveys.models import Survey
from app.tickets import actions, drafts, filing, merging, queries
from app.tickets.models import Attachment, Draft, Follower, Message, TicketMerge
from tests import factories
from tests.tickets.shared import upload

pytestmark = pytest.mark.engines("sqlite", "postgresql")
LATER = timedelta(minutes=30)


@pytest.fixture
def pair(people, now):
    """(the older, by the owner; the newer, by a colleague half an hour later)."""
    older = factories.ticket(people.owner, body="The build is red since noon.", priority="high")
    return older, factories.ticket(people.colleague, body="Our zebrafish pipeline fails.", now=now + LATER)


@pytest.fixture
def agent(browse, people):
    """The agent's browser."""
    return browse(people.agent)


def fold(older, newer, people, now):
    """Merge and commit."""
    into = merging.merge(newer, older, link=f"/desk/tickets/{newer.ref}", actor=people.agent, now=now)
    db.session.commit()
    return into


def bodies(ticket):
    """What was said on a ticket, in order, without automatic answers."""
    query = select(Message.body).where(Message.ticket_id == ticket.id, Message.is_automatic.is_(False)).order_by(Message.id)
    return list(db.session.scalars(query))


def kinds(ticket):
    """The kinds of a ticket's events, in order."""
    return list(db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))


def clocks(ticket):
    """metric → state of the ticket's clocks."""
    return dict(db.session.execute(select(Clock.metric, Clock.state).where(Clock.ticket_id == ticket.id).order_by(Clock.id)).all())


def search(browser, word):
    """The numbers of the tickets that the desk finds by a word of their messages."""
    links = [one["href"] for one in browser.get(f"/desk/search?q={word}").markup.all("a") if "/desk/tickets/" in one.get("href")]
    return {re.search(r"HT-\w+", link)[0] for link in links}


def test_the_older_ticket_gets_what_was_said_and_the_newer_is_closed(pair, people, now):
    older, newer = pair
    assert fold(older, newer, people, now + 2 * LATER) is older
    assert bodies(older) == ["The build is red since noon.", "Our zebrafish pipeline fails."]
    assert bodies(newer) == []
    assert (newer.status, newer.is_open, newer.resolved_at) == ("closed", False, None)
    assert (kinds(newer)[-1], kinds(older)[-1]) == ("ticket.merged", "ticket.joined")
    assert set(clocks(newer).values()) == {"cancelled"}
    assert clocks(older)["first_response"] == "running"
    assert newer.next_due_at is None


def test_a_customer_who_waits_on_the_one_is_answered_on_the_other(pair, people, now):
    older, newer = pair
    actions.reply(older, "Which build?", actor=people.agent, now=now + LATER, status="pending_customer")
    db.session.commit()
    fold(older, newer, people, now + 2 * LATER)
    assert (older.status, older.last_public_by) == ("open", "customer")
    assert clocks(older) == {"first_response": "stopped", "resolution": "running", "next_response": "running"}


def test_a_ticket_that_waits_for_its_customer_wakes_nobody(pair, people, now):
    older, newer = pair
    for one in pair:
        actions.reply(one, "Which build?", actor=people.agent, now=now + LATER, status="pending_customer")
    db.session.commit()
    fold(older, newer, people, now + 2 * LATER)
    assert (older.status, older.last_public_by) == ("pending_customer", "staff")
    assert "next_response" not in clocks(older)


def test_parted_again_both_are_as_they_were(pair, people, now):
    older, newer = pair
    filing.follow(newer, "boss@example.com", actor=people.colleague, now=now)
    db.session.commit()
    before = [(bodies(one), one.status, clocks(one), one.next_due_at, followers(one)) for one in pair]
    fold(older, newer, people, now + 2 * LATER)
    actions.reply(older, "Both are known.", actor=people.agent, now=now + 3 * LATER)
    assert followers(older) == {people.colleague.email, "boss@example.com"}
    merging.unmerge(newer, older, actor=people.agent, now=now + 4 * LATER)
    db.session.commit()
    assert (bodies(newer), newer.status, clocks(newer), newer.next_due_at, followers(newer)) == before[1]
    assert bodies(older) == [*before[0][0], "Both are known."]
    assert followers(older) == before[0][4]
    assert db.session.scalar(select(TicketMerge.ticket_id)) is None
    assert newer.closed_at is None and queries.links(older) == []


def followers(ticket):
    """The addresses that follow."""
    return set(db.session.scalars(select(Follower.email).where(Follower.ticket_id == ticket.id)))


def tags(ticket):
    """What a ticket is filed under."""
    return queries.tags([ticket.id]).get(ticket.id, [])


def test_tags_come_along_and_are_taken_off_again(pair, people, now):
    older, newer = pair
    filing.set_tags(older, ["ci", "red"], actor=people.agent, now=now)
    filing.set_tags(newer, ["fish", "red"], actor=people.agent, now=now)
    db.session.commit()
    fold(older, newer, people, now + 2 * LATER)
    assert tags(older) == ["ci", "fish", "red"]
    merging.unmerge(newer, older, actor=people.agent, now=now + 3 * LATER)
    db.session.commit()
    assert (tags(older), tags(newer)) == (["ci", "red"], ["fish", "red"])


def test_no_more_tags_come_along_than_a_ticket_takes(pair, people, now):
    older, newer = pair
    filing.set_tags(older, [f"a{n}" for n in range(19)], actor=people.agent, now=now)
    filing.set_tags(newer, ["b1", "b2"], actor=people.agent, now=now)
    fold(older, newer, people, now + 2 * LATER)
    assert tags(older)[-2:] == ["a9", "b1"] and len(tags(older)) == 20


def test_merged_twice_is_merged_once(pair, people, now):
    older, newer = pair
    fold(older, newer, people, now + 2 * LATER)
    assert merging.merge(older, newer, link="/", actor=people.agent, now=now + 3 * LATER) is older
    assert kinds(older).count("ticket.joined") == 1


def test_a_merged_ticket_can_be_merged_on_and_is_parted_from_the_outside_in(pair, people, now):
    older, newer = pair
    oldest = factories.ticket(people.owner, body="The first of all.", now=now - LATER)
    fold(older, newer, people, now + 2 * LATER)
    fold(oldest, older, people, now + 3 * LATER)
    assert len(bodies(oldest)) == 3
    with pytest.raises(WrongState, match=f"{older.ref} is merged itself"):
        merging.unmerge(newer, older, actor=people.agent, now=now + 4 * LATER)
    merging.unmerge(older, oldest, actor=people.agent, now=now + 4 * LATER)
    merging.unmerge(newer, older, actor=people.agent, now=now + 4 * LATER)
    db.session.commit()
    assert [len(bodies(one)) for one in (oldest, older, newer)] == [1, 1, 1]


def test_tickets_of_two_customers_cannot_be_merged(pair, people, now):
    theirs, guest = factories.ticket(people.stranger), factories.ticket(people.guest)
    assert pair[0].organization_id != theirs.organization_id
    for one, other in ((pair[0], theirs), (theirs, guest), (guest, pair[1])):
        with pytest.raises(Invalid, match="different customers"):
            merging.merge(one, other, link="/", actor=people.agent, now=now + LATER)


def test_what_has_ended_is_not_merged_into(pair, people, now):
    older, newer = pair
    actions.resolve(older, "answered", actor=people.agent, now=now + LATER)
    with pytest.raises(WrongState, match="Reopen it first"):
        merging.merge(older, newer, link="/", actor=people.agent, now=now + LATER)
    with pytest.raises(NotAllowed):
        merging.merge(older, newer, link="/", actor=people.owner, now=now + LATER)


def test_files_go_with_their_messages_and_a_stranger_sees_neither(pair, people, now, browse):
    older, newer = pair
    uploaded = browse(people.colleague)
    uploaded.post(
        f"/tickets/{newer.ref}/replies",
        {"body": "The log.", "form_key": "k1", "files": upload(b"red\n", "build.log")},
        to=None,
        status=None,
    )
    ref = db.session.scalar(select(Attachment.ref).where(Attachment.ticket_id == newer.id))
    fold(older, newer, people, now + 2 * LATER)
    assert queries.attachment_for(people.owner, ref).ticket_id == older.id
    assert queries.attachment_for(people.colleague, ref).ticket_id == older.id
    with pytest.raises(NotFound):
        queries.attachment_for(people.stranger, ref)


def test_words_lead_to_where_they_stand_now(pair, people, now, agent):
    older, newer = pair
    assert search(agent, "zebrafish") == {newer.ref}
    fold(older, newer, people, now + 2 * LATER)
    assert search(agent, "zebrafish") == {older.ref}
    merging.unmerge(newer, older, actor=people.agent, now=now + 3 * LATER)
    db.session.commit()
    assert search(agent, "zebrafish") == {newer.ref}
    assert search(agent, "noon") == {older.ref}


def test_what_somebody_was_typing_waits_on_the_other_ticket(pair, people, now):
    older, newer = pair
    drafts.save_draft(newer, "I also see", "public", actor=people.colleague, now=now)
    drafts.save_draft(newer, "A note", "internal", actor=people.agent, now=now)
    drafts.save_draft(older, "An answer", "public", actor=people.agent, now=now)
    db.session.commit()
    fold(older, newer, people, now + 2 * LATER)
    kept = db.session.execute(select(Draft.ticket_id, Draft.user_id, Draft.body)).all()
    assert set(map(tuple, kept)) == {
        (older.id, people.colleague.id, "I also see"),
        (newer.id, people.agent.id, "A note"),
        (older.id, people.agent.id, "An answer"),
    }


def test_whoever_asked_is_told_where_it_goes_on_and_nobody_is_asked_for_a_score(pair, people, now, drain):
    older, newer = pair
    drain()
    fold(older, newer, people, now + 2 * LATER)
    drain()
    mails = db.session.scalars(select(OutboundMail).where(OutboundMail.template == "ticket_merged")).all()
    assert [mail.recipient for mail in mails] == [people.colleague.email]
    assert older.ref in mails[0].text
    assert db.session.scalar(select(Survey.id)) is None


def test_the_desk_shows_what_would_happen_then_does_it_and_takes_it_back(pair, people, agent):
    older, newer = pair
    assert older.ref in agent.get(f"/desk/tickets/{newer.ref}/merging").words
    shown = agent.get(f"/desk/tickets/{newer.ref}/merging?with={older.ref.lower()}").words
    assert "They were asked by different people" in shown
    assert "less urgent" not in shown
    agent.post(f"/desk/tickets/{newer.ref}/merging", {"with": older.ref}, to=f"/desk/tickets/{older.ref}")
    assert f"{newer.ref}, merged into this one" in agent.get(f"/desk/tickets/{older.ref}").words
    folded = agent.get(f"/desk/tickets/{newer.ref}").words
    assert f"Merged into {older.ref}" in folded and f"Called off: the ticket goes on in {older.ref}" in folded
    agent.post(f"/desk/tickets/{newer.ref}/messages", {"body": "Too late", "visibility": "reply", "form_key": "k2"}, status=409)
    agent.post(f"/desk/tickets/{newer.ref}/merging/removal", to=f"/desk/tickets/{newer.ref}")
    assert bodies(newer) == ["Our zebrafish pipeline fails."]
    agent.post(f"/desk/tickets/{newer.ref}/merging/removal", status=409)


def test_a_more_urgent_ticket_is_not_folded_without_a_word(people, now, agent):
    older = factories.ticket(people.owner, priority="low")
    newer = factories.ticket(people.owner, priority="high", now=now + LATER)
    assert f"{newer.ref} is high, {older.ref} is low" in agent.get(f"/desk/tickets/{older.ref}/merging?with={newer.ref}").words


@pytest.mark.parametrize(
    ("typed", "status", "told"),
    [("HT-0000000", 422, "no ticket with this number"), ("", 422, "no ticket"), ("itself", 422, "this very ticket")],
)
def test_a_number_that_cannot_be_is_told_beside_the_field(pair, agent, typed, status, told):
    typed = pair[0].ref if typed == "itself" else typed
    answer = agent.post(f"/desk/tickets/{pair[0].ref}/merging", {"with": typed}, status=status)
    assert told in answer.words


def test_a_ticket_that_was_closed_meanwhile_is_told(pair, people, now, agent):
    older, newer = pair
    actions.resolve(newer, "answered", actor=people.agent, now=now + LATER)
    actions.close(newer, actor=people.agent, now=now + LATER)
    assert "closed already" in agent.post(f"/desk/tickets/{older.ref}/merging", {"with": newer.ref}, status=409).words


def test_customers_are_led_to_where_it_goes_on_and_strangers_nowhere(pair, people, now, browse):
    older, newer = pair
    fold(older, newer, people, now + 2 * LATER)
    colleague = browse(people.colleague)
    colleague.get(f"/tickets/{newer.ref}", to=f"/tickets/{older.ref}")
    assert "Our zebrafish pipeline fails." in colleague.get(f"/tickets/{older.ref}").words
    refused = colleague.post(f"/tickets/{newer.ref}/replies", {"body": "And now?", "form_key": "k3"}, status=None)
    assert refused.status_code in (409, 422) and f"goes on in {older.ref}" in refused.words
    for ref in (older.ref, newer.ref):
        browse(people.stranger).get(f"/tickets/{ref}", status=404)
