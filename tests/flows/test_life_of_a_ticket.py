"""A ticket's whole life, nothing replaced: pages, the real worker, a real mail server, both databases."""

import re

import pytest
from sqlalchemy import func, select

from app.events.models import Event
from app.extensions import db, queue
from app.schedule import SCHEDULE
from app.surveys.models import Survey
from app.tickets.models import Ticket
from tests.alerts.shared import on_call
from tests.factories import FIELDS
from tests.flows.letters import ancestors, letters, link, wait_for_letter, words
from tests.worker import until

pytestmark = [pytest.mark.real_clock, pytest.mark.engines("sqlite", "postgresql")]

CHECKS = {"searched": "y", "complete": "y", "reproducible": "y"}
ANSWERS = {name: text for name, text in FIELDS["bug"].items() if name != "checks"}
BUG = {**ANSWERS, **CHECKS, "subject": "Consensus stops at the curator stage", "priority": "high", "category": "consensus"}
ANSWER = "Please upgrade to **2.0.1** and try again."
SECRET = "Looks like the cache race of last week."


def fill(page, **values):
    """What the form of a page that has all these fields would send, with `values` typed in."""
    names = {id(form): set() for form in page.markup.all("form")}
    for element in page.markup.elements:
        if "name" in element.attributes and (form := element.within("form")) is not None:
            names[id(form)].add(element["name"])
    forms = [form for form in page.markup.all("form") if values.keys() <= names[id(form)]]
    assert len(forms) == 1, f"{len(forms)} forms on the page have all of {sorted(values)}"
    return {**page.markup.fields(forms[0]), **values}


def open_bug(window):
    """Open the bug by the form; returns its ref."""
    form = window.get("/tickets/new?kind=bug")
    answer = window.post("/tickets/new", fill(form, **BUG), to=re.compile(r"^/tickets/HT-\w{7}$"))
    return answer.headers["Location"].rpartition("/")[2]


def kinds(ref):
    """The events of a ticket in order."""
    db.session.rollback()
    return db.session.scalars(
        select(Event.kind).join(Ticket, Ticket.id == Event.ticket_id).where(Ticket.ref == ref).order_by(Event.id)
    ).all()


def test_from_first_word_to_survey_and_dashboard(people, browse, worker, smtp):
    on_call(people.lead, "support")  # whenever this runs, the lead is at work, and so is mailed at once
    worker(SMTP_URL=smtp.url)
    customer, desk = browse(people.user), browse(people.agent)
    ref = open_bug(customer)
    acknowledged = is_acknowledged(customer, people, smtp, ref)
    is_triaged_and_taken(desk, people, ref)
    is_answered_in_the_thread(desk, people, smtp, ref, acknowledged)
    is_discussed(customer, desk, people, smtp, ref)
    is_resolved_and_scored(browse(None), desk, people, smtp, ref)
    is_on_the_dashboard(browse(people.lead))
    assert {"ticket.replied", "ticket.noted", "ticket.resolved", "survey.invited", "survey.answered"} <= set(kinds(ref))


def is_acknowledged(customer, people, smtp, ref):
    """The customer sees the ticket, and gets its first mail, which is returned."""
    assert BUG["subject"] in customer.get(f"/tickets/{ref}").words
    acknowledged = wait_for_letter(smtp, people.user.email, ref)
    assert acknowledged["Auto-Submitted"] == "auto-replied"
    assert BUG["subject"] in acknowledged["Subject"]
    assert f"/tickets/{ref}" in link(acknowledged, "/tickets/")
    return acknowledged


def is_triaged_and_taken(desk, people, ref):
    """Triage has decided and says why; the agent takes the ticket."""
    assert ref in desk.get("/desk/queue/all").text
    page = desk.get(f"/desk/tickets/{ref}")
    assert kinds(ref)[:2] == ["ticket.opened", "ticket.triaged"]
    triaged = db.session.scalars(select(Event).where(Event.kind == "ticket.triaged")).one()
    assert triaged.facts["decisions"], "an automatic decision names its rule"
    ticket = db.session.scalars(select(Ticket).where(Ticket.ref == ref)).one()
    assert (ticket.priority, ticket.tier, ticket.team_id is not None) == ("high", 3, True)
    assert ticket.next_metric == "first_response"
    mine = {"assignee": people.agent.id, "seen": fill(page, visibility="reply", body="")["seen"]}
    desk.post(f"/desk/tickets/{ref}/assignment", mine, to=re.compile(rf"^/desk/tickets/{ref}"))
    assert ref in desk.get("/desk/queue/mine").text


def is_answered_in_the_thread(desk, people, smtp, ref, acknowledged):
    """The agent answers; the mail lands in the thread of the first one, and calls itself a person's."""
    page = desk.get(f"/desk/tickets/{ref}")
    answer = fill(page, visibility="reply", body=ANSWER, status="pending_customer")
    desk.post(f"/desk/tickets/{ref}/messages", answer, to=re.compile(rf"^/desk/tickets/{ref}"))
    replied = wait_for_letter(smtp, people.user.email, ref, 2)
    assert "upgrade to" in words(replied)
    assert replied["In-Reply-To"] == acknowledged["Message-ID"]
    assert ancestors(replied)[-1] == acknowledged["Message-ID"]
    assert "Auto-Submitted" not in replied


