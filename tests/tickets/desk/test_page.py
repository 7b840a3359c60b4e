"""A ticket's page at the desk: what it shows, what it costs, who else is there."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.macros import actions as macros
from app.macros.actions import Content
from app.mail.models import OutboundMail
from app.tickets import desk_page, drafts, filing
from tests import factories


@pytest.fixture
def desk(browse, people):
    """The agent's browser."""
    return browse(people.agent)


@pytest.fixture
def ticket(people):
    """A bug of a customer with a contract."""
    return factories.ticket(people.owner, kind="bug", tags=["tui"], subject="The TUI freezes")


def url(ticket, more=""):
    """The address of a ticket's page."""
    return f"/desk/tickets/{ticket.ref}{more}"


def macro(people, title="Ask for a log", body="Hello {{requester.first_name}}, please send the log of {{ticket.ref}}."):
    """An approved macro."""
    made = macros.create(Content(title, body), actor=people.lead, now=factories.NOW)
    db.session.commit()
    return made


def test_it_shows_thread_notes_events_with_their_rules_clocks_and_customer(desk, ticket, people):
    factories.reply(ticket, people.agent2, "Please try **2.0.1**.")
    factories.note(ticket, people.agent2, "Same cause as last week.")
    page = desk.get(url(ticket))
    words = page.words
    for expected in (
        "The TUI freezes",
        "Please try 2.0.1.",
        "Internal note",
        "Same cause as last week.",
        "Triaged automatically",
        "rule team.",
    ):
        assert expected in words
    for expected in (
        "First response",
        "Resolution",
        "Enterprise Priority",
        "Acme Robotics",
        people.owner.email,
        "hive 2.0.0",
        "Linux (x86_64)",
    ):
        assert expected in words
    assert page.markup.by_id(f"ticket-{ticket.id}-clocks") and page.markup.all("span", class_="tag")[0].text == "tui"


def test_seven_statements_for_one_message_and_for_fifty(desk, ticket, people, statements):
    def cost():
        with statements() as seen:
            desk.get(url(ticket))
        return len(seen)

    factories.reply(ticket, people.agent)
    few = cost()
    for n in range(25):
        factories.reply(ticket, people.agent, f"Answer {n}", now=factories.NOW + timedelta(minutes=n))
        factories.note(ticket, people.agent2, f"Note {n}", now=factories.NOW + timedelta(minutes=n))
    filing.follow(ticket, "boss@example.com", actor=people.agent, now=factories.NOW)
    drafts.save_draft(ticket, "Begun", "public", actor=people.agent, now=factories.NOW)
    db.session.commit()
    assert few == cost() == 7


def test_what_is_kept_of_an_entry_follows_the_name_of_its_author_and_the_readers_zone(desk, browse, ticket, people):
    people.agent.time_zone, people.lead.time_zone = "Asia/Tokyo", "UTC"
    factories.reply(ticket, people.agent2, "Please try it again.")
    first = desk.get(url(ticket)).words
    assert people.agent2.name in first and "19:00 JST" in first and "10:00 UTC" in browse(people.lead).get(url(ticket)).words
    people.agent2.name = "Somebody Else"
    db.session.commit()
    words = desk.get(url(ticket)).words
    assert "Somebody Else" in words and "19:00 JST" in words


def test_long_threads_show_the_newest_and_lead_to_the_earlier(desk, ticket, people):
    for n in range(40):
        factories.note(ticket, people.agent2, f"Note number {n}.", now=factories.NOW + timedelta(minutes=n))
    page = desk.get(url(ticket))
    assert "Note number 39." in page.words and "Note number 3." not in page.words
    earlier = next(link["href"] for link in page.markup.all("a") if link.text == "Show earlier messages")
    assert "Note number 3." in desk.get(earlier, htmx=True).words
    assert "Note number 3." in desk.get(earlier).words


