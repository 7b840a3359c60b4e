"""Every component in every state, drawn by the macros that the pages use."""

from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from flask import render_template, request
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.lib.clock import utcnow
from app.lib.paging import Page
from app.tickets.kinds import PRIORITY_CHOICES
from app.tickets.rules import CATEGORIES, CUSTOMER_STATUSES, PRIORITIES, STATUSES

TONES = ("ok", "info", "warn", "bad", "note", "brand")
SURFACES = [
    "canvas",
    "bg",
    "bg-2",
    "bg-3",
    "sel",
    "line",
    "line-2",
    "control",
    "ink",
    "ink-2",
    "ink-3",
    "link",
    "focus",
    "brand-seed",
    "brand",
    "brand-solid",
    "brand-text",
    "brand-soft",
]
TONED = [f"{tone}-{part}" for tone in ("ok", "info", "warn", "bad") for part in ("solid", "text", "soft", "line")]
SHELLS = {"portal": "portal.html", "desk": "desk.html"}
HOSTILE = '<script>alert("1")</script> & "quotes"'


def offered(words: Mapping[str, str]) -> list[SelectChoice]:
    """What WTForms takes for a choice of these."""
    return [SelectChoice(value, text) for value, text in words.items()]


class Sample(FlaskForm):
    """One field of each kind."""

    class Meta:
        csrf = False

    subject = StringField("Subject", description="One sentence. Include the error code if you have one.", validators=[InputRequired()])
    version = StringField("Hive version", validators=[InputRequired("Enter the version that you run.")])
    email = EmailField("Work e-mail", validators=[InputRequired()])
    password = PasswordField("Password", validators=[InputRequired()])
    category = SelectField("Category", choices=offered(CATEGORIES))
    steps = TextAreaField("Steps to reproduce", validators=[Length(max=2000)])
    priority = RadioField("How badly does it affect you?", choices=offered(PRIORITY_CHOICES), validators=[InputRequired("Choose one.")])
    kind = RadioField("Kind", choices=offered({"bug": "Bug", "question": "Question", "feature": "Feature"}))
    notify = RadioField("Tell me", choices=offered({"each": "Of each answer", "none": "Never"}))
    copy = BooleanField("Send me a copy")


def page() -> str:
    """The page. `?theme=light|dark`, `?shell=portal|desk` and `?acting=1` show the same in another frame."""
    good = Sample(
        formdata=None, subject="Consensus run times out on a large monorepo", priority="high", kind="bug", notify="each", copy=True
    )
    bad = Sample(formdata=None, prefix="bad-", version="two", category="other", kind="bug")
    bad.validate()
    asked = request.args.get("theme", "")
    return render_template(
        "dev/styleguide.html",
        shell=SHELLS.get(request.args.get("shell", ""), "portal.html"),
        theme=asked if asked in {"light", "dark"} else "",
        viewer=person(),
        acting=person(9, "Ines Almeida", "admin") if request.args.get("acting") else None,
        good=good,
        bad=bad,
        **samples(),
    )


def samples() -> dict[str, Any]:
    """What the components show."""
    now = utcnow()
    return {
        "people": [person(n, name, role) for n, name, role in PEOPLE],
        "statuses": list(STATUSES),
        "customer_statuses": list(CUSTOMER_STATUSES),
        "priorities": list(reversed(PRIORITIES)),
        "tones": TONES,
        "colours": SURFACES + TONED,
        "soon": now + timedelta(minutes=44),
        "earlier": now - timedelta(hours=3),
        "hostile": HOSTILE,
        "middle": Page([], next="n", previous="p"),
    }


PEOPLE = (
    (1, "Mara Lindqvist", "agent"),
    (2, "Aiko Tanaka", "lead"),
    (3, "Samuel Okafor", "admin"),
    (4, "Elena Marchetti", "customer"),
    (5, "Jonas Brandt", "customer_admin"),
    (6, "Prince", "customer"),
)


def person(number: int = 1, name: str = "Mara Lindqvist", role: str = "admin") -> SimpleNamespace:
    """Somebody who is in no database."""
    return SimpleNamespace(id=number, name=name, role=role, is_staff=role in {"agent", "lead", "admin"}, keys_off=False, theme="system")
