"""What wants a look: entries by the day of their next review, their owners, and "still right" in one click."""

from typing import Any

from flask import Response, request, url_for
from flask_login import current_user

from app.accounts.queries import staff
from app.audiences import desk
from app.extensions import db
from app.knowledge.queries import entry_to_edit
from app.knowledge.sections import shelf
from app.knowledge.writing import caring, queries
from app.knowledge.writing.editor import around
from app.knowledge.writing.forms import CareForm, chosen
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, page_or_part, part
from app.lib.security import same_site_path
from app.lib.times import local

bp = desk("knowledge_care", __name__)
ENTRY = "/desk/knowledge/<any(faq, article):kind>/<int:number>"
VIEWS = {"overdue": "Overdue", "mine": "Mine", "soon": "Within 30 days", "undated": "Without a date"}


@bp.get("/desk/knowledge/care")
def index() -> Response:
    """Published entries whose review is over, or one's own, or those that come next."""
    view = request.args.get("view", "overdue")
    view = view if view in VIEWS else "overdue"
    today = local(utcnow(), current_user.time_zone).date()
    page = queries.in_care(view, current_user, today, request.args.get("cursor", ""))
    context: dict[str, Any] = {"page": page, "view": view, "views": VIEWS, "today": today, "shelf": shelf, "never": queries.NEVER}
    return page_or_part("knowledge/desk/care.html", "knowledge/desk/_care_rows.html", **context)


@bp.post(f"{ENTRY}/care")
def save(kind: str, number: int) -> Response:
    """Give an entry an owner and a day of its next review."""
    entry, people = entry_to_edit(kind, number), staff()
    form = CareForm(request.form).offer(people)
    if form.validate():
        try:
            caring.set_care(entry, chosen(form.owner_id, people), form.review_on.data, actor=current_user, now=utcnow())
            db.session.commit()
            return go(url_for("knowledge.edit", kind=kind, number=number))
        except Invalid as wrong:
            form.review_on.errors = [wrong.message]
    return part("knowledge/desk/wrong.html", 422, entry=entry, **{**around(entry, current_user), "care_form": form})


@bp.post(f"{ENTRY}/confirmation")
def confirm(kind: str, number: int) -> Response:
    """It is still right, as of today. Leads back to where it was said."""
    caring.confirm(entry_to_edit(kind, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(same_site_path(request.form.get("next")) or url_for("knowledge.edit", kind=kind, number=number))
