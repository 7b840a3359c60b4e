"""The form of a new ticket: its three kinds, errors, files, drafts, double submits."""

import gc
import re
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app.events.models import Event
from app.extensions import db
from app.tickets import forms, uploads
from app.tickets.kinds import QUESTIONS
from app.tickets.models import Attachment, Message, NewDraft, StagedFile, Ticket
from tests.tickets.shared import FORMS, filled, staged, upload

TICKET = re.compile(r"^/tickets/HT-[0-9A-Z]{7}$")
HOSTILE = "<script>alert(1)</script> \x00 \u202eevil\u202c \"'><b>"


def opened():
    """The only ticket."""
    return db.session.scalars(select(Ticket)).one()


def count(model):
    return db.session.scalar(select(func.count()).select_from(model))


def first_message(ticket):
    return db.session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)).first()


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_each_kind_asks_every_question_and_opens_a_ticket(people, browse, kind):
    browser = browse(people.user)
    page = browser.get(f"/tickets/new?kind={kind}").markup
    names = {e.get("name") for e in page.elements}
    wanted = {q.name for q in QUESTIONS[kind] if q.type != "checks"} | {"subject", "priority", "category", "files", "form_key"}
    assert wanted <= names
    browser.post("/tickets/new", filled(kind), to=TICKET)
    ticket = opened()
    assert (ticket.kind, ticket.subject, ticket.requester_id) == (kind, FORMS[kind]["subject"], people.user.id)
    for question in QUESTIONS[kind]:
        if question.type != "checks":
            assert ticket.fields[question.name] == FORMS[kind][question.name]
            assert FORMS[kind][question.name].splitlines()[0] in first_message(ticket).body
    page = browser.get(f"/tickets/{ticket.ref}")
    assert "Thank you" in page.words and ticket.ref in page.words


def test_the_checks_are_kept_and_each_is_required(people, browse):
    browser = browse(people.user)
    for name in ("searched", "complete", "reproducible"):
        refused = browser.post("/tickets/new", filled("bug", **{name: None}), status=422)
        assert refused.markup.by_id(f"{name}-error") is not None
    browser.post("/tickets/new", filled("bug"), to=TICKET)
    assert opened().fields["checks"] == ["searched", "complete", "reproducible"]


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_what_is_missing_is_told_at_its_field_and_the_rest_is_kept(people, browse, kind):
    required = [q.name for q in QUESTIONS[kind] if q.required and q.type != "checks"]
    refused = browse(people.user).post("/tickets/new", filled(kind, **dict.fromkeys([*required, "subject"], "  ")), status=422)
    page = refused.markup
    summary = page.one("div", data_wrong="")
    for name in [*required, "subject"]:
        assert page.by_id(f"{name}-error") is not None
        assert any(link["href"] == f"#{name}" for link in page.all("a")), name
        assert page.by_id(name)["aria-invalid"] == "true"
    assert "attention" in summary.text
    kept = page.fields()
    assert kept["priority"] == FORMS[kind]["priority"] and kept.get("category", "") == FORMS[kind].get("category", "")
    assert count(Ticket) == 0


def test_an_error_keeps_every_text_and_the_key(people, browse):
    sent = filled("bug", version="")
    kept = browse(people.user).post("/tickets/new", sent, status=422).markup.fields()
    for name in ("subject", "description", "steps", "expected", "actual", "environment", "logs", "platform", "form_key"):
        assert kept[name] == sent[name]
    assert kept["searched"] == "y"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject", "x" * 141),
        ("priority", "now"),
        ("priority", None),
        ("category", "weather"),
        ("platform", "BeOS"),
        ("description", "x" * 20_001),
        ("version", "x" * 201),
    ],
)
def test_values_beyond_the_form_are_refused(people, browse, name, value):
    browse(people.user).post("/tickets/new", filled("bug", **{name: value}), status=422)
    assert count(Ticket) == 0


def test_a_kind_that_is_none_is_the_usual_one(people, browse):
    browser = browse(people.user)
    assert browser.get("/tickets/new?kind=rant").markup.fields()["kind"] == forms.DEFAULT_KIND
    browser.post("/tickets/new", {**filled("question"), "kind": "rant"}, status=422)


