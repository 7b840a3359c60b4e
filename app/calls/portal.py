"""What customers do with calls: see theirs, choose a time, book, move and cancel."""

from typing import Any

from flask import Response, current_app, flash, request, url_for
from flask_login import current_user

from app.accounts.models import User
from app.audiences import portal
from app.calls import actions, claims, forms, invitations, pages, queries, rules
from app.calls.models import Call
from app.extensions import db, limiter
from app.lib.clock import utcnow
from app.lib.errors import Invalid, NotAllowed, NotFound
from app.lib.htmx import go, part
from app.lib.icalendar import MIME
from app.lib.tokens import new_secret
from app.tickets.models import Ticket
from app.tickets.queries import ticket_for

bp = portal("calls", __name__)
# Whoever books by hand stays far below these.
BOOKED, CHANGED = "30 per hour", "60 per hour"
TAKEN = "This time has just been taken."
GONE = "This time can no longer be booked. Choose another one."


def person() -> str:
    """Whom a limit is counted for."""
    return f"person:{current_user.id}"


@bp.get("/calls")
def index() -> Response:
    """The viewer's calls, to come and past; staff have theirs at the desk."""
    if current_user.is_staff:
        return go(url_for("calls_desk.index"))
    now, viewer = utcnow(), me()
    page = queries.past(viewer, now, request.args.get("cursor", ""))
    return part("calls/index.html", rows=queries.upcoming(viewer, now), page=page, kinds=queries.kinds_for(viewer), states=rules.STATES)


@bp.get("/calls/new")
def new() -> Response:
    """Free times by day; with a time in the address, the form for it."""
    viewer, about, value = me(), named_ticket(request.args.get("ticket", "")), request.args.get("slot", "")
    choice, kinds = chosen_kind(request.args.get("kind", ""), request.args, about)
    slot = choice.find(value)
    if slot is None:
        return choose_page(choice, kinds, about, gone=bool(value))
    filled = {"form_key": new_secret(), "kind": choice.kind.key, "zone": choice.zone, "slot": value, "ticket": about.ref if about else ""}
    form = forms.BookingForm(formdata=None, data=filled)
    return form_page(form, choice, [slot], viewer)


@bp.post("/calls")
@limiter.limit(BOOKED, key_func=person)
def create() -> Response:
    """Book it, once for each form. A time that is gone shows the next free ones, and keeps the form."""
    form, viewer = forms.BookingForm(request.form), me()
    about = ticket_of(form)
    choice, _ = chosen_kind(form.kind.data or "", {"zone": form.zone.data}, about)
    if not form.validate():
        return refused(form, choice, viewer)
    try:
        call = actions.book(booking_of(form, choice, about), actor=viewer, now=utcnow())
        db.session.commit()
    except (claims.SlotTaken, Invalid) as wrong:
        return refused(form, choice, viewer, wrong)
    flash("Your call is booked. The invitation is on its way to you.", "ok")
    return go(url_for(".show", ref=call.ref))


@bp.get("/calls/<ref>")
def show(ref: str) -> Response:
    """One call."""
    viewer = me()
    call = queries.call_for(viewer, ref)
    if viewer.is_staff:
        return go(url_for("calls_desk.show", ref=call.ref))
    return call_page(call, forms.CancelForm(formdata=None))


@bp.get("/calls/<ref>/invitation.ics")
def invitation(ref: str) -> Response:
    """The calendar entry, for who has lost the mail."""
    call = queries.call_for(me(), ref)
    url = current_app.config["SETTINGS"].base_url + url_for(".show", ref=call.ref)
    sender = current_app.config["SETTINGS"].mail_from
    text = invitations.text(call, invitations.state_of(call), method="PUBLISH", sender=sender, url=url, notes=call.topic)
    headers = {"Content-Disposition": f'attachment; filename="{call.ref}.ics"'}
    return current_app.response_class(text, headers=headers, content_type=MIME)


@bp.get("/calls/<ref>/time")
def times(ref: str) -> Response:
    """Free times for a call that is to be moved."""
    call = queries.call_for(me(), ref)
    actions.check_changer(call, me())
    actions.check_to_come(call, utcnow())
    return move_page(call)


@bp.post("/calls/<ref>/time")
@limiter.limit(CHANGED, key_func=person)
def move(ref: str) -> Response:
    """Give it another time."""
    viewer, form = me(), forms.SlotForm(request.form)
    call = queries.call_for(viewer, ref, for_change=True)
    try:
        if form.validate():
            actions.move(call, *form.chosen, actor=viewer, now=utcnow())
            db.session.commit()
            flash("The call has its new time. The invitation is on its way again.", "ok")
            return go(url_for(".show", ref=ref))
    except (claims.SlotTaken, Invalid) as wrong:
        db.session.rollback()
        return move_page(queries.call_for(viewer, ref), wrong.message, wrong.status)
    return move_page(call, forms.NO_SLOT, 422)


