"""Answering, solving and reopening from the portal; what is refused is kept."""

import pytest
from sqlalchemy import func, select

from app.events.models import Event
from app.extensions import db
from app.tickets import drafts
from app.tickets.models import Attachment, Draft, Message, StagedFile, Ticket
from tests import factories
from tests.tickets.shared import key, staged, upload


@pytest.fixture
def ticket(people):
    return factories.ticket(people.user)


def last(ticket):
    """The newest message."""
    return db.session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id.desc())).first()


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def fresh(ticket):
    return db.session.get(Ticket, ticket.id)


def test_a_reply_is_written_and_leads_back(people, browse, ticket):
    browser = browse(people.user)
    browser.post(f"/tickets/{ticket.ref}/replies", {"body": "It is **fixed**.", "form_key": key()}, to=f"/tickets/{ticket.ref}#reply")
    assert (last(ticket).body, last(ticket).author_id) == ("It is **fixed**.", people.user.id)
    page = browser.get(f"/tickets/{ticket.ref}")
    assert "Your reply is sent." in page.words and page.markup.fields()["body"] == ""


def test_htmx_gets_a_fresh_composer_and_what_changed_around_it(people, browse, ticket):
    browser = browse(people.user)
    browser.get(f"/tickets/{ticket.ref}")
    part = browser.post(f"/tickets/{ticket.ref}/replies", {"body": "Thanks.", "form_key": key()}, htmx=True)
    assert part.markup.elements[0]["id"] == f"ticket-{ticket.id}-composer"
    assert part.markup.fields()["body"] == "" and part.markup.by_id(f"ticket-{ticket.id}-timeline")["hx-swap-oob"] == "outerMorph"
    assert "Thanks." in part.words and "Your reply is sent." in part.words


def test_sending_twice_writes_one_reply(people, browse, ticket):
    browser, sent = browse(people.user), {"body": "Once.", "form_key": key()}
    for _ in range(2):
        browser.post(f"/tickets/{ticket.ref}/replies", sent, to=f"/tickets/{ticket.ref}")
    assert db.session.scalar(select(func.count()).where(Event.kind == "ticket.replied")) == 1


def test_a_page_out_of_the_history_sends_what_is_written_on_it_anew(people, browse, ticket):
    browser, used = browse(people.user), key()
    for body in ("First.", "Second.", "Second."):
        browser.post(f"/tickets/{ticket.ref}/replies", {"body": body, "form_key": used}, to=f"/tickets/{ticket.ref}")
    assert db.session.scalar(select(func.count()).where(Event.kind == "ticket.replied")) == 2


def test_a_colleague_answers_for_the_organization_and_others_cannot(people, browse, ticket):
    sent = {"body": "From a colleague.", "form_key": key()}
    browse(people.colleague).post(f"/tickets/{ticket.ref}/replies", sent, to=f"/tickets/{ticket.ref}")
    before = count(Message)
    for verb in ("replies", "resolution", "reopening", "draft", "followers", "reading"):
        browse(people.stranger).post(f"/tickets/{ticket.ref}/{verb}", sent, status=404)
        browse(people.moderator).post(f"/tickets/{ticket.ref}/{verb}", sent, status=404)
        browse(None).post(f"/tickets/{ticket.ref}/{verb}", sent, to="/login")
    assert count(Message) == before


def test_an_empty_reply_is_refused_in_place(people, browse, ticket):
    browser = browse(people.user)
    page = browser.post(f"/tickets/{ticket.ref}/replies", {"body": " \n", "form_key": key()}, status=422)
    assert "There is nothing to send yet." in page.words and "<h1>" in page.text
    part = browser.post(f"/tickets/{ticket.ref}/replies", {"body": " \n"}, status=422, htmx=True)
    assert part.markup.elements[0]["id"] == f"ticket-{ticket.id}-composer"
    assert "Draft saved" not in part.words and count(Draft) == 0
    assert "data-wrong" in part.markup.by_id("reply").attributes and "data-wrong" not in part.markup.by_id("not-sent").attributes


def test_nothing_to_send_to_a_closed_ticket_is_told_that_it_is_closed(people, browse):
    closed = factories.ticket(people.user, status="closed")
    answer = browse(people.user).post(f"/tickets/{closed.ref}/replies", {"body": "", "form_key": key()}, status=409)
    assert "This ticket is closed" in answer.words