def test_strangers_and_customers_do_not_enter_and_nobody_finds_what_is_not_there(browse, ticket, people, desk):
    for path in ("", "/timeline", "/macros"):
        browse(None).get(url(ticket, path), to="/login")
        for who in (people.owner, people.stranger, people.guest, people.moderator):
            browse(who).get(url(ticket, path), status=403)
        desk.get(f"/desk/tickets/HT-0000000{path}", status=404)


def test_numbers_are_read_in_small_letters_too(desk, ticket):
    assert ticket.ref in desk.get(url(ticket).lower()).words


def test_looking_for_news_brings_nothing_or_everything_that_changed(desk, ticket, people):
    page = desk.get(url(ticket))
    poll = next(link["hx-get"] for link in page.markup.all("a") if link.text == "Look for new messages")
    quiet = desk.get(poll, htmx=True)
    assert "timeline" not in quiet.text and quiet.markup.one("hx-partial")["hx-target"] == "#here"
    factories.reply(ticket, people.owner, "It happens again.")
    news = desk.get(poll, htmx=True)
    assert "It happens again." in news.words
    targets = {one["hx-target"] for one in news.markup.all("hx-partial")}
    assert {f"#ticket-{ticket.id}-head", f"#ticket-{ticket.id}-panel", "#here"} <= targets
    assert f"#ticket-{ticket.id}-composer" not in targets
    desk.get(poll, to=url(ticket))


def test_who_else_looks_is_a_hint_that_fades(desk, browse, ticket, people, clock):
    browse(people.agent2).get(url(ticket))
    assert "Samuel Osei is viewing" in desk.get(url(ticket)).words
    browse(people.lead).get(url(ticket))
    assert "Helena Lindqvist, Samuel Osei are viewing" in desk.get(url(ticket)).words
    clock.shift(desk_page.HERE_SECONDS + 1)
    assert "viewing" not in desk.get(url(ticket)).words


def test_without_redis_nobody_seems_to_be_there(desk, ticket, monkeypatch):
    def gone():
        raise ConnectionError("away")

    monkeypatch.setattr(desk_page, "redis", gone)
    assert "viewing" not in desk.get(url(ticket)).words


def test_other_open_tickets_of_the_requester_are_listed_and_the_organizations_counted(desk, ticket, people):
    other = factories.ticket(people.owner, subject="Something else")
    factories.ticket(people.owner, subject="Solved long ago", status="resolved")
    factories.ticket(people.user, subject="A colleague's")
    page = desk.get(url(ticket))
    assert "Something else" in page.words and "Solved long ago" not in page.words
    assert page.markup.one("a", href="/desk/queue/all?organization=Acme+Robotics").text == "3 tickets"
    assert page.markup.all("a", href=url(other))


def test_it_remembers_the_view_that_one_came_from(desk, ticket):
    desk.get("/desk/queue/unassigned?priority=high")
    page = desk.get(url(ticket))
    assert page.markup.all("a", href="/desk/queue/unassigned?priority=high")[0].text == "Unassigned"
    assert page.markup.all("a", href=f"/desk/queue/unassigned/pane?priority=high&current={ticket.ref}")


def test_a_draft_comes_back_with_the_page(desk, ticket, people):
    drafts.save_draft(ticket, "Half an answer", "internal", actor=people.agent, now=factories.NOW)
    drafts.save_draft(ticket, "Somebody else's", "public", actor=people.agent2, now=factories.NOW)
    db.session.commit()
    page = desk.get(url(ticket))
    fields = page.markup.fields(page.markup.one("form", aria_label="Write"))
    assert fields["body"] == "Half an answer" and fields["visibility"] == "note"
    assert "Draft kept, 19:00" in page.words and "Somebody else's" not in page.text


