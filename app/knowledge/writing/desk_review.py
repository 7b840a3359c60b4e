"""Reviews and plans: the list of what waits, asking, answering, and publishing or withdrawing at a time."""

from typing import Any

from flask import Response, request, url_for
from flask_login import current_user

from app.accounts.queries import staff
from app.audiences import desk
from app.extensions import db
from app.knowledge.models import Article, Faq
from app.knowledge.queries import entry_to_edit
from app.knowledge.translations.rules import ORIGINAL, language
from app.knowledge.writing import plans, queries, reviewing
from app.knowledge.writing.editor import around
from app.knowledge.writing.forms import AnswerForm, AskForm, PlanForm, chosen
from app.knowledge.writing.rules import TONES, WORK
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotAllowed, Stale
from app.lib.htmx import go, part

bp = desk("knowledge_reviews", __name__)
ENTRY = "/desk/knowledge/<any(faq, article):kind>/<int:number>"


@bp.get("/desk/knowledge/reviews")
def index() -> Response:
    """What waits for the viewer's word, what was said to what they asked, what they still ask, and what others wait for."""
    rows = queries.open_reviews()
    mine = [pair for pair in rows if queries.waits_for(pair[0], current_user)]
    asked = [pair for pair in rows if pair[0].asked_by_id == current_user.id]
    others = [pair for pair in rows if pair not in mine and pair not in asked]
    answered = queries.answered_for(current_user)
    context: dict[str, Any] = {"mine": mine, "answered": answered, "asked": asked, "others": others}
    context |= {"states": WORK, "tones": TONES, "language": language, "original": ORIGINAL}
    return part("knowledge/desk/reviews.html", **context)


@bp.post(f"{ENTRY}/reviews")
def ask(kind: str, number: int) -> Response:
    """Ask somebody, or any lead, to look at the newest text."""
    entry, people = entry_to_edit(kind, number), staff()
    form = AskForm(request.form).offer(people, current_user.id)
    if not form.validate():
        return beside(entry, "ask_form", form)
    try:
        reviewing.ask(entry, chosen(form.reviewer_id, people), form.note.data or "", actor=current_user, now=utcnow())
    except Invalid as wrong:
        form.reviewer_id.errors = [wrong.message]
        return beside(entry, "ask_form", form)
    db.session.commit()
    return go(url_for("knowledge.edit", kind=kind, number=number))


@bp.post(f"{ENTRY}/reviews/<int:review>/answer")
def answer(kind: str, number: int, review: int) -> Response:
    """Approve, approve and publish, or send back with a comment."""
    entry = entry_to_edit(kind, number)
    found, form = queries.review_of(entry, review), AnswerForm(request.form).offer(may_publish=True)
    if not form.validate():
        return beside(entry, "answer_form", form)
    said = {"approve": form.answer.data != "return", "publish": form.answer.data == "publish"}
    try:
        reviewing.answer(entry, found, form.comment.data or "", **said, seen=form.seen, actor=current_user, now=utcnow())
    except (Invalid, Stale) as wrong:
        form.comment.errors = [wrong.message]
        return beside(entry, "answer_form", form, wrong.status)
    db.session.commit()
    return go(url_for("knowledge.edit", kind=kind, number=number))


@bp.post(f"{ENTRY}/reviews/<int:review>/withdrawal")
def withdraw(kind: str, number: int, review: int) -> Response:
    """Take a question back."""
    entry = entry_to_edit(kind, number)
    reviewing.withdraw(entry, queries.review_of(entry, review), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for("knowledge.edit", kind=kind, number=number))


@bp.post(f"{ENTRY}/plans")
def plan(kind: str, number: int) -> Response:
    """Publish the newest text, or withdraw the entry, at a time of the viewer's clock."""
    entry, form = entry_to_edit(kind, number), PlanForm(request.form)
    if not form.validate():
        return beside(entry, "plan_form", form)
    try:
        plans.plan(entry, form.verb.data, form.moment(), seen=form.seen, actor=current_user, now=utcnow())
    except (Invalid, NotAllowed, Stale) as wrong:
        form.wall.errors = [wrong.message]
        return beside(entry, "plan_form", form, wrong.status)
    db.session.commit()
    return go(url_for("knowledge.edit", kind=kind, number=number))


@bp.post(f"{ENTRY}/plans/<any(publish, withdraw):verb>/cancellation")
def cancel(kind: str, number: int, verb: str) -> Response:
    """Take a plan back."""
    plans.cancel(entry_to_edit(kind, number), verb, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for("knowledge.edit", kind=kind, number=number))


def beside(entry: Faq | Article, name: str, form: Any, status: int = 422) -> Response:
    """The small forms of an entry, one of them with what is wrong in it. A stale one stays so, until its text was opened again."""
    db.session.rollback()
    context: dict[str, Any] = {**around(entry, current_user), name: form}
    return part("knowledge/desk/wrong.html", status, entry=entry, **context)
