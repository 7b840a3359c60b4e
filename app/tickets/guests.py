"""Tickets of people without an account: asked for first, opened when the address is proved. None commits.

Whoever types an address in may not be whose it is. So until its owner has followed the link nothing exists but a waiting
row, nobody is mailed a word that the typist chose, and the answer is the same for every address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select

from app.accounts import sign_in
from app.accounts.actions import Browser, replace
from app.accounts.administration import stay_guest
from app.accounts.domains import domain_of
from app.accounts.models import OrganizationDomain, User
from app.accounts.permissions import CUSTOMERS
from app.events.actions import record
from app.extensions import db
from app.lib.database import serialize_on
from app.lib.errors import Gone, NotAllowed, Stale
from app.lib.tokens import fingerprint
from app.tickets import actions, portal_queries
from app.tickets.actions import NewTicket
from app.tickets.models import PendingTicket, Ticket

VALID = timedelta(hours=24)
# Requests of one address that may wait within a day beside each other. No more mails than that go to it, so a further one
# has no link of its own: the links that are there lead to it, and of such only the newest is kept.
WAITING_A_DAY = 3
# A confirmed request is kept so long, so that its link says that it was used.
KEPT = timedelta(days=30)
# A button pressed again so soon after is the same press: it is told the same, and opens and proves nothing more.
AGAIN = timedelta(minutes=5)
BATCH = 500


@dataclass(frozen=True)
class Confirmed:
    """What a link has opened, and for whom. One that is repeated opened it just before, and lets nobody in."""

    ticket: Ticket
    person: User
    is_signed_in: bool
    is_repeated: bool = False


def request(email: str, form: dict[str, Any], *, form_key: str | None, now: datetime) -> PendingTicket | None:
    """Keep what a guest asks until their address is proved; None where this form has asked it already.

    Nobody can keep another from asking: beyond WAITING_A_DAY the newest request takes the place of those that got no mail.
    `form` is JSON: name, kind, subject, fields, priority, category. Three statements, one more beyond that.
    """
    key = fingerprint(f"guest:{form_key}:{form.get('subject')}") if form_key else None
    serialize_on(db.session, f"guest:{email}")
    if key is not None and db.session.scalar(select(PendingTicket.id).where(PendingTicket.form_key == key)):
        return None
    waiting = portal_queries.waiting_since(email, now - timedelta(days=1))
    if len(waiting) >= WAITING_A_DAY:
        unmailed = [each.id for each in waiting if each.secret_hash is None]
        db.session.execute(delete(PendingTicket).where(PendingTicket.id.in_(unmailed)))
    pending = PendingTicket(email=email, form=form, form_key=key, created_at=now, expires_at=now + VALID)
    db.session.add(pending)
    db.session.flush()
    record("guest.requested", now=now, facts={"pending_id": pending.id})
    return pending


def confirm(token: str, *, browser: Browser, now: datetime, former: User | None = None, seen: int | None = None) -> Confirmed:
    """Open what a proved address has asked, once, and sign its owner in where no password guards the account.

    `seen` is the id of the request that the page showed; where a newer one has come since, Stale is raised.
    `former` is who was signed in in this browser until now; a new sign-in ends theirs.
    A repeat within AGAIN returns the same ticket, changes nothing and signs nobody in. Raises Gone for a link that was used
    before that, expired or is not ours, and NotAllowed where the address belongs to staff, a moderator or somebody who was
    shut out: for them nothing is opened.
    """
    if (before := repeated(token, now)) is not None:
        return before
    link = portal_queries.link_of(token, now)
    serialize_on(db.session, f"guest:{link.email}")
    db.session.refresh(link)
    if link.ticket_id is not None or link.secret_hash != fingerprint(token):
        # Both presses arrived at once, and the other was first.
        if (before := repeated(token, now)) is not None:
            return before
        raise Gone("This link has been used. Your request is open.")
    pending = portal_queries.pending_for(token, now)
    if seen is not None and seen != pending.id:
        raise Stale("A newer request has come in for this address. Open the link again, and look at what it says now.")
    hand_link(link, pending)
    person = portal_queries.person_with(pending.email)
    if person is not None:
        refuse_others(person)
        stay_guest(person, now=now)
    else:
        person = newcomer(pending, now)
    ticket = actions.open_ticket(asked(pending), requester=person, actor=person, now=now)
    pending.ticket_id, pending.form = ticket.id, {}
    record("guest.confirmed", now=now, actor=person, ticket=ticket, facts={"ref": ticket.ref})
    enters = person.password_hash is None
    if enters:
        replace(former, now=now)
        begun = sign_in.begin(person, now=now, ip=browser.ip, user_agent=browser.user_agent)
        record("account.signed_in", now=now, actor=person, facts={"session_id": begun.id, "ip": browser.ip})
    return Confirmed(ticket, person, enters)


def hand_link(link: PendingTicket, pending: PendingTicket) -> None:
    """The link belongs to what it opens, so that it works once; its own request waits for another link of the address."""
    if link is pending:
        return
    secret_hash, link.secret_hash = link.secret_hash, None
    db.session.flush()
    pending.secret_hash = secret_hash


def repeated(token: str, now: datetime) -> Confirmed | None:
    """What this link opened a moment ago, if it did."""
    ticket = portal_queries.just_confirmed(token, now - AGAIN)
    return Confirmed(ticket, ticket.requester, False, is_repeated=True) if ticket is not None else None


def refuse_others(person: User) -> None:
    """Raise NotAllowed for whom this is not the way in."""
    if not person.is_enabled:
        raise NotAllowed("This address cannot open tickets here. Write to us from another one if you think that it should.")
    if person.role not in CUSTOMERS:
        raise NotAllowed("This address belongs to somebody who works with us. Sign in, and open the ticket from there.")


def newcomer(pending: PendingTicket, now: datetime) -> User:
    """A customer without a password, in the organization whose mail domain the proved address has, if there is one."""
    home = select(OrganizationDomain.organization_id).where(OrganizationDomain.domain == domain_of(pending.email))
    name = str(pending.form.get("name") or pending.email.partition("@")[0])
    person = User(email=pending.email, name=name, role="customer", organization_id=db.session.scalar(home), time_zone="UTC", created_at=now)
    db.session.add(person)
    db.session.flush()
    return person


def asked(pending: PendingTicket) -> NewTicket:
    """The request as a new ticket; its key is its own, so that it is opened once whatever happens."""
    form = pending.form
    return NewTicket(
        kind=form["kind"],
        subject=form["subject"],
        fields=form["fields"],
        priority=form["priority"],
        category=form["category"],
        source="guest",
        form_key=f"pending-{pending.id}",
    )


def sweep(now: datetime) -> int:
    """Forget requests whose time is over, and confirmed ones after KEPT. Returns how many, BATCH at most."""
    over = or_(
        PendingTicket.ticket_id.is_(None) & (PendingTicket.expires_at <= now - timedelta(days=1)),
        PendingTicket.expires_at <= now - KEPT,
    )
    old = db.session.scalars(select(PendingTicket.id).where(over).order_by(PendingTicket.expires_at).limit(BATCH)).all()
    db.session.execute(delete(PendingTicket).where(PendingTicket.id.in_(old)))
    return len(old)
