"""What customers do with their tickets: find, open, read, answer, solve, reopen, follow."""

from typing import Any

from flask import Response, flash, request, send_file, url_for
from flask_login import current_user

from app.accounts.models import User
from app.audiences import portal
from app.extensions import db, limiter
from app.lib.clock import utcnow
from app.lib.errors import DomainError, Invalid, NotAllowed
from app.lib.htmx import answer, go, is_htmx, page_or_part, part, vary
from app.tickets import actions, drafts, files, filing, forms, once, portal_page, portal_queries, queries, uploads
from app.tickets.merge_queries import merged_into
from app.tickets.models import Ticket
from app.tickets.rules import CATEGORIES, PRIORITIES
from app.tickets.uploads import Received

bp = portal("tickets", __name__)
# Whoever writes by hand stays far below these.
OPENED, WRITTEN, INVITED, KEPT = "60 per hour", "240 per hour", "60 per hour", "1800 per hour"
SANDBOX = "default-src 'none'; sandbox"
# A browser lays out a picture that is opened by itself with a style of its own.
PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


def person() -> str:
    """Whom a limit is counted for."""
    return f"person:{current_user.id}"


@bp.get("/tickets")
def index() -> Response:
    """The list; htmx gets the moving part of it."""
    wanted = portal_queries.Wanted.of(request.args)
    page = portal_queries.tickets_of(current_user, wanted, request.args.get("cursor", ""))
    return page_or_part(
        "tickets/portal/index.html",
        "tickets/portal/_list.html",
        page=page,
        lines=portal_page.lines(page.items, current_user.id, utcnow()),
        wanted=wanted,
        states=portal_queries.STATES,
        counted=portal_queries.COUNTED,
        shares=portal_queries.shares(current_user),
        categories=CATEGORIES,
        priority_options=[(key, key.capitalize()) for key in PRIORITIES],
    )


@bp.get("/tickets/new")
def new() -> Response:
    """The form of a kind, with the draft in it."""
    form, staged, saved_at = portal_page.new_form(current_user)
    return part("tickets/portal/new.html", **portal_page.new_context(current_user, form, Received(tuple(staged)), saved_at))


@bp.post("/tickets/new")
@limiter.limit(OPENED, key_func=person)
def create() -> Response:
    """Open the ticket, once for each form. A form that is refused keeps its text and its files."""
    form, files_sent = portal_page.sent_form(current_user), received()
    earlier = once.opened(form.key, form.subject.data or "", me()) if files_sent.is_missing else None
    if earlier is not None:
        return go(url_for(".show", ref=earlier.ref))
    if not form.validate() or files_sent.problems:
        db.session.commit()
        return part("tickets/portal/new.html", 422, **portal_page.new_context(current_user, form, files_sent))
    ticket = actions.open_ticket(form.new_ticket(files_sent.kept), requester=me(), actor=me(), now=utcnow())
    db.session.commit()
    flash(f"Thank you. Your ticket {ticket.ref} is open, and we have mailed you its number.", "ok")
    return go(url_for(".show", ref=ticket.ref))


@bp.post("/tickets/new/draft")
@limiter.limit(KEPT, key_func=person)
def save_new() -> Response:
    """Keep the form as it stands; `kind_wanted` shows it as another kind, `then=discard` throws it away."""
    form, files_sent = portal_page.sent_form(current_user), received()
    if request.form.get("then") == "discard":
        drafts.drop_new(me())
    else:
        drafts.save_new(me(), form.draft(), files_sent.kept, now=utcnow())
    db.session.commit()
    if is_htmx():
        return drafted(files_sent)
    for problem in files_sent.problems:
        flash(problem, "warn")
    return go(url_for(".new", kind=forms.known_kind(request.form.get("kind_wanted") or form.kind)))


def drafted(files_sent: Received) -> Response:
    """What htmx shows of a kept form: the fields of another kind, the files, or only when it was kept."""
    if request.form.get("kind_wanted"):
        form, staged, saved_at = portal_page.new_form(current_user, request.form["kind_wanted"])
        context = portal_page.new_context(current_user, form, Received(tuple(staged)), saved_at)
        shown = part("tickets/portal/kind.htmx.html", **context)
        shown.headers["HX-Push-Url"] = url_for(".new", kind=form.kind)
        return shown
    if request.form.get("remove"):
        return part("tickets/portal/_staged.html", staged=files_sent.kept, draft_url=url_for(".save_new"))
    return part("tickets/portal/_saved.html", saved_at=utcnow())


