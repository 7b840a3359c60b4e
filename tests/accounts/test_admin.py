"""The pages of administrators: people, organizations, acting as somebody."""

import re

import pytest
from sqlalchemy import select

from app.accounts import queries
from app.accounts.models import Organization, User
from app.extensions import db
from tests import factories
from tests.accounts.helpers import events, kinds
from tests.people import PASSWORD

PAGES = ("/admin/people", "/admin/people/new", "/admin/organizations", "/admin/organizations/new", "/admin/audit")
PERSON = {"name": "Ines Duarte", "role": "customer", "organization": "Acme Robotics"}
ORGANIZATION = {"name": "Initech", "plan": "technical", "domains": "initech.example", "sharing": "own", "engineer": "", "slack_url": ""}


@pytest.mark.parametrize("path", PAGES)
def test_only_administrators_enter(people, browse, path):
    assert browse(people.admin).get(path).markup
    browse(None).get(path, to=f"/login?next={path}")
    for who in ("user", "owner", "agent", "lead", "moderator"):
        browse(getattr(people, who)).get(path, status=403)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_costs_a_few_statements_however_long_it_is(people, browse, now, statements, path):
    admin = browse(people.admin)
    with statements() as few:
        admin.get(path)
    db.session.add_all(
        User(email=f"p{n}@acme.example", name=f"P {n}", role="customer", organization_id=people.acme.id, created_at=now) for n in range(60)
    )
    db.session.commit()
    with statements() as many:
        admin.get(path)
    assert len(few) == len(many) <= 4


def test_the_start_leads_to_the_people(people, browse):
    browse(people.admin).get("/admin", to="/admin/people")


def test_people_are_found_by_name_address_role_state_and_organization(people, browse):
    people.colleague.is_enabled = False
    admin = browse(people.admin)
    for query, found, missing in [
        ("q=INES", "Ines Duarte", "Marcus Webb"),
        ("q=globex.example", "Tomasz Lis", "Ines Duarte"),
        ("role=lead", "Helena", "Aiko Tanaka"),
        ("state=disabled", "Ines Duarte", "Marcus Webb"),
        ("state=pending", "Priya Nair", "Marcus Webb"),
        (f"organization={people.globex.id}", "Tomasz Lis", "Marcus Webb"),
    ]:
        part = admin.get(f"/admin/people?{query}", htmx=True)
        assert found in part.words and missing not in part.words
    admin.get("/admin/people?q=%00%27%22%3Cscript%3E&role=nonsense&state=x&organization=-1&cursor=")
    admin.get("/admin/people?cursor=WzAsImEiXQ", status=422)
    admin.get("/admin/people?organization=99999999999999999999999")


def test_somebody_is_invited_as_anything(people, browse):
    admin = browse(people.admin)
    admin.get("/admin/people/new")
    admin.post("/admin/people", {"email": "eve@hivetechs.example", "name": "Eve", "role": "agent", "organization": ""}, to=None, status=303)
    person = db.session.scalars(select(User).where(User.email == "eve@hivetechs.example")).one()
    assert (person.role, person.organization_id, person.password_hash) == ("agent", None, None)
    admin.post(f"/admin/people/{person.id}/invitation", to=f"/admin/people/{person.id}")
    assert kinds() == ["account.invited"] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"email": "x"},
        {"role": "emperor"},
        {"organization": "Nowhere Ltd"},
        {"role": "agent"},
        {"role": "customer_admin", "organization": ""},
        {"email": "user@acme.example"},
        {"is_enabled": "0"},
    ],
)
def test_an_invitation_that_makes_no_sense_is_kept_and_refused(people, browse, wrong):
    admin = browse(people.admin)
    admin.get("/admin/people/new")
    form = {"email": "new@acme.example", "name": "Nora New", "role": "customer", "organization": "acme robotics", **wrong}
    assert "Nora New" in admin.post("/admin/people", form, status=422).text
    assert kinds() == []


