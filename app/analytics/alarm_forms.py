"""The form of an alarm."""

import math
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, FloatField, IntegerField
from wtforms.validators import InputRequired, NumberRange

from app.analytics.alarms import Definition, Standing, shown


class AlarmForm(FlaskForm):
    """The bound, how much there must be, and whether it is watched."""

    threshold = FloatField("Bound", validators=[InputRequired("Give a number.")])
    least = IntegerField("Made of at least", validators=[InputRequired("Give a whole number."), NumberRange(1, 10_000)])
    is_enabled = BooleanField("Raise alerts")

    @classmethod
    def of(cls, one: Standing) -> "AlarmForm":
        """The form that shows how an alarm is set."""
        values: dict[str, Any] = {"threshold": one.threshold, "least": one.least, "is_enabled": one.is_enabled}
        return cls(formdata=None, data=values).bounded(one.definition)

    def bounded(self, definition: Definition) -> "AlarmForm":
        """Know which bounds make sense; a count is not asked of how much it must be made."""
        self.low, self.high = definition.bounds
        if not definition.least:
            del self.least
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        """The bound must be a number within what the figure can be."""
        if not super().validate(extra_validators):
            return False
        value = self.threshold.data
        if value is None or not math.isfinite(value) or not self.low <= value <= self.high:
            self.threshold.errors = [f"The bound lies between {shown(self.low)} and {shown(self.high)}."]
        return not self.errors
