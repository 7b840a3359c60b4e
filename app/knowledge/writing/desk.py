"""The history of an entry: its versions side by side, bringing one back, what is typed and not saved, old addresses, pictures."""

from typing import Any

from flask import Response, jsonify, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.knowledge import render
from app.knowledge.queries import entry_to_edit
from app.knowledge.rules import MAX_QUESTION
from app.knowledge.writing import drafts, pictures, publishing, queries, redirects
from app.knowledge.writing.comparing import compared, heading, labels
from app.knowledge.writing.rules import TONES, WORK
from app.knowledge.writing.snapshots import MAIN
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import answer, go, page_or_part, part
from app.lib.requests import row_number
from app.lib.text import one_line

bp = desk("knowledge_writing", __name__)
KIND = "<any(faq, article):kind>"
ENTRY = f"/desk/knowledge/{KIND}/<int:number>"


@bp.get(f"{ENTRY}/versions")
def history(kind: str, number: int) -> Response:
    """Every version of an entry, newest first, and what reviewers said. `from` and `to` compare any two."""
    entry = entry_to_edit(kind, number)
    one, other = (request.args.get(name, type=row_number) for name in ("from", "to"))
    if one and other:
        return go(url_for(".version", kind=kind, number=number, at=max(one, other), against=min(one, other)))
    page = queries.history(entry, request.args.get("cursor", ""))
    context: dict[str, Any] = {"entry": entry, "page": page, "reviews": queries.reviews_of(entry), "labels": labels}
    work = queries.work(entry, current_user)
    return page_or_part("knowledge/desk/history.html", "knowledge/desk/_versions.html", work=work, words_of=WORK, tones=TONES, **context)


@bp.get(f"{ENTRY}/versions/<int:at>")
def version(kind: str, number: int, at: int) -> Response:
    """One version beside the one before it, or beside another one (`against`)."""
    entry = entry_to_edit(kind, number)
    row = queries.version_of(entry, at)
    against = request.args.get("against", type=row_number) or at - 1
    before = queries.version_of(entry, against) if against else None
    changes = compared(kind, before.fields if before else {}, row.fields)
    context: dict[str, Any] = {"entry": entry, "row": row, "before": before, "changes": changes, "heading": heading(kind, row.fields)}
    return part("knowledge/desk/version.html", html=render.article(str(row.fields.get(MAIN[kind]) or "")).html, **context)


@bp.post(f"{ENTRY}/versions/<int:at>/restoration")
def restore(kind: str, number: int, at: int) -> Response:
    """Bring the text of an old version back, as a new one."""
    publishing.restore(entry_to_edit(kind, number), at, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for("knowledge.edit", kind=kind, number=number, saved=1))


@bp.post(f"{ENTRY}/revision/removal")
def discard(kind: str, number: int) -> Response:
    """Give up the work beside the live text; the history keeps it."""
    publishing.discard(entry_to_edit(kind, number), actor=current_user, now=utcnow())
    drafts.drop(kind, number, current_user)
    db.session.commit()
    return go(url_for("knowledge.edit", kind=kind, number=number))


@bp.post(f"/desk/knowledge/{KIND}/draft")
def keep_new(kind: str) -> Response:
    """Keep what is typed into the editor of a new entry."""
    return kept(kind, 0, url_for("knowledge.new", kind=kind))


@bp.post(f"{ENTRY}/draft")
def keep(kind: str, number: int) -> Response:
    """Keep what is typed into the editor of an entry."""
    return kept(kind, entry_to_edit(kind, number).id, url_for("knowledge.edit", kind=kind, number=number))


def kept(kind: str, number: int, editor: str) -> Response:
    """Store the form as it stands, and say so; without script on the page of the editor, which opens with it."""
    row = drafts.save(kind, number, request.form.to_dict(), actor=current_user, now=utcnow())
    db.session.commit()
    return answer("knowledge/desk/_draft_state.html", or_go=editor, saved_at=row.saved_at)


@bp.post(f"/desk/knowledge/{KIND}/draft/removal")
def drop_new(kind: str) -> Response:
    """Throw away what was typed into the editor of a new entry, and begin anew: with the question that somebody came for."""
    drafts.drop(kind, 0, current_user)
    db.session.commit()
    return go(url_for("knowledge.new", kind=kind, question=one_line(request.form.get("question"))[:MAX_QUESTION] or None))


@bp.post(f"{ENTRY}/draft/removal")
def drop(kind: str, number: int) -> Response:
    """Throw away what was typed into the editor of an entry."""
    drafts.drop(kind, entry_to_edit(kind, number).id, current_user)
    db.session.commit()
    return go(url_for("knowledge.edit", kind=kind, number=number))


@bp.get("/desk/knowledge/redirects")
def old_addresses() -> Response:
    """Every old address, and where it leads."""
    page = queries.redirects(request.args.get("cursor", ""))
    return page_or_part("knowledge/desk/redirects.html", "knowledge/desk/_redirects.html", page=page)


@bp.post("/desk/knowledge/redirects/<int:number>/removal")
def remove_address(number: int) -> Response:
    """Let an old address lead nowhere."""
    redirects.remove(number, actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".old_addresses"))


@bp.post("/desk/knowledge/pictures")
def add_picture() -> Response:
    """Keep a picture for a text; the answer is its address and name."""
    file = request.files.get("picture")
    if file is None or not file.filename:
        raise Invalid("Choose a picture.")
    row = pictures.add(file, actor=current_user, now=utcnow())
    db.session.commit()
    return jsonify(url=url_for("knowledge_pictures.show", ref=row.ref), name=row.name)
