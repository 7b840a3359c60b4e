"""The forms of accounts. Each names exactly what may be sent; a field that it does not have is refused, not passed over."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Self
from zoneinfo import available_timezones

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    URLField,
    ValidationError,
    widgets,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Length, Optional

from app.accounts import passwords
from app.accounts.administration import SHARING
from app.accounts.domains import parse_domains
from app.accounts.models import User
from app.accounts.permissions import ROLES
from app.accounts.queries import ROLE_NAMES, organization_named
from app.accounts.scopes import SCOPES, scopes_for
from app.accounts.standing import Stands, stamp
from app.lib.addresses import split_address
from app.lib.forms import tell_what_stands
from app.lib.text import many_lines, one_line

REGIONS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}
# What travels with every form and is no answer to it.
CARRIED = frozenset({"csrf_token", "form_key"})
MAX_EMAIL = 254


def line(text: str | None) -> str:
    """A filter: one clean line."""
    return one_line(text)


def address(text: str | None) -> str:
    """A filter: a mail address as we store it."""
    return one_line(text).replace(" ", "").lower()


def offered(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """(value, words) as the choices of a field."""
    return [SelectChoice(value, words) for value, words in pairs]


@lru_cache(maxsize=1)
def zones() -> list[SelectChoice]:
    """Every time zone that people live in, by its part of the world."""
    names = sorted(name for name in available_timezones() if name.startswith(REGIONS))
    parts = [(name, *name.split("/", 1)) for name in names]
    return [SelectChoice("UTC", "UTC"), *(SelectChoice(name, town.replace("_", " "), optgroup=region) for name, region, town in parts)]


class Form(FlaskForm):
    """What all of them share. The CSRF token is checked for every request that writes, so that no form can forget it."""

    class Meta:
        csrf = False

    def validate(self, extra_validators: Mapping[str, Any] | None = None) -> bool:
        """Check the fields, and that there are no others: nobody sets a column by adding its name to a form."""
        sent = set(getattr(self, "sent", ()))
        unknown = sorted(name for name in sent if name not in self._fields and name not in CARRIED)
        good = super().validate(extra_validators)
        if unknown:
            self.form_errors.append(
                f"This form has no field called {', '.join(one_line(name)[:40] for name in unknown[:3])}. Reload the page."
            )
        return bool(good and not unknown)

    def process(self, formdata: Any = None, *args: Any, **kwargs: Any) -> None:
        """Remember what was sent, then fill the fields."""
        self.sent = tuple(formdata or ())
        super().process(formdata, *args, **kwargs)


def email_field(label: str = "E-mail", **given: Any) -> EmailField:
    """A mail address, required."""
    checks = [DataRequired("Enter an e-mail address."), Length(max=MAX_EMAIL), Email("Enter an address such as name@example.com.")]
    return EmailField(label, validators=checks, filters=[address], **given)


def name_field(label: str = "Name") -> StringField:
    """A person's name, required."""
    return StringField(
        label, validators=[DataRequired("Enter a name."), Length(max=80, message="Use 80 characters at most.")], filters=[line]
    )


class SignIn(Form):
    """Address and password. Wrong ones look the same whatever is wrong with them."""

    email = EmailField("E-mail", validators=[DataRequired("Enter your e-mail address."), Length(max=MAX_EMAIL)], filters=[address])
    password = PasswordField("Password", validators=[InputRequired("Enter your password."), Length(max=1000, message="That is too long.")])
    next = HiddenField()


class ResetRequest(Form):
    """Where to send the link."""

    email = email_field("Your e-mail address")


class NewPassword(Form):
    """A new password. `person` is whose it will be, so that it is not made of their name."""

    password = PasswordField("New password", validators=[InputRequired("Choose a password.")])

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        self.person = person
        super().__init__(*args, **kwargs)

    def validate_password(self, field: Field) -> None:
        """Refuse what is easily guessed, with the reason."""
        reason = passwords.refusal(field.data or "", self.person.email, self.person.name)
        if reason:
            raise ValidationError(reason)


class Welcome(NewPassword):
    """What somebody who was invited says of themselves."""

    name = name_field("Your name")
    password = PasswordField("Choose a password", validators=[InputRequired("Choose a password.")])
    time_zone = SelectField("Your time zone", choices=zones)