def test_a_person_is_changed(people, browse):
    admin = browse(people.admin)
    path = f"/admin/people/{people.colleague.id}"
    page = admin.get(path).markup
    assert page.fields(page.one("form", action=path))["organization"] == "Acme Robotics"
    admin.post(path, {**PERSON, "role": "customer_admin", "name": "I. Duarte"}, to=path)
    admin.post(path, {**PERSON, "role": "customer_admin", "name": "I. Duarte"}, to=path)
    assert [sorted(e.facts["changes"]) for e in events("account.changed")] == [["name", "role"]]
    admin.post(path, {**PERSON, "organization": "Nowhere"}, status=422)
    admin.post(path, {**PERSON, "role": "agent"}, status=422)
    admin.post(path, {**PERSON, "password_hash": "x"}, status=422)
    admin.get("/admin/people/123456", status=404)


def test_teams_are_chosen_for_staff_only(people, browse):
    admin = browse(people.admin)
    path = f"/admin/people/{people.agent.id}"
    admin.get(path)
    admin.post(f"{path}/teams", {"teams": ["docs", "security"]}, to=path)
    admin.post(f"{path}/teams", {"teams": ["cleaners"]}, status=422)
    admin.post(f"{path}/teams", {}, to=path)
    admin.post(f"/admin/people/{people.user.id}/teams", {"teams": ["docs"]}, status=422)
    assert [e.facts["changes"]["teams"][1] for e in events("account.changed")] == [["docs", "security"], []]


def test_somebody_is_shut_out_and_let_in(people, browse):
    agent, admin = browse(people.agent), browse(people.admin)
    path = f"/admin/people/{people.agent.id}"
    admin.get(path)
    admin.post(f"{path}/disabling", to=path)
    agent.get("/account", to="/login?next=/account")
    browse().post("/login", {"email": people.agent.email, "password": PASSWORD}, status=422)
    admin.post(f"{path}/enabling", to=path)
    admin.post(f"/admin/people/{people.admin.id}/disabling", status=409)
    browse().post("/login", {"email": people.agent.email, "password": PASSWORD}, to="/")


def test_an_organization_is_made_found_and_changed(people, browse):
    admin = browse(people.admin)
    admin.get("/admin/organizations/new")
    admin.post("/admin/organizations", ORGANIZATION, status=303)
    made = db.session.scalars(select(Organization).where(Organization.name == "Initech")).one()
    path = f"/admin/organizations/{made.id}"
    page = admin.get(path).markup
    shown = {
        name: value.strip() for name, value in page.fields(page.one("form", action=path)).items() if name not in {"csrf_token", "seen"}
    }
    assert shown == ORGANIZATION
    admin.post(
        path,
        {**ORGANIZATION, "plan": "enterprise_emergency", "engineer": str(people.agent.id), "slack_url": "https://slack.example/c"},
        to=path,
    )
    assert "Initech" in admin.get("/admin/organizations?q=initech.ex", htmx=True).words
    assert "Acme" not in admin.get("/admin/organizations?q=initech", htmx=True).words
    assert kinds() == ["organization.created", "organization.changed"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "ACME ROBOTICS"},
        {"plan": "platinum"},
        {"domains": "gmail.com"},
        {"domains": "acme.example"},
        {"domains": "no domain"},
        {"sharing": "everybody"},
        {"engineer": "1"},
        {"engineer": "x"},
        {"slack_url": "ftp://slack.example/c"},
        {"slack_url": "http://[bad"},
        {"is_demo": "1"},
    ],
)
def test_an_organization_that_makes_no_sense_is_kept_and_refused(people, browse, wrong):
    admin = browse(people.admin)
    admin.get("/admin/organizations/new")
    assert "initech" in admin.post("/admin/organizations", {**ORGANIZATION, **wrong}, status=422).text.lower()
    path = f"/admin/organizations/{people.globex.id}"
    admin.post(path, {**ORGANIZATION, **wrong}, status=422)
    assert kinds() == []


