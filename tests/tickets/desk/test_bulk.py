"""One change for many tickets: each by its own action, and one answer that says what became of which."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from app.events.models import Event
from app.extensions import db
from app.tickets import filing
from app.tickets.desk_statements import PAGE
from app.tickets.models import Ticket, TicketTag
from tests import factories

PATH = "/desk/queue/all/changes"


@pytest.fixture
def desk(browse, people):
    """The agent's browser."""
    return browse(people.agent)


@pytest.fixture
def three(people):
    """Three tickets: one is closed, one is the agent's already."""
    return [
        factories.ticket(people.owner, subject="First"),
        factories.ticket(people.user, subject="Second", status="closed"),
        factories.ticket(people.stranger, subject="Third", assignee=people.agent),
    ]


def refs(tickets):
    """Their numbers, as the ticked boxes send them."""
    return [ticket.ref for ticket in tickets]


def count(kind):
    """How many events of a kind there are."""
    return db.session.scalar(select(func.count()).where(Event.kind == kind))


def told(answer):
    """The words of the callout."""
    return next(e.text for e in answer.markup.elements if e.get("class") == "callout" and "data-wrong" in e.attributes)


@pytest.mark.parametrize("htmx", [False, True])
def test_each_goes_through_its_action_and_the_answer_says_what_became_of_which(desk, three, people, htmx):
    desk.get("/desk/queue/all")
    before = count("ticket.assigned")
    answer = desk.post(PATH, {"ids": refs(three), "do": "mine"}, htmx=htmx)
    assert "2 tickets changed, 1 was so already" in told(answer)
    assert f"Changed: {three[0].ref}, {three[1].ref}." in told(answer) and f"So already: {three[2].ref}." in told(answer)
    assert count("ticket.assigned") == before + 2
    again = desk.post(PATH, {"ids": refs(three), "do": "mine"}, htmx=htmx)
    assert "0 tickets changed, 3 were so already" in told(again) and count("ticket.assigned") == before + 2


def test_one_that_refuses_takes_no_other_with_it(desk, three):
    desk.get("/desk/queue/all")
    answer = desk.post(PATH, {"ids": [*refs(three), "HT-0000000"], "do": "status", "status": "pending_customer"})
    assert "2 tickets changed, 2 refused" in told(answer)
    assert f"{three[1].ref}: A closed ticket stays closed" in told(answer) and "HT-0000000: there is no such ticket" in told(answer)
    db.session.expire_all()
    assert [ticket.status for ticket in three] == ["pending_customer", "closed", "pending_customer"]


def test_priority_and_tags_are_set_with_their_events(desk, three):
    desk.get("/desk/queue/all")
    for form, kind in (
        ({"do": "priority", "priority": "critical"}, "ticket.priority_changed"),
        ({"do": "tag", "tag": "CI run"}, "ticket.tagged"),
    ):
        before = count(kind)
        for _ in range(2):
            answer = desk.post(PATH, {"ids": refs(three), **form})
        assert count(kind) == before + 3 and "0 tickets changed, 3 were so already" in told(answer)
    assert set(db.session.scalars(select(TicketTag.tag))) == {"ci-run"}
    assert set(db.session.scalars(select(Ticket.priority))) == {"critical"}


def test_a_row_is_taken_by_its_own_button(desk, three, people):
    desk.get("/desk/queue/all")
    answer = desk.post(PATH, {"ids": refs(three[1:]), "take": three[0].ref}, htmx=True)
    db.session.refresh(three[0])
    assert three[0].assignee_id == people.agent.id and "1 ticket changed" in told(answer)


def test_the_list_keeps_its_filters(desk, three):
    page = desk.get("/desk/queue/unassigned?priority=medium&organization=Acme+Robotics")
    form = page.markup.one("form", aria_label="Tickets")
    answer = desk.post(form["action"], {"ids": refs(three[:1]), "do": "priority", "priority": "medium"})
    fields = answer.markup.fields(answer.markup.one("form", aria_label="Filter tickets"))
    assert fields["priority"] == "medium" and fields["organization"] == "Acme Robotics"


