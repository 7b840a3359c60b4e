"""A year of a calendar, day by day: what a lead looks at before anybody counts by it. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.lib.errors import NotFound
from app.sla.calendars import calendar
from app.sla.hours import HORIZON_YEARS, MINUTE, Calendar
from app.sla.spelling import hours_in_words

FIRST, LAST = 1970, 1970 + 2 * HORIZON_YEARS


@dataclass(frozen=True)
class Day:
    """A day: `open`, `closed`, `holiday` or `exception`, its counted hours, and the rule in words."""

    on: date
    state: str
    minutes: int
    says: str

    @property
    def hours(self) -> str:
        """Its counted hours: `7.5`, or nothing on a day that has none."""
        return f"{self.minutes / 60:.4g}" if self.minutes else ""


@dataclass(frozen=True)
class Week:
    """A row of a month: seven days, None where they lie in another month, and what they count together."""

    number: int
    days: list[Day | None]

    @property
    def hours(self) -> str:
        """What the days of this row count."""
        return f"{sum(day.minutes for day in self.days if day) / 60:.4g}"


@dataclass(frozen=True)
class Month:
    """A month, by weeks."""

    first: date
    weeks: list[Week]

    @property
    def minutes(self) -> int:
        """What it counts."""
        return sum(day.minutes for week in self.weeks for day in week.days if day)

    @property
    def hours(self) -> str:
        """The same in hours."""
        return f"{self.minutes / 60:.4g}"


def year_of(definition: dict[str, Any], year: int) -> list[Month]:
    """The twelve months of a year. Raises NotFound for one that nobody plans for."""
    if not FIRST <= year <= LAST:
        raise NotFound()
    found = calendar(definition)
    return [month_of(found, definition, date(year, month, 1)) for month in range(1, 13)]


def month_of(found: Calendar, definition: dict[str, Any], first: date) -> Month:
    """One month."""
    after = (first + timedelta(days=32)).replace(day=1)
    weeks, day = [], first - timedelta(days=first.weekday())
    while day < after:
        days = [day + timedelta(days=n) for n in range(7)]
        weeks.append(Week(day.isocalendar().week, [day_of(found, definition, on) if first <= on < after else None for on in days]))
        day += timedelta(days=7)
    return Month(first, weeks)


def day_of(found: Calendar, definition: dict[str, Any], on: date) -> Day:
    """One day: what is counted between its midnights, and why."""
    minutes = found.counted(found.midnight(on), found.midnight(on + timedelta(days=1))) // MINUTE
    if on in found.overrides:
        spans = hours_in_words({"hours": {"mon": definition["overrides"][on.isoformat()]}}).removeprefix("Mon ")
        return Day(on, "exception", minutes, f"exception, {spans}" if found.overrides[on] else "exception, closed")
    if on in found.holidays:
        return Day(on, "holiday", minutes, found.names.get(on, "holiday"))
    return Day(on, "open" if minutes else "closed", minutes, "open" if minutes else "closed")
