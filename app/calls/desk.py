"""Calls at the desk: the day, what needs somebody, one call with all that staff do with it."""

from datetime import timedelta
from typing import Any

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.accounts.models import User
from app.accounts.permissions import may
from app.audiences import desk
from app.calls import actions, forms, outcomes, pages, queries, rules, slots, views
from app.calls.models import Call
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotFound, WrongState
from app.lib.htmx import go, part
from app.lib.times import local
from app.rota.wall import known_zone

bp = desk("calls_desk", __name__)


@bp.get("/desk/calls")
def index() -> Response:
    """A day's calls, and above them what needs somebody: without an engineer, or over and not noted."""
    viewer, now = me(), utcnow()
    zone = viewer.time_zone if known_zone(viewer.time_zone) else "UTC"
    today, mine = local(now, zone).date(), request.args.get("whose") == "mine"
    day = pages.day_of(request.args.get("day")) or today
    context: dict[str, Any] = {
        "rows": queries.day(viewer, *views.day_span(day, zone), mine=mine),
        "lost": queries.lost(viewer, now),
        "unsaid": queries.unsaid(viewer, now, mine=mine),
        "leads": may(viewer.role, "calls.edit"),
    }
    whose = "mine" if mine else "all"
    return part("calls/desk/index.html", day=day, today=today, one=timedelta(days=1), whose=whose, states=rules.STATES, **context)


@bp.get("/desk/calls/<ref>")
def show(ref: str) -> Response:
    """One call."""
    return call_page(queries.call_for(me(), ref))


@bp.post("/desk/calls/<ref>/engineer")
def reassign(ref: str) -> Response:
    """Give it to somebody else, at the same time."""
    call, now = queries.call_for(me(), ref, for_change=True), utcnow()
    form = engineer_form(call, request.form)
    try:
        if form.validate():
            actions.reassign(call, db.session.get_one(User, form.engineer.data), actor=me(), now=now)
            return saved(ref, "The call has its engineer. Both sides are told; the customer has nothing to do.")
    except (Invalid, WrongState) as wrong:
        db.session.rollback()
        form.engineer.errors = [wrong.message]
        return call_page(queries.call_for(me(), ref), wrong.status, engineer=form)
    return call_page(call, 422, engineer=form)


@bp.post("/desk/calls/<ref>/room")
def set_room(ref: str) -> Response:
    """Say where a video call is."""
    call, form = queries.call_for(me(), ref, for_change=True), forms.RoomForm(request.form)
    if not form.validate():
        return call_page(call, 422, room=form)
    actions.set_room(call, form.video_url.data or "", actor=me(), now=utcnow())
    return saved(ref, "Saved. The invitation is on its way again.")


@bp.post("/desk/calls/<ref>/outcome")
def finish(ref: str) -> Response:
    """Say how it went."""
    call, form = queries.call_for(me(), ref, for_change=True), forms.OutcomeForm(request.form)
    if not form.validate():
        return call_page(call, 422, outcome=form)
    said = outcomes.Outcome(form.outcome.data, form.note.data or "", form.share.data or "internal", form.opens_ticket.data)
    outcomes.finish(call, said, actor=me(), now=utcnow())
    return saved(ref, "Noted.")


@bp.post("/desk/calls/<ref>/cancellation")
def cancel(ref: str) -> Response:
    """Call it off; the customer reads why."""
    call, form = queries.call_for(me(), ref, for_change=True), forms.CancelForm(request.form)
    if not form.validate():
        return call_page(call, 422, cancellation=form)
    actions.cancel(call, form.reason.data or "", actor=me(), now=utcnow())
    return saved(ref, "The call is cancelled. Both sides are told.")


def saved(ref: str, words: str) -> Response:
    """Commit, and back to the call."""
    db.session.commit()
    flash(words, "ok")
    return go(url_for(".show", ref=ref))


def engineer_form(call: Call, given: Any = None) -> forms.EngineerForm:
    """The form of another engineer. Who is on duty and free then comes first."""
    offer = slots.offer(call.kind, now=utcnow(), without=call, until=call.starts_at)
    free = {slot.user_id for slot in offer.slots if slot.start == call.starts_at}
    return forms.EngineerForm(given).offer(queries.staff(), free or on_duty(call, offer), None if call.lost_at else call.engineer_id)


def on_duty(call: Call, offer: slots.Offer) -> set[int]:
    """Who has the time though it is too late to book it: notice binds customers only."""
    terms = slots.terms_of(call.kind)
    held = slots.held_by({duty.user_id for duty in offer.duties}, call.starts_at - slots.MARGIN, call.ends_at + slots.MARGIN, call)
    on = [duty.user_id for duty in rules.joined(offer.duties) if duty.start <= call.starts_at and call.ends_at <= duty.end]
    return {user_id for user_id in on if rules.seats(terms, call.starts_at, [one for one in held if one.user_id == user_id])}


def call_page(call: Call, status: int = 200, **given: Any) -> Response:
    """The page of one call, with the form that was sent in the place of a fresh one."""
    now = utcnow()
    fresh = {
        "engineer": given.get("engineer") or engineer_form(call),
        "room": given.get("room") or forms.RoomForm(formdata=None, data={"video_url": call.video_url}),
        "outcome": given.get("outcome") or forms.OutcomeForm(formdata=None, data={"outcome": "held", "share": "internal"}),
        "cancellation": given.get("cancellation") or forms.CancelForm(formdata=None),
    }
    stage = {"is_to_come": call.is_booked and now < call.starts_at, "is_begun": call.state != "cancelled" and now >= call.starts_at}
    return part("calls/desk/show.html", status, call=call, states=rules.STATES, ends=now >= call.ends_at, **fresh, **stage)


def me() -> User:
    """The person, without Flask-Login's wrapper, as actions take them."""
    found: User = current_user._get_current_object()
    if found is None:
        raise NotFound()
    return found
