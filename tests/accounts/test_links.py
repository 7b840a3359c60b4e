"""Password reset and invitation by one-time links: from the form through the real job to the link in the mail."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import administration
from app.accounts.administration import Invitation
from app.accounts.models import OneTimeLink, User
from app.extensions import db
from app.mail.models import OutboundMail
from tests import factories
from tests.accounts.helpers import GOOD, kinds, link_to, open_sessions

HOUR = timedelta(hours=1)


def link_in(template):
    """The path of the link in the newest mail of a template."""
    text = db.session.scalars(select(OutboundMail.text).where(OutboundMail.template == template).order_by(OutboundMail.id.desc())).first()
    return re.search(r"http://localhost(/\S+)", text)[1]


def test_a_forgotten_password_is_set_anew(people, browse, drain, app):
    old = browse(people.user)
    old.get("/account")
    visitor = browse()
    visitor.get("/password-reset")
    visitor.post("/password-reset", {"email": "User@acme.example"}, to="/password-reset?sent=1")
    assert "link is on its way" in visitor.get("/password-reset?sent=1").words
    drain(app)
    path = link_in("password_reset")
    for _ in range(3):
        assert people.user.email in visitor.get(path).text
    visitor.post(path, {"password": GOOD}, to="/login")
    assert "is set" in visitor.get("/login").words
    old.get("/account", to="/login?next=/account")
    visitor.post("/login", {"email": people.user.email, "password": GOOD}, to="/")
    assert "has been used" in browse().get(path, status=410).words
    browse().post(path, {"password": GOOD}, status=410)
    assert kinds() == ["account.reset_requested", "account.password_changed", "account.signed_in"]


def test_asking_tells_nobody_who_has_an_account(people, browse, drain, app):
    people.colleague.is_enabled = False
    answers = set()
    for email in (people.user.email, people.colleague.email, "nobody@acme.example"):
        visitor = browse()
        answer = visitor.post("/password-reset", {"email": email}, to="/password-reset?sent=1")
        answers.add((answer.status_code, answer.headers["Location"]))
    drain(app)
    assert len(answers) == 1
    assert db.session.scalars(select(OutboundMail.recipient)).all() == [people.user.email]


@pytest.mark.parametrize("email", ["", "nonsense", "a@b", "x" * 300 + "@acme.example", "a\r\nBcc: b@c.example"])
def test_what_is_no_address_is_refused_and_kept(people, browse, email):
    visitor = browse()
    visitor.get("/password-reset")
    assert visitor.post("/password-reset", {"email": email}, status=422).markup
    assert kinds() == []


def test_nobody_can_fill_a_mailbox_with_links(people, browse, rate_limits):
    visitor = browse()
    for email in (people.user.email, "nobody@acme.example"):
        for _ in range(5):
            visitor.post("/password-reset", {"email": email}, to="/password-reset?sent=1")
        refused = visitor.post("/password-reset", {"email": email}, status=429)
        assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize("purpose", ["reset", "invite"])
def test_forged_and_old_links_say_what_to_do(people, browse, now, clock, purpose):
    path = {"reset": "/password-reset/", "invite": "/invite/"}[purpose]
    for forged in ("x", "a" * 43, "%00", "..", "🐝"):
        page = browse().get(path + forged, status=404)
        assert "not one of ours" in page.words
    people.colleague.password_hash = None
    secret = link_to(people.colleague, purpose, now=now, valid=HOUR)
    browse().get(path + secret)
    clock.shift(HOUR)
    assert "expired" in browse().get(path + secret, status=410).words
    browse().post(path + secret, {"password": GOOD, "name": "X", "time_zone": "UTC"}, status=410)
    assert people.colleague.password_hash is None


def test_a_link_of_one_purpose_is_none_of_another(people, browse, now):
    secret = link_to(people.user, "reset", now=now, valid=HOUR)
    browse().get(f"/invite/{secret}", status=404)
    secret = link_to(people.user, "guest", now=now, valid=HOUR)
    browse().get(f"/password-reset/{secret}", status=404)


def test_the_secret_is_nowhere_in_the_database(people, browse, now):
    secret = link_to(people.user, "reset", now=now, valid=HOUR)
    assert secret not in db.session.scalars(select(OneTimeLink.secret_hash)).one()


def test_a_weak_password_is_refused_and_the_link_lives_on(people, browse, now):
    path = f"/password-reset/{link_to(people.user, 'reset', now=now, valid=HOUR)}"
    visitor = browse()
    visitor.get(path)
    for weak in ("short", "Password123!", "user@acme.examplex", "x" * 201):
        assert weak not in visitor.post(path, {"password": weak}, status=422).text
    visitor.post(path, {"password": GOOD}, to="/login")


def test_no_other_site_and_no_cache_learns_the_address_of_a_link(people, browse, now):
    answer = browse().get(f"/password-reset/{link_to(people.user, 'reset', now=now, valid=HOUR)}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_an_invitation_leads_in(people, browse, drain, app):
    owner = browse(people.owner)
    owner.get("/account/people")
    owner.post("/account/people", {"email": "new@acme.example", "name": "Nora New", "role": "customer"}, to="/account/people")
    drain(app)
    path = link_in("invitation")
    visitor = browse()
    assert "Acme Robotics" in visitor.get(path).words
    page = visitor.post(path, {"name": "Nora Neu", "password": "short", "time_zone": "Europe/Berlin"}, status=422)
    assert "Nora Neu" in page.text
    visitor.post(path, {"name": "Nora Neu", "password": GOOD, "time_zone": "Europe/Berlin"}, to="/")
    assert "Nora Neu" in visitor.get("/account").text
    person = db.session.scalars(select(User).where(User.email == "new@acme.example")).one()
    assert (person.role, person.organization_id, person.time_zone, open_sessions(person)) == (
        "customer",
        people.acme.id,
        "Europe/Berlin",
        1,
    )
    assert "has been used" in browse().get(path, status=410).words


def invited(owner, drain, email):
    """Somebody is invited into the owner's organization: the path of the link in their mail."""
    owner.get("/account/people")
    owner.post("/account/people", {"email": email, "name": "Kim", "role": "customer"}, to="/account/people")
    drain()
    return link_in("invitation")