def test_macros_are_listed_and_one_prefills_the_composer_by_a_plain_link(desk, ticket, people):
    made = macro(people)
    macros.create(Content("Waits for approval", "x"), actor=people.agent2, now=factories.NOW)
    drafts.save_draft(ticket, "Begun.", "public", actor=people.agent, now=factories.NOW)
    db.session.commit()
    listed = desk.get(url(ticket, "/macros?q=LOG"))
    assert "Waits for approval" not in listed.words
    link = next(a["href"] for a in listed.markup.all("a") if "Ask for a log" in a.text)
    page = desk.get(link)
    fields = page.markup.fields(page.markup.one("form", aria_label="Write"))
    assert fields["body"] == f"Begun.\n\nHello Frieda, please send the log of {ticket.ref}." and fields["macro"] == str(made.id)
    assert "No macro has these words" in desk.get(url(ticket, "/macros?q=zzz")).words
    desk.get(url(ticket))
    assert f'value="{made.id}"' in desk.get(url(ticket, "/macros"), htmx=True).text


def test_a_macro_that_one_may_not_use_is_not_found(desk, ticket, people):
    private = macros.create(Content("Mine", "x", audience="personal"), actor=people.agent2, now=factories.NOW)
    db.session.commit()
    desk.get(url(ticket, f"?macro={private.id}"), status=404)
    desk.get(url(ticket, "?macro=999999"), status=404)
    desk.get(url(ticket, "?macro=x&used=y"))


def test_what_became_of_each_mail_stands_at_its_message(desk, browse, ticket, people):
    message = factories.reply(ticket, people.agent)
    for state, recipient in (("sent", "a@example.com"), ("bounced", "b@example.com"), ("deferred", "c@example.com")):
        mail = OutboundMail(
            ticket_id=ticket.id, source_message_id=message.id, template="ticket_replied", recipient=recipient, subject="s", text="t", html="h",
            message_id=f"<{recipient}>", headers={}, state=state, error="550 no such user" if state == "bounced" else "",
            created_at=factories.NOW, next_try_at=factories.NOW if state == "deferred" else None,
        )  # fmt: skip
        db.session.add(mail)
    db.session.commit()
    page = desk.get(url(ticket))
    assert "1 of 3 mails bounced" in page.words and "550 no such user" in page.words and "c@example.com: will be tried again" in page.words
    again = page.markup.one("form", action=f"/desk/mail/{db.session.query(OutboundMail.id).filter_by(state='bounced').scalar()}/sending")
    # What is drawn once for all who look has nobody's key in it.
    elsewhere = browse(people.agent)
    with elsewhere.client.session_transaction() as session:
        session["csrf_token"] = "their own"
    theirs = elsewhere.get(url(ticket)).markup
    assert theirs.fields(theirs.one("form", action=again["action"]))["csrf_token"] != page.markup.fields(again)["csrf_token"]
    desk.post(again["action"], page.markup.fields(again), to=url(ticket) + f"#m{message.id}")
    assert db.session.query(OutboundMail).filter_by(recipient="b@example.com").one().state == "queued"
    for after in (desk.get(url(ticket)), elsewhere.get(url(ticket))):
        assert "1 of 3 mails will be tried again" in after.words and "Send again" not in after.text


def test_hostile_text_is_shown_as_text(desk, people):
    hostile = '<script>alert(1)</script> <img src=x onerror=alert(2)> [x](javascript:alert(3)) "onmouseover="x'
    ticket = factories.ticket(people.guest, subject=hostile, body=hostile)
    filing.follow(ticket, "a@example.com", actor=people.agent, now=factories.NOW)
    filing.link(ticket, hostile, "https://example.com/", actor=people.agent, now=factories.NOW)
    drafts.save_draft(ticket, f"</textarea>{hostile}", "public", actor=people.agent, now=factories.NOW)
    db.session.commit()
    page = desk.get(url(ticket))
    assert "<script>alert" not in page.text and "onerror=alert(2)>" not in page.text.replace("&gt;", "")
    assert page.markup.fields(page.markup.one("form", aria_label="Write"))["body"].startswith("</textarea><script>")


def test_a_closed_ticket_takes_notes_only(desk, people):
    ticket = factories.ticket(people.owner, status="closed")
    page = desk.get(url(ticket))
    assert "This ticket is closed; notes are still possible." in page.text
    reply = page.markup.one("input", name="visibility", value="reply")
    assert "disabled" in reply.attributes
