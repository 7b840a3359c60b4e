"""Where an answer comes from."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class EntrySource(Model):
    """The reply of a ticket that an entry was made from; each reply makes one entry at most. Only staff see it."""

    __tablename__ = "knowledge_sources"
    __table_args__ = (Index("ix_knowledge_sources_entry", "kind", "entry_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
