"""Replies, notes and drafts at the desk: sent once, never lost, and never without knowing what came meanwhile."""

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm.exc import StaleDataError

from app.events.models import Event
from app.extensions import db
from app.macros.models import Macro
from app.mail.models import OutboundMail
from app.tickets import actions, drafts, filing
from app.tickets.models import Attachment, Draft, Message, StagedFile, Ticket
from tests import factories

HOSTILE = ["\0nul", "\u202eevil", "<script>alert(1)</script>", "a\r\nBcc: x@example.com", "🐝" * 100, "](javascript:alert(1))"]


@pytest.fixture
def desk(browse, people):
    """The agent's browser."""
    return browse(people.agent)


@pytest.fixture
def ticket(people):
    """A question of a customer with a contract."""
    return factories.ticket(people.owner)


def url(ticket, more=""):
    """The address of a ticket's page."""
    return f"/desk/tickets/{ticket.ref}{more}"


def composer(desk, ticket, **over):
    """The composer's fields as the page has them, filled in."""
    page = desk.get(url(ticket))
    fields = page.markup.fields(page.markup.one("form", aria_label="Write"))
    return {**fields, **over}


def messages(ticket):
    """(body, visibility) of each message that a person wrote after the first."""
    query = select(Message).where(Message.ticket_id == ticket.id, Message.is_automatic.is_(False)).order_by(Message.id)
    return [(one.body, one.visibility) for one in db.session.scalars(query)][1:]


def events(ticket, kind):
    """How many events of a kind the ticket has."""
    return db.session.scalar(select(func.count()).where(Event.ticket_id == ticket.id, Event.kind == kind))


def draft_of(ticket, person):
    """What somebody has typed and not sent."""
    return db.session.get(Draft, (ticket.id, person.id))


def test_a_reply_is_sent_and_leads_to_itself(desk, ticket, people):
    desk.post(url(ticket, "/messages"), composer(desk, ticket, body="Please try **2.0.1**."), to=url(ticket, f"#m{last_id(ticket) + 1}"))
    db.session.refresh(ticket)
    assert messages(ticket) == [("Please try **2.0.1**.", "public")] and ticket.status == "open" and ticket.last_public_by == "staff"
    assert events(ticket, "ticket.replied") == 1


def last_id(ticket):
    """The id of the newest message."""
    return db.session.scalar(select(func.max(Message.id)).where(Message.ticket_id == ticket.id))


@pytest.mark.parametrize("status", ["open", "pending_customer", "on_hold", "resolved"])
def test_a_reply_sets_the_status_along_with_it(desk, ticket, status):
    desk.post(url(ticket, "/messages"), composer(desk, ticket, body="Done.", status=status), to=url(ticket))
    db.session.refresh(ticket)
    assert ticket.status == status and events(ticket, "ticket.resolved") == (status == "resolved")


def test_a_note_stays_inside_and_changes_no_status(desk, ticket, people, drain):
    desk.post(url(ticket, "/messages"), composer(desk, ticket, body="Ours alone.", visibility="note", status="resolved"), to=url(ticket))
    db.session.refresh(ticket)
    assert messages(ticket) == [("Ours alone.", "internal")] and ticket.status == "new"
    drain()
    assert not db.session.scalars(select(OutboundMail).where(OutboundMail.text.contains("Ours alone"))).all()


def test_for_htmx_the_thread_comes_anew_with_an_empty_composer(desk, ticket):
    sent = composer(desk, ticket, body="Hello.")
    answer = desk.post(url(ticket, "/messages"), sent, htmx=True)
    fields = answer.markup.fields(answer.markup.one("form", aria_label="Write"))
    assert fields["body"] == "" and fields["form_key"] != sent["form_key"]
    assert {one["hx-target"] for one in answer.markup.all("hx-partial")} >= {f"#ticket-{ticket.id}-timeline", f"#ticket-{ticket.id}-panel"}
    assert "Reply sent" in answer.words and "Hello." in answer.words


