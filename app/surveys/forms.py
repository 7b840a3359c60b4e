"""The survey's form: four questions, the first three from 1 to 5."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.surveys.actions import Answer
from app.surveys.score import MAX_FEEDBACK, QUESTIONS, SCALE, WORDS

CHOICES = {str(n): WORDS[n] for n in SCALE}
CHOOSE = "Choose a number from 1 to 5."


def rating(name: str) -> RadioField:
    """One question with its five answers."""
    return RadioField(QUESTIONS[name], choices=CHOICES, validators=[InputRequired(CHOOSE)], validate_choice=True)


class SurveyForm(FlaskForm):
    """What somebody thinks of one resolution.

    The token in the address is the permission, nobody's cookie is: so a forged request has nothing to gain, and the
    form works where a mail program's browser keeps no cookies.
    """

    class Meta:
        csrf = False

    overall_satisfaction = rating("overall_satisfaction")
    response_time = rating("response_time")
    resolution_quality = rating("resolution_quality")
    additional_feedback = TextAreaField(
        "Any additional feedback or suggestions?",
        validators=[Length(max=MAX_FEEDBACK, message=f"Use {MAX_FEEDBACK:,} characters at most.")],
    )

    def ratings(self) -> list[Any]:
        """The three rated questions, in order."""
        return [self.overall_satisfaction, self.response_time, self.resolution_quality]

    def answer(self) -> Answer:
        """The values of a form that is valid."""
        overall, response, quality = (int(field.data) for field in self.ratings())
        return Answer(overall, response, quality, self.additional_feedback.data or "")
