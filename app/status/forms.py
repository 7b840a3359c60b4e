"""The form of an announcement. Times are on the writer's own clock."""

from datetime import datetime

from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.lib.times import from_wall
from app.status.models import TONES


class AnnouncementForm(FlaskForm):
    """What is announced, how grave it is, and for how long."""

    title = StringField("Title", validators=[InputRequired("Say in a line what customers should know."), Length(max=200)])
    body = TextAreaField("Details (Markdown)", validators=[Length(max=5000, message="Use 5,000 characters at most.")])
    tone = SelectField("What is it?", choices=dict(TONES), default="info")
    ends_at = DateTimeLocalField("Ends (your time)", format="%Y-%m-%dT%H:%M", validators=[Optional()])

    def end(self, zone_name: str) -> datetime | None:
        """The end as an instant in UTC, from a wall clock in the writer's zone."""
        return from_wall(self.ends_at.data, zone_name) if self.ends_at.data else None
