"""The form that a level is edited with."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from app.lib.text import one_line
from app.sla import level_rules as rules
from app.sla.forms import offered
from app.sla.level_models import Level
from app.sla.levels import MOST_NAME, Actions, Wanted
from app.sla.reports import PRIORITIES
from app.sla.terms import LABELS


class Checks(SelectMultipleField):
    """Any of some words, each with a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class LevelForm(FlaskForm):
    """A level: name, place and clocks, which the three of every system keep, and what it does."""

    name = StringField("Name", validators=[InputRequired("Give the level a name."), Length(max=MOST_NAME)])
    amount = IntegerField("Number", validators=[InputRequired("Write a whole number, such as 50.")])
    basis = RadioField("Which is", choices=offered(rules.BASES.items()), default=rules.PERCENT)
    metrics = Checks("Clocks", choices=offered(LABELS.items()))
    priorities = Checks("Priorities", choices=offered((key, key.capitalize()) for key in PRIORITIES))
    notify = Checks("Tell", choices=offered(rules.NOTIFY.items()))
    severity = SelectField("How severely", choices=offered(rules.SEVERITIES.items()), default="warning")
    raise_priority = BooleanField("Raise the ticket's priority by one")
    reassign = SelectField("Give the ticket to", default="")
    escalate = BooleanField("Escalate the ticket by one tier")
    seen = HiddenField()

    def offer(self, teams: list[tuple[int, str]], *, is_built_in: bool = False) -> "LevelForm":
        """Fill in what can be chosen; a level of every system asks for its actions only."""
        elsewhere = [(rules.ON_CALL, "Whoever is on call"), (rules.UNASSIGN, "Nobody: take it off its assignee")]
        given = [(f"{rules.TO_TEAM}{number}", f"Team {name}") for number, name in teams]
        self.reassign.choices = offered([*elsewhere, *given], "Leave it where it is")
        if is_built_in:
            for name in ("name", "amount", "basis", "metrics", "priorities"):
                delattr(self, name)
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        """Each field for itself, then the place as a whole."""
        is_valid = bool(super().validate(extra_validators))
        if "amount" in self and not self.amount.errors and not self.basis.errors:
            wrong = rules.problem(self.basis.data or "", self.amount.data or 0)
            self.amount.errors = [wrong] if wrong is not None else []
        if "metrics" in self and not self.metrics.data and not self.metrics.errors:
            self.metrics.errors = ["Choose at least one clock."]
        return is_valid and not self.errors

    def wanted(self, level: Level | None) -> Wanted:
        """What a valid form says."""
        actions = Actions(
            notify=tuple(self.notify.data or ()),
            severity=self.severity.data,
            raise_priority=self.raise_priority.data,
            reassign=self.reassign.data or None,
            escalate=self.escalate.data,
        )
        if "name" not in self and level is not None:
            return Wanted(level.name, level.basis, level.amount, tuple(level.metrics), tuple(level.priorities), actions)
        name, amount = one_line(self.name.data), self.amount.data or 0
        return Wanted(name, self.basis.data, amount, tuple(self.metrics.data or ()), tuple(self.priorities.data or ()), actions)

    @classmethod
    def of(cls, level: Level | None, teams: list[tuple[int, str]]) -> "LevelForm":
        """The form that shows a level, or an empty one."""
        if level is None:
            return cls(formdata=None, data={"metrics": list(LABELS)}).offer(teams)
        data = {"name": level.name, "basis": level.basis, "amount": level.amount, "metrics": level.metrics, "priorities": level.priorities}
        data |= level.actions | {"reassign": level.actions["reassign"] or "", "seen": level.changed_at.isoformat()}
        return cls(formdata=None, data=data).offer(teams, is_built_in=level.key in rules.BUILT_IN)
