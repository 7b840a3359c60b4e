"""The links that stand in entries, and what became of them."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime


class EntryLink(Model):
    """One address in one published entry. `key` is its fingerprint: addresses may be longer than an index takes."""

    __tablename__ = "knowledge_links"
    __table_args__ = (
        UniqueConstraint("kind", "entry_id", "key"),
        Index("ix_knowledge_links_key", "key"),
        Index("ix_knowledge_links_state", "state", "kind", "entry_id"),
        Index("ix_knowledge_links_due", "is_external", "checked_at"),
        NUMBERS_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    key: Mapped[str] = mapped_column()
    url: Mapped[str] = mapped_column(Text)
    # Where it leads within our pages, cut to fit; empty for one that leads elsewhere.
    path: Mapped[str] = mapped_column(default="", index=True)
    is_external: Mapped[bool] = mapped_column()
    # unchecked, ok, failing (once, or more often on one day) or broken
    state: Mapped[str] = mapped_column(default="unchecked")
    reason: Mapped[str] = mapped_column(default="")
    # The day (UTC) of the first failure since it last worked.
    failed_on: Mapped[date | None] = mapped_column()
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ignored_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ignored_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
