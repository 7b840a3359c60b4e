"""Roll-ups: what the dashboards read. Derived from tickets, clocks and surveys; `rollups rebuild` makes them anew."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class HourFigures(Model):
    """One hour (UTC) of real or of demo work. A ticket counts in the hour of its opening, a resolution and a survey in theirs."""

    __tablename__ = "hour_figures"

    hour: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    is_demo: Mapped[bool] = mapped_column(primary_key=True)
    opened: Mapped[int] = mapped_column(default=0)
    resolved: Mapped[int] = mapped_column(default=0)
    # Of the tickets opened in this hour: how many are resolved by now, have an answer, and its time.
    opened_resolved: Mapped[int] = mapped_column(default=0)
    responses: Mapped[int] = mapped_column(default=0)
    response_seconds: Mapped[int] = mapped_column(default=0)
    # The targets that those responses had, and the counts of each histogram bucket (analytics/rules.py).
    targets: Mapped[int] = mapped_column(default=0)
    target_seconds: Mapped[int] = mapped_column(default=0)
    buckets: Mapped[list[Any]] = mapped_column()
    surveys: Mapped[int] = mapped_column(default=0)
    satisfaction: Mapped[int] = mapped_column(default=0)


class DayCategory(Model):
    """Tickets opened on a day (UTC) in a category."""

    __tablename__ = "day_categories"
    __table_args__ = (Index("ix_day_categories_day", "is_demo", "day"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    is_demo: Mapped[bool] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    opened: Mapped[int] = mapped_column(default=0)
