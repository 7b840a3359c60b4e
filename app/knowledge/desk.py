"""Writers: the list of what there is, the editors, drafts and publishing, what readers looked for in vain."""

from typing import Any

from flask import Response, current_app, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.knowledge import actions, queries, render
from app.knowledge.beside import beside
from app.knowledge.forms import FORMS, ArticleForm, FaqForm
from app.knowledge.models import Article, Faq
from app.knowledge.queries import Filter
from app.knowledge.rules import MAX_QUESTION
from app.knowledge.sections import AUDIENCES, shelf
from app.knowledge.translations.languages import locales
from app.knowledge.writing import drafts, publishing
from app.knowledge.writing.editor import around, draft_url, form_of, keep_typed, meanwhile, opened, publishes
from app.knowledge.writing.queries import states_of
from app.knowledge.writing.rules import TONES, WORK
from app.knowledge.writing.versions import Seen, revision_of
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotAllowed, NotFound, Stale
from app.lib.htmx import answer, go, page_or_part, part
from app.lib.text import one_line

bp = desk("knowledge", __name__)
KIND = "<any(faq, article):kind>"


@bp.get("/desk/knowledge")
def index() -> Response:
    """Everything that is written, newest change first."""
    wanted = Filter.of(request.args)
    page = queries.writing(wanted, request.args.get("cursor", ""))
    context: dict[str, Any] = {"page": page, "wanted": wanted, "audiences": AUDIENCES, "shelf": shelf}
    context |= {"states": WORK, "tones": TONES, "work": states_of(page.items)}
    return page_or_part("knowledge/desk/index.html", "knowledge/desk/_rows.html", **context)


@bp.get("/desk/knowledge/searches")
def searches() -> Response:
    """What readers looked for and did not find."""
    return part("knowledge/desk/searches.html", misses=queries.misses())


@bp.post("/desk/knowledge/searches/<int:number>/dismissal")
def dismiss(number: int) -> Response:
    """Take one off the list."""
    actions.dismiss_miss(number, actor=current_user, now=utcnow())
    db.session.commit()
    return answer("knowledge/desk/_searches.html", or_go=url_for(".searches"), misses=queries.misses())


@bp.get(f"/desk/knowledge/{KIND}/new")
def new(kind: str) -> Response:
    """An empty editor; a question that was looked for in vain can come along."""
    begun = opened(kind, None, current_user, one_line(request.args.get("question"))[:MAX_QUESTION])
    return editor(kind, begun.form, None, begun=begun)


@bp.post(f"/desk/knowledge/{KIND}")
def create(kind: str) -> Response:
    """Write a new entry, as a draft or published at once."""
    form = form_of(kind, None, request.form)
    return saved(kind, form, None) if form.validate() else refused(kind, form, None, 422)


@bp.get(f"/desk/knowledge/{KIND}/<int:number>")
def edit(kind: str, number: int) -> Response:
    """The editor of an entry."""
    entry = queries.entry_to_edit(kind, number)
    begun = opened(kind, entry, current_user)
    return editor(kind, begun.form, entry, begun=begun)


@bp.post(f"/desk/knowledge/{KIND}/<int:number>")
def update(kind: str, number: int) -> Response:
    """Another text of an entry. A stale one is kept in the form, beside what stands there now."""
    entry = queries.entry_to_edit(kind, number)
    form = form_of(kind, entry, request.form)
    return saved(kind, form, entry) if form.validate() else refused(kind, form, entry, 422)


