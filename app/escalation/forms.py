"""The forms of escalation: on a ticket, and those of the matrix."""

from collections.abc import Iterable, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from app.accounts.models import Team, User
from app.escalation import rules
from app.escalation.models import EscalationTrigger, Executive, SupportTier
from app.lib.text import many_lines, one_line
from app.tickets.models import Ticket

WHY = "Say what the effect is, and since when."
SHORT = f"Use {rules.REASON_LENGTH:,} characters at most."


def offered(pairs: Iterable[tuple[Any, str]]) -> list[SelectChoice]:
    """The options of a choice."""
    return [SelectChoice(value, text) for value, text in pairs]


def reason(says: str = "Reason") -> TextAreaField:
    """The field of a reason, which is never left out."""
    return TextAreaField(says, filters=[many_lines], validators=[DataRequired(WHY), Length(max=rules.REASON_LENGTH, message=SHORT)])


class EscalateForm(FlaskForm):
    """To which tier, why, and whether somebody is paged."""

    tier = RadioField("To", coerce=int, validators=[InputRequired("Choose a tier.")])
    trigger = SelectField("What makes it one", choices=offered(rules.REASONS.items()), default=rules.BY_HAND)
    reason = reason()
    page = BooleanField("Page whoever is on call now, at any hour")


class DecisionForm(FlaskForm):
    """Confirm or decline what a trigger proposes."""

    decision = SelectField("Decision", choices=offered([("accept", "Escalate"), ("decline", "Decline")]))


class TakeBackForm(FlaskForm):
    """To which tier, and why."""

    tier = SelectField("Back to", coerce=int)
    reason = reason()


class AskForm(FlaskForm):
    """A customer's reason."""

    reason = reason("What is the effect on your side, and since when?")


def escalate_form(ticket: Ticket, tiers: Sequence[SupportTier], given: Any = None) -> EscalateForm:
    """The form for a ticket; by default one tier up, and a page where it is critical."""
    up = max(ticket.tier, 2)
    urgent = ticket.promised_priority in rules.URGENT
    form = EscalateForm(given, data={"tier": min(ticket.tier + 1, rules.TIERS[-1]), "trigger": rules.BY_HAND, "page": urgent})
    form.tier.choices = offered((row.number, f"Tier {row.number}, {row.name}") for row in tiers if row.number >= up)
    return form


def take_back_form(ticket: Ticket, tiers: Sequence[SupportTier], plan_tier: int, given: Any = None) -> TakeBackForm:
    """The form of a de-escalation; by default back to the plan's tier."""
    form = TakeBackForm(given, data={"tier": min(plan_tier, ticket.tier)}, prefix="back")
    form.tier.choices = offered((row.number, f"Tier {row.number}, {row.name}") for row in tiers if row.number <= ticket.tier)
    return form


class TierForm(FlaskForm):
    """A tier of the matrix: words, team, and the steps of its path."""

    name = StringField("Name", filters=[one_line], validators=[DataRequired("Give the tier a name."), Length(max=80)])
    channels = TextAreaField("Channels", filters=[many_lines], validators=[DataRequired("Name at least one channel."), Length(max=1_000)])
    staffed_by = StringField("Staffed by", filters=[one_line], validators=[DataRequired("Say who staffs it."), Length(max=200)])
    targets = TextAreaField("Response targets", filters=[many_lines], validators=[DataRequired("Say what it aims at."), Length(max=500)])
    team = SelectField("Escalated tickets go to", coerce=int)
    seen = HiddenField()

    def pairs(self) -> list[tuple[Any, Any]]:
        """(who, minutes) of each step, in order."""
        return [(self[f"who_{number}"], self[f"minutes_{number}"]) for number in range(rules.MOST_STEPS)]

    def steps(self) -> list[tuple[int, rules.Step]]:
        """(row, step) of every row that says anything. A step without minutes is refused by the rules: it gets -1."""
        found = []
        for number, (who, minutes) in enumerate(self.pairs()):
            if who.data or minutes.data is not None or minutes.errors:
                found.append((number, rules.Step(who.data or "", -1 if minutes.data is None else minutes.data)))
        return found

    def names(self) -> list[str]:
        """The channels, one of each line."""
        return [name for line in (self.channels.data or "").splitlines() if (name := one_line(line)[:80])]

    def refuse(self, wrong: dict[int, str]) -> None:
        """Put what is wrong with the path beside its rows."""
        rows = [row for row, _ in self.steps()] or [0]
        for step, problem in wrong.items():
            who, minutes = self.pairs()[rows[step]]
            field = minutes if problem.startswith(("Minutes", "Each step")) else who
            field.errors = [*field.errors, problem]


