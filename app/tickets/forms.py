"""The forms that customers and guests fill in. What their fields are called is kinds.py's business."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wtforms import BooleanField, EmailField, Form, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from app.lib.mail import clean_address
from app.lib.text import many_lines, one_line
from app.tickets.actions import NewTicket
from app.tickets.kinds import CHECKS, FEATURE_CATEGORIES, PRIORITY_CHOICES, QUESTIONS, Question, priorities
from app.tickets.models import StagedFile
from app.tickets.rules import CATEGORIES, KINDS

MAX_SUBJECT = 140
MAX_LINE = 200
MAX_TEXT = 20_000
MAX_CODE = 60_000
MAX_ADDRESS = 200
DEFAULT_KIND = "bug"
# What each kind is called where one chooses, with its picture.
KIND_CHOICES = (("bug", "Bug", "octagon-alert"), ("question", "Question", "circle-help"), ("feature", "Feature", "star"))
IMPACTS = {
    "emergency": "Production is down, or data is at risk",
    "critical": "Work has stopped, and there is no way around it",
    "high": "Seriously slowed, a workaround exists",
    "medium": "Annoying, but work goes on",
    "low": "A question or a small flaw",
}
ERRORS = {
    "subject": "Give it a subject, in one sentence",
    "priority": "Choose how badly it affects you",
    "category": "Choose what it is about",
    "platform": "Choose your platform",
    "version": "Enter the version you are running",
    "steps": "Add at least one step to reproduce",
    "searched": "Look for duplicates first, then tick this",
    "complete": "Tick this when everything is there",
    "reproducible": "Tick this if it happens again when you try",
}
CHOOSE = "Choose…"
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def well_formed(key: str | None) -> str:
    """A key as our pages make them, else nothing: an odd key guards nothing, and is no reason to refuse a text."""
    return key if key and KEY.fullmatch(key) else ""


class Once(Form):
    """A form with a one-time key, that makes sending it twice harmless."""

    form_key = HiddenField("One-time key", filters=[well_formed])

    @property
    def key(self) -> str | None:
        """The key, or None where a client sent none."""
        return self.form_key.data or None


class TicketForm(Once):
    """What all kinds ask; `form_class` adds the questions of one kind."""

    kind = "question"
    subject = StringField("Subject", [DataRequired(ERRORS["subject"]), Length(max=MAX_SUBJECT)], filters=[one_line])
    priority = RadioField("How badly does it affect you?", [InputRequired(ERRORS["priority"])])
    category = SelectField("Category", [Optional()])

    @property
    def questions(self) -> list[Any]:
        """The fields of this kind's own questions, in order, without the checks."""
        return [self[question.name] for question in QUESTIONS[self.kind] if question.type != "checks"]

    @property
    def checks(self) -> list[Any]:
        """The boxes to tick before sending; none for most kinds."""
        return [self[name] for name in CHECKS if name in self]

    def answers(self) -> dict[str, Any]:
        """Field name → answer, for the ticket's own row; what was left empty is left out."""
        found = {field.name: field.data for field in self.questions if field.data}
        return found | ({"checks": [field.name for field in self.checks if field.data]} if self.checks else {})

    def new_ticket(self, files: Sequence[StagedFile] = (), source: str = "portal") -> NewTicket:
        """What a valid form asks."""
        return NewTicket(
            kind=self.kind,
            subject=self.subject.data,
            fields=self.answers(),
            priority=self.priority.data,
            category=self.category.data or "",
            source=source,
            form_key=self.key,
            files=files,
        )

    def draft(self) -> dict[str, Any]:
        """The form as it stands, valid or not: short enough to keep."""
        texts = {field.name: field.data for field in self if field.data}
        return {"kind": self.kind} | {name: value if isinstance(value, bool) else str(value)[:MAX_CODE] for name, value in texts.items()}


def offered(pairs: Iterable[tuple[str, str]], first: str = "") -> list[SelectChoice]:
    """Choices as WTForms wants them, after an empty one called `first`."""
    return [*([SelectChoice("", first)] if first else []), *(SelectChoice(value, text) for value, text in pairs)]