def test_hostile_text_in_every_field_is_text(people, browse):
    sent = {
        name: HOSTILE if name in {"subject", "description", "steps", "expected", "actual", "version", "environment", "logs"} else value
        for name, value in filled("bug").items()
    }
    browser = browse(people.user)
    browser.post("/tickets/new", sent, to=TICKET)
    ticket = opened()
    stored = [ticket.subject, first_message(ticket).body, first_message(ticket).html, *map(str, ticket.fields.values())]
    assert not any(mark in text for text in stored for mark in ("\x00", "\u202e"))
    assert "<script" not in first_message(ticket).html
    for path in (f"/tickets/{ticket.ref}", "/tickets"):
        assert "<script>alert" not in browser.get(path).text
    refused = browser.post("/tickets/new", {**sent, "platform": ""}, status=422)
    assert "<script>alert" not in refused.text


def test_line_breaks_do_not_enter_the_subject(people, browse):
    browse(people.user).post("/tickets/new", filled(subject="Hello\r\nBcc: all@example.com"), to=TICKET)
    assert opened().subject == "Hello Bcc: all@example.com"


def test_fields_that_no_form_has_change_nothing(people, browse):
    extra = {"requester_id": "1", "organization_id": "2", "status": "closed", "is_demo": "1", "tier": "3", "source": "api", "ref": "HT-1"}
    browse(people.user).post("/tickets/new", filled(**extra), to=TICKET)
    ticket = opened()
    assert (ticket.requester_id, ticket.status, ticket.source, ticket.is_demo) == (people.user.id, "new", "portal", False)


def test_a_text_of_ten_megabytes_is_refused_clearly(people, browse):
    answer = browse(people.user).post("/tickets/new", filled(body="x" * 10_000_000), status=413)
    assert "larger than we accept" in answer.words


# Werkzeug leaves the parts that it has read to the garbage collector when there are too many.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_two_hundred_files_are_refused_clearly(people, browse):
    sent = filled(files=[upload(b"x", f"{n}.log") for n in range(200)])
    answer = browse(people.user).post("/tickets/new", sent, status=413)
    assert "larger than we accept" in answer.words and count(StagedFile) == 0
    gc.collect()


def test_sending_one_form_twice_opens_one_ticket(people, browse):
    browser, sent = browse(people.user), filled(files=[upload()])
    browser.post("/tickets/new", {**sent, "files": [upload()]}, to=TICKET)
    again = browser.post("/tickets/new", {**sent, "files": [upload()]}, to=TICKET)
    assert again.headers["Location"].endswith(opened().ref)
    assert count(Attachment) == 1
    assert db.session.scalar(select(func.count()).where(Event.kind == "ticket.opened")) == 1


def test_sending_it_twice_with_staged_files_opens_one_ticket(people, browse, now):
    sent = filled(staged=staged(people.user, now).ref)
    browser = browse(people.user)
    browser.post("/tickets/new", sent, to=TICKET)
    browser.post("/tickets/new", sent, to=f"/tickets/{opened().ref}")


def test_a_form_out_of_the_history_opens_another_ticket_for_another_subject(people, browse):
    browser, sent = browse(people.user), filled()
    for subject in ("One thing", "Quite another", "Quite another"):
        browser.post("/tickets/new", {**sent, "subject": subject}, to=TICKET)
    assert sorted(db.session.scalars(select(Ticket.subject))) == ["One thing", "Quite another"]


def test_each_page_has_a_fresh_key(people, browse):
    browser = browse(people.user)
    keys = {browser.get("/tickets/new").markup.fields()["form_key"] for _ in range(3)}
    assert len(keys) == 3 and all(len(key) >= 16 for key in keys)


@pytest.mark.parametrize("odd", [None, "short", "x" * 65, "not a key, but long enough"])
def test_a_form_without_a_key_of_ours_still_opens_a_ticket(people, browse, odd):
    browse(people.user).post("/tickets/new", filled(form_key=odd), to=TICKET)
    assert opened().form_key is not None


def test_files_go_along(people, browse):
    browse(people.user).post("/tickets/new", filled(files=[upload(b"one", "a.log"), upload(b"two", "b.log")]), to=TICKET)
    assert {(f.name, f.ticket_id) for f in db.session.scalars(select(Attachment))} == {("a.log", opened().id), ("b.log", opened().id)}


def test_a_refused_form_keeps_its_files_for_the_next_try(people, browse):
    browser = browse(people.user)
    refused = browser.post("/tickets/new", filled(subject="", files=[upload(b"one", "kept.log")]), status=422)
    assert "kept.log" in refused.words
    ref = refused.markup.fields()["staged"]
    browser.post("/tickets/new", filled(staged=ref), to=TICKET)
    assert [f.name for f in db.session.scalars(select(Attachment))] == ["kept.log"]