def test_the_list_beside_it_shows_how_the_ticket_stands_after_a_reply(desk, ticket, people):
    filing.assign(ticket, people.agent, actor=people.agent, now=factories.NOW)
    pane = f"/desk/queue/mine/pane?current={ticket.ref}"
    before = desk.get(pane, htmx=True).markup.one("a", id=f"pane-{ticket.ref}")
    answer = desk.post(url(ticket, "/messages"), composer(desk, ticket, body="Which version?", status="pending_customer"), htmx=True)
    row = answer.markup.one("a", id=f"pane-{ticket.ref}")
    assert row["hx-swap-oob"] == "true" and "Waiting" in row.text and "Paused" in row.text
    assert "Waiting" not in before.text and row["href"] == before["href"] and row["aria-current"] == "page"
    after = desk.get("/desk/queue/waiting/pane", htmx=True).markup.one("a", id=f"pane-{ticket.ref}")
    assert after.text == row.text, "as the list itself shows it"


@pytest.mark.parametrize("htmx", [False, True])
def test_sending_twice_writes_one_reply(desk, ticket, htmx):
    sent = composer(desk, ticket, body="Once.", macro="1", staged="")
    file = {"files": (BytesIO(b"log"), "a.log")}
    uses = db.session.get(Macro, 1).uses
    for data in ({**sent, **file}, {**sent, "files": (BytesIO(b"log"), "a.log")}):
        desk.post(url(ticket, "/messages"), data, htmx=htmx, **({} if htmx else {"to": url(ticket)}))
    assert messages(ticket) == [("Once.", "public")] and events(ticket, "ticket.replied") == 1
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 1
    assert db.session.scalar(select(func.count()).select_from(StagedFile)) == 0
    db.session.expire_all()
    assert db.session.get(Macro, 1).uses == uses + 1


@pytest.mark.parametrize("htmx", [False, True])
def test_a_page_out_of_the_history_writes_anew_and_loses_nothing(desk, ticket, people, htmx):
    """Its key has been used already; other words, or the same ones for other readers, are another message."""
    page = composer(desk, ticket)
    words = [("First.", "note"), ("Second.", "note"), ("Second.", "reply"), ("Second.", "reply"), ("First.", "note")]
    for body, visibility in words:
        sent = {**page, "body": body, "visibility": visibility}
        desk.post(url(ticket, "/messages"), sent, htmx=htmx, **({} if htmx else {"to": url(ticket)}))
    assert messages(ticket) == [("First.", "internal"), ("Second.", "internal"), ("Second.", "public")]
    desk.post(url(ticket, "/draft"), {**page, "body": "Third, not"}, htmx=True)
    assert draft_of(ticket, people.agent).body == "Third, not"
    desk.post(url(ticket, "/draft"), {**page, "body": "First. And this."}, htmx=True)
    assert draft_of(ticket, people.agent).body == "First. And this."
    for late in ({"body": "Firs"}, {"body": "Second.", "visibility": "note"}):
        desk.post(url(ticket, "/draft"), {**page, "body": "Third", "visibility": "note"}, htmx=True)
        desk.post(url(ticket, "/draft"), {**page, **late}, htmx=True)
        assert draft_of(ticket, people.agent) is None


def test_the_key_of_another_ticket_or_person_guards_nothing_of_theirs(desk, browse, ticket, people):
    other = factories.ticket(people.owner)
    sent = composer(desk, ticket, body="Here.")
    desk.post(url(ticket, "/messages"), sent, to=url(ticket))
    desk.post(url(other, "/messages"), {**composer(desk, other, body="There."), "form_key": sent["form_key"]}, to=url(other))
    browse(people.agent2).post(url(ticket, "/messages"), {**sent, "seen": "99999"}, to=url(ticket))
    assert len(messages(ticket)) == 2 and len(messages(other)) == 1


@pytest.mark.parametrize("htmx", [False, True])
def test_what_others_did_meanwhile_is_told_before_a_reply_leaves(desk, ticket, people, htmx):
    sent = composer(desk, ticket, body="Written meanwhile.", status="pending_customer")
    factories.reply(ticket, people.owner, "It works with Vec<T> & co now, thank you!")
    filing.set_priority(ticket, "high", actor=people.agent2, now=factories.NOW, reason="Production is affected")
    db.session.commit()
    answer = desk.post(url(ticket, "/messages"), sent, status=409, htmx=htmx)
    assert "Frieda Brandt replied" in answer.words and "It works with Vec<T> & co now, thank you!" in answer.words
    assert "Priority changed from medium to high by Samuel Osei" in answer.words and "Mon 23 Nov, 19:00 JST" in answer.words
    assert messages(ticket) == [("It works with Vec<T> & co now, thank you!", "public")]
    assert draft_of(ticket, people.agent).body == "Written meanwhile."
    again = answer.markup.fields(answer.markup.one("form", aria_label="Write"))
    assert again["body"] == "Written meanwhile." and again["status"] == "pending_customer" and again["form_key"] == sent["form_key"]
    assert "Send anyway" in answer.words
    desk.post(url(ticket, "/messages"), again, to=url(ticket))
    db.session.refresh(ticket)
    assert messages(ticket)[-1] == ("Written meanwhile.", "public") and ticket.status == "pending_customer"
    assert draft_of(ticket, people.agent) is None


