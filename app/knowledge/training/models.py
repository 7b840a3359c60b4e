"""What staff have to read, and what they have read."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class MustRead(Model):
    """An article that people of some roles or teams have to read by a day, in `from_version` of its text or a later one."""

    __tablename__ = "knowledge_must_reads"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), unique=True)
    # Roles, and keys of teams; somebody of either has to read it.
    roles: Mapped[list[Any]] = mapped_column()
    teams: Mapped[list[Any]] = mapped_column()
    due_on: Mapped[date] = mapped_column()
    from_version: Mapped[int] = mapped_column()
    # Since when this version is asked for.
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    set_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Reading(Model):
    """Somebody said that they read and understood a version of an article's text."""

    __tablename__ = "knowledge_readings"
    __table_args__ = (UniqueConstraint("article_id", "user_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    version: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(UTCDateTime)
