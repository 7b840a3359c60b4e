"""Forecasts of missed promises, kept so that they can be judged by what happened."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class Forecast(Model):
    """One forecast of real or of demo work, from `made_at` to `until`. Judged once `until` has passed; the sums are then set.

    `slot` is the hour that it was made for: two workers that make it at once make one.
    """

    __tablename__ = "forecasts"
    __table_args__ = (
        UniqueConstraint("is_demo", "slot"),
        Index("ix_forecasts_judged", "is_demo", "made_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    is_demo: Mapped[bool] = mapped_column()
    slot: Mapped[datetime] = mapped_column(UTCDateTime)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    until: Mapped[datetime] = mapped_column(UTCDateTime)
    # How many past clocks it rests on, how many clocks were due and not looked at, how many were late already.
    rests_on: Mapped[int] = mapped_column()
    left_out: Mapped[int] = mapped_column(default=0)
    already_late: Mapped[int] = mapped_column(default=0)
    judged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    judged: Mapped[int] = mapped_column(default=0)
    hits: Mapped[int] = mapped_column(default=0)
    false_alarms: Mapped[int] = mapped_column(default=0)
    misses: Mapped[int] = mapped_column(default=0)
    # Missed within its time, but not in the queue when it was made.
    unforeseen: Mapped[int] = mapped_column(default=0)
    brier_sum: Mapped[float] = mapped_column(default=0.0)


class ForecastRow(Model):
    """What a forecast said of one clock, and whether it was missed (`missed`, None until it is judged)."""

    __tablename__ = "forecast_rows"
    __table_args__ = (UniqueConstraint("forecast_id", "clock_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    forecast_id: Mapped[int] = mapped_column(ForeignKey("forecasts.id", ondelete="CASCADE"))
    clock_id: Mapped[int] = mapped_column(ForeignKey("clocks.id"))
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    probability: Mapped[float] = mapped_column()
    # The shares of scenarios in which the usual pace, and the people at work, were too slow.
    pace: Mapped[float] = mapped_column()
    crowd: Mapped[float] = mapped_column()
    rests_on: Mapped[int] = mapped_column()
    # {"moves": [{"user_id", "finish_at", "own_team"}]}
    suggestion: Mapped[dict[str, Any]] = mapped_column()
    missed: Mapped[bool | None] = mapped_column()
