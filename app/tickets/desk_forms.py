"""The forms of the desk, and the filters of its queue."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from wtforms import Form, HiddenField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length, NumberRange, Optional

from app.lib.errors import Invalid
from app.lib.mail import clean_address
from app.lib.text import many_lines, one_line
from app.tickets import rules
from app.tickets.forms import MAX_SUBJECT, well_formed
from app.tickets.splitting import Part

VIEWS = {
    "mine": "My tickets",
    "team": "My team",
    "unassigned": "Unassigned",
    "breaching": "Breaching soon",
    "waiting": "Waiting",
    "all": "All open",
}
SORTS = {"due": "Next deadline", "active": "Latest activity"}
MAX_QUERY = 200
MAX_BODY = 50_000
MAX_REASON = 500
PRIORITIES = [(key, key.capitalize()) for key in reversed(rules.PRIORITIES)]
# What the status of a ticket can be set to along with a reply, or by hand.
SET_STATUS = [(key, rules.STATUSES[key]) for key in ("open", "pending_customer", "on_hold", "resolved")]
MAX_BULK = 50
BULK = {"mine": "Assign to me", "status": "Set status", "priority": "Set priority", "tag": "Add tag"}


@dataclass(frozen=True)
class Filters:
    """What the queue shows: a view, and any of its filters. Empty means any. `organization` and `tag` are names."""

    view: str = "mine"
    q: str = ""
    status: str = ""
    priority: str = ""
    category: str = ""
    kind: str = ""
    team: str = ""
    organization: str = ""
    tag: str = ""
    sort: str = "due"

    @classmethod
    def of(cls, view: str, given: Mapping[str, str]) -> "Filters":
        """The filters of an address. A word that is in none of our vocabularies is passed over: old links go on working."""
        return cls(
            view=view,
            q=one_line(given.get("q"))[:MAX_QUERY],
            status=known(given.get("status"), rules.STATUSES),
            priority=known(given.get("priority"), rules.PRIORITIES),
            category=known(given.get("category"), rules.CATEGORIES),
            kind=known(given.get("kind"), rules.KINDS),
            team=number(given.get("team")),
            organization=one_line(given.get("organization"))[:MAX_QUERY],
            tag=rules.spelled(one_line(given.get("tag")))[: rules.MAX_TAG],
            sort=known(given.get("sort"), SORTS) or "due",
        )

    @property
    def set(self) -> dict[str, str]:
        """The filters that are set, search and sorting left out."""
        names = ("status", "priority", "category", "kind", "team", "organization", "tag")
        return {name: value for name in names if (value := getattr(self, name))}

    def query(self, **over: str) -> str:
        """The filters as the query of an address, `over` put in place of some; empty if there are none."""
        chosen = replace(self, **over)
        values = {"q": chosen.q, **chosen.set, "sort": chosen.sort if chosen.sort != "due" else ""}
        return urlencode({name: value for name, value in values.items() if value})


def known(word: str | None, words: Any) -> str:
    """The word if it is one of `words`, else nothing."""
    return word if word is not None and word in words else ""


def number(text: str | None) -> str:
    """The digits of an id, else nothing."""
    return text if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else ""


def offered(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """The options of a choice, from (value, words)."""
    return [SelectChoice(value, words) for value, words in pairs]


def cleaned(text: Any) -> Any:
    """A filter for fields of one line."""
    return one_line(text) if isinstance(text, str) else text


def cleaned_lines(text: Any) -> Any:
    """A filter for fields of many lines."""
    return many_lines(text) if isinstance(text, str) else text


class Seen(Form):
    """Every change of a ticket says what its page knew: `seen` is the id of the last event on it."""

    seen = IntegerField("Seen", validators=[Optional(), NumberRange(0, 2**62)])


class MessageForm(Seen):
    """The composer: a public reply with the status to set along with it, or an internal note."""

    visibility = RadioField(
        "Who can read this", choices=offered([("reply", "Public reply"), ("note", "Internal note")]), default="reply", validate_choice=True
    )
    body = TextAreaField(
        "Message",
        filters=[cleaned_lines],
        validators=[Length(max=MAX_BODY, message=f"Use {MAX_BODY:,} characters at most; attach longer texts as files.")],
    )
    status = SelectField("and set", choices=offered([("", "Status as it is"), *SET_STATUS]), default="", validators=[Optional()])
    # Followers that the reply is meant for; the requester always gets it.
    to = SelectMultipleField("Copies to", choices=[], validate_choice=False)
    # Of those macros whose text went into it, the last.
    macro = IntegerField("Macro", validators=[Optional(), NumberRange(1, 2**31 - 1)])
    form_key = HiddenField("Key", filters=[well_formed])


class SplitForm(Seen):
    """Which messages become a ticket of their own, and how it is filed."""

    messages = SelectMultipleField(
        "What goes to the new ticket",
        choices=[],
        validate_choice=False,
        coerce=int,
        validators=[InputRequired("Tick at least one message.")],
    )
    subject = StringField(
        "Subject", filters=[cleaned], validators=[DataRequired("Give it a subject, in one sentence."), Length(max=MAX_SUBJECT)]
    )
    priority = SelectField("Priority", choices=offered(PRIORITIES))
    category = SelectField("Category", choices=offered(rules.CATEGORIES.items()))
    form_key = HiddenField("Key", filters=[well_formed])

    def part(self) -> Part:
        """What a valid form asks."""
        filed = (self.subject.data or "", self.priority.data, self.category.data)
        return Part(self.messages.data or (), *filed, form_key=self.form_key.data or None, seen=self.seen.data)


class StatusForm(Seen):
    """The status, set by hand; resolving and reopening are among them for who works by the list."""

    status = SelectField("Status", choices=offered([*SET_STATUS, ("closed", rules.STATUSES["closed"])]))


class PriorityForm(Seen):
    """The priority, and why if that needs saying."""

    priority = SelectField("Priority", choices=offered(PRIORITIES))
    reason = StringField("Reason", filters=[cleaned], validators=[Length(max=MAX_REASON)])


class AssigneeForm(Seen):
    """Who works on it; 0 for nobody."""

    assignee = IntegerField("Assignee", validators=[InputRequired("Choose somebody from the list."), NumberRange(0, 2**31 - 1)])


class TeamForm(Seen):
    """Whose ticket it is; 0 for no team."""

    team = IntegerField("Team", validators=[InputRequired("Choose a team from the list."), NumberRange(0, 2**31 - 1)])


class CategoryForm(Seen):
    """Where it is filed."""

    category = SelectField("Category", choices=offered(rules.CATEGORIES.items()))


class TagForm(Form):
    """Tags to put on, with commas or spaces between them, or one to take off."""

    off = HiddenField("Take off", validators=[Length(max=40)])
    tags = StringField("Tag", filters=[cleaned], validators=[Length(max=300)])

    def wanted(self) -> list[str]:
        """The tags to put on: none where one is taken off, whatever else stands in the field."""
        if self.off.data:
            return []
        return [tag for tag in re.split(r"[\s,;]+", self.tags.data or "") if tag]


class FollowerForm(Form):
    """The address of who is to be told of public replies."""

    email = StringField("E-mail address", filters=[cleaned], validators=[InputRequired("Write an e-mail address."), Length(max=255)])

    def address(self) -> str:
        """The address in its stored form. Raises Invalid for what is none."""
        try:
            return clean_address(self.email.data or "").lower()
        except ValueError as wrong:
            raise Invalid("That is not an e-mail address. It looks like name@example.com.") from wrong


class LinkForm(Form):
    """Another ticket's number, or the address of an issue."""

    target = StringField(
        "Ticket number or address", filters=[cleaned], validators=[InputRequired("Write a ticket’s number or an address."), Length(max=255)]
    )


class ReasonForm(Form):
    """Why a ticket is reopened, if that needs saying."""

    reason = StringField("Reason", filters=[cleaned], validators=[Length(max=MAX_REASON)])


class DecisionForm(Form):
    """Whether a raise beyond the plan is promised."""

    decision = HiddenField("Decision", validators=[AnyOf(("accept", "decline"), message="Accept or decline.")])


class BulkForm(Form):
    """What to do with the tickets that are ticked."""

    ids = SelectMultipleField("Tickets", choices=[], validate_choice=False)
    do = SelectField("Do", choices=offered(BULK.items()))
    status = SelectField("Status", choices=offered(SET_STATUS), validators=[Optional()])
    priority = SelectField("Priority", choices=offered(PRIORITIES), validators=[Optional()])
    tag = StringField("Tag", filters=[cleaned], validators=[Length(max=40)])
