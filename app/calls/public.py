"""The page that the link in a mail opens: no sign-in. Looking changes nothing, because mail scanners look, too."""

from flask import Response, current_app, flash, request, url_for
from flask_limiter.util import get_remote_address

from app.audiences import public
from app.calls import actions, claims, forms, pages, queries, rules
from app.calls.models import Call
from app.extensions import db, limiter
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, private

bp = public("calls_link", __name__)
LOOKED, CHANGED = "300 per hour", "60 per hour"


@bp.get("/calls/link/<token>")
@limiter.limit(LOOKED, key_func=get_remote_address)
def show(token: str) -> Response:
    """The call, with what can be done with it."""
    return call_page(found(token), token, forms.CancelForm(formdata=None))


@bp.post("/calls/link/<token>/cancellation")
@limiter.limit(CHANGED, key_func=get_remote_address)
def cancel(token: str) -> Response:
    """Call it off."""
    call, form = found(token, for_change=True), forms.CancelForm(request.form)
    if not form.validate():
        return call_page(call, token, form, 422)
    actions.cancel(call, form.reason.data or "", actor=call.customer, now=utcnow())
    db.session.commit()
    flash("The call is cancelled, and the engineer knows.", "ok")
    return go(url_for(".show", token=token))


@bp.get("/calls/link/<token>/time")
@limiter.limit(LOOKED, key_func=get_remote_address)
def times(token: str) -> Response:
    """Free times for it."""
    call = found(token)
    actions.check_to_come(call, utcnow())
    return move_page(call, token)


@bp.post("/calls/link/<token>/time")
@limiter.limit(CHANGED, key_func=get_remote_address)
def move(token: str) -> Response:
    """Give it another time."""
    call, form = found(token, for_change=True), forms.SlotForm(request.form)
    try:
        if form.validate():
            actions.move(call, *form.chosen, actor=call.customer, now=utcnow())
            db.session.commit()
            flash("The call has its new time. The invitation is on its way again.", "ok")
            return go(url_for(".show", token=token))
    except (claims.SlotTaken, Invalid) as wrong:
        db.session.rollback()
        return move_page(found(token), token, wrong.message, wrong.status)
    return move_page(call, token, forms.NO_SLOT, 422)


def found(token: str, *, for_change: bool = False) -> Call:
    """The call of a link, or a page that says why there is none."""
    return queries.call_by_token(current_app.config["SECRET_KEY"], token, now=utcnow(), for_change=for_change)


def call_page(call: Call, token: str, form: forms.CancelForm, status: int = 200) -> Response:
    """The page of the call."""
    is_to_come = call.is_booked and utcnow() < call.starts_at
    return private("calls/link.html", status, call=call, token=token, form=form, is_to_come=is_to_come, states=rules.STATES)


def move_page(call: Call, token: str, problem: str = "", status: int = 200) -> Response:
    """The page of free times."""
    liked, now = [call.engineer_id, *pages.liked_by(call.customer)], utcnow()
    choice = pages.choosing(call.kind, request.args, usual=call.time_zone, liked=liked, now=now, without=call)
    to = {"action": url_for(".move", token=token), "here": url_for(".times", token=token), "back": url_for(".show", token=token)}
    return private("calls/move.html", max(status, choice.status), call=call, choice=choice, problem=problem, **to)
