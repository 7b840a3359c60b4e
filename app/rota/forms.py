"""The forms of the rota. Moments are on the writer's own clock; the times of a shift are on the clock of its zone."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    DateTimeLocalField,
    FieldList,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from app.lib.text import one_line
from app.rota.editing import STATES, ShiftContent
from app.rota.models import RotaCover, RotaPerson, RotaShift
from app.rota.wall import instant, known_zone

FIRST_YEAR, LAST_YEAR = 2000, 2100
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LEVELS = {"1": "On call first", "2": "Backup"}
NEEDS = {"always": "Around the clock", "hours": "In given hours", "none": "No cover needed"}
# Places in a rotation.
PLACES = 12
EMPTY_PLACES = 3
MIDNIGHT = time(0)


def offered(pairs: Iterable[tuple[object, str]], first: str | None = None) -> list[SelectChoice]:
    """The options of a choice, with one that chooses nothing before them if it has a name."""
    return [*([SelectChoice("", first)] if first is not None else []), *(SelectChoice(str(value), text) for value, text in pairs)]


def number(text: Any) -> int | None:
    """A choice's id, or nothing; raises ValueError for anything else."""
    if not text:
        return None
    if not str(text).isdecimal() or len(str(text)) > 9:
        raise ValueError("no number")
    return int(text)


def in_range(form: Any, field: Any) -> None:
    """Refuse years in which nobody plans."""
    if field.data and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        raise ValidationError(f"Choose a year from {FIRST_YEAR} to {LAST_YEAR}.")


def real_zone(form: Any, field: Any) -> None:
    """Refuse a zone that does not exist."""
    if not known_zone(one_line(field.data)):
        raise ValidationError("There is no such time zone. Write it as in the IANA database, such as Europe/Berlin.")


def moment(at: datetime, zone_name: str) -> datetime:
    """The instant (UTC) at which the writer's wall clock shows this."""
    return instant(zone_name if known_zone(zone_name) else "UTC", at.date(), at.hour * 60 + at.minute)


def minutes(at: time) -> int:
    """Minutes from midnight."""
    return at.hour * 60 + at.minute


class EndField(TimeField):
    """When a span ends: 24:00, as many write it, is midnight, too."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it as 00:00, which is the end of the day where an end is not after its beginning."""
        super().process_formdata(["00:00" if text.strip() == "24:00" else text for text in valuelist])


class Checks(SelectMultipleField):
    """Boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class SpanForm(FlaskForm):
    """From when until when, on the writer's clock."""

    starts_at = DateTimeLocalField("From (your time)", format="%Y-%m-%dT%H:%M", validators=[InputRequired("Say when it begins."), in_range])
    ends_at = DateTimeLocalField("Until (your time)", format="%Y-%m-%dT%H:%M", validators=[InputRequired("Say when it ends."), in_range])

    def validate_ends_at(self, field: Any) -> None:
        """The end is after the beginning."""
        if field.data and self.starts_at.data and field.data <= self.starts_at.data:
            raise ValidationError("Choose an end after the beginning.")

    def span(self, zone_name: str) -> tuple[datetime, datetime]:
        """The span as instants in UTC; the form is valid."""
        return moment(self.starts_at.data, zone_name), moment(self.ends_at.data, zone_name)


class OverrideForm(SpanForm):
    """Somebody takes a span."""

    level = SelectField("Level", choices=offered(LEVELS.items()), default="1")
    user_id = SelectField("Who takes it", coerce=number, validators=[InputRequired("Choose who takes it.")])
    reason = StringField("Reason", validators=[Length(max=200)])

    def offer(self, people: Iterable[Any]) -> "OverrideForm":
        """Fill in who can be chosen."""
        self.user_id.choices = offered(((one.id, one.name) for one in people), "Choose a person")
        return self


class AbsenceForm(SpanForm):
    """Somebody is away. Without `user_id` it is the writer."""

    user_id = SelectField("Who is away", coerce=number)
    deputy_id = SelectField("Deputy", coerce=number)
    note = StringField("Note", validators=[Length(max=200)])

    def offer(self, people: list[Any], viewer_id: int, *, leads: bool) -> "AbsenceForm":
        """Fill in who can be chosen; only leads speak for others."""
        if leads:
            self.user_id.choices = offered((one.id, one.name) for one in people)
            self.user_id.data = self.user_id.data if self.user_id.data is not None else viewer_id
        else:
            del self.user_id
        self.deputy_id.choices = offered(((one.id, one.name) for one in people), "As in the settings")
        return self

    def whose(self) -> int | None:
        """Who is away; None for the writer."""
        return self.user_id.data if self.user_id is not None else None


