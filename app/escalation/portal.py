"""Customers of plans that allow it escalate their own tickets."""

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.accounts.models import User
from app.audiences import portal
from app.escalation import actions, forms, queries
from app.extensions import db, limiter
from app.lib.clock import utcnow
from app.lib.htmx import go, part
from app.tickets.models import Ticket
from app.tickets.queries import ticket_for

bp = portal("escalation_portal", __name__)
# Whoever has a reason needs it once.
ASKED = "10 per hour"


def person() -> str:
    """Whom the limit is counted for."""
    return f"person:{current_user.id}"


@bp.get("/tickets/<ref>/escalation")
def show(ref: str) -> Response:
    """The form with what an escalation means on this plan."""
    ticket = ticket_for(me(), ref)
    actions.check_asker(ticket, me())
    return page(ticket, forms.AskForm(formdata=None))


@bp.post("/tickets/<ref>/escalation")
@limiter.limit(ASKED, key_func=person)
def ask(ref: str) -> Response:
    """Escalate it, at once. One that is escalated already stays so."""
    ticket, form = ticket_for(me(), ref, for_change=True), forms.AskForm(request.form)
    actions.check_asker(ticket, me())
    if not form.validate():
        return page(ticket, form, 422)
    before = ticket.escalated_at
    actions.ask(ticket, form.reason.data, actor=me(), now=utcnow())
    db.session.commit()
    flash("This ticket is escalated already." if before else "Your ticket is escalated. Senior engineers look at it first now.", "ok")
    return go(url_for("tickets.show", ref=ticket.ref))


def page(ticket: Ticket, form: forms.AskForm, status: int = 200) -> Response:
    """The page of the form."""
    return part("escalation/ask.html", status, ticket=ticket, form=form, plan=queries.plan_of(ticket))


def me() -> User:
    """The person, without Flask-Login's wrapper, as actions take them."""
    found: User = current_user._get_current_object()
    return found