def saved(kind: str, form: FaqForm | ArticleForm, entry: Faq | Article | None) -> Response:
    """Save what was written, or show what hinders."""
    now, then = utcnow(), request.form.get("then", "")
    try:
        written = publishing.write(entry, form.text(), then=then, note=form.note.data or "", seen=form.seen, actor=current_user, now=now)
        drafts.done(kind, entry.id if entry is not None else 0, request.form.get("form_key", "")[:40], current_user, now)
        db.session.commit()
    except Stale as stale:
        return refused(kind, form, entry, 409, stale=stale.message)
    except Invalid as wrong:
        field = "position" if isinstance(wrong, actions.NoRoom) else "slug" if kind == "article" else "external_id"
        form[field].errors = [wrong.message]
        return refused(kind, form, entry, 422)
    except NotAllowed as hindered:
        form.form_errors.append(hindered.message)
        return refused(kind, form, entry, 403)
    return go(url_for(".edit", kind=kind, number=written.id, saved=1))


def refused(kind: str, form: FaqForm | ArticleForm, entry: Faq | Article | None, status: int, stale: str = "") -> Response:
    """What could not be saved: kept as this person's draft, and shown with what hinders. A stale one can be saved again."""
    db.session.rollback()
    keep_typed(kind, entry, current_user, utcnow())
    db.session.commit()
    changes = meanwhile(entry, form.seen) if stale and entry is not None else None
    if stale and entry is not None:
        form.version.data = Seen.now(entry, revision_of(entry)).token
    return editor(kind, form, entry, status, stale=stale, changes=changes)


@bp.post(f"/desk/knowledge/{KIND}/<int:number>/publication")
def publish(kind: str, number: int) -> Response:
    """Show a draft to its audience, if it is still the one that was looked at; else it is shown to whoever wants to publish it."""
    entry, seen = queries.entry_to_edit(kind, number), Seen.of(request.form.get("version"))
    try:
        publishing.publish(entry, seen=seen, actor=current_user, now=utcnow())
        db.session.commit()
    except Stale as stale:
        db.session.rollback()
        begun = opened(kind, entry, current_user)
        return editor(kind, begun.form, entry, 409, begun=begun, stale=stale.message, changes=meanwhile(entry, seen))
    return go(url_for(".edit", kind=kind, number=number, saved=1))


@bp.post(f"/desk/knowledge/{KIND}/<int:number>/withdrawal")
def unpublish(kind: str, number: int) -> Response:
    """Take it out of readers' sight."""
    actions.unpublish(queries.entry_to_edit(kind, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".edit", kind=kind, number=number))


@bp.post(f"/desk/knowledge/{KIND}/<int:number>/archive")
def archive(kind: str, number: int) -> Response:
    """Take a draft that is wanted no more out of the lists."""
    actions.archive(queries.entry_to_edit(kind, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".edit", kind=kind, number=number))


@bp.post(f"/desk/knowledge/{KIND}/<int:number>/archive/removal")
def unarchive(kind: str, number: int) -> Response:
    """Make an archived draft one of the lists again."""
    actions.unarchive(queries.entry_to_edit(kind, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".edit", kind=kind, number=number))


@bp.post("/desk/knowledge/preview")
def preview() -> Response:
    """What is being written, as readers will see it. Nothing is stored."""
    text = (request.form.get("body") or request.form.get("answer") or "")[:200_000]
    return page_or_part("knowledge/desk/preview.html", "knowledge/desk/_preview.html", html=render.article(text).html)


def editor(kind: str, form: FaqForm | ArticleForm, entry: Faq | Article | None, status: int = 200, **more: Any) -> Response:
    """The editor with a form in it; `more` is what it was opened with (begun), or why it was not saved (stale, changes)."""
    if kind not in FORMS:
        raise NotFound
    text = (form["body"] if kind == "article" else form["answer"]).data or ""
    context: dict[str, Any] = {
        "html": render.article(text[:200_000]).html,
        "base_url": current_app.config["SETTINGS"].base_url,
        "beside": beside(entry, locales(), text) if entry is not None else None,
        "publishes": publishes(entry, form, current_user),
    }
    given = {"begun": None, "stale": "", "changes": None, **more, **around(entry, current_user)}
    return part("knowledge/desk/edit.html", status, kind=kind, form=form, entry=entry, draft_url=draft_url(kind, entry), **context, **given)
