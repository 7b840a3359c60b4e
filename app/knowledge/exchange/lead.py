"""Leads send files in: what they would change is shown first, and how far it is while it is taken in."""

from typing import Any

from flask import Response, request, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.knowledge.exchange import actions
from app.knowledge.exchange.changes import MOST_SHOWN
from app.knowledge.exchange.models import KnowledgeUpload
from app.knowledge.exchange.packages import MAX_UPLOAD_BYTES
from app.knowledge.translations.languages import locales
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, page_or_part, part

bp = lead("knowledge_uploads", __name__)
ONE = "/desk/knowledge/files/<int:number>"


@bp.post("/desk/knowledge/files")
def send() -> Response:
    """Keep a file and show what it would change."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Invalid("Choose a file first.")
        upload = actions.keep(file.filename, file.stream.read(MAX_UPLOAD_BYTES + 1), locales=locales(), actor=current_user, now=utcnow())
        db.session.commit()
    except Invalid as refused:
        db.session.rollback()
        uploads = actions.uploads_of(current_user, utcnow())
        return part("knowledge/desk/files.html", 422, sends=True, uploads=uploads, problem=refused.message)
    return go(url_for(".show", number=upload.id))


@bp.get(ONE)
def show(number: int) -> Response:
    """What it would change, how far it is, or what came of it."""
    upload = actions.upload_for(current_user, number)
    return page_or_part("knowledge/desk/upload.html", "knowledge/desk/_upload.html", **shown(upload))


@bp.post(f"{ONE}/import")
def confirm(number: int) -> Response:
    """Take it in, or go on with it."""
    actions.confirm(actions.upload_for(current_user, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".show", number=number))


@bp.post(f"{ONE}/removal")
def discard(number: int) -> Response:
    """Forget it."""
    actions.discard(actions.upload_for(current_user, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for("knowledge_files.index"))


def shown(upload: KnowledgeUpload) -> dict[str, Any]:
    """What the page needs."""
    about = {"counts": upload.outcome.get("counts", {}), "outcome": upload.outcome, "most_shown": MOST_SHOWN}
    return {"upload": upload, "state": actions.state_of(upload, utcnow()), **about}
