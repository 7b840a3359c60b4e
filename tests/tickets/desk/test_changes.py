"""Everything that is changed from the panel: it works, leaves one event, is harmless again, and tells of conflicts."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from app.accounts.models import Team
from app.events.models import Event
from app.extensions import db
from app.tickets import actions, filing
from app.tickets.models import Follower, TicketLink, TicketTag
from tests import factories


@pytest.fixture
def desk(browse, people):
    """The agent's browser."""
    return browse(people.agent)


@pytest.fixture
def ticket(people):
    """A question of a customer with a contract."""
    return factories.ticket(people.owner, priority="medium")


def url(ticket, more=""):
    """The address of a ticket's page."""
    return f"/desk/tickets/{ticket.ref}{more}"


def events(ticket, kind):
    """The facts of each event of a kind that the ticket has."""
    return db.session.scalars(select(Event.facts).where(Event.ticket_id == ticket.id, Event.kind == kind).order_by(Event.id)).all()


def newest(ticket):
    """The id of the ticket's newest event."""
    return db.session.scalar(select(func.max(Event.id)).where(Event.ticket_id == ticket.id))


def changes(people):
    """Noun, form, what the ticket shows afterwards, and the event; one line for each thing that can be set."""
    team = db.session.scalars(select(Team).where(Team.key == "security")).one()
    return [
        ("assignment", {"assignee": people.agent2.id}, lambda t: t.assignee_id == people.agent2.id, "ticket.assigned"),
        ("status", {"status": "on_hold"}, lambda t: t.status == "on_hold", "ticket.status_changed"),
        ("status", {"status": "resolved"}, lambda t: t.status == "resolved", "ticket.resolved"),
        ("priority", {"priority": "critical", "reason": "Production"}, lambda t: t.priority == "critical", "ticket.priority_changed"),
        ("team", {"team": team.id}, lambda t: t.team_id == team.id, "ticket.moved"),
        ("category", {"category": "tui"}, lambda t: t.category == "tui", "ticket.categorised"),
        ("tags", {"tags": "Flaky, ci"}, lambda t: tags(t) == ["ci", "flaky"], "ticket.tagged"),
        ("followers", {"email": "Boss@Example.COM"}, lambda t: followers(t) == ["boss@example.com"], "ticket.follower_added"),
        ("links", {"target": "https://github.com/hive/hive/issues/7"}, lambda t: links(t) == ["hive/hive#7"], "ticket.linked"),
        ("resolution", {}, lambda t: t.status == "resolved", "ticket.resolved"),
    ]


def tags(ticket):
    """The ticket's tags."""
    return sorted(db.session.scalars(select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id)))


def followers(ticket):
    """The addresses of who follows."""
    return sorted(db.session.scalars(select(Follower.email).where(Follower.ticket_id == ticket.id)))


def links(ticket):
    """The labels of the ticket's links."""
    return sorted(db.session.scalars(select(TicketLink.label).where(TicketLink.ticket_id == ticket.id)))


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("number", range(10))
def test_a_change_works_leaves_one_event_and_is_harmless_again(desk, ticket, people, number, htmx):
    noun, form, holds, kind = changes(people)[number]
    desk.get(url(ticket))
    before = len(events(ticket, kind))
    for _ in range(2):
        answer = desk.post(url(ticket, f"/{noun}"), {**form, "seen": newest(ticket)}, htmx=htmx, **({} if htmx else {"to": url(ticket)}))
        db.session.refresh(ticket)
        assert holds(ticket)
        assert len(events(ticket, kind)) == before + 1
    if htmx:
        assert answer.markup.elements[0]["id"] == f"ticket-{ticket.id}-panel" and "textarea" not in answer.text
        assert {one["hx-target"] for one in answer.markup.all("hx-partial")} >= {
            f"#ticket-{ticket.id}-{p}" for p in ("head", "timeline", "to")
        }


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("number", [0, 1, 3, 4, 5, 9])
def test_what_others_did_meanwhile_is_told_and_the_change_can_be_made_anyway(desk, ticket, people, number, htmx):
    noun, form, holds, _ = changes(people)[number]
    desk.get(url(ticket))
    seen = newest(ticket)
    factories.reply(ticket, people.owner, "One more thing: it is urgent now.")
    answer = desk.post(url(ticket, f"/{noun}"), {**form, "seen": seen}, status=409, htmx=htmx)
    db.session.refresh(ticket)
    assert not holds(ticket)
    assert (
        "This ticket changed meanwhile" in answer.words and "Frieda Brandt replied" in answer.words and "it is urgent now" in answer.words
    )
    again = next(f for f in answer.markup.all("form", action=url(ticket, f"/{noun}")) if "Change it anyway" in f.text)
    desk.post(again["action"], answer.markup.fields(again), to=url(ticket))
    db.session.refresh(ticket)
    assert holds(ticket)