def test_filters_that_are_set_later_hold_for_what_is_ticked_then(desk, three):
    desk.get("/desk/queue/all")
    part = desk.get("/desk/queue/all?priority=medium&organization=Acme+Robotics", htmx=True)
    answer = desk.post(part.markup.one("form", aria_label="Tickets")["action"], {"ids": refs(three[:1]), "do": "mine"}, htmx=True)
    assert three[0].ref in told(answer) and three[2].ref not in answer.text


def test_a_change_on_a_later_page_comes_back_to_it(desk, people):
    for _ in range(PAGE + 2):
        factories.ticket(people.owner)
    first = desk.get("/desk/queue/all")
    second = desk.get(first.markup.one("a", rel="next")["href"])
    listed = [box["value"] for box in second.markup.all("input", name="ids")]
    answer = desk.post(second.markup.one("form", aria_label="Tickets")["action"], {"ids": listed[:1], "do": "mine"}, htmx=True)
    assert [box["value"] for box in answer.markup.all("input", name="ids")] == listed


def test_what_is_sent_from_a_page_that_is_none_of_ours_changes_nothing(desk, three):
    before = [ticket.version for ticket in three]
    desk.post("/desk/queue/all/changes?cursor=no", {"ids": refs(three), "do": "priority", "priority": "high"}, status=422)
    db.session.expire_all()
    assert [ticket.version for ticket in three] == before


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"do": "mine"}, "Tick the tickets"),
        ({"ids": ["HT-1"] * 2, "do": "nonsense"}, "Choose what to do from the list"),
        ({"ids": ["HT-1"], "do": "status", "status": "new"}, "Choose what to do from the list"),
        ({"ids": ["HT-1"], "do": "priority", "priority": "huge"}, "Choose what to do from the list"),
        ({"ids": ["HT-1"], "do": "tag", "tag": "<b>"}, "cannot be a tag"),
        ({"ids": ["HT-1"], "do": "tag"}, "Write the tag"),
        ({"ids": [f"HT-{n:07}" for n in range(51)], "do": "mine"}, "Change 50 at a time at most"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(desk, form, says):
    assert says in desk.post(PATH, form, status=422).words
    desk.get("/desk/queue/all")
    assert says in desk.post(PATH, form, status=422, htmx=True).words


def test_odd_numbers_are_no_tickets_and_are_shown_as_text(desk):
    desk.get("/desk/queue/all")
    answer = desk.post(PATH, {"ids": ["<script>alert(1)</script>", "a\0b", "x" * 3000], "do": "mine"})
    assert "0 tickets changed, 3 refused" in told(answer) and "<script>alert" not in answer.text


def test_a_conflict_of_one_row_is_told_and_the_rest_is_done(desk, three, people, monkeypatch):
    real = filing.set_priority

    def sometimes(ticket, *args, **kwargs):
        if ticket.subject == "First":
            raise StaleDataError("UPDATE statement on table 'tickets' expected to update 1 row(s); 0 were matched.")
        real(ticket, *args, **kwargs)

    monkeypatch.setattr(filing, "set_priority", sometimes)
    desk.get("/desk/queue/all")
    answer = desk.post(PATH, {"ids": refs(three), "do": "priority", "priority": "critical"})
    assert "2 tickets changed, 1 refused" in told(answer)
    assert f"{three[0].ref}: somebody else changed it at the same moment" in told(answer)


def test_only_staff_change_many(browse, three, people, desk):
    browse(None).post(PATH, {"ids": refs(three), "do": "mine"}, to="/login")
    for who in (people.owner, people.stranger, people.moderator):
        browse(who).post(PATH, {"ids": refs(three), "do": "mine"}, status=403)
    desk.post("/desk/queue/nowhere/changes", {"ids": refs(three), "do": "mine"}, status=404)
    desk.post(PATH, {"ids": refs(three), "do": "mine"}, csrf=False, status=400)


@pytest.mark.engines("sqlite", "postgresql")
def test_a_refusal_in_the_middle_is_alike_on_both_databases(browse, people, app):
    tickets = [factories.ticket(people.owner), factories.ticket(people.owner, status="closed"), factories.ticket(people.owner)]
    desk = browse(people.agent)
    desk.get("/desk/queue/all")
    answer = desk.post(PATH, {"ids": refs(tickets), "do": "status", "status": "on_hold"})
    assert "2 tickets changed, 1 refused" in told(answer)
    db.session.expire_all()
    assert [ticket.status for ticket in tickets] == ["on_hold", "closed", "on_hold"]
