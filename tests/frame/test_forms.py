"""What forms say of what they cannot accept: our words, which tell what to do."""

import inspect
import re
from typing import Any

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    DateTimeLocalField,
    FloatField,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
    fields,
    validators,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, Email, InputRequired, Length, NumberRange

from app.lib.forms import WORDS

CHOICES = [SelectChoice("a", "A")]


@pytest.mark.parametrize("base", [Form, FlaskForm])
@pytest.mark.parametrize(
    ("field", "given", "told"),
    [
        (StringField(validators=[InputRequired()]), "", "Fill this in."),
        (StringField(validators=[Length(max=1)]), "xx", "Use 1 character at most."),
        (StringField(validators=[Length(max=3)]), "xxxx", "Use 3 characters at most."),
        (StringField(validators=[Length(2, 3)]), "x", "Use 2 to 3 characters."),
        (StringField(validators=[AnyOf(("a", "b"))]), "c", "Choose one of these: a, b."),
        (StringField(validators=[Email()]), "nobody", "Write an address such as name@example.com."),
        (IntegerField(), "five", "Write a whole number, such as 5."),
        (IntegerField(validators=[NumberRange(1, 9)]), "10", "Write a number from 1 to 9."),
        (IntegerField(validators=[NumberRange(1, 9)]), "9" * 400, "Write a whole number, such as 5."),
        (FloatField(), "much", "Write a number, such as 2.5."),
        (DateField(), "tomorrow", "Write year, month and day, such as 2026-12-24."),
        (TimeField(), "24:00", "Write hours and minutes, from 00:00 to 23:59."),
        (DateTimeLocalField(format="%Y-%m-%dT%H:%M"), "noon", "Write a day and a time, such as 2026-12-24T09:30."),
        (SelectField(choices=CHOICES), "z", "Choose one of those that are offered."),
        (SelectField(choices=CHOICES, coerce=int), "z", "Choose one of those that are offered."),
        (SelectMultipleField(choices=CHOICES), "z", "“z” is not offered. Choose among those that are."),
    ],
)
def test_every_field_says_what_to_do(app: Flask, base: Any, field: Any, given: str, told: str) -> None:
    with app.test_request_context(method="POST"):
        form = type("Sample", (base,), {"field": field, "Meta": type("Meta", (), {"csrf": False})})(MultiDict({"field": given}))
        assert not form.validate()
        assert form.field.errors[0] == told


def test_the_words_that_we_replace_are_those_that_the_library_has() -> None:
    modules = [validators, *(module for _, module in inspect.getmembers(fields, inspect.ismodule))]
    theirs = set(re.findall(r'"([^"\n]+)"', "\n".join(map(inspect.getsource, modules))))
    assert not [words for words in WORDS if words not in theirs]
