"""What leads do with the report: have it mailed each week."""

from flask import Response, flash, url_for
from flask_login import current_user

from app.audiences import lead
from app.extensions import db
from app.lib.clock import utcnow
from app.lib.htmx import go
from app.sla import asking, subscribing
from app.sla.desk import asked_form

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
