"""The link in a mail: looking changes nothing, posting acts, and it ends with the call."""

from datetime import timedelta

import pytest

from app.calls.links import nonce_of, token_of
from app.calls.models import Call
from app.extensions import db

BOTH = pytest.mark.engines("sqlite", "postgresql")
DAY = timedelta(days=1)


@pytest.fixture
def link(app, book):
    """(the call, the address of its link)."""
    call = book()
    return call, f"/calls/link/{token_of(app.secret_key, call.nonce)}"


def test_looking_changes_nothing(link, browse):
    call, path = link
    page = browse(None).get(path)
    assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store"
    browse(None).get(f"{path}/time")
    browse(None).get(f"{path}/cancellation", status=405)
    again = db.session.get_one(Call, call.id)
    assert (again.state, again.sequence) == ("booked", 0)


@BOTH
def test_a_post_cancels_without_signing_in_once(link, browse):
    call, path = link
    for _ in range(2):
        browse(None).post(f"{path}/cancellation", {"reason": "Solved"}, to=path)
    again = db.session.get_one(Call, call.id)
    assert (again.state, again.note, again.closed_by_id) == ("cancelled", "Solved", call.customer_id)
    assert "Book another call" in browse(None).get(path).words


@BOTH
def test_a_post_moves_without_signing_in(link, people, browse):
    call, path = link
    wanted = call.starts_at + timedelta(hours=2)
    browse(None).post(f"{path}/time", {"slot": f"{wanted:%Y%m%dT%H%MZ}-{people.agent.id}"}, to=path)
    assert db.session.get_one(Call, call.id).starts_at == wanted
    browse(None).post(f"{path}/time", {"slot": f"{wanted + DAY * 90:%Y%m%dT%H%MZ}-{people.agent.id}"}, status=422)
    browse(None).post(f"{path}/time", {}, status=422)


def test_a_time_that_is_taken_is_told_and_the_next_are_shown(link, people, book, browse):
    call, path = link
    other = book(people.owner)
    page = browse(None).post(f"{path}/time", {"slot": f"{other.starts_at:%Y%m%dT%H%MZ}-{people.agent.id}"}, status=409)
    assert "just been taken" in page.words and "Free times" in page.words
    assert db.session.get_one(Call, call.id).starts_at == call.starts_at


def test_the_link_ends_with_the_call_and_says_what_to_do(link, browse, clock):
    _, path = link
    clock.shift(DAY + timedelta(minutes=29))
    browse(None).get(path)
    browse(None).post(f"{path}/cancellation", {}, status=409)
    clock.shift(timedelta(minutes=1))
    for answer in (browse(None).get(path, status=410), browse(None).post(f"{path}/cancellation", {}, status=410)):
        assert "Sign in to see your calls" in answer.words


@pytest.mark.parametrize("forged", ["x", "abc.def", "."])
def test_a_forged_link_is_not_found(forged, link, browse):
    call, path = link
    browse(None).get(f"/calls/link/{forged}", status=404)
    browse(None).get(path + "x", status=404)
    assert nonce_of("another key", path.rpartition("/")[2]) is None
    browse(None).get(f"/calls/link/{call.nonce}", status=404)


def test_the_link_of_who_has_left_is_closed(link, people, browse):
    _, path = link
    people.user.is_enabled = False
    browse(None).get(path, status=410)


def test_without_the_token_of_its_form_nothing_is_done(link, browse):
    call, path = link
    browse(None).post(f"{path}/cancellation", {}, csrf=False, status=400)
    assert db.session.get_one(Call, call.id).state == "booked"