def test_a_reply_that_is_too_long_is_kept_in_the_form(people, browse, ticket):
    text = "x" * 20_001
    page = browse(people.user).post(f"/tickets/{ticket.ref}/replies", {"body": text}, status=422)
    assert page.markup.fields()["body"] == text and page.markup.by_id("reply") is not None


def test_a_ticket_that_was_closed_meanwhile_keeps_the_text(people, browse):
    closed = factories.ticket(people.user, status="closed")
    browser = browse(people.user)
    for htmx in (False, True):
        answer = browser.post(f"/tickets/{closed.ref}/replies", {"body": "Too late, but mine.", "form_key": key()}, status=409, htmx=htmx)
        assert "Your reply was not sent" in answer.words and "Too late, but mine." in answer.words and "Open a follow-up" in answer.words
    assert db.session.scalars(select(Draft)).one().body == "Too late, but mine."
    assert "Too late, but mine." in browser.get(f"/tickets/{closed.ref}").words


def test_files_go_along_and_a_wrong_one_loses_nothing(people, browse, ticket):
    browser, path = browse(people.user), f"/tickets/{ticket.ref}/replies"
    sent = {"body": "See both.", "form_key": key(), "files": [upload(b"", "empty.log"), upload(b"fine", "fine.log")]}
    refused = browser.post(path, sent, status=422, htmx=True)
    assert "“empty.log” is empty." in refused.words
    kept = refused.markup.fields()
    assert kept["body"] == "See both." and kept["form_key"] == sent["form_key"]
    browser.post(path, {"body": kept["body"], "form_key": kept["form_key"], "staged": kept["staged"]}, to=f"/tickets/{ticket.ref}")
    assert [file.name for file in db.session.scalars(select(Attachment))] == ["fine.log"]
    assert "fine.log" in browser.get(f"/tickets/{ticket.ref}").words


def test_anothers_staged_file_does_not_go_along(people, browse, ticket, now):
    theirs = staged(people.colleague, now, b"secret", "secret.log")
    refused = browse(people.user).post(f"/tickets/{ticket.ref}/replies", {"body": "Mine now", "staged": theirs.ref}, status=422)
    assert "no longer here" in refused.words and count(Attachment) == 0 and count(StagedFile) == 1


def test_a_reply_brings_a_solved_ticket_back(people, browse):
    solved = factories.ticket(people.user, status="resolved")
    browse(people.user).post(f"/tickets/{solved.ref}/replies", {"body": "It came back.", "form_key": key()}, to=f"/tickets/{solved.ref}")
    assert fresh(solved).status == "open"


def test_solved_with_and_without_words(people, browse, ticket):
    browser, other = browse(people.user), factories.ticket(people.user)
    browser.post(f"/tickets/{ticket.ref}/resolution", {"body": "", "form_key": key()}, to=f"/tickets/{ticket.ref}")
    part = browser.post(f"/tickets/{other.ref}/resolution", {"body": "Works.", "form_key": key()}, htmx=True)
    assert (fresh(ticket).status, fresh(other).status, last(other).body) == ("resolved", "resolved", "Works.")
    assert "Marked as solved" in part.words and "Reopen" in part.words
    browser.post(f"/tickets/{ticket.ref}/resolution", {}, to=f"/tickets/{ticket.ref}")
    assert db.session.scalar(select(func.count()).where(Event.kind == "ticket.resolved")) == 2


def test_a_closed_ticket_cannot_be_solved_with_words(people, browse):
    closed = factories.ticket(people.user, status="closed")
    browse(people.user).post(f"/tickets/{closed.ref}/resolution", {"body": "Works."}, status=409)


def test_reopening_gives_the_reason(people, browse):
    solved = factories.ticket(people.user, status="resolved")
    browser = browse(people.user)
    browser.post(f"/tickets/{solved.ref}/reopening", {"reason": "still <b>slow</b>\u202e"}, to=f"/tickets/{solved.ref}")
    page = browser.get(f"/tickets/{solved.ref}")
    assert fresh(solved).status == "open" and "still <b>slow</b>" in page.words
    part = browser.post(f"/tickets/{solved.ref}/reopening", {}, htmx=True)
    assert part.markup.by_id("reopen-form") is None
    browser.post(f"/tickets/{solved.ref}/reopening", {"reason": "x" * 501}, status=422)


