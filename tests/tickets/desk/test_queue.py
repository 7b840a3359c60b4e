"""The queue: its views, filters, search, pages and figures, and who may see it."""

import gzip
from datetime import timedelta

import pytest
from sqlalchemy import insert

from app.extensions import db
from app.lib.paging import encode_cursor
from app.lib.times import STEP_SECONDS
from app.tickets import desk_lists, desk_queries, filing, portal_page
from app.tickets.desk_forms import VIEWS
from app.tickets.models import Ticket
from tests import factories

HOSTILE = (
    "<script>alert(1)</script>",
    "a\0b",
    "\u202eevil",
    "%' OR 1=1 --",
    '"" OR',
    "x" * 5000,
    "*",
    "NEAR(",
    "é ü 漢字",
    "a_b -c",
    "@",
    "'",
)


def refs(answer):
    """Numbers of the tickets on a page, in order."""
    return [box["value"] for box in answer.markup.all("input", name="ids")]


@pytest.fixture
def desk(browse, people):
    """The agent's browser."""
    return browse(people.agent)


@pytest.fixture
def company(people):
    """One ticket for each thing that a view or filter asks."""
    tickets = {
        "mine": factories.ticket(people.user, subject="Printer driver in the TUI", assignee=people.agent, priority="high", tags=["tui"]),
        "other": factories.ticket(people.stranger, subject="Consensus stalls", assignee=people.agent2, team="product"),
        "team": factories.ticket(people.owner, subject="Index is stale", team="support", category="repository"),
        "bug": factories.ticket(people.guest, kind="bug", subject="Colours of the help", tags=["colour", "tui"]),
        "waiting": factories.ticket(people.user, subject="Which version?", status="pending_customer", assignee=people.agent2),
        "done": factories.ticket(people.user, subject="Solved printer", status="resolved", assignee=people.agent),
        "closed": factories.ticket(people.user, subject="Closed for good", status="closed"),
    }
    # Whatever triage reads out of their words.
    for name in ("bug", "other", "team"):
        filing.set_priority(tickets[name], "low", actor=people.agent, now=factories.NOW)
    db.session.commit()
    return tickets


def test_the_desk_opens_with_ones_own_tickets(desk):
    desk.get("/desk", to="/desk/queue/mine")


def test_each_view_holds_its_open_tickets(desk, company):
    names = {ticket.ref: name for name, ticket in company.items()}

    def view(name):
        return {names[ref] for ref in refs(desk.get(f"/desk/queue/{name}"))}

    assert view("mine") == {"mine"}
    assert view("waiting") == {"waiting"}
    assert view("all") == {"mine", "other", "team", "bug", "waiting"}
    assert "mine" not in view("unassigned") and {"team", "bug"} <= view("unassigned")
    assert "team" in view("team") and "other" not in view("team")


def test_a_view_that_does_not_exist_is_not_found(desk):
    desk.get("/desk/queue/everything", status=404)


def test_what_is_due_within_four_hours_or_overdue_breaches_soon(desk, people, now, clock):
    soon = factories.ticket(people.owner, priority="critical", subject="Soon")
    late = factories.ticket(people.owner, priority="low", subject="Late", now=now - timedelta(days=8))
    factories.ticket(people.owner, priority="low", subject="Far")
    factories.ticket(people.guest, subject="Nothing is promised")
    assert refs(desk.get("/desk/queue/breaching")) == [late.ref, soon.ref]


def test_the_queue_is_in_the_order_of_the_next_deadline_and_what_has_none_comes_last(desk, people):
    none = factories.ticket(people.guest)
    low = factories.ticket(people.owner, priority="low")
    critical = factories.ticket(people.owner, priority="critical")
    assert refs(desk.get("/desk/queue/all")) == [critical.ref, low.ref, none.ref]
    page = desk.get("/desk/queue/all")
    states = [chip["data-sla"] for chip in page.markup.all("span", class_="sla")]
    assert states == ["ok", "ok"] and "First reply due in 1 h" in page.words
    late = factories.ticket(people.owner, now=factories.NOW - timedelta(days=2))
    assert "First reply is 1 d over" in desk.get(f"/desk/queue/all?q={late.requester.email}").words


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("priority=high", {"mine"}),
        ("category=repository", {"team"}),
        ("kind=bug", {"bug"}),
        ("status=pending_customer", {"waiting"}),
        ("status=resolved", {"done"}),
        ("status=closed", {"closed"}),
        ("tag=tui", {"mine", "bug"}),
        ("organization=Globex Energy", {"other"}),
        ("organization=globex", {"other"}),
        ("tag=tui&kind=bug", {"bug"}),
        ("organization=Acme Robotics&priority=high", {"mine"}),
        ("sort=active", {"mine", "other", "team", "bug", "waiting"}),
        ("priority=nonsense&kind=nonsense&team=x", {"mine", "other", "team", "bug", "waiting"}),
    ],
)
def test_filters_narrow_the_view(desk, company, query, expected):
    names = {ticket.ref: name for name, ticket in company.items()}
    answer = desk.get(f"/desk/queue/all?{query}")
    assert {names[ref] for ref in refs(answer)} == expected
    assert answer.markup.by_id("queue-total").text == str(len(expected))


