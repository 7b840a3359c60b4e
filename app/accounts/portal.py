"""One's own account, and the people of one's own organization for those who look after them."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.accounts import actions, administration, forms, passwords, queries, sign_in
from app.accounts.administration import Invitation
from app.accounts.models import User
from app.accounts.web import ID, browser, private_or_part, proved, typed
from app.audiences import portal
from app.extensions import db, limiter
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, is_htmx, page_or_part, private

bp = portal("account", __name__, url_prefix="/account")

TRIES, INVITATIONS = "10 per 15 minutes", "60 per hour"


def by_person() -> str:
    """Limits here are each person's own."""
    return f"person:{current_user.id}"


def me() -> User:
    """The viewer's own row, without Flask-Login's wrapper around it."""
    person: User = current_user._get_current_object()
    return person


def account(status: int = 200, piece: str = "", **shown: Any) -> Response:
    """The account page: its forms as they are given, the others fresh. With htmx only the part called `piece`."""
    person, now = me(), utcnow()
    fresh = {
        "profile": forms.Profile(None, obj=person),
        "password": forms.ChangePassword(None, person=person),
        "token_form": forms.NewToken(None, role=person.role),
        "sessions": queries.sessions_of(person, now),
        "tokens": queries.tokens_of(person),
    }
    part = f"accounts/{piece}.html" if piece else "accounts/account.html"
    return private_or_part("accounts/account.html", part, status, **(fresh | shown))


@bp.get("")
def show() -> Response:
    """Profile, preferences, password, sessions and tokens."""
    return account()


@bp.post("/profile")
def change_profile() -> Response:
    """Name, time zone, theme, keyboard."""
    form = forms.Profile(request.form)
    if not form.validate():
        return account(422, profile=form)
    actions.change_profile(me(), form.data, now=utcnow())
    db.session.commit()
    flash("Saved.", "ok")
    return go(url_for(".show"))


@bp.post("/password")
@limiter.limit(TRIES, key_func=by_person, deduct_when=lambda response: response.status_code == 422)
def change_password() -> Response:
    """A new password for the present one; every other session ends."""
    person = me()
    actions.forbid_acting(person, "change the password")
    form = forms.ChangePassword(request.form, person=person)
    if not is_proved(form, person):
        return account(422, password=form)
    new_hash = passwords.kept(form.password.data or "")
    actions.change_password(person, new_hash, browser=browser(), now=utcnow())
    db.session.commit()
    sign_in.remember(person)
    flash("Your password is changed, and every other session has ended.", "ok")
    return go(url_for(".show"))


def is_proved(form: forms.ChangePassword, person: User) -> bool:
    """Whether the form is right and its present password, too; if not, it says what is wrong."""
    good = form.validate()
    # Hashing takes tens of milliseconds; no transaction stays open meanwhile.
    db.session.commit()
    if good and not proved(person, form.current.data or "").is_right:
        form.current.errors = [*form.current.errors, "That is not your present password."]
        return False
    return good


@bp.post(f"/sessions/<{ID}:session_id>/revocation")
def revoke_session(session_id: int) -> Response:
    """End one session. Ending this one is signing out."""
    person = me()
    session = queries.session_of(person, session_id)
    actions.revoke_session(person, session, now=utcnow())
    db.session.commit()
    if person.sign_in is not None and session.id == person.sign_in.id:
        sign_in.forget()
        return go(url_for("accounts.login"))
    return account(piece="_sessions") if is_htmx() else go(url_for(".show", _anchor="sessions"))


@bp.post("/sessions/revocation")
def revoke_others() -> Response:
    """End every session but this one."""
    actions.revoke_other_sessions(me(), now=utcnow())
    db.session.commit()
    return account(piece="_sessions") if is_htmx() else go(url_for(".show", _anchor="sessions"))


@bp.post("/tokens")
def create_token() -> Response:
    """Make an API token. Its secret is in this answer and nowhere else; sending the form again names the first one."""
    person = me()
    form = forms.NewToken(request.form, role=person.role)
    if not form.validate():
        return account(422, "_tokens", token_form=form)
    if any(token.name == form.name.data for token in queries.tokens_of(person)):
        form.name.errors = [*form.name.errors, "You have a token of this name already. Revoke that one first, or choose another name."]
        return account(422, "_tokens", token_form=form)
    token, secret = actions.create_token(person, form.name.data or "", form.scopes.data or [], now=utcnow(), actor=person)
    db.session.commit()
    return account(201, "_tokens", made=token, secret=secret)