def question_field(question: Question) -> Any:
    """The field of one question."""
    required: list[Any] = [DataRequired(ERRORS.get(question.name, "Answer this")) if question.required else Optional()]
    if question.type == "line":
        return StringField(question.label, [*required, Length(max=MAX_LINE)], filters=[one_line], description=question.help)
    if question.type == "choice":
        return SelectField(question.label, required, choices=offered(question.choices, CHOOSE), description=question.help)
    limit = MAX_CODE if question.code else MAX_TEXT
    return TextAreaField(question.label, [*required, Length(max=limit)], filters=[many_lines], description=question.help)


def form_class(kind: str) -> type[TicketForm]:
    """The form of one kind."""
    fields: dict[str, Any] = {question.name: question_field(question) for question in QUESTIONS[kind] if question.type != "checks"}
    if any(question.type == "checks" for question in QUESTIONS[kind]):
        fields |= {name: BooleanField(label, [DataRequired(ERRORS[name])]) for name, label in CHECKS.items()}
    return type(f"{kind.capitalize()}Form", (TicketForm,), {"kind": kind, **fields})


FORMS: dict[str, type[TicketForm]] = {kind: form_class(kind) for kind in KINDS}


def known_kind(kind: Any) -> str:
    """The kind, or the usual one for a word that is none."""
    return kind if kind in KINDS else DEFAULT_KIND


def ticket_form(kind: str, top_priority: str, posted: Any = None, data: Mapping[str, Any] | None = None, cls: Any = None) -> TicketForm:
    """The form of a kind for somebody whose plan goes up to `top_priority`, filled from a request or from kept values."""
    form: TicketForm = (cls or FORMS)[kind](formdata=posted, data=data)
    words = PRIORITY_CHOICES if kind == "feature" else {key: key.capitalize() for key in IMPACTS}
    form.priority.choices = offered((key, words[key]) for key in reversed(priorities(kind, top_priority)))
    if kind == "feature":
        form.priority.label.text = "How important is it to you?"
    categories = FEATURE_CATEGORIES if kind == "feature" else CATEGORIES
    form.category.choices = offered(categories.items(), CHOOSE)
    if kind == "feature":
        form.category.validators = [DataRequired(ERRORS["category"])]
        form.category.flags.required = True
    return form


class ReplyForm(Once):
    """An answer to a ticket."""

    body = TextAreaField("Your reply", [Length(max=MAX_TEXT)], filters=[many_lines])


class ReopenForm(Form):
    """Why it is not solved; may stay empty."""

    reason = StringField("What is still wrong?", [Length(max=500)], filters=[one_line])


def address(form: Form, field: Any) -> None:
    """A mail address in its stored form, or an error at the field."""
    try:
        field.data = clean_address(field.data or "").lower()
    except ValueError as wrong:
        raise ValidationError("Enter an e-mail address such as name@example.com") from wrong


class FollowerForm(Form):
    """Who else should hear of replies."""

    email = EmailField("E-mail address", [DataRequired("Enter an e-mail address"), Length(max=MAX_ADDRESS), address], filters=[one_line])


class Guest(Form):
    """Who asks, where nobody is signed in. `website` is for machines: people do not see it, so it stays empty."""

    name = StringField("Your name", [DataRequired("Enter your name"), Length(max=100)], filters=[one_line])
    email = EmailField(
        "Your e-mail address",
        [DataRequired("Enter your e-mail address"), Length(max=MAX_ADDRESS), address],
        filters=[one_line],
        description="We send a link there first. Nothing is opened until you have followed it.",
    )
    website = StringField("Leave this empty", [Length(max=500)], filters=[one_line])

    @property
    def is_machine(self) -> bool:
        """Whether something filled in what nobody sees."""
        return bool(self.website.data)


GUEST_FORMS: dict[str, type[TicketForm]] = {kind: type(f"Guest{kind.capitalize()}", (Guest, cls), {}) for kind, cls in FORMS.items()}
