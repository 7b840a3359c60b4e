"""What triage decided on a ticket, and correcting it. Routes for staff; correcting is for leads."""

from flask import Response, request, url_for
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from app.accounts.permissions import may
from app.audiences import desk
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.errors import WrongState
from app.lib.htmx import go, part
from app.tickets import filing
from app.tickets.desk import me
from app.tickets.models import Ticket
from app.tickets.queries import ticket_for
from app.triage import correcting, corrections
from app.triage import queries as rules
from app.triage.forms import OUTCOME_NAMES

bp = desk("desk_triage", __name__)
NAMES = {
    "priority": OUTCOME_NAMES["words"],
    "team": OUTCOME_NAMES["team"],
    "category": OUTCOME_NAMES["category"],
    "escalate": {correcting.NONE: "No trigger", **OUTCOME_NAMES["trigger"]},
}
SAYS = {"priority": "Priority", "team": "Team", "category": "Category", "escalate": "Escalation trigger"}


class CorrectionForm(FlaskForm):
    """One decision that was wrong."""

    decision = HiddenField()
    was = HiddenField()
    should_be = SelectField("Right would have been", validators=[InputRequired("Choose what would have been right.")])
    changes = BooleanField("Change the ticket, too")


@bp.get("/desk/tickets/<ref>/triage")
def show(ref: str) -> Response:
    """Every decision with its rules and reasons."""
    return page(ticket_for(me(), ref))


@bp.post("/desk/tickets/<ref>/triage/corrections")
def correct(ref: str) -> Response:
    """Call a decision wrong."""
    ticket = ticket_for(me(), ref, for_change=True)
    form = asked(ticket)
    if not form.validate():
        return page(ticket, 422, form)
    given = (form.decision.data, form.was.data, form.should_be.data)
    correcting.correct(ticket, *given, actor=me(), now=utcnow())
    if form.changes.data:
        apply(ticket, form.decision.data, form.should_be.data)
    db.session.commit()
    return go(url_for(".show", ref=ticket.ref))


def asked(ticket: Ticket) -> CorrectionForm:
    """The form as it was sent. Raises WrongState if triage has not decided so."""
    given = (request.form.get("decision", ""), request.form.get("was", ""))
    if not any((one.decision, one.was) == given for one in correcting.decided(ticket.id)):
        raise WrongState("Triage has not decided that on this ticket. Load the page again.")
    return form_of(*given, sent=True)


def apply(ticket: Ticket, decision: str, value: str) -> None:
    """Change the ticket by the ordinary action of the decision; a trigger is left to the form of escalation."""
    actor, now = me(), utcnow()
    if decision == "priority":
        filing.set_priority(ticket, value, reason="Triage was corrected.", actor=actor, now=now)
    elif decision == "category":
        filing.categorise(ticket, value, actor=actor, now=now)
    elif decision == "team":
        filing.move(ticket, rules.team(value), actor=actor, now=now)


def form_of(decision: str, was: str, *, sent: bool = False) -> CorrectionForm:
    """The form of one decision, empty or as it was sent."""
    given = {"decision": decision, "was": was}
    form = CorrectionForm(request.form, data=given) if sent else CorrectionForm(formdata=None, data=given)
    names = NAMES.get(decision, {})
    form.should_be.choices = [SelectChoice(value, names[value]) for value in correcting.VALUES.get(decision, ()) if value != was]
    return form


def page(ticket: Ticket, status: int = 200, wrong: CorrectionForm | None = None) -> Response:
    """The page; the form that was wrong keeps what was chosen."""
    lines = []
    for one in correcting.decided(ticket.id):
        is_wrong = wrong is not None and (wrong.decision.data, wrong.was.data) == (one.decision, one.was)
        lines.append((one, wrong if is_wrong else form_of(one.decision, one.was)))
    context = {"names": NAMES, "says": SAYS, "corrected": corrections.of_ticket(ticket.id), "may_edit": may(me().role, "triage.edit")}
    return part("tickets/desk/triage.html", status, ticket=ticket, lines=lines, wrong=wrong, **context)
