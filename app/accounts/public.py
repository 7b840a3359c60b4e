"""Coming in and going out: sign-in, sign-out, password reset, invitation. What anybody may try, and so what is throttled."""

from collections.abc import Callable

from flask import Response, flash, redirect, request, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user

from app.accounts import actions, administration, forms, passwords, queries, sign_in
from app.accounts.web import browser, browser_name, proved, signed_in
from app.audiences import public, to_sign_in
from app.extensions import db, limiter
from app.lib.clock import utcnow
from app.lib.errors import DomainError, Gone, NotFound
from app.lib.htmx import go, private
from app.lib.security import READS, same_site_path
from app.lib.tokens import fingerprint

bp = public("accounts", __name__)
bp.add_app_template_filter(browser_name, "browser")

WRONG = "That address and password do not match. Check for caps lock, or set a new password."
# An office shares one address, so it is allowed far more than one account is.
TRIES_BY_ADDRESS, TRIES_BY_ACCOUNT = "100 per 15 minutes", "10 per 15 minutes"
LINKS_BY_ADDRESS, LINKS_BY_ACCOUNT = "30 per hour", "5 per hour"


def by_account() -> str:
    """The account that a form names, whether or not there is one; never the address itself."""
    return "account:" + fingerprint(forms.address(request.form.get("email"))[:255])


def failed(response: Response) -> bool:
    """Whether a try counts: those that succeed lock nobody out."""
    return response.status_code == 422


def throttled(
    by_address: str, by_one: str, when: Callable[[Response], bool] | None = None
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Limit a route for each network address and for each account."""

    def limited(route: Callable[..., Response]) -> Callable[..., Response]:
        inner = limiter.limit(by_one, key_func=by_account, deduct_when=when)(route)
        return limiter.limit(by_address, key_func=get_remote_address, deduct_when=when)(inner)

    return limited


@bp.get("/login")
def login() -> Response:
    """The sign-in form; whoever is signed in goes on."""
    if current_user.is_authenticated:
        return redirect(same_site_path(request.args.get("next")) or url_for("home.start"), 303)  # type: ignore[return-value]
    return private("accounts/login.html", form=forms.SignIn(None, data={"next": request.args.get("next", "")}))


@bp.post("/login")
@throttled(TRIES_BY_ADDRESS, TRIES_BY_ACCOUNT, failed)
def enter() -> Response:
    """Sign in with address and password: a new session, whatever was in the cookie before."""
    form = forms.SignIn(request.form)
    if not form.validate():
        return private("accounts/login.html", 422, form=form)
    person = queries.person_by_email(form.email.data or "")
    # The check takes tens of milliseconds; no transaction stays open meanwhile.
    db.session.commit()
    proof = proved(person, form.password.data or "")
    begun = actions.enter(person, form.email.data or "", proof, browser=browser(), now=utcnow(), former=signed_in())
    db.session.commit()
    if person is None or begun is None:
        form.form_errors.append(WRONG)
        return private("accounts/login.html", 422, form=form)
    sign_in.remember(person)
    return go(same_site_path(form.next.data) or url_for("home.start"))


@bp.post("/logout")
def logout() -> Response:
    """End this session; a second time does nothing."""
    if current_user.is_authenticated:
        actions.leave(current_user, now=utcnow())
        db.session.commit()
    sign_in.forget()
    return go(url_for(".login"))


@bp.post("/acting/stop")
def stop_acting() -> Response:
    """An administrator is themselves again."""
    if not current_user.is_authenticated:
        return to_sign_in()
    person = current_user._get_current_object()
    administrator = administration.stop_acting(person, browser=browser(), now=utcnow())
    db.session.commit()
    sign_in.remember(administrator)
    return go(url_for("people.show", person_id=person.id))


@bp.get("/password-reset")
def reset_request() -> Response:
    """Where to send the link; with `sent`, what to do now. Neither tells whether an account exists."""
    return private("accounts/reset_request.html", form=forms.ResetRequest(None), sent="sent" in request.args)


@bp.post("/password-reset")
@throttled(LINKS_BY_ADDRESS, LINKS_BY_ACCOUNT)
def request_reset() -> Response:
    """Note the wish. The mail, if there is an account, is written by a job."""
    form = forms.ResetRequest(request.form)
    if not form.validate():
        return private("accounts/reset_request.html", 422, form=form, sent=False)
    actions.request_reset(form.email.data or "", now=utcnow())
    db.session.commit()
    return go(url_for(".reset_request", sent=1))


@bp.get("/password-reset/<token>")
def reset(token: str) -> Response:
    """The form for a new password. Looking uses nothing up, because mail scanners look, too."""
    _, person = queries.link_for(token, "reset", utcnow())
    return private("accounts/reset.html", form=forms.NewPassword(None, person=person), person=person, token=token)


@bp.post("/password-reset/<token>")
@limiter.limit(LINKS_BY_ADDRESS, key_func=get_remote_address)
def set_password(token: str) -> Response:
    """Set it, and end every session."""
    link, person = queries.link_for(token, "reset", utcnow())
    form = forms.NewPassword(request.form, person=person)
    if not form.validate():
        return private("accounts/reset.html", 422, form=form, person=person, token=token)
    db.session.commit()
    new_hash = passwords.kept(form.password.data or "")
    actions.reset_password(link, new_hash, now=utcnow())
    db.session.commit()
    sign_in.forget()
    flash("Your password is set, and every other session has ended. Sign in with it.", "ok")
    return go(url_for(".login"))


@bp.get("/invite/<token>")
def invite(token: str) -> Response:
    """The form that an invitation leads to."""
    link, person = queries.link_for(token, "invite", utcnow())
    form = forms.Welcome(None, person=person, data={"name": person.name, "time_zone": person.time_zone})
    return private("accounts/invite.html", form=form, person=person, link=link, token=token)


@bp.post("/invite/<token>")
@limiter.limit(LINKS_BY_ADDRESS, key_func=get_remote_address)
def accept(token: str) -> Response:
    """Choose a password, and come in."""
    link, person = queries.link_for(token, "invite", utcnow())
    form = forms.Welcome(request.form, person=person)
    if not form.validate():
        return private("accounts/invite.html", 422, form=form, person=person, link=link, token=token)
    db.session.commit()
    new_hash = passwords.kept(form.password.data or "")
    answers = (form.name.data or "", form.time_zone.data or "UTC")
    welcome = actions.accept_invitation(link, *answers, new_hash, browser=browser(), now=utcnow(), former=signed_in())
    db.session.commit()
    sign_in.remember(welcome)
    return go(url_for("home.start"))


@bp.errorhandler(Gone)
@bp.errorhandler(NotFound)
def no_link(error: DomainError) -> Response:
    """A link that was used, is too old or is not ours: why, and what to do next."""
    db.session.rollback()
    wanted = "invite" if (request.endpoint or "").endswith((".invite", ".accept")) else "reset"
    return private("accounts/link_gone.html", error.status, message=error.message, wanted=wanted)


@bp.after_app_request
def note_use(response: Response) -> Response:
    """A page that was read prolongs its sign-in, every few minutes; on whatever blueprint it is.

    What anybody may keep is left out: a cookie in it would be kept as well, and handed to others.
    """
    if request.method in READS and response.status_code < 400 and not response.cache_control.public:
        sign_in.note_use(utcnow())
    return response
