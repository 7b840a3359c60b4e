"""How a cookie becomes a person: one query a request, and a row that can be revoked."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import current_app, g, session
from flask_login import AnonymousUserMixin, login_user, logout_user
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import OperationalError

from app.accounts.models import Organization, Plan, SignIn, User
from app.accounts.permissions import may_act_as
from app.extensions import db, login_manager
from app.lib.clock import utcnow
from app.lib.database import give, plain_rows, writing
from app.lib.objects import SideBySide
from app.lib.tokens import fingerprint, new_secret

log = structlog.get_logger()

SEEN_EVERY = timedelta(minutes=5)
# "Sign in as" ends by itself, however much it is used.
ACTING_LASTS = timedelta(hours=1)

# Built once: every request asks it.
PERSON = SideBySide(User, SignIn, Organization, Plan)
BY_SECRET = (
    select(*PERSON.columns)
    .join(SignIn, SignIn.user_id == User.id)
    .outerjoin(User.organization)
    .outerjoin(Organization.plan)
    .where(SignIn.secret_hash == bindparam("secret_hash"), SignIn.revoked_at.is_(None), User.is_enabled)
)


class Visitor(AnonymousUserMixin):
    """Somebody who is not signed in, with the answers that templates and queries ask of anybody."""

    id = None
    role = "visitor"
    is_staff = False
    time_zone = "UTC"
    theme = "system"
    organization_id = None
    plan = None
    is_demo = False


login_manager.anonymous_user = Visitor
login_manager.session_protection = None


@login_manager.user_loader
def load(secret: str) -> Any:
    """The person whose sign-in this is, with organization and plan; None if revoked, expired or disabled. One statement.

    Where an administrator acts as the person it costs another one, and lasts only while they still may.
    """
    row = plain_rows(db.session, BY_SECRET, {"secret_hash": fingerprint(secret)}).first()
    if row is None:
        return None
    user, sign_in, organization, plan = PERSON.of(db.session, row)
    if sign_in.expires_at <= utcnow():
        return None
    give(user, organization=organization)
    if organization is not None:
        give(organization, plan=plan)
    user.sign_in = sign_in
    user.secret = secret
    user.impersonator = None
    if sign_in.impersonator_id is not None:
        user.impersonator = db.session.get(User, sign_in.impersonator_id)
        if user.impersonator is None or not user.impersonator.is_enabled or not may_act_as(user.impersonator.role, user.role):
            return None
    g.sign_in_seen = (sign_in.id, sign_in.last_seen_at, sign_in.impersonator_id)
    return user


def begin(user: User, *, now: datetime, ip: str, user_agent: str, impersonator: User | None = None) -> SignIn:
    """Add a sign-in for this browser and hand its secret to `user` for the cookie. Flushes."""
    secret = new_secret()
    lasts = ACTING_LASTS if impersonator else timedelta(days=current_app.config["SETTINGS"].session_days)
    sign_in = SignIn(
        user_id=user.id,
        impersonator_id=impersonator.id if impersonator else None,
        secret_hash=fingerprint(secret),
        ip=ip[:64],
        user_agent=user_agent[:255],
        created_at=now,
        last_seen_at=now,
        expires_at=now + lasts,
    )
    db.session.add(sign_in)
    db.session.flush()
    user.sign_in, user.secret, user.impersonator = sign_in, secret, impersonator
    return sign_in


def remember(user: User) -> None:
    """Put the new sign-in of `user` into the cookie, and nothing that was in it before: no session survives a sign-in."""
    session.clear()
    login_user(user)
    session.permanent = True
    g.pop("sign_in_seen", None)
    g.pop("csrf_token", None)


def forget() -> None:
    """Take everything out of the cookie."""
    logout_user()
    session.clear()
    g.pop("sign_in_seen", None)


def note_use(now: datetime) -> None:
    """After a request that read: prolong its sign-in, in a short transaction of its own, at most every SEEN_EVERY.

    A request that wrote is left out, since on SQLite it might wait for itself; the next page that is read will do.
    """
    seen = g.get("sign_in_seen")
    if seen is None or now - seen[1] < SEEN_EVERY:
        return
    try:
        touch(seen[0], now, prolong=seen[2] is None)
    except OperationalError as busy:
        log.info("sign_in.not_noted", error=type(busy.orig).__name__)
        return
    # The cookie's own end moves along with the row's.
    session.modified = True


def touch(sign_in_id: int, now: datetime, *, prolong: bool = True) -> None:
    """Note that a sign-in is in use and prolong it, on a connection of its own. One statement."""
    values = {"last_seen_at": now}
    if prolong:
        values["expires_at"] = now + timedelta(days=current_app.config["SETTINGS"].session_days)
    with writing(), db.engine.begin() as connection:
        connection.execute(update(SignIn).where(SignIn.id == sign_in_id, SignIn.revoked_at.is_(None)).values(values))
