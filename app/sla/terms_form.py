"""The form that gives a ticket a policy or a calendar of its own."""

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.sla import overrides, rulebook
from app.sla.forms import offered


class TermsForm(FlaskForm):
    """What wins over the organization's and the plan's, and why; both choices empty take it away again."""

    policy = SelectField("Policy", coerce=int)
    calendar = SelectField("Calendar", coerce=int)
    reason = StringField("Why", validators=[InputRequired("Say why, so that whoever wonders later can read it."), Length(max=250)])

    def offer_all(self) -> "TermsForm":
        """Fill in what can be chosen. Two statements."""
        self.policy.choices = offered([(0, "The organization’s or its plan’s"), *overrides.policies()])
        self.calendar.choices = offered([(0, "As it follows"), *((row.id, row.name) for row in rulebook.calendars())])
        return self

    @classmethod
    def of(cls, own: overrides.Own | None) -> "TermsForm":
        """The form that shows what a ticket has."""
        data = {"policy": own.policy_id or 0, "calendar": own.calendar_id or 0} if own is not None else {"policy": 0, "calendar": 0}
        return cls(formdata=None, data=data).offer_all()
