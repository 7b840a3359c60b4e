"""The forms that policies and calendars are edited with."""

from datetime import UTC, datetime
from itertools import product
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length

from app.lib.text import one_line
from app.sla.calendars import ROUND_THE_CLOCK, WEEK, BadCalendar, usable
from app.sla.forms import offered
from app.sla.hours import WEEKDAYS
from app.sla.models import Calendar, Policy
from app.sla.reports import PRIORITIES
from app.sla.spelling import NO_PROMISE, read_days, read_promise, read_spans, spell_days, spell_spans, spell_target
from app.sla.terms import LABELS, METRICS

MOST_TEXT = 20_000
# What counts where a policy has no calendar of its own: in words, and which it is where that is known.
ABOVE: tuple[str, Calendar | None] = ("The plan's, or the default one", None)


def target_field(metric: str, priority: str) -> str:
    """The name of the field of one target."""
    return f"{metric}-{priority}"


def moment(text: str | None) -> datetime | None:
    """The state of a row that a form was made with; None if it does not say. Nonsense is a moment that no row has."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


class PolicyForm(FlaskForm):
    """A calendar, what pauses, and fifteen targets, of which each is a length or a deliberate "none"."""

    calendar = SelectField("Calendar", coerce=int)
    pause_on_hold = BooleanField("Being on hold stops the resolution clock, too")
    seen = HiddenField()

    def offer(self, calendars: list[Calendar], above: tuple[str, Calendar | None] = ABOVE) -> "PolicyForm":
        """Fill in what can be chosen; `above` names the calendar that counts where the policy has none, and which it is."""
        words, self.above = above
        listed = [(calendar.id, calendar.name) for calendar in calendars]
        self.calendar.choices = offered([*listed, (0, f"{words}{f' (now {self.above.name})' if self.above else ''}")])
        self.calendars = {calendar.id: calendar for calendar in calendars}
        return self

    @property
    def chosen(self) -> Calendar | None:
        """The chosen calendar; None for the one above."""
        return self.calendars.get(self.calendar.data)

    @property
    def counted(self) -> Calendar | None:
        """The calendar that would count, where that is known."""
        return self.chosen or self.above

    @property
    def is_always(self) -> bool:
        """Whether that one is known and never closed, so that a day has 24 hours."""
        return self.counted is not None and self.counted.definition.get("hours") == ROUND_THE_CLOCK

    def target(self, metric: str, priority: str) -> Any:
        """The field of one target."""
        return self[target_field(metric, priority)]

    def validate(self, extra_validators: Any = None) -> bool:
        """Every target must be a length of time on the chosen calendar, or say that nothing is promised; one must be given."""
        is_valid = bool(super().validate(extra_validators))
        self.targets: dict[tuple[str, str], int] = {}
        for metric in METRICS:
            for priority in PRIORITIES:
                field = self.target(metric, priority)
                if field.errors:
                    continue
                try:
                    minutes = read_promise(field.data or "", round_the_clock=self.is_always)
                except ValueError as wrong:
                    field.errors = [str(wrong)]
                    continue
                if minutes is not None:
                    self.targets[metric, priority] = minutes
        if not self.targets and not self.errors:
            self.form_errors.append("A policy without any target promises nothing. Give it one, or withdraw it.")
        return is_valid and not self.errors

    def spell(self) -> None:
        """Write the targets that were understood as the page writes them: 180 is 3 h."""
        understood = [key for key in product(METRICS, PRIORITIES) if not self.target(*key).errors]
        for key in understood:
            self.target(*key).data = spell_target(self.targets.get(key), round_the_clock=self.is_always) or NO_PROMISE

    @classmethod
    def of(cls, policy: Policy, calendars: list[Calendar], above: tuple[str, Calendar | None] = ABOVE) -> "PolicyForm":
        """The form that shows a policy."""
        counted = above[1] if policy.inherits_calendar else policy.calendar
        always = counted is not None and counted.definition.get("hours") == ROUND_THE_CLOCK
        data: dict[str, Any] = {target_field(metric, priority): NO_PROMISE for metric in METRICS for priority in PRIORITIES}
        data |= {
            target_field(target.metric, target.priority): spell_target(target.target_minutes, round_the_clock=always)
            for target in policy.targets
        }
        data |= {"calendar": 0 if policy.inherits_calendar else policy.calendar_id}
        data |= {"pause_on_hold": policy.pause_on_hold, "seen": policy.changed_at.isoformat()}
        return cls(formdata=None, data=data).offer(calendars, above)


for _metric in METRICS:
    for _priority in PRIORITIES:
        _label = f"{LABELS[_metric]}, {_priority}"
        setattr(PolicyForm, target_field(_metric, _priority), StringField(_label, validators=[Length(max=30)]))


class OwnPolicyForm(PolicyForm):
    """The same for an organization that has none yet."""

    organization = SelectField("Organization", coerce=int)
    # Chosen while it had none.
    taken: tuple[int, str] | None = None

    def offer_organizations(self, free: list[tuple[int, str]], taken: tuple[int, str] | None) -> "OwnPolicyForm":
        """Fill in those that have no policy; one that was chosen and got one meanwhile stays chosen, and is refused."""
        self.taken = taken
        self.organization.choices = offered([taken, *free] if taken else free)
        return self

    def validate_organization(self, field: Any) -> None:
        """It has no policy yet."""
        if self.taken is not None and field.data == self.taken[0]:
            raise ValidationError(
                f"{self.taken[1]} has a policy of its own by now. Change that one instead, or choose another organization."
            )


class OwnCalendarForm(FlaskForm):
    """Which calendar an organization counts by, whatever its policy says, and why."""

    organization = SelectField("Organization", coerce=int)
    calendar = SelectField("Calendar", coerce=int)
    reason = StringField("Why", validators=[InputRequired("Say why, so that whoever wonders later can read it."), Length(max=250)])

    def offer(self, organizations: list[tuple[int, str]], calendars: list[Calendar]) -> "OwnCalendarForm":
        """Fill in what can be chosen."""
        self.organization.choices = offered(organizations)
        self.calendar.choices = offered([*((row.id, row.name) for row in calendars), (0, "None of its own: its policy's again")])
        self.calendars = {row.id: row for row in calendars}
        return self

    @property
    def chosen(self) -> Calendar | None:
        """The chosen calendar; None for its policy's."""
        return self.calendars.get(self.calendar.data)


