"""Two administrators who save the same thing at the same moment, on both databases: the second is told."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.accounts import administration, queries, standing
from app.accounts.administration import OrganizationValues
from app.accounts.models import Organization, User
from app.extensions import db
from app.lib.clock import utcnow
from tests.accounts.helpers import kinds
from tests.processes import after

BOTH = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture
def meanwhile(people, browse):
    """`meanwhile(change, path, data)`: what is answered to a form that comes before `change(admin)` by another one is committed."""

    def run(change, path, data):
        window = browse(people.admin)
        headers = {"X-CSRFToken": window.token()}
        return after(
            lambda: change(db.session.get_one(User, people.admin.id)),
            lambda: window.client.post(path, data=data, headers=headers).status_code,
        )

    return run


@BOTH
def test_of_two_names_at_once_the_second_is_stale(people, meanwhile):
    number, seen = people.agent.id, standing.stamp(standing.of_person(people.agent))

    def promote(admin):
        person = queries.person_by_id(number, for_change=True)
        administration.change_person(person, name=person.name, role="lead", organization=None, actor=admin, now=utcnow())

    data = {"name": "Aiko T.", "role": "agent", "organization": "", "seen": seen}
    assert meanwhile(promote, f"/admin/people/{number}", data) == 409
    assert db.session.get_one(User, number, populate_existing=True).role == "lead"


@BOTH
def test_who_moves_at_the_same_moment_is_shown_where_they_are(people, meanwhile):
    """What stood beside the row when the second began to wait is not what stands beside it now."""
    number, globex, seen = people.user.id, people.globex.id, standing.stamp(standing.of_person(people.user))

    def move(admin):
        person, home = queries.person_by_id(number, for_change=True), db.session.get_one(Organization, globex)
        administration.change_person(person, name=person.name, role="customer", organization=home, actor=admin, now=utcnow())

    data = {"name": people.user.name, "role": "customer_admin", "organization": "Acme Robotics", "seen": seen}
    assert meanwhile(move, f"/admin/people/{number}", data) == 409
    person = db.session.get_one(User, number, populate_existing=True)
    assert (person.organization_id, person.role) == (globex, "customer")


@BOTH
def test_of_two_sets_of_teams_at_once_the_second_is_stale(people, meanwhile):
    number, seen = people.agent.id, standing.stamp(standing.of_teams(queries.team_keys_of(people.agent)))
    wanted = [team for team in queries.teams() if team.key in {"docs", "security"}]

    def put(admin):
        administration.set_teams(queries.person_by_id(number, for_change=True), wanted, actor=admin, now=utcnow())

    assert meanwhile(put, f"/admin/people/{number}/teams", {"teams": ["support"], "seen": seen}) == 409
    assert sorted(queries.team_keys_of(db.session.get_one(User, number))) == ["docs", "security"]


@BOTH
def test_of_two_plans_at_once_the_second_is_stale(people, meanwhile):
    number, stands = people.acme.id, standing.of_organization(people.acme)
    values = OrganizationValues(people.acme.name, people.acme.plan, "own", [row.domain for row in people.acme.domains])
    technical = next(plan for plan in queries.plans() if plan.key == "technical")

    def replan(admin):
        organization = queries.organization_by_id(number, for_change=True)
        administration.change_organization(organization, replace(values, plan=technical), actor=admin, now=utcnow())

    data = {**stands, "sharing": "own", "seen": standing.stamp(stands)}
    assert meanwhile(replan, f"/admin/organizations/{number}", data) == 409
    assert (
        db.session.scalar(select(Organization).execution_options(populate_existing=True).where(Organization.id == number)).plan_id
        == technical.id
    )


@BOTH
def test_somebody_who_is_shut_out_twice_at_once_is_told_of_once(people, meanwhile):
    number = people.user.id

    def shut_out(admin):
        administration.set_enabled(queries.person_by_id(number, for_change=True), False, actor=admin, now=utcnow())

    assert meanwhile(shut_out, f"/admin/people/{number}/disabling", {}) == 303
    assert kinds().count("account.changed") == 1
