"""The writers of one's own account: signing in and out, passwords, sessions, profile, API tokens. None commits.

Hashing is done by the route before it calls these (see passwords.py), so that no transaction waits for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from app.accounts import scopes, sign_in
from app.accounts.models import ApiToken, OneTimeLink, SignIn, User
from app.events.actions import record
from app.extensions import db
from app.lib.errors import Gone, Invalid, NotAllowed, NotFound
from app.lib.text import one_line
from app.lib.tokens import fingerprint, new_secret

MAX_TOKENS = 25
TOKEN_PREFIX = "hst_"  # noqa: S105 - what a token begins with, so that scanners find one that leaked
PROFILE = frozenset({"name", "time_zone", "theme", "keys_off"})
SPENT = "This link has been used. If you set your password with it, sign in; otherwise ask for a new one."


@dataclass(frozen=True)
class Browser:
    """Where a request comes from."""

    ip: str = ""
    user_agent: str = ""


@dataclass(frozen=True)
class Proof:
    """What came of checking a password; `new_hash` is set when it should be stored with today's parameters."""

    is_right: bool
    new_hash: str | None = None


def enter(person: User | None, email: str, proof: Proof, *, browser: Browser, now: datetime, former: User | None = None) -> SignIn | None:
    """Sign somebody in; None if the account is unknown, disabled, or the password wrong, all after the same work.

    `former` is who was signed in in this browser until now: the cookie forgets that sign-in, so it ends.
    A failure is an event, too; it keeps a fingerprint of the address, which may be a password in the wrong field.
    """
    if person is None or not person.is_enabled or not proof.is_right:
        record("account.sign_in_failed", now=now, facts={"email_hash": fingerprint(email), "ip": browser.ip})
        return None
    if proof.new_hash:
        person.password_hash = proof.new_hash
    replace(former, now=now)
    begun = sign_in.begin(person, now=now, ip=browser.ip, user_agent=browser.user_agent)
    record("account.signed_in", now=now, actor=person, facts={"session_id": begun.id, "ip": browser.ip})
    return begun


def leave(person: User, *, now: datetime) -> None:
    """Sign out of this browser. A sign-in that is revoked already is left as it is."""
    session = person.sign_in
    if session is None or session.revoked_at is not None:
        return
    session.revoked_at = now
    record("account.signed_out", now=now, actor=person, facts={"session_id": session.id})


def replace(former: User | None, *, now: datetime) -> None:
    """Sign out whoever was signed in in this browser, because a new sign-in takes the place; call it before that one begins."""
    if former is not None:
        leave(former, now=now)


def change_password(person: User, new_hash: str, *, browser: Browser, now: datetime) -> None:
    """Set a new password, end every session, and begin a new one for this browser. Open links are spent.

    The caller has checked the present password. Raises NotAllowed for an administrator who acts as somebody.
    """
    forbid_acting(person, "change the password")
    person.password_hash = new_hash
    revoke_all(person.id, now)
    spend_links(person.id, now)
    record("account.password_changed", now=now, actor=person, facts={"how": "change"})
    sign_in.begin(person, now=now, ip=browser.ip, user_agent=browser.user_agent)


def request_reset(email: str, *, now: datetime) -> None:
    """Ask for a link to set a new password. It is the same for an address that nobody has: what follows is the job's business."""
    record("account.reset_requested", now=now, facts={"email": email})


def reset_password(link: OneTimeLink, new_hash: str, *, now: datetime) -> User:
    """Set a new password by a link, and end every session. Raises Gone if somebody used the link in between."""
    person = person_of(link)
    spend(link, now)
    person.password_hash = new_hash
    revoke_all(person.id, now)
    spend_links(person.id, now)
    record("account.password_changed", now=now, actor=person, facts={"how": "reset"})
    return person


def accept_invitation(
    link: OneTimeLink, name: str, time_zone: str, new_hash: str, *, browser: Browser, now: datetime, former: User | None = None
) -> User:
    """Choose the first password by an invitation's link, and sign in. Raises Gone if it was used, or an account stands already.

    Accepting makes them what the link says, wherever they were invited besides, or asked as a guest.
    `former` is who was signed in in this browser until now.
    """
    person = person_of(link)
    if person.password_hash is not None:
        raise Gone("This invitation has been accepted. Sign in with the password that you chose.")
    spend(link, now)
    person.name, person.time_zone, person.password_hash = one_line(name), time_zone, new_hash
    if link.role is not None:
        person.role, person.organization = link.role, link.organization
    spend_links(person.id, now)
    db.session.flush()
    record("account.invitation_accepted", now=now, actor=person, organization_id=person.organization_id, facts={"user_id": person.id})
    replace(former, now=now)
    sign_in.begin(person, now=now, ip=browser.ip, user_agent=browser.user_agent)
    return person


