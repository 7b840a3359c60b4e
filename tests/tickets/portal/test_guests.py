"""Asking without an account: what is kept, what is mailed, what a link opens, for whom."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.models import SignIn, User
from app.events.models import Event
from app.extensions import db
from app.mail.models import OutboundMail
from app.tickets import guests, jobs
from app.tickets.models import PendingTicket, Ticket
from tests import factories
from tests.people import PASSWORD
from tests.tickets.shared import FORMS, filled

SENT = "/guest/new?sent=1"
NEWCOMER = "newcomer@mail.example"
EVIL = "BUY-CHEAP-PILLS http://evil.example"


def asked(kind="question", **over):
    """A guest's form, filled in."""
    return filled(kind, **{"name": "Nora Guest", "email": NEWCOMER, **over})


def count(model, *where):
    return db.session.scalar(select(func.count()).select_from(model).where(*where))


@pytest.fixture
def token(app, browse, drain, monkeypatch):
    """A guest has asked and been sent a link; returns its token."""
    secrets = []
    monkeypatch.setattr(
        "app.notifications.account_jobs.new_secret", lambda: secrets.append(f"secret-{len(secrets)}-of-a-guest") or secrets[-1]
    )

    def ask(**over):
        browse(None).post("/guest/new", asked(**over), to=SENT)
        drain(app)
        return secrets[-1]

    return ask


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_asking_keeps_a_row_and_nothing_else(people, browse, kind):
    before = count(User)
    browser = browse(None)
    page = browser.get(f"/guest/new?kind={kind}")
    assert {"name", "email", "subject", "form_key"} <= {e.get("name") for e in page.markup.elements}
    browser.post("/guest/new", asked(kind), to=SENT)
    pending = db.session.scalars(select(PendingTicket)).one()
    assert (pending.email, pending.form["kind"], pending.form["subject"]) == (NEWCOMER, kind, FORMS[kind]["subject"])
    assert (count(Ticket), count(User), count(Event)) == (0, before, 1)
    assert db.session.scalars(select(Event.facts)).one() == {"pending_id": pending.id}
    assert "Look into your mailbox" in browser.get(SENT).words


@pytest.mark.parametrize(("email", "is_theirs"), [("rival@globex.example", False), ("new@acme.example", True)])
def test_whoever_has_only_been_invited_asks_for_nobody_but_themselves(people, browse, token, email, is_theirs):
    browse(people.owner).post("/account/people", {"email": email, "name": "Rival", "role": "customer"}, to="/account/people")
    secret, guest = token(email=email), browse(None)
    guest.post(f"/guest/{secret}", guest.get(f"/guest/{secret}").markup.fields(), to=re.compile("^/tickets/HT-"))
    ticket = db.session.scalars(select(Ticket)).one()
    assert ticket.organization_id == (people.acme.id if is_theirs else None)
    assert ticket.tier == (people.acme.plan.tier if is_theirs else 1)
    guest.get(f"/tickets/{ticket.ref}")
    browse(people.owner).get(f"/tickets/{ticket.ref}", status=200 if is_theirs else 404)
    another = factories.ticket(people.colleague)
    guest.get(f"/tickets/{another.ref}", status=200 if is_theirs else 404)
    guest.post("/tickets/new", filled(), to=re.compile("^/tickets/HT-"))
    later = db.session.scalars(select(Ticket).order_by(Ticket.id.desc())).first()
    assert later.organization_id == (people.acme.id if is_theirs else None)


def test_the_answer_is_the_same_for_known_and_unknown_addresses(people, browse):
    for email in (NEWCOMER, people.user.email, people.agent.email, people.guest.email):
        answer = browse(None).post("/guest/new", asked(email=email), to=SENT)
        assert email not in answer.text and email not in answer.headers["Location"]
        assert email not in browse(None).get(SENT).text


def test_nothing_that_the_typist_chose_is_mailed(app, browse, drain):
    hostile = dict.fromkeys(("subject", "body", "name"), EVIL)
    browse(None).post("/guest/new", asked(**hostile), to=SENT)
    drain(app)
    mails = db.session.scalars(select(OutboundMail)).all()
    assert [mail.recipient for mail in mails] == [NEWCOMER]
    for part in (mails[0].subject, mails[0].text, mails[0].html, mails[0].recipient_name, str(mails[0].headers)):
        assert "PILLS" not in part and "evil" not in part


def test_a_bad_form_keeps_what_was_typed(browse):
    page = browse(None).post("/guest/new", asked("bug", email="no address", steps=""), status=422)
    kept = page.markup.fields()
    assert (kept["email"], kept["name"], kept["description"]) == ("no address", "Nora Guest", "It hangs.")
    assert page.markup.by_id("email-error") is not None and page.markup.by_id("steps-error") is not None
    assert count(PendingTicket) == 0