for step_number in range(rules.MOST_STEPS):
    setattr(TierForm, f"who_{step_number}", SelectField(f"Step {step_number + 1}: who", default=""))
    setattr(
        TierForm,
        f"minutes_{step_number}",
        IntegerField(
            f"Step {step_number + 1}: minutes after",
            validators=[
                Optional(),
                NumberRange(0, rules.LATEST_MINUTES, message=f"Minutes are a number from 0 to {rules.LATEST_MINUTES}."),
            ],
        ),
    )


def tier_form(row: SupportTier, teams: Sequence[Team], staff: Sequence[User], given: Any = None) -> TierForm:
    """The form of a tier, filled with what was sent, or else with the row."""
    values: dict[str, Any] = {
        "name": row.name,
        "channels": "\n".join(row.channels),
        "staffed_by": row.staffed_by,
        "targets": row.targets,
        "team": row.team_id or 0,
        "seen": str(row.version),
    }
    for number, step in enumerate(rules.steps_of(row.path)):
        values |= {f"who_{number}": step.who, f"minutes_{number}": step.after_minutes}
    form = TierForm(given, data=values)
    form.team.choices = offered([(0, "Nobody else: they stay where they are"), *((team.id, team.name) for team in teams)])
    people = [("", "No step"), *rules.WHO.items(), *((f"user:{person.id}", person.name) for person in staff)]
    for who, _ in form.pairs():
        gone = [(who.data, "Somebody who has left")] if who.data and who.data not in dict(people) and given is None else []
        who.choices = offered([*people, *gone])
    return form


class TriggerForm(FlaskForm):
    """What a trigger does."""

    is_enabled = BooleanField("In force")
    tier = SelectField("Escalates to", coerce=int, choices=offered((number, f"Tier {number}") for number in rules.TIERS))
    pages = BooleanField("Page whoever is on call, at any hour")
    any_plan = BooleanField("Act at once on every plan")
    team = SelectField("Goes to", coerce=int)
    seen = HiddenField()


def trigger_form(row: EscalationTrigger, teams: Sequence[Team], given: Any = None) -> TriggerForm:
    """The form of a trigger, filled with what was sent, or else with the row."""
    values = {name: getattr(row, name) for name in ("is_enabled", "tier", "pages", "any_plan")}
    form = TriggerForm(given, data={**values, "team": row.team_id or 0, "seen": str(row.version)})
    form.team.choices = offered([(0, "The tier’s team"), *((team.id, team.name) for team in teams)])
    return form


class ExecutiveForm(FlaskForm):
    """Somebody at whom paths end."""

    person = SelectField("Person", coerce=int)
    title = StringField("Title", filters=[one_line], validators=[DataRequired("Give their title, as others call it."), Length(max=80)])
    phone = StringField("Phone", filters=[one_line], validators=[Length(max=40)])


def executive_form(staff: Sequence[User], there: Sequence[Executive], given: Any = None) -> ExecutiveForm:
    """The form of one more executive, out of those who are none yet."""
    form = ExecutiveForm(given)
    taken = {one.user_id for one in there}
    form.person.choices = offered((person.id, person.name) for person in staff if person.id not in taken)
    return form


def version_of(form: Any) -> int | None:
    """The version of the row that the page was made with, or None."""
    text = form.seen.data or ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