def test_asking_for_a_password_makes_nobody_a_member(people, browse, drain):
    """Whoever is invited and has not accepted gets the invitation anew, and decides there."""
    first = invited(browse(people.owner), drain, "stranger@elsewhere.example")
    visitor = browse()
    visitor.get("/password-reset")
    visitor.post("/password-reset", {"email": "stranger@elsewhere.example"}, to="/password-reset?sent=1")
    drain()
    assert db.session.scalars(select(OutboundMail.template)).all() == ["invitation", "invitation"]
    again = link_in("invitation")
    assert again != first
    text = db.session.scalars(select(OutboundMail.text).order_by(OutboundMail.id.desc())).first()
    assert "You are invited to HiveTechs Support as part of Acme Robotics." in text
    assert "Acme Robotics" in visitor.get(again).words
    visitor.post(again, {"name": "Some Stranger", "password": GOOD, "time_zone": "UTC"}, to="/")
    assert db.session.scalars(select(User.organization_id).where(User.email == "stranger@elsewhere.example")).one() == people.acme.id


def test_a_guest_becomes_a_member_by_accepting_and_keeps_what_they_asked_before(people, browse, drain, now):
    mine = factories.ticket(people.guest)
    path = invited(browse(people.owner), drain, people.guest.email)
    assert people.guest.organization_id is None
    visitor = browse()
    assert "Acme Robotics" in visitor.get(path).words
    visitor.post(path, {"name": "Priya", "password": GOOD, "time_zone": "UTC"}, to="/")
    assert people.guest.organization_id == people.acme.id
    assert factories.ticket(people.guest).organization_id == people.acme.id
    browse(people.guest).get(f"/tickets/{mine.ref}")
    browse(people.owner).get(f"/tickets/{mine.ref}", status=404)


def test_whoever_two_organizations_have_invited_is_of_the_one_whose_link_they_follow(people, browse, drain, now):
    administration.invite(Invitation("kim@freelance.example", "Kim", "customer", people.globex), actor=people.admin, now=now)
    drain()
    theirs = link_in("invitation")
    path = invited(browse(people.owner), drain, "kim@freelance.example")
    browse().post(path, {"name": "Kim", "password": GOOD, "time_zone": "UTC"}, to="/")
    kim = db.session.scalars(select(User).where(User.email == "kim@freelance.example")).one()
    assert kim.organization_id == people.acme.id
    assert "has been used" in browse().get(theirs, status=410).words


def test_an_invitation_leads_to_where_an_administrator_has_put_somebody_since(people, browse, drain):
    path = invited(browse(people.owner), drain, "new@acme.example")
    person = db.session.scalars(select(User).where(User.email == "new@acme.example")).one()
    where = f"/admin/people/{person.id}"
    browse(people.admin).post(where, {"name": "Kim", "role": "customer_admin", "organization": "Globex Energy"}, to=where)
    browse().post(path, {"name": "Kim", "password": GOOD, "time_zone": "UTC"}, to="/")
    db.session.refresh(person)
    assert (person.role, person.organization_id) == ("customer_admin", people.globex.id)


def test_who_has_an_account_elsewhere_is_told_and_stays_where_they_are(people, browse, drain):
    owner = browse(people.owner)
    owner.get("/account/people")
    for _ in range(2):
        owner.post("/account/people", {"email": people.stranger.email, "name": "X", "role": "customer"}, to="/account/people")
        drain()
    mail = db.session.scalars(select(OutboundMail)).one()
    assert (mail.recipient, mail.template) == (people.stranger.email, "invitation_elsewhere")
    assert "Frieda Brandt invites you to HiveTechs Support as part of Acme Robotics" in mail.text
    assert "/tickets/new" in mail.text and "/invite/" not in mail.text
    assert people.stranger.organization_id == people.globex.id


def test_an_invitation_gives_what_the_inviter_chose_and_nothing_else(people, browse, now):
    people.colleague.password_hash = None
    path = f"/invite/{link_to(people.colleague, 'invite', now=now, valid=HOUR)}"
    form = {"name": "Ines", "password": GOOD, "time_zone": "UTC", "role": "admin", "organization_id": "2"}
    assert "no field called organization_id, role" in browse().post(path, form, status=422).words
    assert (people.colleague.role, people.colleague.organization_id, people.colleague.password_hash) == ("customer", people.acme.id, None)