@pytest.mark.parametrize(
    "over",
    [
        {"email": ""},
        {"name": " "},
        {"email": "a@side.example\r\nBcc: b@side.example"},
        {"email": "x" * 300 + "@a.example"},
        {"name": "x" * 101},
        {"subject": ""},
        {"priority": "emergency"},
    ],
)
def test_values_beyond_the_form_are_refused(browse, over):
    browse(None).post("/guest/new", asked(**over), status=422)


def test_another_kind_keeps_what_is_typed_and_stores_nothing(browse):
    browser = browse(None)
    sent = asked("bug", kind_wanted="feature")
    page = browser.post("/guest/new/kind", sent)
    kept = page.markup.fields()
    assert (kept["kind"], kept["subject"], kept["email"], kept["form_key"]) == ("feature", sent["subject"], NEWCOMER, sent["form_key"])
    browser.get("/guest/new")
    part = browser.post("/guest/new/kind", sent, htmx=True)
    assert part.markup.elements[0]["id"] == "kind-fields" and part.headers["HX-Push-Url"] == "/guest/new?kind=feature"
    assert count(PendingTicket) == 0


def test_whoever_is_signed_in_uses_their_own_form(people, browse):
    browse(people.user).get("/guest/new?kind=bug", to="/tickets/new?kind=bug")


def test_what_machines_fill_in_gets_the_same_answer_and_is_forgotten(browse):
    browse(None).post("/guest/new", asked(website="http://spam.example"), to=SENT)
    browse(None).post("/guest/new", {"website": "x"}, to=SENT)
    assert count(PendingTicket) == 0 and count(Event) == 0


def test_a_form_out_of_the_history_asks_another_question(browse):
    browser, sent = browse(None), asked()
    for subject in ("One thing", "Quite another", "Quite another"):
        browser.post("/guest/new", {**sent, "subject": subject}, to=SENT)
    assert count(PendingTicket) == 2


def test_sending_twice_asks_once(browse):
    sent = asked()
    for _ in range(2):
        browse(None).post("/guest/new", sent, to=SENT)
    assert count(PendingTicket) == 1 and count(Event) == 1


def mails(email=NEWCOMER):
    return count(OutboundMail, OutboundMail.template == "guest_confirm", OutboundMail.recipient == email)


def test_nobody_keeps_another_from_asking_and_an_address_gets_three_mails_a_day(app, browse, token, clock, drain):
    links = {token(subject=f"Blocker {n}") for n in range(3)}
    for subject in ("Another blocker", "What I really ask"):
        browse(None).post("/guest/new", asked(subject=subject), to=SENT)
        drain(app)
    assert (mails(), len(links)) == (3, 3)
    assert count(PendingTicket) == guests.WAITING_A_DAY + 1
    for link in links:
        assert "What I really ask" in browse(None).get(f"/guest/{link}").words
    clock.shift(timedelta(hours=25))
    token()
    assert mails() == 4


@pytest.mark.engines("sqlite", "postgresql")
def test_each_link_opens_one_request_the_newest_first(app, engine, people, browse, token, drain):
    links = [token(subject=f"Request {n}") for n in range(3)]
    browse(None).post("/guest/new", asked(subject="Request 3"), to=SENT)
    drain(app)
    for link in reversed(links):
        for _ in range(2):
            browse(None).post(f"/guest/{link}", status=303)
    assert list(db.session.scalars(select(Ticket.subject).order_by(Ticket.id))) == ["Request 3", "Request 2", "Request 1"]


def test_what_was_not_seen_is_not_confirmed(app, browse, token, drain):
    browser, links = browse(None), [token(subject=f"Request {n}") for n in range(3)]
    seen = browser.get(f"/guest/{links[0]}").markup.fields()["seen"]
    browse(None).post("/guest/new", asked(subject="Somebody else's words"), to=SENT)
    drain(app)
    browser.post(f"/guest/{links[0]}", {"seen": seen}, status=409)
    assert count(Ticket) == 0
    seen = browser.get(f"/guest/{links[0]}").markup.fields()["seen"]
    browser.post(f"/guest/{links[0]}", {"seen": seen}, status=303)
    assert db.session.scalars(select(Ticket.subject)).one() == "Somebody else's words"


def test_one_network_and_one_address_are_throttled(browse, rate_limits):
    for _ in range(6):
        browse(None).post("/guest/new", asked(), to=SENT)
    answer = browse(None).post("/guest/new", asked(email=NEWCOMER.upper()), status=429)
    assert "Wait" in answer.words
    for n in range(24):
        browse(None).post("/guest/new", asked(email=f"g{n}@mail.example"), to=SENT)
    browse(None).post("/guest/new", asked(email="other@mail.example"), status=429)