def test_a_closed_ticket_is_not_reopened(people, browse):
    closed = factories.ticket(people.user, status="closed")
    answer = browse(people.user).post(f"/tickets/{closed.ref}/reopening", {}, status=409)
    assert "Open a new one and mention this number" in answer.words


def test_a_draft_is_kept_while_typing_and_shown_again(people, browse, ticket):
    browser = browse(people.user)
    assert "Draft saved" in browser.post(f"/tickets/{ticket.ref}/draft", {"body": "Half a repl"}, htmx=True).words
    assert browser.get(f"/tickets/{ticket.ref}").markup.fields()["body"] == "Half a repl"
    assert browse(people.colleague).get(f"/tickets/{ticket.ref}").markup.fields()["body"] == ""
    assert "Draft saved" not in browser.post(f"/tickets/{ticket.ref}/draft", {"body": ""}, htmx=True).words
    assert count(Draft) == 0


def test_a_draft_that_arrives_after_its_reply_is_over(people, browse, ticket):
    browser, sent = browse(people.user), {"body": "Sent.", "form_key": key()}
    browser.post(f"/tickets/{ticket.ref}/replies", sent, to=f"/tickets/{ticket.ref}")
    browser.post(f"/tickets/{ticket.ref}/draft", sent, htmx=True)
    assert count(Draft) == 0


def test_a_drafts_file_can_be_taken_off(people, browse, ticket, now):
    one, other = staged(people.user, now, b"1", "one.log"), staged(people.user, now, b"2", "other.log")
    sent = {"body": "Half", "staged": [one.ref, other.ref], "remove": one.ref}
    part = browse(people.user).post(f"/tickets/{ticket.ref}/draft", sent, htmx=True)
    assert "one.log" not in part.text and "other.log" in part.text
    assert "other.log" in browse(people.user).get(f"/tickets/{ticket.ref}").words


def test_a_draft_of_any_length_is_cut_and_kept(people, browse, ticket):
    browse(people.user).post(f"/tickets/{ticket.ref}/draft", {"body": "x" * 50_000 + "\x00"}, htmx=True)
    assert len(db.session.scalars(select(Draft)).one().body) == 20_000


def test_the_page_of_a_draft_whose_file_was_swept_still_opens(people, browse, ticket, now):
    file = staged(people.user, now)
    drafts.save_draft(ticket, "Half", "public", actor=people.user, now=now, files=[file])
    db.session.delete(file)
    assert browse(people.user).get(f"/tickets/{ticket.ref}").markup.fields()["body"] == "Half"


def test_a_text_of_ten_megabytes_is_refused_clearly(people, browse, ticket):
    browse(people.user).post(f"/tickets/{ticket.ref}/replies", {"body": "x" * 10_000_000}, status=413, htmx=True)


def test_hostile_replies_are_words(people, browse, ticket):
    browser = browse(people.user)
    browser.post(f"/tickets/{ticket.ref}/replies", {"body": "<script>alert(1)</script>\x00\u202e", "form_key": key()}, htmx=True)
    assert last(ticket).body == "<script>alert(1)</script>"
    assert "<script>alert" not in browser.get(f"/tickets/{ticket.ref}").text


def test_an_address_without_csrf_is_refused(people, browse, ticket):
    browse(people.user).post(f"/tickets/{ticket.ref}/replies", {"body": "x"}, csrf=False, status=400)


def test_a_reply_takes_few_statements(people, browse, ticket, statements):
    browser = browse(people.user)
    with statements() as seen:
        browser.post(f"/tickets/{ticket.ref}/replies", {"body": "Thanks.", "form_key": key()}, to=f"/tickets/{ticket.ref}")
    assert len(seen) <= 12, "\n".join(seen)


@pytest.mark.engines("sqlite", "postgresql")
def test_a_reply_works_on_both_databases(app, engine, people, browse):
    ticket = factories.ticket(people.user)
    browser = browse(people.user)
    browser.post(f"/tickets/{ticket.ref}/draft", {"body": "Half"}, htmx=True)
    browser.post(f"/tickets/{ticket.ref}/replies", {"body": "Whole", "form_key": key(), "files": [upload()]}, to=f"/tickets/{ticket.ref}")
    browser.post(f"/tickets/{ticket.ref}/reading", htmx=True, status=204)
    browser.post(f"/tickets/{ticket.ref}/followers", {"email": people.colleague.email}, htmx=True)
    browser.get(f"/tickets/{ticket.ref}")
    assert last(ticket).body == "Whole" and count(Draft) == 0
