"""One's own account: each action works, writes its event, and again is harmless."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts import actions, sign_in
from app.accounts.actions import Browser, Proof
from app.accounts.models import ApiToken, OneTimeLink, SignIn
from app.extensions import db
from app.lib.errors import Gone, Invalid, NotAllowed, NotFound
from app.lib.tokens import fingerprint
from tests.accounts.helpers import events, kinds, link_to, open_sessions

HERE = Browser("203.0.113.7", "Firefox")


@pytest.mark.engines("sqlite", "postgresql")
def test_signing_in_begins_a_session_and_says_so(people, now):
    begun = actions.enter(people.user, people.user.email, Proof(True), browser=HERE, now=now)
    assert begun.secret_hash == fingerprint(people.user.secret)
    assert (begun.ip, begun.user_agent, begun.impersonator_id) == ("203.0.113.7", "Firefox", None)
    (event,) = events()
    assert (event.kind, event.actor_id, event.facts) == ("account.signed_in", people.user.id, {"session_id": begun.id, "ip": "203.0.113.7"})


def test_a_better_hash_replaces_the_old_one_on_the_way_in(people, now):
    actions.enter(people.user, people.user.email, Proof(True, "new"), browser=HERE, now=now)
    assert people.user.password_hash == "new"


def test_unknown_wrong_and_closed_accounts_leave_the_same_trace(people, now):
    people.colleague.is_enabled = False
    for person, email, proof in [
        (None, "no@body.example", Proof(False)),
        (people.user, "user@acme.example", Proof(False)),
        (people.colleague, "ines@acme.example", Proof(True)),
    ]:
        assert actions.enter(person, email, proof, browser=HERE, now=now) is None
    assert {(e.kind, e.actor_id, e.organization_id) for e in events()} == {("account.sign_in_failed", None, None)}
    assert all(set(e.facts) == {"email_hash", "ip"} for e in events())
    assert open_sessions(people.colleague) == 0


@pytest.mark.engines("sqlite", "postgresql")
def test_leaving_twice_is_one_event(people, now):
    actions.enter(people.user, people.user.email, Proof(True), browser=HERE, now=now)
    actions.leave(people.user, now=now)
    actions.leave(people.user, now=now)
    assert kinds() == ["account.signed_in", "account.signed_out"]
    assert open_sessions(people.user) == 0


@pytest.mark.engines("sqlite", "postgresql")
def test_a_new_password_ends_every_other_session_and_spends_every_link(people, now):
    for _ in range(3):
        sign_in.begin(people.user, now=now, ip="", user_agent="")
    link_to(people.user, "reset", now=now, valid=timedelta(hours=1))
    actions.change_password(people.user, "hash", browser=HERE, now=now)
    assert people.user.password_hash == "hash"
    assert open_sessions(people.user) == 1
    assert db.session.scalars(select(OneTimeLink.used_at)).all() == [now]
    assert events()[-1].facts == {"how": "change"}


@pytest.mark.engines("sqlite", "postgresql")
def test_a_reset_link_works_once(people, now):
    sign_in.begin(people.user, now=now, ip="", user_agent="")
    link_to(people.user, "reset", now=now, valid=timedelta(hours=1))
    link = db.session.scalars(select(OneTimeLink)).one()
    assert actions.reset_password(link, "hash", now=now) is people.user
    assert open_sessions(people.user) == 0
    with pytest.raises(Gone):
        actions.reset_password(link, "other", now=now)
    assert people.user.password_hash == "hash"
    assert [e.facts for e in events("account.password_changed")] == [{"how": "reset"}]


def test_a_link_that_ran_out_while_the_form_was_open_is_gone(people, now):
    link_to(people.user, "reset", now=now, valid=timedelta(hours=1))
    link = db.session.scalars(select(OneTimeLink)).one()
    with pytest.raises(Gone):
        actions.reset_password(link, "hash", now=now + timedelta(hours=1))


@pytest.mark.engines("sqlite", "postgresql")
def test_an_invitation_is_accepted_once_and_signs_in(people, now):
    people.colleague.password_hash = None
    link_to(people.colleague, "invite", now=now, valid=timedelta(days=7))
    link = db.session.scalars(select(OneTimeLink)).one()
    person = actions.accept_invitation(link, "  Inês\nDuarte ", "Europe/Lisbon", "hash", browser=HERE, now=now)
    assert (person.name, person.time_zone, person.password_hash, open_sessions(person)) == ("Inês Duarte", "Europe/Lisbon", "hash", 1)
    with pytest.raises(Gone):
        actions.accept_invitation(link, "X", "UTC", "other", browser=HERE, now=now)
    assert kinds() == ["account.invitation_accepted"]


def test_a_link_of_a_closed_account_opens_nothing(people, now):
    link_to(people.user, "reset", now=now, valid=timedelta(hours=1))
    people.user.is_enabled = False
    with pytest.raises(Gone):
        actions.reset_password(db.session.scalars(select(OneTimeLink)).one(), "hash", now=now)


@pytest.mark.engines("sqlite", "postgresql")
def test_sessions_are_ended_one_by_one_or_all_others_at_once(people, now):
    first = sign_in.begin(people.user, now=now, ip="", user_agent="")
    for _ in range(3):
        sign_in.begin(people.user, now=now, ip="", user_agent="")
    actions.revoke_session(people.user, first, now=now)
    actions.revoke_session(people.user, first, now=now)
    assert open_sessions(people.user) == 3
    assert actions.revoke_other_sessions(people.user, now=now) == 2
    assert actions.revoke_other_sessions(people.user, now=now) == 0
    assert kinds() == ["account.session_revoked", "account.sessions_revoked"]
    assert db.session.get(SignIn, people.user.sign_in.id).revoked_at is None


def test_nobody_ends_the_session_of_another(people, now):
    other = sign_in.begin(people.stranger, now=now, ip="", user_agent="")
    with pytest.raises(NotFound):
        actions.revoke_session(people.user, other, now=now)


@pytest.mark.engines("sqlite", "postgresql")
def test_a_profile_changes_only_where_it_differs(people, now):
    values = {"name": "Marcus Webb", "time_zone": "Europe/Berlin", "theme": "dark", "keys_off": False}
    actions.change_profile(people.user, values, now=now)
    actions.change_profile(people.user, values, now=now)
    assert [e.facts for e in events()] == [{"fields": ["theme", "time_zone"]}]


@pytest.mark.parametrize("field", ["role", "organization_id", "email", "is_enabled", "password_hash", "id"])
def test_nobody_gives_themselves_a_right_by_the_profile(people, now, field):
    with pytest.raises(Invalid):
        actions.change_profile(people.user, {"name": "X", field: "admin"}, now=now)


@pytest.mark.engines("sqlite", "postgresql")
def test_a_token_is_kept_as_a_fingerprint_only(people, now):
    token, secret = actions.create_token(people.user, " CI ", ["tickets:read", "tickets:read"], now=now, actor=people.user)
    assert secret.startswith("hst_") and len(secret) > 40
    assert (token.name, token.scopes, token.secret_hash) == ("CI", ["tickets:read"], fingerprint(secret))
    assert [e.facts for e in events()] == [{"user_id": people.user.id, "name": "CI", "scopes": ["tickets:read"]}]
    actions.revoke_token(token, actor=people.user, now=now)
    actions.revoke_token(token, actor=people.user, now=now)
    assert kinds() == ["token.created", "token.revoked"]


@pytest.mark.parametrize(
    ("who", "name", "scopes"),
    [
        ("user", "x", ["audit:read"]),
        ("user", "x", ["people:write"]),
        ("agent", "x", ["organizations:write"]),
        ("user", "x", ["all"]),
        ("user", "x", []),
        ("user", "\x00", ["tickets:read"]),
    ],
)
def test_no_token_goes_beyond_its_owners_role(people, now, who, name, scopes):
    with pytest.raises(Invalid):
        actions.create_token(getattr(people, who), name, scopes, now=now, actor=getattr(people, who))
    assert db.session.scalar(select(ApiToken.id)) is None


def test_there_are_not_endless_tokens(people, now):
    for n in range(actions.MAX_TOKENS):
        actions.create_token(people.user, f"t{n}", ["tickets:read"], now=now, actor=None)
    with pytest.raises(Invalid):
        actions.create_token(people.user, "one more", ["tickets:read"], now=now, actor=None)


def test_nobody_revokes_the_token_of_another(people, now):
    token, _ = actions.create_token(people.user, "CI", ["tickets:read"], now=now, actor=people.user)
    with pytest.raises(NotFound):
        actions.revoke_token(token, actor=people.colleague, now=now)


def test_who_acts_as_somebody_leaves_their_secrets_alone(people, now):
    sign_in.begin(people.user, now=now, ip="", user_agent="", impersonator=people.admin)
    mine = people.user.sign_in
    for forbidden in (
        lambda: actions.change_password(people.user, "hash", browser=HERE, now=now),
        lambda: actions.create_token(people.user, "CI", ["tickets:read"], now=now, actor=people.user),
        lambda: actions.revoke_session(people.user, mine, now=now),
        lambda: actions.revoke_other_sessions(people.user, now=now),
    ):
        with pytest.raises(NotAllowed):
            forbidden()
