"""Escalating from a ticket's page, taking it back, and whom to call. Routes for staff."""

from typing import Any

from flask import Response, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm

from app.accounts.models import User
from app.audiences import desk
from app.escalation import actions, contacts, forms, queries, rules
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.lib.htmx import go, is_htmx, part
from app.tickets.models import Ticket
from app.tickets.queries import ticket_for

bp = desk("escalation", __name__)


@bp.get("/desk/escalation")
def index() -> Response:
    """Emergency contacts and the matrix, to read."""
    found: dict[str, Any] = {"contacts": contacts.contacts(utcnow()), "executives": queries.executives()}
    return part("escalation/index.html", tiers=queries.tiers(), triggers=queries.triggers(), names=names(), **found)


@bp.get("/desk/tickets/<ref>/escalation")
def show(ref: str) -> Response:
    """The form, what was escalated before, and how to take it back: a page, or the inside of the dialog."""
    return page(ticket_for(me(), ref))


@bp.post("/desk/tickets/<ref>/escalation")
def escalate(ref: str) -> Response:
    """Escalate."""
    ticket = ticket_for(me(), ref, for_change=True)
    form = forms.escalate_form(ticket, queries.tiers(), request.form)
    if not form.validate():
        return page(ticket, 422, form=form)
    wish = {"to_tier": form.tier.data, "trigger": form.trigger.data, "reason": form.reason.data, "page": form.page.data}
    actions.escalate(ticket, actor=me(), now=utcnow(), **wish)
    db.session.commit()
    return go(url_for("desk.show", ref=ticket.ref))


@bp.post("/desk/tickets/<ref>/escalation/decision")
def decide(ref: str) -> Response:
    """Confirm what a trigger proposes, or decline it."""
    ticket, form = ticket_for(me(), ref, for_change=True), forms.DecisionForm(request.form)
    if not form.validate():
        raise Invalid("Choose whether to escalate or to decline.")
    actions.decide(ticket, form.decision.data == "accept", actor=me(), now=utcnow())
    db.session.commit()
    return go(url_for("desk.show", ref=ticket.ref))


@bp.post("/desk/tickets/<ref>/deescalation")
def deescalate(ref: str) -> Response:
    """Take it back."""
    ticket = ticket_for(me(), ref, for_change=True)
    form = take_back(ticket, request.form)
    if not form.validate():
        return page(ticket, 422, back=form)
    actions.deescalate(ticket, to_tier=form.tier.data, reason=form.reason.data, actor=me(), now=utcnow())
    db.session.commit()
    return go(url_for("desk.show", ref=ticket.ref))


def page(ticket: Ticket, status: int = 200, **over: FlaskForm) -> Response:
    """The page of a ticket's escalation; `form` or `back` as it was sent."""
    tiers, before = queries.tiers(), queries.open_escalation(ticket.id)
    shown: dict[str, Any] = {
        "further": before is None or rules.is_news(before.tier, before.pages, rules.TIERS[-1], True),
        "ticket": ticket,
        "form": over.get("form") or forms.escalate_form(ticket, tiers),
        "back": over.get("back") or take_back(ticket),
        "history": queries.history(ticket.id),
        "tiers": tiers,
        "plan": queries.plan_of(ticket),
        "names": names(),
    }
    template = "escalation/_ticket.html" if is_htmx() else "escalation/ticket.html"
    return part(template, status, **shown)


def take_back(ticket: Ticket, given: Any = None) -> forms.TakeBackForm:
    """The form of a de-escalation."""
    plan = queries.plan_of(ticket)
    return forms.take_back_form(ticket, queries.tiers(), plan.tier if plan else 1, given)


def names() -> dict[str, Any]:
    """What people call triggers, steps and states."""
    people = {f"user:{person.id}": person.name for person in queries.staff()}
    return {"who": {**rules.WHO, **people}, "triggers": {**rules.REASONS, rules.BY_LEVEL: "A level of its SLA"}}


def me() -> User:
    """The person, without Flask-Login's wrapper, as actions take them."""
    person: User = current_user._get_current_object()
    return person
