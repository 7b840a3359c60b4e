"""Staff: what I have to read, and that I have read it."""

from flask import Response, request, url_for
from flask_login import current_user

from app.accounts.permissions import may
from app.audiences import desk
from app.extensions import db
from app.knowledge.public import address
from app.knowledge.sections import shelf
from app.knowledge.training import actions, queries
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, part

bp = desk("training", __name__)


@bp.get("/desk/knowledge/training")
def index() -> Response:
    """What I have to read; for leads also how far everybody is."""
    today = utcnow().date()
    others = queries.overview(today) if may(current_user.role, "knowledge.train") else None
    return part("knowledge/desk/training.html", mine=queries.mine(current_user, today), others=others, shelf=shelf)


@bp.post("/desk/knowledge/article/<int:number>/readings")
def read(number: int) -> Response:
    """I have read and understood it, in the version that I saw."""
    article = queries.article_for(current_user, number)
    version = request.form.get("version", "")
    if "understood" not in request.form or not (version.isdecimal() and len(version) <= 9):
        raise Invalid("Tick the box first: it says that you have read and understood it.")
    actions.read(article, int(version), actor=current_user, now=utcnow())
    db.session.commit()
    return go(address(article) + "#reading")


@bp.post("/desk/knowledge/article/<int:number>/another-reading")
def again(number: int) -> Response:
    """What changed matters: everybody reads it again."""
    actions.ask_again(queries.article_to_edit(number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for("knowledge.edit", kind="article", number=number))