def is_discussed(customer, desk, people, smtp, ref):
    """A note stays among staff; the customer answers, and the agent is told."""
    page = desk.get(f"/desk/tickets/{ref}")
    desk.post(f"/desk/tickets/{ref}/messages", fill(page, visibility="note", body=SECRET), to=re.compile(rf"^/desk/tickets/{ref}"))
    page = customer.get(f"/tickets/{ref}")
    assert "upgrade to" in page.words
    assert SECRET not in page.text
    customer.post(f"/tickets/{ref}/replies", fill(page, body="That works, thank you!"), to=re.compile(rf"^/tickets/{ref}"))
    assert "That works" in words(wait_for_letter(smtp, people.agent.email, ref))


def is_resolved_and_scored(visitor, desk, people, smtp, ref):
    """The agent resolves; the customer scores it badly by the link of a mail; the lead is alerted. The note went nowhere."""
    page = desk.get(f"/desk/tickets/{ref}")
    done = {"reason": "Fixed in 2.0.1", "seen": fill(page, body="")["seen"]}
    desk.post(f"/desk/tickets/{ref}/resolution", done, to=re.compile(rf"^/desk/tickets/{ref}"))
    invited = until(lambda: [m for m in letters(smtp, people.user.email) if "/survey/" in words(m)], "the survey's mail")[0]
    answer_survey(visitor, link(invited, "/survey/").partition("?")[0])
    alert = until(lambda: [m for m in letters(smtp, people.lead.email) if ref in words(m)], "the lead to be alerted")[0]
    assert "Slow, and twice the wrong answer." in words(alert)
    everything = "\n".join(words(m) for _, m in smtp.received if m["To"] != people.agent.email and m["To"] != people.lead.email)
    assert SECRET not in everything


def is_on_the_dashboard(lead):
    """The figures follow the events. The clock page would do this within the minute."""
    queue("default").enqueue(SCHEDULE["follow-figures"].job)
    until(
        lambda: "2.0 of 5" in (figures := lead.get("/desk/analytics?range=24h").words) and "Total tickets 1" in figures,
        "the dashboard to tell it",
    )


def answer_survey(window, path):
    """Look (which stores nothing, twice), then answer badly."""
    window.get(f"{path}?overall_satisfaction=5")
    page = window.get(f"{path}?overall_satisfaction=2")
    db.session.rollback()
    assert db.session.scalars(select(Survey.answered_at)).all() == [None]
    given = {
        "overall_satisfaction": "2",
        "response_time": "1",
        "resolution_quality": "2",
        "additional_feedback": "Slow, and twice the wrong answer.",
    }
    window.post(path, fill(page, **given), to=re.compile(rf"^{re.escape(path)}"))


def test_a_guest_proves_their_address_and_gets_an_answer(people, browse, worker, smtp):
    worker(SMTP_URL=smtp.url)
    guest, address = browse(None), "nora@newcomer.example"
    form = guest.get("/guest/new")
    asked = {
        "name": "Nora Castellan",
        "email": address,
        "subject": "Buy cheap watches http://spam.example",
        "priority": "medium",
        **FIELDS["question"],
    }
    guest.post("/guest/new", fill(form, **asked), to="/guest/new?sent=1")
    proof = wait_for_letter(smtp, address, "")
    assert "watches" not in proof.as_string(), "no words of an attacker go to an unproven address"
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0

    confirm = link(proof, "/guest/")
    page = guest.get(confirm)
    assert "watches" in page.words
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0
    opened = guest.post(confirm, to=re.compile(r"^/tickets/HT-"))
    ref = opened.headers["Location"].rpartition("/")[2]
    acknowledged = wait_for_letter(smtp, address, ref)
    assert "watches" in guest.get(f"/tickets/{ref}").words
    guest.post(confirm, to=f"/guest/new?opened={ref}")

    desk = browse(people.agent)
    page = desk.get(f"/desk/tickets/{ref}")
    desk.post(f"/desk/tickets/{ref}/messages", fill(page, visibility="reply", body=ANSWER), to=re.compile(rf"^/desk/tickets/{ref}"))
    replied = wait_for_letter(smtp, address, ref, 2)
    assert replied["In-Reply-To"] == acknowledged["Message-ID"]
    browse(people.stranger).get(f"/tickets/{ref}", status=404)
    assert len(letters(smtp, address)) == 3


def test_a_resolved_ticket_is_reopened_by_its_customers_answer_and_asks_again(people, browse, worker, smtp):
    on_call(people.lead, "support")  # whenever this runs, the lead is at work, and so is mailed at once
    worker(SMTP_URL=smtp.url)
    customer, desk = browse(people.user), browse(people.agent)
    ref = open_bug(customer)
    for number in (1, 2):
        page = desk.get(f"/desk/tickets/{ref}")
        desk.post(
            f"/desk/tickets/{ref}/resolution",
            {"reason": f"Round {number}", "seen": fill(page, body="")["seen"]},
            to=re.compile(rf"^/desk/tickets/{ref}"),
        )
        assert kinds(ref).count("ticket.resolved") == number
        page = customer.get(f"/tickets/{ref}")
        customer.post(f"/tickets/{ref}/replies", fill(page, body=f"Still broken, try {number}."), to=re.compile(rf"^/tickets/{ref}"))
        ticket = db.session.scalars(select(Ticket).where(Ticket.ref == ref)).one()
        assert (ticket.status, ticket.round) == ("open", number)
    until(lambda: db.session.rollback() or db.session.scalars(select(Survey.round)).all(), "the survey of the first round")
    assert kinds(ref).count("ticket.resolved") == 2