def test_looking_at_the_link_opens_nothing(browse, token):
    secret = token(subject="Is it <b>bold</b>?")
    for _ in range(2):
        page = browse(None).get(f"/guest/{secret}")
    assert "Is it <b>bold</b>?" in page.words and NEWCOMER in page.words and "Between two agents." in page.words
    assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store"
    assert count(Ticket) == 0


def test_confirming_opens_the_ticket_and_signs_the_guest_in(app, browse, token, drain):
    browser, secret = browse(None), token()
    answer = browser.post(f"/guest/{secret}", status=303)
    ticket = db.session.scalars(select(Ticket)).one()
    person = db.session.scalars(select(User).where(User.email == NEWCOMER)).one()
    assert answer.headers["Location"] == f"/tickets/{ticket.ref}"
    assert (person.name, person.role, person.organization_id, person.password_hash) == ("Nora Guest", "customer", None, None)
    assert (ticket.requester_id, ticket.source, ticket.subject) == (person.id, "guest", FORMS["question"]["subject"])
    assert "Thank you" in browser.get(f"/tickets/{ticket.ref}").words
    kinds = list(db.session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))
    assert kinds[0] == "ticket.opened" and kinds[-1] == "guest.confirmed"
    drain(app)
    assert count(OutboundMail, OutboundMail.template == "ticket_acknowledged", OutboundMail.recipient == NEWCOMER) == 1


def test_pressing_twice_leads_to_the_one_ticket(browse, token):
    browser, secret = browse(None), token()
    where = browser.post(f"/guest/{secret}", status=303).headers["Location"]
    ref, events = where.rpartition("/")[2], count(Event)
    again = browser.post(f"/guest/{secret}", to=f"/guest/new?opened={ref}")
    browser.get(again.headers["Location"], to=where)
    browser.get(where)
    assert (count(Ticket), count(SignIn), count(Event)) == (1, 1, events)


def test_a_second_press_shows_a_stranger_nothing_and_leaves_the_cookie_alone(browse, token):
    secret = token()
    where = browse(None).post(f"/guest/{secret}", status=303).headers["Location"]
    other = browse(None)
    again = other.post(f"/guest/{secret}", status=303)
    assert "Set-Cookie" not in again.headers
    page = other.get(again.headers["Location"])
    assert "Your ticket is open" in page.words and NEWCOMER not in page.text
    other.get(where, to="/login")
    other.get(f"/guest/{secret}", status=410)
    assert (count(Ticket), count(SignIn)) == (1, 1)


def test_a_second_press_leads_others_who_are_signed_in_to_no_ticket(people, browse, token):
    secret = token()
    where = browse(None).post(f"/guest/{secret}", status=303).headers["Location"]
    other = browse(people.stranger)
    other.get(other.post(f"/guest/{secret}", status=303).headers["Location"], to=where)
    other.get(where, status=404)


def test_a_link_works_once(browse, token, clock):
    secret = token()
    browse(None).post(f"/guest/{secret}", status=303)
    clock.shift(guests.AGAIN)
    for _ in range(2):
        page = browse(None).post(f"/guest/{secret}", status=410)
        browse(None).get(f"/guest/{secret}", status=410)
    assert "has been used" in page.words
    assert count(Ticket) == 1 and count(SignIn) == 1


@pytest.mark.parametrize("forged", ["x", "a" * 43, "%00", "'--", "new%20"])
def test_a_link_that_is_not_ours_says_the_same_as_a_used_one(browse, forged):
    browse(None).get(f"/guest/{forged}", status=410)
    browse(None).post(f"/guest/{forged}", status=410)


def test_a_link_ends_after_a_day(browse, token, clock):
    secret = token()
    clock.shift(guests.VALID)
    browse(None).get(f"/guest/{secret}", status=410)
    browse(None).post(f"/guest/{secret}", status=410)
    assert count(Ticket) == 0


def test_a_proved_address_of_a_customers_domain_joins_the_organization(people, browse, token):
    browse(None).post(f"/guest/{token(email='new.colleague@acme.example')}", status=303)
    person = db.session.scalars(select(User).where(User.email == "new.colleague@acme.example")).one()
    assert (person.organization_id, person.role) == (people.acme.id, "customer")
    assert db.session.scalars(select(Ticket)).one().organization_id == people.acme.id


@pytest.mark.parametrize("email", ["evil@acme.example.evil.example", "evil@notacme.example", "evil@sub.acme.example"])
def test_a_domain_that_only_looks_alike_joins_nothing(people, browse, token, email):
    browse(None).post(f"/guest/{token(email=email)}", status=303)
    assert db.session.scalars(select(User).where(User.email == email)).one().organization_id is None


