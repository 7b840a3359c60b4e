"""Other people's accounts and organizations: each action works, writes its event, again is harmless, and gives nobody too much."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.accounts import administration, queries, sign_in
from app.accounts.actions import Browser
from app.accounts.administration import Invitation, OrganizationValues
from app.accounts.models import Organization, Plan, Team, TeamMember, User
from app.extensions import db
from app.lib.errors import Invalid, NotAllowed, NotFound, WrongState
from tests.accounts.helpers import events, kinds, open_sessions

HERE = Browser("203.0.113.7", "Firefox")


def plan(key):
    """A plan by its key."""
    return db.session.scalars(select(Plan).where(Plan.key == key)).one()


@pytest.mark.engines("sqlite", "postgresql")
def test_an_invitation_adds_somebody_who_has_no_password_yet(people, now):
    wanted = Invitation("new@acme.example", " Nora\tNew ", "customer", people.acme)
    person = administration.invite(wanted, actor=people.owner, now=now)
    assert (person.name, person.role, person.organization_id, person.password_hash) == ("Nora New", "customer", people.acme.id, None)
    assert administration.invite(wanted, actor=people.owner, now=now) is person
    assert [e.facts for e in events()] == [{"user_id": person.id, "email": person.email, "role": "customer"}] * 2


@pytest.mark.parametrize(
    ("who", "role", "home"),
    [
        ("owner", "agent", "acme"),
        ("owner", "admin", "acme"),
        ("owner", "customer", "globex"),
        ("owner", "customer_admin", None),
        ("user", "customer", "acme"),
        ("agent", "customer", "acme"),
        ("lead", "agent", None),
        ("moderator", "customer", "acme"),
    ],
)
def test_nobody_invites_beyond_their_own_reach(people, now, who, role, home):
    where = getattr(people, home) if home else None
    with pytest.raises(NotAllowed):
        administration.invite(Invitation("new@acme.example", "New", role, where), actor=getattr(people, who), now=now)
    assert queries.person_by_email("new@acme.example") is None


def test_a_role_and_a_place_that_do_not_fit_are_refused(people, now):
    for role, home in [("agent", people.acme), ("moderator", people.acme), ("customer_admin", None), ("owner", None)]:
        with pytest.raises((Invalid, NotAllowed)):
            administration.invite(Invitation("new@acme.example", "New", role, home), actor=people.admin, now=now)


def test_a_customer_admin_does_not_learn_who_has_an_account_elsewhere(people, now):
    for email in (people.stranger.email, people.agent.email):
        assert administration.invite(Invitation(email, "X", "customer", people.acme), actor=people.owner, now=now) is None
    assert kinds() == ["account.elsewhere_invited"] * 2
    assert (people.stranger.organization_id, people.agent.role) == (people.globex.id, "agent")


def test_a_guest_and_whoever_waits_elsewhere_stay_what_they_are_until_they_accept(people, now):
    waiting = administration.invite(Invitation("kim@freelance.example", "Kim", "customer", people.globex), actor=people.admin, now=now)
    for person in (people.guest, waiting):
        administration.invite(Invitation(person.email, "X", "customer_admin", people.acme), actor=people.owner, now=now)
    assert (people.guest.organization_id, people.guest.role) == (None, "customer")
    assert (waiting.organization_id, waiting.role) == (people.globex.id, "customer")
    assert [(e.organization_id, e.facts["role"]) for e in events("account.invited")[1:]] == [(people.acme.id, "customer_admin")] * 2


def test_of_ours_and_of_moderators_nobody_makes_customers(people, now):
    people.moderator.password_hash = None
    assert administration.invite(Invitation(people.moderator.email, "X", "customer", people.acme), actor=people.owner, now=now) is None
    with pytest.raises(Invalid):
        administration.invite(Invitation(people.moderator.email, "X", "customer", people.acme), actor=people.admin, now=now)
    assert kinds() == ["account.elsewhere_invited"]


def test_a_guest_of_the_organizations_own_domain_is_taken_in(people, now):
    people.guest.email = "priya@acme.example"
    person = administration.invite(Invitation("priya@acme.example", "Priya", "customer", people.acme), actor=people.owner, now=now)
    assert person is people.guest and person.organization_id == people.acme.id


def test_somebody_with_a_password_or_shut_out_is_not_invited_again(people, now):
    people.colleague.password_hash, people.colleague.is_enabled = None, False
    for person in (people.user, people.colleague):
        with pytest.raises(Invalid):
            administration.invite(Invitation(person.email, person.name, "customer", people.acme), actor=people.owner, now=now)


@pytest.mark.engines("sqlite", "postgresql")
def test_an_administrator_changes_what_somebody_is(people, now):
    change = {"name": "Ines D", "role": "customer_admin", "organization": people.globex}
    administration.change_person(people.colleague, **change, actor=people.admin, now=now)
    administration.change_person(people.colleague, **change, actor=people.admin, now=now)
    assert [e.facts["changes"] for e in events("account.changed")] == [
        {"name": ["Ines Duarte", "Ines D"], "role": ["customer", "customer_admin"], "organization_id": [people.acme.id, people.globex.id]}
    ]


@pytest.mark.parametrize("who", ["user", "agent", "lead", "moderator", "stranger"])
def test_others_change_nobody(people, now, who):
    actor = getattr(people, who)
    with pytest.raises(NotFound):
        administration.change_person(people.colleague, name="X", role="customer", organization=people.acme, actor=actor, now=now)
    with pytest.raises(NotFound):
        administration.set_enabled(people.colleague, False, actor=actor, now=now)


def test_a_customer_admin_raises_nobody_above_their_own_organization(people, now):
    for role, home in [("agent", None), ("admin", None), ("admin", people.acme), ("customer", people.globex), ("customer", None)]:
        with pytest.raises(NotAllowed):
            administration.change_person(people.colleague, name="X", role=role, organization=home, actor=people.owner, now=now)
    with pytest.raises(NotFound):
        administration.change_person(people.stranger, name="X", role="customer", organization=people.acme, actor=people.owner, now=now)


def test_nobody_changes_their_own_role_or_shuts_themselves_out(people, now):
    with pytest.raises(WrongState):
        administration.change_person(people.admin, name="X", role="agent", organization=None, actor=people.admin, now=now)
    for person in (people.admin, people.owner):
        with pytest.raises(WrongState):
            administration.set_enabled(person, False, actor=person, now=now)


@pytest.mark.engines("sqlite", "postgresql")
def test_whoever_is_shut_out_is_out_everywhere(people, now):
    sign_in.begin(people.user, now=now, ip="", user_agent="")
    administration.set_enabled(people.user, False, actor=people.owner, now=now)
    administration.set_enabled(people.user, False, actor=people.owner, now=now)
    assert open_sessions(people.user) == 0
    administration.set_enabled(people.user, True, actor=people.admin, now=now)
    assert [e.facts["changes"] for e in events("account.changed")] == [{"is_enabled": [True, False]}, {"is_enabled": [False, True]}]
    assert {e.organization_id for e in events("account.changed")} == {people.acme.id}


@pytest.mark.engines("sqlite", "postgresql")
def test_teams_are_made_exactly_what_was_chosen(people, now):
    chosen = db.session.scalars(select(Team).where(Team.key.in_(["docs", "support"]))).all()
    administration.set_teams(people.agent, chosen, actor=people.admin, now=now)
    administration.set_teams(people.agent, chosen, actor=people.admin, now=now)
    assert sorted(queries.team_keys_of(people.agent)) == ["docs", "support"]
    assert [e.facts["changes"] for e in events()] == [{"teams": [["engineering", "support"], ["docs", "support"]]}]
    with pytest.raises(NotAllowed):
        administration.set_teams(people.agent, [], actor=people.lead, now=now)
    with pytest.raises(Invalid):
        administration.set_teams(people.user, chosen, actor=people.admin, now=now)


def test_whoever_leaves_the_desk_leaves_their_teams(people, now):
    administration.change_person(people.agent, name=people.agent.name, role="moderator", organization=None, actor=people.admin, now=now)
    assert db.session.scalars(select(TeamMember).where(TeamMember.user_id == people.agent.id)).all() == []
    assert events()[-1].facts["changes"] == {"role": ["agent", "moderator"], "teams": [["engineering", "support"], []]}


@pytest.mark.engines("sqlite", "postgresql")
def test_an_organization_is_made_and_changed(people, now):
    values = OrganizationValues("Initech", plan("technical"), "own", ["initech.example"], people.agent, "https://slack.example/x")
    made = administration.create_organization(values, actor=people.admin, now=now)
    wanted = replace(values, plan=plan("enterprise_standard"), domains=["initech.example", "initrode.example"], engineer=None, slack_url="")
    administration.change_organization(made, wanted, actor=people.admin, now=now)
    administration.change_organization(made, wanted, actor=people.admin, now=now)
    assert made.plan.key == "enterprise_standard" and made.slack_url is None
    assert [(e.kind, e.facts, e.organization_id) for e in events()] == [
        ("organization.created", {"name": "Initech", "plan": "technical"}, made.id),
        (
            "organization.changed",
            {
                "changes": {
                    "engineer_id": [people.agent.id, None],
                    "slack_url": ["https://slack.example/x", None],
                    "plan": ["technical", "enterprise_standard"],
                    "domains": [["initech.example"], ["initech.example", "initrode.example"]],
                }
            },
            made.id,
        ),
    ]


def test_what_another_organization_has_is_refused(people, now):
    good = OrganizationValues("Initech", plan("technical"), "own")
    for wrong in (
        replace(good, name="ACME robotics"),
        replace(good, domains=["acme.example"]),
        replace(good, sharing="everybody"),
        replace(good, engineer=people.user),
    ):
        with pytest.raises(Invalid):
            administration.create_organization(wrong, actor=people.admin, now=now)
        with pytest.raises(Invalid):
            administration.change_organization(people.globex, wrong, actor=people.admin, now=now)
    for who in ("owner", "lead", "agent", "user", "moderator"):
        with pytest.raises(NotAllowed):
            administration.create_organization(good, actor=getattr(people, who), now=now)
    assert db.session.scalars(select(Organization.name).order_by(Organization.id)).all() == ["Acme Robotics", "Globex Energy"]


@pytest.mark.engines("sqlite", "postgresql")
def test_sharing_is_decided_by_the_organizations_own_admins(people, now):
    administration.set_sharing(people.acme, "own", actor=people.owner, now=now)
    administration.set_sharing(people.acme, "own", actor=people.owner, now=now)
    assert [e.facts for e in events()] == [{"changes": {"sharing": ["all", "own"]}}]
    for actor in (people.user, people.stranger, people.agent):
        with pytest.raises(NotAllowed):
            administration.set_sharing(people.acme, "all", actor=actor, now=now)
    with pytest.raises(NotAllowed):
        administration.set_sharing(people.globex, "all", actor=people.owner, now=now)
    with pytest.raises(Invalid):
        administration.set_sharing(people.acme, "none", actor=people.owner, now=now)


@pytest.mark.engines("sqlite", "postgresql")
def test_acting_as_somebody_is_recorded_under_both_names(people, now):
    sign_in.begin(people.admin, now=now, ip="", user_agent="")
    administration.act_as(people.user, actor=people.admin, browser=HERE, now=now)
    assert open_sessions(people.admin) == 0
    assert people.user.impersonator_id == people.admin.id
    assert people.user.sign_in.expires_at - now == sign_in.ACTING_LASTS
    assert administration.stop_acting(people.user, browser=HERE, now=now) is people.admin
    assert (open_sessions(people.user), open_sessions(people.admin)) == (0, 1)
    facts = {"user_id": people.user.id, "name": "Marcus Webb"}
    assert [(e.kind, e.actor_id, e.impersonator_id, e.facts) for e in events()] == [
        ("account.impersonation_started", people.admin.id, None, facts),
        ("account.impersonation_ended", people.admin.id, None, facts),
    ]


def test_nobody_gains_a_right_by_acting(people, now):
    other = User(email="root@hivetechs.example", name="Root", role="admin", created_at=now)
    db.session.add(other)
    db.session.flush()
    with pytest.raises(NotAllowed):
        administration.act_as(other, actor=people.admin, browser=HERE, now=now)
    for who in ("lead", "agent", "owner", "moderator", "user"):
        with pytest.raises(NotAllowed):
            administration.act_as(people.colleague, actor=getattr(people, who), browser=HERE, now=now)
    people.colleague.is_enabled = False
    with pytest.raises(WrongState):
        administration.act_as(people.colleague, actor=people.admin, browser=HERE, now=now)
    with pytest.raises(WrongState):
        administration.stop_acting(people.user, browser=HERE, now=now)


@pytest.mark.engines("sqlite", "postgresql")
def test_who_is_at_the_desk_is_the_same_in_a_statement_and_for_one_person(people):
    everybody = list(vars(people).values())
    people.agent2.is_enabled = people.user.is_enabled = False
    db.session.commit()
    found = set(db.session.scalars(select(User).where(User.is_at_desk)))
    assert found == {one for one in everybody if isinstance(one, User) and one.is_at_desk} == {people.agent, people.lead, people.admin}