def person_of(link: OneTimeLink) -> User:
    """Whom a link is for. Raises Gone if they were disabled meanwhile."""
    person = db.session.get(User, link.user_id) if link.user_id else None
    if person is None or not person.is_enabled:
        raise Gone("This account is closed. Write to us if you think that it should not be.")
    return person


def spend(link: OneTimeLink, now: datetime) -> None:
    """Use a link up. Of two requests at the same moment one changes the row, the other raises Gone."""
    mine = update(OneTimeLink).where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
    taken = mine.values(used_at=now).returning(OneTimeLink.id).execution_options(synchronize_session=False)
    if db.session.scalar(taken) is None:
        raise Gone(SPENT)


def spend_links(user_id: int, now: datetime) -> None:
    """No link of this person that is still open works any more."""
    open_ones = update(OneTimeLink).where(OneTimeLink.user_id == user_id, OneTimeLink.used_at.is_(None))
    db.session.execute(open_ones.values(used_at=now).execution_options(synchronize_session=False))


def revoke_session(person: User, session: SignIn, *, now: datetime) -> None:
    """End one of one's own sessions. One that has ended is left as it is. Raises NotFound for another person's."""
    forbid_acting(person, "end sessions")
    if session.user_id != person.id:
        raise NotFound()
    if session.revoked_at is not None:
        return
    session.revoked_at = now
    record("account.session_revoked", now=now, actor=person, facts={"session_id": session.id})


def revoke_other_sessions(person: User, *, now: datetime) -> int:
    """End every session but this one; returns how many there were."""
    forbid_acting(person, "end sessions")
    count = revoke_all(person.id, now, but=person.sign_in.id if person.sign_in else None)
    if count:
        record("account.sessions_revoked", now=now, actor=person, facts={"count": count})
    return count


def revoke_all(user_id: int, now: datetime, *, but: int | None = None) -> int:
    """End the sessions of a person, also those in which somebody acts as them; returns how many."""
    mine = update(SignIn).where(SignIn.user_id == user_id, SignIn.revoked_at.is_(None))
    if but is not None:
        mine = mine.where(SignIn.id != but)
    ended = db.session.scalars(mine.values(revoked_at=now).returning(SignIn.id).execution_options(synchronize_session=False)).all()
    return len(ended)


def change_profile(person: User, values: Mapping[str, Any], *, now: datetime) -> None:
    """Change one's own name, time zone, theme or keyboard setting. The same values again change nothing.

    Raises Invalid for any other field: a role or an organization is never one's own to set.
    """
    if not values.keys() <= PROFILE:
        raise Invalid("Only your name, time zone, theme and keyboard setting can be changed here.")
    changed = [name for name in sorted(values) if getattr(person, name) != values[name]]
    if not changed:
        return
    for name in changed:
        setattr(person, name, values[name])
    record("account.profile_changed", now=now, actor=person, facts={"fields": changed})


def create_token(owner: User, name: str, wanted: Sequence[str], *, now: datetime, actor: User | None) -> tuple[ApiToken, str]:
    """Make an API token; returns its row and its secret, which is shown once and never stored.

    `actor` is None for the command line. Raises Invalid for no name, no scope, or a scope beyond the owner's role.
    """
    if actor is not None:
        forbid_acting(actor, "make tokens")
    name, chosen = one_line(name)[:80], list(dict.fromkeys(wanted))
    if not name or not chosen:
        raise Invalid("Give the token a name and choose what it may do.")
    beyond = sorted(set(chosen) - set(scopes.scopes_for(owner.role)))
    if beyond:
        raise Invalid(f"{owner.name} cannot have a token for {', '.join(beyond)}.")
    active = select(func.count()).where(ApiToken.user_id == owner.id, ApiToken.revoked_at.is_(None))
    if (db.session.scalar(active) or 0) >= MAX_TOKENS:
        raise Invalid(f"There can be {MAX_TOKENS} tokens at a time. Revoke one that is not used any more.")
    secret = TOKEN_PREFIX + new_secret()
    token = ApiToken(user_id=owner.id, name=name, secret_hash=fingerprint(secret), scopes=chosen, created_at=now)
    db.session.add(token)
    record(
        "token.created",
        now=now,
        actor=actor,
        facts={"user_id": owner.id, "name": name, "scopes": chosen},
        organization_id=owner.organization_id,
    )
    return token, secret


def revoke_token(token: ApiToken, *, actor: User, now: datetime) -> None:
    """End a token. One that has ended is left as it is. Raises NotFound for another person's."""
    forbid_acting(actor, "revoke tokens")
    if token.user_id != actor.id:
        raise NotFound()
    if token.revoked_at is not None:
        return
    token.revoked_at = now
    record("token.revoked", now=now, actor=actor, facts={"user_id": token.user_id, "name": token.name})


def forbid_acting(person: User, what: str) -> None:
    """Raise NotAllowed for an administrator who acts as this person: their own secrets stay their own."""
    if person.impersonator_id is not None:
        raise NotAllowed(f"You are signed in as {person.name}. Only they can {what}; end “sign in as” first.")