def test_the_team_filter_and_the_team_view_go_together(desk, company, people):
    product = company["other"].team_id
    assert refs(desk.get(f"/desk/queue/all?team={product}")) == [company["other"].ref]
    assert refs(desk.get(f"/desk/queue/team?team={product}")) == []


def test_an_organization_that_is_not_there_is_told_and_nothing_is_listed(desk, company):
    answer = desk.get("/desk/queue/all?organization=Nobody")
    assert refs(answer) == [] and "No organization is called “Nobody”" in answer.words
    assert desk.get("/desk/queue/all?organization=%25").words.count("No organization") == 1


def test_a_number_leads_to_its_ticket_however_it_is_typed(desk, company):
    ref = company["closed"].ref
    for typed in (ref, ref.lower(), f"#{ref}", ref.replace("-", ""), ref.removeprefix("HT-")):
        desk.get("/desk/queue/mine", query_string={"q": typed}, to=f"/desk/tickets/{ref}")
        desk.get("/desk/queue/mine", query_string={"q": typed}, to=f"/desk/tickets/{ref}", htmx=True)
    assert refs(desk.get("/desk/queue/mine?q=HT-0000000")) == []


def test_search_goes_through_all_tickets_newest_first_by_words_and_half_words(desk, company):
    assert refs(desk.get("/desk/queue/mine?q=printer")) == [company["done"].ref, company["mine"].ref]
    assert refs(desk.get("/desk/queue/mine?q=PRINT")) == [company["done"].ref, company["mine"].ref]
    assert refs(desk.get("/desk/queue/mine?q=tui printer")) == [company["mine"].ref]
    assert refs(desk.get("/desk/queue/mine?q=printer&priority=high")) == [company["mine"].ref]
    assert refs(desk.get("/desk/queue/mine?q=rinter")) == []


def test_search_finds_the_tickets_of_an_address(desk, company, people):
    found = refs(desk.get("/desk/queue/all", query_string={"q": people.guest.email.upper()}))
    assert found == [company["bug"].ref]
    assert refs(desk.get("/desk/queue/all?q=nobody@example.com")) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_find_nothing_and_break_nothing(desk, company, text):
    for name in ("q", "organization", "tag", "team", "priority", "sort", "cursor"):
        answer = desk.client.get("/desk/queue/all", query_string={name: text})
        assert answer.status_code == (422 if name == "cursor" else 200), (name, answer.text[:300])
        assert "<script>alert" not in answer.text


@pytest.mark.parametrize("values", [["x", 1], [True, 1], [1, 2], [None, None], [1]])
def test_a_cursor_of_another_list_is_refused_with_a_sentence(desk, values):
    answer = desk.get("/desk/queue/all", query_string={"cursor": encode_cursor(values)}, status=422)
    assert "Start again from the first page" in answer.words


def test_pages_go_forward_and_back_and_meet_again(desk, people, monkeypatch):
    made = [factories.ticket(people.owner).ref for _ in range(7)]
    monkeypatch.setattr(desk_queries.queue, "__defaults__", ("", 3))
    first = desk.get("/desk/queue/all")
    second = desk.get(first.markup.one("a", rel="next")["href"])
    third = desk.get(second.markup.one("a", rel="next")["href"])
    assert refs(first) + refs(second) + refs(third) == made
    assert not third.markup.all("a", rel="next") and not first.markup.all("a", rel="prev")
    back = desk.get(third.markup.one("a", rel="prev")["href"])
    assert refs(back) == refs(second)
    assert refs(desk.get(back.markup.one("a", rel="prev")["href"])) == refs(first)
    assert "3 of 7" in first.words


