"""Decisions about what staff have to read that need no database. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

# A reminder goes out when so few days are left, and again each week until it is read.
REMIND_BEFORE = timedelta(days=3)
REMIND_AGAIN = timedelta(days=7)
# Nobody asks for something so far ahead.
FURTHEST = timedelta(days=2 * 366)


@dataclass(frozen=True)
class Duty:
    """What an article asks of staff: whom, by when, and from which version of its text on."""

    article_id: int
    roles: tuple[str, ...]
    teams: tuple[str, ...]
    due_on: date
    from_version: int
    asked_at: datetime
    reminded_at: datetime | None = None

    def is_for(self, role: str, teams: Collection[str]) -> bool:
        """Whether somebody of a role, on some teams, has to read it."""
        return role in self.roles or not set(teams).isdisjoint(self.teams)

    def state(self, read_version: int | None, today: date) -> str:
        """`read`, `overdue` or `open` for who has read a version (None: no version)."""
        if read_version is not None and read_version >= self.from_version:
            return "read"
        return "overdue" if today > self.due_on else "open"

    def is_reminder_due(self, now: datetime) -> bool:
        """Whether those who have not read it are reminded now."""
        soon = self.due_on - REMIND_BEFORE <= now.date()
        return soon and (self.reminded_at is None or now - self.reminded_at >= REMIND_AGAIN)


def refusal(due_on: date, today: date) -> str:
    """Why a day cannot be asked for; empty where it can."""
    if due_on < today:
        return "That day is over. Choose today or a later one."
    return "That is more than two years ahead. Choose an earlier day." if due_on - today > FURTHEST else ""