@bp.post("/calls/<ref>/cancellation")
@limiter.limit(CHANGED, key_func=person)
def cancel(ref: str) -> Response:
    """Call it off."""
    viewer, form = me(), forms.CancelForm(request.form)
    call = queries.call_for(viewer, ref, for_change=True)
    if not form.validate():
        return call_page(call, form, 422)
    actions.cancel(call, form.reason.data or "", actor=viewer, now=utcnow())
    db.session.commit()
    flash("The call is cancelled, and the engineer knows.", "ok")
    return go(url_for(".index"))


def chosen_kind(key: str, args: Any, about: Ticket | None) -> tuple[pages.Choosing, Any]:
    """The kind that is named, with its free times, and all kinds. Raises NotAllowed where the viewer's plan has none."""
    viewer = me()
    kind, kinds = pages.kind_of(viewer, key)
    if kind is None:
        raise NotAllowed("Your plan has no calls. Open a ticket, and we answer in writing; or ask us about plans that have them.")
    liked = pages.liked_by(viewer, about)
    return pages.choosing(kind, args, usual=viewer.time_zone, liked=liked, now=utcnow()), kinds


def named_ticket(ref: str) -> Ticket | None:
    """The ticket that an address names. Raises NotFound for one that the viewer may not see."""
    return ticket_for(me(), ref) if ref else None


def ticket_of(form: forms.BookingForm) -> Ticket | None:
    """The ticket that a form names; one that the viewer may not see becomes an error at its field."""
    try:
        return named_ticket(form.ticket.data or "")
    except NotFound:
        form.is_unknown_ticket = True
        return None


def booking_of(form: forms.BookingForm, choice: pages.Choosing, about: Ticket | None) -> actions.Booking:
    """What a valid form asks for."""
    start, engineer_id = form.chosen
    words = (form.topic.data or "", form.how.data or "", form.contact.data or "")
    return actions.Booking(choice.kind, start, engineer_id, *words, time_zone=choice.zone, ticket=about, form_key=form.key)


def refused(form: forms.BookingForm, choice: pages.Choosing, viewer: User, wrong: Any = None) -> Response:
    """The form again, with what is wrong and, for a time that is gone, the next free ones."""
    status = 422
    db.session.rollback()
    start = (rules.parse_slot(form.slot.data or "") or (None, 0))[0]
    if wrong is not None:
        status, form.slot.errors = wrong.status, [wrong.message]
        # What was free when the page was made is not any more.
        choice, _ = chosen_kind(choice.kind.key, {"zone": choice.zone}, None)
    slot = choice.find(form.slot.data or "")
    return form_page(form, choice, [slot] if slot and wrong is None else choice.next_free(start), viewer, status)


def choose_page(choice: pages.Choosing, kinds: Any, about: Ticket | None, *, gone: bool) -> Response:
    """The page of free times."""
    status = choice.status if not gone else 409
    return part("calls/new.html", status, choice=choice, kinds=kinds, about=about, problem=GONE if gone else "")


def form_page(form: forms.BookingForm, choice: pages.Choosing, times: Any, viewer: User, status: int = 200) -> Response:
    """The page of the form."""
    names = pages.names_of(times)
    form.offer(times, names)
    form.tickets(queries.open_tickets(viewer, utcnow()))
    return part("calls/book.html", status, form=form, choice=choice, times=times, names=names, taken=status == 409)


def call_page(call: Call, form: forms.CancelForm, status: int = 200) -> Response:
    """The page of one call."""
    viewer, now = me(), utcnow()
    context = {"may_change": queries.may_change(viewer, call), "ticket": queries.ticket_of(viewer, call), "states": rules.STATES}
    return part("calls/show.html", status, call=call, form=form, is_to_come=call.is_booked and now < call.starts_at, **context)


def move_page(call: Call, problem: str = "", status: int = 200) -> Response:
    """The page of free times for a call."""
    liked, now = [call.engineer_id, *pages.liked_by(me())], utcnow()
    choice = pages.choosing(call.kind, request.args, usual=call.time_zone, liked=liked, now=now, without=call)
    to = {"action": url_for(".move", ref=call.ref), "here": url_for(".times", ref=call.ref), "back": url_for(".show", ref=call.ref)}
    return part("calls/move.html", max(status, choice.status), call=call, choice=choice, problem=problem, **to)


def me() -> User:
    """The person, without Flask-Login's wrapper, as actions take them."""
    found: User = current_user._get_current_object()
    return found
