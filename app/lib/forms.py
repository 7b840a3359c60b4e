"""Our words for what a form cannot accept, in place of those that WTForms has where a field says nothing of its own.

And what is said beside the answers of a form that somebody else was faster than.
"""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField
from wtforms.meta import DefaultMeta

from app.lib.marks import kind_of

# The library's words, as it asks for a translation of them → ours, which say what to do.
WORDS = {
    "This field is required.": "Fill this in.",
    "Not a valid choice.": "Choose one of those that are offered.",
    "Invalid Choice: could not coerce.": "Choose one of those that are offered.",
    "Invalid choice(s): one or more data inputs could not be coerced.": "Choose among those that are offered.",
    "'%(value)s' is not a valid choice for this field.": "“%(value)s” is not offered. Choose among those that are.",
    "'%(value)s' are not valid choices for this field.": "“%(value)s” are not offered. Choose among those that are.",
    "Invalid value, must be one of: %(values)s.": "Choose one of these: %(values)s.",
    "Not a valid integer value.": "Write a whole number, such as 5.",
    "Not a valid float value.": "Write a number, such as 2.5.",
    "Not a valid date value.": "Write year, month and day, such as 2026-12-24.",
    "Not a valid time value.": "Write hours and minutes, from 00:00 to 23:59.",
    "Not a valid datetime value.": "Write a day and a time, such as 2026-12-24T09:30.",
    "Number must be at least %(min)s.": "Write a number of %(min)s or more.",
    "Number must be at most %(max)s.": "Write a number of %(max)s or less.",
    "Number must be between %(min)s and %(max)s.": "Write a number from %(min)s to %(max)s.",
    "Field must be at least %(min)d character long.": "Use %(min)d character at least.",
    "Field must be at least %(min)d characters long.": "Use %(min)d characters at least.",
    "Field cannot be longer than %(max)d character.": "Use %(max)d character at most.",
    "Field cannot be longer than %(max)d characters.": "Use %(max)d characters at most.",
    "Field must be between %(min)d and %(max)d characters long.": "Use %(min)d to %(max)d characters.",
    "Invalid email address.": "Write an address such as name@example.com.",
}


# Enough of a long text to see what has become of it.
MOST_QUOTED = 200


class OurWords:
    """What WTForms takes for a language."""

    def gettext(self, words: str) -> str:
        """Ours for theirs."""
        return WORDS.get(words, words)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """Ours for theirs, of one or of several."""
        return self.gettext(singular if count == 1 else plural)


def install() -> None:
    """Let every form speak so, whichever of the two libraries it comes from."""
    ours = OurWords()

    def get_translations(self: Any, form: Any) -> OurWords:
        return ours

    DefaultMeta.get_translations = FlaskForm.Meta.get_translations = get_translations
    IntegerField.process_formdata = read_integer


def read_integer(self: Any, given: list[str]) -> None:
    """Take a whole number as the library does, but none that no column holds: its bounds would fail on one of 310 digits."""
    if not given:
        return
    try:
        self.data = int(given[0])
    except ValueError:
        self.data = None
    if self.data is None or abs(self.data) >= 2**63:
        self.data = None
        raise ValueError(self.gettext("Not a valid integer value."))


def overtaken(form: Any, standing: Any, words: str) -> Any:
    """A form that somebody else was faster than: what was entered stays, with what stands there now beside it (`standing`, the same
    form as the page shows it). Saving again means to overwrite that."""
    form.form_errors.append(words)
    form.seen.data = standing.seen.data
    for field in standing:
        if kind_of(field) != "hidden":
            tell_what_stands(form[field.name], field.data)
    return form


def tell_what_stands(field: Any, value: Any) -> None:
    """Say beside an answer what stands there by now, if that is something else."""
    stands = lines_of(value)
    if stands == lines_of(field.data):
        return
    words_of = {str(key): str(label) for key, label, *_ in getattr(field, "iter_choices", list)()}
    quoted = ", ".join(words_of.get(one, one) for one in stands or [""])
    if isinstance(value, bool):
        says = "It is ticked now." if value else "It is not ticked now."
    elif quoted:
        says = f"It says “{quoted if len(quoted) <= MOST_QUOTED else f'{quoted[:MOST_QUOTED]}…'}” now."
    else:
        says = "It is empty now."
    field.errors = [*field.errors, says]


def lines_of(answer: Any) -> list[str]:
    """What an answer says: the lines of a text, or what was chosen in a fixed order."""
    if isinstance(answer, list | tuple):
        return sorted(str(one) for one in answer)
    return [line.strip() for line in str("" if answer is None else answer).splitlines()]
