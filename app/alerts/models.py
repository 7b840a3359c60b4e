"""Routes with their channels, alerts, silences, and a row for each message that an alert sends."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Team, User
from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime

UNRESOLVED = text("resolved_at IS NULL")
CLIMBING = text("state = 'open' AND climb_at IS NOT NULL")
WAITING = text("state IN ('queued', 'deferred', 'retrying')")


class AlertRoute(Model):
    """Which alerts go where. Routes are tried by position, and the first that fits takes the alert.

    `hours`: always, inside or outside the calendar. `ladder`: steps `{"who", "after_minutes"}` for pages. The default
    route fits everything, comes last and can be neither deleted nor switched off.
    """

    __tablename__ = "alert_routes"
    __table_args__ = NUMBERS_ONCE

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int] = mapped_column()
    severities: Mapped[list[Any]] = mapped_column()
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    hours: Mapped[str] = mapped_column(default="always")
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("calendars.id"))
    ladder: Mapped[list[Any]] = mapped_column()
    # now; hourly or daily: mails are collected into one; none: nothing is sent, the desk shows it.
    mode: Mapped[str] = mapped_column(default="now")
    is_enabled: Mapped[bool] = mapped_column(default=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    # Made by the demo loader: nothing leaves through it except mail.
    is_demo: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    team: Mapped[Team | None] = relationship(lazy="select")
    channels: Mapped[list["AlertChannel"]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by="AlertChannel.position", passive_deletes=True
    )

    __mapper_args__ = {"version_id_col": version}


class AlertChannel(Model):
    """One way of a route: on_call, leads, email, slack, discord or webhook.

    `target` is an address, a channel's name or number, or a URL, empty for people. `only_instead` waits until the
    channel before it has failed for good.
    """

    __tablename__ = "alert_channels"

    id: Mapped[int] = mapped_column(primary_key=True)
    route_id: Mapped[int] = mapped_column(ForeignKey("alert_routes.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column()
    target: Mapped[str] = mapped_column(Text, default="")
    # Signs what a webhook is sent: whsec_ and base64.
    secret: Mapped[str] = mapped_column(default="")
    only_instead: Mapped[bool] = mapped_column(default=False)
    # Why it was switched off (its address said that it is gone for ever); empty while it works.
    off_because: Mapped[str] = mapped_column(default="")


class Alert(Model):
    """One matter that somebody should hear of. Of one key at most one is unresolved; whatever repeats it is counted.

    `state`: open, acknowledged or resolved. An open alert is silenced until `silenced_until`. `rung` is the next step of
    its ladder, due at `climb_at`.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        Index("ix_alerts_open_key", "key", unique=True, sqlite_where=UNRESOLVED, postgresql_where=UNRESOLVED),
        Index("ix_alerts_climbing", "climb_at", sqlite_where=CLIMBING, postgresql_where=CLIMBING),
        Index("ix_alerts_unresolved", "id", sqlite_where=UNRESOLVED, postgresql_where=UNRESOLVED),
        Index("ix_alerts_state", "state", "id"),
        Index("ix_alerts_ticket", "ticket_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column()
    severity: Mapped[str] = mapped_column()
    state: Mapped[str] = mapped_column(default="open")
    source: Mapped[str] = mapped_column()
    title: Mapped[str] = mapped_column()
    body: Mapped[str] = mapped_column(Text)
    # A path of ours, where the matter can be looked at.
    path: Mapped[str] = mapped_column()
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    is_demo: Mapped[bool] = mapped_column(default=False)
    route_id: Mapped[int | None] = mapped_column(ForeignKey("alert_routes.id", ondelete="SET NULL"))
    ladder: Mapped[list[Any]] = mapped_column()
    # Who is told besides the route, in the words of ladders; without a route, who alone is.
    also: Mapped[list[Any]] = mapped_column()
    by_route: Mapped[bool] = mapped_column(default=True)
    # Addresses that hear of the same thing by another mail, so that they are not mailed twice.
    told: Mapped[list[Any]] = mapped_column()
    count: Mapped[int] = mapped_column(default=1)
    raised_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
    rung: Mapped[int] = mapped_column(default=0)
    climb_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    silenced_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    team: Mapped[Team | None] = relationship(lazy="select")
    route: Mapped[AlertRoute | None] = relationship(lazy="select")
    acknowledged_by: Mapped[User | None] = relationship(foreign_keys=[acknowledged_by_id], lazy="select")
    resolved_by: Mapped[User | None] = relationship(foreign_keys=[resolved_by_id], lazy="select")


class AlertEntry(Model):
    """Which events make the timeline of an alert: its own, and those that brought it about, each of them once."""

    __tablename__ = "alert_entries"
    __table_args__ = (Index("ix_alert_entries_event", "event_id"),)

    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)


class AlertSilence(Model):
    """Quiet until `until` for alerts of a key, or of a source, a team, or a source of a team. What is raised meanwhile is kept."""

    __tablename__ = "alert_silences"
    __table_args__ = (Index("ix_alert_silences_until", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column()
    source: Mapped[str | None] = mapped_column()
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    until: Mapped[datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(Text)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    team: Mapped[Team | None] = relationship(lazy="select")
    created_by: Mapped[User | None] = relationship(lazy="select")


class AlertDelivery(Model):
    """One message of one step of an alert by one channel; without an alert it is a test.

    `state`: queued, deferred (until their hours begin), retrying, mailed (handed to our mail, whose row says more), sent,
    failed, dropped (no longer needed) or kept (demo: never sent). A step is the event that caused it.
    """

    __tablename__ = "alert_deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "channel"),
        Index("ix_alert_deliveries_due", "next_try_at", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_alert_deliveries_alert", "alert_id", "id"),
        Index("ix_alert_deliveries_channel", "channel_id", "id"),
        Index("ix_alert_deliveries_mail", "mail_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    route_id: Mapped[int | None] = mapped_column(ForeignKey("alert_routes.id", ondelete="SET NULL"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("alert_channels.id", ondelete="SET NULL"))
    # `mail-ada@example.com` or `channel-7`: what makes it one of its step.
    channel: Mapped[str] = mapped_column()
    kind: Mapped[str] = mapped_column()
    # Whom it goes to, in words that everybody at the desk may read.
    shown: Mapped[str] = mapped_column()
    # Who is mailed, or mentioned as the one on call.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    address: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str] = mapped_column(Text, default="")
    # Waits to be mailed together with others.
    in_digest: Mapped[bool] = mapped_column(default=False)
    # The delivery whose failure brought this one about.
    instead_of_id: Mapped[int | None] = mapped_column(ForeignKey("alert_deliveries.id", ondelete="SET NULL"))
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("outbound_mail.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AlertContact(Model):
    """How chat programs know a member of staff."""

    __tablename__ = "alert_contacts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    slack_id: Mapped[str] = mapped_column(default="")
    discord_id: Mapped[str] = mapped_column(default="")
