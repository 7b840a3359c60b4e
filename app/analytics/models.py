"""Roll-ups: what the dashboards read. Derived from tickets, clocks and surveys; `rollups rebuild` makes them anew."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.lib.database import UTCDateTime


class HourFigures(Model):
    """One hour (UTC) of real or of demo work. A ticket counts in the hour of its opening, a resolution and a survey in theirs."""

    __tablename__ = "hour_figures"
    __table_args__ = (Index("ix_hour_figures_hour", "is_demo", "hour"),)

    hour: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    is_demo: Mapped[bool] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column()
    opened: Mapped[int] = mapped_column(default=0)
    resolved: Mapped[int] = mapped_column(default=0)
    # Of the tickets opened in this hour: how many are resolved by now, have an answer, and the seconds to it.
    opened_resolved: Mapped[int] = mapped_column(default=0)
    responses: Mapped[int] = mapped_column(default=0)
    response_seconds: Mapped[int] = mapped_column(default=0)
    # The targets that first responses to these tickets had.
    targets: Mapped[int] = mapped_column(default=0)
    target_seconds: Mapped[int] = mapped_column(default=0)
    # How many of those responses came within each bound of rules.BOUNDS, and after the last.
    within_5m: Mapped[int] = mapped_column(default=0)
    within_15m: Mapped[int] = mapped_column(default=0)
    within_30m: Mapped[int] = mapped_column(default=0)
    within_1h: Mapped[int] = mapped_column(default=0)
    within_2h: Mapped[int] = mapped_column(default=0)
    within_4h: Mapped[int] = mapped_column(default=0)
    within_8h: Mapped[int] = mapped_column(default=0)
    later: Mapped[int] = mapped_column(default=0)
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


class RollupMark(Model):
    """How far the roll-ups have followed the events."""

    __tablename__ = "rollup_marks"

    name: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(default=0)


class MetricSample(Model):
    """One line of /metrics that only ever grows: `labels` is canonical JSON. Written once for each event, by analytics.metrics."""

    __tablename__ = "metric_samples"

    name: Mapped[str] = mapped_column(primary_key=True)
    labels: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[float] = mapped_column(default=0.0)


class CountedEvent(Model):
    """An event that is in the samples already, so that a job that runs twice counts once. Swept after a month."""

    __tablename__ = "counted_events"

    event_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Alarm(Model):
    """A figure that raises an alert when it leaves its bound; analytics/alarms.py says what each means.

    `least` is how much there must be before the figure says anything. `fine_since` is when it last came back: an alert
    ends only after it has been fine for a while.
    """

    __tablename__ = "alarms"

    key: Mapped[str] = mapped_column(primary_key=True)
    threshold: Mapped[float] = mapped_column()
    least: Mapped[int] = mapped_column()
    is_enabled: Mapped[bool] = mapped_column(default=True)
    fine_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