class SwapForm(FlaskForm):
    """A duty of mine for somebody else's, or as a favour. Values name duties as views.py writes them."""

    duty = SelectField("My duty", validators=[InputRequired("Choose the duty that you want to give away.")])
    other_id = SelectField("Who should take it", coerce=number, validators=[InputRequired("Choose whom to ask.")])
    back = SelectField("In return I take", default="")
    note = StringField("Note", validators=[Length(max=200)])


class PersonForm(FlaskForm):
    """What the rota should know of me."""

    state = RadioField("New work", choices=offered(STATES.items()), default="available")
    capacity = IntegerField("Most open tickets", validators=[Optional(), NumberRange(1, 500, "Write a number from 1 to 500, or nothing.")])
    deputy_id = SelectField("Deputy", coerce=number)
    country = StringField("Country of my holidays", validators=[Length(max=2, message="Two letters, such as DE.")])
    region = StringField("Region", validators=[Length(max=40)])

    def offer(self, people: Iterable[Any], person_id: int) -> "PersonForm":
        """Fill in who can stand in."""
        self.deputy_id.choices = offered(((one.id, one.name) for one in people if one.id != person_id), "Nobody")
        return self

    @classmethod
    def of(cls, row: RotaPerson | None) -> "PersonForm":
        """The form that shows what is kept."""
        return cls(formdata=None, obj=row)


