"""The portal's pages of calls: choosing, booking, seeing, moving, cancelling; who may what; bad input."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from app.calls import actions
from app.calls.models import Call, CallKindTeam
from app.extensions import db
from app.rota.models import RotaShift, RotaTurn
from tests import factories
from tests.calls.conftest import team
from tests.rota.conftest import shift

BOTH = pytest.mark.engines("sqlite", "postgresql")
DAY = timedelta(days=1)


def form(slot, **over):
    """A form as the page sends it."""
    given = {"kind": "support", "zone": "Europe/Berlin", "topic": "Upgrade of our cluster", "how": "phone", "contact": "+49 30 555 0100"}
    return {**given, "slot": slot, "form_key": "k" * 20, **over}


def slots_on(page):
    """The slots that a page links to."""
    return re.findall(r"slot=(\d{8}T\d{4}Z-\d+)", page.text)


def times_on(page):
    """The times that a page shows, as they read."""
    return [e.text for e in page.markup.elements if "time" in (e.get("class") or "").split()]


@pytest.fixture
def slot(people, support, now):
    return f"{now + DAY:%Y%m%dT%H%MZ}-{people.agent.id}"


def test_times_stand_by_day_on_the_customers_clock(people, support, browse):
    page = browse(people.user).get("/calls/new")
    assert "Monday 23 November" in page.words
    # 17:00 in Berlin ends the shift, and New York is six hours behind; two hours of notice are needed.
    assert times_on(page)[:2] == ["07:00", "07:30"]
    # The same instants in Kolkata: 12:00 in UTC is 17:30 there.
    assert times_on(browse(people.user).get("/calls/new?zone=Asia/Kolkata"))[:2] == ["17:30", "18:00"]


def test_weeks_are_paged_and_end_where_booking_ends(people, support, browse):
    window = browse(people.user)
    page, weeks = window.get("/calls/new"), 0
    while link := re.search(r'rel="next" href="([^"]+)"', page.text):
        page, weeks = window.get(link[1].replace("&amp;", "&")), weeks + 1
    assert weeks == 4
    assert window.get("/calls/new?week=1999-01-01").status_code == 200


def test_an_unknown_zone_is_told_and_the_viewers_own_is_used(people, support, browse):
    page = browse(people.user).get("/calls/new?zone=Mars/Olympus", status=422)
    assert "no time zone “Mars/Olympus”" in page.words
    assert "America/New_York" in page.words


def test_a_hole_in_the_rota_gives_no_times_and_says_what_to_do(people, support, browse):
    db.session.execute(RotaTurn.__table__.delete())
    db.session.execute(RotaShift.__table__.delete())
    page = browse(people.user).get("/calls/new")
    assert "Nobody takes these calls in this week" in page.words
    assert "Open a ticket" in page.words
    assert slots_on(page) == []


def test_a_full_week_is_no_hole(people, support, book, browse, now):
    support.kind.minutes, support.kind.ahead_days, support.kind.step_minutes = 30, 1, 60
    support.kind.before_minutes = support.kind.after_minutes = 0
    db.session.commit()
    while (people_free := browse(people.user).get("/calls/new")) and (found := slots_on(people_free)):
        for value in dict.fromkeys(found):
            start = actions.rules.parse_slot(value)[0]
            actions.book(actions.Booking(support.kind, start, people.agent.id, "Upgrade", "video"), actor=people.owner, now=now)
        db.session.commit()
    assert "No time is left in this week" in people_free.words


@BOTH
def test_a_call_is_booked_from_choice_to_confirmation(people, support, browse, now):
    window, ticket = browse(people.user), factories.ticket(people.user)
    page = window.get(f"/calls/new?ticket={ticket.ref}")
    page = window.get(
        "/calls/new?" + urlencode({"kind": "support", "slot": slots_on(page)[0], "ticket": ticket.ref, "zone": "Europe/Berlin"})
    )
    assert "Mon 23 Nov, 13:00 CET" in page.words
    window.post("/calls", form(slots_on(window.get("/calls/new"))[0], ticket=ticket.ref), to=re.compile("^/calls/CL-"))
    call = db.session.scalars(select(Call)).one()
    assert (call.ticket_id, call.contact, call.time_zone) == (ticket.id, "+49 30 555 0100", "Europe/Berlin")
    shown = window.get(f"/calls/{call.ref}").words
    assert "Upgrade of our cluster" in shown and ticket.ref in shown and people.agent.name in shown
    assert "Upgrade of our cluster" in window.get("/calls").words
    assert "Support call booked for" in window.get(f"/tickets/{ticket.ref}").words


def test_the_same_form_twice_books_once(people, slot, browse):
    window = browse(people.user)
    for _ in range(2):
        window.post("/calls", form(slot), to=re.compile("^/calls/CL-"))
    assert db.session.scalar(select(func.count()).select_from(Call)) == 1


def test_a_time_that_was_taken_meanwhile_keeps_the_form_and_shows_the_next(people, slot, book, browse):
    book(people.owner)
    page = browse(people.user).post("/calls", form(slot), status=409)
    assert "Somebody was faster" in page.words
    assert page.markup.by_id("topic").get("value") == "Upgrade of our cluster"
    assert page.markup.by_id("contact").get("value") == "+49 30 555 0100"
    offered = [e.get("value") for e in page.markup.all("input") if e.get("name") == "slot"]
    assert len(offered) == 6 and slot not in offered and offered == sorted(offered)
    browse(people.user).post("/calls", form(offered[0]), to=re.compile("^/calls/CL-"))


def test_a_time_that_stays_free_is_not_called_gone_when_somebody_else_is_now_offered_for_it(people, support, browse, now):
    support.kind.teams.append(CallKindTeam(team_id=team("product").id))
    shift(team("product"), "Product days", [people.agent2], starts_minute=540, ends_minute=1020)
    window = browse(people.user)
    chosen = slots_on(window.get("/calls/new"))[4]
    others = slots_on(browse(people.owner).get("/calls/new"))[8]
    assert chosen.endswith(f"-{people.agent.id}")
    browse(people.owner).post("/calls", form(others), to=re.compile("^/calls/CL-"))
    assert chosen not in slots_on(window.get("/calls/new"))
    window.get(f"/calls/new?slot={chosen}")
    window.post("/calls", form(chosen), to=re.compile("^/calls/CL-"))


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"topic": ""}, "Say in a sentence"),
        ({"topic": "x" * 201}, "200"),
        ({"contact": "call me"}, "country code"),
        ({"how": "fax"}, "Choose phone or video"),
        ({"how": "video", "contact": "ftp://rooms.example/1"}, "https://"),
        ({"slot": "yesterday"}, "Choose one of the times"),
        ({"slot": "20200101T0900Z-1"}, "passed"),
        ({"slot": "20261124T1000Z-999999"}, "Nobody takes calls"),
        ({"slot": "20261123T1030Z-6"}, "too soon"),
        ({"ticket": "HT-0000000"}, "one of your tickets"),
    ],
)
def test_a_form_that_cannot_be_is_told_at_its_field_and_keeps_its_words(over, words, people, slot, browse):
    page = browse(people.user).post("/calls", form(slot) | over, status=422)
    assert words in page.words
    assert over.get("topic", "Upgrade") in page.text
    assert db.session.scalar(select(func.count()).select_from(Call)) == 0


def test_a_strangers_ticket_cannot_be_named(people, slot, browse):
    theirs = factories.ticket(people.stranger)
    browse(people.user).post("/calls", form(slot, ticket=theirs.ref), status=422)
    browse(people.user).get(f"/calls/new?ticket={theirs.ref}", status=404)


def test_who_has_no_such_plan_is_told_what_to_do(people, slot, office, browse):
    assert "Your plan has no calls" in browse(people.guest).get("/calls").words
    browse(people.guest).get("/calls/new", status=403)
    page = browse(people.stranger).get("/calls/new?kind=support")
    assert "Developer office hours" in page.words and "Support call" not in page.words
    browse(people.stranger).post("/calls", form(slot), status=422)
    assert db.session.scalar(select(func.count()).select_from(Call)) == 0


def test_strangers_get_nothing_and_colleagues_see_as_tickets_are_shared(people, book, browse):
    call = book(people.user)
    for path in ("", "/invitation.ics", "/time"):
        browse(people.stranger).get(f"/calls/{call.ref}{path}", status=404)
    browse(people.stranger).post(f"/calls/{call.ref}/cancellation", status=404)
    assert "who can change it" in browse(people.colleague).get(f"/calls/{call.ref}").words
    browse(people.colleague).post(f"/calls/{call.ref}/cancellation", status=403)
    people.acme.sharing = "own"
    db.session.commit()
    browse(people.colleague).get(f"/calls/{call.ref}", status=404)
    assert call.topic not in browse(people.colleague).get("/calls").words
    assert call.topic in browse(people.owner).get("/calls").words
    browse(people.owner).post(f"/calls/{call.ref}/cancellation", to="/calls")


@BOTH
def test_a_call_is_moved_on_its_page(people, book, browse, now):
    call, window = book(), browse(people.user)
    window.get(f"/calls/{call.ref}/time")
    wanted = now + DAY + timedelta(hours=2)
    window.post(f"/calls/{call.ref}/time", {"slot": f"{wanted:%Y%m%dT%H%MZ}-{people.agent.id}"}, to=f"/calls/{call.ref}")
    assert db.session.get_one(Call, call.id).starts_at == wanted
    other = book(people.owner)
    taken = f"{other.starts_at:%Y%m%dT%H%MZ}-{people.agent.id}"
    assert "just been taken" in window.post(f"/calls/{call.ref}/time", {"slot": taken}, status=409).words
    window.post(f"/calls/{call.ref}/time", {"slot": ""}, status=422)
    assert db.session.get_one(Call, call.id).starts_at == wanted


def test_what_has_begun_stays(people, book, browse, clock):
    call = book()
    clock.shift(DAY)
    browse(people.user).get(f"/calls/{call.ref}/time", status=409)
    browse(people.user).post(f"/calls/{call.ref}/cancellation", status=409)


@BOTH
def test_past_calls_are_paged_and_cost_no_more_statements(people, book, browse, now, statements):
    for n in range(3):
        actions.cancel(book(hours=24 + n), "", actor=people.user, now=now)
    window = browse(people.user)
    with statements() as few:
        window.get("/calls")
    for n in range(22):
        actions.cancel(book(hours=24 + n % 5), "", actor=people.user, now=now)
    with statements() as many:
        page = window.get("/calls")
    assert len(many) == len(few)
    link = re.search(r'href="(/calls\?cursor=[^"]+)"', page.text)
    assert len(re.findall(r'href="/calls/CL-', page.text)) == 20
    assert len(re.findall(r'href="/calls/CL-', window.get(link[1]).text)) == 5


def test_the_home_page_and_the_bar_lead_to_calls_for_plans_that_have_them(people, support, browse):
    page = browse(people.user).get("/").text
    assert 'href="/calls/new"' in page and 'href="/calls"' in page
    page = browse(people.guest).get("/").text
    assert "/calls" not in page


def test_booking_is_throttled(people, slot, browse, rate_limits):
    window = browse(people.user)
    answers = [window.send("POST", "/calls", status=None, to=None, htmx=False, headers={"X-CSRFToken": window.token()}) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [422] * 30 + [429]
