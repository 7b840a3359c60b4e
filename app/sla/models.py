"""Calendars, policies with their targets and versions, what overrides them, and the clocks that run on tickets."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime


class Calendar(Model):
    """Business hours. The JSON columns have the shape of a calendar in `sla replay`; hours `"24x7"` are around the clock."""

    __tablename__ = "calendars"
    __table_args__ = NUMBERS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    # {"tz", "hours", "holidays", "overrides"}
    definition: Mapped[dict[str, Any]] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # The number of its row in calendar_versions that holds now.
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    # What counts where a policy names no calendar; one at most is it.
    is_default: Mapped[bool] = mapped_column(default=False, server_default=false())


class CalendarVersion(Model):
    """A calendar as it was from `valid_from` on. Never edited, and kept when the calendar is removed: clocks were judged by it."""

    __tablename__ = "calendar_versions"
    __table_args__ = (UniqueConstraint("calendar_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar_id: Mapped[int] = mapped_column()
    number: Mapped[int] = mapped_column()
    # {"name", "definition", "is_default"}
    snapshot: Mapped[dict[str, Any]] = mapped_column()
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Policy(Model):
    """What is promised on a plan, or to one organization (which wins)."""

    __tablename__ = "policies"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id"), unique=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"), unique=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("calendars.id"))
    # Count by the plan's calendar where it is an organization's policy, and by the default one where it is a plan's.
    inherits_calendar: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Waiting on the customer always stops the resolution clock; being on hold only if the policy says so.
    pause_on_hold: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # The number of its row in policy_versions that holds now.
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    calendar: Mapped[Calendar] = relationship(lazy="joined", innerjoin=True)
    targets: Mapped[list["PolicyTarget"]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class PolicyVersion(Model):
    """A policy as it was from `valid_from` on. Never edited."""

    __tablename__ = "policy_versions"
    __table_args__ = (UniqueConstraint("policy_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies.id"))
    number: Mapped[int] = mapped_column()
    # {"name", "plan_id", "organization_id", "calendar_id", "inherits_calendar", "pause_on_hold", "targets": {metric: {priority: minutes}}}
    snapshot: Mapped[dict[str, Any]] = mapped_column()
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class PolicyTarget(Model):
    """Minutes of counted time for one priority and metric (first_response, next_response, resolution). No row: no promise."""

    __tablename__ = "policy_targets"
    __table_args__ = (UniqueConstraint("policy_id", "priority", "metric"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies.id", ondelete="CASCADE"))
    priority: Mapped[str] = mapped_column()
    metric: Mapped[str] = mapped_column()
    target_minutes: Mapped[int] = mapped_column()


class OrganizationCalendar(Model):
    """From `valid_from` on an organization counts by this calendar whatever its policy says, or by its policy's again (None).

    Rows are only added; the last one of an organization holds.
    """

    __tablename__ = "organization_calendars"
    __table_args__ = (Index("ix_organization_calendars_organization", "organization_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendars.id"))
    reason: Mapped[str] = mapped_column()
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class TicketTerms(Model):
    """From `valid_from` on a ticket has a policy or a calendar of its own; None is the organization's. Rows as above."""

    __tablename__ = "ticket_terms"
    __table_args__ = (Index("ix_ticket_terms_ticket", "ticket_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("policies.id"))
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendars.id"))
    reason: Mapped[str] = mapped_column()
    valid_from: Mapped[datetime] = mapped_column(UTCDateTime)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Run(Model):
    """Long work in chunks, each a commit: what an edit changes for open tickets, or a dry run of an edit that is only proposed.

    state: `running`, `done`, `cancelled`, `failed`, or `applied` for a dry run whose proposal was saved. `place` is where
    the next chunk begins; it only moves together with what the chunk wrote, so nothing is done twice.
    """

    __tablename__ = "sla_runs"
    __table_args__ = (
        # What is picked up again after a restart, and what makes clocks be computed when they are read.
        Index("ix_sla_runs_running", "kind", "id", sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'")),
        Index("ix_sla_runs_kind", "kind", "id"),
        NUMBERS_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # `recompute` or `dry_run`
    kind: Mapped[str] = mapped_column()
    title: Mapped[str] = mapped_column()
    # recompute: {"policies", "organizations", "calendars"}; dry run: {"policy" or "calendar": what the form says, "seen", …}
    asked: Mapped[dict[str, Any]] = mapped_column()
    state: Mapped[str] = mapped_column(default="running")
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    place: Mapped[int] = mapped_column(default=0)
    tally: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_demo: Mapped[bool] = mapped_column(default=False)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # When a chunk was last done; a run without a sign of life is picked up again.
    beat_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Finding(Model):
    """One clock of a dry run: how it was judged and how it would have been. `met`, `breached`, `open` or `none`."""

    __tablename__ = "sla_findings"
    __table_args__ = (Index("ix_sla_findings_run", "run_id", "metric", "priority", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("sla_runs.id", ondelete="CASCADE"))
    ticket_ref: Mapped[str] = mapped_column()
    metric: Mapped[str] = mapped_column()
    sequence: Mapped[int] = mapped_column()
    priority: Mapped[str] = mapped_column()
    was: Mapped[str] = mapped_column()
    would: Mapped[str] = mapped_column()
    was_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    would_be_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


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
        # What the sweep of levels looks at next.
        Index(
            "ix_clocks_levels",
            "next_level_at",
            sqlite_where=text("next_level_at IS NOT NULL"),
            postgresql_where=text("next_level_at IS NOT NULL"),
        ),
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
    # The versions that it runs under, or was judged under, and who chose them: `ticket`, `organization`, `plan`, and for
    # the calendar also `policy` and `default`.
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies.id"))
    policy_version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    policy_from: Mapped[str] = mapped_column(default="plan", server_default="plan")
    calendar_id: Mapped[int | None] = mapped_column()
    calendar_version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    calendar_from: Mapped[str] = mapped_column(default="policy", server_default="policy")
    target_seconds: Mapped[int] = mapped_column()
    # When an escalation shortened the target of a response (terms.promised_seconds), None otherwise.
    capped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
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
    # When the sweep of levels looks at this clock: a level is reached then, or something has changed. None: not any more.
    next_level_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When something last aimed it elsewhere: what it was told of before holds for what lay behind it then.
    aimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The due time that the customer was told last, kept while the clock stands still; None while they have seen none.
    promised_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