def test_an_administrator_acts_as_somebody_and_every_page_says_so(people, browse):
    admin = browse(people.admin)
    admin.get(f"/admin/people/{people.user.id}")
    admin.post(f"/admin/people/{people.user.id}/acting", to="/")
    page = admin.get("/account")
    assert "signed in as Marcus Webb" in page.words and "Dana Whitfield" in page.words
    admin.get("/admin/people", status=403)
    admin.post("/account/password", {"current": PASSWORD, "password": "tulip-rocket-93-vinyl"}, status=403)
    admin.post("/account/tokens", {"name": "x", "scopes": "tickets:read"}, status=403)
    admin.post("/account/sessions/revocation", status=403)
    admin.post("/account/profile", {"name": "Marcus W", "time_zone": "UTC", "theme": "light"}, to="/account")
    assert (events("account.profile_changed")[0].actor_id, events("account.profile_changed")[0].impersonator_id) == (
        people.user.id,
        people.admin.id,
    )
    assert "support signed in as you" in browse(people.user).get("/account").words
    admin.post("/acting/stop", to=f"/admin/people/{people.user.id}")
    page = admin.get("/admin/audit")
    assert "by Dana Whitfield, signed in as" in page.words
    admin.post("/acting/stop", status=409)


def test_nobody_acts_as_an_administrator_or_through_somebody_else(people, browse, now):
    people.lead.role = "admin"
    admin = browse(people.admin)
    assert "Sign in as" not in admin.get(f"/admin/people/{people.lead.id}").words
    admin.post(f"/admin/people/{people.lead.id}/acting", status=403)
    admin.post(f"/admin/people/{people.admin.id}/acting", status=403)
    admin.post(f"/admin/people/{people.agent.id}/acting", to="/")
    admin.post(f"/admin/people/{people.user.id}/acting", status=403)
    browse(people.agent).post(f"/admin/people/{people.user.id}/acting", status=403)
    browse().post("/acting/stop", to="/login")


def test_acting_ends_after_an_hour_or_when_its_administrator_may_no_longer(people, browse, clock):
    admin = browse(people.admin)
    admin.post(f"/admin/people/{people.user.id}/acting", to="/")
    clock.shift(50 * 60)
    admin.get("/account")
    clock.shift(11 * 60)
    admin.get("/account", to="/login?next=/account")
    admin = browse(people.admin)
    admin.post(f"/admin/people/{people.user.id}/acting", to="/")
    people.admin.role = "lead"
    admin.get("/account", to="/login?next=/account")


def test_an_administrator_signs_somebody_out_everywhere(people, browse):
    lost, other = browse(people.agent), browse(people.agent2)
    lost.get("/desk/queue/mine")
    other.get("/desk/queue/mine")
    admin, path = browse(people.admin), f"/admin/people/{people.agent.id}"
    assert "Sign out everywhere" in admin.get(path).words
    for _ in range(2):
        admin.post(f"{path}/sessions/revocation", to=path)
    assert "Sign out everywhere" not in admin.get(path).words
    lost.get("/desk/queue/mine", to="/login?next=/desk/queue/mine")
    other.get("/desk/queue/mine")
    assert [e.facts for e in events() if e.kind == "account.changed"] == [{"user_id": people.agent.id, "changes": {"sessions": [1, 0]}}]
    admin.post(f"/admin/people/{people.admin.id}/sessions/revocation", status=409)


def test_an_organization_leads_to_its_open_tickets(people, browse):
    mine, other = factories.ticket(people.user), factories.ticket(people.stranger)
    admin = browse(people.admin)
    page = admin.get(f"/admin/organizations/{people.acme.id}")
    listed = admin.get(re.search(r'href="(/desk/queue/all\?organization=[^"]+)"', page.text)[1])
    assert mine.ref in listed.text and other.ref not in listed.text


