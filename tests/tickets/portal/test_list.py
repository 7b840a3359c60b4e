"""The customer's list: what is in it, filters, search, pages, marks."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.lib.paging import encode_cursor
from app.tickets import drafts, filing, portal_queries
from app.tickets.portal_queries import PAGE, Wanted
from tests import factories


def subjects(answer):
    """The subjects on a page, in order."""
    return [link.text for link in answer.markup.all("a", class_="subject")]


def listed(user, **over):
    """Subjects of the first page by the query itself."""
    page = portal_queries.tickets_of(user, Wanted(**{"state": "all", **over}))
    return [row.subject for row in page.items]


@pytest.fixture
def noise(people):
    """Other people's tickets, of which nobody here may see any."""
    return [factories.ticket(person, subject=f"Noise {n}") for n, person in enumerate([people.stranger, people.guest, people.stranger])]


def test_members_see_their_organizations_tickets_and_others_see_theirs(people, browse, noise):
    factories.ticket(people.user, subject="Mine")
    factories.ticket(people.owner, subject="The owner's")
    assert subjects(browse(people.user).get("/tickets")) == ["The owner's", "Mine"]
    assert "Mine" not in subjects(browse(people.stranger).get("/tickets"))
    assert subjects(browse(people.guest).get("/tickets")) == ["Noise 1"]
    browse(None).get("/tickets", to="/login")


def test_where_an_organization_does_not_share_members_see_their_own(people, browse):
    people.acme.sharing = "own"
    factories.ticket(people.user, subject="Mine")
    factories.ticket(people.colleague, subject="The colleague's")
    assert subjects(browse(people.user).get("/tickets")) == ["Mine"]
    assert subjects(browse(people.owner).get("/tickets")) == ["The colleague's", "Mine"]


def test_a_followed_ticket_is_in_the_list_once(people, browse, now):
    people.acme.sharing = "own"
    ticket = factories.ticket(people.colleague, subject="Followed")
    filing.follow(ticket, people.user.email, actor=people.colleague, now=now, person=people.user)
    filing.follow(ticket, people.owner.email, actor=people.colleague, now=now, person=people.owner)
    assert subjects(browse(people.user).get("/tickets")) == ["Followed"]
    assert subjects(browse(people.owner).get("/tickets")) == ["Followed"]


def test_staff_see_what_they_opened_and_moderators_nothing(people, browse, noise):
    factories.ticket(people.agent, subject="The agent's own")
    assert subjects(browse(people.agent).get("/tickets")) == ["The agent's own"]
    assert subjects(browse(people.moderator).get("/tickets")) == []


def test_the_newest_activity_comes_first(people, browse, now):
    first = factories.ticket(people.user, subject="First", now=now - timedelta(days=2))
    factories.ticket(people.user, subject="Second", now=now - timedelta(days=1))
    factories.reply(first, people.agent, now=now)
    assert subjects(browse(people.user).get("/tickets")) == ["First", "Second"]


def test_states_part_the_list(people, browse):
    factories.ticket(people.user, subject="Open")
    factories.ticket(people.user, subject="Waiting", status="pending_customer")
    factories.ticket(people.user, subject="Solved", status="resolved")
    factories.ticket(people.user, subject="Closed", status="closed")
    browser = browse(people.user)
    assert set(subjects(browser.get("/tickets"))) == {"Open", "Waiting"}
    assert set(subjects(browser.get("/tickets?state=resolved"))) == {"Solved", "Closed"}
    assert len(subjects(browser.get("/tickets?state=all"))) == 4


def test_filters_narrow_together(people, browse, noise):
    factories.ticket(people.user, subject="Mine, high", priority="high", category="tui")
    factories.ticket(people.user, subject="Mine, low", priority="low", category="tui")
    factories.ticket(people.owner, subject="Theirs, high", priority="high", category="cli")
    browser = browse(people.user)
    assert set(subjects(browser.get("/tickets?priority=high"))) == {"Mine, high", "Theirs, high"}
    assert subjects(browser.get("/tickets?priority=high&who=mine")) == ["Mine, high"]
    assert subjects(browser.get("/tickets?category=tui&priority=low")) == ["Mine, low"]


