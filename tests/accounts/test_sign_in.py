"""Coming in by the form: who may, what is told, how often one may try, and that nothing of an old session survives."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import SignIn
from app.extensions import db
from tests.accounts.helpers import events, kinds, open_sessions
from tests.people import PASSWORD


def tried(browser, email, password=PASSWORD, **over):
    """One try that fails."""
    return browser.post("/login", {"email": email, "password": password}, **{"status": 422, **over})


def test_somebody_comes_in_and_goes_out(people, browse):
    visitor = browse()
    visitor.get("/login")
    visitor.post("/login", {"email": " User@ACME.example ", "password": PASSWORD, "next": ""}, to="/")
    assert "Marcus Webb" in visitor.get("/account").text
    visitor.post("/logout", to="/login")
    visitor.get("/account", to="/login?next=/account")
    visitor.post("/logout", to="/login")
    assert kinds() == ["account.signed_in", "account.signed_out"]


def test_whoever_has_no_account_or_no_password_is_shown_a_way(browse):
    page = browse().get("/login").markup
    main = page.one("main")
    told = {link["href"]: link.text for link in page.all("a") if link.within("main") is main}
    assert told["/guest/new"] == "ask us as a guest" and "/password-reset" in told and "/help" in told


def test_with_htmx_signing_in_is_a_visit(people, browse):
    visitor = browse()
    visitor.get("/login")
    visitor.post("/login", {"email": people.user.email, "password": PASSWORD}, htmx=True, to="/")


@pytest.mark.parametrize(
    ("header", "came_from", "htmx", "to"),
    [
        ("Referer", "http://localhost/tickets/new?kind=question", False, "/login?next=/tickets/new?kind%3Dquestion"),
        ("HX-Current-URL", "http://localhost/tickets/new", True, "/login?next=/tickets/new"),
        ("Referer", "http://localhost/tickets/new/draft", False, "/login"),
        ("Referer", "https://elsewhere.example/tickets/new", False, "/login"),
        ("Referer", "http://localhost//elsewhere.example", False, "/login"),
    ],
)
def test_who_sends_without_a_session_is_told_and_led_back(people, browse, header, came_from, htmx, to):
    visitor = browse()
    sent = visitor.post("/tickets/new", {"subject": "Lost?"}, headers={header: came_from}, htmx=htmx, status=401 if htmx else 303)
    where = sent.headers["HX-Redirect" if htmx else "Location"]
    assert where == to
    page = visitor.get(where)
    assert ("You had been signed out" in page.words) is not htmx
    came_back = visitor.post("/login", {**page.markup.fields(), "email": people.user.email, "password": PASSWORD}, status=303)
    assert came_back.headers["Location"] == (came_from.removeprefix("http://localhost") if "next" in to else "/")


WORDS = {"subject": "Will not start", "new_password": "correct horse", "body": "First line\nand <b>more</b> of it", "kind": "question"}


@pytest.mark.parametrize("signed_in", [True, False])
def test_whoever_sent_words_from_another_session_gets_them_back(people, browse, signed_in):
    here = {"Referer": "http://localhost/tickets/new"}
    page = browse(people.user if signed_in else None).post(
        "/tickets/new", WORDS, headers=here, csrf=False, status=400 if signed_in else 401
    )
    assert "Will not start" in page.words and "First line\nand &lt;b&gt;more&lt;/b&gt; of it</textarea>" in page.text
    assert "correct horse" not in page.text and page.text.count("<textarea") == 2
    assert ('href="/login?next=/tickets/new" target="_blank"' in page.text) is not signed_in


@pytest.mark.parametrize("referrer", ["https://elsewhere.example/", "http://localhost.elsewhere.example/", ""])
def test_no_other_site_writes_on_our_page(people, browse, referrer):
    page = browse(people.user).post("/tickets/new", WORDS, headers={"Referer": referrer}, csrf=False, status=400)
    assert "Will not start" not in page.text


def test_a_part_of_a_page_from_another_session_learns_that_it_is_old(people, browse):
    part = browse(people.user).post(
        "/tickets/new", WORDS, headers={"HX-Current-URL": "http://localhost/tickets/new"}, htmx=True, csrf=False, status=401
    )
    assert part.headers["HX-Redirect"] == "/login?next=/tickets/new"


def test_a_part_that_is_asked_for_without_a_session_leads_back_to_its_page(browse):
    part = browse().get("/account/people", htmx=True, headers={"HX-Current-URL": "http://localhost/account"}, status=401)
    assert part.headers["HX-Redirect"] == "/login?next=/account"


def test_unknown_wrong_and_closed_accounts_get_the_same_answer(people, browse):
    people.colleague.is_enabled = False
    answers = set()
    for email, password in [
        ("nobody@acme.example", PASSWORD),
        (people.user.email, "wrong"),
        (people.colleague.email, PASSWORD),
        (people.guest.email, PASSWORD),
        ("<script>", "x"),
    ]:
        answer = tried(browse(), email, password)
        answers.add(answer.words)
        assert "do not match" in answer.words
    assert len(answers) == 1
    assert {e.kind for e in events()} == {"account.sign_in_failed"}


def test_a_failed_try_keeps_the_address_and_not_the_password(people, browse):
    page = tried(browse(), people.user.email, "my-secret-guess").text
    assert people.user.email in page
    assert "my-secret-guess" not in page


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"email": "", "password": ""},
        {"email": "a" * 300, "password": "x"},
        {"email": "a\x00b", "password": "\x00"},
        {"email": "x@y.example", "password": "p" * 5000},
    ],
)
def test_whatever_is_sent_is_refused_in_words(people, browse, form):
    assert browse().post("/login", form, status=422).markup


def test_an_old_hash_is_renewed_on_the_way_in(people, browse):
    before = people.user.password_hash
    browse().post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")
    assert people.user.password_hash != before
    assert people.user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    browse().post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")


def test_the_session_is_new_after_signing_in(people, browse):
    visitor = browse()
    visitor.get("/login")
    fixed = visitor.session["csrf_token"]
    visitor.client.set_cookie("hive_session", visitor.cookies().dumps({"csrf_token": fixed, "planted": "by somebody else"}))
    visitor.post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")
    assert "planted" not in visitor.session
    visitor.get("/account")
    assert visitor.session["csrf_token"] != fixed


def test_the_cookie_is_of_no_use_once_the_session_has_ended(people, browse):
    visitor = browse()
    visitor.post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")
    stolen = visitor.client.get_cookie("hive_session").value
    visitor.post("/logout", to="/login")
    visitor.client.set_cookie("hive_session", stolen)
    visitor.get("/account", to="/login?next=/account")


def test_signing_in_again_ends_the_browsers_former_session(people, browse):
    visitor = browse()
    for _ in range(2):
        visitor.post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")
    assert open_sessions(people.user) == 1
    assert "Marcus Webb" in visitor.get("/account").text
    first, ended, second = events("account.signed_in", "account.signed_out")
    assert (ended.kind, ended.actor_id, ended.facts) == ("account.signed_out", people.user.id, {"session_id": first.facts["session_id"]})
    visitor.post("/login", {"email": people.colleague.email, "password": PASSWORD}, to="/")
    assert (open_sessions(people.user), open_sessions(people.colleague)) == (0, 1)
    assert events("account.signed_out")[-1].facts == {"session_id": second.facts["session_id"]}


def test_a_wrong_try_and_another_browser_end_no_session(people, browse):
    here, there = browse(), browse()
    for visitor in (here, there):
        visitor.post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")
    tried(here, people.user.email, "wrong")
    assert open_sessions(people.user) == 2
    assert "Marcus Webb" in here.get("/account").text


def test_an_administrator_who_acts_as_somebody_is_named_where_that_ends(people, browse):
    admin = browse(people.admin)
    admin.post(f"/admin/people/{people.user.id}/acting", status=303)
    admin.post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")
    [ended] = events("account.signed_out")
    assert (ended.actor_id, ended.impersonator_id) == (people.user.id, people.admin.id)
    assert open_sessions(people.user) == 1


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("/tickets?status=open", "/tickets?status=open"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/ok\r\nSet-Cookie: a=b", "/"),
        ("evil.example", "/"),
        ("", "/"),
    ],
)
def test_next_never_leaves_the_site(people, browse, wanted, leads):
    browse().post("/login", {"email": people.user.email, "password": PASSWORD, "next": wanted}, to=leads)
    browse(people.user).get("/login", query_string={"next": wanted}, to=leads)


def test_a_form_of_another_session_is_refused(people, browse):
    browse().post("/login", {"email": people.user.email, "password": PASSWORD}, csrf=False, status=400)


def test_no_cache_keeps_the_sign_in_page(people, browse):
    answer = browse().get("/login")
    assert answer.headers["Cache-Control"] == "no-store"


def test_after_ten_wrong_tries_an_account_rests_for_known_and_unknown_alike(people, browse, rate_limits):
    for email in (people.user.email, "nobody@acme.example"):
        visitor = browse()
        for _ in range(10):
            tried(visitor, email, "wrong")
        refused = tried(visitor, email, PASSWORD, status=429)
        assert 1 <= int(refused.headers["Retry-After"]) <= 900 * 2
        assert re.search(r"Wait (1[0-9]|[2-9]|2[0-9]|30) minutes, then try again", refused.words), refused.words
        tried(visitor, email.upper(), PASSWORD, status=429)
    browse().post("/login", {"email": people.owner.email, "password": PASSWORD}, to="/")


def test_whoever_signs_in_rightly_is_never_locked_out(people, browse, rate_limits):
    for _ in range(12):
        browse().post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")


def test_one_address_cannot_try_many_accounts(people, browse, rate_limits):
    visitor = browse()
    codes = [
        visitor.client.post("/login", data={"email": f"p{n}@acme.example"}, headers={"X-CSRFToken": visitor.token()}).status_code
        for n in range(102)
    ]
    assert codes[:100] == [422] * 100
    assert codes[100:] == [429, 429]


def test_a_session_that_is_used_lives_on_and_one_that_is_not_ends(people, browse, clock, statements):
    person = browse(people.user)
    (session_id,) = db.session.scalars(select(SignIn.id)).all()
    with statements() as seen:
        person.get("/account")
    assert not [s for s in seen if s.startswith("UPDATE")]
    clock.shift(timedelta(minutes=6))
    with statements() as seen:
        person.get("/account")
    assert len([s for s in seen if s.startswith("UPDATE")]) == 1
    assert db.session.get(SignIn, session_id).last_seen_at > people.user.created_at + timedelta(days=400)
    clock.shift(timedelta(days=13))
    person.get("/account")
    clock.shift(timedelta(days=15))
    person.get("/account", to="/login?next=/account")


def test_a_person_who_is_shut_out_is_out_at_once(people, browse):
    person = browse(people.user)
    person.get("/account")
    people.user.is_enabled = False
    person.get("/account", to="/login?next=/account")


@pytest.mark.engines("postgresql")
def test_signing_in_works_on_postgresql_too(people, browse):
    browse().post("/login", {"email": people.user.email, "password": PASSWORD}, to="/")
    assert open_sessions(people.user) == 1
