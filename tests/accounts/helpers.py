"""What several tests of accounts need."""

from sqlalchemy import select

from app.accounts.models import OneTimeLink, SignIn
from app.events.models import Event
from app.extensions import db
from app.lib.tokens import fingerprint, new_secret

GOOD = "tulip-rocket-93-vinyl"


def events(*kinds):
    """The events of these kinds, or of all of accounts, oldest first."""
    query = select(Event).order_by(Event.id)
    return list(db.session.scalars(query.where(Event.kind.in_(kinds)) if kinds else query))


def kinds():
    """The kinds of all events, oldest first."""
    return [event.kind for event in events()]


def link_to(person, purpose, *, now, valid):
    """A one-time link as the jobs make it: returns its secret."""
    secret = new_secret()
    db.session.add(
        OneTimeLink(
            purpose=purpose, secret_hash=fingerprint(secret), user_id=person.id, email=person.email, created_at=now, expires_at=now + valid
        )
    )
    db.session.commit()
    return secret


def open_sessions(person):
    """How many sessions of a person can be used."""
    return len(db.session.scalars(select(SignIn).where(SignIn.user_id == person.id, SignIn.revoked_at.is_(None))).all())