@bp.get("/tickets/<ref>")
def show(ref: str) -> Response:
    """One ticket, as its customer sees it."""
    kept = portal_queries.kept_for(current_user, ref)
    there = merged_into(kept.ticket)
    if there is not None:
        flash(f"{kept.ticket.ref} goes on here: both tickets are about the same thing.", "info")
        return go(url_for(".show", ref=there.ref))
    before = portal_page.before_of(request.args)
    return part("tickets/portal/show.html", **portal_page.show_context(kept, current_user, before=before))


@bp.get("/tickets/<ref>/timeline")
def timeline(ref: str) -> Response:
    """What is new since event `seen`: 204 when nothing is. Also the messages `before` one. Never the composer."""
    kept = portal_queries.kept_for(current_user, ref)
    before = portal_page.before_of(request.args)
    if not is_htmx():
        return go(url_for(".show", ref=kept.ticket.ref, before=before))
    newest = queries.newest_event(kept.ticket.id, portal_page.CUSTOMERS_EYES)
    if request.args.get("seen") == str(newest):
        return vary(Response(status=204))
    news = portal_page.news_context(kept.ticket, current_user, before=before)
    return part("tickets/portal/news.htmx.html", **{**news, "is_unread": kept.is_unread})


@bp.post("/tickets/<ref>/reading")
def read(ref: str) -> Response:
    """They have seen what is new; sent by the page itself."""
    ticket = queries.ticket_for(current_user, ref)
    drafts.mark_read(ticket, me(), now=utcnow())
    db.session.commit()
    return Response(status=204) if is_htmx() else go(url_for(".show", ref=ticket.ref))


@bp.post("/tickets/<ref>/replies")
@limiter.limit(WRITTEN, key_func=person)
def reply(ref: str) -> Response:
    """Answer. What is refused is kept, in the form and as a draft."""
    ticket = queries.ticket_for(current_user, ref, for_change=True)
    form, files_sent = forms.ReplyForm(request.form), received()
    if not form.validate() or files_sent.problems:
        return refused(ticket, form, files_sent)
    try:
        actions.reply(ticket, form.body.data, actor=me(), now=utcnow(), form_key=form.key, files=files_sent.kept)
    except DomainError as wrong:
        return refused(ticket, form, files_sent, wrong)
    db.session.commit()
    return changed(ticket, "Your reply is sent.")


@bp.post("/tickets/<ref>/resolution")
@limiter.limit(WRITTEN, key_func=person)
def resolve(ref: str) -> Response:
    """“This is solved”, with what stands in the composer, if anything does."""
    ticket = queries.ticket_for(current_user, ref, for_change=True)
    form, files_sent = forms.ReplyForm(request.form), received()
    if not form.validate() or files_sent.problems:
        return refused(ticket, form, files_sent)
    try:
        actions.solve(ticket, form.body.data, actor=me(), now=utcnow(), form_key=form.key, files=files_sent.kept)
    except DomainError as wrong:
        return refused(ticket, form, files_sent, wrong)
    db.session.commit()
    return changed(ticket, "Marked as solved. Thank you.")


@bp.post("/tickets/<ref>/reopening")
@limiter.limit(WRITTEN, key_func=person)
def reopen(ref: str) -> Response:
    """It is not solved after all."""
    ticket = queries.ticket_for(current_user, ref, for_change=True)
    form = forms.ReopenForm(request.form)
    if not form.validate():
        raise Invalid("Say what is still wrong in 500 characters at most, or leave it empty.")
    actions.reopen(ticket, form.reason.data or "", actor=me(), now=utcnow())
    db.session.commit()
    return changed(ticket, "The ticket is open again.")


@bp.post("/tickets/<ref>/draft")
@limiter.limit(KEPT, key_func=person)
def save(ref: str) -> Response:
    """Keep the reply as it stands, with its files; `remove` takes one off."""
    ticket = queries.ticket_for(current_user, ref)
    form, files_sent = forms.ReplyForm(request.form), received()
    body = (form.body.data or "")[: forms.MAX_TEXT]
    saved_at = drafts.save_draft(ticket, body, "public", actor=me(), now=utcnow(), files=files_sent.kept, form_key=form.key)
    db.session.commit()
    if not is_htmx():
        return go(url_for(".show", ref=ticket.ref, _anchor="reply"))
    if request.form.get("remove"):
        return part("tickets/portal/_staged.html", staged=files_sent.kept, draft_url=url_for(".save", ref=ticket.ref))
    return part("tickets/portal/_saved.html", saved_at=saved_at)


