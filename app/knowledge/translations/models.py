"""Entries in other languages."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class Translation(Model):
    """An entry in another language, beside the original text that it was made from.

    It has no audience of its own: who may read the original may read it. A question keeps its answer in `body`.
    """

    __tablename__ = "knowledge_translations"
    __table_args__ = (UniqueConstraint("kind", "entry_id", "locale"), Index("ix_knowledge_translations_locale", "locale", "status"))

    id: Mapped[int] = mapped_column(primary_key=True)
    # faq or article
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    # A primary language tag: de, fr, es
    locale: Mapped[str] = mapped_column()
    title: Mapped[str] = mapped_column()
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text)
    # draft or published
    status: Mapped[str] = mapped_column(default="draft")
    # The original as it was when this was last brought up to it: its text_version (0: unknown), fingerprint and words.
    source_version: Mapped[int] = mapped_column()
    source_hash: Mapped[str] = mapped_column()
    source_title: Mapped[str] = mapped_column(default="")
    source_summary: Mapped[str] = mapped_column(Text, default="")
    source_body: Mapped[str] = mapped_column(Text, default="")
    # What is coming while readers see the published text: column → value, of those above that it changes.
    beside: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __mapper_args__ = {"version_id_col": version}