def test_searches_and_activity_are_paged_too(desk, people, monkeypatch, now):
    made = [factories.ticket(people.owner, subject=f"Slow start {n}", now=now - timedelta(minutes=n)).ref for n in range(5)]
    monkeypatch.setattr(desk_queries.queue, "__defaults__", ("", 2))
    for query, expected in (("q=slow", list(reversed(made))), ("sort=active", made)):
        seen, answer = [], desk.get(f"/desk/queue/all?{query}")
        while True:
            seen += refs(answer)
            more = answer.markup.all("a", rel="next")
            if not more:
                break
            answer = desk.get(more[0]["href"])
        assert seen == expected
        assert refs(desk.get(answer.markup.one("a", rel="prev")["href"])) == expected[2:4]


def test_five_statements_for_one_row_and_for_fifty(desk, people, statements):
    def cost(query):
        desk_queries.counted_at.cache_clear()
        with statements() as seen:
            answer = desk.get(f"/desk/queue/all{query}")
        return len(seen), len(refs(answer))

    factories.ticket(people.owner, tags=["slow"])
    one = [cost(query) for query in ("", "?tag=slow&organization=Acme Robotics", "?q=consensus", "?sort=active")]
    for _ in range(60):
        factories.ticket(people.owner, tags=["slow"])
    many = [cost(query) for query in ("", "?tag=slow&organization=Acme Robotics", "?q=consensus", "?sort=active")]
    assert [rows for _, rows in one] == [1] * 4 and [rows for _, rows in many] == [50] * 4
    assert {count for count, _ in one + many} <= {4, 5}
    assert [count for count, _ in one] == [count for count, _ in many]


def test_fifty_rows_fit_in_fourteen_kilobytes_and_a_swap_in_nine(desk, people):
    for n in range(50):
        factories.ticket(people.owner if n % 2 else people.guest, subject=f"Run {n} of the consensus stops in the curator stage")
    page = gzip.compress(desk.get("/desk/queue/all").data)
    swap = gzip.compress(desk.get("/desk/queue/all", htmx=True).data)
    assert len(page) <= 14_000 and len(swap) <= 9_000 and len(swap) <= 0.8 * len(page)


def test_figures_stand_beside_the_views_and_are_kept_for_seconds(desk, company, statements):
    def figures(answer):
        links = {count.within("a")["href"]: count.text for count in answer.markup.all("span", class_="count")}
        return [links[f"/desk/queue/{view}"] for view in VIEWS]

    with statements() as first:
        shown = figures(desk.get("/desk/queue/all"))
    assert shown == ["1", str(desk_queries.counts(desk.person, factories.NOW)["team"]), "2", "1", "1", "5"]
    with statements() as second:
        desk.get("/desk/queue/mine")
    assert len(second) == len(first) - 1


def test_figures_stop_at_a_thousand_and_those_of_filters_at_two_hundred(desk, people):
    copy_of(factories.ticket(people.owner, category="tui"), 999)
    assert desk.get("/desk/queue/all").markup.by_id("queue-total").text == "999+"
    assert desk.get("/desk/queue/all?category=tui").markup.by_id("queue-total").text == "199+"


def copy_of(ticket, times):
    """More tickets like this one, in one statement."""
    own = {"id", "ref", "form_key"}
    row = {column.name: getattr(ticket, column.name) for column in Ticket.__table__.c if column.name not in own}
    db.session.execute(insert(Ticket), [{**row, "ref": f"HT-COPY{n:03}"} for n in range(times)])
    db.session.commit()


def test_new_tickets_are_counted_and_wait_behind_a_button(desk, people):
    factories.ticket(people.owner)
    page = desk.get("/desk/queue/unassigned")
    poll = page.markup.one("a", id="fresh")["hx-get"]
    desk.get(poll, htmx=True, status=204)
    factories.ticket(people.owner, assignee=people.agent2)
    desk.get(poll, htmx=True, status=204)
    fresh = [factories.ticket(people.owner), factories.ticket(people.owner)]
    button = desk.get(poll, htmx=True)
    assert "2 new tickets" in button.words and "hx-trigger" not in button.text
    assert [one.ref for one in fresh] == refs(desk.get(button.markup.one("a")["href"], htmx=True))[1:]
    desk.get(poll, to="/desk/queue/unassigned")
    desk.get("/desk/queue/unassigned/new?since=x", status=404)
    desk.get(poll + "9" * 30, status=404)


