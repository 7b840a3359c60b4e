"""Outbound mail: one row per message and recipient, with what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class OutboundMail(Model):
    """state: queued, sent, deferred (will be tried again), bounced, failed, or kept (no SMTP_URL: shown at /dev/mail)."""

    __tablename__ = "outbound_mail"
    __table_args__ = (
        UniqueConstraint("event_id", "template", "recipient"),
        Index(
            "ix_outbound_mail_due",
            "next_try_at",
            sqlite_where=text("state IN ('queued', 'deferred')"),
            postgresql_where=text("state IN ('queued', 'deferred')"),
        ),
        Index("ix_outbound_mail_ticket", "ticket_id", "id"),
        Index("ix_outbound_mail_source", "source_message_id"),
        Index("ix_outbound_mail_state", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    # The public message of the ticket that it carries, if any.
    source_message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    template: Mapped[str] = mapped_column()
    recipient: Mapped[str] = mapped_column()
    recipient_name: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column()
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    # Its own Message-ID with angle brackets; the same on each try, so that a repeat folds into one.
    message_id: Mapped[str] = mapped_column(unique=True)
    # {"In-Reply-To", "References", "Auto-Submitted", …}
    headers: Mapped[dict[str, Any]] = mapped_column()
    # An iCalendar text that goes along with it.
    calendar: Mapped[str | None] = mapped_column(Text)
    # Carries a one-time link: its bodies are blanked once it is sent.
    is_secret: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
