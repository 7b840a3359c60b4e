"""The forms of calls: booking, moving and cancelling; what staff note; and the kinds of call that leads keep."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
    widgets,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from app.accounts.forms import zones
from app.accounts.models import Plan, Team, User
from app.calls.actions import REASON_LENGTH, TOPIC_LENGTH
from app.calls.editing import BOUNDS, Terms
from app.calls.models import CallKind
from app.calls.outcomes import NOTE_LENGTH, SHARES
from app.calls.rooms import HOW, checked_contact, checked_room
from app.calls.rules import OUTCOMES, Slot, parse_slot
from app.lib.errors import Invalid
from app.lib.text import many_lines, one_line
from app.lib.times import in_words
from app.rota.wall import known_zone
from app.tickets.forms import Once

NO_SLOT = "Choose one of the times shown."


def offered(pairs: Iterable[tuple[Any, str]]) -> list[SelectChoice]:
    """The options of a choice."""
    return [SelectChoice(value, text) for value, text in pairs]


class ZoneForm(FlaskForm):
    """In which zone times are shown: a plain GET form."""

    class Meta:
        csrf = False

    zone = SelectField("Times are shown in", choices=zones, validate_choice=False)


class SlotForm(FlaskForm):
    """A time, and the zone in which it was chosen."""

    slot = RadioField("Time", validators=[InputRequired(NO_SLOT)], validate_choice=False)
    zone = HiddenField("Time zone", default="UTC")

    def offer(self, slots: Sequence[Slot], names: dict[int, str]) -> None:
        """The times to choose from, the first of them chosen where none is."""
        zone = self.zone_name
        said = [(one.value, f"{in_words(one.start, zone)}, with {names.get(one.user_id, 'an engineer')}") for one in slots]
        self.slot.choices = offered(said)
        if said and self.slot.data not in dict(said):
            self.slot.data = said[0][0]

    @property
    def zone_name(self) -> str:
        """The zone, or UTC for one that does not exist."""
        return self.zone.data if self.zone.data and known_zone(self.zone.data) else "UTC"

    def validate_slot(self, field: Any) -> None:
        """It is a time with a person; whether they have it is for the action to say."""
        if parse_slot(field.data or "") is None:
            raise ValidationError(NO_SLOT)

    @property
    def chosen(self) -> tuple[datetime, int]:
        """(start, person) of a valid form."""
        found = parse_slot(self.slot.data or "")
        if found is None:
            raise Invalid(NO_SLOT)
        return found


class BookingForm(SlotForm, Once):
    """What the call is about, and how we reach its customer."""

    kind = HiddenField("Kind")
    topic = StringField(
        "What is it about?",
        filters=[one_line],
        validators=[DataRequired("Say in a sentence what the call is about."), Length(max=TOPIC_LENGTH)],
    )
    how = RadioField("How", choices=offered(HOW.items()), default="video", validators=[InputRequired("Choose phone or video.")])
    contact = StringField("Phone number, or a link to your video room", filters=[one_line], validators=[Length(max=500)])
    ticket = SelectField("About a ticket", default="", validate_choice=False)
    # Set by the route, which knows what its viewer may see.
    is_unknown_ticket = False

    def validate_ticket(self, field: Any) -> None:
        """It is one that the customer may see."""
        if self.is_unknown_ticket:
            raise ValidationError("Choose one of your tickets, or none.")

    def validate_contact(self, field: Any) -> None:
        """A number for a phone call; an address or nothing for video."""
        try:
            checked_contact(self.how.data or "", field.data or "")
        except Invalid as wrong:
            raise ValidationError(wrong.message) from wrong

    def tickets(self, rows: Iterable[Any]) -> None:
        """The tickets to choose from; one that was named stays, though it is not among the newest."""
        found = {row.ref: f"{row.ref}: {row.subject}" for row in rows}
        if self.ticket.data and self.ticket.data not in found:
            found[self.ticket.data] = self.ticket.data
        self.ticket.choices = offered([("", "No ticket"), *found.items()])


class CancelForm(FlaskForm):
    """Why; may stay empty."""

    reason = TextAreaField("Reason", filters=[many_lines], validators=[Length(max=REASON_LENGTH)])


class EngineerForm(FlaskForm):
    """To whom a call is given."""

    engineer = SelectField("Engineer", coerce=int, validators=[InputRequired("Choose an engineer.")])

    def offer(self, people: Iterable[User], free: set[int], now_with: int | None) -> "EngineerForm":
        """Everybody at the desk; those who are on duty and free come first. `now_with` is chosen, or else the first of all."""
        rows = sorted(people, key=lambda one: (one.id not in free, one.name))
        choices = [SelectChoice(one.id, one.name, optgroup="On duty and free" if one.id in free else "Everybody else") for one in rows]
        self.engineer.choices = choices
        if self.engineer.data is None and rows:
            self.engineer.data = now_with if now_with is not None else rows[0].id
        return self


class RoomForm(FlaskForm):
    """The room of a video call."""

    video_url = StringField("Address of the room", filters=[one_line], validators=[Length(max=500)])

    def validate_video_url(self, field: Any) -> None:
        """An https address, or nothing."""
        valid_room(field)


class OutcomeForm(FlaskForm):
    """How a call went."""

    outcome = RadioField("How did it go?", choices=offered(OUTCOMES.items()), validators=[InputRequired("Choose how it went.")])
    note = TextAreaField("Note of the call", filters=[many_lines], validators=[Length(max=NOTE_LENGTH)])
    share = RadioField("Who reads the note", choices=offered(SHARES.items()), default="internal")
    opens_ticket = BooleanField("Open a ticket for what is left to do")

    def validate_note(self, field: Any) -> None:
        """A summary in public has words."""
        if self.share.data == "public" and not (field.data or "").strip():
            raise ValidationError("Write the summary that the customer should read.")


class KindForm(FlaskForm):
    """A kind of call. Numbers out of bounds are refused beside their fields."""

    name = StringField("Name", filters=[one_line], validators=[DataRequired("Give it the name that customers read."), Length(max=80)])
    about = TextAreaField("What customers read of it", filters=[many_lines], validators=[Length(max=500)])
    is_open = BooleanField("Can be booked", default=True)
    least_rank = SelectField("For plans from", coerce=int)
    teams = SelectMultipleField(
        "Teams that take it",
        coerce=int,
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
        validate_choice=False,
    )
    minutes = IntegerField("Length, minutes", default=30)
    step_minutes = IntegerField("A slot begins every, minutes", default=30)
    before_minutes = IntegerField("Buffer before, minutes", default=0)
    after_minutes = IntegerField("Buffer after, minutes", default=10)
    notice_minutes = IntegerField("Notice, minutes", default=120)
    ahead_days = IntegerField("How far ahead, days", default=28)
    capacity = IntegerField("Customers in one slot", default=1)
    video_url = StringField("Video room", filters=[one_line], validators=[Length(max=500)])
    seen = HiddenField()

    def terms(self) -> Terms:
        """What was entered; a number that is none is out of every bound."""
        numbers: dict[str, Any] = {name: -1 if self[name].data is None else self[name].data for name in BOUNDS}
        words: dict[str, Any] = {"name": self.name.data or "", "about": self.about.data or "", "video_url": self.video_url.data or ""}
        return Terms(is_open=self.is_open.data, least_rank=self.least_rank.data or 0, team_ids=self.teams.data or [], **words, **numbers)

    def refuse(self, wrong: dict[str, str]) -> None:
        """Put what is wrong beside its field."""
        for name, problem in wrong.items():
            self[name].errors = [problem]


def kind_form(kind: CallKind | None, plans: Iterable[Plan], teams: Iterable[Team], given: Any = None) -> KindForm:
    """The form of a kind, filled with what was sent, or else with the row."""
    values: dict[str, Any] = {}
    if kind is not None:
        names = ("name", "about", "is_open", "least_rank", "video_url", *BOUNDS)
        values = {name: getattr(kind, name) for name in names} | {"teams": [row.team_id for row in kind.teams], "seen": str(kind.version)}
    form = KindForm(given, data=values)
    form.least_rank.choices = offered((plan.rank, plan.name) for plan in plans)
    form.teams.choices = offered((team.id, team.name) for team in teams)
    return form


def version_of(form: KindForm) -> int | None:
    """The version of the row that the page was made with, or None."""
    text = form.seen.data or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def valid_room(field: Any) -> None:
    """Raise ValidationError unless a field holds the address of a room, or nothing."""
    try:
        checked_room(field.data or "")
    except Invalid as wrong:
        raise ValidationError(wrong.message) from wrong
