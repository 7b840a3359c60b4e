"""What leads do with service levels on the desk: have the report mailed each week, give a ticket terms of its own."""

from flask import Response, flash, request, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.htmx import go
from app.sla import asking, overrides, subjects, subscribing
from app.sla.desk import asked_form, clocks_page
from app.sla.terms_form import TermsForm

bp = lead("sla_lead", __name__)


@bp.post("/desk/sla/subscription")
def subscribe() -> Response:
    """Mail this report, as it is narrowed now, each Monday."""
    asked = asking.by_staff(asked_form(), current_user, utcnow())
    subscribing.subscribe(asked, actor=current_user, now=utcnow())
    db.session.commit()
    flash("Each Monday you get the report of the week before, narrowed as it is now.", "ok")
    return go(url_for("sla.report", **asked.args))


@bp.post("/desk/sla/unsubscription")
def unsubscribe() -> Response:
    """No longer."""
    subscribing.unsubscribe(actor=current_user, now=utcnow())
    db.session.commit()
    flash("The report is no longer mailed to you.", "ok")
    return go(url_for("sla.report"))


@bp.post("/desk/tickets/<ref>/terms")
def set_terms(ref: str) -> Response:
    """Give a ticket a policy or a calendar of its own, or take both away; its clocks are set at once."""
    ticket = subjects.ticket_by_ref(ref)
    form = TermsForm(request.form).offer_all()
    if not form.validate():
        return clocks_page(ticket, form, 422)
    [row] = subjects.load([ticket.id])
    policy, calendar = overrides.chosen(form.policy.data, form.calendar.data)
    overrides.set_terms(row, policy=policy, calendar=calendar, reason=form.reason.data or "", actor=current_user, now=utcnow())
    subjects.save(row)
    db.session.commit()
    flash("The terms of this ticket are set.", "ok")
    return go(url_for("sla.clocks", ref=row.ref))
