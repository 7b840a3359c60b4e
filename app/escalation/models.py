"""The escalation matrix as rows that a lead edits, and what was escalated by it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Team, User
from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime


class SupportTier(Model):
    """A support tier: where it is reached, who staffs it, what it aims at, and whom an escalation to it climbs through.

    `path` is [{"who": as in rules.WHO or "user:<id>", "after_minutes": n}, …], in order; it ends with an executive.
    """

    __tablename__ = "support_tiers"

    # 1 to 3; there are no others.
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column()
    channels: Mapped[list[Any]] = mapped_column()
    staffed_by: Mapped[str] = mapped_column()
    # In people's words; what is promised to a customer stands in their SLA policy.
    targets: Mapped[str] = mapped_column(Text)
    # Where an escalation to this tier moves the ticket; None leaves it where it is.
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    path: Mapped[list[Any]] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    team: Mapped[Team | None] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}


class EscalationTrigger(Model):
    """What escalates a ticket by itself: to which tier and team, whether it pages, and whether plans below that tier wait."""

    __tablename__ = "escalation_triggers"

    key: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column()
    is_enabled: Mapped[bool] = mapped_column(default=True)
    tier: Mapped[int] = mapped_column()
    # Somebody is called now, whatever the hour; otherwise the alert keeps to working hours.
    pages: Mapped[bool] = mapped_column(default=False)
    # It acts at once on every plan; otherwise a tier above the plan's waits for somebody at the desk to confirm it.
    any_plan: Mapped[bool] = mapped_column(default=False)
    # Who gets the ticket instead of the tier's team.
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    team: Mapped[Team | None] = relationship(lazy="joined")

    __mapper_args__ = {"version_id_col": version}


class Executive(Model):
    """Somebody at whom a path may end; the first in order is the executive on duty."""

    __tablename__ = "escalation_executives"
    __table_args__ = NUMBERS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    title: Mapped[str] = mapped_column()
    phone: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column()

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Escalation(Model):
    """One step up of a ticket. state: `proposed` (waits for a person), `confirmed` or `declined` by one, `open`, `raised`
    (gone on to a higher one), `joined` (came when it was escalated as far already), `ended` (taken back, or resolved).

    `cause` makes what the system does by itself happen once: a trigger in a round of the ticket; None for people.
    """

    __tablename__ = "escalations"
    __table_args__ = (
        UniqueConstraint("ticket_id", "cause"),
        # A ticket has one open escalation and one proposal at most.
        Index(
            "uq_escalations_open",
            "ticket_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "uq_escalations_proposed",
            "ticket_id",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    trigger: Mapped[str] = mapped_column()
    cause: Mapped[str | None] = mapped_column()
    old_tier: Mapped[int] = mapped_column()
    tier: Mapped[int] = mapped_column()
    pages: Mapped[bool] = mapped_column()
    # Where the ticket was before it was escalated at all, and where it was moved; a de-escalation brings it back.
    old_team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column()
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    actor: Mapped[User | None] = relationship(lazy="raise_on_sql")


class EscalationWatch(Model):
    """An open ticket that has been critical since `since` and escalates at `due_at` unless it is resolved before.

    A row goes when it is swept, so that the sweep reads only what is due, whatever the number of tickets.
    """

    __tablename__ = "escalation_watches"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