@pytest.mark.engines("sqlite", "postgresql")
def test_the_thread_tells_which_answer_brought_another_status(desk, browse, ticket, people):
    at = ticket.created_at
    factories.reply(ticket, people.agent, "We look at it.")
    assert "Status set" not in desk.get(url(ticket)).words
    factories.reply(ticket, people.agent, "Does 2.0.1 help?", status="pending_customer", now=at + timedelta(minutes=10))
    factories.reply(ticket, people.owner, "It does not.", now=at + timedelta(minutes=20))
    told = desk.get(url(ticket)).words
    assert told.count("Status set to Waiting on customer by Aiko Tanaka") == told.count("Open again with this answer") == 1
    assert "Status set to Needs you by Aiko Tanaka" in browse(people.owner).get(f"/tickets/{ticket.ref}").words
    factories.reply(ticket, people.agent, "And 2.0.2?", status="pending_customer", now=at + timedelta(minutes=30))
    factories.reply(ticket, people.owner, "That is it.", status="resolved", now=at + timedelta(minutes=40))
    told = desk.get(url(ticket)).words
    assert told.count("Open again with this answer") == told.count("Marked as resolved by Frieda Brandt") == 1


def test_ones_own_changes_are_no_news_and_notes_never_wait(desk, ticket, people):
    sent = composer(desk, ticket, body="Mine.")
    filing.assign(ticket, people.agent, actor=people.agent, now=factories.NOW)
    db.session.commit()
    desk.post(url(ticket, "/messages"), sent, to=url(ticket))
    old = composer(desk, ticket, body="A note.", visibility="note")
    factories.reply(ticket, people.owner, "More.")
    desk.post(url(ticket, "/messages"), old, to=url(ticket))
    assert len(messages(ticket)) == 3


def test_files_survive_a_conflict_and_go_with_the_second_try(desk, ticket, people):
    sent = composer(desk, ticket, body="See the file.")
    factories.reply(ticket, people.owner, "And?")
    answer = desk.post(url(ticket, "/messages"), {**sent, "files": (BytesIO(b"\x89PNG\r\n\x1a\n"), "shot.png")}, status=409)
    again = answer.markup.fields(answer.markup.one("form", aria_label="Write"))
    assert "shot.png" in answer.words and again["staged"]
    assert draft_of(ticket, people.agent).files == [again["staged"]]
    desk.post(url(ticket, "/messages"), again, to=url(ticket))
    assert db.session.scalars(select(Attachment.name)).all() == ["shot.png"]


def test_a_save_of_the_row_at_the_same_moment_is_a_conflict_too(desk, ticket, people, monkeypatch):
    def late(*args, **kwargs):
        raise StaleDataError("UPDATE statement on table 'tickets' expected to update 1 row(s); 0 were matched.")

    monkeypatch.setattr(actions, "set_status", late)
    answer = desk.post(url(ticket, "/messages"), composer(desk, ticket, body="Mine."), status=409)
    assert "Somebody changed it at the same moment" in answer.words
    assert draft_of(ticket, people.agent).body == "Mine." and messages(ticket) == []


@pytest.mark.parametrize(("body", "says"), [("", "There is nothing to send yet"), ("x" * 50_001, "50,000 characters at most")])
@pytest.mark.parametrize("htmx", [False, True])
def test_what_cannot_be_sent_comes_back_with_the_reason(desk, ticket, body, says, htmx):
    answer = desk.post(url(ticket, "/messages"), composer(desk, ticket, body=body), status=422, htmx=htmx)
    fields = answer.markup.fields(answer.markup.one("form", aria_label="Write"))
    assert says in answer.words and fields["body"] == body and messages(ticket) == []
    text = answer.markup.by_id(f"ticket-{ticket.id}-composer-body")
    assert text["aria-invalid"] == "true" and "data-wrong" in text.attributes
    assert ("kept as a draft" in answer.words) == bool(body)


