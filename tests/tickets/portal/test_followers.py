"""Who follows a ticket, from the portal."""

import pytest
from sqlalchemy import select

from app.extensions import db
from app.tickets import filing
from app.tickets.models import Follower
from tests import factories


@pytest.fixture
def ticket(people):
    return factories.ticket(people.user)


def followers():
    return sorted(db.session.scalars(select(Follower.email)))


def test_people_and_outside_addresses_are_added(people, browse, ticket):
    browser = browse(people.user)
    browser.post(f"/tickets/{ticket.ref}/followers", {"email": people.colleague.email.upper()}, to=f"/tickets/{ticket.ref}#followers")
    part = browser.post(f"/tickets/{ticket.ref}/followers", {"email": " Partner@Side.example "}, htmx=True)
    assert part.markup.elements[0]["id"] == f"ticket-{ticket.id}-followers"
    assert people.colleague.name in part.words and "partner@side.example" in part.words
    assert followers() == ["ines@acme.example", "partner@side.example"]


def test_adding_twice_adds_one(people, browse, ticket):
    for _ in range(2):
        browse(people.user).post(f"/tickets/{ticket.ref}/followers", {"email": "partner@side.example"}, htmx=True)
    assert followers() == ["partner@side.example"]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "no address",
        "a@b.example\r\nBcc: all@example.com",
        "x" * 300 + "@side.example",
        "<script>@side.example",
        "a@b.example, c@d.example",
        "\x00",
    ],
)
def test_what_is_no_address_is_refused_and_kept(people, browse, ticket, email):
    browser = browse(people.user)
    browser.get(f"/tickets/{ticket.ref}")
    part = browser.post(f"/tickets/{ticket.ref}/followers", {"email": email}, htmx=True, status=422)
    assert part.markup.by_id("email-error") is not None
    page = browser.post(f"/tickets/{ticket.ref}/followers", {"email": email}, status=422)
    assert page.markup.by_id("email")["aria-invalid"] == "true"
    assert followers() == []


def test_the_limit_is_told_at_the_field(people, browse, ticket, now):
    for n in range(filing.MAX_FOLLOWERS):
        filing.follow(ticket, f"person{n}@side.example", actor=people.user, now=now)
    part = browse(people.user).post(f"/tickets/{ticket.ref}/followers", {"email": "more@side.example"}, htmx=True, status=422)
    assert "20 followers at most" in part.words and part.markup.by_id("email")["value"] == "more@side.example"


def test_guests_cannot_bring_others_in(people, browse):
    ticket = factories.ticket(people.guest)
    browser = browse(people.guest)
    assert "E-mail address" not in browser.get(f"/tickets/{ticket.ref}").words
    browser.post(f"/tickets/{ticket.ref}/followers", {"email": "other@mail.example"}, status=403)
    assert followers() == []


def test_a_follower_is_taken_off_once(people, browse, ticket, now):
    filing.follow(ticket, "partner@side.example", actor=people.user, now=now)
    number = db.session.scalars(select(Follower.id)).one()
    browser = browse(people.user)
    for htmx in (True, False):
        where = {"to": f"/tickets/{ticket.ref}#followers"} if not htmx else {}
        browser.post(f"/tickets/{ticket.ref}/followers/{number}/removal", htmx=htmx, **where)
    assert followers() == []


def test_anothers_follower_is_left_alone(people, browse, ticket, now):
    theirs = factories.ticket(people.stranger)
    filing.follow(theirs, "partner@side.example", actor=people.stranger, now=now)
    follower = db.session.scalars(select(Follower)).one()
    browse(people.user).post(f"/tickets/{ticket.ref}/followers/{follower.id}/removal", htmx=True)
    browse(people.user).post(f"/tickets/{theirs.ref}/followers/{follower.id}/removal", status=404)
    browse(people.user).post(f"/tickets/{ticket.ref}/followers/{10**12}/removal", status=404)
    assert followers() == ["partner@side.example"]


def test_inviting_is_throttled(people, browse, ticket, rate_limits):
    browser = browse(people.user)
    for _ in range(60):
        browser.post(f"/tickets/{ticket.ref}/followers", {"email": ""}, htmx=True, status=422)
    browser.post(f"/tickets/{ticket.ref}/followers", {"email": "a@side.example"}, htmx=True, status=429)
