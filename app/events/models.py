"""The event: one row for each change, written in the change's own transaction, never edited. It is the timeline and the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class Event(Model):
    """What happened, to what, by whom and when. `dispatched_at` is the only column that is ever set later."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_undispatched", "id", sqlite_where=text("dispatched_at IS NULL"), postgresql_where=text("dispatched_at IS NULL")),
        Index("ix_events_ticket", "ticket_id", "id"),
        Index("ix_events_kind", "kind", "id"),
        Index("ix_events_actor", "actor_id", "id"),
        Index("ix_events_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column()
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # The administrator behind "sign in as", when the actor was not at the keyboard.
    impersonator_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # Whether the requester may see it on the ticket's timeline.
    is_public: Mapped[bool] = mapped_column(default=False)
    facts: Mapped[dict[str, Any]] = mapped_column()
    dispatched_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
