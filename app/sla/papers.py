"""What is made of the report and kept: who is mailed it each week, and the monthly statements. Tables only."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class ReportSubscription(Model):
    """A lead who is mailed the SLA report of each week. `sent_on` is the Monday for which it was sent last (or began)."""

    __tablename__ = "report_subscriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    zone: Mapped[str] = mapped_column()
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    priority: Mapped[str | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sent_on: Mapped[date] = mapped_column(index=True)


class Statement(Model):
    """The monthly statement of an organization. `content` is the file itself (UTF-8, zlib), never made anew; `seal` its final hash."""

    __tablename__ = "statements"
    __table_args__ = (UniqueConstraint("organization_id", "month", "version"), Index("ix_statements_month", "is_demo", "month", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    # `2026-10`, in `zone`.
    month: Mapped[str] = mapped_column(String(7))
    zone: Mapped[str] = mapped_column()
    # The first is made by the job or by hand; whoever makes it again makes the next, which names the one before.
    version: Mapped[int] = mapped_column(default=1)
    is_demo: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    seal: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(64))
    lines: Mapped[int] = mapped_column()
    # What the page shows: rows of the report, with counts of tickets and events.
    figures: Mapped[dict[str, Any]] = mapped_column()
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
