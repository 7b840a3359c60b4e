"""The form of whoever asks others to read."""

from collections.abc import Sequence

from wtforms import DateField, Form, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired
from wtforms.widgets import CheckboxInput, ListWidget

from app.accounts.models import Team

ROLES = (("agent", "Agents"), ("lead", "Leads"), ("admin", "Administrators"))


class Checks(SelectMultipleField):
    """Several of a few."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class MustReadForm(Form):
    """Who has to read an article, and by when."""

    roles = Checks("Roles", choices=[SelectChoice(key, label) for key, label in ROLES], validate_choice=False)
    teams = Checks("Teams", validate_choice=False, description="Somebody of a role or of a team has to read it.")
    due_on = DateField("By", [DataRequired("Say by which day.")])

    def offer(self, teams: Sequence[Team]) -> None:
        """Set the teams to choose from."""
        self.teams.choices = [SelectChoice(team.key, team.name) for team in teams]
