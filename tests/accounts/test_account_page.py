"""The page of one's own account."""

import re

import pytest
from sqlalchemy import select

from app.accounts.models import ApiToken, SignIn
from app.extensions import db
from tests.accounts.helpers import GOOD, events, kinds, open_sessions
from tests.people import PASSWORD

PROFILE = {"name": "Marcus Webb", "time_zone": "Asia/Tokyo", "theme": "dark"}


@pytest.mark.parametrize("who", ["user", "owner", "agent", "lead", "admin", "moderator", "guest"])
def test_everybody_has_an_account_page(people, browse, statements, who):
    person = browse(getattr(people, who))
    with statements() as seen:
        page = person.get("/account")
    assert getattr(people, who).email in page.text
    assert len(seen) <= 4


def test_whoever_came_by_a_link_is_led_to_a_password_of_their_own(people, browse):
    page = browse(people.guest).get("/account")
    assert page.markup.one("a", href="/password-reset").text == "Choose a password"
    assert "Present password" not in page.words and "Present password" in browse(people.user).get("/account").words


def test_a_visitor_signs_in_first(people, browse):
    browse().get("/account", to="/login?next=/account")
    browse().post("/account/profile", PROFILE, to=re.compile("^/login"))


def test_the_profile_is_saved_and_the_page_follows(people, browse):
    person = browse(people.user)
    person.get("/account")
    person.post("/account/profile", {**PROFILE, "keys_off": "y"}, to="/account")
    page = person.get("/account")
    assert "Saved." in page.words
    assert 'data-theme="dark"' in page.text and 'data-keys="off"' in page.text
    person.post("/account/profile", PROFILE, htmx=True, to="/account")
    assert people.user.keys_off is False
    assert [sorted(e.facts["fields"]) for e in events()] == [["keys_off", "theme", "time_zone"], ["keys_off"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "\x00\u202e"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../etc/passwd"},
        {"theme": "loud"},
        {"role": "admin"},
        {"organization_id": "2"},
        {"email": "x@y.example"},
    ],
)
def test_a_wrong_profile_is_refused_and_kept(people, browse, wrong):
    person = browse(people.user)
    person.get("/account")
    page = person.post("/account/profile", {**PROFILE, "name": "Marcus <b>W</b>", **wrong}, status=422)
    assert page.markup
    if "name" not in wrong:
        assert "Marcus &lt;b&gt;W&lt;/b&gt;" in page.text
    assert (people.user.name, people.user.role, people.user.email) == ("Marcus Webb", "customer", "user@acme.example")


def test_a_name_in_any_script_is_shown_as_text(people, browse):
    person = browse(people.user)
    person.post("/account/profile", {**PROFILE, "name": "<script>alert(1)</script>"}, to="/account")
    page = person.get("/account").text
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_the_password_is_changed_by_whoever_knows_it(people, browse):
    other = browse(people.user)
    person = browse(people.user)
    person.get("/account")
    assert "not your present password" in person.post("/account/password", {"current": "wrong", "password": GOOD}, status=422).words
    assert (
        "first that anybody would try"
        in person.post("/account/password", {"current": PASSWORD, "password": "Password123!"}, status=422).words
    )
    other.get("/account")
    before = person.session["_user_id"]
    person.post("/account/password", {"current": PASSWORD, "password": GOOD}, to="/account")
    assert person.session["_user_id"] != before
    assert "every other session has ended" in person.get("/account").words
    other.get("/account", to="/login?next=/account")
    browse().post("/login", {"email": people.user.email, "password": GOOD}, to="/")


def test_guessing_the_present_password_is_throttled(people, browse, rate_limits):
    person = browse(people.user)
    for _ in range(10):
        person.post("/account/password", {"current": "wrong", "password": GOOD}, status=422)
    refused = person.post("/account/password", {"current": PASSWORD, "password": GOOD}, status=429)
    assert int(refused.headers["Retry-After"]) > 0


def test_sessions_are_listed_and_ended(people, browse):
    first, person = browse(people.user), browse(people.user)
    assert person.get("/account").words.count("Another program") >= 2
    mine, other = session_ids(people.user)[::-1]
    part = person.post(f"/account/sessions/{other}/revocation", htmx=True)
    assert 'id="sessions"' in part.text and "this one" in part.words
    first.get("/account", to="/login?next=/account")
    person.post(f"/account/sessions/{other}/revocation", to="/account#sessions")
    person.post(f"/account/sessions/{mine}/revocation", to="/login")
    person.get("/account", to="/login?next=/account")
    assert kinds() == ["account.session_revoked"] * 2


def test_all_others_end_at_once(people, browse):
    others = [browse(people.user) for _ in range(3)]
    person = browse(people.user)
    person.get("/account")
    person.post("/account/sessions/revocation", htmx=True)
    assert open_sessions(people.user) == 1
    for other in others:
        other.get("/account", to="/login?next=/account")
    person.post("/account/sessions/revocation", to="/account#sessions")
    assert [e.facts for e in events()] == [{"count": 3}]


def test_nobody_ends_the_session_or_the_token_of_another(people, browse, now):
    browse(people.stranger)
    (theirs,) = session_ids(people.stranger)
    person = browse(people.user)
    person.post(f"/account/sessions/{theirs}/revocation", status=404)
    stranger = browse(people.stranger)
    stranger.post("/account/tokens", {"name": "CI", "scopes": ["tickets:read"]}, status=201)
    token_id = db.session.scalars(select(ApiToken.id)).one()
    person.post(f"/account/tokens/{token_id}/revocation", status=404)
    person.post("/account/tokens/99999999999999999999/revocation", status=404)
    assert db.session.get(ApiToken, token_id).revoked_at is None


def test_a_token_is_shown_once(people, browse):
    person = browse(people.user)
    person.get("/account")
    answer = person.post("/account/tokens", {"name": "CI", "scopes": ["tickets:read", "tickets:write"]}, status=201)
    secret = re.search(r"hst_[\w-]{40,}", answer.text)[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in person.get("/account").text
    again = person.post("/account/tokens", {"name": "CI", "scopes": ["tickets:read"]}, status=422)
    assert "a token of this name already" in again.words
    token_id = db.session.scalars(select(ApiToken.id)).one()
    part = person.post(f"/account/tokens/{token_id}/revocation", htmx=True)
    assert "None yet" in part.words
    assert kinds() == ["token.created", "token.revoked"]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"name": "x"},
        {"name": "", "scopes": "tickets:read"},
        {"name": "x", "scopes": "audit:read"},
        {"name": "x", "scopes": "everything"},
        {"name": "y" * 81, "scopes": "tickets:read"},
    ],
)
def test_a_token_beyond_ones_role_cannot_be_asked_for(people, browse, form):
    person = browse(people.user)
    person.get("/account")
    person.post("/account/tokens", form, status=422)
    person.post("/account/tokens", form, htmx=True, status=422)
    assert db.session.scalar(select(ApiToken.id)) is None


def session_ids(person):
    """The ids of a person's open sessions, oldest first."""
    return db.session.scalars(select(SignIn.id).where(SignIn.user_id == person.id, SignIn.revoked_at.is_(None)).order_by(SignIn.id)).all()
