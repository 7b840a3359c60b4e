"""Leads: who has to read an article, who has and who has not."""

import csv
import io
from collections.abc import Sequence

from flask import Response, request, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.knowledge import queries as entries
from app.knowledge.models import Article
from app.knowledge.training import actions, queries
from app.knowledge.training.forms import MustReadForm
from app.knowledge.training.queries import Asked
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, part
from app.lib.spreadsheet import cell

bp = lead("training_lead", __name__)
ONE = "/desk/knowledge/article/<int:number>/training"
HEAD = ("name", "email", "role", "teams", "state", "version read", "read at (UTC)", "asked since (UTC)")


@bp.get(ONE)
def show(number: int) -> Response:
    """Who has to read it, by when, and how far they are."""
    article = queries.article_to_edit(number)
    duty = queries.duty_of(number)
    form = MustReadForm(data={"roles": duty.roles, "teams": duty.teams, "due_on": duty.due_on} if duty else None)
    return page(article, form)


@bp.post(ONE)
def update(number: int) -> Response:
    """Ask for it, or change whom and when."""
    article, form = queries.article_to_edit(number), MustReadForm(request.form)
    if not form.validate():
        return page(article, form, 422)
    try:
        actions.ask(article, form.roles.data or [], form.teams.data or [], form.due_on.data, actor=current_user, now=utcnow())
        db.session.commit()
    except Invalid as wrong:
        form.form_errors.append(wrong.message)
        return page(article, form, 422)
    return go(url_for(".show", number=number))


@bp.post(f"{ONE}/withdrawal")
def take_back(number: int) -> Response:
    """Nobody has to read it any more."""
    actions.take_back(queries.article_to_edit(number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".show", number=number))


@bp.post(f"{ONE}/reminders")
def remind(number: int) -> Response:
    """Remind those who have not, now."""
    article, duty = queries.article_to_edit(number), entries.found(queries.duty_of(number))
    actions.remind(number, article.title, duty.due_on, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".show", number=number, reminded=1))


@bp.get(f"{ONE}.csv")
def export(number: int) -> Response:
    """The completion list for a spreadsheet."""
    article, duty = queries.article_to_edit(number), entries.found(queries.duty_of(number))
    response = Response(as_csv(queries.completion(article, duty, utcnow().date())), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="training-{article.slug}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def page(article: Article, form: MustReadForm, status: int = 200) -> Response:
    """The page with a form in it."""
    form.offer(queries.teams())
    duty = queries.duty_of(article.id)
    people = queries.completion(article, duty, utcnow().date()) if duty else []
    return part("knowledge/desk/training_article.html", status, article=article, duty=duty, people=people, form=form)


def as_csv(people: Sequence[Asked]) -> str:
    """A completion list as lines; what a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(HEAD)
    for one in people:
        read = ("" if one.read_version is None else one.read_version, one.read_at.isoformat() if one.read_at else "")
        lines.writerow((cell(one.name), cell(one.email), one.role, " ".join(one.teams), one.state, *read, one.since.isoformat()))
    return out.getvalue()
