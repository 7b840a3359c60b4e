"""How a cookie becomes a person: one query a request, and a row that can be revoked."""

from datetime import datetime, timedelta

from flask import current_app, g
from flask_login import AnonymousUserMixin
from sqlalchemy import select, update
from sqlalchemy.orm import contains_eager

from app.accounts.models import Organization, SignIn, User
from app.extensions import db, login_manager
from app.lib.clock import utcnow
from app.lib.tokens import fingerprint, new_secret

SEEN_EVERY = timedelta(minutes=5)


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
def load(secret: str) -> User | None:
    """The person whose sign-in this is, with organization and plan; None if revoked, expired or disabled. One statement."""
    row = db.session.execute(
        select(User, SignIn)
        .join(SignIn, SignIn.user_id == User.id)
        .outerjoin(User.organization)
        .outerjoin(Organization.plan)
        .options(contains_eager(User.organization).contains_eager(Organization.plan))
        .where(SignIn.secret_hash == fingerprint(secret), SignIn.revoked_at.is_(None), User.is_enabled)
    ).first()
    if row is None:
        return None
    user, sign_in = row
    if sign_in.expires_at <= utcnow():
        return None
    user.sign_in = sign_in
    user.secret = secret
    if sign_in.impersonator_id is not None:
        user.impersonator = db.session.get(User, sign_in.impersonator_id)
    g.sign_in_seen = (sign_in.id, sign_in.last_seen_at)
    return user


def begin(user: User, *, now: datetime, ip: str, user_agent: str, impersonator: User | None = None) -> SignIn:
    """Add a sign-in for this browser and hand its secret to `user` for the cookie. Flushes."""
    secret = new_secret()
    sign_in = SignIn(
        user_id=user.id,
        impersonator_id=impersonator.id if impersonator else None,
        secret_hash=fingerprint(secret),
        ip=ip[:64],
        user_agent=user_agent[:255],
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(days=current_app.config["SETTINGS"].session_days),
    )
    db.session.add(sign_in)
    db.session.flush()
    user.sign_in, user.secret = sign_in, secret
    return sign_in


def touch(sign_in_id: int, now: datetime) -> None:
    """Note that a sign-in is in use and prolong it; at most every SEEN_EVERY."""
    later = now + timedelta(days=current_app.config["SETTINGS"].session_days)
    db.session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now, expires_at=later))
