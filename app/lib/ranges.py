"""The ranges that figures are shown for: one reading of "last 7 days" for every page, so that numbers agree."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
RANGES = {"24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days", "90d": "Last 90 days"}
DAYS = {"7d": 7, "30d": 30, "90d": 90}


@dataclass(frozen=True)
class Span:
    """A range and the period of the same length before it: aware UTC, ends exclusive. `unit` is how its chart is cut: hour or day."""

    key: str
    before: datetime
    start: datetime
    end: datetime
    unit: str

    @property
    def words(self) -> str:
        """`Tue 17 November to Mon 23 November 2026`, with the hours where it is cut by hours; see `zone_words`."""
        if self.unit == "hour":
            return f"{self.start:%a} {self.start.day} {self.start:%B}, {self.start:%H:%M} to {self.end:%a} {self.end.day} {self.end:%B %Y}, {self.end:%H:%M}"
        last = self.end - DAY
        return f"{self.start:%a} {self.start.day} {self.start:%B} to {last:%a} {last.day} {last:%B %Y}"

    @property
    def zone_words(self) -> str:
        """The sentence that says whose hours or days they are."""
        return "Hours are UTC." if self.unit == "hour" else "Days are UTC."


def span(key: str, now: datetime) -> Span:
    """The last 24 hours in whole hours with the present one, or the last days (UTC) with today. Unknown keys mean 7 days."""
    if key == "24h":
        end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR
        return Span(key, end - 2 * DAY, end - DAY, end, "hour")
    key = key if key in DAYS else "7d"
    length = DAYS[key] * DAY
    end = datetime.combine(now.astimezone(UTC).date(), time(), UTC) + DAY
    return Span(key, end - 2 * length, end - length, end, "day")
