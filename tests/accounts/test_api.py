"""Bearer tokens at the REST API, and making one by the command line."""

from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.accounts import actions
from app.accounts.api_auth import Caller, needs
from app.accounts.commands import token as command
from app.accounts.models import ApiToken
from app.accounts.permissions import ALLOWED, ROLES, may, may_act_as, may_give
from app.accounts.scopes import SCOPES, allows, scopes_for
from app.extensions import db
from app.lib.errors import NotAllowed
from app.lib.tokens import fingerprint
from tests.accounts.helpers import events


def bearer(person, *scopes, now):
    """The header of a fresh token."""
    _, secret = actions.create_token(person, "test", scopes, now=now, actor=None)
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_says_whose_it_is(people, browse, now):
    answer = browse().get("/api/v1/me", headers=bearer(people.user, "tickets:read", now=now)).json
    assert (answer["email"], answer["role"], answer["organization"]["plan"]) == ("user@acme.example", "customer", "enterprise_priority")
    assert answer["token"] == {"name": "test", "scopes": ["tickets:read"]}
    assert "ticket.open" in answer["permissions"] and "ticket.note" not in answer["permissions"]
    assert browse().get("/api/v1/me", headers=bearer(people.agent, "tickets:read", now=now)).json["organization"] is None


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer hst_" + "a" * 43, "Bearer \x00", "bearer é"]
)
def test_without_a_good_token_the_answer_is_a_problem(people, browse, header):
    answer = browse().get(
        "/api/v1/me",
        status=401,
        headers={"Authorization": header.encode("latin-1").decode("latin-1").replace("\x00", "")} if header is not None else {},
    )
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["status"] == 401 and "account" in answer.json["detail"]


def test_a_cookie_opens_no_door_of_the_api(people, browse):
    browse(people.admin).get("/api/v1/me", status=401)


def test_a_token_ends_with_its_revocation_and_with_its_owner(people, browse, now):
    header = bearer(people.user, "tickets:read", now=now)
    browse().get("/api/v1/me", headers=header)
    people.user.is_enabled = False
    browse().get("/api/v1/me", headers=header, status=401)
    people.user.is_enabled = True
    actions.revoke_token(db.session.scalars(select(ApiToken)).one(), actor=people.user, now=now)
    browse().get("/api/v1/me", headers=header, status=401)


def test_a_scope_is_worth_no_more_than_its_owners_role_today(people, browse, now):
    header = bearer(people.owner, "people:write", "tickets:read", now=now)
    people.owner.role = "customer"
    assert browse().get("/api/v1/me", headers=header).json["token"]["scopes"] == ["tickets:read"]


def test_a_route_names_the_scopes_that_it_needs(people, app, now):
    token, secret = actions.create_token(people.user, "test", ["tickets:read"], now=now, actor=None)
    route = needs("tickets:write")(lambda: "done")
    with app.test_request_context(headers={"Authorization": f"Bearer {secret}"}), pytest.raises(NotAllowed) as told:
        route()
    assert "tickets:write" in told.value.message
    with app.test_request_context(headers={"Authorization": f"bearer {secret}"}):
        assert needs("tickets:read")(lambda: "done")() == "done"
    assert Caller(people.user, token).may("tickets:read")


def test_that_a_token_is_used_is_noted_now_and_then(people, browse, now, clock, statements):
    header = bearer(people.user, "tickets:read", now=now)
    visitor = browse()
    visitor.get("/api/v1/me", headers=header)
    with statements() as seen:
        visitor.get("/api/v1/me", headers=header)
    assert len(seen) == 1
    clock.shift(timedelta(minutes=6))
    visitor.get("/api/v1/me", headers=header)
    assert db.session.scalars(select(ApiToken.last_used_at)).one() == now + timedelta(minutes=6)


@pytest.mark.engines("sqlite", "postgresql")
def test_the_command_line_makes_a_token_and_prints_it_once(people, engine):
    done = CliRunner().invoke(command, ["create", "Agent@hivetechs.example", "--scope", "tickets:write", "--scope", "sla:read"])
    assert done.exit_code == 0, done.output
    secret = done.output.strip()
    stored = db.session.scalars(select(ApiToken)).one()
    assert (stored.secret_hash, stored.scopes, stored.name) == (fingerprint(secret), ["tickets:write", "sla:read"], "command line")
    assert [(e.kind, e.actor_id) for e in events()] == [("token.created", None)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nobody@acme.example", "--scope", "tickets:read"], "Nobody"),
        (["user@acme.example"], "Give --scope"),
        (["user@acme.example", "--scope", "everything"], "no scope everything"),
        (["user@acme.example", "--scope", "audit:read"], "cannot have a token for audit:read"),
    ],
)
def test_the_command_line_says_what_is_wrong(people, arguments, told):
    done = CliRunner().invoke(command, ["create", *arguments])
    assert done.exit_code == 1 and told in done.output
    assert db.session.scalar(select(ApiToken.id)) is None


def test_scopes_and_roles_agree():
    for scope, (words, roles) in SCOPES.items():
        assert words and roles <= set(ROLES)
        for role in ROLES:
            assert allows([scope], role, scope) == (scope in scopes_for(role))
            assert not allows([], role, scope)


def test_nobody_gives_more_than_they_have():
    for giver in ROLES:
        for role in ROLES:
            if may_give(giver, role):
                assert giver == "admin" or (giver == "customer_admin" and role in {"customer", "customer_admin"})
            assert may_act_as(giver, role) == (giver == "admin" and role != "admin")
        assert not may_give(giver, "emperor")
    with pytest.raises(KeyError):
        may("admin", "nonsense")
    # These are about one's own organization, and administrators have none.
    own = {"ticket.ask_escalation", "sla.own_report", "calls.book"}
    assert {action for action in ALLOWED if not may("admin", action)} == own
