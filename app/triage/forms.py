"""The forms of triage: a rule, and the box to try the rules in."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.triage.editing import EXPLANATION_LENGTH, FIELDS_OF, OUTCOMES, WEIGHED, WORDS_LENGTH, Change
from app.triage.models import TriageRule
from app.triage.rules import HEAVIEST, Intake
from app.triage.vocabulary import CATEGORY_NAMES, PLAN_TIERS, PRIORITIES, SUBJECTS, TRIGGER_NAMES

GROUP_NAMES = {
    "team": "Team by label or kind",
    "words": "Priority by words",
    "urgency": "Signals of urgency",
    "trigger": "Escalation triggers by label",
    "category": "Category",
    "list": "Lists of words",
}
GROUP_SAYS = {
    "team": "The first rule in this order whose label the ticket has. A bug report counts as “bug”, a feature request as “enhancement”.",
    "words": "The floor: where these words stand in the author’s own text, the priority is at least this.",
    "urgency": "Of each subject the strongest signal counts, and subjects add up; the points of words come to it. 40 make high, 100 critical, 240 emergency.",
    "trigger": "A label that escalates. Triggers from the words stand with the signals of urgency.",
    "category": "What the author chose comes first, then a label, then the words that weigh most; in the title they count three times.",
    "list": "Words that rules name in braces: {people} in a phrase stands for any word of that list.",
}
OUTCOME_SAYS = {
    "team": "Team",
    "words": "Priority at least",
    "urgency": "Subject",
    "trigger": "Trigger",
    "category": "Category",
    "list": "Name",
}
FIELD_NAMES = {"labels": "the labels", "title": "the title", "text": "the title and the text"}
TEAM_NAMES = {
    "engineering": "Engineering",
    "product": "Product",
    "security": "Security",
    "docs": "Documentation",
    "performance": "Performance",
    "enterprise": "Enterprise",
    "support": "Support",
}
PLAN_NAMES = {
    "community": "Community",
    "technical": "Technical",
    "enterprise_standard": "Enterprise Standard",
    "enterprise_priority": "Enterprise Priority",
    "enterprise_emergency": "Enterprise Emergency",
}
OUTCOME_NAMES: dict[str, Mapping[str, str]] = {
    "team": TEAM_NAMES,
    "words": {priority: priority.capitalize() for priority in PRIORITIES},
    "urgency": SUBJECTS,
    "trigger": TRIGGER_NAMES,
    "category": CATEGORY_NAMES,
}
KIND_NAMES = {"": "None (as on GitHub)", "bug": "Bug report", "feature": "Feature request", "question": "Question"}
TEXT_LENGTH = 100_000


def offered(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """The options of a choice."""
    return [SelectChoice(value, text) for value, text in pairs]


class RuleForm(FlaskForm):
    """One rule. `seen` is the version that the page was made with."""

    explanation = StringField(
        "Explanation",
        validators=[InputRequired("Say in a sentence why; it stands on the timeline of tickets."), Length(max=EXPLANATION_LENGTH)],
    )
    field = SelectField("Looks at")
    words = TextAreaField("Words", validators=[InputRequired("Give at least one word or phrase."), Length(max=WORDS_LENGTH)])
    outcome = SelectField("Decides")
    weight = IntegerField("Weight in points", validators=[Optional(), NumberRange(0, HEAVIEST)], default=0)
    trigger = SelectField("Escalation trigger besides", choices=offered([("", "None"), *TRIGGER_NAMES.items()]), default="")
    position = IntegerField("Order", validators=[Optional(), NumberRange(1, 100_000)])
    seen = HiddenField()

    def change(self) -> Change:
        """The values of a form that is valid."""
        weight = (self.weight.data or 0) if self.weight else 0
        trigger = self.trigger.data if self.trigger else ""
        lines = (self.words.data or "").splitlines()
        return Change(self.explanation.data, self.field.data, lines, self.outcome.data, weight, trigger, self.position.data)

    def version(self) -> int | None:
        """The version that the writer saw, or None."""
        return int(self.seen.data) if (self.seen.data or "").isdecimal() and len(self.seen.data) < 10 else None


def rule_form(group: str, row: TriageRule | None, given: Any = None) -> RuleForm:
    """The form of a rule of this group, filled with what was sent, or else with the row."""
    values: dict[str, Any] = {"field": FIELDS_OF[group][0], "weight": 20 if group == "urgency" else 5}
    if row is not None:
        values = {
            "explanation": row.explanation,
            "field": row.conditions["field"],
            "words": "\n".join(row.conditions["words"]),
            "outcome": row.outcome["to"],
            "weight": row.outcome.get("weight", 0),
            "trigger": row.outcome.get("trigger", ""),
            "position": row.position,
            "seen": str(row.version),
        }
    form = RuleForm(given, data=values)
    if group not in WEIGHED:
        del form.weight
    if group != "urgency":
        del form.trigger
    form.field.choices = offered((name, FIELD_NAMES[name]) for name in FIELDS_OF[group])
    names = OUTCOME_NAMES.get(group, {})
    form.outcome.label.text = OUTCOME_SAYS[group]
    own_name = [(row.outcome["to"], row.outcome["to"])] if row else []
    form.outcome.choices = offered((key, names[key]) for key in OUTCOMES[group]) if group in OUTCOMES else offered(own_name)
    return form


class TrialForm(FlaskForm):
    """A ticket to try the rules on."""

    title = StringField("Title", validators=[Length(max=500)])
    body = TextAreaField("Text", validators=[Length(max=TEXT_LENGTH)])
    labels = StringField("Labels", description="Divided by commas.", validators=[Length(max=500)])
    kind = SelectField("Kind", choices=offered(KIND_NAMES.items()))
    plan = SelectField("Plan", choices=offered((key, PLAN_NAMES[key]) for key in PLAN_TIERS), default="technical")

    def intake(self) -> Intake:
        """The values of a form that is valid."""
        labels = tuple(label.strip() for label in (self.labels.data or "").split(",") if label.strip())
        return Intake(self.title.data or "", self.body.data or "", labels, self.kind.data or None, self.plan.data)


NAMES = {
    "groups": GROUP_NAMES,
    "says": GROUP_SAYS,
    "outcomes": OUTCOME_NAMES,
    "fields": FIELD_NAMES,
    "triggers": TRIGGER_NAMES,
    "plans": PLAN_NAMES,
    "teams": TEAM_NAMES,
    "categories": CATEGORY_NAMES,
}
