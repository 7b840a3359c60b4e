"""The levels that clocks have, and each time that one was reached."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class Level(Model):
    """A point on clocks and what is done when it is reached; level_rules.py says what the words mean.

    The three of `BUILT_IN` have their name as key, those that a lead adds a random one. A removed level keeps its row,
    since what it has told still names it.
    """

    __tablename__ = "levels"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column()
    # `percent`, `before` or `after`, and percent of the target or counted minutes.
    basis: Mapped[str] = mapped_column()
    amount: Mapped[int] = mapped_column()
    metrics: Mapped[list[Any]] = mapped_column()
    # An empty list is every priority.
    priorities: Mapped[list[Any]] = mapped_column()
    # {"notify": [...], "raise_priority": bool, "reassign": str | None, "escalate": bool, "severity": str}
    actions: Mapped[dict[str, Any]] = mapped_column()
    # Since when it lies where it lies: clocks that were beyond it then are not told of it.
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LevelFiring(Model):
    """A level was reached on a clock: once for each arming. It is armed again by a change that moves it ahead of us."""

    __tablename__ = "level_firings"
    # How often a level was reached lately is counted on its page.
    __table_args__ = (UniqueConstraint("clock_id", "level_id", "arming"), Index("ix_level_firings_level", "level_id", "told_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clocks.id"))
    level_id: Mapped[int] = mapped_column(ForeignKey("levels.id"))
    arming: Mapped[int] = mapped_column()
    told_at: Mapped[datetime] = mapped_column(UTCDateTime)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"), unique=True)
    rearmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # When its actions on the ticket were taken, so that a job which runs twice takes them once.
    worked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
