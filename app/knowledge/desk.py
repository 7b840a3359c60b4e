"""Writers: the list of what there is, the editors, drafts and publishing, what readers looked for in vain."""

from typing import Any

from flask import Response, current_app, request, url_for
from flask_login import current_user

from app.audiences import desk
from app.extensions import db
from app.knowledge import actions, queries, render
from app.knowledge.beside import beside
from app.knowledge.forms import FORMS, ArticleForm, FaqForm, filled
from app.knowledge.models import Article, Faq
from app.knowledge.queries import Filter
from app.knowledge.sections import AUDIENCES, STATES, shelf
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, Stale
from app.lib.htmx import answer, go, page_or_part, part
from app.lib.text import one_line

bp = desk("knowledge", __name__)
KIND = "<any(faq, article):kind>"


@bp.get("/desk/knowledge")
def index() -> Response:
    """Everything that is written, newest change first."""
    wanted = Filter.of(request.args)
    page = queries.writing(wanted, request.args.get("cursor", ""))
    context: dict[str, Any] = {"page": page, "wanted": wanted, "states": STATES, "audiences": AUDIENCES, "shelf": shelf}
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
    asked = one_line(request.args.get("question"))[:250]
    form = FORMS[kind](data={"question": asked, "title": asked})
    return editor(kind, form, None)


@bp.post(f"/desk/knowledge/{KIND}")
def create(kind: str) -> Response:
    """Write a new entry, as a draft or published at once."""
    form = FORMS[kind](request.form)
    return saved(kind, form, None) if form.validate() else editor(kind, form, None, 422)


@bp.get(f"/desk/knowledge/{KIND}/<int:number>")
def edit(kind: str, number: int) -> Response:
    """The editor of an entry."""
    entry = queries.entry_to_edit(kind, number)
    return editor(kind, filled(kind, entry), entry)


@bp.post(f"/desk/knowledge/{KIND}/<int:number>")
def update(kind: str, number: int) -> Response:
    """Another text of an entry. A stale one is kept in the form, beside what stands there now."""
    entry = queries.entry_to_edit(kind, number)
    form = FaqForm(request.form, entry=entry) if kind == "faq" else ArticleForm(request.form)
    return saved(kind, form, entry) if form.validate() else editor(kind, form, entry, 422)


def saved(kind: str, form: FaqForm | ArticleForm, entry: Faq | Article | None) -> Response:
    """Save what was written, or show what hinders."""
    wish = {"actor": current_user, "now": utcnow(), "seen": form.seen, "publish": request.form.get("then") == "publish"}
    try:
        save: Any = actions.save_faq if kind == "faq" else actions.save_article
        entry = save(entry, form.text(), **wish)
        db.session.commit()
    except Stale as stale:
        form.version.data = str(entry.version if entry else "")
        return editor(kind, form, entry, 409, stale=stale.message)
    except Invalid as wrong:
        form["slug"].errors = [wrong.message]
        return editor(kind, form, entry, 422)
    return go(url_for(".edit", kind=kind, number=entry.id, saved=1))


@bp.post(f"/desk/knowledge/{KIND}/<int:number>/publication")
def publish(kind: str, number: int) -> Response:
    """Show a draft to its audience."""
    actions.publish(queries.entry_to_edit(kind, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".edit", kind=kind, number=number))


@bp.post(f"/desk/knowledge/{KIND}/<int:number>/withdrawal")
def unpublish(kind: str, number: int) -> Response:
    """Take it back to a draft."""
    actions.unpublish(queries.entry_to_edit(kind, number), actor=current_user, now=utcnow())
    db.session.commit()
    return go(url_for(".edit", kind=kind, number=number))


@bp.post("/desk/knowledge/preview")
def preview() -> Response:
    """What is being written, as readers will see it. Nothing is stored."""
    text = (request.form.get("body") or request.form.get("answer") or "")[:200_000]
    return page_or_part("knowledge/desk/preview.html", "knowledge/desk/_preview.html", html=render.article(text).html)


def editor(kind: str, form: FaqForm | ArticleForm, entry: Faq | Article | None, status: int = 200, stale: str = "") -> Response:
    """The editor with a form in it."""
    if kind not in FORMS:
        raise NotFound
    now_there = filled(kind, entry) if stale and entry is not None else None
    text = (form["body"] if kind == "article" else form["answer"]).data or ""
    context: dict[str, Any] = {
        "html": render.article(text[:200_000]).html,
        "base_url": current_app.config["SETTINGS"].base_url,
        "states": STATES,
        "beside": beside(entry, current_app.config["SETTINGS"].knowledge_locales) if entry is not None else None,
    }
    return part("knowledge/desk/edit.html", status, kind=kind, form=form, entry=entry, stale=stale, now_there=now_there, **context)