class CalendarForm(FlaskForm):
    """A name, a zone, hours a day, and the days that are different."""

    name = StringField("Name", validators=[InputRequired("Give the calendar a name."), Length(max=100)])
    tz = StringField("Time zone", validators=[InputRequired("Name the zone, such as Europe/Berlin."), Length(max=60)])
    always = BooleanField("Around the clock")
    mon = StringField("Monday", validators=[Length(max=200)])
    tue = StringField("Tuesday", validators=[Length(max=200)])
    wed = StringField("Wednesday", validators=[Length(max=200)])
    thu = StringField("Thursday", validators=[Length(max=200)])
    fri = StringField("Friday", validators=[Length(max=200)])
    sat = StringField("Saturday", validators=[Length(max=200)])
    sun = StringField("Sunday", validators=[Length(max=200)])
    country = StringField("Country", validators=[Length(max=2, message="Two letters, such as DE.")])
    region = StringField("Region", validators=[Length(max=40)])
    holidays = TextAreaField("Holidays", validators=[Length(max=MOST_TEXT)])
    overrides = TextAreaField("Exceptions", validators=[Length(max=MOST_TEXT)])
    seen = HiddenField()
    filled_to = HiddenField()
    filled_for = HiddenField()

    def validate_country(self, field: Any) -> None:
        """It must be the one whose days stand below: the years to come are added from there, without anybody looking."""
        if self.place and self.place != self.filled_for.data:
            raise ValidationError("Its holidays are not in the list. Press “Fill in public holidays” first, or leave the country empty.")

    @property
    def place(self) -> str:
        """The country and region as one word, such as `DE BY`; empty for none."""
        country = one_line(self.country.data).upper()
        return f"{country} {one_line(self.region.data)}".strip() if country else ""

    def days(self) -> list[Any]:
        """The seven fields of the week."""
        return [self[day] for day in WEEK]

    def read(self, field: Any, reader: Any) -> Any:
        """What a field says, or a message beside it."""
        try:
            return reader(field.data or "")
        except ValueError as wrong:
            field.errors = [*field.errors, str(wrong)]
            return []

    def spans_by_day(self, text: str) -> dict[str, list[list[str]]]:
        """The exceptions: a day and its spans a line. A day alone is refused: nobody could tell closed from forgotten."""
        days = read_days(text)
        for day, rest in days:
            if not rest:
                raise ValueError(f"Give the hours of {day}, or write {day} closed.")
        return {day: read_spans(rest) for day, rest in days}

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field for itself, then the calendar as a whole."""
        is_valid = bool(super().validate(extra_validators))
        week = {day: self.read(self[day], read_spans) for day in WEEK}
        holidays = self.read(self.holidays, read_days)
        overrides = self.read(self.overrides, self.spans_by_day)
        self.definition: dict[str, Any] = {
            "tz": one_line(self.tz.data),
            "hours": ROUND_THE_CLOCK if self.always.data else {day: spans for day, spans in week.items() if spans},
            "holidays": [day for day, _ in holidays],
            "overrides": overrides or {},
            "names": {day: name for day, name in holidays if name},
        }
        self.definition |= self.source()
        if is_valid and not self.errors:
            try:
                usable(self.definition)
            except BadCalendar as wrong:
                self.field_of(str(wrong)).errors = [str(wrong)]
        return is_valid and not self.errors

    def field_of(self, problem: str) -> Any:
        """The field that a problem of the whole calendar belongs to."""
        if "zone" in problem:
            return self.tz
        day = next((key for key, name in zip(WEEK, WEEKDAYS, strict=True) if f" {name}" in problem), None)
        if day is not None:
            return self[day]
        return self.mon if "open hour" in problem else self.overrides

    def source(self) -> dict[str, Any]:
        """From where the holidays were filled in; `jobs.extend_holidays` goes on from there."""
        country, filled_to = one_line(self.country.data).upper(), self.filled_to.data or ""
        if not country or not (filled_to.isascii() and filled_to.isdecimal() and len(filled_to) == 4):
            return {}
        return {"country": country, "region": one_line(self.region.data), "filled_to": int(filled_to)}

    def exchange_holidays(self, gone: dict[str, str], found: dict[str, str], filled_to: int) -> None:
        """Put public holidays among those that stand there, and take out `gone`; a day that has another name was written by hand."""
        have = {day: name for day, name in read_days(self.holidays.data or "") if gone.get(day) != name}
        names = found | {day: name for day, name in have.items() if name}
        self.holidays.data = spell_days({*have, *found}, names)
        self.filled_to.data, self.filled_for.data = str(filled_to), self.place

    @classmethod
    def of(cls, calendar: Calendar) -> "CalendarForm":
        """The form that shows a calendar."""
        given = calendar.definition
        hours = given.get("hours")
        data = {
            "name": calendar.name,
            "tz": given.get("tz", "UTC"),
            "always": hours == ROUND_THE_CLOCK,
            "country": given.get("country", ""),
            "region": given.get("region", ""),
            "filled_to": str(given.get("filled_to", "")),
            "holidays": spell_days(given.get("holidays", []), given.get("names", {})),
            "overrides": "\n".join(f"{day} {spell_spans(spans) or 'closed'}" for day, spans in sorted(given.get("overrides", {}).items())),
            "seen": calendar.changed_at.isoformat(),
        }
        if isinstance(hours, dict):
            data |= {day: spell_spans(hours.get(day, [])) for day in WEEK}
        form = cls(formdata=None, data=data)
        form.filled_for.data = form.place
        return form
