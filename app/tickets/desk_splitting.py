"""Splitting a ticket about two matters at the desk. The page says what becomes of both before it does."""

from secrets import token_urlsafe

from flask import Response, flash, request, url_for

from app.audiences import desk
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid, Stale, WrongState
from app.lib.htmx import go, part
from app.tickets import queries, split_queries, splitting
from app.tickets.desk import me
from app.tickets.desk_forms import SplitForm
from app.tickets.models import Ticket

bp = desk("desk_splitting", __name__)
CHANGED = "The ticket changed while you were choosing. What you chose is kept: look at what is new, then split again."


@bp.get("/desk/tickets/<ref>/splitting")
def show(ref: str) -> Response:
    """What there is to choose from, and what would become of both."""
    ticket = queries.ticket_for(me(), ref)
    choices = split_queries.can_go(ticket)
    given = {"subject": split_queries.subject_of(choices), "priority": ticket.priority, "category": ticket.category}
    form = SplitForm(data=given | {"form_key": token_urlsafe(16), "seen": queries.newest_event(ticket.id, me())})
    return page(ticket, form)


@bp.post("/desk/tickets/<ref>/splitting")
def split(ref: str) -> Response:
    """Split; what cannot be (any more) is told on the page, with what was chosen."""
    form = SplitForm(request.form)
    if not form.validate():
        return page(queries.ticket_for(me(), ref), form, 422)
    try:
        made = parted(ref, form)
    except (Invalid, WrongState, Stale) as wrong:
        db.session.rollback()
        return refused(ref, form, wrong)
    db.session.commit()
    flash(f"Split off. {made.ref} is a ticket of its own, linked with {ref.upper()}.", "ok")
    return go(url_for("desk.show", ref=made.ref))


def parted(ref: str, form: SplitForm) -> Ticket:
    """The new ticket. Raises as `splitting.split` does."""
    ticket = queries.ticket_for(me(), ref, for_change=True)
    return splitting.split(ticket, form.part(), address=lambda one: url_for("desk.show", ref=one), actor=me(), now=utcnow())


def refused(ref: str, form: SplitForm, wrong: Invalid | WrongState | Stale) -> Response:
    """The page again. Whoever has seen what changed can send it once more."""
    ticket = queries.ticket_for(me(), ref)
    form.messages.errors = [CHANGED if isinstance(wrong, Stale) else wrong.message]
    form.seen.data = queries.newest_event(ticket.id, me())
    return page(ticket, form, wrong.status)


def page(ticket: Ticket, form: SplitForm, status: int = 200) -> Response:
    """The page; of a ticket that is closed it says why there is nothing to choose."""
    closed = ""
    try:
        splitting.check_open(ticket)
    except WrongState as wrong:
        closed = wrong.message
    context = {"choices": split_queries.can_go(ticket), "followers": queries.followers(ticket), "closed": closed}
    return part("tickets/desk/split.html", status, ticket=ticket, form=form, **context)
