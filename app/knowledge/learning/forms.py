"""The forms of readers' remarks, of the writers who answer them, and of the product's versions."""

from wtforms import DateField, Form, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional, Regexp

from app.knowledge.learning.rules import MAX_REMARK, WHYS
from app.lib.text import many_lines, one_line

MAX_ANSWER = 500
CHOICES = [SelectChoice(key, words) for key, words in WHYS.items()]


class RemarkForm(Form):
    """Why an entry helped or did not."""

    why = RadioField("What is wrong with it?", choices=CHOICES, validators=[Optional()], validate_choice=True)
    text = TextAreaField(
        "In your words",
        [Optional(), Length(max=MAX_REMARK, message=f"Use {MAX_REMARK:,} characters at most.")],
        filters=[many_lines],
        description="Addresses, links and keys are masked before it is kept.",
    )


class ClosingForm(Form):
    """What a writer did about a remark."""

    answer = StringField(
        "What was done", [Optional(), Length(max=MAX_ANSWER, message=f"Use {MAX_ANSWER} characters at most.")], filters=[one_line]
    )


class ReleaseForm(Form):
    """A version of the product."""

    version = StringField(
        "Version",
        [DataRequired("Say which version."), Length(max=40), Regexp(r"^\d+(\.\d+)*$", message="Use numbers and dots, such as 2.0.")],
        filters=[one_line],
        description="2.0 covers 2.0.1 as well.",
    )
    released_on = DateField("Released", [Optional()])
    ends_on = DateField("Supported until", [Optional()], description="The last day. Empty: no end is known.")
