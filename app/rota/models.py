"""Who is on when: weekly shifts and their turns, what is different for a while, and what is handed over."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Team, User
from app.extensions import Model
from app.lib.database import NUMBERS_ONCE, UTCDateTime


class RotaCover(Model):
    """What cover a team needs: `always`, `hours` (a week of spans in a zone), or `none`. A team without a row needs none."""

    __tablename__ = "rota_covers"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), unique=True)
    needs: Mapped[str] = mapped_column(default="none")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    # "0" (Monday) to "6" → spans of minutes from midnight: {"0": [[540, 1020]]}
    hours: Mapped[dict[str, Any]] = mapped_column()


class RotaShift(Model):
    """A span of wall time on some days of each week, and those who take turns at it.

    `level` 1 is on call first, 2 is the backup. The end lies in the next day if it is not after the start. Whose turn
    it is changes every `turn_weeks` weeks, counted from `anchor_on`.
    """

    __tablename__ = "rota_shifts"
    __table_args__ = (Index("ix_rota_shifts_team", "team_id", "level"), NUMBERS_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column()
    level: Mapped[int] = mapped_column(default=1)
    time_zone: Mapped[str] = mapped_column()
    # Days on which it begins: 0 is Monday.
    weekdays: Mapped[list[Any]] = mapped_column()
    starts_minute: Mapped[int] = mapped_column()
    ends_minute: Mapped[int] = mapped_column()
    anchor_on: Mapped[date] = mapped_column()
    turn_weeks: Mapped[int] = mapped_column(default=1)
    # The first and the last local day on which it begins; None: no bound.
    begins_on: Mapped[date | None] = mapped_column()
    ends_on: Mapped[date | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)

    team: Mapped[Team] = relationship(lazy="raise_on_sql")
    turns: Mapped[list["RotaTurn"]] = relationship(order_by="RotaTurn.position", lazy="raise_on_sql", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}


class RotaTurn(Model):
    """The place of a person in the rotation of a shift."""

    __tablename__ = "rota_turns"
    __table_args__ = (UniqueConstraint("shift_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    shift_id: Mapped[int] = mapped_column(ForeignKey("rota_shifts.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    position: Mapped[int] = mapped_column()

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class RotaOverride(Model):
    """A person takes a span of a team, whatever the shifts say. One that was withdrawn no longer counts."""

    __tablename__ = "rota_overrides"
    __table_args__ = (Index("ix_rota_overrides_team", "team_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    level: Mapped[int] = mapped_column(default=1)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    team: Mapped[Team] = relationship(lazy="raise_on_sql")
    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise_on_sql")


class RotaSwap(Model):
    """One asks another to take a duty, perhaps for one of theirs: `asked`, then `accepted`, `declined` or `withdrawn`."""

    __tablename__ = "rota_swaps"
    __table_args__ = (Index("ix_rota_swaps_other", "other_id", "state"), Index("ix_rota_swaps_asker", "asker_id", "state"))

    id: Mapped[int] = mapped_column(primary_key=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    other_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    level: Mapped[int] = mapped_column(default=1)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    # What the asker takes in return; all None where they ask a favour.
    back_team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    back_level: Mapped[int | None] = mapped_column()
    back_starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    back_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="asked")
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    asker: Mapped[User] = relationship(foreign_keys=[asker_id], lazy="raise_on_sql")
    other: Mapped[User] = relationship(foreign_keys=[other_id], lazy="raise_on_sql")
    team: Mapped[Team] = relationship(foreign_keys=[team_id], lazy="raise_on_sql")
    back_team: Mapped[Team | None] = relationship(foreign_keys=[back_team_id], lazy="raise_on_sql")


class RotaAbsence(Model):
    """A person is away for a span, and who stands in. `handed_back_at`: when they had gone through what others did meanwhile."""

    __tablename__ = "rota_absences"
    __table_args__ = (Index("ix_rota_absences_user", "user_id", "ends_at"), Index("ix_rota_absences_ends", "ends_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    note: Mapped[str] = mapped_column(default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    handed_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise_on_sql")
    deputy: Mapped[User | None] = relationship(foreign_keys=[deputy_id], lazy="raise_on_sql")


class RotaPerson(Model):
    """What the rota knows of a person: whose holidays they keep, who stands in for them, how much they take on, whether they take work now.

    `holidays` is ISO date → name, filled to the end of `filled_to` from the country and region.
    """

    __tablename__ = "rota_people"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    country: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    holidays: Mapped[dict[str, Any]] = mapped_column()
    filled_to: Mapped[int] = mapped_column(default=0)
    # Open tickets that they take on; None: any number.
    capacity: Mapped[int | None] = mapped_column()
    # available or busy: whether work may be given to them now.
    state: Mapped[str] = mapped_column(default="available")


class RotaBaton(Model):
    """A duty that is handed over before its end: `offered`, then `accepted`, `declined` or `withdrawn`.

    `carried` is what the page listed when it was offered, as it was: list → rows of facts.
    """

    __tablename__ = "rota_batons"
    __table_args__ = (Index("ix_rota_batons_to", "to_id", "state"), Index("ix_rota_batons_team", "team_id", "offered_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    from_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    carried: Mapped[dict[str, Any]] = mapped_column()
    state: Mapped[str] = mapped_column(default="offered")
    # When the duty of the one who offers would have ended.
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    offered_at: Mapped[datetime] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    team: Mapped[Team] = relationship(lazy="raise_on_sql")
    giver: Mapped[User] = relationship(foreign_keys=[from_id], lazy="raise_on_sql")
    taker: Mapped[User] = relationship(foreign_keys=[to_id], lazy="raise_on_sql")


class RotaFeed(Model):
    """The secret address of a person's calendar; one works at a time. Only the fingerprint of its secret is kept."""

    __tablename__ = "rota_feeds"
    __table_args__ = (
        Index(
            "ix_rota_feeds_live",
            "user_id",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    secret_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
