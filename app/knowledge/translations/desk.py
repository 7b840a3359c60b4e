"""Translators: which entries are missing or behind in which language, and the editor of one translation."""

from collections.abc import Callable
from typing import Any

from flask import Response, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.knowledge import queries as entries
from app.knowledge import render
from app.knowledge.queries import Filter
from app.knowledge.rules import MAX_BODY
from app.knowledge.sections import STATES, shelf
from app.knowledge.translations import actions, queries
from app.knowledge.translations.forms import FORMS, TranslationForm, filled
from app.knowledge.translations.languages import locales
from app.knowledge.translations.models import Translation
from app.knowledge.translations.rules import Words, behind, language
from app.knowledge.writing.comparing import Comparison, compared
from app.knowledge.writing.versions import Seen
from app.lib.clock import utcnow
from app.lib.errors import NotAllowed, NotFound, Stale
from app.lib.htmx import go, page_or_part, part

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


@bp.post(f"{ONE}/draft/removal")
def discard(kind: str, number: int, locale: str) -> Response:
    """Give up the text beside the published one."""
    return done(actions.discard, kind, number, locale)


def done(action: Callable[..., None], kind: str, number: int, locale: str) -> Response:
    """Do something to a translation that is there, if it is still the one that was looked at, and show it again."""
    entry = entries.entry_to_edit(kind, number)
    there: Translation = entries.found(queries.translation_of(kind, number, known(locale)))
    try:
        action(entry, there, seen=Seen.of(request.form.get("version")).entry, actor=current_user, now=utcnow())
        db.session.commit()
    except Stale as stale:
        return editor(entry, locale, there, filled(kind, there, entry.text_version), 409, refused=stale.message)
    return go(url_for(".edit", kind=kind, number=number, locale=locale))


def known(locale: str) -> str:
    """A language of ours. Raises NotFound."""
    if locale not in locales():
        raise NotFound
    return locale


def told_why(entry: Any, locale: str, there: Translation | None, form: TranslationForm, why: Stale | NotAllowed) -> Response:
    """The editor again: somebody else was first, and saving again is then meant; or it is not for them to publish."""
    if isinstance(why, Stale):
        # What was said of an older original does not hold for one that the translator sees only now.
        form.is_current.data = form.is_current.data and form.source.data == str(entry.text_version)
        form.version.data, form.source.data = str(there.version) if there else "", str(entry.text_version)
    return editor(entry, locale, there, form, why.status, refused=why.message)


def editor(entry: Any, locale: str, there: Translation | None, form: TranslationForm, status: int = 200, refused: str = "") -> Response:
    """The editor with a form in it, beside the original."""
    words = queries.words_of(entry)
    context: dict[str, Any] = {
        "late": behind(entry.text_version, there.source_version) if there else 0,
        "since": since(there, words, entry.kind) if there else None,
        "changes": coming(there, entry.kind) if there and there.status == "published" and there.beside else None,
        "states": STATES,
        "waits": actions.waits_for_lead(entry, current_user),
        "language": language(locale),
        "html": render.answer(words.body),
        "preview": render.article((form.body.data or "")[:MAX_BODY]).html,
        "words": words,
    }
    return part(
        "knowledge/desk/translation.html",
        status,
        entry=entry,
        there=there,
        form=form,
        locale=locale,
        refused=refused,
        **context,
    )


def since(there: Translation, words: Words, kind: str) -> Comparison:
    """What changed in the original since a translation was made from it."""
    before = named(kind, Words(there.source_title, there.source_summary, there.source_body))
    return compared(kind, before, named(kind, words))


def coming(there: Translation, kind: str) -> Comparison:
    """What the text beside a published translation would change."""
    live = {"title": there.title, "summary": there.summary, "body": there.body}
    beside = live | {name: value for name, value in (there.beside or {}).items() if name in live}
    return compared(kind, named(kind, Words(**live)), named(kind, Words(**beside)))


def named(kind: str, words: Words) -> dict[str, str]:
    """The words of an entry by the names of its columns."""
    if kind == "faq":
        return {"question": words.title, "answer": words.body}
    return {"title": words.title, "summary": words.summary, "body": words.body}
