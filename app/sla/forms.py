"""The forms of the SLA pages: what a report is narrowed to, a policy, a calendar."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, ValidationError

from app.lib.times import local, zone
from app.sla.calendars import BadCalendar, zone_named
from app.sla.reports import BOTH_URGENT, PRIORITIES, Scope

DAYS = 30
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2200, 12, 31)


def number(text: str | None) -> int | None:
    """A choice's id, or nothing; raises ValueError for anything else."""
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise ValueError("no number")
    return int(text)


def offered(pairs: Iterable[tuple[object, str]], first: str = "") -> list[SelectChoice]:
    """Choices, with one that chooses nothing before them."""
    return [*([SelectChoice("", first)] if first else []), *(SelectChoice(str(value), label) for value, label in pairs)]


class ReportForm(FlaskForm):
    """The range, both days included, and whom it is about. A plain GET form: its address can be sent to a colleague."""

    class Meta:
        csrf = False

    since = DateField("From", name="from", validators=[Optional()])
    until = DateField("To", name="to", validators=[Optional()])
    organization = SelectField("Organization", coerce=number)
    team = SelectField("Team", coerce=number)
    priority = SelectField(
        "Priority",
        default="",
        choices=offered([(BOTH_URGENT, "Emergency and critical"), *((key, key.capitalize()) for key in PRIORITIES)], "All priorities"),
    )
    zone = SelectField("Time zone", default="", validate_choice=False)

    def offer(self, organizations: list[tuple[int, str]], teams: list[tuple[int, str]], zones: Iterable[str] = ()) -> "ReportForm":
        """Fill in what can be chosen; the first zone is the one that holds where nothing is chosen."""
        self.organization.choices = offered(organizations, "All organizations")
        self.team.choices = offered(teams, "All teams")
        given = [self.zone.data] if self.zone.data else []
        self.zone.choices = offered((name, name) for name in dict.fromkeys([*zones, *given]))
        self.zone.data = self.zone.data or next(iter(zones), "UTC")
        return self

    def validate_zone(self, field: Any) -> None:
        """It exists; an address may name one that the list does not have."""
        try:
            zone_named(field.data or "UTC")
        except BadCalendar as unknown:
            raise ValidationError(str(unknown)) from unknown

    def validate_until(self, field: Any) -> None:
        """The end is not before the beginning."""
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError("Choose a day that is not before the first.")

    def scope(self, *, now: datetime, is_demo: bool) -> Scope:
        """What the form asks for; the last DAYS days where it does not say, which it shows then. Days are those of its zone."""
        zone_name = self.zone.data or "UTC"
        last = self.until.data or max(local(now, zone_name).date(), self.since.data or FIRST_DAY)
        self.until.data = min(max(last, FIRST_DAY), LAST_DAY)
        self.since.data = self.since.data or self.until.data - timedelta(days=DAYS - 1)
        since, until = day_range(self.since.data, self.until.data, zone_name)
        return Scope(since, until, is_demo, self.organization.data, self.team.data, self.priority.data or None)

    def name_of(self, field: Any) -> str | None:
        """The chosen organization or team by name."""
        return next((one.label for one in field.choices if field.data is not None and one.value == str(field.data)), None)


class NamedReportForm(ReportForm):
    """The same for programs: organizations and teams by name or number, so that every one can be asked for."""

    organization = StringField("Organization")
    team = StringField("Team")


def day_range(first: date, last: date, zone_name: str) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last, as instants in UTC."""
    first, last = (min(max(day, FIRST_DAY), LAST_DAY) for day in (first, last))
    begins, ends = (datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)) for day in (first, last + timedelta(days=1)))
    return begins.astimezone(UTC), ends.astimezone(UTC)
