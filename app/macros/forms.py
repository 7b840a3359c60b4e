"""The form of a macro."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.macros import rules
from app.macros.actions import Content
from app.macros.models import Macro


def offered(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """The options of a choice."""
    return [SelectChoice(value, text) for value, text in pairs]


class MacroForm(FlaskForm):
    """Title, text, what it is for and who may use it. `seen` is the version that the page was made with."""

    title = StringField(
        "Title", validators=[InputRequired("Give it a title that is found by looking at a list."), Length(max=rules.TITLE_LENGTH)]
    )
    kind = SelectField("Used as", choices=offered(rules.KINDS.items()), default="general")
    audience = RadioField("Who may use it", choices=offered(rules.AUDIENCES.items()), default="all")
    team_id = SelectField("Team", default="")
    body = TextAreaField(
        "Text (Markdown)",
        validators=[
            InputRequired("Write the text."),
            Length(max=rules.BODY_LENGTH, message=f"Use {rules.BODY_LENGTH:,} characters at most."),
        ],
    )
    seen = HiddenField()

    def validate_body(self, field: Any) -> None:
        """Refuse placeholders that do not exist, naming those that do."""
        if wrong := rules.refusal(field.data or ""):
            raise ValidationError(wrong)

    def validate_team_id(self, field: Any) -> None:
        """A team's macro needs its team."""
        if self.audience.data == "team" and not field.data:
            raise ValidationError("Choose the team.")

    def content(self) -> Content:
        """The values of a form that is valid."""
        team_id = int(self.team_id.data) if self.audience.data == "team" else None
        return Content(self.title.data, self.body.data, self.kind.data, self.audience.data, team_id)

    def version(self) -> int | None:
        """The version that the writer saw, or None."""
        return int(self.seen.data) if (self.seen.data or "").isdecimal() and len(self.seen.data) < 10 else None


def form_for(macro: Macro | None, teams: Sequence[Any], given: Any = None, *, leads: bool) -> MacroForm:
    """The form, filled with `given` (what was sent) or else with the macro. Only leads are offered first responses."""
    values: dict[str, Any] = {}
    if macro is not None:
        audience = "personal" if macro.owner_id else "team" if macro.team_id else "all"
        values = {
            "title": macro.title,
            "body": macro.body,
            "kind": macro.kind,
            "audience": audience,
            "team_id": str(macro.team_id or ""),
            "seen": str(macro.version),
        }
    form = MacroForm(given, data=values)
    form.team_id.choices = offered([("", "Choose a team"), *((str(team.id), team.name) for team in teams)])
    if not leads:
        form.kind.choices = offered((key, text) for key, text in rules.KINDS.items() if key == "general" or (macro and macro.kind == key))
    return form
