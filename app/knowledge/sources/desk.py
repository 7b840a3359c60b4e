"""From the desk's ticket page to a draft of an answer, by one click."""

from flask import Response, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.knowledge.sources import actions
from app.lib.clock import utcnow
from app.lib.errors import NotFound
from app.lib.htmx import go
from app.tickets.queries import message_for

bp = desk("knowledge_sources", __name__)


@bp.post("/desk/knowledge/answers-from-replies")
def create() -> Response:
    """Make an answer from a reply, and open it in the editor."""
    number = request.form.get("message", "")
    if not (number.isascii() and number.isdecimal() and len(number) <= 9):
        raise NotFound
    message, ticket = message_for(current_user, int(number))
    entry = actions.draft_from_reply(message, ticket, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for("knowledge.edit", kind="faq", number=entry.id))
