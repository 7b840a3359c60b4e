"""Asking without an account: a form, a link that proves the address, and the ticket that it opens."""

from secrets import token_urlsafe
from typing import Any

from flask import Response, flash, request, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user

from app.accounts import sign_in
from app.accounts.web import browser, signed_in
from app.audiences import public
from app.extensions import db, limiter
from app.lib.clock import utcnow
from app.lib.htmx import go, is_htmx, part, private
from app.lib.markdown import to_html
from app.lib.text import one_line
from app.lib.tokens import fingerprint
from app.tickets import forms, guests, kinds, portal_queries
from app.tickets.portal_page import COMMUNITY_TOP, suggesting
from app.tickets.rules import CATEGORIES, KINDS

bp = public("guest", __name__)
# An office shares one network address; one mail address needs few tickets a day.
BY_NETWORK, BY_ADDRESS, TRIES = "30 per hour", "6 per hour", "60 per hour"
MAX_REF = 10


def by_address() -> str:
    """The address that a form names, whether or not we know it; never the address itself."""
    return "guest:" + fingerprint(one_line(request.form.get("email")).lower()[:255])


@bp.get("/guest/new")
def new() -> Response:
    """The form of a kind; with `sent` or `opened`, what to do now. Who is signed in uses their own form, or sees that ticket."""
    kind = forms.known_kind(request.args.get("kind") or "question")
    opened = one_line(request.args.get("opened"))[:MAX_REF]
    if opened:
        return go(url_for("tickets.show", ref=opened)) if current_user.is_authenticated else private("tickets/public/opened.html")
    if current_user.is_authenticated:
        return go(url_for("tickets.new", kind=kind))
    if "sent" in request.args:
        return private("tickets/public/sent.html")
    asked = {name: one_line(request.args.get(name))[: forms.MAX_SUBJECT] for name in ("subject", "category") if request.args.get(name)}
    data = {"priority": "medium", **asked, "form_key": token_urlsafe(16)}
    return private("tickets/public/new.html", **context(forms.ticket_form(kind, COMMUNITY_TOP, data=data, cls=forms.GUEST_FORMS)))


@bp.post("/guest/new")
@limiter.limit(BY_NETWORK, key_func=get_remote_address)
@limiter.limit(BY_ADDRESS, key_func=by_address)
def create() -> Response:
    """Keep the request and have its address proved. The answer is the same whoever has the address, and for machines."""
    form: Any = sent_form()
    if not form.is_machine and not form.validate():
        return private("tickets/public/new.html", 422, **context(form))
    if not form.is_machine:
        new = form.new_ticket(source="guest")
        asked = {name: getattr(new, name) for name in ("kind", "subject", "fields", "priority", "category")} | {"name": form.name.data}
        guests.request(form.email.data, asked, form_key=form.key, now=utcnow())
        db.session.commit()
    return go(url_for(".new", sent=1))


@bp.post("/guest/new/kind")
@limiter.limit("600 per hour", key_func=get_remote_address)
def show_as() -> Response:
    """The same form as another kind, with what is typed; nothing is kept."""
    form = sent_form(forms.known_kind(request.form.get("kind_wanted")))
    if not is_htmx():
        return private("tickets/public/new.html", **context(form))
    shown = part("tickets/portal/kind.htmx.html", **context(form))
    shown.headers["HX-Push-Url"] = url_for(".new", kind=form.kind)
    return shown


@bp.get("/guest/<token>")
@limiter.limit(TRIES, key_func=get_remote_address)
def confirm(token: str) -> Response:
    """What was asked, and a button. Looking opens nothing, because mail scanners look, too."""
    pending = portal_queries.pending_for(token, utcnow())
    asked = pending.form
    answers = to_html(kinds.compose(asked["kind"], asked["fields"]))
    return private(
        "tickets/public/confirm.html", token=token, pending=pending, asked=asked, answers=answers, kinds=KINDS, categories=CATEGORIES
    )


@bp.post("/guest/<token>")
@limiter.limit(TRIES, key_func=get_remote_address)
def open_ticket(token: str) -> Response:
    """Open the ticket, once, and let its owner in; where a password guards the account, it is asked for.

    The second of two presses leaves the cookie alone: its answer may come last, and must not undo what the first put there.
    """
    confirmed = guests.confirm(token, browser=browser(), now=utcnow(), former=signed_in(), seen=request.form.get("seen", type=int))
    db.session.commit()
    if confirmed.is_repeated:
        return go(url_for(".new", opened=confirmed.ticket.ref))
    ticket = url_for("tickets.show", ref=confirmed.ticket.ref)
    if confirmed.is_signed_in:
        sign_in.remember(confirmed.person)
    flash(f"Thank you. Your ticket {confirmed.ticket.ref} is open, and we have mailed you its number.", "ok")
    if confirmed.is_signed_in or current_user.is_authenticated:
        return go(ticket)
    return go(url_for("accounts.login", next=ticket))


def sent_form(kind: str = "") -> forms.TicketForm:
    """The form as it was sent, perhaps as another kind."""
    form = forms.ticket_form(kind or forms.known_kind(request.form.get("kind")), COMMUNITY_TOP, request.form, cls=forms.GUEST_FORMS)
    if not form.form_key.data:
        form.form_key.data = token_urlsafe(16)
    return form


def context(form: forms.TicketForm) -> dict[str, Any]:
    """What the form shows to a guest."""
    return {
        "form": form,
        "kinds": forms.KIND_CHOICES,
        "hints": {} if form.kind == "feature" else forms.IMPACTS,
        "asides": {},
        "promise_help": "Without a plan no time is promised. We answer as soon as we can.",
        "draft_url": url_for(".show_as"),
        "keeps_drafts": False,
        "subject_attributes": suggesting(form.subject.data),
    }
