"""The radar for stale answers, and the product's versions that it needs to know."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.knowledge.learning import actions, queries
from app.knowledge.learning.forms import ReleaseForm
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, page_or_part, part

bp = desk("stale", __name__)


@bp.get("/desk/knowledge/stale")
def index() -> Response:
    """What may no longer be right, the most urgent first."""
    page = queries.stale(is_demo=current_user.is_demo, cursor=request.args.get("cursor", ""))
    return page_or_part("knowledge/desk/learning_stale.html", "knowledge/desk/_learning_stale.html", page=page)


@bp.get("/desk/knowledge/releases")
def releases() -> Response:
    """The product's versions, and until when each is supported."""
    return listed(ReleaseForm())


@bp.post("/desk/knowledge/releases")
def save_release() -> Response:
    """Add a version, or change what is known of one."""
    form = ReleaseForm(request.form)
    if not form.validate():
        return listed(form, 422)
    try:
        actions.save_release(form.version.data, form.released_on.data, form.ends_on.data, actor=current_user, now=utcnow())
    except Invalid as wrong:
        form.ends_on.errors = [wrong.message]
        return listed(form, 422)
    db.session.commit()
    flash(f"Version {form.version.data} is saved. The radar looks again within the hour.", "ok")
    return go(url_for(".releases"))


@bp.post("/desk/knowledge/releases/<int:number>/removal")
def remove_release(number: int) -> Response:
    """Forget a version."""
    actions.remove_release(number, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".releases"))


def listed(form: ReleaseForm, status: int = 200) -> Response:
    """The page of the versions, with a form below."""
    context: dict[str, Any] = {"releases": queries.releases(), "form": form, "today": utcnow().date()}
    return part("knowledge/desk/learning_releases.html", status, **context)