@bp.post("/tickets/<ref>/followers")
@limiter.limit(INVITED, key_func=person)
def follow(ref: str) -> Response:
    """Add somebody who hears of replies."""
    ticket = queries.ticket_for(current_user, ref, for_change=True)
    form = forms.FollowerForm(request.form)
    if not form.validate():
        return followed(ticket, form, 422)
    email = str(form.email.data)
    try:
        filing.follow(ticket, email, actor=me(), now=utcnow(), person=portal_queries.person_with(email))
    except (Invalid, NotAllowed) as wrong:
        form.email.errors = [wrong.message]
        return followed(ticket, form, wrong.status)
    db.session.commit()
    return followed(ticket, forms.FollowerForm())


@bp.post("/tickets/<ref>/followers/<int(max=2147483647):follower_id>/removal")
@limiter.limit(INVITED, key_func=person)
def unfollow(ref: str, follower_id: int) -> Response:
    """Take somebody off; who does not follow any more is left alone."""
    ticket = queries.ticket_for(current_user, ref, for_change=True)
    follower = portal_queries.follower_of(ticket, follower_id)
    if follower is not None:
        filing.unfollow(ticket, follower, actor=me(), now=utcnow())
    db.session.commit()
    return followed(ticket, forms.FollowerForm())


@bp.get("/attachments/<ref>")
def attachment(ref: str) -> Response:
    """A file to whoever may read its message: saved, never run; only pixels are shown in place."""
    found = queries.attachment_for(current_user, ref)
    shown = files.is_shown(found.media_type)
    sent = send_file(
        files.existing(found.storage_key),
        mimetype=found.media_type,
        as_attachment=not shown,
        download_name=found.name,
        etag=found.sha256,
        max_age=0,
    )
    sent.headers["Content-Security-Policy"] = PICTURE if shown else SANDBOX
    sent.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    sent.headers["Cache-Control"] = "private, no-cache"
    return sent


def me() -> User:
    """The person, without Flask-Login's wrapper, as actions take them."""
    person: User = current_user._get_current_object()
    return person


def received() -> Received:
    """The files of this request, staged for the person."""
    return uploads.receive(
        current_user,
        request.form.getlist("staged"),
        request.files.getlist("files"),
        now=utcnow(),
        without=request.form.get("remove", ""),
    )


def changed(ticket: Ticket, words: str) -> Response:
    """The page after a change: a fresh composer, and what changed around it."""
    if not is_htmx():
        flash(words, "ok")
        return go(url_for(".show", ref=ticket.ref, _anchor="reply"))
    context = portal_page.news_context(ticket, current_user)
    fresh: dict[str, Any] = {"form": portal_page.reply_form(), "files": Received(), "saved_at": None, "says": words}
    return part("tickets/portal/changed.htmx.html", **context, **fresh)


def refused(ticket: Ticket, form: forms.ReplyForm, sent: Received, wrong: DomainError | None = None) -> Response:
    """The composer as it was sent, with what is wrong; its text and files are a draft now."""
    body = (form.body.data or "")[: forms.MAX_TEXT]
    saved_at = drafts.save_draft(ticket, body, "public", actor=me(), now=utcnow(), files=sent.kept)
    db.session.commit()
    status = wrong.status if wrong else 422
    if isinstance(wrong, Invalid):
        form.body.errors, wrong = [wrong.message], None
    over: dict[str, Any] = {"form": form, "files": sent, "wrong": wrong, "saved_at": saved_at}
    if is_htmx():
        return part("tickets/portal/_composer.html", status, **portal_page.news_context(ticket, current_user), **over)
    kept = portal_queries.kept_for(current_user, ticket.ref)
    return part("tickets/portal/show.html", status, **portal_page.show_context(kept, current_user, **over))


def followed(ticket: Ticket, form: forms.FollowerForm, status: int = 200) -> Response:
    """The list of followers after a change; where the form is refused, the page around it for browsers without script."""
    context: dict[str, Any] = {"ticket": ticket, "followers": queries.followers(ticket), "follower_form": form}
    if status == 200:
        return answer("tickets/portal/_followers.html", or_go=url_for(".show", ref=ticket.ref, _anchor="followers"), **context)
    if is_htmx():
        return part("tickets/portal/_followers.html", status, **context)
    kept = portal_queries.kept_for(current_user, ticket.ref)
    return part("tickets/portal/show.html", status, **portal_page.show_context(kept, current_user, follower_form=form))