def seen_on(page):
    """What a page's form says it showed."""
    return re.search(r'name="seen" type="hidden" value="(\w+)"', page.text)[1]


def test_an_organization_that_somebody_else_changed_meanwhile_is_not_overwritten(people, browse):
    admin, path = browse(people.admin), f"/admin/organizations/{people.acme.id}"
    mine = {"name": "Acme Robotics", "plan": "enterprise_priority", "domains": "acme.example", "sharing": "all", "slack_url": ""}
    mine["engineer"] = str(people.acme.engineer_id or "")
    seen = seen_on(admin.get(path))
    for _ in range(2):
        admin.post(path, {**mine, "plan": "technical", "seen": seen}, to=path)
    wanted = {**mine, "domains": "acme.example\nrobotics.example", "seen": seen}
    page = admin.post(path, wanted, status=409)
    assert "This was changed since" in page.words and "It says “Technical” now." in page.words
    assert "robotics.example" in page.text and seen_on(page) != seen
    assert people.acme.plan.key == "technical"
    admin.post(path, {**wanted, "plan": "technical", "seen": seen_on(page)}, to=path)
    assert people.acme.plan.key == "technical" and len(people.acme.domains) == 2


def test_a_person_whom_somebody_else_changed_meanwhile_is_not_overwritten(people, browse):
    admin, path = browse(people.admin), f"/admin/people/{people.agent.id}"
    seen = seen_on(admin.get(path))
    for _ in range(2):
        admin.post(path, {"name": "Aiko Tanaka", "role": "moderator", "organization": "", "seen": seen}, to=path)
    page = admin.post(path, {"name": "Aiko T.", "role": "agent", "organization": "", "seen": seen}, status=409)
    assert "It says “Community moderator” now." in page.words and "Aiko T." in page.text
    assert (people.agent.name, people.agent.role) == ("Aiko Tanaka", "moderator")
    admin.post(path, {"name": "Aiko T.", "role": "agent", "organization": "", "seen": seen_on(page)}, to=path)
    assert (people.agent.name, people.agent.role) == ("Aiko T.", "agent")


def test_teams_that_somebody_else_changed_meanwhile_are_not_overwritten(people, browse):
    admin, path = browse(people.admin), f"/admin/people/{people.agent.id}"
    seen = teams_on(admin.get(path), path)["seen"]
    for _ in range(2):
        admin.post(f"{path}/teams", {"teams": ["docs", "security"], "seen": seen}, to=path)
    page = admin.post(f"{path}/teams", {"teams": ["support"], "seen": seen}, status=409)
    assert "This was changed since" in page.words and "It says “Documentation, Security” now." in page.words
    assert teams_on(page, path)["teams"] == "support", "what was ticked is kept"
    assert sorted(queries.team_keys_of(people.agent)) == ["docs", "security"]
    admin.post(f"{path}/teams", {"teams": ["support"], "seen": teams_on(page, path)["seen"]}, to=path)
    assert queries.team_keys_of(people.agent) == ["support"]


def test_nobody_changes_their_own_role_and_what_they_entered_stays(people, browse):
    admin, path = browse(people.admin), f"/admin/people/{people.admin.id}"
    wanted = {"name": "Dana W.", "role": "lead", "organization": "", "seen": seen_on(admin.get(path))}
    page = admin.post(path, wanted, status=409)
    form = page.markup.fields(page.markup.one("form", action=path))
    assert "Nobody changes their own role. Ask another administrator." in page.words and form == {**form, **wanted}
    admin.post(path, {**form, "role": "admin"}, to=path)
    assert (people.admin.name, people.admin.role) == ("Dana W.", "admin")


def teams_on(page, path):
    """What the form of the teams of the person at this path holds."""
    return page.markup.fields(page.markup.one("form", action=f"{path}/teams"))
