"""The forms beside the editor: asking for a review and answering it, planning, owner and day of the next review."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wtforms import DateField, Form, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from app.accounts.models import User
from app.knowledge.writing.rules import MAX_COMMENT
from app.knowledge.writing.versions import Seen
from app.lib.text import many_lines, one_line

AT_MOST = Length(max=MAX_COMMENT, message=f"Use {MAX_COMMENT:,} characters at most.")


class SeenForm(Form):
    """A form that says what was seen by whoever sends it, so that nobody overwrites or publishes what they have not seen."""

    version = HiddenField("Version", filters=[one_line])

    @property
    def seen(self) -> Seen:
        """What they had before them."""
        return Seen.of(self.version.data)


class AskForm(Form):
    """Whom to ask for a review."""

    reviewer_id = SelectField("Reviewer", validators=[Optional()])
    note = TextAreaField("What to look at", [Optional(), AT_MOST], filters=[many_lines], id="ask-note")

    def offer(self, people: Sequence[User], without: int) -> "AskForm":
        """Fill in who can be asked."""
        self.reviewer_id.choices = offered(people, "Any lead", without)
        return self


class AnswerForm(SeenForm):
    """What a reviewer says."""

    answer = RadioField("Your answer", [InputRequired("Say whether it may be published.")], choices=[])
    comment = TextAreaField(
        "Comment", [Optional(), AT_MOST], filters=[many_lines], description="Needed to send it back. It stays in the history."
    )

    def offer(self, *, may_publish: bool) -> "AnswerForm":
        """Fill in what can be answered."""
        publish = [SelectChoice("publish", "Approve and publish")] if may_publish else []
        self.answer.choices = [*publish, SelectChoice("approve", "Approve"), SelectChoice("return", "Send back")]
        return self


class PlanForm(SeenForm):
    """When something shall happen, on the writer's own clock."""

    verb = SelectField("What", choices=[SelectChoice("publish", "Publish"), SelectChoice("withdraw", "Withdraw")])
    wall = StringField("When", [Optional(), Length(max=40)])

    def moment(self) -> datetime | None:
        """The time of the wall clock, to the minute; None for what is none."""
        try:
            return datetime.fromisoformat(self.wall.data or "").replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            return None


class CareForm(Form):
    """Who looks after an entry, and when it is looked at again."""

    owner_id = SelectField("Owner", validators=[Optional()], description="Hears once a week of texts that want a look.")
    review_on = DateField("Review by", [Optional()])

    def offer(self, people: Sequence[User]) -> "CareForm":
        """Fill in who can own it."""
        self.owner_id.choices = offered(people, "Nobody")
        return self


def offered(people: Sequence[User], nobody: str, without: int = 0) -> list[SelectChoice]:
    """People to choose from, and nobody of them first."""
    return [SelectChoice("", nobody), *(SelectChoice(str(one.id), one.name) for one in people if one.id != without)]


def chosen(field: Any, people: Sequence[User]) -> User | None:
    """The person that a valid field names."""
    return next((one for one in people if str(one.id) == field.data), None)
