"""The people of one's own organization, for its admins."""

import pytest
from sqlalchemy import select

from app.accounts.models import User
from app.extensions import db
from tests.accounts.helpers import kinds

HOSTILE = ("<script>alert(1)</script>", "\u202egnp.exe", "{{ 7*7 }}", "a\x00b\r\nc", "'\"><img src=x onerror=alert(1)>")
INVITATION = {"email": "new@acme.example", "name": "Nora New", "role": "customer"}


def test_an_admin_sees_their_own_people_and_no_others(people, browse, statements):
    owner = browse(people.owner)
    with statements() as seen:
        page = owner.get("/account/people")
    assert "Ines Duarte" in page.words and "Marcus Webb" in page.words
    assert "Tomasz Lis" not in page.words and "Aiko" not in page.words
    assert len(seen) <= 3
    part = owner.get("/account/people?q=ines", htmx=True)
    assert "Ines Duarte" in part.words and "Marcus" not in part.words
    assert "Nobody matches" in owner.get("/account/people?q=%25_", htmx=True).words


@pytest.mark.parametrize("who", ["user", "guest", "agent", "lead", "moderator"])
def test_others_are_turned_away(people, browse, who):
    person = browse(getattr(people, who))
    person.get("/account/people", status=403)
    person.post("/account/people", INVITATION, status=403)
    person.get(f"/account/people/{people.colleague.id}", status=403)
    person.post(f"/account/people/{people.colleague.id}/disabling", status=403)
    person.post("/account/people/sharing", {"sharing": "own"}, status=403)
    assert kinds() == []


def test_somebody_of_another_organization_is_not_there(people, browse):
    owner = browse(people.owner)
    owner.get(f"/account/people/{people.stranger.id}", status=404)
    for noun in ("role", "disabling", "enabling", "invitation"):
        owner.post(f"/account/people/{people.stranger.id}/{noun}", {"role": "customer"} if noun == "role" else None, status=404)
    owner.get("/account/people/99999999999999999999", status=404)


def test_an_invitation_that_cannot_be_sent_keeps_what_was_typed(people, browse):
    owner = browse(people.owner)
    owner.get("/account/people")
    for wrong in (
        {"email": "nonsense"},
        {"email": ""},
        {"name": ""},
        {"role": "admin"},
        {"role": "agent"},
        {"organization": "Globex Energy"},
        {"email": people.user.email},
    ):
        page = owner.post("/account/people", {**INVITATION, **wrong}, status=422)
        assert "Nora New" in page.text or "name" in wrong
    assert kinds() == []
    assert db.session.scalar(select(User.id).where(User.email == INVITATION["email"])) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text(people, browse, name):
    owner = browse(people.owner)
    owner.get("/account/people")
    owner.post("/account/people", {**INVITATION, "name": f"N {name}"[:80]}, to="/account/people")
    page = owner.get("/account/people").text
    assert "<script>alert" not in page and "\u202e" not in page


def test_the_answer_does_not_tell_of_accounts_elsewhere(people, browse):
    owner = browse(people.owner)
    told = []
    for email in (people.stranger.email, people.agent.email, "really.new@acme.example"):
        owner.post("/account/people", {**INVITATION, "email": email}, to="/account/people")
        told.append(owner.get("/account/people").markup.words.partition("gets an invitation")[2][:80])
    assert len(set(told)) == 1


def test_an_admin_is_made_and_somebody_is_shut_out_and_let_in(people, browse):
    owner, ines = browse(people.owner), browse(people.colleague)
    path = f"/account/people/{people.colleague.id}"
    owner.get(path)
    owner.post(f"{path}/role", {"role": "customer_admin"}, to="/account/people")
    assert "customer admin now" in owner.get("/account/people").words
    assert ines.get("/account/people").words.count("Marcus Webb")
    owner.post(f"{path}/role", {"role": "admin"}, status=422)
    owner.post(f"{path}/disabling", to="/account/people")
    ines.get("/account", to="/login?next=/account")
    assert "shut out" in owner.get(path).words
    owner.post(f"{path}/enabling", to="/account/people")
    owner.post(f"/account/people/{people.owner.id}/disabling", status=409)
    owner.post(f"/account/people/{people.owner.id}/role", {"role": "customer"}, status=409)
    assert "This is you" in owner.get(f"/account/people/{people.owner.id}").words
    assert kinds() == ["account.changed"] * 3


def test_an_invitation_is_sent_again_while_it_waits(people, browse):
    people.colleague.password_hash = None
    owner = browse(people.owner)
    path = f"/account/people/{people.colleague.id}"
    assert "Send the invitation again" in owner.get(path).words
    owner.post(f"{path}/invitation", to="/account/people")
    people.colleague.password_hash = "x"
    owner.post(f"{path}/invitation", status=422)
    assert kinds() == ["account.invited"]


def test_whoever_came_by_a_link_is_no_longer_called_invited(people, browse):
    people.colleague.password_hash = None
    owner, admin, mine = browse(people.owner), browse(people.admin), f"/admin/people?organization={people.acme.id}"
    invited = f"{mine}&state=pending"
    assert "Ines" in admin.get(invited).words
    assert "invited" in row_of(owner.get("/account/people"), "Ines") and "invited" in row_of(admin.get(mine), "Ines")
    browse(people.colleague).get("/account")
    assert "seen" in row_of(owner.get("/account/people"), "Ines") and "seen" in row_of(admin.get(mine), "Ines")
    assert "Ines" not in admin.get(invited).words
    assert "no password yet" in owner.get(f"/account/people/{people.colleague.id}").words


def row_of(page, name):
    """The words of a person's row."""
    return next(row.text for row in page.markup.all("tr") if name in row.text)


def test_sharing_is_chosen(people, browse):
    owner = browse(people.owner)
    owner.get("/account/people")
    owner.post("/account/people/sharing", {"sharing": "own"}, to="/account/people")
    owner.post("/account/people/sharing", {"sharing": "nobody"}, status=422)
    assert people.acme.sharing == "own"


def test_invitations_are_throttled(people, browse, rate_limits):
    owner = browse(people.owner)
    for n in range(60):
        owner.post("/account/people", {**INVITATION, "email": f"n{n}@acme.example"}, to="/account/people")
    owner.post("/account/people", {**INVITATION, "email": "one.more@acme.example"}, status=429)


def test_a_long_list_is_paged_both_ways_and_each_stands_once(people, browse, now):
    db.session.add_all(
        User(email=f"p{n}@acme.example", name=f"Person {n:03}", role="customer", organization_id=people.acme.id, created_at=now)
        for n in range(120)
    )
    owner = browse(people.owner)
    seen, last, path = [], None, "/account/people"
    while path:
        page = owner.get(path)
        seen += names_on(page)
        path = next((link["href"] for link in page.markup.all("a", rel="next")), None)
        last = page
    assert len(seen) == len(set(seen)) == 123
    assert names_on(owner.get(last.markup.one("a", rel="prev")["href"])) == seen[50:100]
    owner.get("/account/people?cursor=nonsense", status=422)


def names_on(page):
    """The names in the list of a page."""
    return [cell.text.split("@")[0] for cell in page.markup.all("th", scope="row")]
