"""Calls that customers book: what kinds there are, whose time is taken, and each booking."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Organization, Team, User
from app.extensions import Model
from app.lib.database import UTCDateTime
from app.tickets.models import Ticket


class CallKind(Model):
    """What can be booked, by which plans (those of at least `least_rank`), and on which terms.

    A slot begins on each multiple of `step_minutes` and is `minutes` long. The buffers before and after it are the
    engineer's. It can be booked until `notice_minutes` before and from `ahead_days` before. `capacity` customers share one.
    """

    __tablename__ = "call_kinds"
    __table_args__ = (
        CheckConstraint("minutes > 0 AND step_minutes > 0 AND capacity > 0", name="terms"),
        CheckConstraint("before_minutes >= 0 AND after_minutes >= 0 AND notice_minutes >= 0 AND ahead_days > 0", name="bounds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    about: Mapped[str] = mapped_column(Text, default="")
    is_open: Mapped[bool] = mapped_column(default=True)
    least_rank: Mapped[int] = mapped_column()
    minutes: Mapped[int] = mapped_column()
    step_minutes: Mapped[int] = mapped_column()
    before_minutes: Mapped[int] = mapped_column(default=0)
    after_minutes: Mapped[int] = mapped_column(default=0)
    notice_minutes: Mapped[int] = mapped_column()
    ahead_days: Mapped[int] = mapped_column()
    capacity: Mapped[int] = mapped_column(default=1)
    # The room of a call whose customer gives no link of their own.
    video_url: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    teams: Mapped[list["CallKindTeam"]] = relationship(lazy="selectin", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


class CallKindTeam(Model):
    """A team whose people on duty take calls of a kind."""

    __tablename__ = "call_kind_teams"

    kind_id: Mapped[int] = mapped_column(ForeignKey("call_kinds.id", ondelete="CASCADE"), primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True, index=True)

    team: Mapped[Team] = relationship(lazy="joined", innerjoin=True)


class CallSession(Model):
    """A span of an engineer's time that calls have taken: one call, or as many as share office hours.

    `held_from` and `held_to` take the buffers in. `seats` is the capacity that it began with.
    """

    __tablename__ = "call_sessions"
    __table_args__ = (
        UniqueConstraint("engineer_id", "starts_at"),
        Index("ix_call_sessions_held", "engineer_id", "held_to"),
        CheckConstraint("held_from <= starts_at AND starts_at < ends_at AND ends_at <= held_to", name="order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("call_kinds.id"), index=True)
    engineer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    held_from: Mapped[datetime] = mapped_column(UTCDateTime)
    held_to: Mapped[datetime] = mapped_column(UTCDateTime)
    seats: Mapped[int] = mapped_column()


class CallCell(Model):
    """Five minutes of an engineer that a session has. The key is what makes double booking impossible, whatever the code does."""

    __tablename__ = "call_cells"

    engineer_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("call_sessions.id", ondelete="CASCADE"), index=True)


class Call(Model):
    """One booking. state: booked, cancelled, held or missed (nobody came). `sequence` counts what invitations have said.

    `time_zone` is the one in which the customer chose. `lost_at`: since when the rota no longer has its engineer there;
    `is_off_rota`: somebody gave it to its engineer although the rota does not.
    """

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("session_id", "seat"),
        CheckConstraint("state <> 'booked' OR session_id IS NOT NULL", name="has_its_time"),
        CheckConstraint("seat IS NULL OR (seat >= 0 AND seat < seats)", name="has_a_seat"),
        Index("ix_calls_starts", "starts_at", "state"),
        Index("ix_calls_engineer", "engineer_id", "starts_at"),
        Index("ix_calls_customer", "customer_id", "starts_at"),
        Index("ix_calls_organization", "organization_id", "starts_at"),
        Index("ix_calls_ticket", "ticket_id"),
        Index("ix_calls_lost", "starts_at", sqlite_where=text("lost_at IS NOT NULL"), postgresql_where=text("lost_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("call_kinds.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("call_sessions.id"))
    seat: Mapped[int | None] = mapped_column()
    seats: Mapped[int] = mapped_column()
    customer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    engineer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    time_zone: Mapped[str] = mapped_column(default="UTC")
    topic: Mapped[str] = mapped_column()
    # phone or video; `contact` is the number, or a link of the customer's, or nothing.
    how: Mapped[str] = mapped_column()
    contact: Mapped[str] = mapped_column(Text, default="")
    # The room that staff gave for this call alone.
    video_url: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(default="booked")
    sequence: Mapped[int] = mapped_column(default=0)
    nonce: Mapped[str] = mapped_column(unique=True)
    form_key: Mapped[str | None] = mapped_column(unique=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    is_off_rota: Mapped[bool] = mapped_column(default=False)
    lost_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    booked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # When its time was last chosen: a reminder that would come at once is none.
    placed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    day_reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hour_reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # Why it was cancelled, or what staff noted of it where it has no ticket.
    note: Mapped[str] = mapped_column(Text, default="")
    # Whether the customer reads the note. Why a call was cancelled both sides read.
    is_note_public: Mapped[bool] = mapped_column(default=False)

    kind: Mapped[CallKind] = relationship(lazy="raise_on_sql")
    customer: Mapped[User] = relationship(foreign_keys=[customer_id], lazy="raise_on_sql")
    organization: Mapped[Organization | None] = relationship(lazy="raise_on_sql")
    engineer: Mapped[User] = relationship(foreign_keys=[engineer_id], lazy="raise_on_sql")
    ticket: Mapped[Ticket | None] = relationship(lazy="raise_on_sql")

    @property
    def is_booked(self) -> bool:
        """Whether it is still to come, or waits for somebody to say how it went."""
        return self.state == "booked"

    @property
    def place(self) -> str:
        """Where it happens: a number to ring, or the address of a room; empty where no room is known yet."""
        return self.contact if self.how == "phone" else self.video_url or self.contact or self.kind.video_url
