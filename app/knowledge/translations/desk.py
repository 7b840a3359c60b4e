"""Translators: which entries are missing or behind in which language, and the editor of one translation."""

from collections.abc import Callable
from typing import Any

from flask import Response, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.knowledge import queries as entries
from app.knowledge.queries import Filter
from app.knowledge.sections import shelf
from app.knowledge.translations import actions, queries
from app.knowledge.translations.editor import editor, known, told_why
from app.knowledge.translations.forms import FORMS, filled
from app.knowledge.translations.languages import locales
from app.knowledge.translations.rules import language
from app.knowledge.writing.versions import Seen
from app.lib.clock import utcnow
from app.lib.errors import NotAllowed, Stale
from app.lib.htmx import go, page_or_part

bp = desk("translations", __name__)
# What the buttons say; whatever is usual without one.
THEN = {"publish": True, "draft": False}
ONE = "/desk/knowledge/<any(faq, article):kind>/<int:number>/translations/<locale>"


@bp.get("/desk/knowledge/translations")
def index() -> Response:
    """Every entry with every language, newest change first."""
    wanted = Filter.of(request.args)
    page = entries.writing(wanted, request.args.get("cursor", ""))
    context: dict[str, Any] = {"page": page, "wanted": wanted, "locales": locales(), "language": language, "shelf": shelf}
    context["cells"] = queries.cells(page.items, locales())
    return page_or_part("knowledge/desk/translations.html", "knowledge/desk/_translation_rows.html", **context)


@bp.get(ONE)
def edit(kind: str, number: int, locale: str) -> Response:
    """The editor of a translation, with what changed in the original since."""
    entry = entries.entry_to_edit(kind, number)
    there = queries.translation_of(kind, number, known(locale))
    return editor(entry, locale, there, filled(kind, there, entry.text_version))


@bp.post(ONE)
def update(kind: str, number: int, locale: str) -> Response:
    """Another text of a translation. A stale one is kept in the form."""
    entry, form = entries.entry_to_edit(kind, number), FORMS[kind](request.form)
    there = queries.translation_of(kind, number, known(locale))
    if not form.validate():
        return editor(entry, locale, there, form, 422)
    try:
        wish = {"actor": current_user, "now": utcnow(), "publish": THEN.get(request.form.get("then", ""))}
        actions.save(entry, locale, form.draft(), **wish)
        db.session.commit()
    except (Stale, NotAllowed) as refused:
        return told_why(entry, locale, there, form, refused)
    return go(url_for(".edit", kind=kind, number=number, locale=locale, saved=1))


@bp.post(f"{ONE}/withdrawal")
def withdraw(kind: str, number: int, locale: str) -> Response:
    """Take a translation back to a draft."""
    return done(actions.withdraw, kind, number, locale)


@bp.post(f"{ONE}/publication")
def publish(kind: str, number: int, locale: str) -> Response:
    """Show readers what was worked on, as it stands."""
    return done(actions.publish, kind, number, locale)


@bp.post(f"{ONE}/draft/removal")
def discard(kind: str, number: int, locale: str) -> Response:
    """Give up the text beside the published one."""
    return done(actions.discard, kind, number, locale)


def done(action: Callable[..., None], kind: str, number: int, locale: str) -> Response:
    """Do something to a translation that is there, if it is still the one that was looked at, and show it again."""
    entry = entries.entry_to_edit(kind, number)
    there = queries.translation_to_edit(entry, known(locale))
    try:
        action(entry, there, seen=Seen.of(request.form.get("version")).entry, actor=current_user, now=utcnow())
        db.session.commit()
    except Stale as stale:
        return editor(entry, locale, there, filled(kind, there, entry.text_version), 409, refused=stale.message)
    return go(url_for(".edit", kind=kind, number=number, locale=locale))
