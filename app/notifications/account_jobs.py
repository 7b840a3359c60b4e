"""Mails that carry a link for one person only: confirm an address, set a password, accept an invitation.

The secret of a link is made here, in the job that writes its mail, so that none waits in a queue; the tables keep its
fingerprint, and the mail's words are removed once it is sent.
"""

from datetime import datetime, timedelta
from typing import Any

from app.accounts.models import OneTimeLink, Organization, User
from app.events.models import Event
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.tokens import fingerprint, new_secret
from app.mail.actions import Recipient, is_queued, queue_mail
from app.mail.jobs import hand_over
from app.notifications import links, queries
from app.tickets.models import PendingTicket

RESET_VALID = timedelta(minutes=60)
INVITE_VALID = timedelta(days=7)
# Nobody can fill another's mailbox through our forms.
LINKS_AN_HOUR = 3
CONFIRMATIONS_A_DAY = 3


def confirm_guest(event_id: int) -> None:
    """`guest.requested`: prove the address. Nothing in this mail was chosen by whoever typed the address in."""
    event = db.session.get(Event, event_id)
    pending = db.session.get(PendingTicket, event.facts["pending_id"]) if event else None
    now = utcnow()
    if event is None or pending is None or pending.ticket_id is not None or pending.expires_at <= now:
        return
    if (
        is_queued(event.id, "guest_confirm", pending.email)
        or queries.confirmations_since(pending.email, now - timedelta(days=1)) >= CONFIRMATIONS_A_DAY
    ):
        return
    secret = new_secret()
    pending.secret_hash = fingerprint(secret)
    hours = max(1, round((pending.expires_at - now) / timedelta(hours=1)))
    facts = {"url": links.absolute(links.GUEST, secret), "hours": hours}
    mail = queue_mail(event, "guest_confirm", Recipient(pending.email), facts, now=now, is_secret=True)
    db.session.commit()
    hand_over([mail.id] if mail else [])


def reset_password(event_id: int) -> None:
    """`account.reset_requested`: a link, if there is such an account and it has not been sent too many of late.

    Who was invited and has chosen no password yet gets the invitation anew: asking for a password makes nobody a member.
    """
    event = db.session.get(Event, event_id)
    person = queries.enabled_person(event.facts["email"]) if event else None
    now = utcnow()
    if event is None or person is None or any(is_queued(event.id, kind, person.email) for kind in ("password_reset", "invitation")):
        return
    if queries.links_since(person.id, now - timedelta(hours=1)) >= LINKS_AN_HOUR:
        return
    invited = queries.last_invitation(person.id) if person.password_hash is None else None
    if invited is not None:
        secret = one_time_link("invite", person, now=now, valid=INVITE_VALID, role=invited.role, organization_id=invited.organization_id)
        organization = invited.organization.name if invited.organization else ""
        facts = {"url": links.absolute(links.INVITE, secret), "days": INVITE_VALID.days, "name": person.name, "organization": organization}
        mail = queue_mail(event, "invitation", queries.recipient(person), {**facts, "inviter": ""}, now=now, is_secret=True)
    else:
        secret = one_time_link("reset", person, now=now, valid=RESET_VALID)
        facts = {"url": links.absolute(links.RESET, secret), "minutes": int(RESET_VALID.total_seconds() // 60)}
        mail = queue_mail(event, "password_reset", queries.recipient(person), facts, now=now, is_secret=True)
    db.session.commit()
    hand_over([mail.id] if mail else [])


def invite_person(event_id: int) -> None:
    """`account.invited`: a link to choose a password with."""
    event = db.session.get(Event, event_id)
    person = queries.enabled_person(event.facts["email"]) if event else None
    now = utcnow()
    if event is None or person is None or person.id != event.facts["user_id"] or is_queued(event.id, "invitation", person.email):
        return
    place = {"role": event.facts.get("role", person.role), "organization_id": event.organization_id}
    secret = one_time_link("invite", person, now=now, valid=INVITE_VALID, **place)
    facts = {"url": links.absolute(links.INVITE, secret), "days": INVITE_VALID.days, **inviting(event, person)}
    mail = queue_mail(event, "invitation", queries.recipient(person), facts, now=now, is_secret=True)
    db.session.commit()
    hand_over([mail.id] if mail else [])


def tell_invited_elsewhere(event_id: int) -> None:
    """`account.elsewhere_invited`: who has an account already hears who wants them, and how it would be moved. Not often, whoever asks."""
    event = db.session.get(Event, event_id)
    person = queries.enabled_person(event.facts["email"]) if event else None
    now = utcnow()
    if event is None or person is None or queries.was_invited_since(event, event.at - timedelta(days=1)):
        return
    facts = {"url": links.absolute(links.NEW_TICKET), **inviting(event, person)}
    mail = queue_mail(event, "invitation_elsewhere", queries.recipient(person), facts, now=now)
    db.session.commit()
    hand_over([mail.id] if mail else [])


def inviting(event: Event, person: User) -> dict[str, str]:
    """Who is invited, by whom, and into which organization, if into any."""
    home = db.session.get(Organization, event.organization_id) if event.organization_id is not None else None
    return {"name": person.name, "inviter": queries.name_of(event.actor_id), "organization": home.name if home else ""}


def tell_password_changed(event_id: int) -> None:
    """`account.password_changed`: its owner, who may not have done it. Choosing the first one is no news."""
    event = db.session.get(Event, event_id)
    person = db.session.get(User, event.actor_id) if event and event.actor_id else None
    if event is None or person is None or event.facts["how"] == "invite":
        return
    facts = {"url": links.absolute(links.RESET_START), "at": event.at}
    mail = queue_mail(event, "password_changed", queries.recipient(person), facts, now=utcnow())
    db.session.commit()
    hand_over([mail.id] if mail else [])


def one_time_link(purpose: str, person: User, *, now: datetime, valid: timedelta, **place: Any) -> str:
    """Add a link that works once, and return its secret; the row keeps the fingerprint only."""
    secret = new_secret()
    db.session.add(
        OneTimeLink(
            purpose=purpose,
            secret_hash=fingerprint(secret),
            user_id=person.id,
            email=person.email,
            created_at=now,
            expires_at=now + valid,
            **place,
        )
    )
    return secret