def test_a_wrong_file_is_told_and_all_else_is_kept(people, browse):
    browser = browse(people.user)
    sent = filled(files=[upload(b"", "empty.log"), upload(b"fine", "fine.log"), upload(b"", "void.log")])
    refused = browser.post("/tickets/new", sent, status=422)
    assert all(f"“{name}.log” is empty." in refused.markup.by_id("files-error").text for name in ("empty", "void"))
    kept = refused.markup.fields()
    assert kept["body"] == sent["body"] and kept["staged"]
    assert count(Ticket) == 0


def test_a_file_that_is_too_large_is_told(people, browse, app, monkeypatch):
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], attachment_max_bytes=20_000))
    refused = browse(people.user).post("/tickets/new", filled(files=[upload(b"x" * 20_001, "huge.log")]), status=422)
    assert "huge.log” is too large, 0.02 MB would fit" in refused.words


def test_a_disk_that_takes_no_file_costs_no_word(people, browse, app, monkeypatch, tmp_path):
    (tmp_path / "full").touch()
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], attachments_url=f"file:{tmp_path}/full/store"))
    browser, sent = browse(people.user), filled(files=[upload(b"fine", "fine.log")])
    refused = browser.post("/tickets/new", sent, status=422)
    assert "“fine.log” cannot be kept on our side just now" in refused.words
    assert refused.markup.fields()["body"] == sent["body"]
    browser.post("/tickets/new", filled(), to=TICKET)


def test_anothers_staged_file_is_not_taken(people, browse, now):
    theirs = staged(people.stranger, now, b"secret", "secret.log")
    refused = browse(people.user).post("/tickets/new", filled(staged=theirs.ref), status=422)
    assert "no longer here" in refused.words and "secret.log" not in refused.text
    assert count(Attachment) == 0 and count(StagedFile) == 1


@pytest.mark.engines("sqlite", "postgresql")
def test_the_plans_promise_stands_beside_each_priority(people, browse):
    page = browse(people.user).get("/tickets/new?kind=question").words
    assert "15 min" in page and "Enterprise Priority plan, day or night" in page
    theirs = browse(people.stranger).get("/tickets/new?kind=question").words
    assert "Technical plan, within business hours" in theirs
    assert "2 business hours" in theirs and "3 business days" in theirs and "1 d" not in theirs
    assert "Your plan promises no time" in browse(people.guest).get("/tickets/new?kind=question").words


def test_the_plan_bounds_the_priorities(people, browse):
    offered = lambda person: {e["value"] for e in browse(person).get("/tickets/new?kind=question").markup.all("input", name="priority")}  # noqa: E731
    assert "emergency" in offered(people.user) and "emergency" not in offered(people.guest)
    browse(people.guest).post("/tickets/new", filled(priority="emergency"), status=422)
    page = browse(people.user).get("/tickets/new?kind=feature")
    assert "emergency" not in {e["value"] for e in page.markup.all("input", name="priority")}
    assert "Critical (blocking current work)" in page.words


def test_an_address_fills_the_form_in(people, browse):
    kept = browse(people.user).get("/tickets/new?kind=question&subject=Request+for+a+call&category=billing").markup.fields()
    assert (kept["subject"], kept["category"], kept["kind"]) == ("Request for a call", "billing", "question")
    browse(people.user).get("/tickets/new", query_string={"subject": HOSTILE * 50, "category": HOSTILE, "kind": HOSTILE})


def test_a_draft_is_kept_and_found_again(people, browse):
    browser = browse(people.user)
    kept = browser.post("/tickets/new/draft", filled("bug", steps="1. half"), htmx=True)
    assert "Draft saved" in kept.text
    again = browser.get("/tickets/new").markup.fields()
    assert (again["kind"], again["steps"], again["subject"]) == ("bug", "1. half", FORMS["bug"]["subject"])
    assert "Draft saved" in browser.get("/tickets/new").words
    assert browse(people.colleague).get("/tickets/new").markup.fields()["subject"] == ""


def test_without_script_a_draft_leads_back_to_the_form(people, browse):
    browser = browse(people.user)
    browser.post("/tickets/new/draft", filled("feature", files=[upload(b"one", "kept.log")]), to="/tickets/new?kind=feature")
    page = browser.get("/tickets/new?kind=feature")
    assert page.markup.fields()["summary"] == "Remember it" and "kept.log" in page.words