class ChangePassword(NewPassword):
    """The present password proves that it is they who sit there."""

    current = PasswordField("Present password", validators=[InputRequired("Enter your present password."), Length(max=1000)])


class Profile(Form):
    """What everybody may change of themselves."""

    name = name_field()
    time_zone = SelectField("Time zone", choices=zones)
    theme = RadioField("Theme", choices=offered(THEMES.items()))
    keys_off = BooleanField("Turn single-key shortcuts off")


class NewToken(Form):
    """An API token: its name and what it may do."""

    # The page has another field of this name, in the profile's form.
    name = StringField(
        "What is it for?", id="token-name", validators=[DataRequired("Name what it is for."), Length(max=80)], filters=[line]
    )
    scopes = SelectMultipleField(
        "It may",
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        validators=[InputRequired("Choose what it may do.")],
    )

    def __init__(self, *args: Any, role: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scopes.choices = offered((scope, f"{SCOPES[scope][0]} ({scope})") for scope in scopes_for(role))


class InviteMember(Form):
    """Somebody new in a customer's organization."""

    email = email_field()
    name = name_field()
    role = SelectField("Role", choices=offered((role, ROLE_NAMES[role]) for role in ("customer", "customer_admin")))


class MemberRole(Form):
    """Whether a member looks after the others."""

    role = SelectField("Role", choices=offered((role, ROLE_NAMES[role]) for role in ("customer", "customer_admin")))


class Sharing(Form):
    """Whose tickets members see."""

    sharing = RadioField("Members see", choices=offered(SHARING.items()))


class Standing(Form):
    """A form of what stands already: `seen` says what its page showed (see standing.py)."""

    seen = HiddenField()

    @classmethod
    def of(cls, stands: Stands) -> Self:
        """The form filled with it."""
        return cls(None, data={**stands, "seen": stamp(stands)})

    def overtaken(self, stands: Stands, words: str) -> None:
        """Say beside each answer what stands there by now; saving again means to overwrite that."""
        self.form_errors.append(words)
        self.seen.data = stamp(stands)
        for name, value in stands.items():
            tell_what_stands(self[name], value)


class Person(Standing):
    """What an administrator says about somebody. The organization is named; it must exist."""

    name = name_field()
    role = SelectField("Role", choices=offered((role, ROLE_NAMES[role]) for role in ROLES))
    organization = StringField(
        "Organization", validators=[Length(max=120)], filters=[line], description="For customers. Empty for our own people and for guests."
    )

    def validate_organization(self, field: Field) -> None:
        """Find it by its name, in `place`."""
        self.place = organization_named(field.data) if field.data else None
        if field.data and self.place is None:
            raise ValidationError("There is no organization of this name. Choose one from the list, or add it first.")


class InvitePerson(Person):
    """The same of somebody new."""

    email = email_field()


class Teams(Standing):
    """The teams that somebody is on."""

    teams = SelectMultipleField("Teams", widget=widgets.ListWidget(prefix_label=False), option_widget=widgets.CheckboxInput())


class Organization(Standing):
    """What an administrator says about a customer."""

    name = StringField("Name", validators=[DataRequired("Enter a name."), Length(max=120)], filters=[line])
    plan = SelectField("Plan")
    domains = TextAreaField(
        "Mail domains",
        validators=[Length(max=4000)],
        filters=[many_lines],
        description="One a line. People with a proven address there belong to it.",
    )
    sharing = RadioField("Members see", choices=offered(SHARING.items()), default="all")
    engineer = SelectField("Named engineer", validators=[Optional()])
    slack_url = URLField(
        "Slack channel", validators=[Length(max=255)], filters=[line], description="The address of the channel that we share with them."
    )

    def validate_domains(self, field: Field) -> None:
        """Each must be a domain that can belong to one organization."""
        try:
            self.domain_list = parse_domains(field.data or "")
        except ValueError as wrong:
            raise ValidationError(str(wrong)) from wrong

    def validate_slack_url(self, field: Field) -> None:
        """It becomes a link on pages, so nothing but https."""
        if field.data and split_address(field.data, ("https",)) is None:
            raise ValidationError("Enter a whole address that begins with https://.")
