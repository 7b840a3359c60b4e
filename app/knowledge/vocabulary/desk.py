"""Who keeps the vocabulary of the search: the list, one line, many lines as a file, and a box to try a question in."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user
from werkzeug.datastructures import FileStorage

from app.audiences import desk
from app.extensions import db
from app.knowledge.vocabulary import actions, queries, trying
from app.knowledge.vocabulary.actions import Unreadable
from app.knowledge.vocabulary.forms import FileForm, LineForm
from app.knowledge.vocabulary.models import WordGroup
from app.knowledge.vocabulary.queries import STATES, Filter
from app.knowledge.vocabulary.rules import MAX_FILE, Problem
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, Stale
from app.lib.htmx import go, page_or_part, part
from app.lib.text import many_lines

bp = desk("vocabulary", __name__)
REMOVED = (
    "This line was taken out since you opened it. Yours is kept: save it to add it as a new one, or leave it and go back to all words."
)
FRESH = "In force within five seconds, everywhere."


@bp.get("/desk/knowledge/vocabulary")
def index() -> Response:
    """The lines, in the order of the file."""
    wanted = Filter.of(request.args)
    context: dict[str, Any] = {"page": queries.listed(wanted, request.args.get("cursor", "")), "wanted": wanted, "states": STATES}
    return page_or_part(
        "knowledge/desk/vocabulary.html", "knowledge/desk/_vocabulary_rows.html", topics=queries.topics(), state_of=state_of, **context
    )


@bp.get("/desk/knowledge/vocabulary/new")
def new() -> Response:
    """An empty line; words that were looked for can come along."""
    return editor(LineForm(data={"line": request.args.get("line", "")[:200]}), None)


@bp.post("/desk/knowledge/vocabulary")
def create() -> Response:
    """Add a line."""
    return saved(LineForm(request.form), None)


@bp.get("/desk/knowledge/vocabulary/<int:number>")
def edit(number: int) -> Response:
    """One line in its form."""
    row = queries.group_for(number)
    return editor(LineForm.of(row), row)


@bp.post("/desk/knowledge/vocabulary/<int:number>")
def update(number: int) -> Response:
    """Save it. A stale one is kept in the form, beside what stands there now; of one that is gone it becomes a new one's."""
    form = LineForm(request.form)
    try:
        return saved(form, queries.group_for(number))
    except NotFound:
        return removed(form)


@bp.post("/desk/knowledge/vocabulary/<int:number>/removal")
def remove(number: int) -> Response:
    """Take it out of force."""
    actions.remove(queries.group_for(number), actor=current_user, now=utcnow())
    db.session.commit()
    flash(f"The line is out. {FRESH}", "ok")
    return go(url_for(".index"))


@bp.post("/desk/knowledge/vocabulary/<int:number>/restoration")
def restore(number: int) -> Response:
    """As it shipped, and in force."""
    row = queries.group_for(number)
    try:
        actions.restore(row, actor=current_user, now=utcnow())
        db.session.commit()
    except Invalid as wrong:
        form = LineForm.of(row)
        form.line.errors = [wrong.message]
        return editor(form, row, 422)
    flash(f"As it shipped. {FRESH}", "ok")
    return go(url_for(".edit", number=number))


@bp.get("/desk/knowledge/vocabulary/trial")
def trial() -> Response:
    """How a question is understood, and why its first answers come first."""
    asked = trying.Asked.of(request.args)
    return page_or_part(
        "knowledge/desk/vocabulary_trial.html", "knowledge/desk/_vocabulary_trial.html", asked=asked, told=trying.told(asked, current_user)
    )


@bp.get("/desk/knowledge/vocabulary/file")
def file() -> Response:
    """Where a file goes in and out."""
    return filing(FileForm(data={"text": ""}), ())


@bp.post("/desk/knowledge/vocabulary/file")
def take_in() -> Response:
    """Take a file in, all of it or nothing."""
    form = FileForm(request.form)
    try:
        text = uploaded(request.files.get("file")) or form.text.data or ""
        form.text.data = text
        told = actions.take_in(text, replace=bool(form.replace.data), actor=current_user, now=utcnow())
    except Unreadable as wrong:
        return filing(form, wrong.problems, 422)
    db.session.commit()
    flash(f"{told.added} added, {told.removed} taken out, {told.same} there already. {FRESH}", "ok")
    return go(url_for(".index"))


@bp.get("/desk/knowledge/vocabulary.txt")
def export() -> Response:
    """The lines in force, in the form that an import reads."""
    headers = {"Content-Disposition": "attachment; filename=vocabulary.txt", "Cache-Control": "no-store"}
    return Response(queries.exported(), mimetype="text/plain", headers=headers)


def saved(form: LineForm, row: WordGroup | None) -> Response:
    """Save a line, or show what hinders."""
    if not form.validate():
        return editor(form, row, 422)
    line, topic = form.line.data or "", form.topic.data or ""
    try:
        if row is None:
            row = actions.add(line, topic, actor=current_user, now=utcnow())
        else:
            actions.change(row, line, topic, actor=current_user, now=utcnow(), seen=form.seen.entry)
        db.session.commit()
    except Stale as stale:
        form.version.data = str(row.version if row else "")
        return editor(form, row, 409, stale=stale.message)
    except Invalid as wrong:
        form.line.errors = [wrong.message]
        return editor(form, row, 422)
    flash(f"Saved. {FRESH}", "ok")
    return go(url_for(".edit", number=row.id))


def removed(form: LineForm) -> Response:
    """The form of a line that is gone, to be added as a new one. NotFound for what does not come from the page of a line."""
    if not form.version.data:
        raise NotFound()
    form.form_errors.append(REMOVED)
    return editor(form, None, 409)


def editor(form: LineForm, row: WordGroup | None, status: int = 200, stale: str = "") -> Response:
    """A line in its form."""
    return part("knowledge/desk/vocabulary_edit.html", status, form=form, row=row, stale=stale, topics=queries.topics(), state_of=state_of)


def filing(form: FileForm, problems: Any, status: int = 200) -> Response:
    """The page of files."""
    return part("knowledge/desk/vocabulary_file.html", status, form=form, problems=problems)


def uploaded(file: FileStorage | None) -> str:
    """The text of a file that was sent along; nothing when there was none. Raises Unreadable."""
    if file is None or not file.filename:
        return ""
    raw = file.stream.read(MAX_FILE * 4 + 1)
    try:
        return many_lines(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as wrong:
        raise Unreadable([Problem(raw[: wrong.start].count(b"\n") + 1, "This is not UTF-8 text. Save it as UTF-8.")]) from wrong


def state_of(row: WordGroup) -> str:
    """Its state, one of STATES."""
    if not row.is_enabled:
        return "off"
    return "own" if row.is_own else "edited" if row.is_edited else "shipped"
