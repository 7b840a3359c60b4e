"""The forms of who keeps the vocabulary."""

from wtforms import BooleanField, FileField, Form, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from app.knowledge.vocabulary.models import WordGroup
from app.knowledge.vocabulary.rules import MAX_FILE, MAX_LINE, MAX_TOPIC
from app.knowledge.writing.forms import SeenForm
from app.lib.text import many_lines, one_line


class LineForm(SeenForm):
    """One line."""

    line = StringField(
        "Words",
        [DataRequired("Write two words or more."), Length(max=MAX_LINE, message=f"Use {MAX_LINE:,} characters at most.")],
        filters=[one_line],
        description="Words and phrases that mean the same, apart by commas. “word => other” finds the other for the word, not the word for the other.",
    )
    topic = StringField(
        "Heading",
        [Optional(), Length(max=MAX_TOPIC, message=f"Use {MAX_TOPIC} characters at most.")],
        filters=[one_line],
        description="Where it stands in the list and in the file.",
    )

    @classmethod
    def of(cls, row: WordGroup) -> "LineForm":
        """With what a row says."""
        return cls(data={"line": row.line, "topic": row.topic, "version": str(row.version)})


class FileForm(Form):
    """Many lines at once."""

    text = TextAreaField(
        "Lines",
        [Length(max=MAX_FILE, message=f"Use {MAX_FILE:,} characters at most.")],
        filters=[many_lines],
        description="A line each, as in the export. A line that begins with # is the heading of those below it.",
    )
    file = FileField("Or a file", description="Plain text, UTF-8. It comes before what stands above.")
    replace = BooleanField("Replace everything", description="Lines that are not in it go. Those that ship are switched off. Leads only.")