@pytest.mark.parametrize(
    "query", ["state=%00&priority=';--&category=x&who=everybody", "q=%00%E2%80%AE", "q=" + "x" * 5000, "q=%25_%27%22%5C", "q=%22%20OR%20*"]
)
def test_words_that_are_no_filter_do_no_harm(people, browse, query):
    factories.ticket(people.user, subject="Here")
    browse(people.user).get(f"/tickets?{query}")


@pytest.mark.engines("sqlite", "postgresql")
def test_search_finds_words_of_the_subject_half_typed_too_and_only_ones_own(app, engine, people):
    factories.ticket(people.user, subject="Consensus times out on a large Monorepo")
    factories.ticket(people.owner, subject="The monorepo is slow")
    factories.ticket(people.stranger, subject="Secret monorepo of Globex")
    assert set(listed(people.user, q="monorepo")) == {"Consensus times out on a large Monorepo", "The monorepo is slow"}
    assert listed(people.user, q="mono times") == []
    assert listed(people.user, q="times mono") == ["Consensus times out on a large Monorepo"]
    assert listed(people.user, q="MONOREPO", mine=True) == ["Consensus times out on a large Monorepo"]
    assert listed(people.user, q="???") == []


@pytest.mark.engines("sqlite", "postgresql")
def test_search_finds_a_number_by_its_beginning(app, engine, people):
    ticket = factories.ticket(people.user, subject="By number")
    other = factories.ticket(people.stranger)
    assert listed(people.user, q=ticket.ref.lower()) == listed(people.user, q=ticket.ref[:7]) == ["By number"]
    assert listed(people.user, q=other.ref) == []


def test_a_word_that_marks_a_pattern_is_a_word(people):
    factories.ticket(people.user, subject="100% sure")
    factories.ticket(people.user, subject="Unsure")
    assert listed(people.user, q="100%") == ["100% sure"]


@pytest.mark.engines("sqlite", "postgresql")
def test_pages_go_forth_and_back_without_loss(app, engine, people, now):
    for n in range(2 * PAGE + 5):
        # Several share a moment, so that only the id tells them apart.
        factories.ticket(people.user if n % 2 else people.owner, subject=f"Ticket {n:02}", now=now - timedelta(minutes=n // 3))
    wanted, cursor, seen, pages = Wanted(state="all"), "", [], []
    while cursor is not None:
        page = portal_queries.tickets_of(people.user, wanted, cursor)
        pages.append(page)
        seen += [row.id for row in page.items]
        cursor = page.next
    assert [len(page.items) for page in pages] == [PAGE, PAGE, 5]
    assert {row.total for page in pages for row in page.items} == {2 * PAGE + 5}
    assert len(set(seen)) == 2 * PAGE + 5
    back = portal_queries.tickets_of(people.user, wanted, pages[2].previous)
    assert [row.id for row in back.items] == [row.id for row in pages[1].items]
    first = portal_queries.tickets_of(people.user, wanted, back.previous)
    assert [row.id for row in first.items] == [row.id for row in pages[0].items]
    assert pages[0].previous is None and first.previous is None


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "AAAA",
        encode_cursor(["a", 1]),
        encode_cursor([1, 1]),
        encode_cursor([factories.NOW, "1"]),
        encode_cursor([factories.NOW, 2**70]),
        encode_cursor([factories.NOW, True]),
        encode_cursor([factories.NOW.replace(tzinfo=None).isoformat(), 1]),
        encode_cursor([factories.NOW]),
    ],
)
def test_a_forged_page_address_is_refused(people, browse, cursor):
    browse(people.user).get("/tickets", query_string={"cursor": cursor}, status=422)


def test_htmx_gets_the_moving_part_and_caches_keep_them_apart(people, browse):
    factories.ticket(people.user, subject="Here")
    browser = browse(people.user)
    page = browser.get("/tickets")
    part = browser.get("/tickets?q=here", htmx=True)
    assert "<html" in page.text and "<html" not in part.text
    assert part.markup.elements[0]["id"] == "tickets" and subjects(part) == ["Here"]
    assert "HX-Request" in part.headers["Vary"]
    form = page.markup.one("form", role="search")
    assert (form["hx-get"], form["hx-push-url"]) == (form["action"], "true")


