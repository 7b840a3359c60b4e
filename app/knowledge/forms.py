"""The forms of writers."""

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, NumberRange, Optional, Regexp

from app.knowledge.actions import ArticleText, FaqText
from app.knowledge.rules import MAX_ANSWER, MAX_BODY, MAX_KEY, MAX_PLACE, MAX_QUESTION, MAX_SUMMARY, MAX_TITLE, SLUG, slug_of, tags_of
from app.knowledge.sections import AUDIENCES, CATEGORIES, SECTIONS, shelf
from app.knowledge.writing.forms import SeenForm
from app.knowledge.writing.rules import MAX_NOTE
from app.knowledge.writing.versions import Seen
from app.lib.text import many_lines, one_line

MAX_TAG_LINE = 600
WHO = "Staff-only texts are found by nobody else."
MARKS = "Markdown: **bold**, `code`, lists, tables, ``` for blocks, > **Note:** for a note; tabs, footnotes and pictures as in Writing articles."


def at_most(length: int) -> Length:
    """A limit in words."""
    return Length(max=length, message=f"Use {length:,} characters at most.")


def choices(pairs: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    """The options of a select."""
    return [SelectChoice(value, label) for value, label in pairs]


class EntryForm(SeenForm):
    """What both kinds have in common."""

    tags = StringField(
        "Tags",
        [Optional(), at_most(MAX_TAG_LINE)],
        filters=[one_line],
        description="Apart by commas. Other words for it help people to find it.",
    )
    audience = SelectField("Who may read it", choices=choices(AUDIENCES.items()), default="public", description=WHO)
    note = StringField(
        "What changed",
        [Optional(), at_most(MAX_NOTE)],
        filters=[one_line],
        description="A line for the history, for those who read it later.",
    )


class FaqForm(EntryForm):
    """A question and its answer."""

    question = StringField("Question", [DataRequired("Write the question as people ask it."), at_most(MAX_QUESTION)], filters=[one_line])
    answer = TextAreaField("Answer", [DataRequired("Write the answer."), at_most(MAX_ANSWER)], filters=[many_lines], description=MARKS)
    category = SelectField("Category", choices=choices((one.key, one.label) for one in CATEGORIES.values()))
    external_id = StringField(
        "Address",
        [Optional(), at_most(MAX_KEY)],
        filters=[one_line],
        description="The last part of its address. Empty: made from the question. The old address leads to the new one.",
    )

    def __init__(self, *args: Any, entry: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # An imported category of which we know nothing stays what it is.
        if entry is not None and entry.category not in CATEGORIES:
            self.category.choices = [*self.category.choices, *choices([(entry.category, shelf(entry.category).label)])]

    def text(self) -> FaqText:
        """What was written, clean."""
        tags = tuple(tags_of(self.tags.data or ""))
        key = self.external_id.data or None
        return FaqText(self.question.data, self.answer.data, self.category.data, tags, self.audience.data, key)


class ArticleForm(EntryForm):
    """A page of the documentation."""

    title = StringField("Title", [DataRequired("Give it a title."), at_most(MAX_TITLE)], filters=[one_line])
    section = SelectField("Section", choices=choices((one.key, one.label) for one in SECTIONS.values()))
    slug = StringField(
        "Address",
        [Optional(), at_most(MAX_KEY), Regexp(SLUG.pattern + "$", message="Use small letters, digits and single hyphens.")],
        filters=[one_line],
        description="The last part of its address. Empty: made from the title. The old address leads to the new one.",
    )
    summary = TextAreaField(
        "Summary", [Optional(), at_most(MAX_SUMMARY)], filters=[one_line], description="One sentence for lists and search."
    )
    body = TextAreaField("Text", [DataRequired("Write the text."), at_most(MAX_BODY)], filters=[many_lines], description=MARKS)
    position = IntegerField(
        "Place in the section",
        [Optional(), NumberRange(-MAX_PLACE, MAX_PLACE, f"Use a number from {-MAX_PLACE:,} to {MAX_PLACE:,}.")],
        description="The lowest number stands first. Empty: behind the others.",
    )
    product_version = StringField("Holds for version", [Optional(), at_most(60)], filters=[one_line])

    def text(self) -> ArticleText:
        """What was written, clean."""
        slug = self.slug.data or slug_of(self.title.data)
        about: dict[str, Any] = {
            "position": self.position.data,
            "product_version": self.product_version.data or "",
        }
        tags = tuple(tags_of(self.tags.data or ""))
        return ArticleText(
            self.section.data, slug, self.title.data, self.body.data, self.summary.data or "", tags, self.audience.data, **about
        )


FORMS: dict[str, type[FaqForm] | type[ArticleForm]] = {"faq": FaqForm, "article": ArticleForm}


def filled(kind: str, entry: Any, fields: Mapping[str, Any] | None = None, number: int | None = None) -> FaqForm | ArticleForm:
    """The form as an entry stands in the database, or with the text (`fields`) of the version `number` that is beside it."""
    form = FaqForm(entry=entry) if kind == "faq" else ArticleForm()
    values = {name: getattr(entry, name) for name in form.data if hasattr(entry, name)} | dict(fields or {})
    form.process(data={**values, "tags": ", ".join(values["tags"]), "version": Seen(entry.version, number).token})
    return form
