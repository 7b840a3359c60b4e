"""The page of one ticket: who sees it, what stands on it, and what of it comes anew by itself."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.tickets import actions, drafts, filing
from app.tickets.models import Message, Reading
from tests import factories
from tests.tickets.shared import staged


def messages(answer):
    """The texts of the messages that a page shows."""
    return [article.text for article in answer.markup.all("article", class_="msg")]


def seen_of(answer):
    """The address by which the page asks for news."""
    return next(e["href"] for e in answer.markup.all("a") if e.get("hx-trigger") == "click, every 30s")


def test_the_people_concerned_see_it_and_nobody_else(people, browse, now):
    ticket = factories.ticket(people.user)
    for person in (people.user, people.colleague, people.owner, people.agent, people.lead, people.admin):
        browse(person).get(f"/tickets/{ticket.ref}")
    for person in (people.stranger, people.guest, people.moderator):
        browse(person).get(f"/tickets/{ticket.ref}", status=404)
    browse(None).get(f"/tickets/{ticket.ref}", to="/login")
    browse(people.user).get("/tickets/HT-0000000", status=404)
    browse(people.user).get(f"/tickets/{ticket.ref.lower()}")


def test_where_an_organization_does_not_share_colleagues_see_only_what_they_follow(people, browse, now):
    people.acme.sharing = "own"
    ticket = factories.ticket(people.user)
    browse(people.colleague).get(f"/tickets/{ticket.ref}", status=404)
    browse(people.owner).get(f"/tickets/{ticket.ref}")
    filing.follow(ticket, people.colleague.email, actor=people.user, now=now, person=people.colleague)
    browse(people.colleague).get(f"/tickets/{ticket.ref}")


def test_a_mail_follower_of_another_customer_cannot_open_it(people, browse, now):
    ticket = factories.ticket(people.user)
    filing.follow(ticket, people.stranger.email, actor=people.user, now=now, person=people.stranger)
    browse(people.stranger).get(f"/tickets/{ticket.ref}", status=404)


def test_it_tells_what_was_asked_answered_and_done_in_the_customers_words(people, browse, now):
    ticket = factories.ticket(people.user, kind="bug", category="tui")
    factories.reply(ticket, people.agent, "Please try **2.0.1**.", status="pending_customer")
    page = browse(people.user).get(f"/tickets/{ticket.ref}")
    assert "Please try 2.0.1." in messages(page)[-1] and "<strong>2.0.1</strong>" in page.text
    assert "Needs you" in page.words and "waiting for you" in page.words and "paused until you reply" in page.words
    for words in ("Bug report", "TUI Interface", "hive 2.0.0", "Linux (x86_64)", ticket.ref):
        assert words in page.words


def test_internal_notes_and_events_never_reach_the_portal(people, browse, now):
    ticket = factories.ticket(people.user, assignee=people.agent, team="security")
    factories.note(ticket, people.agent, "The customer is difficult.")
    filing.set_tags(ticket, ["difficult"], actor=people.agent, now=now)
    for person in (people.user, people.owner, people.agent):
        for path in (f"/tickets/{ticket.ref}", f"/tickets/{ticket.ref}/timeline"):
            text = browse(person).get(path, htmx=path.endswith("timeline")).text
            assert "difficult" not in text and "Moved to" not in text and "Triaged" not in text


def test_an_urgent_ticket_promises_a_time_in_the_readers_zone(people, browse):
    ticket = factories.ticket(people.user, priority="critical")
    # 10:00 in UTC and one hour: 06:00 in New York, 12:00 in Berlin.
    assert "Mon 23 Nov, 06:00 EST" in browse(people.user).get(f"/tickets/{ticket.ref}").words
    assert "Mon 23 Nov, 12:00 CET" in browse(people.owner).get(f"/tickets/{ticket.ref}").words


def test_a_guest_is_promised_nothing(people, browse):
    ticket = factories.ticket(people.guest)
    assert "No time is promised" in browse(people.guest).get(f"/tickets/{ticket.ref}").words


def test_a_solved_and_a_closed_ticket_say_so(people, browse):
    solved, closed = factories.ticket(people.user, status="resolved"), factories.ticket(people.user, status="closed")
    page = browse(people.user).get(f"/tickets/{solved.ref}")
    assert "This ticket is solved" in page.words and page.markup.by_id("reopen-form") is not None
    page = browse(people.user).get(f"/tickets/{closed.ref}")
    assert "This ticket is closed" in page.words and page.markup.by_id("reply-form") is None
    assert f"Follow-up+to+{closed.ref}" in page.text


def test_long_tickets_show_the_newest_thirty_and_a_way_to_the_others(people, browse, now):
    ticket = factories.ticket(people.user)
    for n in range(70):
        factories.reply(ticket, people.user if n % 2 else people.agent, f"Message {n:02}.", now=now + timedelta(minutes=n + 1))
    browser, shown = browse(people.user), []
    path = f"/tickets/{ticket.ref}"
    while path:
        page = browser.get(path)
        shown = messages(page) + shown
        earlier = [e["href"] for e in page.markup.all("a") if "Show earlier" in e.text]
        path = earlier[0].replace("/timeline", "") if earlier else ""
    assert [text[-3:-1] for text in shown if "Message " in text] == [f"{n:02}" for n in range(70)]
    assert len(shown) == 70 + db.session.query(Message).filter_by(ticket_id=ticket.id).count() - 70


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 30, "1.5", "\u0661", "%00"])
def test_a_place_in_the_timeline_that_is_none_does_no_harm(people, browse, before):
    ticket = factories.ticket(people.user)
    browse(people.user).get(f"/tickets/{ticket.ref}", query_string={"before": before})


def test_earlier_messages_come_as_a_part_and_without_script_as_a_page(people, browse, now):
    ticket = factories.ticket(people.user)
    for n in range(40):
        factories.reply(ticket, people.user, f"Message {n:02}.", now=now + timedelta(minutes=n + 1))
    browser = browse(people.user)
    page = browser.get(f"/tickets/{ticket.ref}")
    link = next(e for e in page.markup.all("a") if "Show earlier" in e.text)
    assert link["href"] == link["hx-get"]
    part = browser.get(link["hx-get"], htmx=True)
    assert part.markup.elements[0]["id"] == f"ticket-{ticket.id}-timeline" and "Message 00." in part.words
    answer = browser.get(link["href"], status=303)
    assert answer.headers["Location"].startswith(f"/tickets/{ticket.ref}?before=")
    assert "Back to the newest" in browser.get(answer.headers["Location"]).words


def test_nothing_new_is_answered_by_nothing(people, browse):
    ticket = factories.ticket(people.user)
    browser = browse(people.user)
    news = seen_of(browser.get(f"/tickets/{ticket.ref}"))
    quiet = browser.get(news, htmx=True, status=204)
    assert quiet.data == b""
    factories.note(ticket, people.agent)
    browser.get(news, htmx=True, status=204)


def test_news_comes_with_the_state_and_never_touches_the_composer(people, browse):
    ticket = factories.ticket(people.user)
    browser = browse(people.user)
    news = seen_of(browser.get(f"/tickets/{ticket.ref}"))
    factories.reply(ticket, people.agent, "Here is news.", status="pending_customer")
    part = browser.get(news, htmx=True)
    assert "Here is news." in part.words and "Needs you" in part.words
    assert [e["id"] for e in part.markup.elements if "hx-swap-oob" in e.attributes] == [
        f"ticket-{ticket.id}-{part}" for part in ("state", "details", "reading")
    ]
    assert f"ticket-{ticket.id}-composer" not in part.text
    browser.get(seen_of(part), htmx=True, status=204)


def test_news_is_authorized_like_the_page(people, browse):
    ticket = factories.ticket(people.user)
    browse(people.stranger).get(f"/tickets/{ticket.ref}/timeline?seen=0", htmx=True, status=404)
    answer = browse(None).get(f"/tickets/{ticket.ref}/timeline?seen=0", htmx=True, status=401)
    assert answer.headers["HX-Redirect"].startswith("/login")


def test_asking_for_news_takes_three_statements(people, browse, statements):
    ticket = factories.ticket(people.user)
    browser = browse(people.user)
    news = seen_of(browser.get(f"/tickets/{ticket.ref}"))
    with statements() as seen:
        browser.get(news, htmx=True, status=204)
    assert len(seen) == 3


def test_the_page_takes_at_most_eight_statements_however_long_it_is(people, browse, statements, now):
    ticket = factories.ticket(people.user, assignee=people.agent)
    browser = browse(people.user)
    with statements() as short:
        browser.get(f"/tickets/{ticket.ref}")
    for n in range(40):
        files = [staged(people.agent, now)] if n > 35 else ()
        factories.reply(
            ticket, people.agent if n % 2 else people.user, f"Message {n}", now=now + timedelta(minutes=n), files=files if n % 2 else ()
        )
        filing.follow(ticket, f"person{n // 3}@side.example", actor=people.agent, now=now)
    drafts.save_draft(ticket, "half", "public", actor=people.user, now=now, files=[staged(people.user, now)])
    with statements() as long:
        browser.get(f"/tickets/{ticket.ref}")
    assert len(short) <= len(long) <= 8, "\n".join(long)


def test_what_was_read_is_told_once_by_the_page_itself(people, browse, now):
    ticket = factories.ticket(people.user)
    browser = browse(people.user)
    assert "/reading" not in browser.get(f"/tickets/{ticket.ref}").text
    factories.reply(ticket, people.agent)
    page = browser.get(f"/tickets/{ticket.ref}")
    form = next(e for e in page.markup.all("form") if e["action"].endswith("/reading"))
    assert (form["hx-post"], form["hx-trigger"], form["hx-swap"]) == (form["action"], "load, submit", "none")
    for _ in range(2):
        browser.post(form["action"], htmx=True, status=204)
    assert db.session.scalars(select(Reading)).one().seen_at == now
    browser.post(form["action"], to=f"/tickets/{ticket.ref}")
    browse(people.stranger).post(form["action"], status=404)


def test_staff_look_at_it_as_the_customer_does(people, browse):
    ticket = factories.ticket(people.user)
    page = browse(people.agent).get(f"/tickets/{ticket.ref}")
    assert "as its customer does" in page.words and page.markup.by_id("reply-form") is None


def test_a_priority_that_waits_for_confirmation_promises_the_lower_one(people, browse):
    ticket = factories.ticket(people.guest, priority="critical")
    assert ticket.needs_confirmation and ticket.promised_priority == "medium"
    assert "Until then medium is promised" in browse(people.guest).get(f"/tickets/{ticket.ref}").words


def test_what_somebody_else_wrote_is_words(people, browse):
    ticket = factories.ticket(people.user)
    factories.reply(
        ticket,
        people.agent,
        "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) ![b](http://evil.example/x.png)",
    )
    actions.reopen(factories.ticket(people.user, status="resolved"), "<script>x</script>", actor=people.user, now=factories.NOW)
    db.session.commit()
    page = browse(people.user).get(f"/tickets/{ticket.ref}")
    assert (
        "<script>alert" not in page.text
        and "<img" not in page.text
        and "javascript:" not in page.markup.source.replace("[a](javascript:", "")
    )
