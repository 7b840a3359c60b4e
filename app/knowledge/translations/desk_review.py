"""Reviews and plans of translations: asking and answering, and publishing or taking back at a time."""

from typing import Any

from flask import Response, request, url_for
from flask_login import current_user

from app.accounts.queries import staff
from app.audiences import desk
from app.extensions import db
from app.knowledge.queries import entry_to_edit
from app.knowledge.translations import planning, reviewing
from app.knowledge.translations.editor import editor, known
from app.knowledge.translations.forms import filled
from app.knowledge.translations.queries import translation_to_edit
from app.knowledge.writing import plans
from app.knowledge.writing import reviewing as questions
from app.knowledge.writing.forms import AnswerForm, AskForm, PlanForm, chosen
from app.knowledge.writing.queries import review_of
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotAllowed, Stale
from app.lib.htmx import go

bp = desk("translation_reviews", __name__)
ONE = "/desk/knowledge/<any(faq, article):kind>/<int:number>/translations/<locale>"


@bp.post(f"{ONE}/reviews")
def ask(kind: str, number: int, locale: str) -> Response:
    """Ask somebody, or any lead, to look at a translation."""
    entry, people = entry_to_edit(kind, number), staff()
    there, form = translation_to_edit(entry, known(locale)), AskForm(request.form).offer(people, current_user.id)
    if not form.validate():
        return beside(entry, locale, ask_form=form)
    try:
        reviewing.ask(entry, there, chosen(form.reviewer_id, people), form.note.data or "", actor=current_user, now=utcnow())
    except Invalid as wrong:
        form.reviewer_id.errors = [wrong.message]
        return beside(entry, locale, ask_form=form)
    db.session.commit()
    return go(url_for("translations.edit", kind=kind, number=number, locale=locale))


@bp.post(f"{ONE}/reviews/<int:review>/answer")
def answer(kind: str, number: int, locale: str, review: int) -> Response:
    """Approve, approve and publish, or send back with a comment."""
    entry, form = entry_to_edit(kind, number), AnswerForm(request.form).offer(may_publish=True)
    there, found = translation_to_edit(entry, known(locale)), review_of(entry, review, locale)
    if not form.validate():
        return beside(entry, locale, answer_form=form)
    said = {"approve": form.answer.data != "return", "publish": form.answer.data == "publish", "seen": form.seen.entry}
    try:
        reviewing.answer(entry, there, found, form.comment.data or "", **said, actor=current_user, now=utcnow())
    except (Invalid, Stale) as wrong:
        form.comment.errors = [wrong.message]
        return beside(entry, locale, wrong.status, answer_form=form)
    db.session.commit()
    return go(url_for("translations.edit", kind=kind, number=number, locale=locale))


@bp.post(f"{ONE}/reviews/<int:review>/withdrawal")
def withdraw(kind: str, number: int, locale: str, review: int) -> Response:
    """Take a question back."""
    entry = entry_to_edit(kind, number)
    questions.withdraw(entry, review_of(entry, review, known(locale)), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for("translations.edit", kind=kind, number=number, locale=locale))


@bp.post(f"{ONE}/plans")
def plan(kind: str, number: int, locale: str) -> Response:
    """Publish a translation, or take it back, at a time of the viewer's clock."""
    entry, form = entry_to_edit(kind, number), PlanForm(request.form)
    there = translation_to_edit(entry, known(locale))
    if not form.validate():
        return beside(entry, locale, plan_form=form)
    try:
        planning.plan(entry, there, form.verb.data, form.moment(), seen=form.seen.entry, actor=current_user, now=utcnow())
    except (Invalid, NotAllowed, Stale) as wrong:
        form.wall.errors = [wrong.message]
        return beside(entry, locale, wrong.status, plan_form=form)
    db.session.commit()
    return go(url_for("translations.edit", kind=kind, number=number, locale=locale))


@bp.post(f"{ONE}/plans/<any(publish, withdraw):verb>/cancellation")
def cancel(kind: str, number: int, locale: str, verb: str) -> Response:
    """Take a plan back."""
    plans.cancel(entry_to_edit(kind, number), verb, locale=known(locale), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for("translations.edit", kind=kind, number=number, locale=locale))


def beside(entry: Any, locale: str, status: int = 422, **form: Any) -> Response:
    """The editor, with what is wrong in one of the forms beside it. A stale answer stays so, until the text was opened again."""
    db.session.rollback()
    there = translation_to_edit(entry, locale)
    return editor(entry, locale, there, filled(entry.kind, there, entry.text_version), status, **form)