def test_tabs_and_pages_keep_the_filter(people, browse, now):
    for n in range(PAGE + 1):
        factories.ticket(people.user, subject=f"Ticket {n}", now=now - timedelta(minutes=n))
    part = browse(people.user).get("/tickets?who=mine&q=ticket", htmx=True)
    following = part.markup.one("a", rel="next")["href"]
    assert "who=mine" in following and "q=ticket" in following
    assert subjects(browse(people.user).get(following)) == [f"Ticket {PAGE}"]
    assert any(link["href"].endswith("?state=resolved&who=mine&q=ticket") for link in part.markup.all("a"))


def test_what_is_new_is_marked_until_it_is_read(people, browse, now):
    ticket = factories.ticket(people.user, now=now - timedelta(hours=2))
    browser = browse(people.user)
    assert "New" not in browser.get("/tickets").markup.one("tbody").text
    factories.reply(ticket, people.agent, now=now - timedelta(hours=1))
    assert browser.get("/tickets").markup.one("tr", data_unread="") is not None
    assert "data-unread" not in browse(people.owner).get("/tickets").text
    drafts.mark_read(ticket, people.user, now=now)
    assert "data-unread" not in browser.get("/tickets").text


def test_what_needs_the_customer_says_so(people, browse):
    factories.ticket(people.user, status="pending_customer")
    row = browse(people.user).get("/tickets").markup.one("tbody").text
    assert "Needs you" in row and "Your reply" in row


def test_an_empty_list_says_what_to_do(people, browse):
    browser = browse(people.colleague)
    assert "No open tickets" in browser.get("/tickets").words
    assert "No match" in browser.get("/tickets?q=nothing").words
    assert "Nothing solved yet" in browser.get("/tickets?state=resolved").words


def test_a_list_says_how_many_there_are_on_every_page_and_stops_counting_somewhere(people, browse, noise, now, monkeypatch):
    browser = browse(people.user)
    followed = factories.ticket(people.stranger, subject="Mine to read")
    filing.follow(followed, people.user.email, actor=people.agent, now=now, person=people.user)
    assert browser.get("/tickets").markup.one("p", role="status").text == "1 ticket"
    for n in range(30):
        factories.ticket(people.colleague if n % 2 else people.user, subject=f"Cluster {n}")
    page = browser.get("/tickets")
    assert page.markup.one("p", role="status").text == "25 of 31 tickets"
    later = browser.get(next(link["href"] for link in page.markup.all("a", rel="next")), htmx=True)
    assert later.markup.one("p", role="status").text == "6 of 31 tickets"
    assert browser.get("/tickets?who=mine&q=cluster").markup.one("p", role="status").text == "15 tickets"
    monkeypatch.setattr(portal_queries, "COUNTED", 28)
    assert browser.get("/tickets?q=cluster").markup.one("p", role="status").text == "25 of 28+ tickets"


def test_a_list_takes_two_statements_for_one_row_and_for_many(people, browse, statements, now):
    browser = browse(people.user)
    factories.ticket(people.user)
    with statements() as for_one:
        browser.get("/tickets")
    for n in range(30):
        factories.ticket(people.user, subject=f"Ticket {n}")
    with statements() as for_many:
        browser.get("/tickets?q=ticket&priority=medium")
    assert len(for_one) == len(for_many) == 2


def test_hostile_subjects_are_words(people, browse):
    factories.ticket(people.user, subject="<script>alert(1)</script>\u202e\x00 \"'><img src=x>")
    page = browse(people.user).get("/tickets")
    assert "<script>alert" not in page.text and "<img" not in page.text


def test_the_query_is_ordered_by_an_index(people):
    plan = db.session.execute(
        db.text("EXPLAIN QUERY PLAN SELECT id FROM tickets WHERE organization_id = 1 ORDER BY active_at DESC, id DESC LIMIT 26")
    ).all()
    assert "ix_tickets_organization" in str(plan) and "TEMP B-TREE" not in str(plan)