def test_an_empty_note_is_refused_and_files_alone_are_an_answer(desk, ticket):
    assert (
        "There is nothing to save yet." in desk.post(url(ticket, "/messages"), composer(desk, ticket, visibility="note"), status=422).words
    )
    desk.post(url(ticket, "/messages"), {**composer(desk, ticket), "files": (BytesIO(b"log"), "a.log")}, to=url(ticket))
    assert messages(ticket) == [("", "public")]


@pytest.mark.parametrize("field", ["visibility", "status", "seen", "macro", "form_key", "to"])
def test_odd_values_are_refused_or_passed_over_and_never_break(desk, ticket, field):
    answer = desk.client.post(
        url(ticket, "/messages"),
        data={**composer(desk, ticket, body="Text"), field: "<script>\0'"},
        headers={"X-CSRFToken": desk.token()},
    )
    assert answer.status_code in (303, 422) and "<script>\0" not in answer.text


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_text_is_kept_as_text(desk, ticket, body):
    desk.post(url(ticket, "/messages"), composer(desk, ticket, body=f"x {body}"), to=url(ticket))
    page = desk.get(url(ticket))
    assert "<script>alert" not in page.text and 'href="javascript' not in page.text
    assert "\0" not in messages(ticket)[0][0] and "\u202e" not in messages(ticket)[0][0]


def test_a_closed_ticket_takes_no_reply_and_keeps_the_text(desk, people):
    ticket = factories.ticket(people.owner, status="closed")
    answer = desk.post(url(ticket, "/messages"), {**composer(desk, ticket, body="Too late."), "visibility": "reply"}, status=409)
    assert "closed" in answer.words and messages(ticket) == []
    desk.post(url(ticket, "/messages"), composer(desk, ticket, body="For us.", visibility="note"), to=url(ticket))


def test_customers_visitors_and_forged_requests_write_nothing(browse, desk, ticket, people):
    for path in ("/messages", "/draft"):
        browse(None).post(url(ticket, path), {"body": "x"}, to="/login")
        for who in (people.owner, people.stranger, people.moderator):
            browse(who).post(url(ticket, path), {"body": "x"}, status=403)
        desk.post(url(ticket, path), {"body": "x"}, csrf=False, status=400)
        desk.post(f"/desk/tickets/HT-0000000{path}", {"body": "x"}, status=404)
    assert messages(ticket) == []


def test_followers_are_chosen_for_each_reply(desk, ticket, people, drain):
    for address in ("a@example.com", "b@example.com"):
        filing.follow(ticket, address, actor=people.agent, now=factories.NOW)
    db.session.commit()
    fields = composer(desk, ticket, body="For some of you.")
    assert fields["copies"] == "1"
    desk.post(url(ticket, "/messages"), {**fields, "to": "a@example.com"}, to=url(ticket))
    drain()
    told = select(OutboundMail.recipient).where(OutboundMail.template == "ticket_replied")
    assert set(db.session.scalars(told)) == {people.owner.email, "a@example.com"}
    assert db.session.scalars(select(Message.left_out).where(Message.id == last_id(ticket))).one() == ["b@example.com"]


def test_a_reply_quotes_what_a_person_wrote_and_says_to_each_why_it_came(desk, ticket, people, drain):
    filing.follow(ticket, "a@example.com", actor=people.agent, now=factories.NOW)
    filing.follow(ticket, people.colleague.email, actor=people.agent, now=factories.NOW, person=people.colleague)
    db.session.commit()
    desk.post(
        url(ticket, "/messages"),
        {**composer(desk, ticket, body="For all."), "to": ["a@example.com", people.colleague.email]},
        to=url(ticket),
    )
    drain()
    found = {row.recipient: row.text for row in db.session.scalars(select(OutboundMail).where(OutboundMail.template == "ticket_replied"))}
    assert all(f"Earlier, {people.owner.name}" in text for text in found.values())
    assert "you opened" in found[people.owner.email] and "you follow" in found[people.colleague.email]
    assert "asked us to send you copies" in found["a@example.com"] and "on the ticket's page" not in found["a@example.com"]


