"""The forms of alerts: a route, a person's names in chat programs, a silence."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from app.accounts.models import Team, User
from app.alerts import rules
from app.alerts.editing import MOST_CHANNELS, ChannelTerms, RouteTerms
from app.alerts.messages import KIND_WORDS, SEVERITY_WORDS, WHO_WORDS
from app.alerts.models import AlertContact, AlertRoute
from app.alerts.targets import checked_target
from app.lib.errors import Invalid
from app.lib.text import one_line
from app.lib.times import from_wall
from app.sla.models import Calendar

HOURS_WORDS = {"always": "At any hour", "inside": "Inside business hours", "outside": "Outside business hours"}
MODE_WORDS = {
    "now": "At once",
    "hourly": "Mails collected into one an hour",
    "daily": "Mails collected into one a day",
    "none": "Not at all: the desk shows them",
}
LENGTHS = {60: "1 hour", 240: "4 hours", 1440: "1 day", 10_080: "1 week", 0: "Until a moment of your choice"}
STEPS = 6


def offered(pairs: Iterable[tuple[Any, str]]) -> list[SelectChoice]:
    """The options of a choice."""
    return [SelectChoice(value, text) for value, text in pairs]


class RouteForm(FlaskForm):
    """A route: what it takes, up to MOST_CHANNELS channels in order, and up to STEPS steps of its ladder."""

    name = StringField("Name", validators=[InputRequired("Give the route a name."), Length(max=80)])
    severities = SelectMultipleField(
        "Severities", choices=offered(SEVERITY_WORDS.items()), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    team = SelectField("Team", coerce=int, default=0)
    hours = SelectField("When", choices=offered(HOURS_WORDS.items()), default="always")
    calendar = SelectField("Business hours of", coerce=int, default=0)
    mode = SelectField("How", choices=offered(MODE_WORDS.items()), default="now")
    seen = HiddenField()

    def offer(self, teams: Sequence[Team], calendars: Sequence[Calendar], staff: Sequence[User], *, is_default: bool) -> "RouteForm":
        """Fill in what can be chosen; of the default route nothing narrows it."""
        self.team.choices = offered([(0, "Any team"), *((team.id, team.name) for team in teams)])
        self.calendar.choices = offered([(0, "Choose a calendar"), *((row.id, row.name) for row in calendars)])
        people = [(f"user:{person.id}", person.name) for person in staff]
        steps = offered([("", "No further step"), *((who, words[0].upper() + words[1:]) for who, words in WHO_WORDS.items()), *people])
        for number in range(1, STEPS + 1):
            self[f"step_{number}_who"].choices = steps
        if is_default:
            del self.severities, self.team, self.hours, self.calendar, self.mode
        return self

    @property
    def channel_rows(self) -> list[tuple[int, Any, Any, Any]]:
        """(number, kind, target, whether only instead) of each row of channels."""
        return [
            (n, self[f"channel_{n}_kind"], self[f"channel_{n}_target"], self[f"channel_{n}_instead"]) for n in range(1, MOST_CHANNELS + 1)
        ]

    @property
    def step_rows(self) -> list[tuple[int, Any, Any]]:
        """(number, who, minutes) of each step."""
        return [(n, self[f"step_{n}_who"], self[f"step_{n}_minutes"]) for n in range(1, STEPS + 1)]

    def terms(self, *, allow_local: bool) -> RouteTerms | None:
        """What was typed in, or None with the errors at their fields."""
        valid = self.validate()
        channels = self.channels(allow_local)
        ladder = [{"who": who.data, "after_minutes": minutes.data or 0} for _, who, minutes in self.step_rows if who.data]
        mode = self.mode.data if self.mode is not None else "now"
        if not channels and mode != "none" and not any(target.errors for _, _, target, _ in self.channel_rows):
            self["channel_1_kind"].errors = ["A route needs at least one channel, or its alerts would reach nobody."]
        narrowed = self.narrowed()
        if not valid or self.errors:
            return None
        return RouteTerms(one_line(self.name.data), *narrowed, channels, ladder, mode)

    def narrowed(self) -> tuple[list[str], int | None, str, int | None]:
        """What a route is narrowed to: severities, team, hours, calendar. Nothing narrows the default route."""
        if self.severities is None:
            return [], None, "always", None
        if not self.severities.data:
            self.severities.errors = ["Choose at least one severity."]
        if self.mode.data != "now" and not set(self.severities.data or []) <= set(rules.PATIENT):
            self.mode.errors = ["Only info and warning can be collected or left to the desk; the rest cannot wait."]
        if self.hours.data != "always" and not self.calendar.data:
            self.calendar.errors = ["Choose the calendar whose hours are meant."]
        return self.severities.data or [], self.team.data or None, self.hours.data, self.calendar.data or None

    def channels(self, allow_local: bool) -> list[ChannelTerms]:
        """The rows that name a channel; what is wrong with one stands at its target."""
        found: list[ChannelTerms] = []
        for _, kind, target, instead in self.channel_rows:
            if not kind.data:
                if (target.data or "").strip():
                    target.errors = [*target.errors, "Choose the channel that this belongs to, or empty the field."]
                continue
            try:
                one = ChannelTerms(
                    kind.data, checked_target(kind.data, target.data or "", allow_local=allow_local), instead.data and bool(found)
                )
            except Invalid as wrong:
                target.errors = [*target.errors, wrong.message]
                continue
            if any((other.kind, other.target) == (one.kind, one.target) for other in found):
                target.errors = [*target.errors, "This channel stands above already."]
                continue
            found.append(one)
        return found

    def version(self) -> int | None:
        """The version that the writer saw, or None."""
        return int(self.seen.data) if re.fullmatch(r"[0-9]{1,9}", self.seen.data or "") else None


for _number in range(1, MOST_CHANNELS + 1):
    _kinds = offered([("", "No channel"), *KIND_WORDS.items()])
    setattr(RouteForm, f"channel_{_number}_kind", SelectField(f"Channel {_number}", choices=_kinds, default=""))
    setattr(RouteForm, f"channel_{_number}_target", StringField(f"Where channel {_number} leads", validators=[Length(max=2_000)]))
    setattr(RouteForm, f"channel_{_number}_instead", BooleanField(f"Channel {_number} only if the one before fails"))
for _number in range(1, STEPS + 1):
    setattr(RouteForm, f"step_{_number}_who", SelectField(f"Step {_number}", default=""))
    _minutes = IntegerField(f"Minutes before step {_number}", validators=[Optional(), NumberRange(0, rules.MOST_MINUTES)])
    setattr(RouteForm, f"step_{_number}_minutes", _minutes)


def values_of(route: AlertRoute | None) -> dict[str, Any]:
    """What the form shows of a route; a new one begins with whoever is on call, then the leads."""
    if route is None:
        shown: dict[str, Any] = {"severities": list(SEVERITY_WORDS), "channel_1_kind": "on_call", "channel_2_kind": "leads"}
        shown["channel_2_instead"] = True
    else:
        shown = {"name": route.name, "severities": route.severities, "team": route.team_id or 0, "hours": route.hours, "mode": route.mode}
        shown |= {"calendar": route.calendar_id or 0, "seen": str(route.version)}
    for number, channel in enumerate(route.channels if route is not None else [], 1):
        shown |= {f"channel_{number}_kind": channel.kind, f"channel_{number}_target": channel.target}
        shown[f"channel_{number}_instead"] = channel.only_instead
    for number, step in enumerate(route.ladder if route is not None else rules.LADDER, 1):
        shown |= {f"step_{number}_who": step["who"], f"step_{number}_minutes": step["after_minutes"]}
    return shown


class ContactForm(FlaskForm):
    """How chat programs know a person."""

    slack_id = StringField(
        "Slack member ID",
        validators=[Optional(), Regexp(r"[UW][A-Z0-9]{5,20}\Z", message="It looks like U0123ABCD; Slack shows it in a profile.")],
    )
    discord_id = StringField(
        "Discord user ID", validators=[Optional(), Regexp(r"\d{15,21}\Z", message="It is a number of 15 to 21 digits.")]
    )

    @classmethod
    def of(cls, contact: AlertContact | None) -> "ContactForm":
        """The form that shows what is known."""
        return cls(formdata=None, obj=contact)


class SilenceForm(FlaskForm):
    """How long, and why. `until_at` is a moment on the writer's own wall clock; where it is filled in, it goes before the length."""

    minutes = SelectField("For", coerce=int, choices=offered(LENGTHS.items()), default=60)
    until_at = StringField("Until", validators=[Optional(), Length(max=40)])
    reason = StringField("Reason", validators=[DataRequired("Say why: whoever wonders later reads it."), Length(max=500)])

    def until(self, now: datetime, zone_name: str) -> datetime | None:
        """When it ends (aware UTC), or None with the error at its field."""
        at: datetime | None = now + timedelta(minutes=self.minutes.data or 0)
        if self.until_at.data or not self.minutes.data:
            try:
                at = from_wall(datetime.fromisoformat(self.until_at.data or ""), zone_name)
            except ValueError:
                at = None
        if at is None or not now < at <= now + rules.LONGEST_SILENCE:
            self.until_at.errors = [f"Choose a moment within {rules.LONGEST_SILENCE.days} days, and not before now."]
            return None
        return at


class ScopeForm(SilenceForm):
    """A silence over a source, a team, or a source of a team."""

    source = SelectField("Source", default="")
    team = SelectField("Team", coerce=int, default=0)

    def offer(self, sources: Sequence[str], teams: Sequence[Team]) -> "ScopeForm":
        """Fill in what can be chosen."""
        self.source.choices = offered([("", "Any source"), *((source, source) for source in sources)])
        self.team.choices = offered([(0, "Any team"), *((team.id, team.name) for team in teams)])
        return self
