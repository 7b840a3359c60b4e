"""What readers say and what came of an answer: counts by day, remarks, popularity, uses in tickets, what has grown old. Tables only.

No row here names a reader. `kind` is faq or article, `entry_id` the entry's number.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime


class ReaderDay(Model):
    """What readers did on a day (UTC), real or demo. A visit is one reader's day in the help centre; it counts on the day it began."""

    __tablename__ = "reader_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    is_demo: Mapped[bool] = mapped_column(primary_key=True)
    # Searches that were meant, and what came of them.
    searches: Mapped[int] = mapped_column(default=0)
    empty: Mapped[int] = mapped_column(default=0)
    weak: Mapped[int] = mapped_column(default=0)
    opened: Mapped[int] = mapped_column(default=0)
    refined: Mapped[int] = mapped_column(default=0)
    abandoned: Mapped[int] = mapped_column(default=0)
    asked: Mapped[int] = mapped_column(default=0)
    # Visits in which somebody searched, those that ended with an answer, and those in which a ticket was opened.
    visits: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)
    ticketed: Mapped[int] = mapped_column(default=0)
    # Visits in which answers stood beside a ticket's subject, those in which one of them was enough, and in which none was.
    offered: Mapped[int] = mapped_column(default=0)
    deflected: Mapped[int] = mapped_column(default=0)
    undeflected: Mapped[int] = mapped_column(default=0)


class EntryDay(Model):
    """What readers did with one entry on a day, and how often staff gave it as an answer."""

    __tablename__ = "knowledge_days"
    __table_args__ = (
        Index("ix_knowledge_days_entry", "kind", "entry_id", "day"),
        Index("ix_knowledge_days_tickets", "day", "is_demo", sqlite_where=text("tickets > 0"), postgresql_where=text("tickets > 0")),
        Index("ix_knowledge_days_voted", "day", "is_demo", sqlite_where=text("unhelpful > 0"), postgresql_where=text("unhelpful > 0")),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    is_demo: Mapped[bool] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(primary_key=True)
    views: Mapped[int] = mapped_column(default=0)
    # Out of a search, and the sum of the places (from 1) at which it stood there.
    opened: Mapped[int] = mapped_column(default=0)
    places: Mapped[int] = mapped_column(default=0)
    helpful: Mapped[int] = mapped_column(default=0)
    unhelpful: Mapped[int] = mapped_column(default=0)
    solved: Mapped[int] = mapped_column(default=0)
    # Visits in which it was read and a ticket was opened afterwards.
    tickets: Mapped[int] = mapped_column(default=0)


class Remark(Model):
    """Why an entry helped or did not, in a reader's words (masked). Open until a writer closes it; one for each vote."""

    __tablename__ = "knowledge_remarks"
    __table_args__ = (
        Index("ix_knowledge_remarks_entry", "kind", "entry_id", "closed_at", "id"),
        Index("ix_knowledge_remarks_open", "closed_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    vote_id: Mapped[int] = mapped_column(ForeignKey("knowledge_votes.id"), unique=True)
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    is_demo: Mapped[bool] = mapped_column(default=False)
    # A key of rules.WHYS, or empty.
    why: Mapped[str] = mapped_column()
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # What the writer did about it.
    answer: Mapped[str] = mapped_column(Text, default="")


class Popularity(Model):
    """What readers gave an entry. `score` is in points of rules.EPOCH, so it fades without being written; `shown` is in the entry's
    popularity now, on top of `base`, which an import or a writer gave it; `due_on` is when `shown` is next worth less."""

    __tablename__ = "knowledge_popularity"

    kind: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(primary_key=True)
    score: Mapped[float] = mapped_column()
    base: Mapped[int] = mapped_column()
    shown: Mapped[int] = mapped_column()
    due_on: Mapped[date] = mapped_column(index=True)


class Use(Model):
    """An entry whose address stood in a public answer of staff. `reopened_at`: the ticket came back within rules.REOPEN."""

    __tablename__ = "knowledge_uses"
    __table_args__ = (
        UniqueConstraint("kind", "entry_id", "message_id"),
        Index("ix_knowledge_uses_ticket", "ticket_id", "used_at"),
        Index("ix_knowledge_uses_used", "used_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column()
    entry_id: Mapped[int] = mapped_column()
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    is_demo: Mapped[bool] = mapped_column(default=False)
    used_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reopened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Release(Model):
    """A version of the product, and the last day on which it is supported (None: no end is known)."""

    __tablename__ = "product_releases"
    __table_args__ = NUMBERS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(unique=True)
    released_on: Mapped[date | None] = mapped_column()
    ends_on: Mapped[date | None] = mapped_column()


class Stale(Model):
    """An entry that may no longer be right: how urgent to look (`score`) and why (`reasons`, in words). Made anew each hour."""

    __tablename__ = "knowledge_stale"
    __table_args__ = (Index("ix_knowledge_stale_score", "is_demo", "score", "kind", "entry_id"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(primary_key=True)
    is_demo: Mapped[bool] = mapped_column(primary_key=True)
    score: Mapped[int] = mapped_column()
    reasons: Mapped[list[Any]] = mapped_column()
    weighed_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Check(Model):
    """That somebody looked at an entry and found it still right; what was held against it before counts no more."""

    __tablename__ = "knowledge_checks"

    kind: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class ListReader(Model):
    """Who gets the weekly list for writers. `sent_on` is the Monday for which it was sent last; `is_off`: they stopped it."""

    __tablename__ = "knowledge_list_readers"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    is_off: Mapped[bool] = mapped_column(default=False)
    sent_on: Mapped[date | None] = mapped_column()


class ReaderMark(Model):
    """The batch of readers' notes that was counted last, so that none is counted twice, whoever dies when."""

    __tablename__ = "reader_marks"

    name: Mapped[str] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(default="")
