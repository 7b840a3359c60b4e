"""What is said and done on a ticket: opening, answering, noting, resolving, reopening, closing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.events.models import Event
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, Stale, WrongState
from app.tickets import actions, drafts, filing, uploads
from app.tickets.models import Attachment, Draft, Message, NewDraft, StagedFile, Ticket
from app.tickets.queries import newest_event
from tests import factories
from tests.tickets.shared import staged

LATER = timedelta(hours=2)


def events(ticket, kind=None):
    """The kinds of a ticket's events in order, or the facts of those of one kind."""
    rows = db.session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.id)).all()
    return [row.facts for row in rows if row.kind == kind] if kind else [row.kind for row in rows]


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


@pytest.mark.engines("sqlite", "postgresql")
def test_a_new_ticket_is_written_once_when_all_is_decided(people, statements):
    with statements() as seen:
        ticket = factories.ticket(people.owner, kind="bug", priority="high", body="Production is down.")
    assert not [one for one in seen if one.startswith("UPDATE tickets")]
    assert (ticket.team.key, ticket.next_metric, ticket.version) == ("engineering", "first_response", 1)


def test_opening_writes_the_ticket_its_first_message_and_its_event(people, now):
    ticket = factories.ticket(people.user, kind="bug", priority="high", category="tui")
    assert (ticket.status, ticket.is_open, ticket.category, ticket.organization_id) == ("new", True, "tui", people.acme.id)
    assert ticket.fields["platform"] == "Linux (x86_64)"
    first = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)).first()
    assert (first.author_id, first.visibility, first.by_staff) == (people.user.id, "public", False)
    assert first.body.startswith("The terminal UI freezes") and "### Steps to reproduce" in first.body
    assert events(ticket)[0] == "ticket.opened"
    assert events(ticket, "ticket.opened")[0]["ref"] == ticket.ref
    assert ticket.told_at is None


def test_opening_by_the_same_form_returns_the_first_ticket(people):
    first = factories.ticket(people.user, subject="Once", form_key="the-one-key-of-this-form")
    again = factories.ticket(people.user, subject="Once", form_key="the-one-key-of-this-form")
    assert again.id == first.id
    assert count(Ticket) == 1


def test_nobody_finds_anothers_ticket_by_its_form_key(people):
    first = factories.ticket(people.user, form_key="the-one-key-of-this-form")
    other = factories.ticket(people.stranger, form_key="the-one-key-of-this-form")
    assert other.id != first.id and other.requester_id == people.stranger.id


def test_a_moderator_opens_no_tickets(people):
    with pytest.raises(NotAllowed):
        factories.ticket(people.moderator)
    assert count(Ticket) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "rant"},
        {"priority": "now"},
        {"category": "weather"},
        {"tags": ["no/slashes"]},
        {"tags": ["t"] * 3 + [f"t{n}" for n in range(30)]},
    ],
)
def test_words_out_of_the_vocabulary_are_refused(people, now, wrong):
    new = actions.NewTicket(**{"kind": "question", "subject": "A question", "fields": {"body": "How?"}, **wrong})
    with pytest.raises(Invalid):
        actions.open_ticket(new, requester=people.user, actor=people.user, now=now)


def test_staged_files_become_the_messages_attachments(people, now):
    file = staged(people.user, now, b"hello")
    ticket = factories.ticket(people.user, files=[file])
    attached = db.session.scalars(select(Attachment)).one()
    assert (attached.ticket_id, attached.ref, attached.uploader_id) == (ticket.id, file.ref, people.user.id)
    assert count(StagedFile) == 0


def test_a_customers_reply_is_an_event_and_brings_a_waiting_ticket_back(people, now):
    ticket = factories.ticket(people.user, status="pending_customer")
    message = factories.reply(ticket, people.user, "Here it is.", now=now + LATER)
    assert (ticket.status, ticket.last_public_by, message.by_staff) == ("open", "customer", False)
    assert events(ticket, "ticket.replied") == [{"message_id": message.id, "by_staff": False, "is_automatic": False, "status": "open"}]


def test_the_first_answer_by_staff_is_timed_once(people, now):
    ticket = factories.ticket(people.user)
    factories.reply(ticket, people.agent, now=now + timedelta(minutes=17))
    factories.reply(ticket, people.agent, now=now + LATER)
    assert ticket.first_response_seconds == 17 * 60
    assert ticket.status == "open"


def test_an_answer_by_somebody_else_marks_the_ticket_as_told(people, now):
    ticket = factories.ticket(people.user)
    factories.reply(ticket, people.user, now=now)
    assert ticket.told_at is None
    factories.reply(ticket, people.agent, now=now + LATER)
    assert ticket.told_at == now + LATER


def test_replying_twice_by_one_form_writes_one_message(people, now):
    ticket = factories.ticket(people.user)
    before = count(Message)
    first = factories.reply(ticket, people.user, form_key="key-of-the-reply")
    again = factories.reply(ticket, people.user, form_key="key-of-the-reply")
    assert again.id == first.id and count(Message) == before + 1
    assert events(ticket).count("ticket.replied") == 1