def test_another_kind_keeps_what_is_typed(people, browse):
    browser = browse(people.user)
    sent = filled("bug", kind_wanted="question")
    part = browser.post("/tickets/new/draft", sent, htmx=True)
    assert part.markup.elements[0]["id"] == "kind-fields" and part.markup.fields()["kind"] == "question"
    assert part.headers["HX-Push-Url"] == "/tickets/new?kind=question"
    assert part.markup.by_id("kind-question")["aria-pressed"] == "true"
    browser.post("/tickets/new/draft", sent, to="/tickets/new?kind=question")
    kept = browser.get("/tickets/new?kind=question").markup.fields()
    assert (kept["subject"], kept["priority"]) == (sent["subject"], "high")
    back = browser.get("/tickets/new?kind=bug").markup.fields()
    assert (back["steps"], back["searched"]) == (sent["steps"], "y")


def test_a_draft_that_is_no_valid_form_is_kept_all_the_same(people, browse):
    browser = browse(people.user)
    browser.post(
        "/tickets/new/draft", {"kind": "bug", "subject": "x" * 500, "category": "weather", "priority": "now", "form_key": "?"}, htmx=True
    )
    assert browser.get("/tickets/new").status_code == 200
    browser.post("/tickets/new/draft", {}, htmx=True)
    browser.get("/tickets/new")


def test_a_draft_can_be_discarded(people, browse):
    browser = browse(people.user)
    browser.post("/tickets/new/draft", filled("bug"), htmx=True)
    browser.post("/tickets/new/draft", filled("bug", then="discard"), to="/tickets/new?kind=bug")
    assert browser.get("/tickets/new").markup.fields()["subject"] == "" and count(NewDraft) == 0


def test_a_staged_file_can_be_taken_off(people, browse, now):
    one, other = staged(people.user, now, b"1", "one.log"), staged(people.user, now, b"2", "other.log")
    sent = filled(staged=[one.ref, other.ref], remove=one.ref)
    part = browse(people.user).post("/tickets/new/draft", sent, htmx=True)
    assert "one.log" not in part.text and "other.log" in part.text
    assert db.session.get(NewDraft, people.user.id).form["files"] == [other.ref]


def test_sending_the_ticket_ends_the_draft(people, browse):
    browser = browse(people.user)
    sent = filled("bug")
    browser.post("/tickets/new/draft", sent, htmx=True)
    browser.post("/tickets/new", sent, to=TICKET)
    assert browser.get("/tickets/new").markup.fields()["subject"] == ""


def test_a_draft_that_arrives_after_its_ticket_is_over(people, browse):
    browser, sent = browse(people.user), filled("bug")
    browser.post("/tickets/new", sent, to=TICKET)
    browser.post("/tickets/new/draft", sent, htmx=True)
    assert browser.get("/tickets/new").markup.fields()["subject"] == ""


def test_the_subject_asks_for_matching_answers(people, browse):
    field = browse(people.user).get("/tickets/new").markup.by_id("subject")
    assert (field["hx-get"], field["hx-target"]) == ("/help/suggest", "#deflect")


def test_visitors_sign_in_first_and_moderators_open_nothing(people, browse):
    browse(None).get("/tickets/new", to="/login")
    browse(None).post("/tickets/new", filled(), to="/login")
    browse(people.moderator).post("/tickets/new", filled(), status=403)


def test_a_form_from_elsewhere_is_refused(people, browse):
    browse(people.user).post("/tickets/new", filled(), csrf=False, status=400)
    assert count(Ticket) == 0


def test_htmx_is_sent_to_the_ticket(people, browse):
    browse(people.user).post("/tickets/new", filled(), htmx=True, to=TICKET)


def test_too_many_tickets_are_throttled(people, browse, rate_limits, monkeypatch):
    browser = browse(people.user)
    for _ in range(60):
        browser.post("/tickets/new", filled(subject=""), status=422)
    browser.post("/tickets/new", filled(), status=429)
    browse(people.colleague).post("/tickets/new", filled(), to=TICKET)


def test_opening_takes_few_statements(people, browse, statements):
    browser = browse(people.user)
    browser.post("/tickets/new", filled(), to=TICKET)
    with statements() as seen:
        browser.post("/tickets/new", filled(), to=TICKET)
    assert len(seen) <= 12, "\n".join(seen)


def test_no_more_files_are_offered_than_a_message_takes(people, browse):
    box = next(e for e in browse(people.user).get("/tickets/new").markup.elements if e.get("data-max-files"))
    assert box["data-max-files"] == str(uploads.MAX_FILES)
