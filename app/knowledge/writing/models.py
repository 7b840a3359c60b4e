"""What writers leave behind: versions, work beside the live text, reviews, plans, drafts, old addresses, pictures.

An entry is named by its kind (faq or article) and its number, since both kinds share all of this.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import User
from app.extensions import Model
from app.knowledge.translations.rules import parted
from app.lib.database import NUMBERS_ONCE, UTCDateTime

OPEN = text("state = 'asked'")


class Version(Model):
    """One text of an entry, whole, and never edited. Numbers begin at 1 for each entry and leave no gap."""

    __tablename__ = "knowledge_versions"
    __table_args__ = (UniqueConstraint("kind", "entry_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    number: Mapped[int] = mapped_column()
    # Column of the entry → its value, as snapshots.py writes it.
    fields: Mapped[dict[str, Any]] = mapped_column()
    # The columns that differ from the version before.
    changed: Mapped[list[Any]] = mapped_column()
    words: Mapped[int] = mapped_column()
    note: Mapped[str] = mapped_column(default="")
    # None where the system wrote it: an import, or what stood there before versions were kept.
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    # When the entry itself took this text, and its own version then; None while it is only worked on beside it.
    applied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    entry_version: Mapped[int | None] = mapped_column()

    author: Mapped[User | None] = relationship(lazy="raise_on_sql")


class Revision(Model):
    """The text of a published entry that is being worked on while readers see the live one: a version, by its number."""

    __tablename__ = "knowledge_revisions"

    kind: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column()
    # The entry's own version when this was last saved: whether the live text has moved on since.
    based_on: Mapped[int] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Review(Model):
    """Somebody asks another person to look at a text. Its states: asked, approved, returned, withdrawn, closed.

    `number` is the version that was looked at last. At most one of a text is open. What an entry is in another language is a text
    of its own: its `kind` is `article@de`, and `number` the version of that translation.
    """

    __tablename__ = "knowledge_reviews"
    __table_args__ = (
        Index("ix_knowledge_reviews_entry", "kind", "entry_id", "id"),
        Index("uq_knowledge_reviews_open", "kind", "entry_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_knowledge_reviews_waiting", "reviewer_id", "id", sqlite_where=OPEN, postgresql_where=OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    number: Mapped[int] = mapped_column()
    state: Mapped[str] = mapped_column(default="asked")
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    # None: any lead.
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    comment: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    asked_by: Mapped[User] = relationship(foreign_keys=[asked_by_id], lazy="raise_on_sql")
    reviewer: Mapped[User | None] = relationship(foreign_keys=[reviewer_id], lazy="raise_on_sql")
    answered_by: Mapped[User | None] = relationship(foreign_keys=[answered_by_id], lazy="raise_on_sql")

    @property
    def entry_kind(self) -> str:
        """The kind of the entry, in whichever language this is about it."""
        return parted(self.kind)[0]

    @property
    def locale(self) -> str:
        """The language that this is about."""
        return parted(self.kind)[1]


class Plan(Model):
    """What shall happen to a text at a time: `publish` the version `number`, or `withdraw`. The row goes when it is done. Translations
    are named as in reviews."""

    __tablename__ = "knowledge_plans"
    __table_args__ = (UniqueConstraint("kind", "entry_id", "verb"), Index("ix_knowledge_plans_due", "due_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    verb: Mapped[str] = mapped_column()
    number: Mapped[int] = mapped_column()
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    planned_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    planned_at: Mapped[datetime] = mapped_column(UTCDateTime)

    planned_by: Mapped[User] = relationship(lazy="raise_on_sql")


class Draft(Model):
    """What somebody has typed into the editor and not saved: one for each person and entry; entry 0 is a new one of its kind."""

    __tablename__ = "knowledge_drafts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(primary_key=True)
    # Field of the form → text.
    form: Mapped[dict[str, Any]] = mapped_column()
    saved_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Redirect(Model):
    """An address that an entry had. It leads to the entry, wherever that is now, so there are no chains and no loops."""

    __tablename__ = "knowledge_redirects"
    __table_args__ = (Index("ix_knowledge_redirects_entry", "kind", "entry_id"), NUMBERS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    # What follows /help/: `user-guide/planning-mode` or `faq/install-hive`.
    path: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Reminder(Model):
    """The week (its Monday) of which somebody was last reminded that texts of theirs want a look."""

    __tablename__ = "knowledge_reminders"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    week: Mapped[date] = mapped_column()


class Picture(Model):
    """A picture for texts. Its bytes lie with the attachments; what it is was decided from them."""

    __tablename__ = "knowledge_pictures"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    media_type: Mapped[str] = mapped_column()
    size_bytes: Mapped[int] = mapped_column()
    storage_key: Mapped[str] = mapped_column(unique=True)
    uploader_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class PictureUse(Model):
    """An entry whose live text, in whichever language, shows a picture: who may read the one may see the other."""

    __tablename__ = "knowledge_picture_uses"
    __table_args__ = (Index("ix_knowledge_picture_uses_picture", "picture_id"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(primary_key=True)
    picture_id: Mapped[int] = mapped_column(ForeignKey("knowledge_pictures.id", ondelete="CASCADE"), primary_key=True)
