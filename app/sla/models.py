"""Calendars, policies with their targets, and the clocks that run on tickets."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import Model
from app.lib.database import UTCDateTime


class Calendar(Model):
    """Business hours. The JSON columns have the shape of a calendar in `sla replay`; hours `"24x7"` are around the clock."""

    __tablename__ = "calendars"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    # {"tz", "hours", "holidays", "overrides"}
    definition: Mapped[dict[str, Any]] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Policy(Model):
    """What is promised on a plan, or to one organization (which wins)."""

    __tablename__ = "policies"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id"), unique=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"), unique=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendars.id"))
    # Waiting on the customer always stops the resolution clock; being on hold only if the policy says so.
    pause_on_hold: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    calendar: Mapped[Calendar] = relationship(lazy="joined", innerjoin=True)
    targets: Mapped[list["PolicyTarget"]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class PolicyTarget(Model):
    """Minutes of counted time for one priority and metric (first_response, next_response, resolution)."""

    __tablename__ = "policy_targets"
    __table_args__ = (UniqueConstraint("policy_id", "priority", "metric"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies.id", ondelete="CASCADE"))
    priority: Mapped[str] = mapped_column()
    metric: Mapped[str] = mapped_column()
    target_minutes: Mapped[int] = mapped_column()


class Clock(Model):
    """One promise on one ticket. Deadlines are stored; the sweeper claims what is due by conditional updates.

    state: `running`, `paused` (due_at is then None), `stopped` (kept or missed) or `cancelled`. It was missed if
    `breached_at` is set, which is the instant at which the target was used up, however late anybody noticed.
    """

    __tablename__ = "clocks"
    __table_args__ = (
        UniqueConstraint("ticket_id", "metric", "sequence"),
        Index(
            "ix_clocks_to_warn",
            "warn_at",
            sqlite_where=text("state = 'running' AND warned_at IS NULL AND breached_at IS NULL"),
            postgresql_where=text("state = 'running' AND warned_at IS NULL AND breached_at IS NULL"),
        ),
        Index(
            "ix_clocks_to_breach",
            "due_at",
            sqlite_where=text("state = 'running' AND breached_at IS NULL"),
            postgresql_where=text("state = 'running' AND breached_at IS NULL"),
        ),
        # What an edited policy recomputes.
        Index(
            "ix_clocks_open",
            "ticket_id",
            "policy_id",
            "organization_id",
            sqlite_where=text("state IN ('running', 'paused')"),
            postgresql_where=text("state IN ('running', 'paused')"),
        ),
        # The report reads a range of one metric without touching the table.
        Index(
            "ix_clocks_report",
            "metric",
            "started_at",
            "is_demo",
            "priority",
            "state",
            "breached_at",
            "due_at",
            "elapsed_seconds",
            "team_id",
        ),
        Index("ix_clocks_organization", "organization_id", "metric", "started_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    # Copies of the ticket's, so that reports and alerts need not load it; kept in step by sla.actions.
    ticket_ref: Mapped[str] = mapped_column()
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    priority: Mapped[str] = mapped_column()
    is_demo: Mapped[bool] = mapped_column(default=False)
    metric: Mapped[str] = mapped_column()
    # The how-manieth clock of this metric on the ticket: next responses and reopened resolutions begin new ones.
    sequence: Mapped[int] = mapped_column(default=1)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies.id"))
    target_seconds: Mapped[int] = mapped_column()
    state: Mapped[str] = mapped_column(default="running")
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    warn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Counted seconds when it stopped or paused.
    elapsed_seconds: Mapped[int | None] = mapped_column()
    warned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    breached_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When the sweeper told somebody of the breach.
    breach_told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