def test_a_save_of_the_row_at_the_same_moment_is_a_conflict_too(desk, ticket, monkeypatch):
    def late(*args, **kwargs):
        raise StaleDataError("UPDATE statement on table 'tickets' expected to update 1 row(s); 0 were matched.")

    monkeypatch.setattr(filing, "categorise", late)
    answer = desk.post(url(ticket, "/category"), {"category": "tui", "seen": newest(ticket)}, status=409)
    assert "Somebody changed it at the same moment" in answer.words


@pytest.mark.parametrize(
    ("noun", "form", "says"),
    [
        ("assignment", {"assignee": "999999"}, "Choose somebody from the list"),
        ("assignment", {"assignee": "x"}, ""),
        ("assignment", {}, "Choose somebody from the list"),
        ("status", {"status": "new"}, ""),
        ("status", {"status": "<script>"}, ""),
        ("priority", {"priority": "huge"}, ""),
        ("priority", {"priority": "high", "reason": "x" * 501}, ""),
        ("team", {"team": "999999"}, "Choose a team from the list"),
        ("category", {"category": "nonsense"}, ""),
        ("tags", {"tags": "<b>"}, "cannot be a tag"),
        ("tags", {"tags": " ".join(f"t{n}" for n in range(21))}, "20 tags at most"),
        ("followers", {"email": "nobody"}, "not an e-mail address"),
        ("followers", {"email": "a@example.com\r\nBcc: b@example.com"}, "not an e-mail address"),
        ("followers", {"email": ""}, "Write an e-mail address"),
        ("links", {"target": "ftp://example.com/"}, "begins with https"),
        ("links", {"target": "https://"}, "begins with https"),
        ("links", {"target": "https://[::1"}, "begins with https"),
        ("links", {"target": "HT-0000000"}, "begins with https"),
        ("confirmation", {"decision": "perhaps"}, "Accept or decline"),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_what_cannot_be_accepted_is_told_beside_its_field_with_what_was_typed(desk, ticket, noun, form, says, htmx):
    desk.get(url(ticket))
    before = newest(ticket)
    answer = desk.post(url(ticket, f"/{noun}"), form, status=422, htmx=htmx)
    assert says in answer.words and newest(ticket) == before and "<script>" not in answer.text.replace("<script src", "")
    for name in form.keys() & {"tags", "email", "target"}:
        assert answer.markup.one("input", name=name).get("value").split() == form[name].split() and answer.markup.all("p", class_="error")


def test_an_address_that_would_run_code_is_no_link(desk, ticket):
    answer = desk.client.post(url(ticket, "/links"), data={"target": "javascript:alert(1)"}, headers={"X-CSRFToken": desk.token()})
    assert answer.status_code == 422 and links(ticket) == [] and 'href="javascript' not in answer.text


def test_only_people_of_the_desk_are_given_tickets(desk, ticket, people):
    for person in (people.owner, people.moderator):
        desk.post(url(ticket, "/assignment"), {"assignee": person.id}, status=422)
    people.agent2.is_enabled = False
    db.session.commit()
    desk.post(url(ticket, "/assignment"), {"assignee": people.agent2.id}, status=422)
    desk.post(url(ticket, "/assignment"), {"assignee": people.agent.id}, to=url(ticket))
    desk.post(url(ticket, "/assignment"), {"assignee": "0"}, to=url(ticket))
    db.session.refresh(ticket)
    assert ticket.assignee_id is None


def test_a_resolved_ticket_is_reopened_or_closed(desk, ticket, people):
    factories.resolve(ticket, people.agent2)
    page = desk.get(url(ticket))
    assert page.markup.all("form", action=url(ticket, "/reopening")) and not page.markup.all("form", action=url(ticket, "/resolution"))
    desk.post(url(ticket, "/reopening"), {"reason": "It came back"}, to=url(ticket))
    desk.post(url(ticket, "/reopening"), {}, to=url(ticket))
    assert [facts["reason"] for facts in events(ticket, "ticket.reopened")] == ["It came back"]
    desk.post(url(ticket, "/closing"), {}, status=409)
    desk.post(url(ticket, "/resolution"), {}, to=url(ticket))
    desk.post(url(ticket, "/closing"), {}, to=url(ticket))
    desk.post(url(ticket, "/closing"), {}, to=url(ticket))
    assert len(events(ticket, "ticket.closed")) == 1
    desk.post(url(ticket, "/status"), {"status": "open"}, status=409)
    desk.post(url(ticket, "/reopening"), {}, status=409)


def test_the_list_of_statuses_reopens_and_closes_as_well(desk, ticket, people):
    factories.resolve(ticket, people.agent2)
    desk.post(url(ticket, "/status"), {"status": "on_hold"}, to=url(ticket))
    db.session.refresh(ticket)
    assert ticket.status == "on_hold" and len(events(ticket, "ticket.reopened")) == 1
    desk.post(url(ticket, "/status"), {"status": "resolved"}, to=url(ticket))
    desk.post(url(ticket, "/status"), {"status": "closed"}, to=url(ticket))
    db.session.refresh(ticket)
    assert ticket.status == "closed"


@pytest.mark.parametrize(("decision", "promised"), [("accept", "critical"), ("decline", "medium")])
def test_a_raise_beyond_the_plan_waits_for_a_word(desk, people, decision, promised):
    ticket = factories.ticket(people.guest, subject="Critical: production down", body="Production is down for all of us.")
    assert ticket.needs_confirmation and ticket.promised_priority == "medium"
    page = desk.get(url(ticket))
    assert "Confirm the priority" in page.words and "to be confirmed, medium is promised" in page.words
    for _ in range(2):
        desk.post(url(ticket, "/confirmation"), {"decision": decision}, to=url(ticket))
    db.session.refresh(ticket)
    assert ticket.priority == ticket.promised_priority == promised and not ticket.needs_confirmation
    assert len(events(ticket, "ticket.priority_confirmed")) == 1
    assert "Confirm the priority" not in desk.get(url(ticket)).words


def test_the_rules_are_asked_again_and_what_people_decided_stays(desk, ticket, people):
    before = len(events(ticket, "ticket.triaged"))
    answer = desk.post(url(ticket, "/triage"), {}, htmx=True)
    assert "decide the same as before" in answer.words and len(events(ticket, "ticket.triaged")) == before
    ticket.subject, ticket.fields = "Production down", {"body": "Production is down, nobody can work."}
    filing.categorise(ticket, "billing", actor=people.agent2, now=factories.NOW)
    db.session.commit()
    desk.post(url(ticket, "/triage"), {}, to=url(ticket))
    db.session.refresh(ticket)
    assert ticket.priority == "critical" and ticket.category == "billing"
    assert len(events(ticket, "ticket.triaged")) == before + 1


def test_one_tag_is_taken_off_whatever_stands_in_the_field(desk, ticket):
    desk.post(url(ticket, "/tags"), {"tags": "one two;three"}, to=url(ticket))
    desk.post(url(ticket, "/tags"), {"tags": "<half typed", "off": "two"}, to=url(ticket))
    desk.post(url(ticket, "/tags"), {"tags": "", "off": "two"}, to=url(ticket))
    assert tags(ticket) == ["one", "three"] and len(events(ticket, "ticket.tagged")) == 2


def test_followers_and_links_come_and_go_once(desk, ticket, people):
    other = factories.ticket(people.user)
    for form in ({"email": people.user.email}, {"email": people.user.email.upper()}, {"email": people.owner.email}):
        desk.post(url(ticket, "/followers"), form, to=url(ticket))
    follower = db.session.scalars(select(Follower).where(Follower.ticket_id == ticket.id)).one()
    assert follower.user_id == people.user.id and follower.name == people.user.name
    for _ in range(2):
        desk.post(url(ticket, "/links"), {"target": other.ref.lower()}, to=url(ticket))
    link = db.session.scalars(select(TicketLink).where(TicketLink.ticket_id == ticket.id)).one()
    assert link.other_id == other.id and desk.get(url(ticket)).markup.all("a", href=url(other))
    assert "this very ticket" in desk.post(url(ticket, "/links"), {"target": ticket.ref}, status=422).words
    for path in (f"/followers/{follower.id}/removal", f"/links/{link.id}/removal"):
        desk.post(url(other, path), {}, to=url(other))
        desk.post(url(ticket, path), {}, to=url(ticket))
        desk.post(url(ticket, path), {}, to=url(ticket))
    assert len(events(ticket, "ticket.follower_removed")) == len(events(ticket, "ticket.unlinked")) == 1


NOUNS = ("assignment", "status", "priority", "confirmation", "team", "category", "tags", "followers", "followers/1/removal", "links")
MORE = ("links/1/removal", "resolution", "reopening", "closing", "triage")


@pytest.mark.parametrize("noun", [*NOUNS, *MORE])
def test_only_staff_change_tickets_and_only_those_that_are_there(browse, desk, ticket, people, noun):
    before = newest(ticket)
    browse(None).post(url(ticket, f"/{noun}"), {}, to="/login")
    for who in (people.owner, people.stranger, people.moderator):
        browse(who).post(url(ticket, f"/{noun}"), {}, status=403)
    desk.post(f"/desk/tickets/HT-0000000/{noun}", {}, status=404)
    desk.post(url(ticket, f"/{noun}"), {}, csrf=False, status=400)
    assert newest(ticket) == before


@pytest.mark.engines("sqlite", "postgresql")
def test_changes_and_conflicts_are_alike_on_both_databases(browse, people, app):
    ticket, desk = factories.ticket(people.owner), browse(people.agent)
    seen = newest(ticket)
    actions.change_status(ticket, "on_hold", actor=people.agent2, now=factories.NOW)
    db.session.commit()
    answer = desk.post(url(ticket, "/priority"), {"priority": "high", "seen": seen}, status=409)
    assert "Status set to On hold by Samuel Osei" in answer.words
    desk.post(url(ticket, "/priority"), {"priority": "high", "seen": newest(ticket)}, to=url(ticket))
    desk.post(url(ticket, "/tags"), {"tags": "ci"}, to=url(ticket))
    db.session.refresh(ticket)
    assert (ticket.status, ticket.priority, tags(ticket)) == ("on_hold", "high", ["ci"])