class CoverForm(FlaskForm):
    """What cover a team needs."""

    needs = RadioField("Cover", choices=offered(NEEDS.items()), default="none")
    time_zone = StringField("Time zone of the hours", validators=[Length(max=60)], default="UTC")
    days = Checks("Days", choices=offered(enumerate(WEEKDAYS)))
    opens = TimeField("From", validators=[Optional()])
    closes = EndField("Until", validators=[Optional()])

    def validate_time_zone(self, field: Any) -> None:
        """It must exist where it counts."""
        if self.needs.data == "hours":
            real_zone(self, field)

    def validate_days(self, field: Any) -> None:
        """Hours need days and times."""
        if self.needs.data == "hours" and (not field.data or self.opens.data is None or self.closes.data is None):
            raise ValidationError("Choose the days, and from when until when.")

    def zone_name(self) -> str:
        """The zone, cleaned; UTC where it does not count."""
        return one_line(self.time_zone.data) if self.needs.data == "hours" else "UTC"

    def hours(self) -> dict[str, list[list[int]]]:
        """The week that a valid form says; an end that is not after the beginning lies in the next day."""
        if self.needs.data != "hours":
            return {}
        opens, closes = minutes(self.opens.data), minutes(self.closes.data)
        return {day: [[opens, closes if closes > opens else closes + 1440]] for day in self.days.data}

    @classmethod
    def of(cls, row: RotaCover | None) -> "CoverForm":
        """The form that shows what is kept."""
        if row is None or not row.hours:
            return cls(formdata=None, data={"needs": row.needs if row else "none"})
        opens, closes = next(iter(row.hours.values()))[0]
        times = {"opens": time(opens // 60 % 24, opens % 60), "closes": time(closes // 60 % 24, closes % 60)}
        return cls(formdata=None, data={"needs": row.needs, "time_zone": row.time_zone, "days": list(row.hours), **times})


class ShiftForm(FlaskForm):
    """A weekly shift and its rotation. `seen` is the version that the page was made with."""

    name = StringField("Name", validators=[InputRequired("Give the shift a name, such as “Europe, days”."), Length(max=80)])
    level = SelectField("Level", choices=offered(LEVELS.items()), default="1")
    time_zone = StringField("Time zone", validators=[InputRequired("Name the zone, such as Europe/Berlin."), Length(max=60), real_zone])
    weekdays = Checks("Begins on", choices=offered(enumerate(WEEKDAYS)), default=["0", "1", "2", "3", "4"])
    starts = TimeField("From", validators=[InputRequired("Say when it begins.")])
    ends = EndField("Until", validators=[InputRequired("Say when it ends.")])
    turn_weeks = IntegerField("Weeks of a turn", default=1, validators=[NumberRange(1, 26, "Write a number of weeks from 1 to 26.")])
    anchor_on = DateField("First turn begins on", validators=[InputRequired("Choose the day from which turns are counted."), in_range])
    begins_on = DateField("First day of the shift", validators=[Optional(), in_range])
    ends_on = DateField("Last day of the shift", validators=[Optional(), in_range])
    turns = FieldList(SelectField("Turn", coerce=number), max_entries=PLACES)
    seen = HiddenField()

    def validate_weekdays(self, field: Any) -> None:
        """A shift that never begins is none."""
        if not field.data:
            raise ValidationError("Choose the days on which it begins.")

    def validate_ends_on(self, field: Any) -> None:
        """The last day is not before the first."""
        if field.data and self.begins_on.data and field.data < self.begins_on.data:
            raise ValidationError("Choose a last day that is not before the first.")

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field, then the rotation: nobody stands in it twice."""
        is_valid = bool(super().validate(extra_validators))
        seen: set[int] = set()
        for place in self.places():
            if place.data in seen:
                place.errors = ["This person stands in the rotation already."]
                is_valid = False
            seen |= {place.data} - {None}
        return is_valid

    def places(self) -> list[Any]:
        """The fields of the rotation, in order."""
        return list(self.turns.entries)

    def offer(self, people: list[Any]) -> "ShiftForm":
        """Fill in who can be chosen, and have some empty places at the end."""
        filled = max((n for n, place in enumerate(self.places(), 1) if place.data is not None), default=0)
        while len(self.turns.entries) < min(filled + EMPTY_PLACES, PLACES):
            self.turns.append_entry()
        for n, place in enumerate(self.places(), 1):
            place.label.text = f"Turn {n}"
            place.choices = offered(((one.id, one.name) for one in people), "Nobody")
        return self

    def content(self) -> ShiftContent:
        """What a valid form says."""
        times = (minutes(self.starts.data), minutes(self.ends.data), tuple(place.data for place in self.places() if place.data is not None))
        days = tuple(sorted(int(day) for day in self.weekdays.data))
        zone_name, level = one_line(self.time_zone.data), int(self.level.data)
        bounds = (self.anchor_on.data, self.turn_weeks.data, self.begins_on.data, self.ends_on.data)
        return ShiftContent(one_line(self.name.data), level, zone_name, days, *times, *bounds)

    def version(self) -> int | None:
        """The version that the writer saw, or None."""
        return int(self.seen.data) if (self.seen.data or "").isdecimal() and len(self.seen.data) < 10 else None

    @classmethod
    def of(cls, row: RotaShift) -> "ShiftForm":
        """The form that shows a shift; its turns are loaded."""
        names = ("name", "time_zone", "turn_weeks", "anchor_on", "begins_on", "ends_on")
        data: dict[str, Any] = {name: getattr(row, name) for name in names}
        data |= {"level": str(row.level), "weekdays": [str(day) for day in row.weekdays], "seen": str(row.version)}
        data |= {key: time(at // 60 % 24, at % 60) for key, at in (("starts", row.starts_minute), ("ends", row.ends_minute))}
        data["turns"] = [turn.user_id for turn in row.turns[:PLACES]]
        return cls(formdata=None, data=data)

    @classmethod
    def new(cls, zone_name: str, monday: date) -> "ShiftForm":
        """The form of a new shift."""
        data = {"time_zone": zone_name, "anchor_on": monday, "starts": time(9), "ends": time(17)}
        return cls(formdata=None, data=data)


class BatonForm(FlaskForm):
    """To whom a duty is offered, and what they should know."""

    team_id = SelectField("Duty", coerce=number, validators=[InputRequired("Choose the duty.")])
    to_id = SelectField("Hand over to", coerce=number, validators=[InputRequired("Choose who takes over.")])
    note = TextAreaField("What they should know", validators=[Length(max=4000, message="Use 4,000 characters at most.")])


class AnswerForm(FlaskForm):
    """A word with an answer."""

    answer = TextAreaField("A word to them", validators=[Length(max=4000, message="Use 4,000 characters at most.")])