def test_a_known_guest_gets_another_ticket_on_the_same_account(people, browse, token):
    before = count(User)
    browser = browse(None)
    browser.post(f"/guest/{token(email=people.guest.email, name='Somebody Else')}", status=303)
    ticket = db.session.scalars(select(Ticket)).one()
    assert (ticket.requester_id, count(User)) == (people.guest.id, before)
    assert db.session.get(User, people.guest.id).name == "Priya Nair"
    browser.get(f"/tickets/{ticket.ref}")


def test_an_account_with_a_password_is_not_entered_by_a_ticket_link(people, browse, token):
    browser = browse(None)
    browser.post(f"/guest/{token(email=people.user.email)}", to=re.compile("^/login"))
    ticket = db.session.scalars(select(Ticket)).one()
    assert ticket.requester_id == people.user.id
    browser.get(f"/tickets/{ticket.ref}", to="/login")
    assert count(SignIn) == 0


@pytest.mark.parametrize("who", ["agent", "lead", "admin", "moderator"])
def test_people_who_work_with_us_open_nothing_here(people, browse, token, who):
    secret = token(email=getattr(people, who).email)
    answer = browse(None).post(f"/guest/{secret}", status=403)
    assert "Sign in" in answer.words
    assert count(Ticket) == 0 and count(SignIn) == 0


def test_somebody_who_was_shut_out_opens_nothing(people, browse, token):
    secret = token(email=people.guest.email)
    db.session.get(User, people.guest.id).is_enabled = False
    browse(None).post(f"/guest/{secret}", status=403)
    assert count(Ticket) == 0 and count(SignIn) == 0


def test_whoever_else_is_signed_in_stays_so(people, browse, token):
    browser, secret = browse(people.colleague), token(email=people.user.email)
    answer = browser.post(f"/guest/{secret}", status=303)
    assert answer.headers["Location"].startswith("/tickets/")
    assert people.colleague.initials in browser.get("/tickets").words


def test_a_guest_who_comes_in_ends_the_session_that_was_in_the_browser(people, browse, token):
    browser = browse()
    browser.post("/login", {"email": people.colleague.email, "password": PASSWORD}, to="/")
    where = browser.post(f"/guest/{token()}", status=303).headers["Location"]
    browser.get(where)
    assert count(SignIn, SignIn.revoked_at.is_(None)) == 1
    assert count(Event, Event.kind == "account.signed_out", Event.actor_id == people.colleague.id) == 1


def test_hostile_words_are_words_on_the_link_and_on_the_ticket(browse, token):
    browser = browse(None)
    secret = token(subject="<script>alert(1)</script>\u202e", body="</pre><script>alert(2)</script>", name="<img src=x>\x00")
    assert "<script>alert" not in browser.get(f"/guest/{secret}").text
    where = browser.post(f"/guest/{secret}", status=303).headers["Location"]
    assert "<script>alert" not in browser.get(where).text


def test_what_was_asked_is_not_kept_twice(browse, token):
    browse(None).post(f"/guest/{token()}", status=303)
    assert db.session.scalars(select(PendingTicket.form)).one() == {}


@pytest.mark.engines("sqlite", "postgresql")
def test_it_works_on_both_databases(app, engine, people, browse, token):
    secret = token()
    browse(None).get(f"/guest/{secret}")
    for _ in range(2):
        browse(None).post(f"/guest/{secret}", status=303)
    browse(None).get(f"/guest/{secret}", status=410)
    assert count(Ticket) == 1


def test_the_sweep_forgets_what_is_over(browse, token, clock):
    waiting, confirmed = token(), token(email="second@mail.example")
    browse(None).post(f"/guest/{confirmed}", status=303)
    assert jobs.sweep_pending() == 0
    clock.shift(timedelta(days=3))
    assert jobs.sweep_pending() == 1
    browse(None).get(f"/guest/{waiting}", status=410)
    clock.shift(timedelta(days=40))
    assert (jobs.sweep_pending(), jobs.sweep_pending()) == (1, 0)
    assert count(PendingTicket) == 0 and count(Ticket) == 1


def test_a_ticket_by_a_guest_is_a_ticket_like_any_other(people, browse, token):
    browser = browse(None)
    where = browser.post(f"/guest/{token()}", status=303).headers["Location"]
    ticket = db.session.scalars(select(Ticket)).one()
    factories.reply(ticket, people.agent, "Here is how.")
    assert "Here is how." in browser.get(where).words
    browser.post(f"{where}/replies", {"body": "Thank you."}, to=where)