def test_a_macro_goes_below_the_draft_and_its_use_is_counted_when_sent(desk, ticket, people):
    macro = db.session.scalars(select(Macro).where(Macro.kind == "general").order_by(Macro.id)).first()
    sent = composer(desk, ticket, body="Hello.")
    desk.post(url(ticket, "/draft"), {**sent, "insert": macro.id}, to=url(ticket))
    assert draft_of(ticket, people.agent).body.startswith("Hello.\n\n") and "{{" not in draft_of(ticket, people.agent).body
    part = desk.post(url(ticket, "/draft"), {**sent, "insert": macro.id}, htmx=True)
    fields = part.markup.fields(part.markup.one("form", aria_label="Write"))
    assert fields["macro"] == str(macro.id) and fields["body"].startswith("Hello.\n\n")
    before = macro.uses
    desk.post(url(ticket, "/messages"), fields, to=url(ticket))
    db.session.refresh(macro)
    assert macro.uses == before + 1
    desk.post(url(ticket, "/draft"), {**sent, "insert": 99999}, status=404)


def test_what_is_typed_is_kept_and_thrown_away_when_asked(desk, ticket, people, clock):
    sent = composer(desk, ticket, body="Half an ans", visibility="note")
    state = desk.post(url(ticket, "/draft"), sent, htmx=True)
    assert "Draft kept, 19:00" in state.words and state.markup.elements[0]["id"] == f"ticket-{ticket.id}-draft"
    assert (draft_of(ticket, people.agent).body, draft_of(ticket, people.agent).visibility) == ("Half an ans", "internal")
    desk.post(url(ticket, "/draft"), {**sent, "body": "Half an answer"}, to=url(ticket))
    assert draft_of(ticket, people.agent).body == "Half an answer"
    assert events(ticket, "ticket.noted") == 0
    empty = desk.post(url(ticket, "/draft"), {**sent, "discard": "1"}, htmx=True)
    assert draft_of(ticket, people.agent) is None and empty.markup.fields()["body"] == ""
    desk.post(url(ticket, "/draft"), {**sent, "body": "x" * 50_001}, status=422)


def test_the_last_word_typed_that_arrives_after_the_reply_makes_no_draft(desk, ticket, people):
    sent = composer(desk, ticket, body="Sent.")
    desk.post(url(ticket, "/messages"), sent, to=url(ticket))
    desk.post(url(ticket, "/draft"), sent, htmx=True)
    assert draft_of(ticket, people.agent) is None


def test_a_file_of_a_draft_can_be_taken_off(desk, ticket, people):
    sent = composer(desk, ticket, body="With a file.")
    desk.post(url(ticket, "/draft"), {**sent, "files": (BytesIO(b"log"), "a.log")}, to=url(ticket))
    page = desk.get(url(ticket))
    staged = page.markup.fields(page.markup.one("form", aria_label="Write"))["staged"]
    assert "a.log" in page.words
    part = desk.post(url(ticket, "/draft"), {**sent, "staged": staged, "remove": staged}, htmx=True)
    assert "a.log" not in part.words and draft_of(ticket, people.agent).files == []


def test_drafts_survive_what_colleagues_do(desk, browse, ticket, people):
    drafts.save_draft(ticket, "Mine", "public", actor=people.agent, now=factories.NOW)
    db.session.commit()
    factories.reply(ticket, people.agent2, "Theirs.")
    actions.resolve(ticket, "answered", actor=people.agent2, now=factories.NOW + timedelta(hours=1))
    db.session.execute(update(Ticket).values(assignee_id=people.agent2.id))
    db.session.commit()
    assert composer(desk, ticket)["body"] == "Mine"


@pytest.mark.engines("sqlite", "postgresql")
def test_replies_conflicts_and_drafts_are_alike_on_both_databases(browse, people, app):
    ticket, desk = factories.ticket(people.owner), browse(people.agent)
    sent = composer(desk, ticket, body="Mine.")
    factories.reply(ticket, people.owner, "Theirs.")
    again = desk.post(url(ticket, "/messages"), sent, status=409).markup
    desk.post(url(ticket, "/messages"), again.fields(again.one("form", aria_label="Write")), to=url(ticket))
    assert [body for body, _ in messages(ticket)] == ["Theirs.", "Mine."]
