"""The only readers of outbound mail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, column, select, table

from app.extensions import db
from app.lib.database import plain_rows
from app.lib.errors import NotFound
from app.mail.models import OutboundMail

# More of a thread's ids than mail programs look at.
NEWEST = 40
PAGE = 50
# What staff should know of; sent and kept mail is as it should be.
TROUBLED = ("failed", "bounced", "deferred")
STATES = ("queued", "sent", "deferred", "bounced", "failed", "kept")
# Tickets lie above this feature, so their table is named here by its columns only.
tickets = table("tickets", column("id"), column("ref"))
COLUMNS = (
    OutboundMail.id,
    OutboundMail.source_message_id,
    OutboundMail.template,
    OutboundMail.recipient,
    OutboundMail.recipient_name,
    OutboundMail.subject,
    OutboundMail.state,
    OutboundMail.attempts,
    OutboundMail.error,
    OutboundMail.next_try_at,
    OutboundMail.created_at,
    OutboundMail.sent_at,
)

# Built once: every page of a ticket asks it.
CARRYING = select(*COLUMNS).where(OutboundMail.source_message_id.in_(bindparam("messages", expanding=True))).order_by(OutboundMail.id)


def delivery_for(message_ids: Sequence[int]) -> dict[int, list[Any]]:
    """What became of the mails that carry these messages, by message id. One statement for any number of messages.

    Each row has id, recipient, recipient_name, state, attempts, error, next_try_at, created_at and sent_at.
    """
    found: dict[int, list[Any]] = {}
    if not message_ids:
        return found
    for row in plain_rows(db.session, CARRYING, {"messages": list(message_ids)}).all():
        found.setdefault(row.source_message_id, []).append(row)
    return found


def sent_ids(ticket_id: int, recipient: str) -> list[str]:
    """The Message-IDs that this recipient has been written about this ticket: the first, then the newest ones."""
    mine = select(OutboundMail.message_id).where(OutboundMail.ticket_id == ticket_id, OutboundMail.recipient == recipient)
    newest = db.session.scalars(mine.order_by(OutboundMail.id.desc()).limit(NEWEST)).all()
    if len(newest) < NEWEST:
        return list(reversed(newest))
    first = db.session.scalars(mine.order_by(OutboundMail.id).limit(1)).all()
    return [*first, *reversed(newest)]


def due(now: datetime, limit: int) -> Sequence[int]:
    """Ids of mails whose next try is due, longest due first. Read by the index ix_outbound_mail_due."""
    query = select(OutboundMail.id).where(OutboundMail.state.in_(("queued", "deferred")), OutboundMail.next_try_at <= now)
    return db.session.scalars(query.order_by(OutboundMail.next_try_at).limit(limit)).all()


def mail_by_id(mail_id: int) -> OutboundMail:
    """One mail, or NotFound. Staff may see every ticket, so they may see its mail."""
    mail = db.session.get(OutboundMail, mail_id)
    if mail is None:
        raise NotFound()
    return mail


def troubled(states: Sequence[str] = TROUBLED, *, before: int | None = None, limit: int = PAGE) -> Sequence[Any]:
    """Mails in these states, newest first, without their words, with the `ref` of their ticket. `before` is the id to go on from."""
    query = select(*COLUMNS, OutboundMail.ticket_id, tickets.c.ref).outerjoin(tickets, tickets.c.id == OutboundMail.ticket_id)
    query = query.where(OutboundMail.state.in_(states))
    if before is not None:
        query = query.where(OutboundMail.id < before)
    return db.session.execute(query.order_by(OutboundMail.id.desc()).limit(limit)).all()


def latest(limit: int = PAGE, *, before: int | None = None) -> Sequence[OutboundMail]:
    """The newest mails with their words, whatever became of them: what /dev/mail shows."""
    query = select(OutboundMail)
    if before is not None:
        query = query.where(OutboundMail.id < before)
    return db.session.scalars(query.order_by(OutboundMail.id.desc()).limit(limit)).all()