@bp.post(f"/tokens/<{ID}:token_id>/revocation")
def revoke_token(token_id: int) -> Response:
    """End a token: what uses it is refused from now on."""
    person = me()
    actions.revoke_token(queries.token_of(person, token_id), actor=person, now=utcnow())
    db.session.commit()
    return account(piece="_tokens") if is_htmx() else go(url_for(".show", _anchor="tokens"))


def organization_page(status: int = 200, **shown: Any) -> Response:
    """The people of the viewer's organization, with the forms as they are given, the others fresh."""
    organization = queries.own_organization(me())
    search = typed("q")
    page = queries.members(organization, search, request.args.get("cursor", ""))
    fresh = {"invitation": forms.InviteMember(None), "sharing": forms.Sharing(None, obj=organization)}
    context = {"organization": organization, "page": page, "search": search, "roles": queries.ROLE_NAMES} | fresh | shown
    return page_or_part("accounts/people.html", "accounts/_people.html", status, **context)


@bp.get("/people")
def people() -> Response:
    """The people of one's organization."""
    return organization_page()


@bp.post("/people")
@limiter.limit(INVITATIONS, key_func=by_person)
def invite() -> Response:
    """Invite somebody. The answer is the same whether or not the address has an account somewhere else; the mail is not."""
    organization = queries.own_organization(me())
    form = forms.InviteMember(request.form)
    if not form.validate():
        return organization_page(422, invitation=form)
    wanted = Invitation(form.email.data or "", form.name.data or "", form.role.data, organization)
    try:
        administration.invite(wanted, actor=me(), now=utcnow())
    except Invalid as wrong:
        form.email.errors = [wrong.message]
        return organization_page(422, invitation=form)
    db.session.commit()
    flash(f"{wanted.email} gets an invitation. If the address has an account elsewhere already, our mail says how to move it.", "ok")
    return go(url_for(".people"))


@bp.get(f"/people/<{ID}:person_id>")
def member(person_id: int) -> Response:
    """One of them."""
    person = queries.member(me(), person_id)
    return private("accounts/member.html", person=person, form=forms.MemberRole(None, obj=person), roles=queries.ROLE_NAMES)


@bp.post(f"/people/<{ID}:person_id>/role")
def change_role(person_id: int) -> Response:
    """Make somebody an admin of the organization, or no longer."""
    person = queries.member(me(), person_id, for_change=True)
    form = forms.MemberRole(request.form)
    if not form.validate():
        return private("accounts/member.html", 422, person=person, form=form, roles=queries.ROLE_NAMES)
    administration.change_person(person, name=person.name, role=form.role.data, organization=person.organization, actor=me(), now=utcnow())
    db.session.commit()
    flash(f"{person.name} is {queries.ROLE_NAMES[person.role].lower()} now.", "ok")
    return go(url_for(".people"))


@bp.post(f"/people/<{ID}:person_id>/invitation")
@limiter.limit(INVITATIONS, key_func=by_person)
def invite_again(person_id: int) -> Response:
    """Send another link to somebody who has not accepted yet."""
    person = queries.member(me(), person_id, for_change=True)
    wanted = Invitation(person.email, person.name, person.role, person.organization)
    administration.invite(wanted, actor=me(), now=utcnow())
    db.session.commit()
    flash(f"{person.email} gets another invitation.", "ok")
    return go(url_for(".people"))


@bp.post(f"/people/<{ID}:person_id>/disabling")
def disable(person_id: int) -> Response:
    """Shut somebody out."""
    return set_enabled(person_id, False, "can no longer sign in. Their tickets stay with your organization.")


@bp.post(f"/people/<{ID}:person_id>/enabling")
def enable(person_id: int) -> Response:
    """Let somebody in again."""
    return set_enabled(person_id, True, "can sign in again.")


def set_enabled(person_id: int, is_enabled: bool, words: str) -> Response:
    """Change it, and say so."""
    person = queries.member(me(), person_id, for_change=True)
    administration.set_enabled(person, is_enabled, actor=me(), now=utcnow())
    db.session.commit()
    flash(f"{person.name} {words}", "ok")
    return go(url_for(".people"))


@bp.post("/people/sharing")
def share() -> Response:
    """Say whose tickets members see."""
    organization = queries.organization_by_id(queries.own_organization(me()).id, for_change=True)
    form = forms.Sharing(request.form)
    if not form.validate():
        return organization_page(422, sharing=form)
    administration.set_sharing(organization, form.sharing.data, actor=me(), now=utcnow())
    db.session.commit()
    flash("Saved.", "ok")
    return go(url_for(".people"))