def test_a_reply_that_is_sent_again_is_found_though_the_ticket_has_changed_since(people, now):
    ticket = factories.ticket(people.user)
    seen = newest_event(ticket.id, people.agent)
    sent = {"actor": people.agent, "now": now, "seen": seen, "form_key": "key-of-the-reply"}
    first = actions.reply(ticket, "Which version?", **sent)
    filing.set_priority(ticket, "high", actor=people.lead, now=now)
    assert actions.reply(ticket, "Which version?", **sent).id == first.id
    with pytest.raises(Stale):
        actions.reply(ticket, "Which platform?", **sent)


def test_a_reply_key_counts_for_its_own_ticket_only(people):
    one, other = factories.ticket(people.user), factories.ticket(people.user)
    first = factories.reply(one, people.user, form_key="key-of-the-reply")
    second = factories.reply(other, people.user, form_key="key-of-the-reply")
    assert first.id != second.id and second.ticket_id == other.id


def test_an_empty_reply_is_refused_but_a_file_alone_is_one(people, now):
    ticket = factories.ticket(people.user)
    with pytest.raises(Invalid):
        factories.reply(ticket, people.user, "  \n ")
    assert factories.reply(ticket, people.user, "", files=[staged(people.user, now, b"log")]).body == ""


def test_a_closed_ticket_takes_no_reply(people):
    ticket = factories.ticket(people.user, status="closed")
    with pytest.raises(WrongState):
        factories.reply(ticket, people.user)


def test_a_moderator_replies_nowhere(people):
    with pytest.raises(NotAllowed):
        factories.reply(factories.ticket(people.user), people.moderator)


def test_staff_hear_of_what_changed_while_they_wrote_and_customers_are_never_refused(people, now):
    ticket = factories.ticket(people.user)
    seen = db.session.scalar(select(func.max(Event.id)))
    factories.reply(ticket, people.agent2, now=now)
    with pytest.raises(Stale):
        factories.reply(ticket, people.agent, seen=seen)
    assert factories.reply(ticket, people.user, seen=seen)


def test_a_reply_drops_the_draft(people, now):
    ticket = factories.ticket(people.user)
    drafts.save_draft(ticket, "half a", "public", actor=people.user, now=now)
    factories.reply(ticket, people.user)
    assert count(Draft) == 0


def test_staff_resolve_with_an_answer(people, now):
    ticket = factories.ticket(people.user)
    factories.reply(ticket, people.agent, status="resolved")
    assert (ticket.status, ticket.round) == ("resolved", 1)
    assert events(ticket, "ticket.resolved")[0]["outcome"] == "answered"


def test_a_customer_solves_with_last_words_or_without(people, now):
    with_words, without = factories.ticket(people.user), factories.ticket(people.user)
    actions.solve(with_words, "Works now.", actor=people.user, now=now)
    actions.solve(without, " ", actor=people.user, now=now)
    assert [events(t)[-1] for t in (with_words, without)] == ["ticket.resolved"] * 2
    assert events(with_words, "ticket.resolved")[0] == {"outcome": "solved", "status": "resolved", "round": 1, "by_staff": False}
    assert "ticket.replied" in events(with_words) and "ticket.replied" not in events(without)


def test_solving_twice_records_one_event(people, now):
    ticket = factories.ticket(people.user)
    actions.solve(ticket, "", actor=people.user, now=now)
    actions.solve(ticket, "", actor=people.user, now=now)
    assert events(ticket).count("ticket.resolved") == 1 and ticket.round == 1


def test_a_note_is_internal_and_changes_no_status(people, now):
    ticket = factories.ticket(people.user)
    note = factories.note(ticket, people.agent)
    assert (note.visibility, ticket.status) == ("internal", "new")
    event = db.session.scalars(select(Event).where(Event.kind == "ticket.noted")).one()
    assert event.is_public is False
    with pytest.raises(NotAllowed):
        factories.note(ticket, people.user)
    with pytest.raises(Invalid):
        factories.note(ticket, people.agent, "  ")


def test_a_note_by_the_same_form_is_written_once(people):
    ticket = factories.ticket(people.user)
    first = factories.note(ticket, people.agent, form_key="key-of-the-note")
    assert factories.note(ticket, people.agent, form_key="key-of-the-note").id == first.id


def test_a_status_is_set_by_staff_once_and_told(people, now):
    ticket = factories.ticket(people.user)
    for _ in range(2):
        actions.change_status(ticket, "pending_customer", actor=people.agent, now=now + LATER)
    assert events(ticket, "ticket.status_changed") == [{"old": "new", "status": "pending_customer"}]
    assert (ticket.told_at, ticket.is_open) == (now + LATER, True)


def test_customers_set_no_status_and_nobody_one_that_does_not_exist(people, now):
    ticket = factories.ticket(people.user)
    with pytest.raises(NotAllowed):
        actions.change_status(ticket, "on_hold", actor=people.user, now=now)
    with pytest.raises(Invalid):
        actions.change_status(ticket, "resolved", actor=people.agent, now=now)
    with pytest.raises(WrongState):
        actions.change_status(factories.ticket(people.user, status="closed"), "open", actor=people.agent, now=now)


