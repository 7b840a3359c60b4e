"""The form of translators."""

from typing import Any

from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional, Regexp

from app.knowledge.forms import MARKS, at_most
from app.knowledge.rules import MAX_ANSWER, MAX_BODY, MAX_QUESTION, MAX_SUMMARY, MAX_TITLE
from app.knowledge.translations.actions import Draft
from app.knowledge.translations.models import Translation
from app.knowledge.translations.rules import Words, behind
from app.knowledge.writing.forms import SeenForm
from app.lib.text import many_lines, one_line

RELOAD = "Reload the page, please."
UP_TO_DATE = (
    "Tick it once you have translated all that changed: readers are then no longer told that the English text has changed. "
    "To mend a typo, leave it as it is."
)


class TranslationForm(SeenForm):
    """An article in another language."""

    title = StringField("Title", [DataRequired("Give it a title."), at_most(MAX_TITLE)], filters=[one_line])
    summary = TextAreaField("Summary", [Optional(), at_most(MAX_SUMMARY)], filters=[one_line])
    body = TextAreaField("Text", [DataRequired("Write the text."), at_most(MAX_BODY)], filters=[many_lines], description=MARKS)
    is_current = BooleanField("The translation is up to date with the English text", default=True, description=UP_TO_DATE)
    source = HiddenField("Version of the original", [DataRequired(RELOAD), Regexp(r"^\d{1,9}$", message=RELOAD)])

    def draft(self) -> Draft:
        """What was written, and what its writer had seen."""
        words = Words(self.title.data or "", self.summary.data or "", self.body.data or "")
        return Draft(words, self.seen.entry or None, int(self.source.data or 0), bool(self.is_current.data))


class AnswerTranslationForm(TranslationForm):
    """A question and its answer in another language."""

    title = StringField("Question", [DataRequired("Write the question."), at_most(MAX_QUESTION)], filters=[one_line])
    body = TextAreaField("Answer", [DataRequired("Write the answer."), at_most(MAX_ANSWER)], filters=[many_lines], description=MARKS)
    summary = HiddenField("Summary")


FORMS: dict[str, type[TranslationForm]] = {"faq": AnswerTranslationForm, "article": TranslationForm}


def filled(kind: str, translation: Translation | None, text_version: int) -> TranslationForm:
    """The form as a translation is worked on; empty for a new one. One that is behind has to be said to be up to date."""
    values: dict[str, Any] = {"source": str(text_version)}
    if translation is not None:
        newest = {name: getattr(translation, name) for name in ("title", "summary", "body", "source_version")} | (translation.beside or {})
        own = {name: newest[name] for name in ("title", "summary", "body")}
        is_current = not behind(text_version, newest["source_version"])
        values |= {**own, "version": str(translation.version), "is_current": is_current}
    return FORMS[kind](data=values)