def test_htmx_gets_the_rows_and_the_plain_address(desk, company):
    desk.get("/desk/queue/all")
    answer = desk.get("/desk/queue/all?priority=high&status=&tag=&q=", htmx=True)
    assert "<html" not in answer.text and answer.markup.elements[0]["id"] == "rows"
    assert answer.headers["HX-Push-Url"] == "/desk/queue/all?priority=high"
    assert "HX-Request" in answer.headers["Vary"]
    assert answer.markup.by_id("queue-total").text == "1"


@pytest.mark.parametrize("view", VIEWS)
def test_an_empty_view_says_what_that_means(desk, view):
    answer = desk.get(f"/desk/queue/{view}")
    assert answer.markup.all("div", class_="empty") and refs(answer) == []
    narrowed = desk.get(f"/desk/queue/{view}?priority=high")
    assert "No ticket matches" in narrowed.words and narrowed.markup.all("a", href=f"/desk/queue/{view}")


@pytest.mark.parametrize("view", ["mine", "team"])
def test_whoever_has_nothing_to_do_is_led_to_what_nobody_has(desk, view):
    assert desk.get(f"/desk/queue/{view}").markup.one("a", class_="btn", href="/desk/queue/unassigned")


def test_the_short_list_beside_a_ticket_marks_it(desk, company):
    ref = company["mine"].ref
    answer = desk.get(f"/desk/queue/all/pane?current={ref}", htmx=True)
    assert answer.markup.one("a", aria_current="page")["href"] == f"/desk/tickets/{ref}"
    desk.get(f"/desk/queue/all/pane?current={ref}&priority=high", to="/desk/queue/all?priority=high")
    assert "Nothing else is in this view" in desk.get("/desk/queue/mine/pane?kind=bug", htmx=True).words


@pytest.mark.parametrize("path", ["/desk", "/desk/queue/all", "/desk/queue/all/new?since=1", "/desk/queue/all/pane", "/desk/mail"])
def test_only_staff_enter(browse, people, path):
    browse(None).get(path, to="/login")
    for who in (people.owner, people.user, people.guest, people.stranger, people.moderator):
        browse(who).get(path, status=403)
    for who in (people.agent2, people.lead, people.admin):
        answer = browse(who).client.get(path)
        assert answer.status_code in (200, 303)


def test_scripts_in_subjects_and_names_are_shown_as_text(desk, people):
    people.user.name = "<img src=x onerror=alert(1)>"
    db.session.commit()
    ticket = factories.ticket(people.guest, subject="<script>alert(1)</script>")
    filing.set_tags(ticket, ["ok"], actor=people.agent, now=factories.NOW)
    db.session.commit()
    page = desk.get("/desk/queue/all")
    assert "<script>alert" not in page.text and "<script>alert(1)</script>" in page.words


def test_the_figures_of_the_views_are_counted_again_after_some_seconds(desk, company, people, clock):
    def unassigned(page):
        links = {count.within("a")["href"]: count.text for count in page.markup.all("span", class_="count")}
        return links["/desk/queue/unassigned"]

    before = unassigned(desk.get("/desk/queue/all"))
    factories.ticket(people.user)
    db.session.commit()
    assert unassigned(desk.get("/desk/queue/all")) == before
    clock.shift(desk_queries.COUNTED_FOR_SECONDS)
    assert int(unassigned(desk.get("/desk/queue/all"))) == int(before) + 1


@pytest.mark.parametrize(("who", "path", "drawn", "words"), [
    ("agent", "/desk/queue/all", desk_lists.drawn, ("now", "1 min")),
    ("guest", "/tickets", portal_page.drawn, ("updated just now", "updated 1 min ago")),
])  # fmt: skip
def test_a_row_is_drawn_anew_only_where_it_says_something_else(browse, people, clock, who, path, drawn, words):
    # Nothing is promised to a guest, so that only the minutes since pass.
    factories.ticket(people.guest, subject="Unlike any other")
    window = browse(getattr(people, who))

    def look():
        misses = drawn.cache_info().misses
        return window.get(path).markup.one("tbody").text, drawn.cache_info().misses - misses

    drawn.cache_clear()
    first, again = look(), (clock.shift(STEP_SECONDS), look())[1]
    assert (first[1], again[1]) == (1, 0) and words[0] in first[0] and again[0] == first[0]
    clock.shift(60)
    later = look()
    assert later[1] == 1 and words[1] in later[0]
