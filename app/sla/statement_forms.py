"""The forms about statements: which to make, which file to check. And what both doors show of one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField
from wtforms.validators import InputRequired

from app.lib.times import local
from app.sla.forms import number, offered

MONTHS = 24


class StatementForm(FlaskForm):
    """For whom, and for which month."""

    organization = SelectField("Organization", coerce=number, validators=[InputRequired("Choose an organization.")])
    month = SelectField("Month", validators=[InputRequired("Choose a month.")])

    def offer(self, organizations: Sequence[tuple[int, str]], zone: str, now: datetime) -> "StatementForm":
        """Fill in what can be chosen: the months that are over in the zone, the last one first."""
        self.organization.choices = offered(organizations, "Choose …")
        self.month.choices = offered((month, month) for month in months(zone, now))
        return self


def months(zone: str, now: datetime) -> list[str]:
    """The last MONTHS months that are over."""
    first, found = local(now, zone).date().replace(day=1), []
    for _ in range(MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(f"{first:%Y-%m}")
    return found


class CheckForm(FlaskForm):
    """A file that claims to be a statement of ours."""

    file = FileField("Statement file", validators=[FileRequired("Choose the file of a statement.")])

    def content(self) -> bytes:
        """What was sent."""
        given: Any = self.file.data
        return bytes(given.read())