def test_resolving_twice_records_one_event_and_one_round(people, now):
    ticket = factories.ticket(people.user)
    factories.resolve(ticket, people.agent)
    factories.resolve(ticket, people.agent2)
    assert (ticket.round, ticket.is_open, ticket.resolved_at) == (1, False, ticket.created_at + timedelta(hours=1))
    assert events(ticket).count("ticket.resolved") == 1
    with pytest.raises(NotAllowed):
        factories.resolve(factories.ticket(people.user), people.moderator)


def test_reopening_brings_a_resolved_ticket_back_and_the_next_round_counts_on(people, now):
    ticket = factories.ticket(people.user, status="resolved")
    for _ in range(2):
        actions.reopen(ticket, "it came back", actor=people.user, now=now + LATER)
    assert (ticket.status, ticket.resolved_at) == ("open", None)
    assert events(ticket, "ticket.reopened") == [{"status": "open", "reason": "it came back"}]
    factories.resolve(ticket, people.agent, now=now + 2 * LATER)
    assert ticket.round == 2


def test_a_closed_ticket_stays_closed(people, now):
    ticket = factories.ticket(people.user, status="closed")
    with pytest.raises(WrongState):
        actions.reopen(ticket, "", actor=people.user, now=now)
    actions.close(ticket, actor=people.agent, now=now)
    assert events(ticket).count("ticket.closed") == 1
    with pytest.raises(NotAllowed):
        actions.reopen(factories.ticket(people.user, status="resolved"), "", actor=people.moderator, now=now)


def test_only_what_is_resolved_is_closed_and_by_staff_or_the_clock(people, now):
    with pytest.raises(WrongState):
        actions.close(factories.ticket(people.user), actor=people.agent, now=now)
    with pytest.raises(NotAllowed):
        actions.close(factories.ticket(people.user, status="resolved"), actor=people.user, now=now)
    ticket = factories.ticket(people.user, status="resolved")
    actions.close(ticket, actor=None, now=now)
    assert (ticket.status, ticket.closed_at) == ("closed", now)


def test_a_draft_is_kept_replaced_and_dropped_when_empty(people, now):
    ticket = factories.ticket(people.user)
    file = staged(people.user, now, b"log")
    drafts.save_draft(ticket, "one", "public", actor=people.user, now=now)
    drafts.save_draft(ticket, "two", "public", actor=people.user, now=now, files=[file])
    kept = db.session.scalars(select(Draft)).one()
    assert (kept.body, kept.files) == ("two", [file.ref])
    drafts.save_draft(ticket, "  ", "public", actor=people.user, now=now)
    assert count(Draft) == 0


def test_a_draft_of_another_kind_keeps_what_was_answered_there(people, now):
    drafts.save_new(people.user, {"kind": "bug", "subject": "It hangs", "steps": "1. run"}, (), now=now)
    drafts.save_new(people.user, {"kind": "feature", "subject": "It hangs", "summary": "Do not"}, (), now=now)
    kept = db.session.get(NewDraft, people.user.id).form
    assert (kept["kind"], kept["steps"], kept["summary"], kept["files"]) == ("feature", "1. run", "Do not", [])


def test_hostile_words_are_stored_as_words(people):
    ticket = factories.ticket(people.user, body="<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=y>")
    html = db.session.scalars(select(Message.html).where(Message.ticket_id == ticket.id).order_by(Message.id)).first()
    assert "<script" not in html and "<img" not in html and 'href="javascript' not in html


@pytest.mark.engines("sqlite", "postgresql")
def test_a_ticket_lives_on_both_databases(app, engine, people, now):
    ticket = factories.ticket(people.user, subject="Both", form_key="one-key-for-both-engines", files=[staged(people.user, now, b"x")])
    assert factories.ticket(people.user, subject="Both", form_key="one-key-for-both-engines").id == ticket.id
    factories.reply(ticket, people.agent, status="pending_customer")
    drafts.save_draft(ticket, "half", "public", actor=people.user, now=now)
    actions.solve(ticket, "Thank you", actor=people.user, now=now + LATER, form_key="another-key")
    assert (ticket.status, count(Draft)) == ("resolved", 0)
    assert uploads.quota(people.user, now) == (uploads.HOUR_MAX_FILES - 1, uploads.HOUR_MAX_BYTES - 1)


def test_what_came_meanwhile_is_looked_for_only_where_anything_came(people, statements):
    ticket = factories.ticket(people.user)
    seen = newest_event(ticket.id, people.agent)
    with statements() as quiet:
        actions.refuse_stale(ticket, seen, people.agent)
    factories.reply(ticket, people.agent, "Mine.")
    with statements() as busy:
        actions.refuse_stale(ticket, seen, people.agent)
    assert (len(quiet), len(busy)) == (1, 2)
    with pytest.raises(Stale):
        actions.refuse_stale(ticket, seen, people.agent2)
